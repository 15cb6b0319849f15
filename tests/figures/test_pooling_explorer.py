"""PoolingExplorer: known maps and gradients, and what shifting, pointing and routing show, by mouse and keyboard."""

import numpy as np
import pytest

from cnnmath import pooling
from cnnmath.datasets import load_digits
from cnnmath.figures import PoolingExplorer

INPUT, OUTPUT, BEFORE, GRADIENT, DELTA = range(5)  # the grids, in the order in which they stand
GRID = "el.shadowRoot.querySelectorAll('.grid')"
CELLS = f"[...{GRID}[a].querySelectorAll('.cell')]"
CELL = f"{GRID}[a[0]].querySelectorAll('[role=row]')[a[1]].children[a[2]]"
STRIP = {"image": [[9, 0, 0, 0]], "kernel_size": [1, 2]}
TIES = [[5, 5, 1, 2], [5, 0, 2, 2], [0, 0, 3, 1], [0, 0, 1, 3]]


class Explorer:
    """The figure in the browser, its grids by number."""

    def __init__(self, element):
        self.element, self.page = element, element.page
        element.settle()

    def centre(self, grid, i, j):
        box = self.element.ask(f"{CELL}.getBoundingClientRect().toJSON()", [grid, i, j])
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def point(self, grid, i, j):
        self.page.mouse.move(*self.centre(grid, i, j))
        self.element.settle()

    def press(self, grid, *keys):
        self.element.ask(f"{GRID}[a].focus()", grid)
        for key in keys:
            self.page.keyboard.press(key)
        self.element.settle()

    def click(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()
        self.element.settle()

    def marked(self, grid, mark):
        """The cells of a grid with a mark, as flat places."""
        classes = self.element.ask(f"{CELLS}.map((cell) => cell.className.split(' '))", grid)
        return [k for k, names in enumerate(classes) if mark in names]

    def texts(self, grid):
        return self.element.ask(f"{CELLS}.map((cell) => cell.textContent)", grid)

    def formulas(self):
        return self.element.ask("[...el.shadowRoot.querySelectorAll('.formula')].map((one) => one.textContent)")

    def arrows(self):
        """How many arrows each path draws: all, the selected one, and both backward."""
        return self.element.ask("[...el.shadowRoot.querySelectorAll('path')].map((one) => one.getAttribute('d').split('Q').length - 1)")


@pytest.fixture
def shown(live):
    return lambda **state: Explorer(live(PoolingExplorer(**state)))


def test_the_example_of_the_book():
    values = PoolingExplorer().values()
    np.testing.assert_array_equal(values["output"], [[6, 4], [7, 9]])
    np.testing.assert_array_equal(values["winners"], [[5, 3], [8, 10]])
    np.testing.assert_array_equal(PoolingExplorer(mode="average").values()["output"], [[3.75, 2.25], [4, 4.5]])


@pytest.mark.parametrize(("right", "pooled", "changed"), [(0, [9, 0], 0), (1, [9, 0], 0), (2, [0, 9], 2), (3, [0, 9], 2), (4, [0, 0], 1)])
def test_the_strip_that_moves(right, pooled, changed):
    values = PoolingExplorer(**STRIP, shift=[0, right]).values()
    assert values["output"].tolist() == [pooled]
    assert values["changed"].sum() == changed


def test_a_shift_by_whole_strides_moves_the_map(rng):
    image = np.zeros((8, 8))
    image[2:6, 2:6] = rng.normal(size=(4, 4))
    for mode in ("max", "average"):
        values = PoolingExplorer(image=image, mode=mode, shift=[2, -2]).values()
        assert (values["partners"], values["copied"]) == (9, 9)
        assert PoolingExplorer(image=image, mode=mode, shift=[2, 1]).values()["partners"] == 0


def test_the_first_of_equal_maxima_gets_the_gradient():
    values = PoolingExplorer(image=TIES, upstream=[[1, 2], [3, 4]]).values()
    np.testing.assert_array_equal(values["ties"], [[3, 3], [4, 2]])
    np.testing.assert_array_equal(values["gradient"], [[1, 0, 0, 2], [0] * 4, [3, 0, 4, 0], [0] * 4])


def test_windows_that_overlap_add_up():
    """The ridge's 6 in the middle row wins two windows where the upper one does not win them."""
    values = PoolingExplorer(image=[[0, 0, 1], [0, 0, 6], [0, 0, 5]], stride=1, upstream=[[1, 10], [100, 1000]]).values()
    np.testing.assert_array_equal(values["gradient"], [[1, 0, 0], [100, 0, 1010], [0, 0, 0]])
    assert values["sent"][1, 2] == 2


def test_max_pooling_sends_all_and_an_average_loses_what_falls_into_padding():
    for mode, arrived in (("max", 9), ("average", 4)):
        values = PoolingExplorer(padding=1, mode=mode).values()
        assert (values["delta_sum"], values["gradient_sum"]) == (9, arrived)


def test_the_upstream_gradient_repeats():
    values = PoolingExplorer(stride=1, upstream=[[1, 2], [3, 4]]).values()
    np.testing.assert_array_equal(values["delta"], [[1, 2, 1], [3, 4, 3], [1, 2, 1]])


def test_the_sentence():
    start = "Max pooling with 2 × 2 windows, stride 2, padding 0: 4 × 4 numbers become 2 × 2. "
    assert PoolingExplorer().describe() == start + "Row 0, column 0 is 6, from pixel (1, 1)."
    told = PoolingExplorer(image=TIES, shift=[0, 2], backward=True, pixel=2).describe()
    assert told == (start + "Row 0, column 0 is 0, from pixel (0, 0), the first of 4 equal ones. Shifted 0 down and 2 right: 3 of 4 pooled cells "
                    "changed; of 2 that the old map covers when it moves 0 down and 1 right, 2 are equal. Pixel (0, 2) lies in 1 window and "
                    "receives 1. Backward: gradients of sum 4 at the pooled map, 4 at the image.")


def test_the_numbers_agree_with_the_definitions(rng):
    image = rng.integers(-3, 4, (5, 6)).astype(float)
    place = (3, 2), 2, 1
    values = PoolingExplorer(image=image, kernel_size=[3, 2], padding=1, upstream=rng.normal(size=(3, 4))).values()
    x, delta = image[None, None], values["delta"][None, None]
    np.testing.assert_array_equal(values["output"], pooling.max_pool2d_definition(x, *place)[0, 0])
    np.testing.assert_allclose(values["gradient"], pooling.max_pool2d_backward_definition(delta, x, *place)[0, 0], rtol=1e-12)


def test_more_padding_than_half_a_window_is_refused():
    with pytest.raises(ValueError, match=r"^PoolingExplorer: padding must be at most half the kernel height 3; got 2\. Use padding <= 1\.$"):
        PoolingExplorer(kernel_size=[3, 4], padding=2)


def test_a_preset_is_a_digit_of_the_set(shown):
    figure = shown()
    figure.click("a digit")
    np.testing.assert_array_equal(figure.element.state["image"], load_digits()[0][12, 0] * 16)


@pytest.mark.parametrize(("name", "output"), [("ridge map", [[0, 6], [0, 6]]), ("ties", [[5, 2], [0, 3]]), ("9 0 0 0", [[9, 0]]), ("4 × 4 example", [[6, 4], [7, 9]])])
def test_presets(shown, name, output):
    figure = shown(mode="max", kernel_size=[3, 3], stride=1)
    figure.click(name)
    assert figure.element.ask("el.values.output") == output


def test_buttons_shift_the_image_and_mark_what_changes(shown):
    figure = shown(**STRIP)
    figure.click("shift the image right")
    assert figure.element.state["shift"] == [0, 1]
    assert (figure.texts(OUTPUT), figure.texts(BEFORE)) == (["9", "0="], ["9", "0"])
    assert figure.marked(OUTPUT, "diff") == []
    figure.click("shift the image right")
    assert figure.texts(OUTPUT) == ["0≠", "9≠"]
    assert figure.marked(OUTPUT, "diff") == [0, 1]
    assert "2 of 2 pooled cells changed" in figure.element.ask("el.shadowRoot.textContent")
    figure.click("no shift")
    assert figure.element.state["shift"] == [0, 0]


def test_dragging_moves_the_image_with_the_pointer(shown):
    figure = shown()
    figure.page.mouse.move(*figure.centre(INPUT, 1, 1))
    figure.page.mouse.down()
    figure.page.mouse.move(*figure.centre(INPUT, 2, 3), steps=5)
    figure.page.mouse.up()
    assert figure.element.state["shift"] == [1, 2]
    assert figure.element.state["pixel"] == 2 * 4 + 3  # it stays under the pointer
    assert figure.element.ask("el.values.shifted[2][3]") == 6


def test_arrow_keys_shift_and_with_shift_choose_a_pixel(shown):
    figure = shown(padding=1)
    figure.press(INPUT, "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft")
    assert (figure.element.state["shift"], figure.element.state["pixel"]) == ([2, 0], -1)
    figure.press(INPUT, "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown")
    assert (figure.element.state["shift"], figure.element.state["pixel"]) == ([2, 0], 5)
    figure.press(INPUT, "End")
    assert figure.element.state["pixel"] == 7
    figure.press(INPUT, "Escape")
    assert figure.element.state["pixel"] == -1


def test_a_shift_stops_where_nothing_is_left(shown):
    figure = shown(shift=[0, 7])
    figure.press(INPUT, "ArrowRight", "ArrowRight", "ArrowRight")
    assert (figure.element.state["shift"], figure.element.ask("el.error")) == ([0, 8], "")


def test_pointing_at_an_output_lights_its_window_and_arrow(shown):
    figure = shown()
    assert figure.arrows() == [3, 1, 0, 0]
    figure.point(OUTPUT, 1, 0)
    assert figure.marked(INPUT, "tap") == [8, 9, 12, 13]
    assert figure.formulas()[0] == "M(1, 0) = max(7, 2, 3, 4) = 7"
    figure.page.mouse.move(2, 2)
    figure.element.settle()
    assert figure.formulas()[0] == "M(0, 0) = max(1, 3, 5, 6) = 6"


def test_pointing_at_a_pixel_lights_the_outputs_that_used_it(shown):
    figure = shown(stride=1, backward=True)
    figure.point(INPUT, 1, 1)
    assert figure.marked(INPUT, "also") == figure.marked(GRADIENT, "also") == [5]
    assert figure.marked(OUTPUT, "also") == figure.marked(DELTA, "also") == [0, 1, 3, 4]
    assert figure.formulas()[1] == "∂L/∂I(1, 1) = δ(0, 0) + δ(0, 1) = 2"
    assert figure.texts(GRADIENT)[5] == "2×2"
    assert figure.element.ask("el.shadowRoot.querySelector('.term.lit').textContent") == "6"
    figure.point(INPUT, 3, 0)
    assert figure.formulas()[1] == "∂L/∂I(3, 0) = 0: it wins no window"


def test_pointing_at_a_number_of_the_formula_lights_its_pixel(shown):
    figure = shown()
    figure.page.locator(".term").nth(2).hover()
    figure.element.settle()
    assert figure.marked(INPUT, "also") == [4]


def test_an_average_shares_its_gradient(shown):
    figure = shown(mode="average", stride=1, backward=True, pixel=5)
    assert figure.formulas() == ["A(0, 0) = (1 + 3 + 5 + 6) / 4 = 3.75", "∂L/∂I(1, 1) = (δ(0, 0) + δ(0, 1) + δ(1, 0) + δ(1, 1)) / 4 = 1"]
    assert figure.arrows() == [0, 0, 0, 0]


def test_ties_are_seen(shown):
    figure = shown(image=TIES)
    assert figure.marked(INPUT, "win") == [0, 3, 8, 10]
    assert figure.marked(INPUT, "tie") == [1, 4]
    assert figure.texts(OUTPUT) == ["5=", "2=", "0=", "3="]


def test_backward_draws_the_gradient_and_its_arrows(shown):
    figure = shown()
    assert not figure.page.locator(".grid").nth(GRADIENT).is_visible()
    figure.click("⇠ backward")
    assert figure.page.locator(".grid").nth(GRADIENT).is_visible()
    assert figure.arrows() == [3, 1, 3, 1]
    assert figure.formulas()[1] == "∂L/∂I(1, 1) = δ(0, 0) = 1"


def test_the_upstream_gradient_is_edited(shown):
    figure = shown(backward=True)
    figure.click("1, 2, 3, …")
    assert figure.element.state["upstream"] == [[1, 2], [3, 4]]
    figure.press(OUTPUT, "ArrowDown")
    field = figure.page.get_by_label("upstream gradient δ of the cell")
    field.fill("-5")
    field.press("Enter")
    assert figure.element.state["upstream"] == [[1, 2], [-5, 4]]
    assert figure.element.ask("el.values.gradient[2][0]") == -5
    figure.click("this cell alone")
    assert figure.element.state["upstream"] == [[0, 0], [1, 0]]


def test_padding_says_what_it_holds(shown):
    figure = shown(padding=1)
    assert figure.texts(INPUT)[0] == "−∞"
    assert figure.formulas()[0] == "M(0, 0) = max(−∞, −∞, −∞, 1) = 1"
    figure.page.get_by_label("mode average").check()
    figure.element.settle()
    assert figure.texts(INPUT)[0] == "0"
    assert figure.formulas()[0] == "A(0, 0) = (0 + 0 + 0 + 1) / 4 = 0.25"


def test_arrows_end_at_the_winner_and_at_the_pooled_cell(shown):
    figure = shown()
    ends = figure.element.ask("""(() => { const path = el.shadowRoot.querySelectorAll('path')[1]; const box = el.shadowRoot.querySelector('.stage').getBoundingClientRect();
        const numbers = path.getAttribute('d').match(/M([-.0-9]+) ([-.0-9]+)Q[-.0-9]+ [-.0-9]+ ([-.0-9]+) ([-.0-9]+)/).slice(1).map(Number);
        return [numbers[0] + box.x, numbers[1] + box.y, numbers[2] + box.x, numbers[3] + box.y]; })()""")
    for end, centre in ((ends[:2], figure.centre(INPUT, 1, 1)), (ends[2:], figure.centre(OUTPUT, 0, 0))):
        assert np.hypot(*np.subtract(end, centre)) == pytest.approx(20, abs=1)
