r"""Pooling: one number for each window of each channel, its maximum or its mean. Nothing is learnt.

Windows of K_h × K_w pixels slide by the stride S, which is the kernel size unless told otherwise. Each
definition is written in loops, and its fast form is tested against it. A fast form visits the K_h K_w taps of
the window instead of the windows: the pixels that one tap meets over all windows are one strided view of the
image, so a few operations on whole arrays do the work.
"""

import numpy as np

from cnnmath import _check, windows

# Planes are worked on in blocks of this many bytes: what one step writes is in the cache for the next.
_BLOCK = 1 << 19


def max_pool2d(x, kernel_size, stride=None, padding=0):
    r"""Largest entry of each window.

    .. math:: P_{i,j} = \max_{0 \le m < K_h,\; 0 \le n < K_w} x_{S_h i + m - P_h,\; S_w j + n - P_w}

    for every image and channel; entries outside the image count as :math:`-\infty`.

    Parameters
    ----------
    x : array_like, float32 or float64, (N, C, H, W)
    kernel_size : int or pair of int
        K, or (K_h, K_w).
    stride : int or pair of int, optional
        S; the kernel size if not given.
    padding : int or pair of int
        P, at most half the kernel size.

    Returns
    -------
    array, (N, C, H_out, W_out), of the dtype of `x`
        With the sizes of `windows.output_size`.

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers, or another argument is no integer and no pair of them.
    ValueError
        If `x` is not (N, C, H, W), a size is too small, the kernel exceeds the padded image, or the padding
        exceeds half the kernel.

    Notes
    -----
    A window with a NaN gives NaN. Rows and columns that no window reaches are ignored.

    References
    ----------
    Scherer, Müller and Behnke, Evaluation of pooling operations in convolutional architectures for object
    recognition, ICANN 2010, section 3.2.

    Examples
    --------
    >>> max_pool2d([[[[1, 3, 2, 4], [5, 6, 1, 2], [7, 2, 9, 1], [3, 4, 0, 8]]]], 2)[0, 0]
    array([[6., 4.],
           [7., 9.]])
    """
    return _max_pool(*_images("max_pool2d", x, kernel_size, stride, padding))[0]


def max_pool2d_with_winners(x, kernel_size, stride=None, padding=0):
    r"""`max_pool2d`, and which tap of each window holds the maximum.

    Parameters and errors are those of `max_pool2d`.

    Returns
    -------
    out : array, (N, C, H_out, W_out)
        As `max_pool2d`.
    winners : array of unsigned integers of the same shape
        The winning tap (m, n) as m K_w + n, from 0 to K_h K_w - 1.

    Notes
    -----
    Of equal entries the first in row-major order wins, of several NaN the last, as in PyTorch. The winner
    lies in the image, never in the padding. PyTorch's index of the winning pixel in its plane is
    (S_h i + m - P_h) W + (S_w j + n - P_w).

    Examples
    --------
    >>> max_pool2d_with_winners([[[[0, 7], [7, 1]]]], 2)
    (array([[[[7.]]]]), array([[[[1]]]], dtype=uint8))
    """
    return _max_pool(*_images("max_pool2d_with_winners", x, kernel_size, stride, padding))


def max_pool2d_backward(dout, x, kernel_size, stride=None, padding=0, winners=None):
    r"""Gradient of `max_pool2d`: each window sends its `dout` to the entry that won.

    .. math:: \frac{\partial L}{\partial x_{a,b}} = \sum_{(i,j)\,\text{won by}\,(a,b)} \delta_{i,j}

    Parameters
    ----------
    dout : array_like, (N, C, H_out, W_out)
        Upstream gradient :math:`\delta`.
    x, kernel_size, stride, padding
        As given to `max_pool2d`.
    winners : array of integers, (N, C, H_out, W_out), optional
        What `max_pool2d_with_winners` returned; found again from `x` if not given.

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    TypeError
        As `max_pool2d`, and if `winners` are no integers.
    ValueError
        As `max_pool2d`, and if `dout` or `winners` has not the shape of the result, or a winner is no tap.

    Notes
    -----
    The derivative does not exist where a window holds two equal maxima; the first gets all of `dout`.
    Windows that overlap add up.

    Examples
    --------
    >>> max_pool2d_backward([[[[5]]]], [[[[0, 7], [7, 1]]]], 2)[0, 0]
    array([[0., 5.],
           [0., 0.]])
    """
    function = "max_pool2d_backward"
    dout, x, place = _with_dout(function, dout, x, kernel_size, stride, padding)
    if winners is None:
        winners = _max_pool(x, place)[1]
    return _send_to_winners(dout, _winners(function, winners, dout.shape, place), place)


