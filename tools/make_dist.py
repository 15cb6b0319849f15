"""Make one zip that holds the built book and the project, and works after unzipping by a double-click.

The same files give the same bytes: names are sorted, dates and rights are fixed. Of the project go in the files
that git has or would take, and no cache; a page or file that names a folder of this machine is refused.
"""

import argparse
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import build_book

ROOT = build_book.ROOT
LEFT_OUT = (".ci", ".gitignore", ".buildinfo", ".doctrees")
START, PAGES, PROJECT = "START-HERE.html", "html", "project"

START_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=html/book/index.html">
<title>The mathematics of convolutional neural networks</title></head>
<body><p><a href="html/book/index.html">Open the book</a></p></body></html>
"""
README = """The mathematics of convolutional neural networks, version {version}

Read the book: open START-HERE.html (double-click). It needs a browser, and neither Python nor a network.
Unzip first: a browser cannot open a page inside a zip.

Run the notebooks: Python 3.11 or later is needed, and a network the first time. In the folder "project":

    Windows                                               macOS, Linux
    py -m venv .venv                                      python3 -m venv .venv
    .venv\\Scripts\\python -m pip install -r requirements.txt   .venv/bin/python -m pip install -r requirements.txt
    .venv\\Scripts\\jupyter lab book                        .venv/bin/jupyter lab book

The file project/README.md says more. Licences: LICENSE.txt, and those of bundled data in
project/cnnmath/data/PROVENANCE.md.
"""


def version():
    """The version of the project."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def project_files():
    """The files of the project that git has or would take, as paths relative to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


def contents(html):
    """What goes into the zip: {name in it: bytes}."""
    files = {START: START_PAGE.encode(), "README.txt": README.format(version=version()).encode()}
    files["LICENSE.txt"] = (ROOT / "LICENSE").read_bytes()
    pages = [path.relative_to(html) for path in Path(html).rglob("*") if path.is_file()]
    for folder, top, paths in ((html, PAGES, pages), (ROOT, PROJECT, project_files())):
        for path in paths:
            if path.parts[0] not in LEFT_OUT:
                files[f"{top}/{path.as_posix()}"] = Path(folder, path).read_bytes()
    places = {str(place).encode() for place in (ROOT, Path(html).resolve(), Path.home())}
    named = [name for name, content in files.items() if any(place in content for place in places if len(place) > 1)]
    if named:
        raise ValueError(f"make_dist: files must name no folder of this machine; got {', '.join(named)}.")
    return files


def make(html, folder):
    """Write the zip of the book built in `html` into `folder`; returns its path."""
    name = f"cnnmath-book-{version()}"
    target = Path(folder, f"{name}.zip")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in sorted(contents(html).items()):
            entry = zipfile.ZipInfo(f"{name}/{path}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return target


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description="Make one zip of the built book and the project, in dist/.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder for the zip")
    arguments = parser.parse_args()
    status = build_book.build()
    if status == 0:
        target = make(build_book.INDEX.parent, arguments.out)
        print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    return status


if __name__ == "__main__":
    sys.exit(main())
