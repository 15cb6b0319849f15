"""The site of `make lite`: what goes in always; a build and a run in the browser where the variables ask for them.

LITE=1 builds the site (packages come from the index that pip uses); LITE_PYODIDE=folder, with Pyodide's distribution,
also runs a notebook of it in Chromium without a network.
"""

import functools
import http.server
import json
import os
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser_fixtures import is_local
from tools import make_lite, normalise_notebooks

PYODIDE = os.environ.get("LITE_PYODIDE")
NOTEBOOK = "02_convolution.ipynb"
CELLS = ("from cnnmath.figures import KernelSlider\nfigure = KernelSlider(name='try')\nfigure", "print(figure.values()['output'].tolist())")
built = pytest.mark.skipif("LITE" not in os.environ and not PYODIDE, reason="building JupyterLite is asked for by LITE=1")
ran = pytest.mark.skipif(not PYODIDE, reason="running Pyodide needs its distribution: LITE_PYODIDE=folder")


def test_a_notebook_starts_with_the_cell_that_installs_from_the_site(tmp_path):
    folder = make_lite.notebooks(tmp_path / "notebooks")
    assert {path.name for path in folder.iterdir()} == {path.name for path in normalise_notebooks.BOOK.glob("*.ipynb")}
    cells = json.loads((folder / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    assert next(cell for cell in cells if cell["cell_type"] == "code")["source"] == make_lite.FIRST_CELL


def test_the_page_of_a_notebook_gets_its_button_and_another_page_none(tmp_path):
    (tmp_path / "lite/files").mkdir(parents=True)
    (tmp_path / "lite/files/02_convolution.ipynb").write_text("{}")
    (tmp_path / "book").mkdir()
    for name in ("02_convolution", "index"):
        (tmp_path / f"book/{name}.html").write_text(f"<p>{make_lite.BUTTONS}</div></p>")
    make_lite.add_buttons(tmp_path, "Run in the browser (needs internet)")
    text = (tmp_path / "book/02_convolution.html").read_text()
    assert 'href="../lite/lab/index.html?path=02_convolution.ipynb">Run in the browser (needs internet)</a></div>' in text
    assert "lite" not in (tmp_path / "book/index.html").read_text()


def test_the_buttons_of_the_book_are_where_the_tool_looks_for_them(book):
    assert make_lite.BUTTONS in (book / "book/02_convolution.html").read_text(encoding="utf-8")
    assert "lite/lab" not in (book / "book/02_convolution.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(book, tmp_path_factory):
    """The folder of a site built from the book."""
    make_lite.prepare()
    target = tmp_path_factory.mktemp("site") / "site"
    make_lite.make(book, target, PYODIDE and Path(PYODIDE))
    return target


@built
def test_the_site_holds_the_wheel_the_notebooks_and_the_book(site):
    index = json.loads((site / "lite/pypi/all.json").read_text())
    assert {"cnnmath", *make_lite.WHEELS} <= {name.replace("-", "_") for name in index}
    assert len(list((site / "lite/pypi").glob("cnnmath-*.whl"))) == 1
    assert (site / "lite/files" / NOTEBOOK).exists() and (site / "book/index.html").exists()
    settings = json.loads((site / "lite/jupyter-lite.json").read_text())["jupyter-config-data"]["litePluginSettings"]
    kernel = settings[make_lite.KERNEL]
    assert kernel.get("pyodideUrl", "").startswith("./") == kernel.get("disablePyPIFallback", False) == bool(PYODIDE)
    assert ("(needs internet)" in (site / "book/02_convolution.html").read_text(encoding="utf-8")) == (not PYODIDE)


@ran
def test_a_slider_moved_in_the_browser_changes_what_python_reads(site, browser):
    """The notebook is replaced by three cells; the rest is as it is served. Nothing may leave the machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**cell, "id": f"cell-{k}", "source": text} for k, text in enumerate((make_lite.FIRST_CELL, *CELLS))]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": normalise_notebooks.NOTEBOOK_METADATA, "cells": cells}
    (site / "lite/files" / NOTEBOOK).write_text(json.dumps(notebook))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        context = browser.new_context(viewport={"width": 1300, "height": 1000})
        try:
            left = []
            context.on("request", lambda request: is_local(request.url) or left.append(request.url))
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/lite/lab/index.html?path={NOTEBOOK}")
            page.wait_for_selector(".jp-Notebook .jp-CodeCell:nth-of-type(3)", timeout=60_000)
            page.locator(".jp-Notebook .jp-InputPrompt").first.click()
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_text("Run All Cells", exact=True).click()
            page.wait_for_selector("cnnmath-kernel-slider[notebook]", timeout=150_000)
            last = page.locator(".jp-CodeCell").nth(2)  # running it adds an empty one below
            printed = last.locator(".jp-OutputArea-output")
            printed.wait_for(timeout=60_000)
            before = json.loads(printed.text_content())
            page.locator("cnnmath-kernel-slider input[type=range]").first.focus()
            page.keyboard.press("ArrowRight")
            wanted = page.locator("cnnmath-kernel-slider").evaluate("figure => figure.values.output")
            page.wait_for_timeout(500)
            last.locator(".jp-InputPrompt").click()
            page.keyboard.press("Shift+Enter")
            expect(printed).not_to_have_text(json.dumps(before), timeout=60_000)
            assert json.loads(printed.text_content()) == wanted != before
            assert left == []
        finally:
            context.close()
            server.shutdown()
            thread.join()
