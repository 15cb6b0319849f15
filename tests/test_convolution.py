"""Convolution against its definition, PyTorch, stored vectors, central differences and its own algebra."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath import _fast_convolution, _kernel_rows, _scratch, _window_strips, convolution, kernels, windows
from cnnmath.convolution import (
    conv2d, conv2d_backward, conv2d_backward_definition, conv2d_definition, convolve2d, correlate2d,
    correlate2d_definition, correlation_matrix, im2col,
)  # fmt: skip
from cnnmath.image import RAMP, RIDGE
from tests.convolution_cases import normal, random_case, small_integer

EDGE = kernels.kernel("vertical_edge")
seeds = st.integers(0, 2**32 - 1)


def case(seed, number=normal):
    return random_case(np.random.default_rng(seed), number)


def relative(actual, expected):
    """Largest error, relative to the largest entry."""
    return np.abs(actual - expected).max() / max(np.abs(expected).max(), 1e-300)


WAYS = {  # bytes of a portion, multiply-adds of a product, whether to take kernel rows, whether to scatter
    "strips": (1 << 20, 500_000, False, False),
    "strips of one row": (1, 1, False, True),
    "strips of some rows": (4000, 3000, False, False),
    "kernel rows": (1 << 20, 0, True, True),
    "kernel rows, one image row at a time": (1, 0, True, False),
    "kernel rows, some image rows at a time": (4000, 0, True, False),
}


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Every way to compute, its work cut at different places, so that small cases meet all seams."""
    size, work, kernel_rows, scatter = WAYS[request.param]
    monkeypatch.setattr(_window_strips, "STRIP_BYTES", size)
    monkeypatch.setattr(_window_strips, "WORK", work)
    monkeypatch.setattr(_kernel_rows, "BLOCK_BYTES", size)
    monkeypatch.setattr(_fast_convolution, "SHARES_BYTES", size)
    monkeypatch.setattr(_fast_convolution, "MANY", 0 if kernel_rows else 10**9)
    monkeypatch.setattr(_fast_convolution, "FEW", 10**9 if scatter else 0)


def test_the_running_example():
    assert correlate2d(RIDGE, EDGE).tolist() == [[-6, 0, 6]] * 3
    assert convolve2d(RIDGE, EDGE).tolist() == [[6, 0, -6]] * 3


def test_the_ramp_of_the_sources_gives_6_everywhere():
    assert (correlate2d(RAMP, EDGE) == 6).all() and (convolve2d(RAMP, EDGE) == -6).all()


@pytest.mark.parametrize("seed", range(40))
def test_fast_forms_equal_the_definition(seed, way):
    """On integers every sum is exact: equality, bit for bit."""
    x, weight, bias, dout, options = case(seed, small_integer)
    assert np.array_equal(conv2d(x, weight, bias, **options), conv2d_definition(x, weight, bias, **options))
    defined = conv2d_backward_definition(dout, x, weight, **options)
    for actual, expected in zip(conv2d_backward(dout, x, weight, **options), defined):
        assert np.array_equal(actual, expected)
    del options["groups"]
    expected = correlate2d_definition(x[0, 0], weight[0, 0], **options)
    assert np.array_equal(correlate2d(x[0, 0], weight[0, 0], **options), expected)
    assert np.array_equal(convolve2d(x[0, 0], weight[0, 0, ::-1, ::-1], **options), expected)


@settings(deadline=None)
@given(seeds, st.sampled_from(["float32", "float64", "int16", "uint8", "bool", "float16"]), st.booleans())
def test_any_dtype_and_memory_layout(seed, dtype, reverse):
    """Transposed, reversed and read-only arrays of any dtype: same numbers, nothing written to them."""
    x, weight, bias, dout, options = case(seed, small_integer)
    step = -1 if reverse else 1
    odd = [array.astype(dtype).T.copy().T[..., ::step] for array in (x, weight, dout)]
    for array in odd:
        array.flags.writeable = False
    before = [array.tobytes() for array in odd]
    plain = [np.ascontiguousarray(array, dtype=np.float64) for array in odd]
    out, expected = conv2d(*odd[:2], None, **options), conv2d(*plain[:2], None, **options)
    kept = dtype if dtype in ("float32", "float64") else "float64"
    assert out.dtype == kept and np.array_equal(out, expected)
    gradients = conv2d_backward(odd[2], *odd[:2], **options)
    for actual, expected in zip(gradients, conv2d_backward(plain[2], *plain[:2], **options)):
        assert actual.dtype == kept and np.array_equal(actual, expected)
    assert before == [array.tobytes() for array in odd]


