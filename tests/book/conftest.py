"""The built book, by file and by http."""

import functools
import http.server
import os
import threading
import time
from pathlib import Path

import pytest

from tools import build_book

THEMES = ("light", "dark")
TRANSPORTS = ("file", "http")


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The folder of the built HTML: that of the variable BOOK_HTML, else _build/html brought up to date."""
    if "BOOK_HTML" in os.environ:
        return Path(os.environ["BOOK_HTML"]).resolve()
    # Parallel test processes share the parent of their temporary folders; the first one there builds.
    mine = "PYTEST_XDIST_WORKER" in os.environ
    shared = tmp_path_factory.getbasetemp().parent if mine else tmp_path_factory.getbasetemp()
    finished = shared / "book-status"
    try:
        (shared / "book-build").mkdir()
    except FileExistsError:
        while not finished.exists():
            time.sleep(0.2)
    else:
        finished.write_text(str(build_book.build()))
    assert finished.read_text() == "0", "the book does not build without a warning"
    return build_book.INDEX.parent


@pytest.fixture(scope="session")
def server(book):
    """The address of a web server on this machine that serves the book."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=book)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listener.server_address[1]}"
        listener.shutdown()
        thread.join()


@pytest.fixture(params=TRANSPORTS)
def address(request, book):
    """Where the book is reached: a folder opened as a file, then a web server."""
    return book.as_uri() if request.param == "file" else request.getfixturevalue("server")


@pytest.fixture(params=THEMES)
def themed_page(request, new_page):
    """A watched page in the book's light, then its dark mode."""
    page = new_page(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
    page.add_init_script(f"localStorage.mode = localStorage.theme = '{request.param}'")
    page.theme = request.param
    return page


@pytest.fixture(scope="session")
def pages(book):
    """Every page of the book, as a path relative to it; the index, which only redirects, comes first."""
    paths = sorted(path.relative_to(book).as_posix() for path in book.rglob("*.html"))
    paths = [path for path in paths if not path.startswith("_")]
    paths.remove("index.html")
    return ["index.html", *paths]
