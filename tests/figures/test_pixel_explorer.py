"""PixelExplorer by mouse, finger and keys: painting, the linked places of one number, memory, clipping, photographs."""

import numpy as np
import pytest

from cnnmath import image
from cnnmath.datasets import load_digits
from cnnmath.figures import PixelExplorer, StateError
from tests.figures.test_own_picture import pick, png
from tests.figures.contract import assert_equal, text

RIDGE = (25 * image.RIDGE).astype(int)
COLOURS = np.random.default_rng(0).integers(0, 256, (2, 4, 3))  # H × W × C
PLANES = np.moveaxis(COLOURS, -1, 0).tolist()


@pytest.fixture
def explorer(live):
    element = live(PixelExplorer())
    element.settle()
    return element


def grid(label):
    return f"[...el.shadowRoot.querySelectorAll('.grid')].find((one) => one.getAttribute('aria-label').startsWith('{label}'))"


def centre(element, label, i, j):
    """Centre of cell (i, j) of a grid, in page pixels."""
    return element.ask(f"(() => {{ const cell = {grid(label)}.querySelectorAll('[role=row]')[a[0]].children[a[1]];"
                       " cell.scrollIntoView({ block: 'nearest' }); const box = cell.getBoundingClientRect();"
                       " return [box.x + box.width / 2, box.y + box.height / 2]; })()", [i, j])


def marked(element, label, mark):
    """Places of the cells of a grid that bear a mark, row after row."""
    return element.ask(f"[...{grid(label)}.querySelectorAll('.cell')].flatMap((cell, k) => cell.classList.contains(a) ? [k] : [])", mark)


def printed(element, label):
    return element.ask(f"[...{grid(label)}.querySelectorAll('.cell')].map((cell) => cell.firstChild?.data ?? '')")


def press(element, *keys):
    for key in keys:
        element.page.keyboard.press(key)


def brush(element, name):
    element.page.get_by_role("group", name="brush").get_by_role("button", name=name).click()


# numbers

def test_bytes_wrap_clip_or_become_floats(explorer):
    """The output is numpy's own uint8 sum, then its clipped form, then the sum of floats."""
    pixels = RIDGE.astype(np.uint8)
    expected = {"uint8 wraps": pixels + np.uint8(100), "uint8 clips": np.minimum(RIDGE + 100, 255), "float": (RIDGE + 100) / 255}
    for arithmetic, output in expected.items():
        explorer.page.get_by_label(f"arithmetic {arithmetic}").check(force=True)
        np.testing.assert_allclose(explorer.ask("el.values.output[0]"), output)
    explorer.settle()
    assert printed(explorer, "output")[10:15] == ["1.08", "1.18", "1.27", "1.18", "1.08"]


def test_two_hundred_and_hundred_are_44(explorer):
    assert text(explorer, ".facts .formula") == "J[2, 1, 0] = 1·200 + 100 = 300 → 300 mod 256 = 44"
    assert marked(explorer, "output", "erased") == [10, 11, 12, 13, 14]
    assert marked(explorer, "image", "erased") == []


@pytest.mark.parametrize("brightness", [100, -100])
def test_hatched_cells_are_those_that_leave_the_range(live, brightness):
    element = live(PixelExplorer(arithmetic="uint8 clips", brightness=brightness))
    element.settle()
    raw = (RIDGE + brightness).ravel()
    assert marked(element, "output", "erased") == np.flatnonzero((raw < 0) | (raw > 255)).tolist()


@pytest.mark.parametrize("contrast, pixel, brightness, step", [(1.1, 180, 57, 1), (-3.8, 45, 171, -1)])
def test_sums_that_reach_a_limit_exactly_are_not_outside(contrast, pixel, brightness, step):
    """As floats the sums leave 0 to 1 by rounding alone, which is not called outside; one step further is."""
    total = contrast * (pixel / 255) + brightness / 255
    assert (total > 1 or total < 0) and round(total * 255, 9) in (0, 255)
    at_limit, beyond = (PixelExplorer(image=[[pixel]], contrast=contrast, brightness=b, arithmetic="float") for b in (brightness, brightness + step))
    assert at_limit.values()["lost"].tolist() == [0] and beyond.values()["lost"].tolist() == [1]