def max_pool2d_definition(x, kernel_size, stride=None, padding=0):
    """`max_pool2d` as its equation reads: one window at a time."""
    x, place = _images("max_pool2d_definition", x, kernel_size, stride, padding)
    result = np.empty((*x.shape[:2], *place.output), dtype=x.dtype)
    for n, c, i, j in np.ndindex(result.shape):
        result[n, c, i, j] = x[n, c][_window(place, i, j)].max()
    return result


def max_pool2d_backward_definition(dout, x, kernel_size, stride=None, padding=0):
    """`max_pool2d_backward`: each window adds its `dout` to its first maximum."""
    dout, x, place = _with_dout("max_pool2d_backward_definition", dout, x, kernel_size, stride, padding)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        window = _window(place, i, j)
        entries = x[n, c][window]
        dx[n, c][window][np.unravel_index(entries.argmax(), entries.shape)] += dout[n, c, i, j]
    return dx


def avg_pool2d(x, kernel_size, stride=None, padding=0):
    r"""Mean of each window.

    .. math::
        P_{i,j} = \frac{1}{K_h K_w} \sum_{m=0}^{K_h-1} \sum_{n=0}^{K_w-1}
        x_{S_h i + m - P_h,\; S_w j + n - P_w}

    for every image and channel; entries outside the image are 0. Parameters and errors are those of
    `max_pool2d`.

    Returns
    -------
    array, (N, C, H_out, W_out), of the dtype of `x`

    Notes
    -----
    The divisor is always K_h K_w: the zeros of the padding count, as in PyTorch, and pull borders towards 0.
    It is `convolution.conv2d` with one constant kernel per channel.

    References
    ----------
    LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 1998, section II.A.

    Examples
    --------
    >>> avg_pool2d([[[[1, 3, 2, 4], [5, 7, 0, 2]]]], 2)
    array([[[[4., 2.]]]])
    """
    x, place = _images("avg_pool2d", x, kernel_size, stride, padding)
    down, across = _separate(place)
    padded = windows.pad(x, place.padding)
    sums = _add_taps(_add_taps(padded, down), across)
    sums /= place.kernel[0] * place.kernel[1]
    return sums


def avg_pool2d_backward(dout, x, kernel_size, stride=None, padding=0):
    r"""Gradient of `avg_pool2d`: each window shares its `dout` equally among its entries.

    .. math::
        \frac{\partial L}{\partial x_{a,b}} = \frac{1}{K_h K_w} \sum_{(i,j)\,\text{over}\,(a,b)} \delta_{i,j}

    Parameters and errors are those of `max_pool2d_backward`; of `x` only the shape and dtype matter.

    Examples
    --------
    >>> avg_pool2d_backward([[[[8]]]], [[[[0, 7], [7, 1]]]], 2)[0, 0]
    array([[2., 2.],
           [2., 2.]])
    """
    dout, x, place = _with_dout("avg_pool2d_backward", dout, x, kernel_size, stride, padding)
    down, across = _separate(place)
    share = dout / (place.kernel[0] * place.kernel[1])
    dpadded = _spread_to_taps(_spread_to_taps(share, across), down)
    return np.ascontiguousarray(windows.crop(dpadded, place.padding))


def avg_pool2d_definition(x, kernel_size, stride=None, padding=0):
    """`avg_pool2d` as its equation reads: one window at a time."""
    x, place = _images("avg_pool2d_definition", x, kernel_size, stride, padding)
    result = np.empty((*x.shape[:2], *place.output), dtype=x.dtype)
    for n, c, i, j in np.ndindex(result.shape):
        result[n, c, i, j] = x[n, c][_window(place, i, j)].sum() / (place.kernel[0] * place.kernel[1])
    return result


def avg_pool2d_backward_definition(dout, x, kernel_size, stride=None, padding=0):
    """`avg_pool2d_backward`: each window adds its share to every entry it covers."""
    dout, x, place = _with_dout("avg_pool2d_backward_definition", dout, x, kernel_size, stride, padding)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        dx[n, c][_window(place, i, j)] += dout[n, c, i, j] / (place.kernel[0] * place.kernel[1])
    return dx


