"""Labelled images to learn from: the handwritten digits, and small sets that are drawn on demand."""

from importlib import resources

import numpy as np

from cnnmath import _check

BARS = ("vertical", "horizontal", "falling", "rising")
SHAPES = ("square", "disc", "cross")


def load_digits():
    """The 1,797 handwritten digits of the UCI repository, 8×8 pixels each.

    Returns
    -------
    images : float64 array, shape (1797, 1, 8, 8)
        Brightness from 0 to 1 in steps of 1/16.
    labels : int64 array, shape (1797,)
        0 to 9.

    Notes
    -----
    This is the test part of the original set: 13 writers, in runs of the digits from 0 to 9. The licence is
    in ``cnnmath/data/PROVENANCE.md``.

    References
    ----------
    Alpaydin and Kaynak, Optical recognition of handwritten digits, UCI machine learning repository, 1998.

    Examples
    --------
    >>> images, labels = load_digits(); images.shape, labels[:10]
    ((1797, 1, 8, 8), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    """
    with (resources.files("cnnmath") / "data" / "digits.npz").open("rb") as file, np.load(file) as stored:
        return stored["images"][:, None] / 16, stored["labels"].astype(np.int64)


def split(x, y, rng, test=0.25):
    """Examples in random order, cut into a training and a test part.

    Parameters
    ----------
    x, y : arrays of equal length
        Examples and their labels.
    rng : numpy.random.Generator
    test : float
        Share of the test part, from 0 to 1; its size is rounded, and neither part may be empty.

    Returns
    -------
    x_train, y_train, x_test, y_test : arrays

    Raises
    ------
    ValueError
        If the lengths differ, or a part would be empty.
    TypeError
        If `rng` is no Generator, or `test` no number.

    Examples
    --------
    >>> parts = split(np.arange(8), np.arange(8), np.random.default_rng(0)); [len(part) for part in parts]
    [6, 6, 2, 2]
    """
    x, y = np.asarray(x), np.asarray(y)
    _check.generator("split", "rng", rng)
    share = _check.real("split", "test", test, 0, 1)
    if len(y) != len(x):
        raise ValueError(_check.message("split", "y", f"have {len(x)} labels, one for each example", y))
    cut = len(x) - round(share * len(x))
    if not 0 < cut < len(x):
        rule = f"leave at least one of the {len(x)} examples in each part"
        raise ValueError(_check.message("split", "test", rule, test, "Use test=0.25"))
    order = rng.permutation(len(x))
    return x[order[:cut]], y[order[:cut]], x[order[cut:]], y[order[cut:]]


def bars(count, rng, size=8, noise=0.1):
    r"""Images of one bright line each: vertical, horizontal, falling (\) or rising (/).

    Parameters
    ----------
    count : int
        Number of images N >= 1.
    rng : numpy.random.Generator
        Draws label, place and noise.
    size : int
        H = W >= 4.
    noise : float
        Standard deviation of the normal noise on every pixel, >= 0.

    Returns
    -------
    images : float64 array, shape (N, 1, size, size)
        Line 1 and ground 0, plus noise.
    labels : int64 array, shape (N,)
        0 to 3, in the order of `BARS`.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range or of the wrong kind, or `rng` is no Generator.

    Examples
    --------
    >>> images, labels = bars(1, np.random.default_rng(3), size=4, noise=0); BARS[labels[0]]
    'rising'
    """
    images, labels, (i, j) = _blank("bars", count, rng, size, 4, len(BARS))
    for image, label in zip(images, labels):
        at = rng.integers(size)
        # a diagonal keeps to the middle: near a corner it would be too short to show its direction
        off = rng.integers(-(size // 4), size // 4 + 1)
        image[0] = (j == at, i == at, j - i == off, i + j == size - 1 + off)[label]
    return _noisy("bars", images, rng, noise), labels


def shapes(count, rng, size=16, noise=0.1):
    """Images of one filled square, disc or cross each, of random place and size.

    Parameters, returns and errors are those of `bars`, with `size` >= 8 and the labels 0 to 2 of `SHAPES`.

    Examples
    --------
    >>> images, labels = shapes(1, np.random.default_rng(0), size=8, noise=0); SHAPES[labels[0]]
    'cross'
    """
    images, labels, (i, j) = _blank("shapes", count, rng, size, 8, len(SHAPES))
    for image, label in zip(images, labels):
        radius = rng.integers(2, size // 4 + 1)
        down, right = rng.integers(radius, size - radius, size=2)
        a, b = abs(i - down), abs(j - right)
        inside = (a <= radius) & (b <= radius)
        image[0] = (inside, a**2 + b**2 <= radius**2 + radius, inside & (np.minimum(a, b) <= radius // 3))[
            label
        ]
    return _noisy("shapes", images, rng, noise), labels


def _blank(function, count, rng, size, smallest, classes):
    """Black images, random labels, and the row and column number of every pixel."""
    count, size = (
        _check.integer(function, "count", count, 1),
        _check.integer(function, "size", size, smallest),
    )
    labels = _check.generator(function, "rng", rng).integers(classes, size=count)
    return np.zeros((count, 1, size, size)), labels, np.mgrid[:size, :size]


def _noisy(function, images, rng, noise):
    return images + _check.real(function, "noise", noise, 0) * rng.normal(size=images.shape)
