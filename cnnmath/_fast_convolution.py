"""The fast forms behind `convolution`: few large matrix products on a small buffer, no loop over pixels.

Arguments are checked arrays. All three functions read the image through `strips`, a few rows of a
few images at a time, laid out so that the windows need not be copied: see there. Padding is never
stored; a pixel outside the image reads as 0.
"""

import math

import numpy as np

STRIP_BYTES = 1 << 20  # a strip and its product stay in a core's own cache
COLUMNS = 256  # matrix products of fewer columns are slower


def forward(x, weight, place, groups=1, bias=None):
    """`convolution.conv2d` of checked arrays: x (N, C_in, H, W), weight (C_out, C_in / groups, K_h, K_w)."""
    dtype = np.result_type(x, weight) if bias is None else np.result_type(x, weight, bias)
    out = np.empty((len(x), len(weight), *place.output), dtype=dtype)
    start = [-p for p in place.padding]
    for channels, filters in _groups(x.shape[1], len(weight), groups):
        _slide(x[:, channels], weight[filters], out[:, filters], start, place.stride, place.dilation)
    if bias is not None:
        out += bias[:, None, None]
    return out


def weight_gradient(dout, x, place, groups=1):
    """The gradient of `forward` with respect to weight: each tap's windows times dout, summed over positions."""
    shape = (dout.shape[1], x.shape[1] // groups, *place.kernel)
    dweight = np.empty(shape, dtype=np.result_type(dout, x))
    start = [-p for p in place.padding]
    for channels, filters in _groups(x.shape[1], dout.shape[1], groups):
        total = 0
        for images, rows, columns in strips(
            x[:, channels], place.kernel, place.output, start, place.stride, place.dilation
        ):
            d = dout[images, filters, rows].transpose(2, 1, 0, 3)
            d = d.reshape(len(d), d.shape[1], -1)
            total = total + np.matmul(columns, d.swapaxes(1, 2)).sum(axis=0)
        taps = (*place.kernel, shape[1], -1)
        dweight[filters] = total.reshape(taps).transpose(3, 2, 0, 1)
    return dweight


def input_gradient(dout, weight, place, groups=1):
    """The gradient of `forward` with respect to x, shape (N, C_in, H, W)."""
    shape = (len(dout), weight.shape[1] * groups, *place.image)
    dx = np.zeros(shape, dtype=np.result_type(dout, weight))
    gradient = _scatter if weight[0].size <= 2 * len(weight) // groups else _slide_back
    for channels, filters in _groups(shape[1], len(weight), groups):
        gradient(dout[:, filters], weight[filters], dx[:, channels], place)
    return dx


def _scatter(dout, weight, dx, place):
    """Every tap hands its share of dout back to the pixels it met. Cheap when taps and channels are few."""
    shares_of = weight.reshape(len(weight), -1).T
    positions = place.output[0] * place.output[1]
    side = max(1, STRIP_BYTES // (len(shares_of) * positions * dx.itemsize))
    for b in range(0, len(dx), side):
        d = dout[b : b + side].reshape(-1, len(weight), positions)
        shares = np.matmul(shares_of, d).reshape(len(d), *weight.shape[1:], *place.output)
        for m, n in np.ndindex(place.kernel):
            (rows, on_rows), (columns, on_columns) = (
                _inside(d * tap - p, s, count, size)
                for d, tap, p, s, count, size in zip(
                    place.dilation, (m, n), place.padding, place.stride, place.output, place.image
                )
            )
            dx[b : b + side, :, on_rows, on_columns] += shares[:, :, m, n, rows, columns]


def _slide_back(dout, weight, dx, place):
    """A forward pass over dout with the turned kernel.

    With stride S, the pixels of one phase (u = first + S a) meet only every S-th tap or so: each
    phase of dx is a forward pass at stride 1 with its own smaller kernel.
    """
    for rows, taps_h, top, step_h in _phases(place, 0):
        for columns, taps_w, left, step_w in _phases(place, 1):
            turned = weight[:, :, taps_h, taps_w][:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
            _slide(dout, turned, dx[:, :, rows, columns], (top, left), (1, 1), (step_h, step_w))


def _phases(place, axis):
    """The phases of one axis: the pixels u = first, first + S, … of x and the taps that meet them.

    Tap m at position i meets pixel u = S i + D m - P. For u = first + S a this is position
    i = a - (D m - P - first) / S, whole for every (S / gcd)-th tap only; those shift by D / gcd.
    """
    size, stride, dilation = place.image[axis], place.stride[axis], place.dilation[axis]
    apart = stride // math.gcd(stride, dilation)
    for first in range(min(stride, size)):
        for m in range(min(apart, place.kernel[axis])):
            shift = dilation * m - place.padding[axis] - first
            if shift % stride == 0:
                count = len(range(m, place.kernel[axis], apart))
                step = dilation * apart // stride
                yield slice(first, None, stride), slice(m, None, apart), -shift // stride - step * (count - 1), step


def _groups(inputs, outputs, groups):
    """The channels and the filters of each group, as slices."""
    c, o = inputs // groups, outputs // groups
    return [(slice(g * c, (g + 1) * c), slice(g * o, (g + 1) * o)) for g in range(groups)]


def _slide(x, weight, out, start, stride, dilation):
    """Write into `out` the correlation of x with weight, position (0, 0) at pixel `start`."""
    matrix = weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
    for images, rows, columns in strips(x, weight.shape[2:], out.shape[2:], start, stride, dilation):
        target = out[images, :, rows].transpose(2, 1, 0, 3)
        if target.shape[2] == 1 and out.strides[-1] == out.itemsize:
            np.matmul(matrix, columns, out=target[:, :, 0])
        else:
            target[...] = np.matmul(matrix, columns).reshape(target.shape)


def strips(x, kernel, output, start, stride, dilation):
    """Yield (images, rows, columns): `columns[i]` holds the windows of output row rows[i] as columns.

    The buffer is strip[r, n, c, b, j] = x[b, c, first + r, S_w j + D_w n]: image row r, shifted once
    for each tap n of a kernel row, a few images b side by side. The rows r … r + K_h - 1 of one
    position lie one after another, so that its (K_h K_w C) × (B W_out) matrix of windows is a view.
    Dilated rows do not; they are copied for each position.
    """
    (n, c), (k_h, k_w), (h_out, w_out) = x.shape[:2], kernel, output
    advance = stride[0] if dilation[0] == 1 else k_h
    line_items = k_w * c * w_out
    side = min(n, max(1, round(COLUMNS / w_out), STRIP_BYTES // ((advance * h_out + k_h) * line_items * x.itemsize)))
    row_items = side * line_items
    most = min(h_out, max(1, (STRIP_BYTES // (row_items * x.itemsize) - k_h) // advance + 1))
    buffer = np.empty(((most - 1) * advance + k_h) * row_items, dtype=x.dtype)
    for first_image in range(0, n, side):
        images = slice(first_image, min(first_image + side, n))
        batch = x[images]
        for i in range(0, h_out, most):
            rows = slice(i, min(i + most, h_out))
            count = rows.stop - i
            shape = ((count - 1) * advance + k_h, k_w, c, len(batch), w_out)
            strip = buffer[: math.prod(shape)].reshape(shape)
            top = start[0] + stride[0] * i
            if dilation[0] == 1:
                kept = max(0, k_h - advance) if i else 0
                line = math.prod(shape[1:])
                buffer[: kept * line] = buffer[most * advance * line : (most * advance + kept) * line]
                _fill(batch, strip[kept:], top + kept, 1, start[1], stride[1], dilation[1])
            else:
                for p in range(k_h):
                    _fill(batch, strip[p::k_h], top + dilation[0] * p, stride[0], start[1], stride[1], dilation[1])
            width, line = len(batch) * w_out, strip.strides[0]
            columns = np.ndarray(
                (count, k_h * k_w * c, width), x.dtype, strip, strides=(advance * line, width * x.itemsize, x.itemsize)
            )
            yield images, rows, columns


def _fill(x, strip, top, row_step, left, stride, dilation):
    """All taps of the strip rows: strip[r, n, c, b, j] = x[b, c, top + row_step r, left + stride j + dilation n].

    Tap n meets the pixels of an earlier tap one position further on: reading with a stride is slow, copying is not.
    """
    common = math.gcd(stride, dilation)
    apart, shift = stride // common, dilation // common
    last = strip.shape[4] - shift
    for n in range(strip.shape[1]):
        first = left + dilation * n
        if stride > 1 and n >= apart and last > 0:
            strip[:, n, ..., :last] = strip[:, n - apart, ..., shift:]
            _read(x, strip[:, n, ..., last:], top, row_step, first + stride * last, stride)
        else:
            _read(x, strip[:, n], top, row_step, first, stride)


def _read(x, target, top, row_step, left, column_step):
    """target[r, c, b, j] = x[b, c, top + row_step r, left + column_step j], and 0 outside the image."""
    rows, from_rows = _inside(top, row_step, len(target), x.shape[2])
    columns, from_columns = _inside(left, column_step, target.shape[3], x.shape[3])
    target[: rows.start] = target[rows.stop :] = 0
    target[rows, ..., : columns.start] = target[rows, ..., columns.stop :] = 0
    target[rows, ..., columns] = x[:, :, from_rows, from_columns].transpose(2, 1, 0, 3)


def _inside(first, step, count, size):
    """The k < count with 0 <= first + step k < size, and those pixels: two slices of equal length."""
    start = min(count, max(0, -(first // step)))
    stop = max(start, min(count, (size - 1 - first) // step + 1))
    if start == stop:
        return slice(start, stop), slice(0, 0)
    return slice(start, stop), slice(first + step * start, first + step * (stop - 1) + 1, step)
