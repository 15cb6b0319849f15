"""Random convolutions, for the tests and for the stored reference vectors alike."""

import numpy as np


def random_case(rng, number):
    """Arrays and settings of one convolution: (x, weight, bias, dout, {stride, padding, dilation, groups}).

    `number(rng, shape)` draws an array. Sizes, strides, paddings and dilations differ vertically and
    horizontally; paddings may exceed the kernel.
    """
    while True:
        groups, channels, filters = (int(n) for n in rng.integers(1, [3, 4, 4]))
        size, kernel = rng.integers(1, 11, 2), rng.integers(1, 5, 2)
        stride, padding, dilation = rng.integers(1, 4, 2), rng.integers(0, 4, 2), rng.integers(1, 4, 2)
        room = size + 2 * padding - dilation * (kernel - 1) - 1
        if (room >= 0).all():
            break
    batch = int(rng.integers(1, 4))
    x = number(rng, (batch, groups * channels, *size))
    weight = number(rng, (groups * filters, channels, *kernel))
    bias = number(rng, (len(weight),))
    dout = number(rng, (batch, len(weight), *(room // stride + 1)))
    pairs = {"stride": stride, "padding": padding, "dilation": dilation}
    settings = {name: tuple(int(n) for n in pair) for name, pair in pairs.items()}
    return x, weight, bias, dout, {**settings, "groups": groups}


def normal(rng, shape):
    return rng.standard_normal(shape)


def small_integer(rng, shape):
    """Integers as floats: every sum of their products is exact, in any order."""
    return rng.integers(-9, 10, shape).astype(np.float64)
