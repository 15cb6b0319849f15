"""`repository.url` turns on the buttons for Binder, Colab and the source; without it nothing shows. Two small books, built."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.book.visit import visit

ROOT = Path(__file__).resolve().parents[2]
URL = "https://github.com/someone/cnn-book"
PAGE = "# A page\n\n[a link](https://example.org)\n"
NOTEBOOK = """{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# One chapter"},
{"cell_type": "code", "id": "b", "metadata": {"tags": ["remove-cell"]}, "source": "installs = 'something'",
 "execution_count": 1, "outputs": []}]}"""
REMOTE = re.compile(r"mybinder|colab|github\.com|someone")


def build(folder, url):
    """A book of one page and one notebook with this project's configuration, and this `repository.url`."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = url
    config["execute"]["execute_notebooks"] = "off"
    (folder / "book").mkdir(parents=True)
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n  - file: book/02_chapter\n")
    (folder / "book" / "index.md").write_text(PAGE)
    (folder / "book" / "02_chapter.ipynb").write_text(NOTEBOOK)
    (folder / "book" / "references.bib").write_text("")
    shutil.copytree(ROOT / "book" / "_static", folder / "book" / "_static")
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__", "reference"))
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "-W", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """The pages of a book whose address is empty."""
    return build(tmp_path_factory.mktemp("without"), "")


@pytest.fixture(scope="module")
def with_url(tmp_path_factory):
    """The pages of a book that has an address."""
    return build(tmp_path_factory.mktemp("with"), URL)


def links(html, page):
    """Where the buttons above a page lead, by the words on them."""
    text = (html / page).read_text(encoding="utf-8")
    found = re.findall(r'<a href="(https://[^"]+)"[^>]*?title="([^"]+)"', text)
    return {title: url.replace("&amp;", "&") for url, title in found}


def test_without_an_address_there_is_no_button_and_no_request(without, page):
    for path in ("book/index.html", "book/02_chapter.html"):
        assert not REMOTE.search((without / path).read_text(encoding="utf-8")), path
        visit(page, without.as_uri(), path)


def test_an_address_gives_each_page_its_buttons(with_url, page):
    chapter = links(with_url, "book/02_chapter.html")
    assert chapter == {
        "Launch on Binder": "https://mybinder.org/v2/gh/someone/cnn-book/main?urlpath=lab/tree/book/02_chapter.ipynb",
        "Launch on Colab": "https://colab.research.google.com/github/someone/cnn-book/blob/main/book/02_chapter.ipynb",
        "Source repository": URL,
        "Suggest edit": f"{URL}/edit/main/book/02_chapter.ipynb",
        "Open an issue": chapter["Open an issue"],
    }
    assert chapter["Open an issue"].startswith(f"{URL}/issues/new?")
    prose = links(with_url, "book/index.html")
    assert {"Source repository", "Suggest edit"} <= set(prose) and "Launch on Colab" not in prose
    visit(page, with_url.as_uri(), "book/02_chapter.html")  # the fixture refuses remote requests


def test_the_page_does_not_show_the_cell_that_installs(with_url):
    assert "installs" not in (with_url / "book/02_chapter.html").read_text(encoding="utf-8")
