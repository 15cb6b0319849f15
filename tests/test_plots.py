"""Pictures: what is drawn, with which limits and numbers; and what cannot be drawn."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from cnnmath import plots
from cnnmath.history import History

RUN = History(2, [3.0, 2.0, 1.5, 1.0, 0.9], [2.5, 1.2], [0.5, 0.9], [1.5, 0.8], [0.6, 0.8])


@pytest.fixture
def ax():
    return Figure().subplots()


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_images_are_grey_with_their_numbers(ax):
    assert plots.show_image([[0, 10], [200, 255]], ax, title="I") is ax
    (picture,) = ax.images
    assert picture.cmap.name == "gray" and picture.get_clim() == (0, 255) and ax.get_title() == "I"
    assert texts(ax) == ["0", "10", "200", "255"]
    assert [text.get_color() for text in ax.texts] == ["white", "white", "black", "black"]
    assert len(ax.get_xticks()) == len(ax.get_yticks()) == 0


def test_images_with_given_limits(ax):
    plots.show_image([[0, 10]], ax, low=0, high=255)
    assert ax.images[0].get_clim() == (0, 255)


def test_colour_images_are_shown_as_they_are(ax):
    rgb = np.random.default_rng(0).random((2, 2, 3))
    plots.show_image(rgb, ax)
    np.testing.assert_array_equal(ax.images[0].get_array(), rgb)
    assert texts(ax) == []


def test_maps_are_symmetric_about_0(ax):
    plots.show_map([[-1, 0], [0.5, 3]], ax)
    (picture,) = ax.images
    assert picture.get_clim() == (-3, 3) and picture.cmap.name == "cnnmath"
    assert picture.cmap(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)
    assert texts(ax) == ["−1", "0", "0.5", "3"]
    blue, orange = picture.cmap(0.0), picture.cmap(1.0)
    assert blue[2] > blue[0] and orange[0] > orange[2]


@pytest.mark.parametrize("value, limit", [([[0.0]], 1), ([[np.nan, 1]], 1), ([[-2]], 2)])
def test_the_limit_of_a_map(ax, value, limit):
    plots.show_map(value, ax)
    assert ax.images[0].get_clim() == (-limit, limit)


def test_maps_share_their_limit():
    axes = Figure().subplots(2, 2)
    drawn = plots.show_maps([[[1]], [[-5]], [[2]]], axes, titles="abc")
    assert [ax.images[0].get_clim() for ax in drawn] == [(-5, 5)] * 3
    assert [ax.get_title() for ax in drawn] == ["a", "b", "c"] and not axes[1, 1].axison
    again = plots.show_maps([[[1]], [[-5]]], axes.ravel()[:2], limit=10)
    assert [ax.images[-1].get_clim() for ax in again] == [(-10, 10)] * 2


@pytest.mark.parametrize("shape, printed", [((8, 8), 64), ((9, 2), 0), ((2, 9), 0)])
def test_values_are_printed_up_to_eight_cells(ax, shape, printed):
    plots.show_map(np.ones(shape), ax)
    assert len(ax.texts) == printed


@pytest.mark.parametrize(
    "value, text",
    [
        (3.0, "3"),
        (-6, "−6"),
        (-0.0, "0"),
        (1e-30 - 1e-30, "0"),
        (0.12345, "0.123"),
        (-12.345, "−12.3"),
        (1234567.0, "1.23e+06"),
        (-1e-5, "−1e−05"),
        (np.nan, "nan"),
        (np.inf, "inf"),
    ],
)
def test_how_numbers_are_printed(value, text):
    assert plots._number(value) == text


def test_learning_curves(ax):
    assert plots.plot_history(RUN, ax) is ax
    batches, training, validation = ax.lines
    np.testing.assert_array_equal(batches.get_xdata(), [0.5, 1, 1.5, 2, 2.5])
    np.testing.assert_array_equal(batches.get_ydata(), RUN.loss)
    np.testing.assert_array_equal(training.get_xdata(), [1, 2])
    np.testing.assert_array_equal(training.get_ydata(), RUN.epoch_loss)
    np.testing.assert_array_equal(validation.get_ydata(), RUN.validation_loss)
    assert training.get_linestyle() != validation.get_linestyle()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["minibatch", "training", "validation"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


def test_accuracy_curves(ax):
    plots.plot_history(RUN, ax, "accuracy")
    assert [list(line.get_ydata()) for line in ax.lines] == [RUN.epoch_accuracy, RUN.validation_accuracy]
    assert ax.get_ylabel() == "accuracy"


def test_a_confusion_matrix_shows_its_counts(ax):
    plots.plot_confusion([[40, 2], [0, 57]], ax, names=["no", "yes"])
    assert texts(ax) == ["40", "2", "0", "57"]
    assert [text.get_color() for text in ax.texts] == ["white", "black", "black", "white"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["no", "yes"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "right class")


def test_nothing_is_drawn_elsewhere_and_the_arguments_stay(ax):
    values = np.arange(4.0).reshape(2, 2)
    values.flags.writeable = False
    plots.show_map(values, ax)
    plots.show_image(values, ax)
    plots.plot_confusion(values.astype(int), ax)
    assert pyplot.get_fignums() == []


def test_curves_differ_in_colour_and_style(ax):
    plots.plot_curves([0, 1, 2], {"square": [0, 1, 4], "line": [0, np.nan, 2]}, ax, "x", "y")
    square, line = ax.get_lines()
    assert square.get_ydata().tolist() == [0, 1, 4] and square.get_label() == "square"
    assert square.get_color() != line.get_color() and square.get_linestyle() != line.get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["square", "line"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")


def test_boxes_stand_around_their_pixels(ax):
    plots.show_image(np.zeros((5, 9)), ax)
    assert plots.draw_boxes([[1, 2, 4, 8], [0, 0, 1, 1]], ax, [7, "b"], look=1) is ax
    halo, line = ax.patches[:2]
    assert halo.get_bbox().bounds == line.get_bbox().bounds == (1.5, 0.5, 6, 3) and len(ax.patches) == 4
    assert texts(ax)[-2:] == ["7", "b"] and line.get_linestyle() == "--"
    assert ax.get_xlim() == (-0.5, 8.5) and len(plots.draw_boxes([], ax).patches) == 4


def test_a_descent_is_drawn_on_its_function(ax):
    plots.plot_descent(np.square, [2, -1, 0.5], ax, "too far")
    curve, path, start = ax.get_lines()
    assert curve.get_xdata().min() < -1 and curve.get_xdata().max() > 2
    assert path.get_xydata().tolist() == [[2, 4], [-1, 1], [0.5, 0.25]]
    assert start.get_xydata().tolist() == [[2, 4]] and start.get_marker() != path.get_marker()
    assert ax.get_title() == "too far"


@pytest.mark.parametrize(
    "act, error, words",
    [
        (
            lambda ax: plots.show_image(np.ones(3), ax),
            ValueError,
            "show_image: image must have 2 dimensions (H, W); got",
        ),
        (
            lambda ax: plots.show_map(np.ones((1, 1, 3, 3)), ax),
            ValueError,
            "show_map: values must have 2 dimensions (H, W)",
        ),
        (
            lambda ax: plots.show_map([["a"]], ax),
            TypeError,
            "show_map: values must be an array of real numbers",
        ),
        (lambda ax: plots.show_map([[1]], ax, limit=0), ValueError, "show_map: limit must be > 0; got 0."),
        (
            lambda ax: plots.show_map([[1]], ax, limit=-1),
            ValueError,
            "show_map: limit must be a finite number >= 0; got -1.",
        ),
        (
            lambda ax: plots.show_maps([[[1]]] * 2, [ax]),
            ValueError,
            'show_maps: axes must hold at least 2 Axes; got "1 Axes".',
        ),
        (
            lambda ax: plots.show_maps([], ax),
            ValueError,
            "show_maps: maps must hold at least one map; got [].",
        ),
        (
            lambda ax: plots.show_maps([[[1]]], ax, titles=["a", "b"]),
            ValueError,
            "show_maps: titles must hold 1 strings; got",
        ),
        (
            lambda ax: plots.plot_history(RUN, ax, "error"),
            ValueError,
            'plot_history: quantity must be one of "loss", "accuracy"; got "error".',
        ),
        (
            lambda ax: plots.plot_history(History(2, [1.0]), ax, "accuracy"),
            ValueError,
            "plot_history: history must hold the accuracy of at least one epoch; got "
            "a value of type History. Train for",
        ),
        (
            lambda ax: plots.plot_confusion([[1, 2]], ax),
            ValueError,
            "plot_confusion: matrix must have shape (1, 1); got",
        ),
        (
            lambda ax: plots.plot_confusion([[1]], ax, names="ab"),
            ValueError,
            'plot_confusion: names must hold 1 strings; got ["a"',
        ),
        (lambda ax: plots.plot_curves([1], {}, ax), ValueError, "plot_curves: curves must hold 1 to 4 curves"),
        (
            lambda ax: plots.plot_curves([1, 2], {"one": [1]}, ax),
            ValueError,
            "plot_curves: curves must have shape (2,); got",
        ),
        (lambda ax: plots.plot_descent(abs, 1, ax), ValueError, "plot_descent: path must have 1 dimension (T)"),
        (lambda ax: plots.draw_boxes([[0, 0, 1]], ax), ValueError, "draw_boxes: boxes must be (N, 4), with one word"),
        (lambda ax: plots.draw_boxes([[0, 0, 1, 1]], ax, "ab"), ValueError, "draw_boxes: boxes must be (N, 4), with"),
        (lambda ax: plots.draw_boxes([], ax, look=4), ValueError, "draw_boxes: look must be 0 to 3; got 4."),
    ],
)
def test_refusals(ax, act, error, words):
    with pytest.raises(error) as caught:
        act(ax)
    assert words in str(caught.value)
