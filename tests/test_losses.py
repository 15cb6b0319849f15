"""Losses and their gradients equal PyTorch's, also where logits are huge; bad targets are refused."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath import losses
from cnnmath.gradcheck import check_gradients
from cnnmath.losses import (
    binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_backward, cross_entropy,
    cross_entropy_backward, mse_loss, mse_loss_backward,
)  # fmt: skip
from tests.math_cases import assert_pure, cross_entropy_case, relative_error, split

STORED = np.load(Path(__file__).parent / "reference" / "losses.npz")
SEEDS = st.integers(0, 2**32 - 1)


def test_equals_stored_losses_of_pytorch():
    x = STORED["x"]
    for name, target in (("mse_loss", "target"), ("binary_cross_entropy_with_logits", "probability")):
        assert relative_error(getattr(losses, name)(x, STORED[target]), STORED[name]) <= 1e-15
        gradient = getattr(losses, f"{name}_backward")(x, STORED[target])
        assert relative_error(gradient, STORED[f"{name}_dx"]) <= 1e-15


def test_equals_stored_cross_entropies_of_pytorch():
    logits = split(STORED["logits"], STORED["logits_shapes"])
    labels = split(STORED["labels"], STORED["labels_shapes"])
    gradients = split(STORED["cross_entropy_dx"], STORED["logits_shapes"])
    assert len(logits) == 100
    for z, y, loss, dz in zip(logits, labels, STORED["cross_entropy"], gradients, strict=True):
        assert relative_error(cross_entropy(z, y), loss) <= 1e-14
        assert np.abs(cross_entropy_backward(z, y) - dz).max() <= 1e-15


def test_cross_entropy_equals_pytorch_with_logits_times_1000(torch):
    rng = np.random.default_rng(1)
    for _ in range(200):
        logits, labels = cross_entropy_case(rng)
        logits = logits if np.abs(logits).max() > 100 else logits * 1000
        tensor = torch.from_numpy(logits).requires_grad_()
        loss = torch.nn.functional.cross_entropy(tensor, torch.from_numpy(labels))
        gradient = torch.autograd.grad(loss, tensor)[0].numpy()
        assert relative_error(cross_entropy(logits, labels), loss.item()) <= 1e-13
        assert relative_error(cross_entropy_backward(logits, labels), gradient) <= 1e-13


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-14), ("float32", 1e-6)])
@pytest.mark.parametrize("scale", [1, 1000])
def test_equals_pytorch(torch, rng, dtype, tolerance, scale):
    functional = torch.nn.functional
    x, target = (rng.standard_normal((2, 7, 5)) * scale).astype(dtype)
    probability, labels = rng.random((7, 5)).astype(dtype), rng.integers(0, 5, 7)
    for name, goal in (
        ("mse_loss", target),
        ("binary_cross_entropy_with_logits", probability),
        ("cross_entropy", labels),
    ):
        tensor = torch.from_numpy(x).requires_grad_()
        loss = getattr(functional, name)(tensor, torch.from_numpy(goal))
        gradient = torch.autograd.grad(loss, tensor)[0].numpy()
        assert relative_error(getattr(losses, name)(x, goal), loss.item()) <= tolerance
        assert relative_error(getattr(losses, f"{name}_backward")(x, goal), gradient) <= tolerance


@given(seed=SEEDS, count=st.integers(1, 4), classes=st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_gradients_equal_central_differences(seed, count, classes):
    rng = np.random.default_rng(seed)
    x, target = rng.standard_normal((2, count, classes))
    probability, labels = rng.random(x.shape), rng.integers(0, classes, count)
    check_gradients(lambda x: mse_loss(x, target), x, mse_loss_backward(x, target))
    check_gradients(lambda x: cross_entropy(x, labels), x, cross_entropy_backward(x, labels))
    check_gradients(
        lambda x: binary_cross_entropy_with_logits(x, probability),
        x,
        binary_cross_entropy_with_logits_backward(x, probability),
    )


@given(seed=SEEDS, count=st.integers(1, 6), classes=st.integers(2, 6))
@settings(max_examples=30, deadline=None)
def test_cross_entropy_is_what_its_definition_says(seed, count, classes):
    rng = np.random.default_rng(seed)
    logits, labels = rng.standard_normal((count, classes)), rng.integers(0, classes, count)
    probabilities = [[math.exp(z) / sum(map(math.exp, row)) for z in row] for row in logits]
    loss = sum(-math.log(row[y]) for row, y in zip(probabilities, labels)) / count
    assert cross_entropy(logits, labels) == pytest.approx(loss, rel=1e-13)
    expected = (np.array(probabilities) - np.eye(classes)[labels]) / count
    np.testing.assert_allclose(cross_entropy_backward(logits, labels), expected, rtol=1e-12, atol=1e-16)


def test_two_classes_are_binary_cross_entropy_of_the_difference(rng):
    z, t = rng.standard_normal(20) * 3, rng.integers(0, 2, 20)
    logits = np.stack([np.zeros(20), z], axis=1)
    assert cross_entropy(logits, t) == pytest.approx(binary_cross_entropy_with_logits(z, t), rel=1e-14)
    both = cross_entropy_backward(logits, t)
    np.testing.assert_allclose(both[:, 1], binary_cross_entropy_with_logits_backward(z, t), atol=1e-16)
    np.testing.assert_allclose(both[:, 0], -both[:, 1], atol=1e-16)


def test_known_values():
    assert mse_loss([1, 2], [1, 6]) == 8
    assert cross_entropy(np.zeros((3, 10)), [0, 5, 9]) == pytest.approx(math.log(10), rel=1e-15)
    assert cross_entropy([[1e4, -1e4, 0]], [1]) == 2e4
    assert cross_entropy([[1e4, -1e4, 0]], [0]) == 0
    assert binary_cross_entropy_with_logits([0.0], [1]) == pytest.approx(math.log(2), rel=1e-15)
    assert binary_cross_entropy_with_logits([1e4, -1e4], [1, 0]) == 0
    # behind a sigmoid at z = -5 with the target 1, cross-entropy still pushes; the squared error does not
    assert binary_cross_entropy_with_logits_backward([-5.0], [1])[0] == pytest.approx(-0.9933, abs=5e-5)


def test_minus_infinity_excludes_a_class():
    logits = [[-math.inf, 0, 0]]
    assert cross_entropy(logits, [1]) == pytest.approx(math.log(2))
    np.testing.assert_array_equal(cross_entropy_backward(logits, [1]), [[0, -0.5, 0.5]])
    assert cross_entropy(logits, [0]) == math.inf


@given(seed=SEEDS, shape=st.lists(st.integers(1, 4), min_size=0, max_size=4))
@settings(max_examples=20, deadline=None)
def test_pure_for_every_shape_dtype_and_layout(seed, shape):
    rng = np.random.default_rng(seed)
    x, target = rng.integers(-4, 5, (2, *shape))
    zero_one = rng.integers(0, 2, shape)
    assert_pure(mse_loss, x, target)
    assert_pure(mse_loss_backward, x, target)
    assert_pure(binary_cross_entropy_with_logits, x, zero_one)
    assert_pure(binary_cross_entropy_with_logits_backward, x, zero_one)


@given(seed=SEEDS, count=st.integers(1, 4), classes=st.integers(1, 4), labels=st.sampled_from(["int64", "uint8"]))
@settings(max_examples=20, deadline=None)
def test_cross_entropy_is_pure_too(seed, count, classes, labels):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, 2 * count).astype(labels)[::2]
    y.flags.writeable = False
    before = y.copy()
    logits = rng.integers(-4, 5, (count, classes))
    assert_pure(lambda z: cross_entropy(z, y), logits)
    assert_pure(lambda z: cross_entropy_backward(z, y), logits)
    np.testing.assert_array_equal(y, before)


PAIR = np.zeros((2, 3)), np.zeros((3, 2))


@pytest.mark.parametrize("end", ["", "_backward"])
@pytest.mark.parametrize(
    "name, arguments, error, words",
    [
        (
            "mse_loss",
            PAIR,
            ValueError,
            "target must have shape (2, 3); got an array of shape (3, 2). It has the shape of prediction.",
        ),
        ("mse_loss", ([], []), ValueError, "prediction must have at least one entry; got an array of shape (0,)."),
        ("mse_loss", (["a"], [1]), TypeError, 'prediction must be an array of real numbers; got ["a"].'),
        (
            "cross_entropy",
            (np.zeros(3), [0]),
            ValueError,
            "logits must have 2 dimensions (N, K); got an array of shape (3,).",
        ),
        (
            "cross_entropy",
            (np.zeros((2, 3)), [0.0, 1.0]),
            TypeError,
            "labels must be integers; got an array of shape (2,). Use labels.astype(int), or labels.argmax(axis=1) "
            "for one-hot rows.",
        ),
        (
            "cross_entropy",
            (np.zeros((2, 3)), np.eye(3, dtype=int)[:2]),
            ValueError,
            "labels must have shape (2,); got an array of shape (2, 3). Give one class number for each row of logits.",
        ),
        (
            "cross_entropy",
            (np.zeros((2, 3)), [0, 3]),
            ValueError,
            "labels must lie from 0 to 2; got 3. Classes count from 0.",
        ),
        (
            "cross_entropy",
            (np.zeros((2, 3)), [-1, 0]),
            ValueError,
            "labels must lie from 0 to 2; got -1. Classes count from 0.",
        ),
        (
            "binary_cross_entropy_with_logits",
            PAIR,
            ValueError,
            "targets must have shape (2, 3); got an array of shape (3, 2). It has the shape of logits.",
        ),
        (
            "binary_cross_entropy_with_logits",
            ([0, 0], [1, 2]),
            ValueError,
            "targets must lie from 0 to 1; got 2. Use 1 for yes and 0 for no.",
        ),
        (
            "binary_cross_entropy_with_logits",
            ([0, 0], [np.nan, 0]),
            ValueError,
            "targets must lie from 0 to 1; got nan. Use 1 for yes and 0 for no.",
        ),
    ],
)
def test_refusals(name, arguments, error, words, end):
    with pytest.raises(error) as caught:
        getattr(losses, name + end)(*arguments)
    assert str(caught.value) == f"{name}{end}: {words}"
