"""Convolution of few channels: windows as the columns of a matrix, without copying whole windows.

A strip is a few rows of a few images, with one shifted copy for each tap n of a kernel row:

    strip[r, n, c, b, j] = x[b, c, first + r, S_w j + D_w n - P_w]

Lines r, r + 1, … r + K_h - 1 lie one after another in memory: seen as one matrix, K_h K_w C × B lines,
they are all windows of one output row, and the filters times this matrix are that output row. The
matrices of neighbouring output rows overlap. (Dilated rows do not lie together: they are copied for
each output row.)

Lines have spare ends. Taps that are a multiple of the stride apart see the same pixels, some positions
shifted; with room for the shift at the end of each line, all lines are shifted by one long copy. What
the matrix product makes of the spare ends is dropped.
"""

import math

import numpy as np

from cnnmath import _scratch, windows

STRIP_BYTES = 1 << 21  # about the cache of a core; the rows that two strips share are read twice
WORK = 500_000  # multiply-adds of one matrix product: fewer are slower, and so are more than about a million
CROWDED = 512  # lines of a multiple of so many bytes drive each other out of the cache …
SPREAD = 32  # … and a few bytes more keep them apart
FEWEST = 4  # windows in height: below, most of a strip would be read twice


def slide(x, weight, out, start, stride, dilation, bias):
    """Write into `out` the correlation of x with weight, position (0, 0) at pixel `start`, plus bias."""
    filters = weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
    shape = (len(weight), *weight.shape[2:], *out.shape[2:])
    for images, rows, columns, line in _strips(x, shape, start, stride, dilation):
        target = out[images, :, rows].transpose(2, 1, 0, 3)
        if target.shape[2] == 1 and out.strides[3] == out.itemsize:
            np.matmul(filters, columns, out=target[:, :, 0])
        else:
            sums = _scratch.borrow("product", (len(columns), len(filters), columns.shape[2]), out.dtype)
            np.matmul(filters, columns, out=sums)
            windows.copy_rows(sums.reshape(*target.shape[:3], line)[..., : target.shape[3]], target)
        if bias is not None:
            out[images, :, rows] += bias


def weight_gradient(dout, x, kernel, start, stride, dilation):
    """The gradient of `slide` with respect to weight: windows times dout, summed over the output rows."""
    with np.errstate(invalid="ignore"):
        total = _windows_times(dout, x, kernel, start, stride, dilation, True)
    if not np.isfinite(total).all():  # in a spare end NaN may have met the slope 0, and 0 NaN is NaN
        total = _windows_times(dout, x, kernel, start, stride, dilation, False)
    return total.reshape(*kernel, x.shape[1], -1).transpose(3, 2, 0, 1)


def _windows_times(dout, x, kernel, start, stride, dilation, spare):
    total, filters = 0, dout.shape[1]
    shape = (filters, *kernel, *dout.shape[2:])
    for images, rows, columns, line in _strips(x, shape, start, stride, dilation, spare):
        slopes = dout[images, :, rows].transpose(2, 1, 0, 3)
        if line > slopes.shape[3]:
            slopes, inner = np.zeros((*slopes.shape[:3], line), dout.dtype), slopes
            windows.copy_rows(inner, slopes[..., : inner.shape[3]])
        slopes = slopes.reshape(len(columns), filters, -1)
        total = total + np.matmul(columns, slopes.swapaxes(1, 2)).sum(axis=0)
    return total


def _strips(x, shape, start, stride, dilation, spare=True):
    """Yield (images, rows, columns, line): columns[i], K_h K_w C × B line, are the windows of output row rows[i].

    `shape` is (C_out, K_h, K_w, H_out, W_out); `line` is W_out, and more if lines have a spare end.
    """
    (n, channels), (filters, k_h, k_w, h_out, w_out) = x.shape[:2], shape
    together = dilation[0] == 1
    advance = stride[0] if together else k_h
    apart, shift = _alike(stride[1], dilation[1])
    line = w_out + (shift * ((k_w - 1) // apart) if spare else 0)
    side, most = _portion(n, h_out, line, k_h, advance, channels * k_w, filters, x.itemsize)
    if side == 1 and line * x.itemsize % CROWDED == 0:
        line += SPREAD // x.itemsize
    fill = _fill if spare else _fill_without_spare
    across = start[1], stride[1], dilation[1]
    for b in range(0, n, side):
        images = slice(b, min(b + side, n))
        for i in range(0, h_out, most):
            count, top = min(most, h_out - i), start[0] + stride[0] * i
            lines = ((count - 1) * advance + k_h, k_w, channels, images.stop - b, line)
            strip = _scratch.borrow("strip", lines, x.dtype)
            if together:
                fill(x[images], strip, top, 1, *across)
            else:
                for m in range(k_h):
                    fill(x[images], strip[m::k_h], top + dilation[0] * m, stride[0], *across)
            columns = _columns(strip.reshape(lines[0], k_w * channels, -1), count, k_h, advance)
            alone = images.stop - b == 1  # then the spare end is simply left out
            width = w_out if alone else line
            yield images, slice(i, i + count), columns[..., :w_out] if alone else columns, width


def _alike(stride, dilation):
    """Every `apart`-th tap sees the same pixels, each time `shift` positions further on."""
    common = math.gcd(stride, dilation)
    return stride // common, dilation // common


def _fill(x, strip, top, row_step, left, stride, dilation):
    """Fill a strip: read the first of the taps that see the same pixels, and shift its lines for the others."""
    apart, shift = _alike(stride, dilation)
    flat = strip.reshape(*strip.shape[:2], -1)
    for first in range(min(apart, strip.shape[1])):
        windows.read(x, strip[:, first].transpose(2, 1, 0, 3), top, row_step, left + dilation * first, stride)
        for n in range(first + apart, strip.shape[1], apart):
            by = shift * (n - first) // apart
            windows.copy_rows(flat[:, first, by:], flat[:, n, :-by])
            flat[:, n, -by:] = 0


def _fill_without_spare(x, strip, top, row_step, left, stride, dilation):
    windows.read_kernel_row(x, strip.transpose(3, 2, 1, 0, 4), top, row_step, left, stride, dilation)


def _portion(n, h_out, line, k_h, advance, taps, filters, itemsize):
    """How many images lie side by side, and how many output rows a strip serves.

    `taps` is K_w C. Images lie side by side until a product is of the best size, if a few windows' rows of
    them fit into a strip.
    """
    line_bytes = max(taps, filters) * line * itemsize
    least = min((h_out - 1) * advance + k_h, FEWEST * k_h)
    side = min(WORK // (k_h * taps * filters * line), STRIP_BYTES // (line_bytes * least), n)
    side = max(1, side)
    return side, min(h_out, max(1, (STRIP_BYTES // (line_bytes * side) - k_h) // advance + 1))


def _columns(lines, count, k_h, advance):
    """Overlapping matrices (count, K_h K_w C, B W_out): number i begins at line i · advance."""
    shape = (count, k_h * lines.shape[1], lines.shape[2])
    return np.ndarray(shape, lines.dtype, lines, strides=(advance * lines.strides[0], *lines.strides[1:]))