def test_statistics_and_z_are_those_of_the_whole_image():
    photo = image.to_float(image.load_photo("coffee", 128, "rgb"))
    values = PixelExplorer(source="coffee-rgb-128", arithmetic="float", contrast=2, brightness=51, cell=[9, 8, 1]).values()
    np.testing.assert_allclose(values["mean"], photo.mean(axis=(0, 1)))
    np.testing.assert_allclose(values["std_after"], 2 * photo.std(axis=(0, 1)))
    np.testing.assert_allclose(values["mean_after"], 2 * photo.mean(axis=(0, 1)) + 0.2)
    np.testing.assert_allclose(values["z"], (photo[9, 8] - photo.mean(axis=(0, 1))) / photo.std(axis=(0, 1)))
    assert PixelExplorer(image=[[7, 7]]).values()["z"].tolist() == [0]  # no spread, no division by zero


# memory

@pytest.mark.parametrize("order, index", [("HWC", [1, 2, 0]), ("CHW", [0, 1, 2]), ("NCHW", [0, 0, 1, 2])])
def test_place_and_byte_are_those_of_numpy(order, index):
    array = {"HWC": COLOURS, "CHW": np.moveaxis(COLOURS, -1, 0), "NCHW": np.moveaxis(COLOURS, -1, 0)[None]}[order]
    for arithmetic, dtype in (("uint8 wraps", np.uint8), ("float", np.float64)):
        stored = np.ascontiguousarray(array, dtype=dtype)
        values = PixelExplorer(image=PLANES, written=order[-3:], read=order, cell=[1, 2, 0], arithmetic=arithmetic).values()
        assert list(values["index"]) == index and list(values["shape"]) == list(stored.shape)
        assert values["offset"] == np.dot(index, stored.strides) and values["flat"] == values["offset"] // stored.itemsize
        np.testing.assert_allclose(values["strip"] * (255 if dtype is np.float64 else 1), stored.ravel())


def test_reading_in_another_order_is_a_reshape():
    for written, read in (("HWC", "CHW"), ("CHW", "HWC"), ("HWC", "NCHW")):
        figure = PixelExplorer(image=PLANES, written=written, read=read)
        line = (COLOURS if written == "HWC" else np.moveaxis(COLOURS, -1, 0)).ravel()
        seen = np.moveaxis(line.reshape(2, 4, 3), -1, 0) if read == "HWC" else line.reshape(3, 2, 4)
        np.testing.assert_array_equal(figure.values()["window"], seen)
        assert "this is a reshape, not a transpose" in figure.describe()


def test_one_number_is_marked_in_picture_plane_and_memory(live):
    element = live(PixelExplorer(image=PLANES, cell=[1, 2, 1]))
    element.settle()
    assert marked(element, "image", "lit") == marked(element, "output", "lit") == marked(element, "green", "lit") == [6]
    assert marked(element, "red", "at") == marked(element, "blue", "at") == [6] and marked(element, "red", "lit") == []
    assert marked(element, "memory", "lit") == [6 * 3 + 1] and marked(element, "memory", "at") == [18, 20]
    element.page.mouse.move(*centre(element, "blue", 0, 3))
    element.settle()
    assert marked(element, "image", "lit") == [3] and marked(element, "memory", "lit") == [3 * 3 + 2]
    assert element.state["cell"] == [1, 2, 1]
    element.page.mouse.move(5, 5)
    element.page.mouse.click(*centre(element, "memory", 0, 7))  # place 7 = (0·4 + 2)·3 + 1
    assert element.state["cell"] == [0, 2, 1]
    press(element, "ArrowRight")
    assert element.state["cell"] == [0, 2, 2]


