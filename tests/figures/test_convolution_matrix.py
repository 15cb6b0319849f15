"""ConvolutionMatrix: known counts, and what lights up where by mouse and keyboard."""

import numpy as np
import pytest

from cnnmath.figures import ConvolutionMatrix

IMAGE, OUTPUT, LEFT, RIGHT, PRODUCT = range(5)  # the grids, in the order in which they stand
GRID = "el.shadowRoot.querySelectorAll('.grid')"
CELLS = "[...el.shadowRoot.querySelectorAll('.grid')[a].querySelectorAll('.cell')]"
CELL = f"{GRID}[a[0]].querySelectorAll('[role=row]')[a[1]].children[a[2]]"


class Matrix:
    """The figure in the browser, its grids by number."""

    def __init__(self, element):
        self.element, self.page = element, element.page
        element.settle()

    def point(self, grid, i, j):
        self.element.ask(f"{CELL}.scrollIntoView({{block: 'center'}})", [grid, i, j])
        box = self.element.ask(f"{CELL}.getBoundingClientRect().toJSON()", [grid, i, j])
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.element.settle()

    def press(self, grid, *keys):
        self.element.ask(f"{GRID}[a].focus()", grid)
        for key in keys:
            self.page.keyboard.press(key)
        self.element.settle()

    def marked(self, grid, mark):
        """The cells of a grid with a mark, as flat places."""
        classes = self.element.ask(f"{CELLS}.map((cell) => cell.className.split(' '))", grid)
        return [k for k, names in enumerate(classes) if mark in names]

    def texts(self, grid):
        return self.element.ask(f"{CELLS}.map((cell) => cell.textContent)", grid)

    def text(self, selector):
        return self.element.ask("el.shadowRoot.querySelector(a).textContent", selector)

    @property
    def pins(self):
        return self.element.state["row"], self.element.state["column"]


@pytest.fixture
def shown(live):
    return lambda **state: Matrix(live(ConvolutionMatrix(**state)))


def test_the_banded_matrix_of_the_errata():
    values = ConvolutionMatrix().values()
    assert values["matrix"].shape == (9, 25)
    assert (values["structural"], values["nonzeros"], values["multiply_adds"]) == (81, 54, [225, 81])
    np.testing.assert_array_equal(values["vec_output"], [-6, 0, 6] * 3)


def test_a_weight_of_zero_is_no_structural_zero():
    values = ConvolutionMatrix(kernel=np.zeros((3, 3))).values()
    assert (values["structural"], values["nonzeros"]) == (81, 0)


@pytest.mark.parametrize(("stride", "padding", "structural"),
                         [(1, 1, 169), (2, 0, 36), (2, 1, 49), (3, 2, 25)])
def test_padding_has_no_column(stride, padding, structural):
    """169 = 13²: along one axis the windows of padding 1 read 2 + 3 + 3 + 3 + 2 pixels."""
    assert ConvolutionMatrix(stride=stride, padding=padding).values()["structural"] == structural


def test_both_products_are_the_correlation(rng):
    image, kernel = rng.normal(size=(5, 6)), rng.normal(size=(2, 3))
    values = ConvolutionMatrix(image=image, kernel=kernel, stride=2, padding=1).values()
    np.testing.assert_allclose(values["matrix"] @ values["vec_image"], values["output"].ravel(), rtol=1e-12)
    np.testing.assert_allclose(kernel.ravel() @ values["columns"], values["output"].ravel(), rtol=1e-12)


@pytest.mark.parametrize(("column", "readers"), [(-1, []), (0, [0]), (2, [0, 1, 2]), (12, list(range(9)))])
def test_the_outputs_that_read_a_pixel(column, readers):
    assert list(ConvolutionMatrix(column=column).values()["readers"]) == readers


def test_pins_are_held_to_the_last_row_and_column():
    values = ConvolutionMatrix(row=99, column=35).values()
    assert (values["row"], values["column"], values["total"]) == (8, 24, 6)


def test_the_sentence():
    row = ("M, 9 × 25, holds 81 weights, 54 not 0; multiply–adds: 225 in full, 81 by im2col. "
           "Output 0, O[0, 0], is −6.")
    inside = " Outputs that read I[2, 2]: 9. M[0, 12] = K[2, 2]: (9)(−1) = −9."
    outside = " Outputs that read I[0, 3]: 2. M[0, 3] = 0, outside the window."
    assert ConvolutionMatrix().describe() == row
    assert ConvolutionMatrix(column=12).describe() == row + inside
    assert ConvolutionMatrix(column=3).describe() == row + outside


def test_the_largest_figure_is_stored_small():
    figure = ConvolutionMatrix(image=np.full((6, 6), -1.234), kernel=[[0.5]], padding=2)
    assert figure.values()["matrix"].shape == (100, 36)
    assert len(figure.to_html().encode()) <= 20_000
    assert "row 0 of the matrix M" in figure.static()


