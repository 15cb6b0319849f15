"""The reader's own picture in every figure of pictures: picked, dropped or pasted, shown, refused, and never sent."""

import base64
import struct
import zlib

import numpy as np
import pytest

from cnnmath import image
from cnnmath.convolution import correlate2d
from cnnmath.figures import ActivationExplorer, FeatureMaps, PhotoFilter, PixelExplorer, PoolingExplorer
from cnnmath.figures._text import rows_text
from cnnmath.kernels import kernel
from tests.figures.contract import assert_equal, text


def png(pixels):
    """The bytes of a PNG file of a uint8 array (H, W, 3)."""
    rows, cols, _ = pixels.shape
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", cols, rows, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def area_means(plane, size):
    """Means over size × size equal areas of a square: each pixel cut into size × size equal parts, then side × side parts averaged."""
    side = len(plane)
    return np.kron(plane, np.ones((size, size))).reshape(size, side, size, side).mean(axis=(1, 3))


@pytest.fixture
def own(rng):
    """A colour picture, wider than high, whose side is no multiple of 28."""
    return rng.integers(0, 256, (60, 101, 3)).astype(np.uint8)


def pick(element, content, name="mine.png", mime="image/png"):
    element.page.set_input_files(f"{element.tag} input[type=file]", {"name": name, "mimeType": mime, "buffer": content})
    element.page.wait_for_timeout(250)


DROP = """(() => {
    const bytes = Uint8Array.from(atob(a[1]), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "mine.png", { type: "image/png" }));
    const event = a[0] === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, composed: true, cancelable: true })
        : new DragEvent("drop", { dataTransfer: data, bubbles: true, composed: true, cancelable: true });
    el.shadowRoot.querySelector(".pane, .grid").dispatchEvent(event);
    return event.defaultPrevented;
})()"""


def give(element, content, way):
    if way == "file":
        return pick(element, content)
    assert element.ask(DROP, [way, base64.b64encode(content).decode()]) is True
    element.page.wait_for_timeout(250)


def test_square_means_are_these(own):
    np.testing.assert_allclose(image.luminance(image.square_means(own, 28)), area_means(image.luminance(own[:, 20:80]) / 255, 28), atol=1e-11)


# Each figure of pictures, a state without a filter, and what it then shows of a picture, by `cnnmath`.
FIGURES_OF_PICTURES = {
    "PhotoFilter": (PhotoFilter(picture="coffee-grey-28", kernel=[[1]]), "output", lambda own: image.luminance(image.square_means(own, 28))),
    "PixelExplorer": (PixelExplorer(brightness=0, arithmetic="float"), "mean",
                      lambda own: (image.to_uint8(image.square_means(own, 128)) / 255).mean(axis=(0, 1))),
    "ActivationExplorer": (ActivationExplorer(), "before",
                           lambda own: correlate2d(image.to_uint8(image.luminance(image.square_means(own, 128)).round(12)), kernel("vertical_edge")) / 255),
    "FeatureMaps": (FeatureMaps(), "image", lambda own: np.round(9 * image.hwc_to_chw(image.square_means(own, 12)))),
    "PoolingExplorer": (PoolingExplorer(), "shifted", lambda own: np.round(9 * image.luminance(image.square_means(own, 8)))),
}
figures_of_pictures = pytest.mark.parametrize("figure, name, expected", FIGURES_OF_PICTURES.values(), ids=FIGURES_OF_PICTURES)


@figures_of_pictures
@pytest.mark.parametrize("way", ["file", "drop", "paste"])
def test_every_figure_of_pictures_takes_the_readers(live, own, figure, name, expected, way):
    element = live(figure)
    give(element, png(own), way)
    shown = {**element.state, **element.ask("el.values")}
    np.testing.assert_allclose(shown[name], expected(own), atol=1e-9)
    assert element.ask("el.error") == ""
    element.settle()
    assert text(element, ".live") == element.ask("el.description")


@figures_of_pictures
def test_every_figure_of_pictures_explains_a_bad_file_and_keeps_its_picture(live, own, figure, name, expected):
    element = live(figure)
    for content in (png(own), b"no picture"):
        pick(element, content, "notes.png")
    assert text(element, ".problem").startswith(f'{type(figure).__name__}: your picture must be an image that this browser can read, of at most')
    np.testing.assert_allclose({**element.state, **element.ask("el.values")}[name], expected(own), atol=1e-9)


@figures_of_pictures
def test_code_with_an_own_picture_gives_the_pages_numbers(live, tmp_path, monkeypatch, own, figure, name, expected):
    """The copied code reads the reader's file, or holds the numbers that it became."""
    (tmp_path / "picture.png").write_bytes(png(own))
    monkeypatch.chdir(tmp_path)
    element = live(figure)
    pick(element, png(own))
    code, values = element.ask("[el.code, el.values]")
    assert ('imread("picture.png")' in code and "load_photo" not in code) or rows_text(element.state["image"]) in code
    names = {}
    exec(code, names)
    assert_equal(values, {name: names[name] for name in values}, code)


