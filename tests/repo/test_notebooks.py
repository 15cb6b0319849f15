"""The form in which notebooks are committed; what they compute is compared by nbval."""

import ast
import json
from pathlib import Path

import nbformat
import pytest
import yaml

from tools import normalise_notebooks

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
COMPARED = {"text/plain", "text/html", "text/latex", "text/markdown"}
LINES, FUNCTION_LINES, OUTPUT_BYTES = 20, 12, 20_000


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    """Each notebook of the book."""
    return request.param


@pytest.fixture
def cells(path):
    """Its code cells."""
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_it_is_normalised(path):
    text = path.read_text(encoding="utf-8")
    assert text == normalise_notebooks.normalised_text(path), "run: make notebooks"


def test_every_cell_ran_in_order(cells):
    # nbval compares nothing for a cell that never ran, and calls it passed.
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run: make notebooks"
    assert all(cell.source.strip() for cell in cells), "a cell is empty"


def test_cells_and_functions_are_short(cells):
    for cell in cells:
        assert len(cell.source.splitlines()) <= LINES, cell.source
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                assert node.end_lineno - node.lineno < FUNCTION_LINES, f"{node.name} belongs in cnnmath"


def test_no_cell_hides_its_value_or_escapes_comparison(cells):
    for cell in cells:
        assert not cell.source.rstrip().endswith(";"), f"write `_ =` instead of a final semicolon: {cell.source}"
        assert "NBVAL_" not in cell.source and not any(t.startswith("nbval-") for t in cell.metadata.get("tags", []))


def test_stored_outputs_are_small_text_that_nbval_compares(cells):
    for cell in cells:
        for output in cell.outputs:
            assert len(json.dumps(output).encode()) <= OUTPUT_BYTES, f"an output exceeds 20 kB: {cell.source}"
            assert set(output.get("data", {})) <= COMPARED, cell.source
            assert output.get("name") != "stderr", f"a cell warns: {cell.source}"
            if output.output_type == "error":
                assert "raises-exception" in cell.metadata.get("tags", []), cell.source


def test_every_page_is_in_the_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = {toc["root"]} | {chapter["file"] for part in toc["parts"] for chapter in part["chapters"]}
    pages = {path for pattern in ("*.md", "*.ipynb") for path in BOOK.glob(pattern)}
    assert {path.relative_to(ROOT).with_suffix("").as_posix() for path in pages} == listed


def test_normalising_drops_what_differs_between_machines(tmp_path):
    notebook = nbformat.v4.new_notebook(metadata={"widgets": {}, "language_info": {"name": "python", "version": "3.11.7"}})
    data = {"text/plain": "<Figure>", "text/html": "<p>1</p>", "image/png": "AAAA", "image/svg+xml": "<svg/>"}
    data["application/vnd.jupyter.widget-view+json"] = {"model_id": "1"}
    shown = nbformat.v4.new_output("display_data", data, metadata={"image/png": {"width": 1}})
    parts = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("a\n", "b\n")]
    metadata = {"tags": ["hide-input"], "execution": {"iopub.status.busy": "2026-01-01"}, "collapsed": False}
    ran = nbformat.v4.new_code_cell("1", execution_count=7, outputs=[*parts, shown], metadata=metadata, id="same")
    never = nbformat.v4.new_code_cell("2", id="same")
    notebook.cells = [ran, never]
    path = tmp_path / "notebook.ipynb"
    path.write_text(nbformat.v4.writes(notebook), encoding="utf-8")
    path.write_text(normalise_notebooks.normalised_text(path), encoding="utf-8")

    result = nbformat.read(path, as_version=4)
    ran, never = result.cells
    assert result.metadata == normalise_notebooks.NOTEBOOK_METADATA
    assert [output.get("text") or dict(output.data) for output in ran.outputs] == [
        "a\nb\n",
        {"text/plain": "<Figure>", "text/html": "<p>1</p>"},
    ]
    assert ran.metadata == {"tags": ["hide-input"]}
    assert (ran.execution_count, never.execution_count) == (1, None)
    assert ran.id == "same" != never.id
    assert normalise_notebooks.normalised_text(path) == path.read_text(encoding="utf-8")
