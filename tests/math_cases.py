"""Random cases and checks that the tests of several mathematical modules, and their reference vectors, share."""

import numpy as np

LAYOUTS = {
    "row-major": np.ascontiguousarray,
    "column-major": np.asfortranarray,
    "reversed": lambda x: np.flip(np.flip(x).copy()),
    "every second entry": lambda x: np.repeat(np.atleast_1d(x), 2, axis=-1)[..., ::2].reshape(x.shape, copy=False),
}


def relative_error(actual, expected):
    """Largest difference over the largest magnitude of `expected`; plain where that is 0."""
    expected = np.asarray(expected)
    assert np.shape(actual) == expected.shape
    return np.abs(actual - expected).max(initial=0) / (np.abs(expected).max(initial=0) or 1)


def arrays_of(result):
    """The arrays of a result that may be an array, a number or a nested tuple."""
    return [a for item in result for a in arrays_of(item)] if isinstance(result, tuple) else [np.asarray(result)]


def assert_pure(function, *arrays):
    """`function(*arrays)` keeps the dtype, changes and returns no input, and minds no memory layout.

    The inputs are read-only, so that writing into one fails; the results are not.
    """
    for dtype, tolerance in ((np.float32, 1e-4), (np.float64, 1e-12), (np.int64, 1e-12)):
        given = [np.asarray(array).astype(dtype) for array in arrays]
        expected = arrays_of(function(*(array.copy() for array in given)))
        for name, layout in LAYOUTS.items():
            inputs = [np.asarray(layout(array)) for array in given]
            for array in inputs:
                array.flags.writeable = False
            results = arrays_of(function(*inputs))
            for before, after in zip(given, inputs):
                np.testing.assert_array_equal(after, before)
            for result, wanted in zip(results, expected, strict=True):
                assert result.dtype == (np.float64 if dtype == np.int64 else dtype) and result.flags.writeable, name
                np.testing.assert_allclose(result, wanted, rtol=tolerance, atol=tolerance, err_msg=name)
                assert not any(np.shares_memory(result, array) for array in inputs), name


def pooling_case(rng):
    """(x, dout, (kernel_size, stride, padding)): small integers, so that ties abound and sums are exact."""
    while True:
        size, kernel, stride = rng.integers(1, 10, 2), rng.integers(1, 5, 2), rng.integers(1, 5, 2)
        padding = rng.integers(0, kernel // 2 + 1)
        room = size + 2 * padding - kernel
        if (room >= 0).all():
            break
    leading = rng.integers(1, 4, 2)
    x = rng.integers(-2, 3, (*leading, *size)).astype(np.float64)
    dout = rng.integers(-9, 10, (*leading, *(room // stride + 1))).astype(np.float64)
    return x, dout, tuple(tuple(int(n) for n in pair) for pair in (kernel, stride, padding))


def batch_norm_case(rng):
    """(x, dout, gamma, beta, running_mean, running_var, {training, momentum, eps}) for images or features.

    Two entries alone would always become -1 and 1: their dx would be rounding.
    """
    batch, channels, height, width = (int(n) for n in rng.integers([3, 1, 1, 1], 6))
    shape = (batch, channels, height, width) if rng.random() < 0.7 else (batch, channels)
    x, dout = rng.integers(-40, 41, (2, *shape)) / 8
    gamma, beta, mean = rng.integers(-16, 17, (3, channels)) / 8
    var = rng.integers(1, 33, channels) / 8
    options = {
        "training": bool(rng.random() < 0.7),
        "momentum": float(rng.choice([0, 0.1, 0.5, 1])),
        "eps": float(rng.choice([1e-5, 1e-3, 1])),
    }
    return x, dout, gamma, beta, mean, var, options


def cross_entropy_case(rng):
    """(logits (N, K), labels): normal numbers, times 1000 in every other case."""
    count, classes = (int(n) for n in rng.integers([1, 2], [9, 12]))
    logits = rng.standard_normal((count, classes)) * rng.choice([1, 1000])
    return logits, rng.integers(0, classes, count)


def join(arrays):
    """Arrays as one, and their shapes: many small members would fill an .npz with headers."""
    arrays = [np.asarray(array) for array in arrays]
    shapes = np.array([[array.ndim, *array.shape, *(0,) * (4 - array.ndim)] for array in arrays], dtype=np.int16)
    return np.concatenate([array.ravel() for array in arrays]), shapes


def split(joined, shapes):
    """The arrays that `join` was given."""
    shapes = [tuple(shape[1 : 1 + shape[0]].tolist()) for shape in shapes]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(joined, ends[:-1]), shapes)]
