"""Bring executed notebooks into the one form in which they are committed.

Text and HTML outputs stay, because the tests compare them. Pictures and widget payloads go: nothing
compares them and they differ from one machine to the next. So do timings, versions and other
metadata of the run. Cells that ran are counted 1, 2, …; a cell that never ran stays without a number, for the
tests to refuse. Each of the book's notebooks has, below its title, the cell that installs cnnmath where it is missing,
with the address that `repository` in _config.yml gives. Normalising twice changes nothing more.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import nbformat
import yaml

BOOK = Path(__file__).resolve().parent.parent / "book"
CONFIG = BOOK.parent / "_config.yml"
INSTALL = "install-cnnmath"  # the name of the first cell
INSTALL_FROM = """\
try:  # on Colab and the like; where cnnmath is installed this does nothing
    import cnnmath
except ImportError:
    import subprocess
    import sys

    source = "cnnmath[figures,plots] @ git+{url}@{branch}"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)"""
SAY_HOW = """\
try:
    import cnnmath
except ImportError:
    how = 'In the folder of the project run: python -m pip install ".[figures,plots]"'
    raise ImportError(f"This notebook needs the package cnnmath. {how}") from None"""
DROPPED = ("image/", "application/vnd.jupyter.widget-", "application/pdf")
CELL_METADATA = ("tags", "mystnb")
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def normalise(notebook):
    """Change `notebook` into its committed form."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    used, count = set(), 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in CELL_METADATA and v})
        cell.id = cell_id(cell, used)
        if cell.cell_type == "code":
            if cell.execution_count is not None:
                count += 1
                cell.execution_count = count
            cell.outputs = outputs(cell)


def install_source(config=CONFIG):
    """The code of the first cell: installs from `repository.url`, or says what to do while that is empty."""
    repository = yaml.safe_load(config.read_text(encoding="utf-8"))["repository"]
    return INSTALL_FROM.format_map(repository) if repository["url"] else SAY_HOW


def put_first_cell(notebook):
    """Give `notebook` its first code cell, which the book does not show. It counts as run where the others ran."""
    cells = notebook.cells
    cell = next((cell for cell in cells if cell.get("id") == INSTALL), None) or nbformat.v4.new_code_cell(id=INSTALL)
    if cell in cells:
        cells.remove(cell)
    ran = any(other.get("execution_count") for other in cells)
    cell.update(source=install_source(), outputs=[], execution_count=1 if ran else None)
    cell.metadata = nbformat.from_dict({"tags": ["remove-cell"]})
    cells.insert(1 if cells and cells[0].cell_type == "markdown" else 0, cell)


def cell_id(cell, used):
    """The cell's own id where it has one that no cell before it has, else one made from its source."""
    name, text = cell.get("id"), cell.source
    while not name or name in used:
        name = hashlib.sha256(text.encode()).hexdigest()[:8]
        text += "\n"
    used.add(name)
    return name


def outputs(cell):
    """The outputs worth keeping; runs of one stream are joined, an error keeps its last line."""
    kept = []
    for output in cell.outputs:
        if "data" in output:
            output.metadata = nbformat.NotebookNode()
            for mime in [mime for mime in output.data if mime.startswith(DROPPED)]:
                del output.data[mime]
        if "execution_count" in output:
            output.execution_count = cell.execution_count
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def normalised_text(path):
    """The text that the file at `path` has in its committed form."""
    # The plain reader and writer: `nbformat.read` would put random names in place of missing or repeated ones.
    notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    if path.resolve().parent == BOOK:
        put_first_cell(notebook)
    normalise(notebook)
    return nbformat.v4.writes(notebook) + "\n"


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description="Bring executed notebooks into their committed form.")
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks (default: all of the book's)")
    for path in parser.parse_args().paths or sorted(BOOK.glob("*.ipynb")):
        text = normalised_text(path)
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"normalised {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
