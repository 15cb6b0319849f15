"""Images as arrays: the bundled photograph, number ranges, brightness and axis order.

Row i counts down and column j to the right. A stored picture is uint8, 0 to 255, with the colours
last, (H, W, 3); a network computes on floats, 0 to 1, with the channels first, (N, C, H, W).
"""

from importlib import resources

import numpy as np

from cnnmath import _check

RIDGE = np.array([[n, n + 1, n + 2, n + 1, n] for n in (1, 4, 7, 4, 1)], dtype=np.float64)
"""The book's running example (5, 5): a ridge from top to bottom. Read-only."""

RAMP = np.array([[4, 3, 2, 1, 0]] * 5, dtype=np.float64)
"""The example image of the book's sources (5, 5): it falls by 1 per column and has no edge. Read-only."""

RIDGE.flags.writeable = RAMP.flags.writeable = False

PHOTOS = ("coffee",)
SIZES = {"grey": (28, 128, 256), "rgb": (28, 128)}
LUMINANCE_WEIGHTS = {"rec601": (0.299, 0.587, 0.114), "rec709": (0.2126, 0.7152, 0.0722)}


def load_photo(name="coffee", size=128, mode="grey"):
    """A bundled square photograph.

    Parameters
    ----------
    name : {"coffee"}
        A cup of espresso on a red saucer, photographed by Rachel Michetti (CC0).
    size : int
        Height and width: 28, 128 or 256 in grey, 28 or 128 in colour.
    mode : {"grey", "rgb"}
        Brightness alone, or red, green and blue.

    Returns
    -------
    ndarray of uint8, shape (size, size) or (size, size, 3)
        A new array at each call, values 0 to 255.

    Raises
    ------
    TypeError
        If `size` is no integer.
    ValueError
        If `name`, `size` or `mode` is not one of the above.

    Notes
    -----
    Every size is stored, not computed, so that no rounding depends on the machine. The smaller ones
    are means over areas of the original; ``cnnmath/data/PROVENANCE.md`` tells how they were made.

    Examples
    --------
    >>> load_photo().shape, load_photo("coffee", 28, "rgb").shape
    ((128, 128), (28, 28, 3))
    """
    _check.choice("load_photo", "name", name, PHOTOS)
    _check.choice("load_photo", "mode", mode, SIZES)
    size = _check.integer("load_photo", "size", size, 1)
    if size not in SIZES[mode]:
        sizes = ", ".join(map(str, SIZES[mode]))
        raise ValueError(_check.message("load_photo", "size", f'be one of {sizes} for mode "{mode}"', size))
    path = resources.files("cnnmath") / "data" / f"{name}.npz"
    with path.open("rb") as file, np.load(file) as arrays:
        return arrays[f"{mode}_{size}"]


def to_float(image, dtype=np.float64):
    """`image` with its bytes 0 to 255 as numbers 0 to 1: x / 255.

    Parameters
    ----------
    image : array of uint8, any shape
    dtype : float64 or float32

    Returns
    -------
    ndarray of `dtype`, same shape

    Raises
    ------
    TypeError
        If `image` is not uint8: the range of other numbers is not known.
    ValueError
        If `dtype` is neither float32 nor float64.

    Examples
    --------
    >>> to_float(np.array([0, 51, 255], dtype=np.uint8)).tolist()
    [0.0, 0.2, 1.0]
    """
    image = np.asarray(image)
    if image.dtype != np.uint8:
        hint = "Divide other integers by their own largest value"
        raise TypeError(_check.message("to_float", "image", "have dtype uint8", str(image.dtype), hint))
    if np.dtype(dtype) not in _check.FLOATS:
        raise ValueError(_check.message("to_float", "dtype", "be float32 or float64", str(np.dtype(dtype))))
    return np.divide(image, 255, dtype=dtype)


