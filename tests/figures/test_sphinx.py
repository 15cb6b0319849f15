"""The Sphinx extension in a site that is not ours: one line in conf.py, and the figures live on file://."""

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
