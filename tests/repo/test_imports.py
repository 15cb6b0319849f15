"""What may import what: downward only, and numpy alone below plots and figures."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "cnnmath"
# From the bottom up; a module imports from rows above its own only, itself or through a private module.
ROWS = (
    ("_check",),
    ("windows", "image", "kernels", "parameters", "worksheet"),
    ("activations", "receptive_field", "detection"),
    ("convolution", "pooling", "losses", "normalization", "regularization"),
    ("optimizers", "schedules", "surfaces", "initialization", "datasets", "gradcheck"),
    ("layers",),
    ("network",),
    ("evaluation", "history", "architectures"),
    ("training",),
    ("plots",),
    ("figures",),
)
ROW = {name: row for row, names in enumerate(ROWS) for name in names}
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
ON_TOP = {"plots", "figures"}

ONLY_NUMPY = """
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in {"numpy", "cnnmath"}:
            raise ImportError(f"cnnmath needs numpy alone, but {name} was imported")

sys.meta_path.insert(0, Refuse())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def module_name(path):
    """The first name below cnnmath: `figures` for cnnmath/figures/_base.py."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def named(path):
    """The modules of this package that the file at `path` imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: write imports of cnnmath in full"
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        names.update(name.split(".")[1] for name in found if name.startswith("cnnmath."))
    return names - {"__version__"}


def imported(path):
    """The modules with a row that the file at `path` imports, itself or through modules without one."""
    reached, open_names = set(), named(path)
    while open_names:
        name = open_names.pop()
        if name not in reached:
            reached.add(name)
            if name not in ROW:
                open_names |= named(PACKAGE / f"{name}.py")
    return reached & set(ROW)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_downward(path):
    name = module_name(path)
    if name == "__init__":
        assert imported(path) == set(), "importing cnnmath imports none of its modules"
        return
    if name.startswith("_") and name not in ROW:
        return  # it counts as a part of the modules that import it
    assert name in ROW, f"give {name} its place in ROWS"
    for other in imported(path) - {name}:
        assert ROW[other] < ROW[name], f"{name} must not import {other}, which does not stand below it"


def test_plots_and_figures_do_not_import_each_other():
    for path in MODULES:
        if module_name(path) in ON_TOP:
            assert not imported(path) & ON_TOP - {module_name(path)}, path.name


def test_everything_below_plots_and_figures_needs_numpy_alone():
    below = sorted({module_name(path) for path in MODULES} - ON_TOP - {"__init__"})
    names = ["cnnmath", *(f"cnnmath.{name}" for name in below)]
    result = subprocess.run([sys.executable, "-c", ONLY_NUMPY, *names], capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stderr
