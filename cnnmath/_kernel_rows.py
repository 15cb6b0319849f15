"""Convolution of many channels: one matrix product for all rows of all filters.

A block is a few rows of a few images, with one shifted copy for each tap n of a kernel row:

    block[b, c, n, r, j] = x[b, c, first + r, S_w j + D_w n - P_w]

As a matrix of C K_w rows it is multiplied by the K_h C_out kernel rows at once. What kernel row m makes
of image row r belongs to output row i = r - D_h m + P_h, so that K_h shifted additions finish the
work. A pixel is copied K_w times instead of K_h K_w, and the matrices are K_h times larger than
those of whole windows. The vertical stride must be 1.
"""

import math

import numpy as np

from cnnmath import windows

BLOCK_BYTES = 3 << 19  # about the cache of a core


def slide(x, weight, out, start, stride, dilation, bias):
    """Write into `out` the correlation of x with weight, position (0, 0) at pixel `start`, plus bias."""
    filters, channels, k_h, k_w = weight.shape
    kernel_rows = weight.transpose(2, 0, 1, 3).reshape(k_h * filters, channels * k_w)
    reached, _ = windows.inside(start[0], 1, out.shape[2], x.shape[2])
    out[:, :, : reached.start] = out[:, :, reached.stop :] = 0 if bias is None else bias
    parts = None
    for images, first, block in _blocks(
        x, k_h * filters, k_w, out.shape[3], start[1], stride[1], dilation[1]
    ):
        shape = (len(block), k_h, filters, *block.shape[3:])
        if parts is None or parts.shape != shape:  # else written over: warm in the cache
            parts = np.empty(shape, dtype=out.dtype)
        columns = block.reshape(len(block), channels * k_w, -1)
        np.matmul(kernel_rows, columns, out=parts.reshape(len(block), k_h * filters, -1))
        for m in range(k_h):
            part, rows = windows.inside(first - dilation[0] * m - start[0], 1, block.shape[3], out.shape[2])
            if m:
                out[images, :, rows] += parts[:, m, :, part]
            elif bias is None:  # the first kernel row to come to an output row: blocks go downwards
                windows.copy_rows(parts[:, m, :, part], out[images, :, rows])
            else:
                np.add(parts[:, m, :, part], bias, out=out[images, :, rows])


def weight_gradient(dout, x, kernel, start, stride, dilation):
    """The gradient of `slide` with respect to weight: the image rows that each kernel row met, times dout."""
    (_, filters, h_out, w_out), channels, (k_h, k_w) = dout.shape, x.shape[1], kernel
    total = np.zeros((k_h, channels * k_w, filters), dtype=np.result_type(dout, x))
    for images, first, block in _blocks(x, filters, k_w, w_out, start[1], stride[1], dilation[1]):
        for m in range(k_h):
            part, rows = windows.inside(first - dilation[0] * m - start[0], 1, block.shape[3], h_out)
            pixels = block[:, :, :, part].reshape(len(block), channels * k_w, -1)
            slopes = dout[images, :, rows].reshape(len(block), filters, -1)
            total[m] += np.matmul(pixels, slopes.swapaxes(1, 2)).sum(axis=0)
    return total.reshape(k_h, channels, k_w, filters).transpose(3, 1, 0, 2)


def _blocks(x, partners, k_w, w_out, left, stride, dilation):
    """Yield (images, first, block), block (images, C, K_w, rows, W_out): each image from top to bottom.

    `partners` is the height of the other large matrix at work, which must stay in the cache, too.
    """
    n, channels, height, _ = x.shape
    row_bytes = max(channels * k_w, partners) * w_out * x.itemsize
    most = min(height, max(1, BLOCK_BYTES // row_bytes))
    side = min(n, max(1, BLOCK_BYTES // (row_bytes * height)))
    buffer = np.empty(side * channels * k_w * most * w_out, dtype=x.dtype)
    for b in range(0, n, side):
        images = slice(b, min(b + side, n))
        for first in range(0, height, most):
            shape = (images.stop - b, channels, k_w, min(most, height - first), w_out)
            block = buffer[: math.prod(shape)].reshape(shape)
            windows.read_kernel_row(x[images], block, first, 1, left, stride, dilation)
            yield images, first, block
