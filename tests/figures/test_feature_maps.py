"""FeatureMaps: known maps, painting, and the sum over channels."""

import numpy as np
import pytest

from cnnmath import kernels
from cnnmath.convolution import conv2d
from cnnmath.datasets import load_digits
from cnnmath.figures import FeatureMaps
from tests.figures.contract import cell_centre


@pytest.fixture
def maps(live):
    element = live(FeatureMaps())
    element.settle()
    return element


def text(element, selector, number=0):
    return element.ask("[...el.shadowRoot.querySelectorAll(a[0])].filter((one) => one.checkVisibility())[a[1]].textContent", [selector, number])


def choose(element, name):
    element.page.get_by_role("button", name=name, exact=True).click()
    element.settle()


# numbers

def test_each_filter_answers_most_to_its_own_edge():
    """The triangle's left side, its lower side and its slope, in that order."""
    output = FeatureMaps().values()["output"]
    strongest = [np.argwhere(np.abs(one) == np.abs(one).max()) for one in output]
    assert strongest[0][:, 1].tolist() == [0] * len(strongest[0])
    assert strongest[1][:, 0].tolist() == [5] * len(strongest[1])
    assert sum(i == j or i + 1 == j for i, j in strongest[2]) >= 8


def test_bias_is_added_once_to_every_cell():
    plain, lifted = FeatureMaps().values()["output"], FeatureMaps(bias=[0, 2.5, 0]).values()["output"]
    np.testing.assert_array_equal(lifted - plain, np.array([0, 2.5, 0])[:, None, None] * np.ones((3, 6, 6)))


def test_arrays_are_taken_as_they_are():
    rng = np.random.default_rng(0)
    image, filters = rng.integers(0, 5, (2, 6, 7)), rng.integers(-2, 3, (4, 2, 2, 3))
    figure = FeatureMaps(image=image, filters=filters, bias=[1, 2, 3, 4], stride=2, padding=1)
    np.testing.assert_array_equal(figure.values()["output"], conv2d(image[None], filters, [1, 2, 3, 4], 2, 1)[0])


@pytest.mark.parametrize("changes, words", [
    ({"image": []}, "image must hold 1 to 3 channels of one size; got []."),
    ({"image": [[[1, 2]], [[1]]]}, "image must hold 1 to 3 channels of one size"),
    ({"image": np.ones((2, 8, 8))}, "filters must hold 1 to 4 filters of 2 kernels, one for each channel, all of one size"),
    ({"bias": [0]}, "bias must hold 3 numbers, one for each filter; got [0]."),
    ({"image": [[[1, 2], [3, 4]]]}, "kernel height 3 must not exceed padded height 2 (H=2, padding=0). Use padding >= 1 or a smaller kernel."),
])
def test_what_does_not_fit_is_said(changes, words):
    with pytest.raises(ValueError) as refused:
        FeatureMaps(**changes)
    assert str(refused.value).startswith(f"FeatureMaps: {words}")


# use

def test_painting_changes_every_map_at_once(maps):
    page = maps.page
    before = np.array(maps.ask("el.values.output"))
    page.mouse.move(*cell_centre(maps, "channel 0", 1, 5))
    page.mouse.down()
    page.mouse.move(*cell_centre(maps, "channel 0", 3, 5))
    page.mouse.up()
    pixels = np.array(maps.state["image"][0])
    assert pixels[1:4, 5].tolist() == [1, 1, 1] and pixels.sum() == 21 + 3
    after = np.array(maps.ask("el.values.output"))
    assert (before != after).any(axis=(1, 2)).tolist() == [True] * 3
    page.mouse.click(*cell_centre(maps, "channel 0", 3, 5))
    assert maps.state["image"][0][3][5] == 0


def test_painting_by_keys(maps):
    maps.ask("el.shadowRoot.querySelector('.image .grid').focus()")
    for key in ["ArrowDown", "ArrowRight", "ArrowRight", "Enter", "ArrowRight", "7", "ArrowRight", "-"]:
        maps.page.keyboard.press(key)
    assert maps.state["image"][0][1] == [0, 1, 1, 7, -1, 0, 0, 0]


