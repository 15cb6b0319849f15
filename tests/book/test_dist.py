"""The zip of `make dist`: unzipped like a reader's, in a folder with a space and an umlaut, without a network."""

import zipfile
from pathlib import Path

import nbformat
import pytest

from tests.book.visit import visit
from tools import make_dist


@pytest.fixture(scope="module")
def archive(book, tmp_path_factory):
    """The path of the zip."""
    return make_dist.make(book, tmp_path_factory.mktemp("dist"))


@pytest.fixture
def unzipped(archive, tmp_path):
    """The folder that a reader gets."""
    target = tmp_path / "Mein Übungsordner"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target)
    (top,) = target.iterdir()
    return top


def test_it_opens_by_double_click_and_a_slider_moves(unzipped, page):
    page.goto((unzipped / "START-HERE.html").as_uri())
    page.wait_for_url("**/html/book/index.html")
    page.get_by_role("link", name="2. Convolution").first.click()
    page.wait_for_url("**/02_convolution.html")
    figure = page.locator("cnnmath-kernel-slider").first
    before = figure.evaluate("figure => figure.values.output")
    figure.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    assert figure.evaluate("figure => figure.values.output") != before
    assert figure.locator(".live").text_content()


def test_links_lead_on_and_the_notebook_of_a_page_is_there(unzipped, page):
    visit(page, (unzipped / "html").as_uri(), "book/02_convolution.html")
    for _ in range(2):
        page.locator("a.right-next").click()
        page.wait_for_load_state()
    assert "04_pooling" in page.url
    source = page.locator("a.btn-download-source-button").get_attribute("href")
    path = (unzipped / "html/book" / source).resolve()
    assert nbformat.read(path, as_version=4).cells and path.is_relative_to(unzipped)


def test_the_project_in_it_is_complete_and_nothing_else_is(unzipped):
    names = {path.relative_to(unzipped).as_posix() for path in unzipped.rglob("*") if path.is_file()}
    top = {name.split("/")[0] for name in names}
    assert top == {"START-HERE.html", "README.txt", "LICENSE.txt", "html", "project"}
    needed = ("README.md", "requirements.txt", "constraints.txt", "pyproject.toml", "book/02_convolution.ipynb")
    assert {f"project/{name}" for name in (*needed, "cnnmath/convolution.py", "cnnmath/data/coffee.npz")} <= names
    parts = {part for name in names for part in Path(name).parts}
    assert not parts & {"__pycache__", ".git", ".venv", "_build", ".doctrees", ".pytest_cache", ".ipynb_checkpoints"}
    assert all(name.isascii() and len(name) < 150 for name in names)


def test_the_same_files_give_the_same_bytes(book, archive, tmp_path):
    assert make_dist.make(book, tmp_path).read_bytes() == archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        entries = opened.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0o644)}
    assert archive.name == f"cnnmath-book-{make_dist.version()}.zip"


def test_a_page_that_names_a_folder_of_this_machine_is_refused(tmp_path):
    (tmp_path / "page.html").write_text(f"<p>{make_dist.ROOT}/book</p>")
    with pytest.raises(ValueError, match=r"must name no folder of this machine; got html/page\.html"):
        make_dist.contents(tmp_path)