def to_uint8(image, clip=False):
    r"""`image` with its numbers 0 to 1 as bytes: :math:`\lfloor 255 x + 1/2 \rfloor`, halves rounded up.

    Parameters
    ----------
    image : array of floats, any shape
    clip : bool
        Whether numbers outside 0 to 1 become 0 or 1 instead of being refused.

    Returns
    -------
    ndarray of uint8, same shape

    Raises
    ------
    TypeError
        If `image` does not hold floats.
    ValueError
        If a number is NaN, or lies outside 0 to 1 and `clip` is false.

    Notes
    -----
    Undoes `to_float` exactly. A bare ``astype(np.uint8)`` would cut the fraction off instead.

    Examples
    --------
    >>> to_uint8([0.0, 0.2, 1.0]).tolist(), to_uint8([-3.0, 7.0], clip=True).tolist()
    ([0, 51, 255], [0, 255])
    """
    image = np.asarray(image)
    if image.dtype.kind != "f":
        hint = "Use to_float first"
        raise TypeError(_check.message("to_uint8", "image", "hold floats", str(image.dtype), hint))
    if image.size and np.isnan(image).any():
        raise ValueError(_check.message("to_uint8", "image", "hold no NaN", image, "A byte cannot say NaN"))
    if not clip:
        _check_unit_range(image)
    return np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def _check_unit_range(image):
    for extreme in (image.min(initial=0), image.max(initial=1)):
        if not 0 <= extreme <= 1:
            hint = "Use clip=True to cut numbers off at 0 and 1"
            raise ValueError(_check.message("to_uint8", "image", "lie between 0 and 1", extreme, hint))


def luminance(rgb, weights="rec601"):
    r"""Brightness of a colour image, a weighted mean of its channels.

    .. math:: Y = w_R R + w_G G + w_B B

    Parameters
    ----------
    rgb : array, shape (..., 3)
        Colours on the last axis; bytes or floats.
    weights : {"rec601", "rec709"}
        (0.299, 0.587, 0.114), or (0.2126, 0.7152, 0.0722) for the primaries of HDTV and sRGB.

    Returns
    -------
    ndarray of float32 or float64, shape (...)
        In the unit of `rgb`, so a grey pixel keeps its value.

    Raises
    ------
    ValueError
        If the last axis has not length 3, or `weights` is unknown.

    Notes
    -----
    Applied to stored (gamma-encoded) values, as here, the standards call the result luma.

    References
    ----------
    Recommendation ITU-R BT.601-7 (2011), 2.5.1; Recommendation ITU-R BT.709-6 (2015), item 3.2.

    Examples
    --------
    >>> luminance([[100, 100, 100], [0, 200, 0]]).round(9).tolist()
    [100.0, 117.4]
    """
    rgb = _check.array("luminance", "rgb", rgb)
    if rgb.shape[-1:] != (3,):
        hint = "Use chw_to_hwc when the colours come first"
        raise ValueError(_check.message("luminance", "rgb", "have 3 colours on its last axis", rgb, hint))
    return rgb @ np.array(
        LUMINANCE_WEIGHTS[_check.choice("luminance", "weights", weights, LUMINANCE_WEIGHTS)], rgb.dtype
    )


