"""The one way reference vectors are written: compressed, without pickle, small, in tests/reference."""

from pathlib import Path

import numpy as np

REFERENCE = Path(__file__).resolve().parents[2] / "tests" / "reference"
LIMIT = 200_000


def save(name, **arrays):
    """Write tests/reference/<name>.npz and print its size; an array of objects or a large file is refused."""
    for key, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise TypeError(f"save: {key} must be an array of numbers or strings; got objects.")
    REFERENCE.mkdir(exist_ok=True)
    path = REFERENCE / f"{name}.npz"
    np.savez_compressed(path, **arrays)
    size = path.stat().st_size
    if size > LIMIT:
        raise ValueError(
            f"save: {path.name} must stay below {LIMIT} bytes; got {size}. Store fewer or smaller cases."
        )
    print(path.name, size, "bytes")