# painting

def test_dragging_paints_every_cell_of_the_stroke(explorer):
    """Also those that a fast pointer jumps over; select paints nothing."""
    page = explorer.page
    page.mouse.click(*centre(explorer, "image", 4, 4))
    assert explorer.state["cell"] == [4, 4, 0] and explorer.state["image"] == [RIDGE.tolist()]
    brush(explorer, "white")
    page.mouse.move(*centre(explorer, "image", 0, 0))
    page.mouse.down()
    page.mouse.move(*centre(explorer, "image", 4, 4))
    page.mouse.up()
    expected = RIDGE.copy()
    np.fill_diagonal(expected, 255)
    assert explorer.state["image"] == [expected.tolist()] and explorer.state["cell"] == [4, 4, 0]


def test_a_press_outside_begins_no_stroke(explorer):
    brush(explorer, "black")
    explorer.page.mouse.click(*centre(explorer, "image", 0, 4))
    explorer.page.mouse.move(5, 5)
    explorer.page.mouse.down()
    explorer.page.mouse.move(*centre(explorer, "image", 2, 2), steps=8)
    explorer.page.mouse.up()
    assert np.argwhere(np.array(explorer.state["image"][0]) != RIDGE).tolist() == [[0, 4]]


def test_a_finger_paints(new_page, tmp_path):
    path = tmp_path / "touch.html"
    PixelExplorer().save(path)
    page = new_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    page.get_by_role("button", name="black").tap()
    box = page.evaluate("""() => { const cell = document.querySelector('cnnmath-pixel-explorer').shadowRoot.querySelectorAll('.grid [role=gridcell]')[7];
        cell.scrollIntoView({ block: 'center' });
        const box = cell.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2]; }""")
    page.touchscreen.tap(*box)
    assert page.evaluate("document.querySelector('cnnmath-pixel-explorer').state.image[0][1][2]") == 0
    actions = page.evaluate("[...document.querySelector('cnnmath-pixel-explorer').shadowRoot.querySelectorAll('.grid')].map((one) => one.style.touchAction)")
    assert actions[0] == "none" and actions[1] == ""


def test_keys_select_type_step_and_paint(explorer):
    page = explorer.page
    page.mouse.click(*centre(explorer, "image", 2, 1))
    press(explorer, "1", "7")
    assert explorer.state["image"][0][2][1] == 17
    press(explorer, "ArrowRight", "+", "+", "Control+-", "-")  # with Ctrl the browser zooms
    assert explorer.state["image"][0][2][2] == 225 + 2 - 1 and explorer.state["cell"] == [2, 2, 0]
    press(explorer, "5")  # a new number, since the cell is another one
    assert explorer.state["image"][0][2][2] == 5
    press(explorer, "Delete")
    assert explorer.state["image"][0][2][2] == 0
    press(explorer, "-")
    assert explorer.state["image"][0][2][2] == 0
    brush(explorer, "white")
    page.mouse.move(5, 5)
    explorer.ask(f"{grid('image')}.focus()")
    press(explorer, "ArrowDown", "Enter")
    assert explorer.state["cell"] == [3, 2, 0] and explorer.state["image"][0][3][2] == 255


def test_a_number_too_large_for_a_byte_is_explained(explorer):
    explorer.page.mouse.click(*centre(explorer, "image", 0, 0))
    press(explorer, "3", "0", "0")
    explorer.settle()
    assert text(explorer, ".problem") == "PixelExplorer: the pixel must be an integer from 0 to 255; got 300. It keeps its last value."
    assert explorer.state["image"][0][0][0] == 30


