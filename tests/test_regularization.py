"""Dropout keeps the mean, the penalty its gradient, early stopping its patience, shifted images their pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath.gradcheck import check_gradients
from cnnmath.optimizers import SGD
from cnnmath.parameters import Parameter
from cnnmath.regularization import (
    dropout, dropout_backward, early_stopping, l2_penalty, l2_penalty_backward, random_shift,
)  # fmt: skip
from tests.math_cases import assert_pure

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.lists(st.integers(1, 4), min_size=0, max_size=4)


@pytest.mark.parametrize("p", [0, 0.1, 0.5, 0.9])
def test_dropout_drops_as_many_as_it_should_and_keeps_the_mean(rng, p):
    x = np.full(100_000, 3.0)
    out, mask = dropout(x, p, rng)
    assert set(np.unique(mask)) <= {0, 1 / (1 - p)}
    np.testing.assert_array_equal(out, x * mask)
    spread = 4 * np.sqrt(p * (1 - p) / x.size)  # four standard deviations of the fraction dropped
    assert abs(np.mean(mask == 0) - p) <= spread
    assert abs(out.mean() - 3) <= 3 * spread / (1 - p)


def test_dropout_entries_are_independent(rng):
    _, mask = dropout(np.ones((2, 50_000)), 0.5, rng)
    assert abs(np.corrcoef(mask)[0, 1]) < 0.02
    assert abs(np.corrcoef(mask[0, :-1], mask[0, 1:])[0, 1]) < 0.02


def test_dropout_does_nothing_out_of_training_and_draws_nothing(rng):
    x = rng.standard_normal((3, 4))
    state = rng.bit_generator.state
    out, mask = dropout(x, 0.5, rng, training=False)
    np.testing.assert_array_equal(out, x)
    np.testing.assert_array_equal(mask, 1)
    assert not np.shares_memory(out, x) and rng.bit_generator.state == state
    np.testing.assert_array_equal(dropout(x, 0.5, None, training=False)[0], x)


def test_dropout_is_repeatable_and_the_same_for_both_dtypes():
    x = np.ones((5, 6))
    masks = [dropout(x.astype(t), 0.5, np.random.default_rng(3))[1] for t in (np.float32, np.float64, np.float64)]
    np.testing.assert_array_equal(masks[0], masks[1])
    np.testing.assert_array_equal(masks[1], masks[2])


@given(seed=SEEDS, shape=SHAPES)
@settings(max_examples=20, deadline=None)
def test_gradients_equal_central_differences(seed, shape):
    rng = np.random.default_rng(seed)
    x, dout = rng.standard_normal((2, *shape))
    _, mask = dropout(x, 0.3, np.random.default_rng(seed))
    check_gradients(
        lambda x: np.sum(dout * dropout(x, 0.3, np.random.default_rng(seed))[0]), x, dropout_backward(dout, mask)
    )
    check_gradients(lambda w: l2_penalty(w, 0.7), x, l2_penalty_backward(x, 0.7))


@given(seed=SEEDS, shape=SHAPES)
@settings(max_examples=20, deadline=None)
def test_pure_for_every_shape_dtype_and_layout(seed, shape):
    x, dout = np.random.default_rng(seed).integers(-4, 5, (2, *shape))
    assert_pure(lambda x: dropout(x, 0.5, np.random.default_rng(seed)), x)
    assert_pure(lambda x: dropout(x, 0.5, None, training=False), x)
    assert_pure(dropout_backward, dout, x)
    assert_pure(lambda w: l2_penalty(w, 0.5), x)
    assert_pure(lambda w: l2_penalty_backward(w, 0.5), x)
    images = np.resize(x, (2, 3, 4, 5))
    assert_pure(lambda x: random_shift(x, (2, 1), np.random.default_rng(seed)), images)


def test_the_penalty_is_the_weight_decay_of_sgd(rng):
    weights = rng.standard_normal(5)
    decayed, penalized = Parameter(weights), Parameter(weights)
    decayed.grad, penalized.grad = np.zeros(5), l2_penalty_backward(weights, 0.3)
    SGD([decayed], lr=0.1, weight_decay=0.3).step()
    SGD([penalized], lr=0.1).step()
    np.testing.assert_array_equal(decayed.data, penalized.data)
    np.testing.assert_allclose(penalized.data, weights * (1 - 0.1 * 0.3), rtol=1e-15)


@pytest.mark.parametrize(
    "losses, patience, stop",
    [
        ([], 1, False),
        ([5], 1, False),
        ([5, 5], 1, True),
        ([5, 4, 3], 1, False),
        ([3, 1, 2], 2, False),
        ([3, 1, 2, 2], 2, True),
        ([3, 1, 2, 0.5], 2, False),
        ([1, 2, 1, 1], 3, True),
        ([np.nan, 2, 1], 1, False),
        ([1, np.nan, np.nan], 2, True),
        ([np.nan, np.nan], 1, True),
    ],
)
def test_early_stopping(losses, patience, stop):
    assert early_stopping(losses, patience) is stop


def test_random_shift_moves_every_image_by_its_own_number_of_pixels(rng):
    """An image of numbered pixels tells how it was moved: the rest of it must agree."""
    images = np.tile(np.arange(1.0, 31).reshape(1, 1, 5, 6), (200, 2, 1, 1))
    images[:, 1] += 100
    seen = set()
    for image, moved in zip(images, random_shift(images, (2, 1), rng)):
        padded = np.pad(image, ((0, 0), (2, 2), (1, 1)))
        found = [
            (2 - i, 1 - j)
            for i, j in np.ndindex(5, 3)
            if np.array_equal(padded[:, i : i + 5, j : j + 6], moved)
        ]
        assert len(found) == 1
        seen.update(found)
    assert seen == {(i, j) for i in range(-2, 3) for j in range(-1, 2)}


def test_random_shift_by_0_copies(rng):
    images = rng.standard_normal((2, 3, 4, 4))
    moved = random_shift(images, 0, rng)
    np.testing.assert_array_equal(moved, images)
    assert not np.shares_memory(moved, images) and moved.flags.c_contiguous


RNG = np.random.default_rng(0)
GENERATOR = "rng must be a numpy.random.Generator"


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: dropout([1], 1, RNG), ValueError, "dropout: p must be a finite number >= 0 and < 1; got 1."),
        (lambda: dropout([1], "p", RNG), TypeError, 'dropout: p must be a finite number >= 0 and < 1; got "p".'),
        (lambda: dropout([1], 0.5, 0), TypeError, f"dropout: {GENERATOR}; got 0."),
        (lambda: dropout(["a"], 0.5, RNG), TypeError, 'dropout: x must be an array of real numbers; got ["a"].'),
        (
            lambda: dropout_backward([1, 2], [1]),
            ValueError,
            "dropout_backward: dout must have shape (1,); got an array of shape (2,). It has the shape of the mask.",
        ),
        (lambda: l2_penalty([1], -1), ValueError, "l2_penalty: lam must be a finite number >= 0; got -1."),
        (
            lambda: l2_penalty_backward([1], np.inf),
            ValueError,
            "l2_penalty_backward: lam must be a finite number >= 0; got inf.",
        ),
        (lambda: early_stopping([1], 0), ValueError, "early_stopping: patience must be an integer >= 1; got 0."),
        (
            lambda: early_stopping([[1]], 1),
            ValueError,
            "early_stopping: losses must have 1 dimension (T); got an array of shape (1, 1).",
        ),
        (
            lambda: random_shift(np.zeros((2, 3, 3)), 1, RNG),
            ValueError,
            "random_shift: images must have 4 dimensions (N, C, H, W); got an array of shape (2, 3, 3).",
        ),
        (
            lambda: random_shift(np.zeros((1, 1, 3, 5)), 3, RNG),
            ValueError,
            "random_shift: max_shift must be smaller than the image (H=3, W=5); got 3.",
        ),
        (
            lambda: random_shift(np.zeros((1, 1, 3, 3)), -1, RNG),
            ValueError,
            "random_shift: max_shift must be an integer >= 0; got -1.",
        ),
        (lambda: random_shift(np.zeros((1, 1, 3, 3)), 1, None), TypeError, f"random_shift: {GENERATOR}; got None."),
    ],
)
def test_refusals(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(words)
