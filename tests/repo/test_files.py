"""The files of the repository: where they are, how long, and what they must not say."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANDATED = {"book", "cnnmath", "_config.yml", "_toc.yml", "requirements.txt", "tests"}
TOP_LEVEL = MANDATED | {
    *(".binder", ".ci", ".gitignore", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md"),
    *("benchmarks", "constraints.txt", "deploy", "docs", "pyproject.toml", "tools"),
}
# Lines that one file may have. Docstrings and their like in JavaScript do not count: what they say is needed. A test
# file mirrors a module and cannot be parted without losing that.
LONGEST, LONGEST_TEST = 300, 400
# Spelled so that this file does not contain them itself.
FOREIGN = re.compile(
    r"(?<![\w.])/(?:work|root|home|tmp|opt|Users)/\w|[A-Z]:\\Users|pypi[.]org|pythonhosted[.]org|registry[.]npmjs"
)
CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


def files():
    """Every file that is committed or could be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def code_lines(path):
    """How many lines the file has, docstrings and JSDoc not counted."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        text = re.sub(r"^ */\*\*.*?\*/\n", "", text, flags=re.S | re.M)
    count = len(text.splitlines())
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
                count -= node.body[0].end_lineno - node.body[0].lineno + 1
    return count


def test_top_level_is_as_agreed():
    found = {path.relative_to(ROOT).parts[0] for path in files()}
    assert found <= TOP_LEVEL, f"not agreed: {found - TOP_LEVEL}"
    assert MANDATED <= found


def test_no_file_is_too_long():
    long = {}
    for path in files():
        limit = LONGEST_TEST if path.is_relative_to(ROOT / "tests") else LONGEST
        if path.suffix in (".py", ".js") and code_lines(path) > limit:
            long[path.name] = code_lines(path)
    assert long == {}


def test_nothing_names_a_machine_or_a_registry():
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in FOREIGN.finditer(text)]
    assert found == []


def test_every_public_name_has_a_docstring():
    bare = []
    for path in sorted((ROOT / "cnnmath").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        public = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        public = [node for node in public if not node.name.startswith("_") and node.name != "setup"]
        bare += [path.name] * (ast.get_docstring(tree) is None)
        bare += [f"{path.name}: {node.name}" for node in public if ast.get_docstring(node) is None]
    assert bare == []


def test_every_bibliography_entry_is_cited_and_every_citation_has_one():
    entries = set(re.findall(r"^@\w+\{([^,\s]+),", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.M))
    pages = [path for pattern in ("*.md", "*.ipynb") for path in (ROOT / "book").glob(pattern)]
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    cited = {key.strip() for keys in CITED.findall(text) for key in keys.split(",")}
    assert cited == entries


def test_the_reference_lists_every_public_module():
    listed = set(re.findall(r"automodule:: (\S+)", (ROOT / "book/api.md").read_text(encoding="utf-8")))
    public = {f"cnnmath.{path.stem}" for path in (ROOT / "cnnmath").glob("[a-z]*.py")}
    packages = {f"cnnmath.{path.parent.name}" for path in (ROOT / "cnnmath").glob("[a-z]*/__init__.py")}
    assert listed == public | packages


def test_contributing_lists_exactly_the_targets_of_make():
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    rows = set(re.findall(r"^\| `make ([a-z]+)` ", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M))
    assert rows == targets
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1]
    assert set(phony.split()) == targets


@pytest.mark.parametrize("path", [path for path in files() if path.suffix == ".md"], ids=lambda path: path.name)
def test_relative_links_of_a_document_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists() or (path.parent / f"{target}.ipynb").exists(), target


def test_documents_name_only_targets_that_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for path in files():
        if path.suffix == ".md":
            named = set(re.findall(r"(?:`|^ {4}|^\$ )make ([a-z]+)", path.read_text(encoding="utf-8"), re.M))
            assert named <= targets, path.name
