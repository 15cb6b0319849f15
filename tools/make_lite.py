"""Build _build/site: the book, and beside it JupyterLite, in which the notebooks run in the reader's browser.

Python is Pyodide there. With --pyodide and a folder of Pyodide's own distribution the site is complete and needs no
network; without it a browser loads Python from a public address, and every button says "needs internet". A browser
refuses workers to pages opened as files, so the site has to be served: python -m http.server -d _build/site
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import build_book, normalise_notebooks

ROOT = build_book.ROOT
SITE = build_book.BUILD / "site"
# JupyterLite's extensions of JupyterLab would disturb the notebooks' own JupyterLab, hence an environment of its own.
ENVIRONMENT = ROOT / ".venv" / "lite"
# What the kernel installs from the site itself, besides cnnmath; the rest is part of Pyodide.
WHEELS = ("anywidget", "comm", "ipywidgets", "jupyterlab_widgets", "psygnal", "typing_extensions")
FIRST_CELL = "%pip install -q cnnmath anywidget ipywidgets matplotlib"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
BUTTONS = '<div class="article-header-buttons">'


def run(*command, **options):
    """Run a command of JupyterLite's environment; a failure ends the build."""
    folder = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([folder / "python", *command], check=True, **options)


def requirements():
    """The packages of the extra `lite`, pinned in pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]["lite"]


def prepare():
    """Make JupyterLite's environment unless it holds just these packages."""
    stamp, wanted = ENVIRONMENT / "lite.json", json.dumps(requirements())
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements())
        stamp.write_text(wanted)


def wheels(work):
    """A folder with the wheel of cnnmath, built from a copy, and those it needs for live figures."""
    for name in ("cnnmath", "pyproject.toml", "README.md", "LICENSE"):
        source, copy = ROOT / name, work / "source" / name
        copy.parent.mkdir(exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, copy, ignore=ignore) if source.is_dir() else shutil.copy(source, copy)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps")
    run("-m", "pip", "wheel", *quiet, "--no-build-isolation", "--wheel-dir", work / "wheels", work / "source")
    pins = [pin for pin in requirements() if pin.split("==")[0] in WHEELS]
    run("-m", "pip", "download", *quiet, "--only-binary=:all:", "--platform", "any", "--dest", work / "wheels", *pins)
    return work / "wheels"


def notebooks(folder):
    """Copies of the book's notebooks whose first cell installs from the site."""
    folder.mkdir()
    for path in sorted(normalise_notebooks.BOOK.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["id"] == normalise_notebooks.INSTALL:
                cell["source"] = FIRST_CELL
        (folder / path.name).write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def build_lite(target, pyodide=None):
    """Build JupyterLite in `target`, with Python from the folder `pyodide` where one is given."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        settings = {"disablePyPIFallback": True} if pyodide else {}
        if pyodide:
            shutil.copytree(pyodide, work / "lite" / "static" / "pyodide")
        (work / "lite").mkdir(exist_ok=True)
        data = {"appName": "The mathematics of CNNs", "litePluginSettings": {KERNEL: settings}}
        config = {"jupyter-lite-schema-version": 0, "jupyter-config-data": data}
        (work / "lite" / "jupyter-lite.json").write_text(json.dumps(config))
        options = {"--contents": notebooks(work / "notebooks"), "--piplite-wheels": wheels(work), "--output-dir": target}
        command = [part for option in options.items() for part in option]
        # In `work`: the record of what is done stays with what it is about.
        run("-m", "jupyter", "lite", "build", "--lite-dir", "lite", "--no-sourcemaps", *command, cwd=work, stdout=subprocess.DEVNULL)


def add_buttons(site, label):
    """Link each notebook's page to its notebook in JupyterLite."""
    for notebook in sorted((site / "lite" / "files").glob("*.ipynb")):
        page = site / "book" / f"{notebook.stem}.html"
        link = f'<a class="btn btn-sm run-here" href="../lite/lab/index.html?path={notebook.name}">{label}</a>'
        if page.exists():
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace(BUTTONS, BUTTONS + link, 1), encoding="utf-8")


def make(html, site, pyodide=None):
    """Write the site from the book built in `html`."""
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(html, site)
    build_lite(site / "lite", pyodide)
    add_buttons(site, "Run in the browser" if pyodide else "Run in the browser (needs internet)")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description="Build _build/site: the book with JupyterLite beside it.")
    parser.add_argument("--pyodide", type=Path, help="a folder with Pyodide's distribution, for a site that needs no internet")
    arguments = parser.parse_args()
    pyodide = arguments.pyodide and arguments.pyodide.resolve()
    if pyodide and not (pyodide / "pyodide-lock.json").exists():
        parser.error(f"--pyodide must be a folder with pyodide-lock.json; got {arguments.pyodide}.")
    status = build_book.build()
    if status == 0:
        prepare()
        make(build_book.INDEX.parent, SITE, pyodide)
        print(f"The site is ready. Serve it: python -m http.server -d {SITE}")
    return status


if __name__ == "__main__":
    sys.exit(main())