def global_avg_pool2d(x):
    r"""Mean of each channel of each image.

    .. math:: P_{n,c} = \frac{1}{H W} \sum_{i,j} x_{n,c,i,j}

    Parameters
    ----------
    x : array_like, float32 or float64, (N, C, H, W)

    Returns
    -------
    array, (N, C, 1, 1), of the dtype of `x`
        `avg_pool2d` with a window as large as the image.

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers.
    ValueError
        If `x` is not (N, C, H, W), or empty.

    References
    ----------
    Lin, Chen and Yan, Network in network, ICLR 2014, section 3.2.

    Examples
    --------
    >>> global_avg_pool2d([[[[1, 3], [5, 7]]]])
    array([[[[4.]]]])
    """
    return _check.array("global_avg_pool2d", "x", x, "N, C, H, W").mean(axis=(2, 3), keepdims=True)


def global_avg_pool2d_backward(dout, x):
    r"""Gradient of `global_avg_pool2d`: `dout` (N, C, 1, 1), shared equally among the H W entries.

    .. math:: \frac{\partial L}{\partial x_{n,c,i,j}} = \frac{\delta_{n,c}}{H W}

    Of `x`, (N, C, H, W), only the shape and dtype matter. A `dout` of another shape is a ValueError.

    Examples
    --------
    >>> global_avg_pool2d_backward([[[[8]]]], [[[[1, 3], [5, 7]]]])[0, 0]
    array([[2., 2.],
           [2., 2.]])
    """
    function = "global_avg_pool2d_backward"
    x = _check.array(function, "x", x, "N, C, H, W")
    dout = _check.array(function, "dout", dout, dtype=x.dtype)
    _check.same_shape(function, "dout", dout, (*x.shape[:2], 1, 1), "It has the shape of the pooled result")
    return np.broadcast_to(dout / (x.shape[2] * x.shape[3]), x.shape).copy()


def _max_pool(x, place):
    """The maximum of each window, and the tap that holds it, in blocks of planes."""
    planes = x.reshape(-1, *place.image)
    best = np.empty((len(planes), *place.output), dtype=x.dtype)
    winners = np.empty(best.shape, dtype=np.min_scalar_type(place.kernel[0] * place.kernel[1] - 1))
    # To begin with, the first tap that is not padding.
    starts = (s * np.arange(count) - p for s, count, p in zip(place.stride, place.output, place.padding))
    first_row, first_column = (np.maximum(-start, 0) for start in starts)
    winners[...] = place.kernel[1] * first_row[:, None] + first_column
    for block in _blocks(planes):
        _race(windows.pad(planes[block], place.padding, -np.inf), place, best[block], winners[block])
    shape = *x.shape[:2], *place.output
    return best.reshape(shape), winners.reshape(shape)


def _race(padded, place, best, winners):
    """Find `best` and `winners` for a block of planes; `winners` begins with the first taps that are no padding.

    Windows that overlap share the races within their rows: each piece of a row is decided once, and then
    the K_h pieces of a window race. The first of equal entries still wins, as the rows are in order.
    """
    (k_h, k_w), numbers = place.kernel, winners.dtype.type
    if place.stride[0] < k_h:
        across = place._replace(kernel=(1, k_w), stride=(1, place.stride[1]), output=(place.padded[0], place.output[1]))
        down = place._replace(kernel=(k_h, 1), stride=(place.stride[0], 1))
        pieces = windows.tap(padded, across, 0, 0).copy()
        taps = np.zeros(pieces.shape, dtype=winners.dtype)
        for n in range(1, k_w):
            _take_lead(windows.tap(padded, across, 0, n).copy(), numbers(n), pieces, taps)
        best[...] = windows.tap(pieces, down, 0, 0)
        np.maximum(winners, windows.tap(taps, down, 0, 0), out=winners)  # in the padding above, winners has the larger
        for m in range(1, k_h):
            _take_lead(windows.tap(pieces, down, m, 0), windows.tap(taps, down, m, 0) + numbers(m * k_w), best, winners)
    else:
        best[...] = windows.tap(padded, place, 0, 0)
        for number, (m, n) in list(enumerate(np.ndindex(place.kernel)))[1:]:
            _take_lead(windows.tap(padded, place, m, n).copy(), numbers(number), best, winners)  # the copy lies together
    if np.isnan(best.max()):  # NaN is greater than nothing: its taps are found apart
        for number, (m, n) in enumerate(np.ndindex(place.kernel)):
            winners[np.isnan(windows.tap(padded, place, m, n))] = number


def _take_lead(pixels, number, best, winners):
    """A pixel takes the lead where it is strictly greater than all before it.

    The winner is the last to take it: the largest of their numbers, which grow, so that one maximum of whole
    arrays keeps the record.
    """
    leads = (pixels > best).view(np.uint8) * number
    np.maximum(winners, leads, out=winners)
    np.maximum(best, pixels, out=best)


