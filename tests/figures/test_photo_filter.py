"""PhotoFilter: known numbers, pointing in either picture, the pictures as painted, the static form."""

import numpy as np
import pytest

from cnnmath import image, kernels
from cnnmath.convolution import correlate2d
from cnnmath.figures import PhotoFilter
from tests.figures.test_picture import decoded
from tests.figures.contract import text

BOX = [[1 / 9] * 3] * 3


@pytest.fixture
def photo(live):
    element = live(PhotoFilter())
    element.settle()
    return element


def pixel(element, pane, i, j):
    """Centre of pixel (i, j) of the input (0, with its padding) or the output picture (1), in page pixels."""
    return element.ask("""(() => {
        const pane = el.shadowRoot.querySelectorAll('.pane')[a[0]], canvas = pane.querySelector('canvas');
        const box = pane.getBoundingClientRect();
        return [box.x + (a[2] + 0.5) * box.width / canvas.width, box.y + (a[1] + 0.5) * box.height / canvas.height]; })()""", [pane, i, j])


def frame(element, pane):
    """The framed rows and columns (top, left, height, width) of a picture, in its pixels, read off the page."""
    return element.ask("""(() => {
        const pane = el.shadowRoot.querySelectorAll('.pane')[a];
        const [all, one] = [pane.getBoundingClientRect(), pane.querySelector('.frame').getBoundingClientRect()];
        const scale = all.width / pane.querySelector('canvas').width;
        return [one.y + 2 - all.y, one.x + 2 - all.x, one.height - 4, one.width - 4].map((x) => Math.round(x / scale * 100) / 100); })()""", pane)


def colour(element, pane, i, j):
    """The colour [r, g, b] of pixel (i, j) as painted."""
    return element.ask("""(() => {
        const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
        context.drawImage(el.shadowRoot.querySelectorAll('.pane')[a[0]].querySelector('canvas'), -a[2], -a[1]);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3); })()""", [pane, i, j])


def choose(element, label, option):
    """Pick an option of a row of radio buttons, as a click does."""
    element.page.get_by_label(f"{label} {option}", exact=True).check(force=True)
    element.settle()


# numbers

def test_a_derivative_kernel_answers_nothing_on_average_and_a_blur_keeps_the_mean():
    photo = image.to_float(image.load_photo())
    edges = PhotoFilter(kernel=kernels.kernel("sobel_x")).values()
    assert edges["kernel_sum"] == 0 and abs(edges["mean"]) < 0.01 < edges["high"]
    blur = PhotoFilter(kernel=BOX).values()
    assert blur["mean"] == pytest.approx(photo.mean(), abs=0.01)
    assert blur["clipped"] == 0 and blur["low"] >= photo.min() and blur["high"] <= photo.max()


def test_the_identity_returns_the_photo():
    values = PhotoFilter(kernel=kernels.kernel("identity"), padding=1, cell=[0, 0]).values()
    np.testing.assert_array_equal(values["output"], image.load_photo() / 255)
    assert values["total"] == image.load_photo()[0, 0] / 255


def test_padding_is_zeros():
    window = PhotoFilter(padding=2, cell=[0, 0]).values()["window"]
    assert (window[:2] == 0).all() and (window[:, :2] == 0).all() and window[2, 2] > 0


def test_flip_negates_an_odd_kernel():
    np.testing.assert_allclose(PhotoFilter(flip=True).values()["output"], -PhotoFilter().values()["output"], atol=1e-12)


def test_clipped_counts_what_a_file_of_bytes_would_lose():
    figure = PhotoFilter(kernel=[[3]], show="clipped")
    lost = (image.load_photo().astype(int) * 3 > 255).sum()
    assert figure.values()["clipped"] == lost > 0
    assert f"{lost} of 16384 pixels are clipped" in figure.describe()


def test_rounding_clips_nothing():
    """Nine times a ninth of white is white, however the sum is rounded."""
    assert PhotoFilter(kernel=[[1.0 + 1e-15]]).values()["clipped"] == 0


def test_the_cell_is_held_to_the_output(live):
    figure = PhotoFilter(cell=[299, 299])
    assert figure.values()["cell"] == [125, 125]
    assert live(figure).ask("[el.values.cell, el.description, el.code]") == [[125, 125], figure.describe(), figure.as_python()]


# pointing

def test_the_pointed_window_is_framed_and_summed(photo):
    assert frame(photo, 0) == [40, 23, 3, 3] and frame(photo, 1) == [40, 23, 1, 1]
    total = PhotoFilter().values()["total"]
    assert text(photo, ".formula").endswith("= 2.584") and round(total, 3) == 2.584
    assert text(photo, ".formula").count("(") == 18


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("pane", [0, 1])
def test_pointing_shows_and_a_click_keeps(live, pane, padding):
    """A pixel of the input stands in the middle of its window; one of the output is the window's sum."""
    photo = live(PhotoFilter(padding=padding))
    photo.settle()
    cell = [59, 79] if pane == 0 else [60, 80]
    photo.page.mouse.move(*pixel(photo, pane, 60, 80))
    photo.settle()
    assert frame(photo, 0) == [*cell, 3, 3] and frame(photo, 1) == [*cell, 1, 1]
    assert photo.state["cell"] == [40, 23]
    photo.page.mouse.down()
    photo.page.mouse.up()
    photo.page.mouse.move(2, 2)
    photo.settle()
    assert photo.state["cell"] == cell and frame(photo, 1) == [*cell, 1, 1]
    assert f"Row {cell[0]}, column {cell[1]} is" in text(photo, ".live")


