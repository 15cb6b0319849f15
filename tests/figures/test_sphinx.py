"""The Sphinx extension in sites that are not ours: one line in conf.py or _config.yml, and the figures live on file://."""

import subprocess
import sys

import nbformat
import pytest
from sphinx.cmd.build import build_main

from cnnmath.figures import KernelSlider, _assets

INDEX = """
Foreign site
============

.. cnnmath-figure:: KernelSlider
   :state: {"flip": true}
   :name: flipped

.. toctree::

   deep/page
   plain
"""
DEEP = """
Deep
====

.. cnnmath-figure:: KernelSlider
"""


def build(folder, **files):
    """Build a site of rst files with Sphinx's default theme; returns its HTML folder and the exit code."""
    (folder / "conf.py").write_text('extensions = ["cnnmath.figures.sphinx"]\nproject = "foreign"\n')
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.rst"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "html", build_main(["-q", "-W", "-E", str(folder), str(folder / "html")])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    html, code = build(tmp_path_factory.mktemp("site"), index=INDEX, deep__page=DEEP, plain="Plain\n=====\n\nNo figure.\n")
    assert code == 0
    return html


@pytest.mark.parametrize("path, output", [("index.html", [[6, 0, -6]] * 3), ("deep/page.html", [[-6, 0, 6]] * 3)])
def test_the_figure_lives_from_a_file(site, page, path, output):
    page.goto((site / path).as_uri())
    assert page.evaluate("document.querySelector('cnnmath-kernel-slider').values.output") == output


def test_the_figure_is_live_before_the_body_is_painted(site, page):
    """No script is deferred, so no static form shows first and nothing shifts."""
    page.goto((site / "index.html").as_uri())
    assert page.evaluate("[...document.scripts].filter((one) => one.src.includes('/cnnmath/')).every((one) => !one.defer && !one.async)")
    shift = page.evaluate("""new Promise((resolve) => { let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value))).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve(sum), 500); })""")
    assert shift == 0


def test_the_name_makes_the_link(site, page):
    page.goto((site / "index.html").as_uri())
    assert page.evaluate("document.querySelector('cnnmath-kernel-slider').key") == "flipped"


def test_a_page_without_figures_loads_none(site):
    text = (site / "plain.html").read_text()
    assert "cnnmath/" not in text
    index = (site / "index.html").read_text()
    assert index.count("?v=") >= len(_assets.scripts(KernelSlider)), "an address has to change with what it leads to"
    assert [name for name in _assets.scripts(KernelSlider) if f"_static/cnnmath/{name}" not in index] == []


@pytest.mark.parametrize("directive, message", [
    (".. cnnmath-figure:: NoSuch", "cnnmath-figure: argument must be one of"),
    (".. cnnmath-figure:: KernelSlider\n   :state: {\"stride\": 0}", "KernelSlider: stride must be an integer from 1 to 4; got 0."),
    (".. cnnmath-figure:: KernelSlider\n   :state: [1]", "cnnmath-figure: state must be a JSON object"),
    (".. cnnmath-figure:: KernelSlider\n   :state: {stride", "cnnmath-figure: state must be a JSON object"),
])
def test_a_bad_directive_stops_the_build_with_the_reason(tmp_path, capsys, directive, message):
    _, code = build(tmp_path, index=f"Title\n=====\n\n{directive}\n")
    assert code != 0
    assert message in capsys.readouterr().err


FOREIGN_BOOK = """
title: A foreign book
execute:
  execute_notebooks: force
sphinx:
  extra_extensions: [cnnmath.figures.sphinx]
"""


@pytest.fixture(scope="module")
def foreign_book(tmp_path_factory):
    """A Jupyter Book of two pages, built: a directive in the one, a notebook's output in the other."""
    folder = tmp_path_factory.mktemp("foreign-book")
    (folder / "_config.yml").write_text(FOREIGN_BOOK)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters:\n  - file: deep/notebook\n")
    (folder / "index.md").write_text('# A page\n\n```{cnnmath-figure} KernelSlider\n:state: {"flip": true}\n```\n')
    cells = [nbformat.v4.new_markdown_cell("# A notebook"), nbformat.v4.new_code_cell("from cnnmath.figures import KernelSlider\nKernelSlider()")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (folder / "deep").mkdir()
    nbformat.write(notebook, folder / "deep/notebook.ipynb")
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    built = subprocess.run([*jupyter_book, "build", "-W", str(folder)], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "_build" / "html"


@pytest.mark.parametrize("path, output", [("index.html", [[6, 0, -6]] * 3), ("deep/notebook.html", [[-6, 0, 6]] * 3)])
def test_the_figure_lives_in_a_foreign_jupyter_book(foreign_book, page, problems, path, output):
    """Also where it is a notebook's output, and without a request to a network: `page` fails on one."""
    page.add_init_script("localStorage.mode = localStorage.theme = 'light'")  # else the theme says that no mode was chosen
    page.goto((foreign_book / path).as_uri())
    figure = "document.querySelector('cnnmath-kernel-slider')"
    assert page.evaluate(f"{figure}.values.output") == output
    page.locator("cnnmath-kernel-slider input[type=range]").first.press("ArrowRight")
    page.wait_for_function(f"JSON.stringify({figure}.values.output) !== '{str(output).replace(' ', '')}'")
    # jupyter-book's own launch button declares a name twice; our book leaves that extension out.
    problems[:] = [problem for problem in problems if "THEBE_JS_URL" not in problem]