def test_typed_floats_are_rounded_to_bytes(live):
    element = live(PixelExplorer(arithmetic="float", brightness=0))
    element.settle()
    element.page.mouse.click(*centre(element, "image", 0, 0))
    press(element, ".", "5")
    assert element.state["image"][0][0][0] == 128 and element.ask("el.values.pixel") == [128 / 255]
    press(element, "Delete", "2")
    assert element.state["image"][0][0][0] == 0 and "a number from 0 to 1; got 2" in element.ask("el.error")


def test_a_brush_paints_all_channels_a_plane_only_its_own(live):
    element = live(PixelExplorer(image=PLANES))
    element.settle()
    brush(element, "blue")
    element.page.mouse.click(*centre(element, "image", 0, 1))
    assert [plane[0][1] for plane in element.state["image"]] == [0, 0, 255]
    element.page.mouse.click(*centre(element, "green", 1, 3))
    assert [plane[1][3] for plane in element.state["image"]] == [PLANES[0][1][3], 0, PLANES[2][1][3]]


def test_a_colour_on_a_grey_image_is_its_luminance(explorer):
    brush(explorer, "red")
    explorer.page.mouse.click(*centre(explorer, "image", 0, 0))
    assert explorer.state["image"][0][0][0] == image.to_uint8(image.luminance([1.0, 0, 0]))


def test_painting_writes_to_the_place_in_memory_that_is_read(live):
    """With another order in memory the number changes where it was written."""
    element = live(PixelExplorer(image=PLANES, written="HWC", read="CHW"))
    element.settle()
    element.page.mouse.click(*centre(element, "green", 0, 2))  # place (1·2 + 0)·4 + 2 = 10 = (0·4 + 3)·3 + 1
    press(element, "9")
    changed = np.array(PLANES)
    changed[1, 0, 3] = 9
    assert element.state["image"] == changed.tolist() and element.ask("el.values.window")[1][0][2] == 9


# photographs

def test_the_crop_shows_the_numbers_of_the_photo_and_follows_the_cell(live):
    element = live(PixelExplorer(source="coffee-grey-128", brightness=0, cell=[40, 50, 0], crop=[38, 47]))
    element.settle()
    photo = image.load_photo()
    assert printed(element, "image") == [str(x) for x in photo[38:44, 47:53].ravel()]
    element.ask(f"{grid('image')}.focus()")
    press(element, *["ArrowDown"] * 4)
    assert element.state["cell"] == [44, 50, 0] and element.state["crop"] == [38, 47] and element.ask("el.values.crop") == [39, 47]
    press(element, "ArrowUp")
    assert element.ask("el.values.crop") == [39, 47]
    press(element, "PageDown", "End")
    assert element.state["cell"] == [127, 127, 0] and element.ask("el.values.crop") == [122, 122]


def test_dragging_on_the_photo_moves_the_crop(live):
    element = live(PixelExplorer(source="coffee-rgb-128"))
    element.settle()
    x, y, width = element.ask("(({ x, y, width }) => [x, y, width])(el.shadowRoot.querySelector('.pane').getBoundingClientRect())")
    element.page.mouse.click(x + (30 + 0.5) * width / 128, y + (90 + 0.5) * width / 128)
    assert element.state["cell"] == [90, 30, 0] and element.ask("el.values.crop") == [87, 27]


def test_colours_of_the_photo_are_its_bytes_and_the_outside_is_hatched(live):
    element = live(PixelExplorer(source="coffee-rgb-128", arithmetic="uint8 clips", brightness=0))
    element.settle()
    photo = image.load_photo("coffee", 128, "rgb")
    pixels = "[...el.shadowRoot.querySelectorAll('.pane canvas')[a].getContext('2d').getImageData(0, 0, 128, 128).data]"
    np.testing.assert_array_equal(np.reshape(element.ask(pixels, 0), (128, 128, 4))[..., :3], photo)
    element.ask("el.state = { brightness: 100 }")
    element.settle()
    hatched = np.reshape(element.ask(pixels, 1), (128, 128, 4))[..., 3] > 0
    np.testing.assert_array_equal(hatched, (photo.astype(int) + 100 > 255).any(axis=2))


