"""Random numbers that Python and the figures' JavaScript draw alike: the twin of figures/static/random.js."""

import math

import numpy as np


def uniform(seed, shape, start=0):
    """Numbers from [0, 1), those from number `start` on of the stream that `seed` names, row by row.

    The generator is mulberry32 (Tommy Ettinger, public domain): 32-bit integers, 2³² numbers to a stream. Each is
    computed from its place alone, so that any part of a stream can be had without what comes before. It is good
    enough for masks and shuffles, and for nothing secret.

    Parameters
    ----------
    seed : int
        From 0 to 2³² - 1.
    shape : int or tuple of int
    start : int
        How many numbers of the stream to skip, >= 0.

    Returns
    -------
    float64 array of `shape`

    Examples
    --------
    >>> uniform(0, 3).round(3), uniform(0, 2, start=1).round(3)
    (array([0.266, 0.   , 0.223]), array([0.   , 0.223]))
    """
    count = math.prod(np.atleast_1d(shape).tolist())
    place = np.arange(start + 1, start + 1 + count).astype(np.uint32)
    a = place * np.uint32(0x6D2B79F5) + np.uint32(seed)  # modulo 2³²
    t = (a ^ (a >> 15)) * (a | 1)
    t ^= t + (t ^ (t >> 7)) * (t | 61)
    return ((t ^ (t >> 14)) / 2**32).reshape(shape)
