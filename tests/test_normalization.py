"""Batch normalization equals PyTorch's, its gradients equal central differences, and no statistic is overwritten."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath.gradcheck import check_gradients
from cnnmath.normalization import batch_norm, batch_norm_backward
from tests.math_cases import assert_pure, batch_norm_case, relative_error, split

STORED = np.load(Path(__file__).parent / "reference" / "normalization.npz")
SEEDS = st.integers(0, 2**32 - 1)


def all_results(x, dout, gamma, beta, mean, var, options):
    """out, new mean, new variance, dx, dgamma, dbeta: what PyTorch's results are compared with."""
    out, running = batch_norm(x, gamma, beta, mean, var, **options)
    settings = {name: value for name, value in options.items() if name != "momentum"}
    return out, *running, *batch_norm_backward(dout, x, gamma, mean, var, **settings)


def test_equals_stored_results_of_pytorch():
    def stored(name):
        return split(STORED[name], STORED["x_shapes" if name in ("x", "dout", "out", "dx") else "gamma_shapes"])

    inputs = zip(*(stored(name) for name in ("x", "dout", "gamma", "beta", "running_mean", "running_var")))
    results = list(zip(*(stored(name) for name in ("out", "new_mean", "new_var", "dx", "dgamma", "dbeta"))))
    assert len(results) == 40
    for case, wanted, options in zip(inputs, results, STORED["options"], strict=True):
        for actual, expected in zip(all_results(*case, json.loads(str(options))), wanted, strict=True):
            assert relative_error(actual, expected) <= 1e-13


def test_equals_pytorch_in_100_cases(torch):
    rng = np.random.default_rng(1)
    for _ in range(100):
        x, dout, *channels, options = batch_norm_case(rng)
        x, dout = rng.standard_normal((2, *x.shape))
        gamma, beta, mean, var = channels
        tensors = [torch.from_numpy(array).requires_grad_() for array in (x, gamma, beta)]
        running = torch.tensor(mean), torch.tensor(var)
        out = torch.nn.functional.batch_norm(tensors[0], *running, *tensors[1:], **options)
        gradients = torch.autograd.grad(out, tensors, torch.from_numpy(dout))
        expected = [tensor.detach().numpy() for tensor in (out, *running, *gradients)]
        actual = all_results(x, dout, gamma, beta, mean, var, options)
        errors = [relative_error(*pair) for pair in zip(actual, expected, strict=True)]
        assert max(errors) <= 1e-13, errors


@pytest.mark.parametrize("shape", [(64, 3, 28, 28), (20_000, 3)])
def test_float32_far_from_0_keeps_its_digits(rng, shape):
    """Numbers around 1000: their sum over the batch in float32 would be off in the fifth digit."""
    x = (1000 + rng.standard_normal(shape)).astype(np.float32)
    ones, axes = np.ones(3, np.float32), (0, 2, 3)[: len(shape) - 1]
    out, (mean, var) = batch_norm(x, ones, 0 * ones, momentum=1)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(axes), rtol=1e-7)
    np.testing.assert_allclose(var, exact.var(axes, ddof=1), rtol=1e-6)
    assert np.abs(out - batch_norm(exact, ones, 0 * ones)[0]).max() < 1e-4


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_gradients_equal_central_differences(seed):
    x, dout, gamma, beta, mean, var, options = batch_norm_case(np.random.default_rng(seed))
    x = x + np.random.default_rng(seed).standard_normal(x.shape)  # no channel without variance
    settings = {name: value for name, value in options.items() if name != "momentum"}

    def loss(x=x, gamma=gamma, beta=beta):
        return np.sum(dout * batch_norm(x, gamma, beta, mean, var, **options)[0])

    dx, dgamma, dbeta = batch_norm_backward(dout, x, gamma, mean, var, **settings)
    if (gamma != 0).any():
        check_gradients(loss, x, dx)
    check_gradients(lambda gamma: loss(gamma=gamma), gamma, dgamma)
    check_gradients(lambda beta: loss(beta=beta), beta, dbeta)


@given(seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_output_and_gradient_have_the_moments_the_equations_say(seed):
    x, dout, gamma, *_ = batch_norm_case(np.random.default_rng(seed))
    x = x + np.random.default_rng(seed).standard_normal(x.shape)
    axes = (0, 2, 3)[: x.ndim - 1]
    ones = np.ones_like(gamma)
    out, _ = batch_norm(x, ones, 0 * ones, eps=1e-12)
    np.testing.assert_allclose(out.mean(axes), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axes), 1, rtol=1e-6)
    dx, _, dbeta = batch_norm_backward(dout, x, gamma, eps=1e-12)
    np.testing.assert_allclose(dbeta, dout.sum(axes), rtol=1e-13)
    scale = np.abs(dx).max() * x.size or 1
    np.testing.assert_allclose(dx.sum(axes) / scale, 0, atol=1e-12)
    np.testing.assert_allclose((dx * out).sum(axes) / scale, 0, atol=1e-8)


