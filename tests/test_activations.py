"""Activations equal PyTorch's, their gradients equal central differences, and no number upsets them."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath import activations
from cnnmath.gradcheck import check_gradients
from tests.math_cases import assert_pure

STORED = np.load(Path(__file__).parent / "reference" / "activations.npz")
OPTIONS = {
    "leaky_relu_2": {"negative_slope": 2},
    "gelu_tanh": {"approximate": "tanh"},
    "softmax_0": {"axis": 0},
    "log_softmax_0": {"axis": 0},
}
NAMES = [name for name in STORED.files if f"{name}_dx" in STORED.files]
ELEMENTWISE = [name for name in NAMES if "softmax" not in name]
FUNCTIONS = ["relu", "leaky_relu", "sigmoid", "tanh", "gelu", "softmax", "log_softmax"]
INF = math.inf


def forms(name):
    """The function and its gradient, with the options that `name` stands for."""
    options = OPTIONS.get(name, {})
    base = name.rsplit("_", 1)[0] if options else name
    return (partial(getattr(activations, f"{base}{end}"), **options) for end in ("", "_backward"))


def pytorch(torch, name):
    functional, options = torch.nn.functional, dict(OPTIONS.get(name, {}))
    base = name.rsplit("_", 1)[0] if options else name
    if "softmax" in name:
        options = {"dim": options.get("axis", -1)}
    return partial(getattr(functional, base), **options)


def assert_near(actual, expected, x, units):
    """Equal to some units of rounding of x or of the result: PyTorch's GELU rounds before it multiplies by x."""
    unit = np.finfo(x.dtype).eps
    error = np.abs(actual - expected) / (unit * np.maximum(4, np.maximum(np.abs(x), np.abs(expected))))
    assert error.max() <= units, error.max()


@pytest.mark.parametrize("name", NAMES)
def test_equals_stored_results_of_pytorch(name):
    forward, backward = forms(name)
    x, dout = STORED["x"], STORED["dout"]
    assert_near(forward(x), STORED[name], x, 2)
    assert_near(backward(dout, x), STORED[f"{name}_dx"], x, 4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_equals_pytorch(torch, rng, name, dtype):
    forward, backward = forms(name)
    x, dout = rng.standard_normal((2, 50, 12)).astype(dtype)
    x *= np.logspace(-3, 2, 12).astype(dtype)
    tensor = torch.from_numpy(x).requires_grad_()
    out = pytorch(torch, name)(tensor)
    dx = torch.autograd.grad(out, tensor, torch.from_numpy(dout))[0]
    assert_near(forward(x), out.detach().numpy(), x, 2)
    assert_near(backward(dout, x), dx.numpy(), x, 4)


@pytest.mark.parametrize(
    "name, definition",
    [
        ("relu", lambda x: max(x, 0)),
        ("leaky_relu", lambda x: x if x > 0 else 0.01 * x),
        ("sigmoid", lambda x: 1 / (1 + math.exp(-x))),
        ("tanh", math.tanh),
        ("gelu", lambda x: x * math.erfc(-x / math.sqrt(2)) / 2),
        ("gelu_tanh", lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    ],
)
def test_equals_the_formula(name, definition):
    x = np.linspace(-30, 30, 2001)
    expected = np.array([definition(number) for number in x])
    actual = next(forms(name))(x)
    assert_near(actual, expected, x, 1)
    if name != "gelu_tanh":  # small values keep their digits, as far as exp(-x²) does
        assert (np.abs(actual - expected) <= 4e-16 * (4 + x**2) * np.abs(expected)).all()


def test_gelu_is_x_times_the_normal_distribution():
    x = np.linspace(-6, 6, 1001)
    expected = [number * (1 + math.erf(number / math.sqrt(2))) / 2 for number in x]
    assert np.abs(activations.gelu(x) - expected).max() <= 1e-15
    approximate = np.abs(activations.gelu(x, approximate="tanh") - expected)
    assert 0.0004 < approximate.max() < 0.00048


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 2**32 - 1), shape=st.lists(st.integers(1, 4), min_size=1, max_size=3))
@settings(max_examples=15, deadline=None)
def test_gradient_equals_central_differences(name, seed, shape):
    rng = np.random.default_rng(seed)
    forward, backward = forms(name)
    x, dout = rng.standard_normal((2, *shape))
    x += np.copysign(0.01, x)  # away from the kinks at 0
    check_gradients(lambda x: np.sum(dout * forward(x)), x, backward(dout, x))