def test_the_static_form_holds_the_array_on_show():
    assert "<caption>matrix M" in ConvolutionMatrix().static()
    assert "<caption>im2col(I)" in ConvolutionMatrix(form="im2col").static()


def test_pointing_at_a_row_lights_its_window_and_sum(shown):
    figure = shown()
    figure.point(PRODUCT, 2, 0)
    window = [2, 3, 4, 7, 8, 9, 12, 13, 14]
    assert figure.marked(IMAGE, "tap") == figure.marked(RIGHT, "tap") == window
    assert figure.marked(LEFT, "tap") == [2 * 25 + k for k in window]
    assert figure.marked(OUTPUT, "at") == figure.marked(PRODUCT, "at") == [2]
    assert figure.text(".formula") == ("(3)(1) + (2)(0) + (1)(−1) + (6)(1) + (5)(0) + (4)(−1) "
                                       "+ (9)(1) + (8)(0) + (7)(−1) = 6")
    assert figure.pins == (0, -1)
    figure.page.mouse.move(2, 2)
    figure.element.settle()
    assert figure.marked(OUTPUT, "at") == [0]


def test_pointing_at_an_entry_shows_its_single_product(shown):
    figure = shown()
    figure.point(LEFT, 4, 7)
    assert figure.marked(LEFT, "lit") == [4 * 25 + 7]
    assert figure.marked(IMAGE, "lit") == figure.marked(RIGHT, "lit") == [7]
    assert figure.text(".term.lit") == "(6)(0)"
    assert figure.text(".figure > .live") == " Outputs that read I[1, 2]: 6. M[4, 7] = K[0, 1]: (6)(0) = 0."


@pytest.mark.parametrize(("grid", "i", "j"), [(IMAGE, 1, 2), (RIGHT, 7, 0)])
def test_pointing_at_a_pixel_lights_its_column_and_readers(shown, grid, i, j):
    figure = shown()
    figure.point(grid, i, j)
    assert figure.marked(LEFT, "also") == list(range(7, 9 * 25, 25))
    assert figure.marked(OUTPUT, "also") == figure.marked(PRODUCT, "also") == [0, 1, 2, 3, 4, 5]
    assert figure.marked(IMAGE, "also") == figure.marked(RIGHT, "also") == [7]


def test_pointing_at_a_weight_lights_its_diagonal(shown):
    """A weight stands once in every row; at im2col it multiplies one row of the array."""
    figure = shown()
    places = [(i + 1) * 5 + j + 2 for i in range(3) for j in range(3)]
    box = figure.page.locator("input[aria-label='weight K[1, 2], as a number']").bounding_box()
    figure.page.mouse.move(box["x"] + 5, box["y"] + 5)
    figure.element.settle()
    assert figure.marked(LEFT, "lit") == [r * 25 + p for r, p in enumerate(places)]
    figure.element.ask("el.update({form: 'im2col'})")
    figure.element.settle()
    assert figure.marked(LEFT, "lit") == [5]
    assert figure.marked(RIGHT, "lit") == list(range(5 * 9, 6 * 9))


def test_pointing_at_a_term_lights_its_weight(shown):
    figure = shown()
    figure.page.locator(".term").nth(2).hover()
    figure.element.settle()
    assert figure.text(".term.lit") == "(3)(−1)"
    assert len(figure.marked(LEFT, "lit")) == 9


def test_the_pixel_of_im2col_lights_all_its_copies(shown):
    figure = shown(form="im2col", padding=1)
    figure.point(IMAGE, 1, 1)  # I[0, 0]: read by four windows, in four places
    assert len(figure.marked(RIGHT, "also")) == len(figure.marked(PRODUCT, "also")) == 4
    figure.point(RIGHT, 0, 0)  # in the padding: no pixel, but the weight and the product 0
    assert figure.marked(IMAGE, "also") == []
    assert figure.marked(LEFT, "lit") == [0]
    assert figure.text(".term.lit") == "(0)(1)"


def test_a_click_keeps_and_escape_lets_go(shown):
    figure = shown()
    figure.point(LEFT, 4, 7)
    figure.page.mouse.down()
    figure.page.mouse.up()
    assert figure.pins == (4, 7)
    figure.page.mouse.move(2, 2)
    figure.element.settle()
    assert figure.marked(LEFT, "lit") == [4 * 25 + 7]
    assert figure.text("[aria-live]") == ConvolutionMatrix(row=4, column=7).describe()
    figure.press(LEFT, "Escape")
    assert figure.pins == (4, -1)