def test_by_hand():
    """Two entries, 0 and 8: mean 4, biased variance 16, unbiased 32."""
    out, (mean, var) = batch_norm([[0], [8]], [3], [5], [10], [2], momentum=0.25, eps=1e-20)
    assert out.tolist() == [[2], [8]]
    assert mean == 0.75 * 10 + 0.25 * 4 and var == 0.75 * 2 + 0.25 * 32
    out, (mean, var) = batch_norm([[0], [8]], [3], [5], [6], [4], training=False, eps=1e-20)
    assert out.tolist() == [[-4], [8]] and (mean, var) == (6, 4)
    _, (mean, var) = batch_norm([[0], [8]], [1], [0], momentum=0.25)
    assert (mean, var) == (0.25 * 4, 0.75 * 1 + 0.25 * 32)


def test_one_image_may_be_normalized_alone_where_it_is_not_trained_on():
    out, _ = batch_norm([[7.0]], [2], [1], [5], [4], training=False, eps=1e-20)
    assert out == 3
    out, _ = batch_norm(np.arange(4.0).reshape(1, 1, 2, 2), [1], [0])
    assert out.mean() == pytest.approx(0)


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_pure_for_every_shape_dtype_and_layout(seed):
    x, dout, gamma, beta, mean, var, options = batch_norm_case(np.random.default_rng(seed))
    x, dout, gamma, beta, mean, var = (np.round(8 * a) for a in (x, dout, gamma, beta, mean, var))
    options |= {"eps": 1.0}  # a channel may be constant
    assert_pure(lambda *arrays: batch_norm(*arrays, **options), x, gamma, beta, mean, var)
    del options["momentum"]
    assert_pure(lambda *arrays: batch_norm_backward(*arrays, **options), dout, x, gamma, mean, var)


X, ONE = np.zeros((4, 3, 2, 2)), np.ones(3)
SHAPES = "4 dimensions (N, C, H, W) or 2 (N, C)"


@pytest.mark.parametrize("function", ["batch_norm", "batch_norm_backward"])
@pytest.mark.parametrize(
    "x, options, error, words",
    [
        (
            X[0],
            {},
            ValueError,
            f"x must have {SHAPES}, none of them empty; got an array of shape (3, 2, 2).",
        ),
        (
            X[:0],
            {},
            ValueError,
            f"x must have {SHAPES}, none of them empty; got an array of shape (0, 3, 2, 2).",
        ),
        (
            X[:1, :, 0, 0],
            {},
            ValueError,
            "x must hold more than one entry per channel; got an array of shape (1, 3). Use a larger batch, or "
            "training=False.",
        ),
        (X, {"eps": 0}, ValueError, "eps must be > 0; got 0. Use eps=1e-5."),
        (X, {"eps": -1}, ValueError, "eps must be a finite number >= 0; got -1."),
        (X, {"eps": "1"}, TypeError, 'eps must be a finite number >= 0; got "1".'),
        (
            X,
            {"running_mean": [1, 2]},
            ValueError,
            "running_mean must have shape (3,); got an array of shape (2,). Give one number for each channel.",
        ),
        (
            X,
            {"running_var": [1, 2]},
            ValueError,
            "running_var must have shape (3,); got an array of shape (2,). Give one number for each channel.",
        ),
        (X, {"running_var": -ONE}, ValueError, "running_var must hold no negative number; got -1."),
        (
            X,
            {"training": False, "running_var": ONE},
            ValueError,
            "running_mean must be given when training=False; got None. Pass what training returned.",
        ),
        (
            X,
            {"training": False, "running_mean": ONE},
            ValueError,
            "running_var must be given when training=False; got None. Pass what training returned.",
        ),
    ],
)
def test_refusals(function, x, options, error, words):
    with pytest.raises(error) as caught:
        batch_norm(x, ONE, ONE, **options) if function == "batch_norm" else batch_norm_backward(x, x, ONE, **options)
    assert str(caught.value) == f"{function}: {words}"


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: batch_norm(X, [1, 2], ONE),
            ValueError,
            "batch_norm: gamma must have shape (3,); got an array of shape (2,). Give one number for each channel.",
        ),
        (
            lambda: batch_norm(X, ONE, [[1, 2, 3]]),
            ValueError,
            "batch_norm: beta must have shape (3,); got an array of shape (1, 3). Give one number for each channel.",
        ),
        (
            lambda: batch_norm(X, ONE, ONE, momentum=1.5),
            ValueError,
            "batch_norm: momentum must be a finite number >= 0 and <= 1; got 1.5.",
        ),
        (
            lambda: batch_norm_backward(X, X, [1, 2]),
            ValueError,
            "batch_norm_backward: gamma must have shape (3,); got an array of shape (2,). "
            "Give one number for each channel.",
        ),
        (
            lambda: batch_norm_backward(X[:2], X, ONE),
            ValueError,
            "batch_norm_backward: dout must have shape (4, 3, 2, 2); got an array of shape (2, 3, 2, 2). "
            "It has the shape of x.",
        ),
    ],
)
def test_refusals_of_one_function(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == words
