"""Window geometry: where a kernel lies on an image, for convolution and pooling alike.

A window of K_h × K_w taps, D pixels apart, slides S pixels at a time over an image of H × W pixels
with P pixels of padding on each side. Sizes, strides, paddings and dilations are integers or pairs
(vertical, horizontal); images are the last two axes of an array.
"""

from typing import NamedTuple

import numpy as np

from cnnmath import _check


class Geometry(NamedTuple):
    """A checked placement of windows; every field is a pair (vertical, horizontal)."""

    image: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    extent: tuple[int, int]  # pixels from the first tap to the last, both included
    padded: tuple[int, int]
    output: tuple[int, int]


def output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    r"""Number of positions a window takes on an image.

    .. math:: H_{out} = \left\lfloor \frac{H + 2P - D(K - 1) - 1}{S} \right\rfloor + 1

    Parameters
    ----------
    size : int or pair of int
        Length of one axis, or (H, W).
    kernel_size, stride, dilation : int or pair of int
        At least 1.
    padding : int or pair of int
        Pixels added on each side, at least 0.

    Returns
    -------
    int or pair of int
        An integer when every argument is one, else (H_out, W_out).

    Raises
    ------
    TypeError
        If an argument is no integer and no pair of integers.
    ValueError
        If an argument is too small, or the dilated kernel exceeds the padded image.

    Notes
    -----
    The floor leaves the last ``(H + 2P - D(K - 1) - 1) % S`` rows outside every window.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning" (2016), Relationship 15.

    Examples
    --------
    >>> output_size(5, 3), output_size(7, 3, stride=2, padding=1), output_size((5, 7), 3, dilation=2)
    (3, 4, (1, 3))
    """
    arguments = (size, kernel_size, stride, padding, dilation)
    result = geometry("output_size", *arguments).output
    return result if any(np.ndim(argument) for argument in arguments) else result[0]


def dilated_extent(kernel_size, dilation=1):
    """Pixels that a dilated kernel spans along one axis: D (K - 1) + 1.

    Examples
    --------
    >>> dilated_extent(3), dilated_extent(3, dilation=2)
    (3, 5)
    """
    kernel_size = _check.integer("dilated_extent", "kernel_size", kernel_size, 1)
    return _check.integer("dilated_extent", "dilation", dilation, 1) * (kernel_size - 1) + 1