def square_means(picture, size):
    r"""The centre square of a colour picture as size × size pixels: what a figure makes of a reader's own picture.

    .. math:: S_{ij} = \frac{1}{a^2} \int_{ia}^{(i+1)a} \int_{ja}^{(j+1)a} P(y, x) \, dx \, dy, \qquad a = \text{side} / \text{size}

    Parameters
    ----------
    picture : array, shape (H, W, 3) or (H, W, 4)
        Bytes, or floats 0 to 1 as ``matplotlib.pyplot.imread`` reads a PNG; what is transparent lies on white.
    size : int
        Rows and columns of the result; it may exceed H and W.

    Returns
    -------
    ndarray of float64, shape (size, size, 3)
        Numbers 0 to 1, rounded to 12 decimals.

    Raises
    ------
    TypeError
        If `size` is no integer.
    ValueError
        If `picture` has another shape, or floats outside 0 to 1.

    Notes
    -----
    P is constant on each pixel, so the integral is :math:`A P A^\top` with the shares A of pixels in areas:
    O(size · H · W) multiplications. Floats are rounded to bytes first.

    Examples
    --------
    >>> square_means(np.array([[[0, 0, 255], [255, 0, 255]]] * 2, dtype=np.uint8), 1).tolist()
    [[[0.5, 0.0, 1.0]]]
    """
    picture, size = np.asarray(picture), _check.integer("square_means", "size", size, 1)
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or 0 in picture.shape:
        hint = "Use np.dstack([picture] * 3) for a grey one"
        raise ValueError(_check.message("square_means", "picture", "have shape (H, W, 3) or (H, W, 4)", picture, hint))
    picture = (picture if picture.dtype == np.uint8 else to_uint8(picture)) / 255
    colours, cover = picture[..., :3], picture[..., 3:]
    if cover.size:
        colours = np.floor(255 * (colours * cover + 1 - cover) + 0.5) / 255
    side = min(colours.shape[:2])
    top, left = ((full - side) // 2 for full in colours.shape[:2])
    borders = np.arange(size + 1) * side / size
    edges = np.clip(np.subtract.outer(borders, np.arange(side)), 0, 1)  # the share of each pixel before each border
    shares = np.diff(edges, axis=0) * size / side
    square = colours[top : top + side, left : left + side]
    return np.round(np.einsum("iy,yxc,jx->ijc", shares, square, shares, optimize=True), 12) + 0.0


def hwc_to_chw(image):
    """`image` (..., H, W, C) with its channels first, (..., C, H, W): a copy of the same dtype.

    Raises ValueError for fewer than 3 dimensions.

    Examples
    --------
    >>> hwc_to_chw(np.zeros((4, 5, 3))).shape
    (3, 4, 5)
    """
    return np.moveaxis(_at_least_3d("hwc_to_chw", image, "(..., H, W, C)"), -1, -3).copy()


def chw_to_hwc(image):
    """`image` (..., C, H, W) with its channels last, (..., H, W, C): a copy of the same dtype.

    Raises ValueError for fewer than 3 dimensions.

    Examples
    --------
    >>> chw_to_hwc(np.zeros((3, 4, 5))).shape
    (4, 5, 3)
    """
    return np.moveaxis(_at_least_3d("chw_to_hwc", image, "(..., C, H, W)"), -3, -1).copy()


def chw_to_nchw(image):
    """`image` (C, H, W) as a batch of one, (1, C, H, W): a copy of the same dtype.

    Raises ValueError unless there are 3 dimensions.

    Examples
    --------
    >>> chw_to_nchw(np.zeros((3, 4, 5))).shape
    (1, 3, 4, 5)
    """
    image = np.asarray(image)
    if image.ndim != 3:
        hint = "Use image[None] to give a grey image its channel"
        raise ValueError(_check.message("chw_to_nchw", "image", "have 3 dimensions (C, H, W)", image, hint))
    return image[None].copy()


def nchw_to_chw(batch):
    """The only image of a `batch` (1, C, H, W), as (C, H, W): a copy of the same dtype.

    Raises ValueError unless there are 4 dimensions and one image.

    Examples
    --------
    >>> nchw_to_chw(np.zeros((1, 3, 4, 5))).shape
    (3, 4, 5)
    """
    batch = np.asarray(batch)
    if batch.ndim != 4 or len(batch) != 1:
        hint = "Use batch[n] to take image n"
        raise ValueError(_check.message("nchw_to_chw", "batch", "have shape (1, C, H, W)", batch, hint))
    return batch[0].copy()


def _at_least_3d(function, image, axes):
    image = np.asarray(image)
    if image.ndim < 3:
        raise ValueError(_check.message(function, "image", f"have at least 3 dimensions {axes}", image))
    return image