def _send_to_winners(dout, winners, place):
    """Add each entry of `dout` to the pixel that won its window: pixels are counted over a block of planes."""
    (height, width), (rows, columns) = place.padded, place.output
    shape = *dout.shape[:2], *place.image
    winners, dout = winners.reshape(-1, rows, columns), dout.reshape(-1, rows, columns)
    dx = np.zeros((len(dout), *place.image), dtype=dout.dtype)
    blocks = list(_blocks(dx))
    # The pixel of each window's first tap, and how much further on each tap lies.
    starts = place.stride[0] * width * np.arange(rows)[:, None] + place.stride[1] * np.arange(columns)
    starts = starts + height * width * np.arange(len(dx[blocks[0]]))[:, None, None]
    taps = (width * np.arange(place.kernel[0])[:, None] + np.arange(place.kernel[1])).ravel()
    apart = all(step >= size for step, size in zip(place.stride, place.kernel))
    for block in blocks:
        pixels = taps.take(winners[block])
        pixels += starts[: len(pixels)]
        target = dx[block]
        dpadded = windows.pad(target, place.padding)  # zeros; `target` itself where there is no padding
        if apart:  # no pixel wins twice: nothing to add up
            dpadded.reshape(-1)[pixels.reshape(-1)] = dout[block].reshape(-1)
        else:
            np.add.at(dpadded.reshape(-1), pixels.reshape(-1), dout[block].reshape(-1))
        if dpadded is not target:
            target[...] = windows.crop(dpadded, place.padding)
    return dx.reshape(shape)


def _separate(place):
    """Placements K_h × 1 and 1 × K_w: a window's sum is the sum of its columns' sums, which windows share."""
    (k_h, k_w), (s_h, s_w), width, rows = place.kernel, place.stride, place.padded[1], place.output[0]
    down = place._replace(kernel=(k_h, 1), stride=(s_h, 1), output=(rows, width))
    across = place._replace(kernel=(1, k_w), stride=(1, s_w), padded=(rows, width))
    return down, across


def _add_taps(padded, place):
    """The sum of each window."""
    sums = windows.tap(padded, place, 0, 0).copy()
    for m, n in list(np.ndindex(place.kernel))[1:]:
        sums += windows.tap(padded, place, m, n)
    return sums


def _spread_to_taps(dout, place):
    """The transpose of `_add_taps`: each entry of `dout` is added to every entry of its window."""
    dpadded = np.zeros((*dout.shape[:-2], *place.padded), dtype=dout.dtype)
    for m, n in np.ndindex(place.kernel):
        pixels = windows.tap(dpadded, place, m, n)
        pixels += dout
    return dpadded


def _blocks(planes):
    """Slices of `planes` of about `_BLOCK` bytes."""
    step = max(1, _BLOCK // planes[0].nbytes)
    return (slice(start, start + step) for start in range(0, len(planes), step))


def _window(place, i, j):
    """The rows and columns of the image that window (i, j) covers; what is padding is left out."""
    starts = (s * number - p for s, number, p in zip(place.stride, (i, j), place.padding))
    return tuple(slice(max(start, 0), start + k) for start, k in zip(starts, place.kernel))


def _images(function, x, kernel_size, stride, padding):
    x = _check.array(function, "x", x, "N, C, H, W")
    stride = kernel_size if stride is None else stride
    place = windows.geometry(function, x.shape[2:], kernel_size, stride, padding)
    for name, k, p in zip(("height", "width"), place.kernel, place.padding):
        if 2 * p > k:
            rule = f"be at most half the kernel {name} {k}"
            raise ValueError(_check.message(function, "padding", rule, p, f"Use padding <= {k // 2}"))
    return x, place


def _with_dout(function, dout, x, kernel_size, stride, padding):
    x, place = _images(function, x, kernel_size, stride, padding)
    dout, shape = _check.array(function, "dout", dout, dtype=x.dtype), (*x.shape[:2], *place.output)
    _check.same_shape(function, "dout", dout, shape, "It has the shape of the pooled result")
    return dout, x, place


def _winners(function, winners, shape, place):
    winners, hint = np.asarray(winners), "Pass what max_pool2d_with_winners returned"
    if winners.dtype.kind not in "iu":
        raise TypeError(_check.message(function, "winners", "be integers", winners, hint))
    _check.same_shape(function, "winners", winners, shape, hint)
    taps = place.kernel[0] * place.kernel[1]
    if winners.min() < 0 or winners.max() >= taps:
        outside = winners[(winners < 0) | (winners >= taps)][0]
        rule = f"be taps from 0 to {taps - 1}"
        raise ValueError(_check.message(function, "winners", rule, outside, hint))
    return winners
