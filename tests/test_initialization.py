"""Initial weights have the variance their rule states, and keep a signal's size through many layers."""

import numpy as np
import pytest

from cnnmath import initialization
from cnnmath.initialization import fans, glorot_normal, glorot_uniform, he_normal, he_uniform

SHAPE = (64, 16, 5, 3)


@pytest.mark.parametrize("rule", ["he_normal", "he_uniform", "glorot_normal", "glorot_uniform"])
def test_variance(rng, rule):
    weights = getattr(initialization, rule)(SHAPE, rng)
    inputs, outputs = 16 * 15, 64 * 15
    variance = 2 / inputs if rule.startswith("he") else 2 / (inputs + outputs)
    assert weights.shape == SHAPE and weights.dtype == np.float64
    assert abs(weights.mean()) < 4 * np.sqrt(variance / weights.size)
    assert weights.var() == pytest.approx(variance, rel=0.05)
    limit = np.sqrt(3 * variance)
    if rule.endswith("uniform"):
        assert limit * 0.99 < np.abs(weights).max() <= limit
    else:
        assert np.abs(weights).max() > 2 * limit


def test_limits_equal_pytorch(torch):
    """PyTorch's uniform rules have the same limits: 10,000 weights come within 1 % of them."""
    for ours, theirs in (
        (glorot_uniform, torch.nn.init.xavier_uniform_),
        (he_uniform, lambda t: torch.nn.init.kaiming_uniform_(t, nonlinearity="relu")),
    ):
        mine = np.abs(ours(SHAPE, np.random.default_rng(1))).max()
        assert mine == pytest.approx(float(theirs(torch.empty(SHAPE)).abs().max()), rel=0.01)


def test_he_keeps_the_signal_through_fifty_relu_layers_and_glorot_loses_it(rng):
    def size_after_layers(rule):
        x = rng.normal(size=(200, 256))
        for _ in range(50):
            x = np.maximum(x @ rule((256, 256), rng).T, 0)
        return np.sqrt((x**2).mean())

    assert 0.2 < size_after_layers(he_normal) < 5
    assert size_after_layers(glorot_normal) < 1e-6


def test_a_generator_in_the_same_state_gives_the_same_weights():
    first, second = (he_normal((3, 2), np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_fans():
    assert fans((10, 20)) == (20, 10)
    assert fans((16, 8, 3, 5)) == (8 * 15, 16 * 15)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: fans((3,)),
            ValueError,
            "fans: shape must have at least 2 entries (C_out, C_in, ...); got (3).",
        ),
        (lambda: fans((3, 0)), ValueError, "fans: shape must be an integer >= 1; got 0."),
        (
            lambda: he_normal((2, 2), 0),
            TypeError,
            "he_normal: rng must be a numpy.random.Generator; got 0. Pass rng=np.random.default_rng(0).",
        ),
        (
            lambda: he_uniform((2, 2), None),
            TypeError,
            "he_uniform: rng must be a numpy.random.Generator; got None.",
        ),
        (
            lambda: glorot_normal((2, 2), None),
            TypeError,
            "glorot_normal: rng must be a numpy.random.Generator",
        ),
        (
            lambda: glorot_uniform((2, 2), None),
            TypeError,
            "glorot_uniform: rng must be a numpy.random.Generator",
        ),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
