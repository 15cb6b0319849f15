"""Which scripts a figure needs, in the order in which they are loaded: the same in page and notebook."""

import base64
import json
from functools import cache
from pathlib import Path

import numpy as np

from cnnmath import datasets, image

STATIC = Path(__file__).parent / "static"
CORE = ("figure.css.js", "core.js", "math.js", "theme.js", "grid.js", "controls.js", "formula.js", "element.js")

LATER = ("save-picture.js", "read-picture.js")  # what a page loads when it is first asked for: `cnnmath.later`


def scripts(figure):
    """File names under static/ that `figure` needs, core first."""
    own = figure.tag.removeprefix("cnnmath-") + ".js"
    return (*CORE, *figure.scripts, own)


@cache
def source(name):
    """The text of one script; the style sheet travels as a script, because a figure's shadow root needs it at once."""
    if name.endswith(".css.js"):
        style = name.removesuffix(".js")
        return _keep(style, (STATIC / style).read_text(encoding="utf-8"))
    return (STATIC / name).read_text(encoding="utf-8")


@cache
def data_source(name):
    """A script that puts bundled pixels, named like "coffee-grey-128" or "digits-grey-8", into the page as base64 bytes."""
    photo, mode, size = name.split("-")
    if photo == "transfer":  # int8 weights and uint8 counts, see tools/make_transfer.py
        with np.load(STATIC.parents[1] / "data" / "transfer.npz") as stored:
            return _keep(name, {key: base64.b64encode(stored[key].tobytes()).decode() for key in stored.files})
    if photo == "digits":
        images, labels = datasets.load_digits()
        levels = (images[:, 0] * 16).astype("uint8")  # exact: they are sixteenths
        packed = base64.b64encode(levels.tobytes()).decode()
        return _keep(name, {"shape": levels.shape, "bytes": packed, "labels": "".join(map(str, labels))})
    pixels = image.load_photo(photo, size=int(size), mode=mode)
    return _keep(name, {"shape": pixels.shape, "bytes": base64.b64encode(pixels.tobytes()).decode()})


def _keep(name, value):
    """A script that puts a value where the figures look for data."""
    return f"(globalThis.cnnmath ??= {{ data: {{}} }}).data[{json.dumps(name)}] ??= {json.dumps(value)};\n"


def module(figure):
    """The JavaScript module that anywidget runs: the scripts of the page, and a view at the end."""
    parts = [data_source(name) for name in figure.data] + [source(name) for name in (*scripts(figure), *LATER, "notebook.js")]
    view = f'export default {{ render: ({{ model, el }}) => globalThis.cnnmath.render("{figure.tag}", model, el) }};\n'
    return "".join(parts) + view


def page(figures, title):
    """A complete HTML page with live figures, which needs no other file."""
    kinds = list(dict.fromkeys(type(figure) for figure in figures))
    names = list(dict.fromkeys(name for kind in kinds for name in scripts(kind)))
    data = list(dict.fromkeys(name for kind in kinds for name in kind.data))
    code = "".join(data_source(name) for name in data) + "".join(source(name) for name in (*names, *LATER))
    code = code.replace("</script", "<\\/script")
    body = "\n".join(figure.to_html() for figure in figures)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:,">
<style>:root {{ color-scheme: light dark }} body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
font-family: system-ui, sans-serif; color: light-dark(#16181d, #e8eaee); background: light-dark(#fff, #14181e) }}</style>
<script>{code}</script></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""
