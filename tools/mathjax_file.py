"""Sphinx extension: MathJax as one local file, so that equations are set without a network.

The package sphinx-mathjax-offline carries all of MathJax 3; only the build that holds every TeX
extension and draws to SVG is copied, because it fetches nothing more.
"""

import importlib
import shutil
from pathlib import Path

FILE = "tex-svg-full.js"


def copy_mathjax(app):
    """Put the file beside the page's other scripts, before Sphinx takes their checksums."""
    if app.builder.format == "html":
        package = Path(importlib.import_module("sphinx-mathjax-offline").__file__).parent
        target = Path(app.outdir, "_static", "mathjax")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / "static" / "mathjax" / FILE, target / FILE)


def setup(app):
    """Called by Sphinx."""
    app.setup_extension("sphinx.ext.mathjax")
    app.config.mathjax_path = f"mathjax/{FILE}"
    app.connect("builder-inited", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
