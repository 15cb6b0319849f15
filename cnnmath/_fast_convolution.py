"""The fast forms behind `convolution`: the same sums as few large matrix products, of checked arrays.

Two ways to slide a kernel over an image are kept, each fast where the other is slow: `_window_strips`
for few channels or a vertical stride, `_kernel_rows` for many channels. Both read the image in
portions of one or two MB, and neither stores the padding: a pixel outside the image reads as 0.
"""

import math

import numpy as np

from cnnmath import _kernel_rows, _window_strips, windows

MANY = 96  # rows of a block, C K_w, from which _kernel_rows is the faster way
FEW = 2  # weights of a filter, per filter, up to which _scatter is the faster way
SHARES_BYTES = 1 << 20


def forward(x, weight, place, groups=1, bias=None):
    """`convolution.conv2d`: x (N, C_in, H, W) and weight (C_out, C_in / groups, K_h, K_w)."""
    dtype = np.result_type(x, weight) if bias is None else np.result_type(x, weight, bias)
    out = np.empty((len(x), len(weight), *place.output), dtype=dtype)
    start = [-p for p in place.padding]
    for channels, filters in _groups(x.shape[1], len(weight), groups):
        offset = None if bias is None else bias[filters, None, None]
        _slide(x[:, channels], weight[filters], out[:, filters], start, place.stride, place.dilation, offset)
    return out


def weight_gradient(dout, x, place, groups=1):
    """The gradient of `forward` with respect to weight."""
    shape = (dout.shape[1], x.shape[1] // groups, *place.kernel)
    dweight = np.empty(shape, dtype=np.result_type(dout, x))
    start = [-p for p in place.padding]
    way = _way(shape[1] * shape[3], place.stride)
    for channels, filters in _groups(x.shape[1], dout.shape[1], groups):
        dweight[filters] = way.weight_gradient(
            dout[:, filters], x[:, channels], place.kernel, start, place.stride, place.dilation
        )
    return dweight


def input_gradient(dout, weight, place, groups=1):
    """The gradient of `forward` with respect to x."""
    shape = (len(dout), weight.shape[1] * groups, *place.image)
    dx = np.zeros(shape, dtype=np.result_type(dout, weight))
    way = _scatter if weight[0].size <= FEW * len(weight) // groups else _slide_back
    for channels, filters in _groups(shape[1], len(weight), groups):
        way(dout[:, filters], weight[filters], dx[:, channels], place)
    return dx


def _groups(inputs, outputs, groups):
    """The channels and the filters of each group, as slices."""
    c, o = inputs // groups, outputs // groups
    return [(slice(g * c, (g + 1) * c), slice(g * o, (g + 1) * o)) for g in range(groups)]


def _way(rows, stride):
    return _kernel_rows if rows >= MANY and stride[0] == 1 else _window_strips


def _slide(x, weight, out, start, stride, dilation, bias=None):
    """Write the correlation into `out`; bias, if any, is of shape (C_out, 1, 1)."""
    way = _way(weight.shape[1] * weight.shape[3], stride)
    way.slide(x, weight, out, start, stride, dilation, bias)


def _scatter(dout, weight, dx, place):
    """Each tap adds its share of dout to the pixels it met. Cheap when taps and channels are few."""
    shares_of = weight.reshape(len(weight), -1).T
    positions = math.prod(place.output)
    side = max(1, SHARES_BYTES // (len(shares_of) * positions * dx.itemsize))
    for b in range(0, len(dx), side):
        slopes = dout[b : b + side].reshape(-1, len(weight), positions)
        shares = np.matmul(shares_of, slopes).reshape(len(slopes), *weight.shape[1:], *place.output)
        for tap in np.ndindex(place.kernel):
            (rows, on_rows), (columns, on_columns) = _met(tap, place)
            dx[b : b + side, :, on_rows, on_columns] += shares[:, :, *tap, rows, columns]


def _met(tap, place):
    """For each axis the positions at which a tap lies inside the image, and the pixels it meets there."""
    return [
        windows.inside(dilation * t - padding, stride, count, size)
        for t, dilation, padding, stride, count, size in zip(
            tap, place.dilation, place.padding, place.stride, place.output, place.image
        )
    ]


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
    """Yield (pixels, taps, start, dilation) of the phases of one axis that meet any tap.

    Tap m at position i meets pixel u = S i + D m - P. For u = first + S a this is position
    i = a - (D m - P - first) / S: whole for every (S / gcd)-th tap only, each shifted by D / gcd
    against the one before.
    """
    size, kernel, stride, dilation = (
        pair[axis] for pair in (place.image, place.kernel, place.stride, place.dilation)
    )
    apart = stride // math.gcd(stride, dilation)
    step = dilation * apart // stride
    for first in range(min(stride, size)):
        for m in range(min(apart, kernel)):
            shift = dilation * m - place.padding[axis] - first
            if shift % stride == 0:
                taps = slice(m, None, apart)
                count = len(range(m, kernel, apart))
                yield slice(first, None, stride), taps, -shift // stride - step * (count - 1), step