def test_with_padding_the_pen_paints_the_pixel_under_it(maps):
    maps.ask("el.update({ padding: 1 })")
    maps.settle()
    maps.page.mouse.click(*cell_centre(maps, "channel 0", 1, 1))
    maps.page.mouse.click(*cell_centre(maps, "channel 0", 0, 0))  # padding takes no paint
    assert maps.state["image"][0][0] == [1, 0, 0, 0, 0, 0, 0, 0] and np.sum(maps.state["image"]) == 22


def test_the_presets_are_what_they_are_called(maps):
    named = {"vertical edge": "vertical_edge", "diagonal down": "diagonal_down", "diagonal up": "diagonal_up", "laplacian": "laplacian"}
    for label, name in named.items():
        choose(maps, label)
        assert maps.state["filters"][0][0] == kernels.kernel(name).tolist(), name
    choose(maps, "digit")
    np.testing.assert_array_equal(maps.state["image"][0], load_digits()[0][7, 0] * 16)


def test_brightness_and_colour_edges(maps):
    """Between red and green the brightness filter is silent: its channels cancel. Between white and black the other one is."""
    choose(maps, "red, green, blue")
    brightness, colour, _ = maps.ask("el.values.output")
    assert brightness[0] == [0, 0, 0, 0] and colour[0] == [0, 6, 6, 0]
    assert brightness[3] == [0, 9, 9, 0] and colour[3] == [0, 0, 0, 0]
    maps.page.mouse.click(*cell_centre(maps, "map 0", 0, 1))
    maps.settle()
    assert [text(maps, ".formula", c).split("= ")[1] for c in range(3)] == ["3", "−3", "0"]
    assert text(maps, ".formula", 3).endswith("= 0 + 3 + (−3) + 0 = 0")


def test_a_kernel_is_chosen_and_changed_alone(maps):
    choose(maps, "two channels")
    before = maps.state["filters"]
    maps.page.mouse.click(*cell_centre(maps, "kernel 1, 1", 0, 0))
    assert maps.state["cell"][0] == 1 and maps.state["channel"] == 1
    maps.settle()
    maps.page.get_by_label("weight K[0, 1], as a number").fill("3")
    maps.page.keyboard.press("Enter")
    before[1][1][0][1] = 3
    assert maps.state["filters"] == before


def test_pointing_at_a_pixel_lights_its_product(maps):
    maps.page.mouse.move(*cell_centre(maps, "channel 0", 3, 2))
    maps.settle()
    assert text(maps, ".term.lit") == "(1)(−1)"
    assert maps.ask("[...el.shadowRoot.querySelectorAll('.kernels .cell')].findIndex((one) => one.classList.contains('lit'))") == 5


def test_pointing_at_a_map_shows_its_sum_and_leaving_returns(maps):
    maps.page.mouse.move(*cell_centre(maps, "map 2", 0, 1))
    maps.settle()
    assert text(maps, ".formula", 1) == "Y(2, 0, 1) = b(2) + Σ = 0 + (−3) = −3" and maps.state["cell"] == [0, 2, 0]
    maps.page.mouse.move(2, 2)
    maps.settle()
    assert text(maps, ".formula", 1).startswith("Y(0, 2, 0)")


def test_the_negative_filter_gives_the_negative_map(maps):
    choose(maps, "+ filter −W")
    output = np.array(maps.ask("el.values.output"))
    np.testing.assert_array_equal(output[3], -output[0])
    assert maps.page.get_by_role("button", name="+ filter −W").is_disabled()
    choose(maps, "− filter")
    assert maps.ask("el.values.output.length") == 3
    np.testing.assert_array_equal(maps.ask("el.values.output[0]"), output[1])


def test_the_bias_slider_lifts_the_chosen_map(maps):
    maps.page.get_by_label("bias b", exact=True).fill("2")
    assert maps.state["bias"] == [2, 0, 0] and maps.ask("el.values.total") == -1
