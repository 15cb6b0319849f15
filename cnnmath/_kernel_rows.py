"""Convolution of many channels: one matrix product for all rows of all filters.

A block is a few rows of a few images, with one shifted copy for each tap n of a kernel row:

    block[b, c, n, r, j] = x[b, c, first + r, S_w j + D_w n - P_w]

As a matrix of C K_w rows it is multiplied by the K_h C_out kernel rows at once. What kernel row m makes
of image row r belongs to output row i = r - D_h m + P_h, so that K_h shifted additions finish the
work. Each pixel is copied K_w times instead of K_h K_w, and the matrices are K_h times larger than
those of windows. The vertical stride must be 1.
"""

import numpy as np

from cnnmath import windows

BLOCK_BYTES = 1 << 20  # stays in a core's own cache, together with its product


def slide(x, weight, out, start, stride, dilation):
    """Write into `out` the correlation of x with weight, position (0, 0) at pixel `start`."""
    filters, channels, k_h, k_w = weight.shape
    kernel_rows = weight.transpose(2, 0, 1, 3).reshape(k_h * filters, channels * k_w)
    reached, _ = windows.inside(start[0], 1, out.shape[2], x.shape[2])
    out[:, :, : reached.start] = out[:, :, reached.stop :] = 0
    for images, first, block in _blocks(x, k_w, out.shape[3], start[1], stride[1], dilation[1]):
        parts = np.matmul(kernel_rows, block.reshape(len(block), channels * k_w, -1))
        parts = parts.reshape(len(block), k_h, filters, *block.shape[3:])
        for m in range(k_h):
            of_part, of_out = windows.inside(first - dilation[0] * m - start[0], 1, block.shape[3], out.shape[2])
            if m == 0:  # no other kernel row comes to an output row before this one
                out[images, :, of_out] = parts[:, m, :, of_part]
            else:
                out[images, :, of_out] += parts[:, m, :, of_part]


def weight_gradient(dout, x, kernel, start, stride, dilation):
    """The gradient of `slide` with respect to weight: each kernel row's image rows times dout."""
    (n, filters, h_out, w_out), channels, (k_h, k_w) = dout.shape, x.shape[1], kernel
    total = np.zeros((k_h, channels * k_w, filters), dtype=np.result_type(dout, x))
    for images, first, block in _blocks(x, k_w, w_out, start[1], stride[1], dilation[1]):
        for m in range(k_h):
            of_block, of_dout = windows.inside(first - dilation[0] * m - start[0], 1, block.shape[3], h_out)
            pixels = block[:, :, :, of_block].reshape(len(block), channels * k_w, -1)
            slopes = dout[images, :, of_dout].reshape(len(block), filters, -1)
            total[m] += np.matmul(pixels, slopes.swapaxes(1, 2)).sum(axis=0)
    return total.reshape(k_h, channels, k_w, filters).transpose(3, 1, 0, 2)


def _blocks(x, k_w, w_out, left, stride, dilation):
    """Yield (images, first, block), block being shaped (images, C, K_w, rows, W_out)."""
    n, channels, height, _ = x.shape
    row_bytes = channels * k_w * w_out * x.itemsize
    rows = min(height, max(1, BLOCK_BYTES // row_bytes))
    side = min(n, max(1, BLOCK_BYTES // (row_bytes * height)))
    buffer = np.empty(side * rows * row_bytes // x.itemsize, dtype=x.dtype)
    for b in range(0, n, side):
        images = slice(b, min(b + side, n))
        for first in range(0, height, rows):
            shape = (images.stop - b, channels, k_w, min(rows, height - first), w_out)
            block = buffer[: np.prod(shape)].reshape(shape)
            for q in range(k_w):
                _read_tap(x[images, :, first : first + rows], block[:, :, q], left + dilation * q, stride)
            yield images, first, block


def _read_tap(x, target, left, stride):
    """target[b, c, r, j] = x[b, c, r, left + stride j], 0 outside x.

    When target and x are of one size, the shift by `left` columns is one by `left` numbers of the
    whole image, which is faster than row by row; only the columns that come in from outside are 0.
    """
    if stride > 1 or x.shape != target.shape:
        windows.read(x, target, 0, 1, left, stride)
        return
    width = target.shape[3]
    known, seen = windows.inside(left, 1, target[0, 0].size, target[0, 0].size)
    _flat(target)[..., known] = _flat(x)[..., seen]
    columns, _ = windows.inside(left, 1, width, width)
    target[..., : columns.start] = target[..., columns.stop :] = 0


def _flat(images):
    """Rows one after another, as a view: (B, C, H, W) to (B, C, H W)."""
    shape = (*images.shape[:2], images.shape[2] * images.shape[3])
    return np.reshape(images, shape, copy=False)