def test_keys_move_one_entry_and_every_grid_follows(shown):
    figure = shown(row=4, column=7)
    figure.press(LEFT, "ArrowDown", "ArrowRight")
    assert figure.pins == (5, 8)
    figure.press(PRODUCT, "ArrowUp")
    assert figure.pins == (4, 8)
    figure.press(IMAGE, "ArrowDown", "End")
    assert figure.pins == (4, 14)
    figure.press(RIGHT, "PageDown", "Enter")
    assert figure.pins == (4, 24)
    figure.press(OUTPUT, "Home", "PageUp")
    assert figure.pins == (0, 24)


def test_keys_pass_over_padding(shown):
    figure = shown(form="im2col", padding=1)
    figure.press(RIGHT, "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown")
    assert figure.pins == (0, 0)  # the first three taps of window 0 and the fourth lie in the padding
    figure.press(IMAGE, "ArrowUp")
    assert figure.pins == (0, -1)
    figure.press(IMAGE, "ArrowRight", "ArrowDown")
    assert figure.pins == (0, 1)


def test_structural_zeros_are_blank_and_weights_of_zero_are_written(shown):
    figure = shown()
    texts = figure.texts(LEFT)
    assert texts[:5] == ["1", "0", "−1", "", ""]
    assert figure.marked(LEFT, "none") == [k for k, text in enumerate(texts) if text == ""]
    assert texts.count("") == 225 - 81
    borders = figure.element.ask(f"{CELLS}.map((cell) => getComputedStyle(cell).borderTopColor)", LEFT)
    assert borders[3] == "rgba(0, 0, 0, 0)" != borders[1]


@pytest.mark.parametrize("form", ["banded", "im2col"])
def test_captions_tell_the_product(shown, form):
    figure = shown(form=form, padding=1)
    captions = "[...el.shadowRoot.querySelectorAll('.panel > .caption')].map((one) => one.textContent)"
    captions = [caption.replace("\u00a0", " ") for caption in figure.element.ask(captions)]
    assert captions[:3] == ["padded image I, 7 × 7", "kernel K, 3 × 3", "output O, 5 × 5"]
    assert captions[3:] == {"banded": ["matrix M, 25 × 25", "vec(I), 25 × 1", "vec(O), 25 × 1"],
                            "im2col": ["vec(K)ᵀ, 1 × 9", "im2col(I), 9 × 25", "vec(O)ᵀ, 1 × 25"]}[form]


def test_rows_of_the_matrix_stand_beside_their_outputs(shown):
    figure = shown()
    left, product = (figure.element.ask(f"{CELLS}.map((cell) => cell.getBoundingClientRect().top)", grid)
                     for grid in (LEFT, PRODUCT))
    assert left[::25] == product


def test_thin_cells_on_a_narrow_screen_keep_their_numbers_for_the_ear(shown):
    figure = shown()
    figure.page.set_viewport_size({"width": 360, "height": 740})
    figure.element.settle()
    size = figure.element.ask(f"{CELLS}[0].getBoundingClientRect().width", LEFT)
    assert 9 <= size <= 12
    assert figure.texts(LEFT)[:3] == ["1", "0", "−1"]
    figure.point(LEFT, 8, 24)
    assert figure.marked(IMAGE, "also") == [24]


def test_pointing_changes_no_text_of_the_matrix(shown):
    """What moves at every pointer event are marks alone, else each event costs a layout of 3600 cells."""
    figure = shown(image=np.ones((6, 6)), kernel=[[2]], padding=2)
    figure.element.ask(f"(el.texts = {CELLS}.map((cell) => cell.firstChild), null)", LEFT)
    figure.point(LEFT, 50, 14)
    assert figure.marked(LEFT, "also") == list(range(14, 3600, 36))
    assert figure.element.ask(f"{CELLS}.every((cell, k) => cell.firstChild === el.texts[k])", LEFT)


def test_a_weight_that_is_edited_changes_every_row(shown):
    figure = shown()
    field = figure.page.locator("input[aria-label='weight K[0, 0], as a number']")
    field.fill("5")
    figure.point(LEFT, 1, 1)  # a repaint while the number is half typed must not take it away
    field.press("Enter")
    assert figure.element.state["kernel"][0][0] == 5
    assert np.sum(np.array(figure.element.ask("el.values.matrix")) == 5) == 9


def test_a_smaller_array_leaves_no_cell_selected_that_is_gone(shown):
    figure = shown(row=8, column=24)
    assert figure.element.ask(f"{GRID}[a].getAttribute('aria-activedescendant')", LEFT) is not None
    figure.element.ask("el.update({form: 'im2col', stride: 2, column: -1})")
    figure.element.settle()
    selected = f"[...{GRID}].map((grid) => grid.getAttribute('aria-activedescendant'))"
    missing = figure.element.ask(f"{selected}.filter((id) => id && !el.shadowRoot.getElementById(id))")
    assert missing == []
