"""ReceptiveField: its paths are measured dependence; pointing, growing, editing the stack."""

import numpy as np
import pytest

from cnnmath.convolution import conv2d
from cnnmath.figures import ReceptiveField
from tests.figures.contract import random_states


def conv(kernel, stride=1, padding=0, dilation=1, kind="conv"):
    return {"kind": kind, "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}


@pytest.fixture
def stack(live):
    element = live(ReceptiveField())
    element.settle()
    return element


def place(element, layer, cell):
    """Centre of a cell of the picture, in page pixels."""
    return element.ask("""(() => { const boxes = [...el.shadowRoot.querySelectorAll('rect[rx]:not(.out)')].map((one) => one.getBoundingClientRect());
        const heights = [...new Set(boxes.map((box) => box.y))].sort((a, b) => a - b);
        const box = boxes.filter((one) => one.y === heights[a[0]]).sort((a, b) => a.x - b.x)[a[1]];
        return [box.x + box.width / 2, box.y + box.height / 2]; })()""", [layer, cell])


def marked(element, kind):
    return element.ask("el.shadowRoot.querySelectorAll(a).length", f"rect.{kind}")


def shown(element, selector):
    return element.ask("el.shadowRoot.querySelector(a).textContent", selector)


# numbers

def test_paths_are_where_a_changed_pixel_is_noticed():
    """Every pixel of the input is perturbed; the cell moves for just those that have a path, by as many as there are."""
    for state in random_states(ReceptiveField, 60):
        figure = ReceptiveField(**state)
        values = figure.values()
        above = np.eye(figure.size)[:, None, None]
        for one in figure.layers[: values["layer"]]:
            ones = np.ones((1, 1, 1, one["kernel"]))
            above = conv2d(above, ones, None, *((first, one[name]) for first, name in ((1, "stride"), (0, "padding"), (1, "dilation"))))
        moved = above[:, 0, 0, values["cell"]]
        np.testing.assert_array_equal(moved, values["paths"][: figure.size])
        first, last = values["pixels"]
        noticed = np.flatnonzero(moved)
        assert noticed.size == values["reaching"] and ((noticed >= first) & (noticed <= last)).all()


def test_two_small_kernels_see_what_a_large_one_sees_with_more_weight_in_the_middle():
    two, one = (ReceptiveField(layers=layers, cell=5).values() for layers in ([conv(3), conv(3)], [conv(5)]))
    assert two["pixels"] == one["pixels"] == (5, 9)
    assert two["paths"][5:10].tolist() == [1, 2, 3, 2, 1] and one["paths"][5:10].tolist() == [1] * 5


def test_dilation_leaves_gaps():
    values = ReceptiveField(layers=[conv(3, dilation=2)] * 2, cell=0).values()
    assert values["fields"][-1].size == 9 and values["reaching"] == 5


def test_from_a_pixel_upwards():
    values = ReceptiveField(layer=0, cell=7).values()
    assert values["paths"][-8:].tolist() == [0, 1, 6, 9, 8, 3, 0, 0]
    assert ReceptiveField(layer=0, cell=7).describe() == "Pixel 7 reaches 5 of the 8 cells of layer 4."


def test_the_border_is_told():
    figure = ReceptiveField(cell=0)
    assert figure.values()["pixels"] == (-4, 5) and figure.values()["outside"] == 4
    assert figure.describe() == "Cell 0 of layer 4 sees 10 pixels, −4 to 5, 4 of them beyond the border. 6 pixels reach it, each by at most 8 paths."


@pytest.mark.parametrize("layers, words", [
    ([conv(7, dilation=4)], "ReceptiveField: layer 1 must fit the 16 cells below it, padding included; got 25. Use padding >= 5, a smaller window, or a larger size."),
    ([conv(3), conv(2, 2, 2, kind="pool")], "layer 2, a pooling, must have dilation 1 and padding of at most half its kernel; got [2, 2, 2, 1]. Use a conv for more."),
])
def test_stacks_that_cannot_be(layers, words):
    with pytest.raises(ValueError) as refused:
        ReceptiveField(layers=layers)
    assert words in str(refused.value)


# use

def test_pointing_shows_a_click_keeps(stack):
    stack.page.mouse.move(*place(stack, 2, 3))
    stack.settle()
    assert stack.state["layer"] == 6 and "Layer 2: r = 3 + 1·(3 − 1)·1 = 5" in shown(stack, ".formula:not([hidden])")
    stack.page.mouse.click(*place(stack, 2, 3))
    stack.page.mouse.move(2, 2)
    stack.page.wait_for_timeout(900)  # the field grows first, then the line speaks
    assert (stack.state["layer"], stack.state["cell"]) == (2, 3)
    assert shown(stack, ".live") == "Cell 3 of layer 2 sees 5 pixels, 1 to 5. 5 pixels reach it, each by at most 3 paths."


def test_pointing_does_not_move_the_picture(stack):
    """A picture that is drawn to another scale under the pointer would point elsewhere."""
    before = place(stack, 2, 3)
    stack.page.mouse.move(*before)
    stack.settle()
    assert place(stack, 2, 3) == before


def test_leaving_returns_to_the_kept_cell(stack):
    before = shown(stack, ".formula")
    stack.page.mouse.move(*place(stack, 1, 0))
    stack.settle()
    assert shown(stack, ".formula") != before
    stack.page.mouse.move(2, 2)
    stack.settle()
    assert shown(stack, ".formula") == before


def test_keys_move_along_the_layer_and_between_layers(stack):
    stack.ask("el.shadowRoot.querySelector('.stack').focus()")
    for key, expected in [("ArrowRight", (4, 5)), ("ArrowUp", (3, 5)), ("ArrowUp", (2, 11)), ("Home", (2, 0)), ("ArrowDown", (3, 0)), ("End", (3, 7)), ("PageUp", (0, 15))]:
        stack.page.keyboard.press(key)
        assert (stack.state["layer"], stack.state["cell"]) == expected, key


def test_the_picture_marks_paths_gaps_and_what_lies_beyond(stack):
    assert marked(stack, "part") == 10 + 8 + 6 + 3 and marked(stack, "at") == 1 and marked(stack, "out") == 0
    stack.ask("el.update({ cell: 0 })")
    stack.settle()
    assert marked(stack, "out") == 4 + 3 + 2 + 1 and marked(stack, "bar") == 6
    stack.page.get_by_role("button", name="gaps: dilation 2, 2").click()
    stack.settle()
    assert stack.ask("el.values.reaching") == 5 and marked(stack, "gap") == 4 + 2


def test_the_field_grows_layer_by_layer(stack):
    stack.page.get_by_role("button", name="Grow").click()
    stack.page.wait_for_timeout(60)
    assert marked(stack, "part") < 27 and marked(stack, "bar") == 0
    stack.page.wait_for_timeout(600)
    assert marked(stack, "part") == 27 and marked(stack, "bar") == 10


def test_reduced_motion_shows_the_whole_field_at_once(stack):
    stack.page.emulate_media(reduced_motion="reduce")
    stack.page.get_by_role("button", name="Grow").click()
    stack.page.wait_for_timeout(60)
    assert marked(stack, "bar") == 10


def test_layers_are_changed_added_and_removed(stack):
    page = stack.page
    page.get_by_label("kernel of layer 1").fill("5")
    page.keyboard.press("Enter")
    assert stack.ask("el.values.fields.at(-1)") == [12, 2, -4]
    page.get_by_role("button", name="+ pool 2×2").click()
    assert [one["kind"] for one in stack.state["layers"]] == ["conv", "conv", "pool", "conv", "pool"]
    page.get_by_label("remove layer 5").click()
    assert len(stack.state["layers"]) == 4
    stack.settle()
    assert stack.ask("el.shadowRoot.activeElement.ariaLabel") == "remove layer 4"
    page.get_by_label("dilation of layer 3").fill("2")
    page.keyboard.press("Enter")
    stack.settle()
    assert "layer 3, a pooling, must have dilation 1" in shown(stack, ".problem") and stack.state["layers"][2]["dilation"] == 1


def test_six_layers_are_enough(stack):
    add = stack.page.get_by_role("button", name="+ conv 3×3")
    add.click()
    add.click()
    stack.settle()
    assert len(stack.state["layers"]) == 6 and add.is_disabled()
