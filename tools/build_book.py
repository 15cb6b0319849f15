"""Build the HTML book in _build/html, unless it is there and up to date.

What `jupyter-book build` alone gets wrong, and this does not: executed notebooks are kept although
the package has changed, pages that left the book stay in the output, and a second build hides the
warnings of the first. Here every build starts from empty output, notebooks run again when the
package or a pinned version changed, and nothing is done when nothing changed.
"""

import argparse
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
INDEX = BUILD / "html" / "index.html"
RECORD = BUILD / "inputs.json"
# What a notebook's outputs depend on besides the notebook; then what the pages depend on besides that.
PACKAGE = ("cnnmath", "constraints.txt")
PAGES = ("book", "tools", "_config.yml", "_toc.yml")


def digest(*names):
    """A fingerprint of the names and contents of files and of all files in folders."""
    state = hashlib.sha256()
    for name in names:
        path = ROOT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            hidden = any(part.startswith((".", "__pycache__")) for part in file.relative_to(ROOT).parts)
            if file.is_file() and not hidden:
                state.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return state.hexdigest()


def inputs():
    """The fingerprints that decide whether a book is up to date."""
    return {"package": digest(*PACKAGE), "pages": digest(*PAGES)}


def record():
    """The fingerprints of the last build, without "pages" when it failed; empty when there was none."""
    try:
        return json.loads(RECORD.read_text())
    except (OSError, ValueError):
        return {}


def build():
    """Build the book if anything changed; the exit status of jupyter-book, 0 when there was nothing to do."""
    wanted, last = inputs(), record()
    if wanted == last and INDEX.exists():
        return 0
    executed_anew = wanted["package"] != last.get("package")
    for path in [BUILD] if executed_anew else [BUILD / "html", BUILD / ".doctrees", BUILD / "jupyter_execute"]:
        shutil.rmtree(path, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps({"package": wanted["package"]}))
    # matplotlib announces on stderr that it builds its font cache; done here, no notebook prints it.
    importlib.import_module("matplotlib.font_manager")
    options = ["-W", "-n", "--keep-going"]
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    quiet = {**os.environ, "CNNMATH_PROGRESS": "0"}  # a page has no use for a progress bar that has ended
    status = subprocess.run([*jupyter_book, "build", *options, str(ROOT)], env=quiet).returncode
    if status == 0:
        RECORD.write_text(json.dumps(wanted))
    return status


def has_display():
    """Whether a browser window would have somewhere to appear."""
    graphical = sys.platform in ("win32", "darwin") or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return graphical and "CI" not in os.environ and "SSH_CONNECTION" not in os.environ


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description="Build the HTML book in _build/html, unless it is up to date.")
    parser.add_argument("--open", action="store_true", help="open the book in a browser where there is a display")
    arguments = parser.parse_args()
    status = build()
    if status == 0:
        print(f"The book is ready. Open {INDEX}")
        if arguments.open and has_display():
            webbrowser.open(INDEX.as_uri())
    return status


if __name__ == "__main__":
    sys.exit(main())