def test_pointing_elsewhere_leaves_the_state(photo):
    photo.page.mouse.move(*pixel(photo, 1, 90, 90))
    photo.settle()
    photo.page.mouse.move(2, 2)
    photo.settle()
    assert frame(photo, 1) == [40, 23, 1, 1] and photo.state["cell"] == [40, 23]


def test_dragging_moves_the_window(photo):
    photo.page.mouse.move(*pixel(photo, 0, 41, 24))
    photo.page.mouse.down()
    photo.page.mouse.move(*pixel(photo, 0, 71, 54), steps=5)
    photo.page.mouse.up()
    assert photo.state["cell"] == [70, 53]


def test_a_finger_moves_the_window_and_the_page_scrolls_elsewhere(new_page, tmp_path):
    path = tmp_path / "touch.html"
    PhotoFilter().save(path)
    page = new_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    centre = page.evaluate("""() => { const box = document.querySelector('cnnmath-photo-filter').shadowRoot.querySelector('.pane').getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2]; }""")
    page.touchscreen.tap(*centre)
    assert page.evaluate("document.querySelector('cnnmath-photo-filter').state.cell") == [63, 63]
    root = "document.querySelector('cnnmath-photo-filter').shadowRoot"
    assert page.evaluate(f"getComputedStyle({root}.querySelector('.pane')).touchAction") == "pan-y"
    assert page.evaluate(f"getComputedStyle({root}.querySelector('.pane .frame')).touchAction") == "none"


def test_keys_move_by_one_or_ten_or_to_the_edge(photo):
    photo.ask("el.shadowRoot.querySelector('.pane').focus()")
    for key, cell in [("ArrowDown", [41, 23]), ("ArrowRight", [41, 24]), ("Shift+ArrowLeft", [41, 14]), ("Shift+ArrowLeft", [41, 4]),
                      ("Shift+ArrowLeft", [41, 0]), ("Shift+ArrowUp", [31, 0]), ("PageDown", [125, 0]), ("End", [125, 125]), ("PageUp", [0, 125]), ("Home", [0, 0])]:
        photo.page.keyboard.press(key)
        assert photo.state["cell"] == cell, key
    photo.settle()
    assert "Row 0, column 0 is" in text(photo, ".live")


def test_the_two_pictures_are_one_tab_stop(photo):
    assert photo.ask("[...el.shadowRoot.querySelectorAll('.pane')].map((pane) => pane.tabIndex)") == [0, -1]


# pictures

def test_colours_are_those_of_the_values(photo):
    """Input grey from 0 to 1; output diverging, symmetric about 0; then its size; then cut off at 0 and 1."""
    output = PhotoFilter().values()["output"]
    high = np.unravel_index(output.argmax(), output.shape)
    low = np.unravel_index(output.argmin(), output.shape)
    ramp = "(({ black, white }) => black.map((x, k) => x + (white[k] - x) * a))({ black: el.ramps.grey(0), white: el.ramps.grey(1) })"
    grey = [round(x) for x in photo.ask(ramp, image.load_photo()[10, 20] / 255)]
    np.testing.assert_allclose(colour(photo, 0, 10, 20), grey, atol=1)
    assert colour(photo, 1, *map(int, low)) == photo.ask("el.ramps.diverging(-1)")
    nearly_orange = photo.ask("el.ramps.diverging(a)", output.max() / -output.min())
    np.testing.assert_allclose(colour(photo, 1, *map(int, high)), nearly_orange, atol=1)
    assert text(photo, ".legend") == "−2.8042.804"
    choose(photo, "show", "absolute")
    assert colour(photo, 1, *map(int, low)) == photo.ask("el.ramps.grey(1)")
    assert text(photo, ".legend").startswith("0")
    choose(photo, "show", "clipped")
    assert colour(photo, 1, *map(int, low)) == photo.ask("el.ramps.grey(0)")
    assert colour(photo, 1, *map(int, high)) == photo.ask("el.ramps.grey(1)")


def test_clipped_pixels_are_hatched_and_counted(live):
    photo = live(PhotoFilter(show="clipped"))
    photo.settle()
    hatched = photo.ask("""[...el.shadowRoot.querySelectorAll('.pane')[1].querySelector('.hatch').getContext('2d')
        .getImageData(0, 0, 126, 126).data].filter((x, k) => k % 4 === 3 && x > 0).length""")
    clipped = PhotoFilter().values()["clipped"]
    assert hatched == clipped
    assert f"{clipped} pixels" in text(photo, ".side")
    choose(photo, "show", "signed")
    assert photo.ask("el.shadowRoot.querySelectorAll('.hatch')[1].checkVisibility()") is False


