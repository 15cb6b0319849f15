"""Working memory that is kept between calls: fresh pages cost more time than most convolutions take.

Each thread has its own. A borrowed array is good until the same name is borrowed again, so that a
function may use it and must not return it.
"""

import math
import threading

import numpy as np

_kept = threading.local()

# The C library hands large freed arrays back to the system, and takes them anew with the next batch: a fifth of
# a training step. From the first large array that is freed it learns what to keep; this one costs nothing,
# because its pages are never touched. (docs/decisions/speed.md)
np.empty(2**25 - 2**16, dtype=np.uint8)


def borrow(name, shape, dtype):
    """An uninitialised array of the given shape, in memory kept under `name`.

    Examples
    --------
    >>> first, second = borrow("doctest", (2, 3), float), borrow("doctest", (2,), float)
    >>> first.shape, np.shares_memory(first, second)
    ((2, 3), True)
    """
    dtype = np.dtype(dtype)
    needed = math.prod(shape) * dtype.itemsize
    memory = getattr(_kept, name, None)
    if memory is None or memory.nbytes < needed:
        memory = np.empty(needed, dtype=np.uint8)
        setattr(_kept, name, memory)
    return memory[:needed].view(dtype).reshape(shape)
