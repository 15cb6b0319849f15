"""Sphinx extension: pages fetch what they use, and no more.

Three things are left away when the pages are written. All icons of Font Awesome are one script of 1.5 MB: it keeps those that a page or another
script names. And the theme loads the index of the whole book on every page, for a search that answers while one types: it is off here, and the
search page loads its own. And matplotlib's pictures carry a channel of opacity in which every pixel is opaque.
"""

import re
from pathlib import Path

from PIL import Image

ICONS = "_static/scripts/fontawesome.js"
# name:[width, height, [aliases], "code point", path or paths]
ICON = re.compile(r'(?:"([\w-]+)"|([\w$]+)):\[\d+,\d+,\[([^\]]*)\],"[0-9a-f]*",(?:"[^"]*"|\["[^"]*"(?:,"[^"]*")*\])\],?')
CLASS = re.compile(r"\bfa-([a-z0-9-]+)")
SEARCH = re.compile(r'\s*<script src="[^"]*(?:_static/searchtools|_static/language_data|searchindex)\.js[^"]*"></script>')


def keep(script, names):
    """The script without the icons whose name and aliases are all missing from `names`."""

    def chosen(match):
        words = {match[1] or match[2], *re.findall(r'"([^"]+)"', match[3])}
        return match[0] if words & names else ""

    return ICON.sub(chosen, script)


def flatten(path):
    """Store a picture without the channel of opacity, if all of it is opaque; every pixel stays as it is."""
    with Image.open(path) as picture:
        if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
            picture.convert("RGB").save(path, optimize=True)


def lighten(app, exception):
    """Rewrite the finished site's pages, its pictures and its script of icons."""
    icons = Path(app.outdir, ICONS)
    if exception or app.builder.format != "html" or not icons.exists():
        return
    names = set()
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        names.update(CLASS.findall(text))
        if page.name != "search.html" and SEARCH.search(text):
            page.write_text(SEARCH.sub("", text), encoding="utf-8")
    for script in Path(app.outdir, "_static").rglob("*.js"):
        if script != icons:
            names.update(CLASS.findall(script.read_text(encoding="utf-8")))
    for picture in Path(app.outdir, "_images").glob("*.png"):
        flatten(picture)
    icons.write_text(keep(icons.read_text(encoding="utf-8"), names), encoding="utf-8")


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", lighten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
