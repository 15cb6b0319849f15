"""Convolution of few channels: windows as the columns of a matrix, without copying every window.

A strip is a few rows of a few images, with one shifted copy for each tap n of a kernel row:

    strip[r, n, c, b, j] = x[b, c, first + r, S_w j + D_w n - P_w]

The lines r, r + 1, … r + K_h - 1 lie one after another in memory: they are the K_h K_w C × B W_out
matrix of all windows of one output row, an overlapping view. The filters times this matrix are the
output row. (Dilated rows do not lie together; they are copied for each output row.)
"""

import math

import numpy as np

from cnnmath import windows

STRIP_BYTES = 1 << 20  # stays in a core's own cache, together with its product
COLUMNS = 256  # with fewer columns, products of matrices are slower


def slide(x, weight, out, start, stride, dilation):
    """Write into `out` the correlation of x with weight, position (0, 0) at pixel `start`."""
    filters = weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
    for images, rows, columns in _strips(x, weight.shape[2:], out.shape[2:], start, stride, dilation):
        target = out[images, :, rows].transpose(2, 1, 0, 3)
        if target.shape[2] == 1 and out.strides[-1] == out.itemsize:
            np.matmul(filters, columns, out=target[:, :, 0])
        else:
            target[...] = np.matmul(filters, columns).reshape(target.shape)


def weight_gradient(dout, x, kernel, start, stride, dilation):
    """The gradient of `slide` with respect to weight: windows times dout, summed over output rows."""
    total = 0
    for images, rows, columns in _strips(x, kernel, dout.shape[2:], start, stride, dilation):
        slopes = dout[images, :, rows].transpose(2, 0, 3, 1).reshape(len(columns), -1, dout.shape[1])
        total = total + np.matmul(columns, slopes).sum(axis=0)
    return total.reshape(*kernel, x.shape[1], dout.shape[1]).transpose(3, 2, 0, 1)


def _strips(x, kernel, output, start, stride, dilation):
    """Yield (images, rows, columns): columns[i] is the matrix of windows of output row rows[i]."""
    (n, channels), (k_h, k_w), (h_out, w_out) = x.shape[:2], kernel, output
    together = dilation[0] == 1
    advance = stride[0] if together else k_h
    side, most = _portion(n, h_out, k_h, advance, w_out, channels * k_w * w_out * x.itemsize)
    buffer = np.empty(((most - 1) * advance + k_h) * side * channels * k_w * w_out, dtype=x.dtype)
    for b in range(0, n, side):
        images = slice(b, min(b + side, n))
        for i in range(0, h_out, most):
            rows = slice(i, min(i + most, h_out))
            count = rows.stop - i
            shape = ((count - 1) * advance + k_h, k_w, channels, images.stop - b, w_out)
            strip = buffer[: math.prod(shape)].reshape(shape)
            for m in range(1 if together else k_h):
                lines, step = (strip, 1) if together else (strip[m::k_h], stride[0])
                top = start[0] + stride[0] * i + dilation[0] * m
                _fill(lines.transpose(3, 2, 1, 0, 4), x[images], top, step, start[1], stride[1], dilation[1])
            yield images, rows, _columns(strip.reshape(len(strip), k_w * channels, -1), count, k_h, advance)


def _portion(n, h_out, k_h, advance, w_out, line_bytes):
    """How many images lie side by side, and how many output rows a strip serves."""
    whole = ((h_out - 1) * advance + k_h) * line_bytes
    side = min(n, max(1, round(COLUMNS / w_out), STRIP_BYTES // whole))
    return side, min(h_out, max(1, (STRIP_BYTES // (line_bytes * side) - k_h) // advance + 1))


def _columns(lines, count, k_h, advance):
    """The overlapping view (count, K_h K_w C, B W_out): entry i is lines i · advance to i · advance + K_h - 1."""
    shape = (count, k_h * lines.shape[1], lines.shape[2])
    return np.ndarray(shape, lines.dtype, lines, strides=(advance * lines.strides[0], *lines.strides[1:]))


def _fill(target, x, top, row_step, left, stride, dilation):
    """target[b, c, n, r, j] = x[b, c, top + row_step r, left + stride j + dilation n], 0 outside x.

    Tap n sees what an earlier tap sees one or more positions further on. Copying that is faster than
    reading the image with a stride.
    """
    common = math.gcd(stride, dilation)
    earlier, shift = stride // common, dilation // common
    known = max(0, target.shape[4] - shift)
    for n in range(target.shape[2]):
        done = known if stride > 1 and n >= earlier else 0
        if done:
            target[:, :, n, :, :done] = target[:, :, n - earlier, :, shift : shift + done]
        windows.read(x, target[:, :, n, :, done:], top, row_step, left + dilation * n + stride * done, stride)