def test_relu_has_slope_0_at_0_and_central_differences_do_not():
    assert activations.relu_backward([5], [0]) == 0 and activations.relu_backward([5], [-0.0]) == 0
    assert activations.leaky_relu_backward([5], [0], negative_slope=0.5) == 2.5
    with pytest.raises(ValueError, match="slopes left and right are 0 and 1: at a kink"):
        check_gradients(lambda x: activations.relu(x)[0], [0], activations.relu_backward([1], [0]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name, values, slopes",
    [
        ("relu", [0, 0, 1e4, INF], [0, 0, 1, 1]),
        ("leaky_relu_2", [-INF, -2e4, 1e4, INF], [2, 2, 1, 1]),
        ("sigmoid", [0, 0, 1, 1], [0, 0, 0, 0]),
        ("tanh", [-1, -1, 1, 1], [0, 0, 0, 0]),
        ("gelu", [0, 0, 1e4, INF], [0, 0, 1, 1]),
        ("gelu_tanh", [0, 0, 1e4, INF], [0, 0, 1, 1]),
    ],
)
def test_far_out_and_at_infinity(name, values, slopes, dtype):
    """Exact limits, and (as warnings are errors here) not a word."""
    forward, backward = forms(name)
    x = np.array([-INF, -1e4, 1e4, INF], dtype)
    np.testing.assert_array_equal(forward(x), values)
    np.testing.assert_array_equal(backward(np.ones_like(x), x), slopes)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nan_stays_where_it_is(name):
    out = next(forms(name))(np.array([1.0, np.nan, -1.0]))
    np.testing.assert_array_equal(np.isnan(out), [False, True, False])


def test_leaky_relu_of_minus_infinity_with_slope_0_is_nan():
    np.testing.assert_array_equal(activations.leaky_relu([-INF, INF], 0), [np.nan, INF])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_far_out_and_at_infinity(dtype):
    x = np.array([[1e4, -1e4, 1e4], [-INF, 0, -INF], [INF, 0, 0], [-INF, -INF, -INF]], dtype)
    nan = [np.nan] * 3
    np.testing.assert_array_equal(activations.softmax(x), [[0.5, 0, 0.5], [0, 1, 0], nan, nan])
    log = activations.log_softmax(x)
    np.testing.assert_allclose(log[0], [-math.log(2), -2e4, -math.log(2)], rtol=1e-4)
    np.testing.assert_array_equal(log[1:], [[-INF, 0, -INF], nan, nan])
    dout = np.ones_like(x[:2])
    np.testing.assert_array_equal(activations.softmax_backward(dout, x[:2]), np.zeros((2, 3)))
    np.testing.assert_array_equal(activations.log_softmax_backward(dout, x[:2]), [[-0.5, 1, -0.5], [1, -2, 1]])


@given(seed=st.integers(0, 2**32 - 1), axis=st.integers(-3, 2), shift=st.floats(-1e3, 1e3))
@settings(max_examples=25, deadline=None)
def test_softmax_sums_to_1_and_minds_no_shift(seed, axis, shift):
    x = np.random.default_rng(seed).standard_normal((3, 4, 5)) * 20
    p = activations.softmax(x, axis)
    np.testing.assert_allclose(p.sum(axis), 1, rtol=1e-14)
    np.testing.assert_allclose(activations.softmax(x + shift, axis), p, rtol=1e-11)
    np.testing.assert_allclose(np.exp(activations.log_softmax(x, axis)), p, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 2**32 - 1), shape=st.lists(st.integers(1, 4), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None)
def test_pure_for_every_shape_dtype_and_layout(name, seed, shape):
    forward, backward = forms(name)
    x, dout = np.random.default_rng(seed).integers(-4, 5, (2, *shape))
    assert_pure(forward, x)
    assert_pure(lambda x, dout: backward(dout, x), x, dout)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_numbers_lists_and_empty_arrays_are_arrays(name):
    forward, backward = forms(name)
    assert forward(2) == forward([2])[0] and backward(3, 2) == backward([3], [2])[0]
    assert forward(np.zeros((0, 3))).shape == backward(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_dout_takes_the_dtype_of_x(name):
    _, backward = forms(name)
    assert backward(np.ones((2, 3)), np.ones((2, 3), np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", FUNCTIONS)
def test_refuses_what_is_no_number_and_a_dout_of_another_shape(name):
    forward, backward = forms(name)
    with pytest.raises(TypeError) as caught:
        forward(["a", "b"])
    assert str(caught.value) == f"{name}: x must be an array of real numbers; got [\"a\", \"b\"]."
    with pytest.raises(ValueError) as caught:
        backward(np.zeros((2, 2)), np.zeros((2, 3)))
    words = "dout must have shape (2, 3); got an array of shape (2, 2). It has the shape of x."
    assert str(caught.value) == f"{name}_backward: {words}"


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: activations.leaky_relu([1], negative_slope=INF),
            ValueError,
            "leaky_relu: negative_slope must be a finite number; got inf.",
        ),
        (
            lambda: activations.leaky_relu_backward([1], [1], negative_slope=None),
            TypeError,
            "leaky_relu_backward: negative_slope must be a finite number; got None.",
        ),
        (
            lambda: activations.gelu([1], approximate="erf"),
            ValueError,
            'gelu: approximate must be one of "none", "tanh"; got "erf".',
        ),
        (
            lambda: activations.gelu_backward([1], [1], approximate=True),
            ValueError,
            'gelu_backward: approximate must be one of "none", "tanh"; got True.',
        ),
        (lambda: activations.softmax(3), ValueError, "softmax: x must have at least one dimension; got 3."),
        (
            lambda: activations.log_softmax([[1, 2]], axis=2),
            ValueError,
            "log_softmax: axis must be an integer < 2; got 2. Use axis=-1 for the last.",
        ),
        (
            lambda: activations.softmax([[1, 2]], axis=-3),
            ValueError,
            "softmax: axis must be an integer >= -2; got -3. Use axis=-1 for the last.",
        ),
        (
            lambda: activations.softmax_backward([1], [1], axis=None),
            TypeError,
            "softmax_backward: axis must be an integer >= -1; got None. Use axis=-1 for the last.",
        ),
        (
            lambda: activations.log_softmax_backward(np.zeros((2, 0)), np.zeros((2, 0))),
            ValueError,
            "log_softmax_backward: x must have at least one entry along axis -1; got an array of shape (2, 0).",
        ),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == words
