"""All benchmarks, written to docs/benchmarks.md with machine and versions: ``python -m benchmarks.report``, as `make bench` does."""

import ctypes
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import _processor, convolution, figures, pooling, training

TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def about(module):
    """What a benchmark measures, as its docstring says it: a title and the rest."""
    first, _, rest = module.__doc__.partition("\n\n")
    return f"## {first.rstrip('.')}\n\n{rest.strip()}\n"


def versions():
    names = ("numpy", "torch", "scipy")
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name).partition('+')[0]}")
        except PackageNotFoundError:
            found.append(f"without {name}")
    return ", ".join(found)


def blas():
    """The library that numpy multiplies matrices with, and the code it runs here."""
    import numpy as np

    build = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    cores = set()
    for path in Path(np.__path__[0] + ".libs").glob("libscipy_openblas64*"):
        name = ctypes.CDLL(str(path)).scipy_openblas_get_corename64_
        name.restype = ctypes.c_char_p
        cores.add(name().decode())
    return " ".join([build["name"], build["version"], *(f"({core})" for core in cores)])


def run(module):
    command = [sys.executable, "-m", module.__name__]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def main():
    python = ".".join(map(str, sys.version_info[:3]))
    text = f"""# Benchmarks

Written by `make bench`; do not edit. Processor: {_processor.MODEL or "unknown"}, one thread. Python {python}, {versions()}; {blas()}.

Numbers are ratios within one run: a machine that is busy, or runs at another clock, changes both sides. Below 1 cnnmath is the faster one
in columns "÷ torch".
"""
    for module in (convolution, pooling, training, figures):
        text += f"\n{about(module)}\n{run(module)}\n"
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