def geometry(function, image, kernel_size, stride=1, padding=0, dilation=1):
    """The checked `Geometry` of windows on an image of `image` = (H, W) pixels.

    `function` is the caller's name; error messages open with it.

    Examples
    --------
    >>> geometry("pool", (4, 6), 2, stride=2).output
    (2, 3)
    """
    image = _check.pair(function, "size", image, 1)
    kernel = _check.pair(function, "kernel_size", kernel_size, 1)
    stride = _check.pair(function, "stride", stride, 1, "Use stride=1 to visit every position")
    padding = _check.pair(function, "padding", padding, 0, "Use padding=0 for none")
    dilation = _check.pair(function, "dilation", dilation, 1, "Use dilation=1 for adjacent taps")
    extent = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel))
    padded = tuple(size + 2 * p for size, p in zip(image, padding))
    for axis, (name, symbol) in enumerate((("height", "H"), ("width", "W"))):
        if extent[axis] > padded[axis]:
            raise ValueError(
                _too_large(
                    function,
                    name,
                    symbol,
                    image[axis],
                    kernel[axis],
                    padding[axis],
                    dilation[axis],
                    extent[axis],
                )
            )
    output = tuple((p - e) // s + 1 for p, e, s in zip(padded, extent, stride))
    return Geometry(image, kernel, stride, padding, dilation, extent, padded, output)


def _too_large(function, name, symbol, size, kernel, padding, dilation, extent):
    taps = f"kernel {name} {kernel}"
    if dilation > 1:
        taps = f"dilated kernel {name} {extent} (K_{symbol.lower()}={kernel}, dilation={dilation})"
    enough = -(-(extent - size) // 2)
    smaller = "a smaller kernel" if dilation == 1 else "a smaller kernel or dilation"
    return (
        f"{function}: {taps} must not exceed padded {name} {size + 2 * padding} "
        f"({symbol}={size}, padding={padding}). Use padding >= {enough} or {smaller}."
    )


def pad(x, padding, value=0):
    """`x` (..., H, W) with `padding` = (P_h, P_w) pixels of `value` on each side; `x` itself for (0, 0).

    Examples
    --------
    >>> pad(np.array([[5.0]]), (0, 1)).tolist()
    [[0.0, 5.0, 0.0]]
    """
    vertical, horizontal = padding
    if vertical == horizontal == 0:
        return x
    height, width = x.shape[-2:]
    shape = (*x.shape[:-2], height + 2 * vertical, width + 2 * horizontal)
    padded = np.full(shape, value, dtype=x.dtype) if value else np.zeros(shape, dtype=x.dtype)
    padded[..., vertical : vertical + height, horizontal : horizontal + width] = x
    return padded


def crop(x, padding):
    """The view of `x` (..., H + 2 P_h, W + 2 P_w) without its padding: the inverse of `pad`.

    Examples
    --------
    >>> crop(np.array([[0, 5, 0]]), (0, 1)).tolist()
    [[5]]
    """
    (vertical, horizontal), (height, width) = padding, x.shape[-2:]
    return x[..., vertical : height - vertical, horizontal : width - horizontal]


def view(padded, place):
    """All windows of `padded` as a read-only view of shape (..., H_out, W_out, K_h, K_w), without a copy.

    ``view(x, g)[..., i, j, m, n]`` is ``x[..., S_h i + D_h m, S_w j + D_w n]``.

    Examples
    --------
    >>> x = np.arange(5.0)[None]
    >>> view(x, geometry("f", (1, 5), (1, 2), stride=2))[0].tolist()
    [[[0.0, 1.0]], [[2.0, 3.0]]]
    """
    (row_step, column_step), (row_gap, column_gap) = place.stride, place.dilation
    every = np.lib.stride_tricks.sliding_window_view(padded, place.extent, axis=(-2, -1))
    return every[..., ::row_step, ::column_step, ::row_gap, ::column_gap]


def tap(padded, place, m, n):
    """The pixels that tap (m, n) meets over all positions: a view of shape (..., H_out, W_out).

    Writable when `padded` is, so that gradients can be added through it.

    Examples
    --------
    >>> tap(np.arange(5.0)[None], geometry("f", (1, 5), (1, 2), stride=2), 0, 1).tolist()
    [[1.0, 3.0]]
    """
    rows, columns = (
        slice(d * t, d * t + s * (count - 1) + 1, s)
        for d, t, s, count in zip(place.dilation, (m, n), place.stride, place.output)
    )
    return padded[..., rows, columns]


def inside(first, step, count, size):
    """Which of the pixels first, first + step, … lie in an image: two slices, of the count and of the image.

    Examples
    --------
    >>> inside(-1, 2, 4, 5)
    (slice(1, 3, None), slice(1, 4, 2))
    """
    start = min(count, max(0, -(first // step)))
    stop = max(start, min(count, (size - 1 - first) // step + 1))
    last = first + step * (stop - 1)
    return slice(start, stop), slice(first + step * start, last + 1, step) if stop > start else slice(0, 0)


def read(x, target, top, row_step, left, column_step):
    """Fill target[..., i, j] with x[..., top + row_step i, left + column_step j], and with 0 outside x.

    Examples
    --------
    >>> target = np.empty((1, 3)); read(np.array([[5.0, 6.0]]), target, 0, 1, -1, 2); target.tolist()
    [[0.0, 6.0, 0.0]]
    """
    rows, from_rows = inside(top, row_step, target.shape[-2], x.shape[-2])
    columns, from_columns = inside(left, column_step, target.shape[-1], x.shape[-1])
    if rows.stop - rows.start < target.shape[-2]:
        target[..., : rows.start, :] = target[..., rows.stop :, :] = 0
    if columns.stop - columns.start < target.shape[-1]:
        target[..., : columns.start] = target[..., columns.stop :] = 0
    copy_rows(x[..., from_rows, from_columns], target[..., rows, columns])


def copy_rows(source, target):
    """target[...] = source, each row as one item where rows lie together: numpy copies short rows twice as fast so.

    Examples
    --------
    >>> target = np.empty((2, 2)); copy_rows(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])[:, 1:], target); target.tolist()
    [[2.0, 3.0], [5.0, 6.0]]
    """
    size = source.itemsize
    if source.size and source.dtype == target.dtype and source.strides[-1] == target.strides[-1] == size:
        row = np.dtype((np.void, size * source.shape[-1]))
        source, target = source.view(row)[..., 0], target.view(row)[..., 0]
    target[...] = source


def read_kernel_row(x, target, top, row_step, left, stride, dilation):
    """Fill target[..., n, i, j] with x[..., top + row_step i, left + stride j + dilation n], 0 outside x.

    Examples
    --------
    >>> target = np.empty((2, 1, 3)); read_kernel_row(np.array([[5.0, 6.0]]), target, 0, 1, 0, 1, 1)
    >>> target.tolist()
    [[[5.0, 6.0, 0.0]], [[6.0, 0.0, 0.0]]]
    """
    for n in range(target.shape[-3]):
        read(x, target[..., n, :, :], top, row_step, left + dilation * n, stride)
