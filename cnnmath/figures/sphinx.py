"""Sphinx extension: live figures in any Sphinx site or Jupyter Book, without a kernel or a network.

Add ``"cnnmath.figures.sphinx"`` to `extensions` (`sphinx: extra_extensions:` in a Jupyter Book). A page
with a figure, from a notebook's output or from the directive ::

    .. cnnmath-figure:: KernelSlider
       :state: {"flip": true}
       :name: flipped

then loads that figure's scripts from the site itself, and a page without figures loads nothing.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive, directives

from cnnmath import __version__
from cnnmath.figures import FIGURES, _assets

FOLDER = "cnnmath"
_TAGS = re.compile(r"<(cnnmath-[a-z0-9-]+)[\s>]")


class CnnmathFigure(Directive):
    """A live figure by its class name, with an optional state (JSON) and a name for links."""

    required_arguments = 1
    option_spec = {"state": directives.unchanged, "name": directives.unchanged}

    def run(self):
        kind = self.arguments[0]
        if kind not in FIGURES:
            raise self.error(f"cnnmath-figure: argument must be one of {', '.join(FIGURES)}; got {kind}.")
        try:
            figure = FIGURES[kind](name=self.options.get("name", ""), **self.read_state())
        except ValueError as problem:
            raise self.error(str(problem)) from None
        return [nodes.raw("", figure.to_html(), format="html")]

    def read_state(self):
        text = self.options.get("state", "{}")
        try:
            state = json.loads(text)
        except ValueError:
            state = None
        if not isinstance(state, dict):
            raise self.error(f"cnnmath-figure: state must be a JSON object; got {text}.")
        return state


def write_scripts(app, exception):
    """Put the scripts and the data of all figures into the site's _static/cnnmath/."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    for figure in FIGURES.values():
        for name in _assets.scripts(figure):
            (folder / name).write_text(_assets.source(name), encoding="utf-8")
        for name in figure.data:
            (folder / f"{name}.js").write_text(_assets.data_source(name), encoding="utf-8")
    (folder / "page.css").write_text(_assets.source("page.css"), encoding="utf-8")


def add_scripts(app, pagename, templatename, context, doctree):
    """Load on each page the scripts of the figures it has, before its body, so that nothing shifts."""
    present = set(_TAGS.findall(context.get("body", "")))
    figures = [figure for figure in FIGURES.values() if figure.tag in present]
    names = dict.fromkeys(name for figure in figures for name in (*(f"{data}.js" for data in figure.data), *_assets.scripts(figure)))
    for name in names:
        app.add_js_file(f"{FOLDER}/{name}")
    if figures:
        app.add_css_file(f"{FOLDER}/page.css")
    if "myst_nb" in app.extensions and not app.config.nb_ipywidgets_js:
        _drop_widget_state(app, pagename)


def _drop_widget_state(app, pagename):
    """Where `nb_ipywidgets_js` is empty, nothing reads the widget state that myst-nb writes into a page."""
    from myst_nb.sphinx_ import NbMetadataCollector

    files = NbMetadataCollector.get_js_files(app.env, pagename)
    for key in [key for key in files if key.startswith("ipywidgets_")]:
        del files[key]


def setup(app):
    app.add_directive("cnnmath-figure", CnnmathFigure)
    app.connect("html-page-context", add_scripts, priority=450)
    app.connect("build-finished", write_scripts)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
