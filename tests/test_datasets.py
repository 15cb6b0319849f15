"""The digits and the drawn sets: shapes, ranges, repeatability, and that they can be told apart."""

import numpy as np
import pytest

from cnnmath.datasets import BARS, SHAPES, bars, load_digits, shapes, split


def test_digits():
    images, labels = load_digits()
    assert images.shape == (1797, 1, 8, 8) and images.dtype == np.float64
    assert labels.shape == (1797,) and labels.dtype == np.int64
    assert (images.min(), images.max()) == (0, 1) and np.array_equal(images * 16, np.round(images * 16))
    np.testing.assert_array_equal(np.bincount(labels), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    np.testing.assert_array_equal(images[0, 0, 0] * 16, [0, 0, 5, 13, 9, 1, 0, 0])
    images[:] = 7
    assert load_digits()[0].max() == 1


def test_split_keeps_pairs_and_loses_nothing(rng):
    x = np.arange(20)[:, None]
    x_train, y_train, x_test, y_test = split(x, x[:, 0] * 10, rng, test=0.3)
    assert len(x_train) == len(y_train) == 14 and len(x_test) == len(y_test) == 6
    np.testing.assert_array_equal(np.sort(np.concatenate([x_train, x_test])[:, 0]), np.arange(20))
    np.testing.assert_array_equal(x_train[:, 0] * 10, y_train)
    np.testing.assert_array_equal(x_test[:, 0] * 10, y_test)
    assert not np.array_equal(x_train[:, 0], np.arange(14))


@pytest.mark.parametrize("make, size, names", [(bars, 9, BARS), (shapes, 17, SHAPES)])
def test_drawn_sets(make, size, names):
    images, labels = make(400, np.random.default_rng(2), size=size, noise=0)
    assert images.shape == (400, 1, size, size) and images.dtype == np.float64
    assert labels.dtype == np.int64 and set(labels) == set(range(len(names)))
    assert set(np.unique(images)) == {0, 1}
    again = make(400, np.random.default_rng(2), size=size, noise=0)
    np.testing.assert_array_equal(images, again[0])
    np.testing.assert_array_equal(labels, again[1])
    noisy, alike = make(400, np.random.default_rng(2), size=size, noise=0.5)
    np.testing.assert_array_equal(labels, alike)
    assert (noisy - images).std() == pytest.approx(0.5, rel=0.02)


def test_bars_point_where_their_name_says():
    images, labels = bars(300, np.random.default_rng(0), size=8, noise=0)
    i, j = np.mgrid[:8, :8]
    along = {"vertical": j, "horizontal": i, "falling": j - i, "rising": i + j}
    for image, label in zip(images[:, 0], labels):
        lit = image == 1
        assert lit.sum() >= 6
        assert len(set(along[BARS[label]][lit])) == 1


def test_shapes_are_what_they_are_called():
    images, labels = shapes(300, np.random.default_rng(0), size=24, noise=0)
    for image, label in zip(images[:, 0], labels):
        rows, columns = np.nonzero(image)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        filled = image.sum() / (height * width)
        assert height == width
        assert {"square": filled == 1, "disc": 0.7 < filled < 1, "cross": filled < 0.7}[SHAPES[label]]


@pytest.mark.parametrize(
    "act, error, words",
    [
        (
            lambda g: split([1, 2], [1], g),
            ValueError,
            "split: y must have 2 labels, one for each example; got an array",
        ),
        (
            lambda g: split([1, 2], [1, 2], 0),
            TypeError,
            "split: rng must be a numpy.random.Generator; got 0.",
        ),
        (
            lambda g: split([1, 2], [1, 2], g, 1.5),
            ValueError,
            "split: test must be a finite number >= 0 and <= 1; got 1.5.",
        ),
        (
            lambda g: split([1, 2], [1, 2], g, 0.1),
            ValueError,
            "split: test must leave at least one of the 2 examples in each part; got 0.1. Use test=0.25.",
        ),
        (
            lambda g: split([1, 2], [1, 2], g, 1),
            ValueError,
            "split: test must leave at least one of the 2 examples",
        ),
        (lambda g: bars(0, g), ValueError, "bars: count must be an integer >= 1; got 0."),
        (lambda g: bars(1, None), TypeError, "bars: rng must be a numpy.random.Generator; got None."),
        (lambda g: bars(1, g, size=3), ValueError, "bars: size must be an integer >= 4; got 3."),
        (lambda g: bars(1, g, noise=-1), ValueError, "bars: noise must be a finite number >= 0; got -1."),
        (lambda g: shapes(1, g, size=7), ValueError, "shapes: size must be an integer >= 8; got 7."),
    ],
)
def test_refusals(rng, act, error, words):
    with pytest.raises(error) as caught:
        act(rng)
    assert words in str(caught.value)