def test_float32_only_where_all_arrays_are():
    single, double = np.ones((2, 2), np.float32), np.ones((2, 2))
    assert correlate2d(single, single).dtype == convolve2d(single, single).dtype == np.float32
    assert correlate2d(single, double).dtype == correlate2d(double, single).dtype == np.float64
    assert im2col(single, 1).dtype == correlation_matrix(single, (3, 3)).dtype == np.float32
    assert correlate2d_definition(single, single).dtype == np.float32
    batch = single[None, None]
    assert conv2d(batch, batch, np.ones(1, np.float32)).dtype == np.float32
    assert conv2d(batch, batch, np.ones(1)).dtype == np.float64


def test_400_random_cases_equal_pytorch(torch):
    """Forward to 1e-12, gradients to 1e-13 relative, over all settings, with H ≠ W and C_in ≠ C_out."""
    rng = np.random.default_rng(7)
    for _ in range(400):
        x, weight, bias, dout, options = random_case(rng, normal)
        tensors = [torch.from_numpy(array).requires_grad_() for array in (x, weight, bias)]
        expected = torch.nn.functional.conv2d(*tensors, **options)
        np.testing.assert_allclose(
            conv2d(x, weight, bias, **options), expected.detach().numpy(), rtol=0, atol=1e-12
        )
        gradients = torch.autograd.grad(expected, tensors, torch.from_numpy(dout))
        for actual, gradient in zip(conv2d_backward(dout, x, weight, **options), gradients):
            assert relative(actual, gradient.numpy()) <= 1e-13


def test_stored_pytorch_vectors(way):
    with np.load(Path(__file__).parent / "reference" / "convolution.npz") as file:
        stored = {name: file[name] for name in file}
    inputs, results = iter(stored["inputs"].astype(np.float64)), iter(stored["results"])
    for shapes, options in zip(stored["shapes"], stored["settings"]):
        x, weight, bias, dout = (take(inputs, shape) for shape in json.loads(str(shapes)))
        options = json.loads(str(options))
        computed = [conv2d(x, weight, bias, **options), *conv2d_backward(dout, x, weight, **options)]
        for actual in computed:
            assert np.array_equal(actual, take(results, actual.shape))
    assert next(inputs, None) is next(results, None) is None and len(stored["settings"]) == 100


def take(numbers, shape):
    return np.array([next(numbers) for _ in range(np.prod(shape))]).reshape(shape)


@settings(deadline=None)
@given(seeds)
def test_gradients_are_the_slopes(seed):
    """conv2d is linear in each argument: a central difference is exact for any step, here 1 on integers."""
    x, weight, bias, dout, options = case(seed, small_integer)
    rng = np.random.default_rng(seed)
    arrays = [x, weight, bias]
    for which, gradient in enumerate(conv2d_backward(dout, x, weight, **options)):
        index = tuple(int(rng.integers(n)) for n in gradient.shape)
        sums = []
        for step in (1, -1):
            moved = [array.copy() for array in arrays]
            moved[which][index] += step
            sums.append((conv2d(*moved, **options) * dout).sum())
        assert gradient[index] == (sums[0] - sums[1]) / 2


def test_needs_dx_false_leaves_dx_out():
    x, weight, _, dout, options = case(3)
    full = conv2d_backward(dout, x, weight, **options)
    dx, dweight, dbias = conv2d_backward(dout, x, weight, **options, needs_dx=False)
    assert dx is None and np.array_equal(dweight, full[1]) and np.array_equal(dbias, full[2])


def test_convolution_commutes_and_correlation_does_not(rng):
    a, b = rng.integers(-9, 10, (2, 3)), rng.integers(-9, 10, (4, 2))
    assert np.array_equal(convolve2d(a, b, padding=(3, 1)), convolve2d(b, a, padding=(1, 2)))
    correlated = correlate2d(a, b, padding=(3, 1))
    assert np.array_equal(correlated, correlate2d(b, a, padding=(1, 2))[::-1, ::-1])
    assert not np.array_equal(correlated, correlate2d(b, a, padding=(1, 2)))


@settings(deadline=None)
@given(seeds)
def test_correlation_matrix(seed):
    """A vec(I) is the correlation, Aᵀ vec(δ) the gradient of the image."""
    x, weight, _, dout, options = case(seed, small_integer)
    del options["groups"]
    image, kernel, delta = x[0, 0], weight[0, 0], dout[0, 0]
    matrix = correlation_matrix(kernel, image.shape, **options)
    assert np.array_equal(matrix @ image.ravel(), correlate2d(image, kernel, **options).ravel())
    dx = conv2d_backward(delta[None, None], image[None, None], kernel[None, None], **options)[0]
    assert np.array_equal(matrix.T @ delta.ravel(), dx.ravel())