def test_painting_on_the_crop_makes_it_the_painted_image(live):
    element = live(PixelExplorer(source="coffee-rgb-128", cell=[60, 60, 0], crop=[58, 58]))
    element.settle()
    element.page.mouse.click(*centre(element, "red", 1, 2))
    press(element, "7")
    expected = np.moveaxis(image.load_photo("coffee", 128, "rgb")[58:64, 58:64], -1, 0).astype(int)
    expected[0, 1, 2] = 7
    assert element.state["source"] == "painted" and element.state["image"] == expected.tolist() and element.state["cell"] == [1, 2, 0]


def test_a_picture_of_the_readers_own_is_shown_in_colour_and_in_grey(live, rng, tmp_path, monkeypatch):
    own = rng.integers(0, 256, (128, 128, 3)).astype(np.uint8)
    element = live(PixelExplorer(brightness=0))
    pick(element, png(own))
    element.settle()
    assert element.state["source"] == "coffee-rgb-128" and element.ask("el.description").startswith("Your own picture, read as HWC, 128 × 128 × 3.")
    top, left = element.ask("el.values.crop")
    np.testing.assert_array_equal(np.moveaxis(element.ask("el.values.window"), 0, -1), own[top : top + 6, left : left + 6])
    pixels = "[...el.shadowRoot.querySelector('.pane canvas').getContext('2d').getImageData(0, 0, 128, 128).data]"
    np.testing.assert_array_equal(np.reshape(element.ask(pixels), (128, 128, 4))[..., :3], own)
    element.ask("el.state = { source: 'coffee-grey-128' }")
    grey = np.floor(image.luminance(own) + 0.5)
    np.testing.assert_array_equal(element.ask("el.values.window[0]"), grey[top : top + 6, left : left + 6])
    (tmp_path / "picture.png").write_bytes(png(own))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(element.ask("el.code"), names)
    values = element.ask("el.values")
    assert_equal(values, {name: names[name] for name in values}, "grey")
    element.page.get_by_role("button", name="Reset").click()
    assert element.ask("el.own") is None and element.state == PixelExplorer(brightness=0).state


# state and examples

@pytest.mark.parametrize("value", [RIDGE, RIDGE.tolist(), RIDGE.astype(float), RIDGE[None]])
def test_a_grey_image_may_be_its_one_matrix(value):
    assert PixelExplorer(image=value).image == [RIDGE.tolist()]


def test_a_grey_matrix_is_taken_in_the_page_too(explorer):
    explorer.ask("el.state = { image: [[1, 2], [3, 4]] }")
    assert explorer.state["image"] == [[[1, 2], [3, 4]]] and explorer.ask("el.error") == ""


def test_height_first_images_are_refused_by_their_shape():
    with pytest.raises(StateError, match="be 1 or 3 matrices of one shape, up to 8 × 8, .* got an array of shape"):
        PixelExplorer(image=COLOURS)


@pytest.mark.parametrize("name", ["ridge", "digit", "colours", "photo in colour", "photo in grey"])
def test_examples(explorer, name):
    button = explorer.page.get_by_role("group", name="examples").get_by_role("button", name=name, exact=True)
    button.click()
    explorer.settle()
    assert button.get_attribute("aria-pressed") == "true"
    window = np.array(explorer.ask("el.values.window"))
    digits, labels = load_digits()
    expected = {"ridge": RIDGE[None], "digit": image.to_uint8(digits[13]), "photo in grey": image.load_photo()[None, 71:77, 33:39],
                "photo in colour": np.moveaxis(image.load_photo("coffee", 128, "rgb"), -1, 0)[:, 71:77, 33:39]}
    assert labels[13] == 3
    if name in expected:
        np.testing.assert_array_equal(window, expected[name])
    else:
        assert window.shape == (3, 5, 5) and window[:, 1, 4].tolist() == [0, 255, 0]
