"""Convolution of few channels: windows as the columns of a matrix, without copying whole windows.

A strip is a few rows of a few images, with one shifted copy for each tap n of a kernel row:

    strip[r, n, c, b, j] = x[b, c, first + r, S_w j + D_w n - P_w]

Lines r, r + 1, … r + K_h - 1 lie one after another in memory: seen as one matrix, K_h K_w C × B W_out,
they are all windows of one output row, and the filters times this matrix are that output row. The
matrices of neighbouring output rows overlap. (Dilated rows do not lie together: they are copied for
each output row.)
"""

import math

import numpy as np

from cnnmath import windows

STRIP_BYTES = 1 << 20  # a strip and its product stay in a core's own cache
COLUMNS = 256  # products of matrices with fewer columns are slower


def slide(x, weight, out, start, stride, dilation, bias):
    """Write into `out` the correlation of x with weight, position (0, 0) at pixel `start`, plus bias."""
    filters = weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
    shape = (len(weight), *weight.shape[2:], *out.shape[2:])
    for images, rows, columns in _strips(x, shape, start, stride, dilation):
        target = out[images, :, rows].transpose(2, 1, 0, 3)
        if bias is not None:
            np.add(np.matmul(filters, columns).reshape(target.shape), bias, out=target)
        elif target.shape[2] == 1 and out.strides[3] == out.itemsize:
            np.matmul(filters, columns, out=target[:, :, 0])
        else:
            target[...] = np.matmul(filters, columns).reshape(target.shape)


def weight_gradient(dout, x, kernel, start, stride, dilation):
    """The gradient of `slide` with respect to weight: windows times dout, summed over the output rows."""
    total, filters = 0, dout.shape[1]
    shape = (filters, *kernel, *dout.shape[2:])
    for images, rows, columns in _strips(x, shape, start, stride, dilation):
        slopes = dout[images, :, rows].transpose(2, 1, 0, 3).reshape(len(columns), filters, -1)
        total = total + np.matmul(columns, slopes.swapaxes(1, 2)).sum(axis=0)
    return total.reshape(*kernel, x.shape[1], filters).transpose(3, 2, 0, 1)


def _strips(x, shape, start, stride, dilation):
    """Yield (images, rows, columns): columns[i] is the matrix of windows of output row rows[i].

    `shape` is (C_out, K_h, K_w, H_out, W_out).
    """
    (n, channels), (filters, k_h, k_w, h_out, w_out) = x.shape[:2], shape
    together = dilation[0] == 1
    advance = stride[0] if together else k_h
    side, most = _portion(n, h_out, w_out, k_h, advance, max(channels * k_w, filters) * w_out * x.itemsize)
    buffer = np.empty(((most - 1) * advance + k_h) * k_w * channels * side * w_out, dtype=x.dtype)
    for b in range(0, n, side):
        images = slice(b, min(b + side, n))
        for i in range(0, h_out, most):
            count, top = min(most, h_out - i), start[0] + stride[0] * i
            lines = ((count - 1) * advance + k_h, k_w, channels, images.stop - b, w_out)
            strip = buffer[: math.prod(lines)].reshape(lines)
            taps = strip.transpose(3, 2, 1, 0, 4)
            if together:
                windows.read_kernel_row(x[images], taps, top, 1, start[1], stride[1], dilation[1])
            for m in range(0 if together else k_h):
                line = top + dilation[0] * m
                windows.read_kernel_row(
                    x[images], taps[:, :, :, m::k_h], line, stride[0], start[1], stride[1], dilation[1]
                )
            yield (
                images,
                slice(i, i + count),
                _columns(strip.reshape(lines[0], k_w * channels, -1), count, k_h, advance),
            )


def _portion(n, h_out, w_out, k_h, advance, line_bytes):
    """How many images lie side by side, and how many output rows a strip serves."""
    whole = ((h_out - 1) * advance + k_h) * line_bytes
    side = min(n, max(1, round(COLUMNS / w_out), STRIP_BYTES // whole))
    return side, min(h_out, max(1, (STRIP_BYTES // (line_bytes * side) - k_h) // advance + 1))


def _columns(lines, count, k_h, advance):
    """Overlapping matrices (count, K_h K_w C, B W_out): number i begins at line i · advance."""
    shape = (count, k_h * lines.shape[1], lines.shape[2])
    return np.ndarray(shape, lines.dtype, lines, strides=(advance * lines.strides[0], *lines.strides[1:]))