@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("size", [28, 128, 256])
@pytest.mark.parametrize("width", [360, 690, 1200])
def test_pictures_are_crisp_and_share_one_scale(live, size, width, padding):
    """A pixel is a whole number of dots, in both pictures; the pictures stand side by side where there is room."""
    photo = live(PhotoFilter(picture=f"coffee-grey-{size}", padding=padding))
    photo.page.set_viewport_size({"width": width, "height": 900})
    photo.settle()
    boxes = photo.ask("""[...el.shadowRoot.querySelectorAll('.pane')].map((pane) => { const box = pane.getBoundingClientRect();
        return [box.width / pane.querySelector('canvas').width, box.y]; })""")
    assert boxes[0][0] == boxes[1][0] == round(boxes[0][0]) >= 1
    assert (abs(boxes[0][1] - boxes[1][1]) < 40) == (width > 600)


def test_pointing_redraws_neither_picture(photo):
    """Only frames, window and sum change while the pointer moves: a picture of 256 × 256 is not painted for that."""
    photo.ask("""(() => {
        const put = CanvasRenderingContext2D.prototype.putImageData;
        window.drawn = [];
        CanvasRenderingContext2D.prototype.putImageData = function (...all) { drawn.push(this.canvas.width); put.apply(this, all); };
    })()""")
    photo.page.mouse.move(*pixel(photo, 1, 60, 60))
    photo.page.mouse.move(*pixel(photo, 1, 70, 70), steps=5)
    photo.settle()
    assert 3 in photo.page.evaluate("drawn") and max(photo.page.evaluate("drawn")) < 100
    photo.page.mouse.down()
    photo.page.mouse.move(*pixel(photo, 1, 90, 70), steps=5)
    photo.page.mouse.up()
    photo.settle()
    assert max(photo.page.evaluate("drawn")) < 100 and photo.state["cell"] == [90, 70]
    photo.ask("el.state = { show: 'absolute' }")
    photo.settle()
    assert photo.page.evaluate("drawn.filter((width) => width > 100)") == [126]


def test_padding_is_hatched(live):
    photo = live(PhotoFilter(picture="coffee-grey-28", padding=2))
    photo.settle()
    alpha = photo.ask("""[...el.shadowRoot.querySelector('.pane .hatch').getContext('2d').getImageData(0, 0, 32, 32).data].filter((x, k) => k % 4 === 3)""")
    inside = np.pad(np.ones((28, 28)), 2)
    np.testing.assert_array_equal(np.reshape(alpha, (32, 32)), 255 * (1 - inside))
    choose(photo, "padding", 0)
    assert photo.ask("el.shadowRoot.querySelector('.hatch').checkVisibility()") is False


def test_other_size_keeps_the_place_pointed_at(photo):
    choose(photo, "picture", 256)
    assert photo.state["picture"] == "coffee-grey-256" and photo.state["cell"] == [80, 46]
    choose(photo, "picture", 28)
    assert photo.state["cell"] == [8, 5]


def test_kernel_size_frames_cuts_and_keeps_a_blur(photo):
    choose(photo, "kernel size", 5)
    assert photo.state["kernel"] == np.pad(kernels.kernel("sobel_x"), 1).tolist()
    choose(photo, "kernel size", 3)
    assert photo.state["kernel"] == kernels.kernel("sobel_x").tolist()
    photo.ask("el.state = { kernel: a }", BOX)
    choose(photo, "kernel size", 7)
    np.testing.assert_allclose(photo.state["kernel"], np.full((7, 7), 1 / 49))


def test_a_term_lights_its_weight_also_when_turned(photo):
    photo.ask("el.state = { flip: true }")
    photo.settle()
    photo.page.locator("cnnmath-photo-filter .term").first.hover()
    photo.settle()
    lit = photo.ask("[...el.shadowRoot.querySelectorAll('.weight')].findIndex((one) => one.classList.contains('lit'))")
    assert lit == 8


def test_static_carries_the_numbers():
    figure = PhotoFilter(show="absolute")
    text = figure.static()
    assert "from −2.804 to 2.757, absolute" in text and 'alt="the output, 126 × 126, from −2.804 to 2.757"' in text
    assert text.count("<td>") == 9 and "kernel K, sum 0" in text
    expected = np.abs(correlate2d(image.to_float(image.load_photo()), kernels.kernel("sobel_x")))
    means = expected.reshape(63, 2, 63, 2).mean(axis=(1, 3))
    painted = decoded(text[text.rindex("<img") :])[..., 0].astype(float)
    np.testing.assert_allclose((painted - 52) / 200, means / expected.max(), atol=0.006)
