"""Pooling against its definitions, PyTorch, stored vectors and central differences; ties, NaN and infinities."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath import pooling
from cnnmath.gradcheck import check_gradients
from cnnmath.pooling import (
    avg_pool2d, avg_pool2d_backward, avg_pool2d_backward_definition, avg_pool2d_definition, global_avg_pool2d,
    global_avg_pool2d_backward, max_pool2d, max_pool2d_backward, max_pool2d_backward_definition,
    max_pool2d_definition, max_pool2d_with_winners,
)  # fmt: skip
from tests.math_cases import assert_pure, pooling_case, relative_error, split

STORED = np.load(Path(__file__).parent / "reference" / "pooling.npz")
SEEDS = st.integers(0, 2**32 - 1)
INF, NAN = np.inf, np.nan


def flat_indices(winners, settings, width):
    """The winners as PyTorch counts them: i W + j of the winning pixel in its plane."""
    (_, k_w), (s_h, s_w), (p_h, p_w) = settings
    rows, columns = (np.arange(n) for n in winners.shape[2:])
    m, n = np.divmod(winners.astype(int), k_w)
    return (s_h * rows[:, None] + m - p_h) * width + s_w * columns + n - p_w


def pytorch(torch, name, x, dout, settings):
    """Output and gradient; for max_pool2d the output is followed by the indices."""
    x = torch.from_numpy(x).requires_grad_()
    options = {"return_indices": True} if name == "max_pool2d" else {}
    result = getattr(torch.nn.functional, name)(x, *settings, **options)
    out, *indices = result if options else (result,)
    gradient = torch.autograd.grad(out, x, torch.from_numpy(dout))[0]
    return [tensor.detach().numpy() for tensor in (out, *indices, gradient)]


def test_equals_200_stored_poolings_of_pytorch():
    x = split(STORED["x"].astype(float), STORED["x_shapes"])
    dout, largest, index, mean = (
        split(STORED[name], STORED["dout_shapes"]) for name in ("dout", "max", "index", "mean")
    )
    max_dx, mean_dx = (split(STORED[name], STORED["x_shapes"]) for name in ("max_dx", "mean_dx"))
    assert len(x) == 200
    for case, placed in enumerate(STORED["settings"].tolist()):
        image, upstream = x[case], dout[case].astype(float)
        out, winners = max_pool2d_with_winners(image, *placed)
        np.testing.assert_array_equal(out, largest[case])
        np.testing.assert_array_equal(flat_indices(winners, placed, image.shape[3]), index[case])
        np.testing.assert_array_equal(max_pool2d_backward(upstream, image, *placed), max_dx[case])
        assert relative_error(avg_pool2d(image, *placed), mean[case]) <= 2.3e-16
        assert relative_error(avg_pool2d_backward(upstream, image, *placed), mean_dx[case]) <= 1e-15


def test_equals_pytorch_in_200_cases_with_ties(torch):
    rng = np.random.default_rng(1)
    for _ in range(200):
        x, dout, placed = pooling_case(rng)
        dout = rng.standard_normal(dout.shape)
        out, index, dx = pytorch(torch, "max_pool2d", x, dout, placed)
        actual, winners = max_pool2d_with_winners(x, *placed)
        np.testing.assert_array_equal(actual, out)
        np.testing.assert_array_equal(flat_indices(winners, placed, x.shape[3]), index)
        for handed in (None, winners):
            assert relative_error(max_pool2d_backward(dout, x, *placed, winners=handed), dx) <= 1e-15
        out, dx = pytorch(torch, "avg_pool2d", x, dout, placed)
        assert relative_error(avg_pool2d(x, *placed), out) <= 1e-15
        assert relative_error(avg_pool2d_backward(dout, x, *placed), dx) <= 1e-14


@pytest.mark.parametrize("dtype, tolerance", [("float32", 3e-7), ("float64", 1e-15)])
def test_many_planes_equal_pytorch(torch, rng, dtype, tolerance):
    """More than one block of planes, and a last one that is not full."""
    x = rng.standard_normal((37, 5, 40, 39)).astype(dtype)
    assert x.nbytes > 2 * pooling._BLOCK and x.nbytes % pooling._BLOCK
    for placed in ((2, 2, 0), (3, 2, 1), ((3, 2), (1, 3), (1, 0))):
        out = max_pool2d(x, *placed)
        dout = rng.standard_normal(out.shape).astype(dtype)
        expected, _, dx = pytorch(torch, "max_pool2d", x, dout, placed)
        np.testing.assert_array_equal(out, expected)
        assert relative_error(max_pool2d_backward(dout, x, *placed), dx) <= tolerance
        expected, dx = pytorch(torch, "avg_pool2d", x, dout, placed)
        assert relative_error(avg_pool2d(x, *placed), expected) <= tolerance
        assert relative_error(avg_pool2d_backward(dout, x, *placed), dx) <= tolerance


def test_nan_and_infinities_as_in_pytorch(torch):
    """A NaN beats all, the last of several wins; where all is -inf the first entry of the image wins."""
    rng = np.random.default_rng(2)
    for _ in range(200):
        x, dout, placed = pooling_case(rng)
        x = rng.choice([NAN, -INF, -INF, -INF, INF, 0], x.shape, p=[0.1, 0.3, 0.2, 0.1, 0.1, 0.2])
        out, index, dx = pytorch(torch, "max_pool2d", x, dout, placed)
        actual, winners = max_pool2d_with_winners(x, *placed)
        np.testing.assert_array_equal(actual, out)
        np.testing.assert_array_equal(flat_indices(winners, placed, x.shape[3]), index)
        np.testing.assert_array_equal(max_pool2d_backward(dout, x, *placed), dx)


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_fast_forms_equal_the_definitions(seed):
    x, dout, placed = pooling_case(np.random.default_rng(seed))
    np.testing.assert_array_equal(max_pool2d(x, *placed), max_pool2d_definition(x, *placed))
    expected = max_pool2d_backward_definition(dout, x, *placed)
    np.testing.assert_array_equal(max_pool2d_backward(dout, x, *placed), expected)
    np.testing.assert_allclose(avg_pool2d(x, *placed), avg_pool2d_definition(x, *placed), rtol=1e-15)
    expected = avg_pool2d_backward_definition(dout, x, *placed)
    np.testing.assert_allclose(avg_pool2d_backward(dout, x, *placed), expected, rtol=0, atol=1e-13)


@given(seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_gradients_equal_central_differences(seed):
    rng = np.random.default_rng(seed)
    x, dout, placed = pooling_case(rng)
    x = rng.permutation(x.size).reshape(x.shape) / 8  # no two entries alike: away from the kinks
    check_gradients(lambda x: np.sum(dout * max_pool2d(x, *placed)), x, max_pool2d_backward(dout, x, *placed))
    check_gradients(lambda x: np.sum(dout * avg_pool2d(x, *placed)), x, avg_pool2d_backward(dout, x, *placed))
    dout = dout[:, :, :1, :1]
    check_gradients(lambda x: np.sum(dout * global_avg_pool2d(x)), x, global_avg_pool2d_backward(dout, x))


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_pure_for_every_shape_dtype_and_layout(seed):
    x, dout, placed = pooling_case(np.random.default_rng(seed))
    assert_pure(lambda x: max_pool2d(x, *placed), x)
    assert_pure(lambda dout, x: max_pool2d_backward(dout, x, *placed), dout, x)
    assert_pure(lambda x: avg_pool2d(x, *placed), x)
    assert_pure(lambda dout, x: avg_pool2d_backward(dout, x, *placed), dout, x)
    assert_pure(global_avg_pool2d, x)
    assert_pure(global_avg_pool2d_backward, dout[:, :, :1, :1], x)


@given(seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_winners_point_at_the_maxima_inside_the_image(seed):
    x, _, placed = pooling_case(np.random.default_rng(seed))
    x.flags.writeable = False
    out, winners = max_pool2d_with_winners(x, *placed)
    assert winners.dtype == np.uint8 and winners.shape == out.shape
    index = flat_indices(winners, placed, x.shape[3]).reshape(*x.shape[:2], -1)
    planes = x.reshape(*x.shape[:2], -1)
    np.testing.assert_array_equal(np.take_along_axis(planes, index, -1).reshape(out.shape), out)


@pytest.mark.parametrize("kernel, dtype", [((16, 16), np.uint8), ((16, 17), np.uint16)])
def test_a_window_of_many_taps_counts_in_wider_integers(kernel, dtype):
    x = np.arange(20.0 * 20).reshape(1, 1, 20, 20)
    out, winners = max_pool2d_with_winners(x, kernel, 1)
    assert winners.dtype == dtype and (winners == kernel[0] * kernel[1] - 1).all()
    np.testing.assert_array_equal(out, max_pool2d_definition(x, kernel, 1))
    assert max_pool2d_backward(np.ones_like(out), x, kernel, 1).sum() == out.size


def test_ties_go_to_the_first_in_row_major_order():
    x = np.array([[[[0.0, 7, 7], [7, 7, 1]]]])
    assert max_pool2d_with_winners(x, (2, 2), 1)[1].tolist() == [[[[1, 0]]]]
    np.testing.assert_array_equal(max_pool2d_backward([[[[2, 3]]]], x, 2, 1), [[[[0, 5, 0], [0, 0, 0]]]])


def test_the_running_example():
    rectified = np.array([[[[0.0, 0, 6]] * 3]])
    np.testing.assert_array_equal(max_pool2d(rectified, 2, 1), [[[[0, 6], [0, 6]]]])
    x = [[[[1, 3, 2, 4], [5, 6, 1, 2], [7, 2, 9, 1], [3, 4, 0, 8]]]]
    np.testing.assert_array_equal(max_pool2d(x, 2), [[[[6, 4], [7, 9]]]])
    np.testing.assert_array_equal(avg_pool2d(x, 2), [[[[3.75, 2.25], [4, 4.5]]]])
    np.testing.assert_array_equal(max_pool2d(x, 2, 1).shape, (1, 1, 3, 3))


def test_average_counts_the_zeros_of_the_padding():
    x = np.ones((1, 1, 2, 2))
    np.testing.assert_array_equal(avg_pool2d(x, 2, 2, 1), np.full((1, 1, 2, 2), 0.25))
    np.testing.assert_array_equal(max_pool2d(-x, 2, 2, 1), -np.ones((1, 1, 2, 2)))


def test_a_nan_reaches_its_windows_only():
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 0, 1] = NAN
    for pool in (max_pool2d, avg_pool2d):
        np.testing.assert_array_equal(np.isnan(pool(x, 2)), [[[[True, False], [False, False]]]])


def test_global_average_is_an_average_over_the_whole_image(rng):
    x = rng.standard_normal((2, 3, 4, 5))
    np.testing.assert_allclose(global_avg_pool2d(x), avg_pool2d(x, (4, 5)), rtol=1e-13)
    dout = rng.standard_normal((2, 3, 1, 1))
    np.testing.assert_allclose(global_avg_pool2d_backward(dout, x), avg_pool2d_backward(dout, x, (4, 5)), rtol=1e-15)


def test_scratch_memory_stays_small():
    """A few blocks beyond the results, whatever the size of the batch."""
    x = np.ones((64, 16, 64, 64), np.float32)
    out, winners = max_pool2d_with_winners(x, 2)
    tracemalloc.start()
    results = max_pool2d_with_winners(x, 2), max_pool2d_backward(out, x, 2, winners=winners)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = sum(array.nbytes for array in (*results[0], results[1]))
    assert peak - kept < 3 * 2**20


X = np.zeros((2, 3, 5, 4))
SHAPED = "x must have 4 dimensions (N, C, H, W); got an array of shape (5, 4)."
KERNEL = "kernel width 5 must not exceed padded width 4 (W=4, padding=0). Use padding >= 1 or a smaller kernel."


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "max_pool2d_with_winners"])
@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ((X[0, 0], 2), ValueError, SHAPED),
        ((X[:0], 2), ValueError, "x must have no empty dimension (N, C, H, W); got an array of shape (0, 3, 5, 4)."),
        (([[[["a"]]]], 1), TypeError, 'x must be an array of real numbers; got [[[["a"]]]].'),
        ((X, 5), ValueError, KERNEL),
        ((X, "2"), TypeError, 'kernel_size must be an integer >= 1; got "2".'),
        ((X, 2, 0), ValueError, "stride must be an integer >= 1; got 0. Use stride=1 to visit every position."),
        ((X, 2, 2, -1), ValueError, "padding must be an integer >= 0; got -1. Use padding=0 for none."),
        ((X, 3, 1, 2), ValueError, "padding must be at most half the kernel height 3; got 2. Use padding <= 1."),
        ((X, (3, 1), 1, 1), ValueError, "padding must be at most half the kernel width 1; got 1. Use padding <= 0."),
    ],
)
def test_refusals(name, arguments, error, words):
    with pytest.raises(error) as caught:
        getattr(pooling, name)(*arguments)
    assert str(caught.value) == f"{name}: {words}"


DOUT = np.zeros((2, 3, 2, 2))
WINNERS = DOUT.astype(int)
HANDED = "Pass what max_pool2d_with_winners returned."


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: max_pool2d_backward(DOUT[:1], X, 2),
            ValueError,
            "max_pool2d_backward: dout must have shape (2, 3, 2, 2); got an array of shape (1, 3, 2, 2). "
            "It has the shape of the pooled result.",
        ),
        (
            lambda: avg_pool2d_backward(DOUT, X, 1),
            ValueError,
            "avg_pool2d_backward: dout must have shape (2, 3, 5, 4); got an array of shape (2, 3, 2, 2). "
            "It has the shape of the pooled result.",
        ),
        (
            lambda: max_pool2d_backward(DOUT, X, 2, winners=DOUT),
            TypeError,
            f"max_pool2d_backward: winners must be integers; got an array of shape (2, 3, 2, 2). {HANDED}",
        ),
        (
            lambda: max_pool2d_backward(DOUT, X, 2, winners=WINNERS[0]),
            ValueError,
            "max_pool2d_backward: winners must have shape (2, 3, 2, 2); got an array of shape (3, 2, 2). " + HANDED,
        ),
        (
            lambda: max_pool2d_backward(DOUT, X, 2, winners=WINNERS + 4),
            ValueError,
            f"max_pool2d_backward: winners must be taps from 0 to 3; got 4. {HANDED}",
        ),
        (
            lambda: max_pool2d_backward(DOUT, X, 2, winners=WINNERS - 1),
            ValueError,
            f"max_pool2d_backward: winners must be taps from 0 to 3; got -1. {HANDED}",
        ),
        (lambda: global_avg_pool2d(X[0, 0]), ValueError, f"global_avg_pool2d: {SHAPED}"),
        (
            lambda: global_avg_pool2d_backward(DOUT, X),
            ValueError,
            "global_avg_pool2d_backward: dout must have shape (2, 3, 1, 1); got an array of shape (2, 3, 2, 2). "
            "It has the shape of the pooled result.",
        ),
    ],
)
def test_refusals_of_gradients(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == words
