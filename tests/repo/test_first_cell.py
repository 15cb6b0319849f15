"""The first cell of a notebook: nothing where cnnmath is installed, an installation or a clear sentence elsewhere."""

import subprocess
import sys

import nbformat
import pytest

from tools import normalise_notebooks
from tools.normalise_notebooks import BOOK, INSTALL

NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
# Python as on a machine without cnnmath, where `pip` is a program that writes down what it was asked.
BARE = """
import subprocess, sys
sys.modules["cnnmath"] = None
subprocess.run = lambda command, check: print(command[1:], check)
exec(sys.argv[1])
"""


@pytest.fixture
def source(tmp_path):
    """source(url) is the first cell under a _config.yml with this url."""

    def make(url):
        config = tmp_path / "_config.yml"
        config.write_text(f'repository:\n  url: "{url}"\n  branch: main\n')
        return normalise_notebooks.install_source(config)

    return make


def run(*arguments):
    """A new Python with these arguments."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_has_it_first_and_as_the_one_setting_says(path):
    cells = nbformat.read(path, as_version=4).cells
    first = next(cell for cell in cells if cell.cell_type == "code")
    assert first.id == INSTALL and [cell.id for cell in cells].count(INSTALL) == 1
    assert first.source == normalise_notebooks.install_source()
    assert first.metadata.tags == ["remove-cell"] and first.outputs == []


@pytest.mark.parametrize("url", ["", "https://github.com/someone/book"])
def test_it_does_nothing_where_cnnmath_is_installed(source, url):
    done = run("-c", f"import subprocess; subprocess.run = None\n{source(url)}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_installs_from_the_address_of_the_setting(source):
    done = run("-c", BARE, source("https://github.com/someone/book"))
    asked = ["-m", "pip", "install", "--quiet", "cnnmath[figures,plots] @ git+https://github.com/someone/book@main"]
    assert done.stdout == f"{asked} True\n", done.stderr


def test_without_an_address_it_says_what_to_do(source):
    done = run("-c", BARE, source(""))
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        "ImportError: This notebook needs the package cnnmath. "
        'In the folder of the project run: python -m pip install ".[figures,plots]"'
    )


def test_putting_it_in_twice_changes_nothing_and_a_new_setting_replaces_it(monkeypatch, source):
    notebook = nbformat.read(BOOK / "02_convolution.ipynb", as_version=4)
    before = nbformat.writes(notebook)
    normalise_notebooks.put_first_cell(notebook)
    assert nbformat.writes(notebook) == before
    text = source("https://github.com/someone/book")
    monkeypatch.setattr(normalise_notebooks, "install_source", lambda: text)
    normalise_notebooks.put_first_cell(notebook)
    assert notebook.cells[1].source == text
    assert nbformat.writes(notebook).count(f'"id": "{INSTALL}"') == 1


def test_a_notebook_that_never_ran_stays_so():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), nbformat.v4.new_code_cell("1")])
    normalise_notebooks.put_first_cell(notebook)
    assert [cell.get("execution_count", "title") for cell in notebook.cells] == ["title", None, None]
