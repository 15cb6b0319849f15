"""Sphinx extension: live figures in any Sphinx site or Jupyter Book, without a kernel or a network.

Add ``"cnnmath.figures.sphinx"`` to `extensions` (`sphinx: extra_extensions:` in a Jupyter Book). A page
with a figure, from a notebook's output or from the directive ::

    .. cnnmath-figure:: KernelSlider
       :state: {"flip": true}
       :name: flipped

then loads that figure's scripts from the site itself, and a page without figures loads nothing. A link that opens a figure of
another page in a state of its own is written with the role ::

    :figure-state:`with the flip on <02_convolution#one-window KernelSlider {"flip": true}>`
"""

import json
import re
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from docutils.parsers.rst import Directive, directives

from cnnmath import __version__
from cnnmath.figures import FIGURES, _assets

FOLDER = "cnnmath"
_STATE_LINK = re.compile(r"(?P<words>.+?)\s*<(?P<page>[\w/.-]+)#(?P<key>[\w-]+)\s+(?P<kind>\w+)\s+(?P<state>\{.*\})>", re.DOTALL)
_TAGS = re.compile(r"<(cnnmath-[a-z0-9-]+)[\s>]")
_WIDGET = "application/vnd.jupyter.widget-view+json"


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


def figure_state(name, rawtext, text, lineno, inliner, options=None, content=None):
    """A link that opens a figure of another page in a given state: ``text <page#name Figure {"field": value}>``."""
    match = _STATE_LINK.fullmatch(text)
    try:
        if not match or match["kind"] not in FIGURES:
            raise ValueError(f"figure-state: text must be of the form words <page#name Figure {{JSON}}>; got {text}.")
        FIGURES[match["kind"]](**json.loads(match["state"]))
    except (TypeError, ValueError) as problem:  # a refused state, or no JSON
        message = inliner.reporter.error(str(problem), line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    fragment = quote(json.dumps(json.loads(match["state"]), separators=(",", ":")))
    return [nodes.reference(rawtext, match["words"], refuri=f"{match['page']}.html#{match['key']}={fragment}")], []


def write_scripts(app):
    """Put the scripts and the data of all figures into the site's _static/cnnmath/, before Sphinx takes their checksums."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    for figure in FIGURES.values():
        for name in _assets.scripts(figure):
            (folder / name).write_text(_assets.source(name), encoding="utf-8")
        for name in figure.data:
            (folder / f"{name}.js").write_text(_assets.data_source(name), encoding="utf-8")
    for name in _assets.LATER:
        (folder / name).write_text(_assets.source(name), encoding="utf-8")
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
    if "myst_nb" in app.extensions and (not app.config.nb_ipywidgets_js or _WIDGET not in context.get("body", "")):
        _drop_widget_state(app, pagename)


def _drop_widget_state(app, pagename):
    """Without a widget's view, or its scripts, nothing reads the state that myst-nb writes into a page, nor needs the remote scripts."""
    from myst_nb.sphinx_ import NbMetadataCollector

    files = NbMetadataCollector.get_js_files(app.env, pagename)
    for key in [key for key in files if key.startswith("ipywidgets_")]:
        del files[key]


def prefer_elements(app, config):
    """Of a figure in a notebook's output the element is shown: the widget beside it would need remote scripts."""
    if "myst_nb" in app.extensions:
        chosen = list(config.nb_mime_priority_overrides)
        if not any(tuple(one[:2]) == ("html", "text/html") for one in chosen):
            config.nb_mime_priority_overrides = [*chosen, ("html", "text/html", 5)]


def setup(app):
    app.add_directive("cnnmath-figure", CnnmathFigure)
    app.connect("config-inited", prefer_elements)
    app.add_role("figure-state", figure_state)
    app.connect("html-page-context", add_scripts, priority=450)
    app.connect("builder-inited", write_scripts)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