def test_correlation_matrix_of_3x3_on_5x5():
    matrix = correlation_matrix(np.arange(1, 10).reshape(3, 3), (5, 5))
    assert matrix.shape == (9, 25) and np.count_nonzero(matrix) == 81
    assert matrix[4].reshape(5, 5)[1:4, 1:4].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert correlation_matrix([[1]], 2).tolist() == np.eye(4).tolist()


@settings(deadline=None)
@given(seeds)
def test_im2col(seed):
    x, weight, _, _, options = case(seed, small_integer)
    options["groups"] = 1
    weight = np.resize(weight, (len(weight), x.shape[1], *weight.shape[2:]))
    expected = conv2d(x, weight, **options)
    del options["groups"]
    columns = im2col(x, weight.shape[2:], **options)
    assert columns.shape == (len(x), weight[0].size, expected[0, 0].size)
    assert np.array_equal((weight.reshape(len(weight), -1) @ columns).reshape(expected.shape), expected)
    taps = weight[0, 0].size
    assert np.array_equal(im2col(x[0, 0], weight.shape[2:], **options), columns[0, :taps])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("seed", range(20))
def test_one_bad_number_reaches_exactly_what_it_enters(bad, seed, way):
    x, weight, bias, dout, options = case(seed, small_integer)
    dout[dout == 0] = 1
    weight[weight == 0] = 1
    x.flat[seed % x.size] = bad
    with np.errstate(invalid="ignore"):
        actual = [conv2d(x, weight, bias, **options), *conv2d_backward(dout, x, weight, **options)]
        expected = [conv2d_definition(x, weight, bias, **options)]
        expected += conv2d_backward_definition(dout, x, weight, **options)
    for one, other in zip(actual, expected):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(20))
def test_a_bad_weight_leaves_no_pixel_it_met_unmarked(seed):
    """It may mark more: at the border, where 0 · NaN is added (see the Notes of conv2d_backward)."""
    x, weight, _, dout, options = case(seed, small_integer)
    weight.flat[seed % weight.size] = np.nan
    actual, expected = (
        conv2d_backward(dout, x, weight, **options),
        conv2d_backward_definition(dout, x, weight, **options),
    )
    assert np.isnan(actual[0][np.isnan(expected[0])]).all()
    np.testing.assert_array_equal(actual[1], expected[1])


