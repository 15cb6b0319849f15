"""Named kernels of image processing, written for correlation: no flip.

`vertical_edge` and `horizontal_edge` are this book's running example and subtract the right (lower)
pixels from the left (upper) ones; the other derivative kernels keep the sign of their sources, right
minus left and bottom minus top.
"""

import numpy as np

from cnnmath import _check

_GONZALEZ = "R. C. Gonzalez and R. E. Woods, Digital Image Processing, 4th ed. (2018), ch. 3"
_PREWITT = (
    "J. M. S. Prewitt, Object Enhancement and Extraction, in Picture Processing and Psychopictorics (1970)"
)
_SOBEL = "I. Sobel and G. Feldman (1968), in R. Duda and P. Hart, Pattern Classification (1973)"
_SCHARR = "H. Scharr, Optimale Operatoren in der Digitalen Bildverarbeitung, thesis, Heidelberg (2000)"
_GIMP = "GIMP User Manual, filter Convolution Matrix"

# name: (integer rows, divisor, source)
_KERNELS = {
    "identity": ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 1, "the unit of convolution"),
    "vertical_edge": ([[1, 0, -1], [1, 0, -1], [1, 0, -1]], 1, _PREWITT + ", opposite sign"),
    "horizontal_edge": ([[1, 1, 1], [0, 0, 0], [-1, -1, -1]], 1, _PREWITT + ", opposite sign"),
    "diagonal_down": ([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]], 1, _PREWITT + ", compass mask"),
    "diagonal_up": ([[1, 1, 0], [1, 0, -1], [0, -1, -1]], 1, _PREWITT + ", compass mask"),
    "prewitt_x": ([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], 1, _PREWITT),
    "prewitt_y": ([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], 1, _PREWITT),
    "sobel_x": ([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], 1, _SOBEL),
    "sobel_y": ([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], 1, _SOBEL),
    "scharr_x": ([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]], 1, _SCHARR),
    "scharr_y": ([[-3, -10, -3], [0, 0, 0], [3, 10, 3]], 1, _SCHARR),
    "laplacian": ([[0, 1, 0], [1, -4, 1], [0, 1, 0]], 1, _GONZALEZ),
    "laplacian_8": ([[1, 1, 1], [1, -8, 1], [1, 1, 1]], 1, _GONZALEZ),
    "box_blur": ([[1, 1, 1], [1, 1, 1], [1, 1, 1]], 9, _GONZALEZ),
    "gaussian": ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16, _GONZALEZ),
    "gaussian_5": (
        [[1, 4, 6, 4, 1], [4, 16, 24, 16, 4], [6, 24, 36, 24, 6], [4, 16, 24, 16, 4], [1, 4, 6, 4, 1]],
        256,
        "P. Burt and E. Adelson, The Laplacian Pyramid as a Compact Image Code (1983), a = 3/8",
    ),
    "sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1, _GONZALEZ),
    "emboss": ([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], 1, _GIMP),
}


def names():
    """The names that `kernel` knows, as a tuple of strings.

    Examples
    --------
    >>> names()[:3]
    ('identity', 'vertical_edge', 'horizontal_edge')
    """
    return tuple(_KERNELS)


def kernel(name):
    """The kernel called `name`.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    ndarray of float64, shape (3, 3) or (5, 5)
        A new array at each call: changing it changes no other.

    Raises
    ------
    ValueError
        If `name` is not one of `names`.

    Notes
    -----
    Blurs sum to 1 and keep the mean brightness; derivative kernels sum to 0 and answer 0 on a flat
    image; `sharpen` is the identity minus `laplacian`. `diagonal_down` answers an edge that runs
    down to the right, `diagonal_up` one that runs up to the right. `source` gives the reference.

    Examples
    --------
    >>> kernel("vertical_edge").tolist()
    [[1.0, 0.0, -1.0], [1.0, 0.0, -1.0], [1.0, 0.0, -1.0]]
    """
    rows, divisor, _ = _KERNELS[_check.choice("kernel", "name", name, _KERNELS)]
    return np.array(rows, dtype=np.float64) / divisor


def source(name):
    """Where the kernel called `name` was published, as a string; ValueError if `name` is not one of `names`.

    Examples
    --------
    >>> source("emboss")
    'GIMP User Manual, filter Convolution Matrix'
    """
    return _KERNELS[_check.choice("source", "name", name, _KERNELS)][2]
