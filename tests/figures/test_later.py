"""Scripts that a page loads when they are first asked for: to save a picture of a figure, and to read one of the reader's."""

import functools
import http.server
import io
import threading

import numpy as np
import pytest
from matplotlib.pyplot import imread

from cnnmath.figures import AnswerBox, PhotoFilter, _assets
from tests.figures.contract import Live, text
from tests.figures.test_own_picture import pick, png
from tests.figures.test_saved_picture import saved

POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self'"


class Server(http.server.SimpleHTTPRequestHandler):
    """A folder under a policy that allows no code but the site's own."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def site(tmp_path):
    """A site as Sphinx makes it: a page in a folder, which loads the scripts of PhotoFilter from another one."""
    static = tmp_path / "_static"
    static.mkdir()
    figure = PhotoFilter(picture="coffee-grey-28")
    names = [*(f"{name}.js" for name in figure.data), *_assets.scripts(PhotoFilter)]
    for name in [*_assets.scripts(PhotoFilter), *_assets.LATER]:
        (static / name).write_text(_assets.source(name), encoding="utf-8")
    for name in figure.data:
        (static / f"{name}.js").write_text(_assets.data_source(name), encoding="utf-8")
    tags = "".join(f'<script src="../_static/{name}?v=1"></script>' for name in names)
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,">{tags}<body>{figure.to_html()}</body></html>'
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "page.html").write_text(page, encoding="utf-8")
    return tmp_path


@pytest.fixture(params=["file", "http with a policy"])
def address(request, site):
    if request.param == "file":
        yield (site / "book" / "page.html").as_uri()
        return
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/book/page.html"
        server.shutdown()


def test_a_page_loads_the_script_that_saves_when_it_is_first_asked_for(address, page):
    asked = []
    page.goto(address)
    page.on("request", lambda request: asked.append(request.url))
    name, content = saved(page, "Save as PNG")
    assert name == "photo-filter.png" and imread(io.BytesIO(content))[..., :3].std() > 0.1
    assert saved(page, "Save as SVG")[0] == "photo-filter.svg"
    assert [url.split("/")[-1] for url in asked if url.startswith(("file:", "http:"))] == ["save-picture.js"]


def test_a_page_loads_the_script_that_reads_a_picture_when_one_comes(address, page):
    asked = []
    page.goto(address)
    page.on("request", lambda request: asked.append(request.url))
    element = Live(page, PhotoFilter())
    for level in (51, 102):
        pick(element, png(np.full((9, 9, 3), level, np.uint8)))
        assert element.ask("el.image.data[0]") == pytest.approx(level / 255) and element.ask("el.error") == ""
    assert [url.split("/")[-1] for url in asked if url.startswith(("file:", "http:"))] == ["read-picture.js"]


def test_a_page_without_its_scripts_says_so(site, page, problems):
    for name in _assets.LATER:
        (site / "_static" / name).unlink()
    page.goto((site / "book" / "page.html").as_uri())
    element = Live(page, PhotoFilter())
    element.settle()
    page.get_by_role("button", name="Save as PNG").click()
    page.wait_for_timeout(200)
    assert text(element, ".live") == "Not saved: this page cannot reach its script save-picture.js."
    pick(element, png(np.zeros((9, 9, 3), np.uint8)))
    assert text(element, ".problem") == "PhotoFilter: this page cannot reach its script read-picture.js. The last picture stays."
    assert element.ask("el.own") is None and len(problems) >= 2
    problems.clear()


def test_where_a_drawn_svg_cannot_be_read_back_the_svg_is_saved(live):
    """Some browsers call a canvas tainted that an SVG with HTML was drawn on."""
    element = live(PhotoFilter(picture="coffee-grey-28"))
    element.ask("HTMLCanvasElement.prototype.toBlob = () => { throw new DOMException('tainted', 'SecurityError'); }")
    name, content = saved(element.page, "Save as PNG")
    assert name == "photo-filter.svg" and content.startswith(b"<svg ") and b"data:image/png;base64," in content
    assert element.ask("el.live.textContent") == "Saved as photo-filter.svg."


def test_what_a_reader_typed_is_saved_as_text_and_nothing_of_it_is_markup(live):
    element = live(AnswerBox(name="who? <me>"))
    element.page.locator("textarea").fill("1 < 2 & \x07 </svg>")
    element.page.get_by_role("button", name="Check").click()
    element.settle()
    name, content = saved(element.page, "Save as SVG")
    assert name == "who-me-.svg"
    typed = element.page.evaluate("(text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('textarea').textContent", content.decode())
    assert typed == "1 < 2 & \ufffd </svg>"


def test_a_saved_picture_is_no_larger_than_a_canvas_may_be(new_page, tmp_path):
    path = tmp_path / "figure.html"
    AnswerBox().save(path)
    page = new_page(viewport={"width": 1600, "height": 600}, device_scale_factor=5)
    page.goto(path.as_uri())
    page.add_style_tag(content="body { max-width: none !important }")
    rows, cols, _ = imread(io.BytesIO(saved(page, "Save as PNG")[1])).shape
    assert cols == 8192 and 300 < rows < 2000