@pytest.mark.parametrize("groups", [1, 8])
def test_scratch_memory_stays_below_4_mb(groups):
    """32 × 64 × 32²: windows copied out in full would take 75 MB, a padded copy 9 MB."""
    x, weight = np.ones((32, 64, 32, 32), np.float32), np.ones((64, 64 // groups, 3, 3), np.float32)
    dout = np.ones_like(x)

    def scratch(function, *arguments):
        vars(_scratch._kept).clear()  # what is kept counts, too
        tracemalloc.start()
        results = function(*arguments)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - sum(result.nbytes for result in results)

    assert scratch(lambda: [conv2d(x, weight, padding=1, groups=groups)]) < 4e6
    assert scratch(lambda: conv2d_backward(dout, x, weight, padding=1, groups=groups)) < 4e6


x4, w4, d4 = np.ones((1, 4, 5, 5)), np.ones((6, 4, 3, 3)), np.ones((1, 6, 3, 3))
FUNCTIONS_2D = [correlate2d, convolve2d, correlate2d_definition]
FUNCTIONS_4D = [conv2d, conv2d_definition]


@pytest.mark.parametrize("function", FUNCTIONS_2D)
@pytest.mark.parametrize(
    "arguments, error, text",
    [
        ((x4, EDGE), ValueError, "image must have 2 dimensions (H, W); got an array of shape (1, 4, 5, 5). "
            "Use conv2d for channels and batches."),
        ((RIDGE[:0], EDGE), ValueError,
            "image must have no empty dimension (H, W); got an array of shape (0, 5). "
            "Use conv2d for channels and batches."),
        (("photo", EDGE), TypeError, 'image must be an array of real numbers; got "photo". '
            "Use conv2d for channels and batches."),
        ((RIDGE, [1, 0]), ValueError,
            "kernel must have 2 dimensions (K_h, K_w); got an array of shape (2,)."),
        ((RIDGE, np.ones((6, 1))), ValueError,
            "kernel height 6 must not exceed padded height 5 (H=5, padding=0). "
            "Use padding >= 1 or a smaller kernel."),
        ((RIDGE, EDGE, 0), ValueError, "stride must be an integer >= 1; got 0. "
            "Use stride=1 to visit every position."),
        ((RIDGE, EDGE, 1.5), TypeError, "stride must be an integer >= 1; got 1.5. "
            "Use stride=1 to visit every position."),
        ((RIDGE, EDGE, 1, -1), ValueError,
            "padding must be an integer >= 0; got -1. Use padding=0 for none."),
        ((RIDGE, EDGE, 1, 0, 0), ValueError, "dilation must be an integer >= 1; got 0. "
            "Use dilation=1 for adjacent taps."),
    ],
)  # fmt: skip
def test_refusals_in_two_dimensions(function, arguments, error, text):
    with pytest.raises(error) as caught:
        function(*arguments)
    assert str(caught.value) == f"{function.__name__}: {text}"


@pytest.mark.parametrize("function", [*FUNCTIONS_4D, conv2d_backward, conv2d_backward_definition])
@pytest.mark.parametrize(
    "x, weight, options, error, text",
    [
        (RIDGE, w4, {}, ValueError, "x must have 4 dimensions (N, C_in, H, W); got an array of shape (5, 5). "
            "Use image[None, None] for one grey image."),
        (x4, EDGE, {}, ValueError, "weight must have 4 dimensions (C_out, C_in / groups, K_h, K_w); "
            "got an array of shape (3, 3)."),
        (x4, w4[:, :3], {}, ValueError, "weight must have 4 channels in dimension 1 (C_in=4, groups=1); "
            "got an array of shape (6, 3, 3, 3). Give it the shape (6, 4, 3, 3)."),
        (x4, w4, {"groups": 2}, ValueError, "weight must have 2 channels in dimension 1 (C_in=4, groups=2); "
            "got an array of shape (6, 4, 3, 3). Give it the shape (6, 2, 3, 3)."),
        (x4, w4, {"groups": 3}, ValueError, "groups must divide C_in=4; got 3. Use a divisor of C_in."),
        (x4, w4[:, :1], {"groups": 4}, ValueError,
            "groups must divide C_out=6; got 4. Use a divisor of C_out."),
        (x4, w4, {"groups": 0}, ValueError, "groups must be an integer >= 1; got 0. "
            "Use groups=1 to connect all channels with all filters."),
        (x4, w4, {"dilation": 3}, ValueError,
            "dilated kernel height 7 (K_h=3, dilation=3) must not exceed padded "
            "height 5 (H=5, padding=0). Use padding >= 1 or a smaller kernel or dilation."),
    ],
)  # fmt: skip
def test_refusals_in_four_dimensions(function, x, weight, options, error, text):
    with pytest.raises(error) as caught:
        function(d4, x, weight, **options) if "backward" in function.__name__ else function(
            x, weight, **options
        )
    assert str(caught.value) == f"{function.__name__}: {text}"


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: conv2d(x4, w4, np.ones(4)), ValueError, "conv2d: bias must have shape (6,); "
            "got an array of shape (4,). Give one number for each filter."),
        (lambda: conv2d(x4, w4, 1.0), ValueError, "conv2d: bias must have 1 dimension (C_out); got 1."),
        (lambda: conv2d_backward(d4[:, :5], x4, w4), ValueError,
            "conv2d_backward: dout must have shape (1, 6, 3, 3); "
            "got an array of shape (1, 5, 3, 3). It has the shape of conv2d's result."),
        (lambda: conv2d_backward(d4[0], x4, w4), ValueError, "conv2d_backward: dout must have 4 dimensions "
            "(N, C_out, H_out, W_out); got an array of shape (6, 3, 3)."),
        (lambda: im2col(x4[0], 3), ValueError, "im2col: x must have 2 dimensions (H, W) or 4 (N, C, H, W); "
            "got an array of shape (4, 5, 5)."),
        (lambda: im2col(RIDGE[:0], 3), ValueError,
            "im2col: x must have 2 dimensions (H, W) or 4 (N, C, H, W); "
            "got an array of shape (0, 5). No dimension may be empty."),
        (lambda: im2col(RIDGE, 6), ValueError,
            "im2col: kernel height 6 must not exceed padded height 5 (H=5, padding=0). "
            "Use padding >= 1 or a smaller kernel."),
        (lambda: im2col(RIDGE, 2.0), TypeError,
            "im2col: kernel_size must be an integer >= 1, not a float; got 2."),
        (lambda: correlation_matrix([1], (2, 2)), ValueError,
            "correlation_matrix: kernel must have 2 dimensions "
            "(K_h, K_w); got an array of shape (1,)."),
        (lambda: correlation_matrix(EDGE, (5, 5, 1)), ValueError,
            "correlation_matrix: image_shape must be an integer "
            ">= 1 or a pair of them; got (5, 5, 1)."),
        (lambda: correlation_matrix(EDGE, (2, 5)), ValueError,
            "correlation_matrix: kernel height 3 must not exceed "
            "padded height 2 (H=2, padding=0). Use padding >= 1 or a smaller kernel."),
    ],
)  # fmt: skip
def test_other_refusals(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text


def test_output_size_is_the_one_of_windows():
    assert convolution.output_size is windows.output_size