@figures_of_pictures
def test_reset_brings_the_first_picture_back(live, own, figure, name, expected):
    element = live(figure)
    before = element.ask("el.values")
    pick(element, png(own))
    element.page.get_by_role("button", name="Reset").click()
    element.settle()
    assert element.ask("el.own") is None and element.state == figure.state and element.ask("el.description") == figure.describe()
    assert element.ask("el.values") == before


def test_own_picture_becomes_grey_by_area_means(live, own):
    """The centre square in luminance, averaged; the state stays as it was, and the description says whose picture it is."""
    element = live(PhotoFilter(picture="coffee-grey-28", kernel=[[1]]))
    before = element.state
    pick(element, png(own))
    expected = area_means(image.luminance(own[:, 20:80]) / 255, 28)
    np.testing.assert_allclose(element.ask("el.values.output"), expected, atol=1e-9)
    assert element.state == before and element.ask("el.error") == ""
    assert element.ask("el.description").startswith("Your own picture, 28 × 28, under a 1 × 1 kernel of sum 1:")
    element.settle()
    assert text(element, ".live") == element.ask("el.description")


def test_own_picture_follows_the_size_and_is_enlarged_when_small(live, rng):
    element = live(PhotoFilter(kernel=[[1]]))
    tiny = rng.integers(0, 256, (3, 2, 3)).astype(np.uint8)
    pick(element, png(tiny))
    for size in (128, 256, 28):
        element.ask("el.state = { picture: `coffee-grey-${a}` }", size)
        expected = area_means(image.luminance(tiny[:2]) / 255, size)
        np.testing.assert_allclose(element.ask("el.values.output"), expected, atol=1e-9)


def test_nothing_carries_the_own_picture_out_of_the_page(live, own):
    """No request, no trace in the state, the link or the code; the page stays as it was loaded."""
    element = live(PhotoFilter(picture="coffee-grey-28"))
    requests = []
    element.page.on("request", lambda request: requests.append(request.url))
    link = element.ask("el.link")
    pick(element, png(own))
    element.settle()
    assert requests == [] and element.ask("el.link") == link
    assert "mine.png" not in element.page.content()
    assert element.state == PhotoFilter(picture="coffee-grey-28").state
    assert "never leaves this page" in text(element, ".side")


BAD = {"text": b"no picture", "empty": b"", "cut short": png(np.zeros((9, 9, 3), np.uint8))[:40], "markup": b"<img src=x onerror=alert(1)>"}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_bad_file_is_explained_and_the_last_picture_stays(live, own, content):
    element = live(PhotoFilter(picture="coffee-grey-28"))
    pick(element, png(own))
    before = element.ask("el.values")
    pick(element, content, "<b>notes</b>.png")
    assert text(element, ".problem") == ('PhotoFilter: your picture must be an image that this browser can read, of at most 100 million pixels; '
                                          'got "<b>notes</b>.png". The last picture stays.')
    assert element.ask("el.shadowRoot.querySelectorAll('.problem *').length") == 0
    assert element.ask("el.values") == before and element.ask("el.own !== null")
    pick(element, png(own))
    assert text(element, ".problem") == ""


def test_a_huge_picture_is_refused(live):
    """Refused by its width × height, and its bitmap is freed."""
    element = live(PhotoFilter(picture="coffee-grey-28"))
    element.ask("(window.createImageBitmap = async () => ({ width: 20000, height: 20000, close() { window.freed = true; } }), 0)")
    pick(element, b"x", "huge.png")
    assert "at most 100 million pixels" in text(element, ".problem")
    assert element.page.evaluate("window.freed") is True and element.ask("el.own") is None


def test_bitmaps_are_closed_and_no_object_url_is_made(live, own):
    element = live(PhotoFilter())
    element.ask("""(() => {
        const make = window.createImageBitmap;
        window.open_ = 0;
        window.createImageBitmap = async (...given) => { const bitmap = await make(...given); window.open_++;
            const close = bitmap.close.bind(bitmap); bitmap.close = () => { window.open_--; close(); }; return bitmap; };
        URL.createObjectURL = () => { throw new Error("an object URL"); };
    })()""")
    for content in (png(own), b"no picture", png(own)):
        pick(element, content)
    assert element.page.evaluate("window.open_") == 0 and element.ask("el.own !== null")


def test_only_the_last_of_two_pictures_counts(live, rng):
    """A large file picked first may be read last; Reset and removal also come between."""
    element = live(PhotoFilter(picture="coffee-grey-28", kernel=[[1]]))
    black, white = (png(np.full((5, 5, 3), x, np.uint8)) for x in (0, 255))
    element.ask("""(() => {
        const make = window.createImageBitmap;
        let first = true;
        window.createImageBitmap = async (file) => { const wait = first ? 400 : 0; first = false;
            await new Promise((resolve) => setTimeout(resolve, wait)); return make(file); };
        for (const text of a) { const data = new DataTransfer();
            data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "x.png", { type: "image/png" }));
            el.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true })); }
    })()""", [base64.b64encode(content).decode() for content in (black, white)])
    element.page.wait_for_timeout(800)
    assert element.ask("el.values.mean") == 1
