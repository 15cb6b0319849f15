"""Predictions in prediction mode, whatever the batches; accuracy and confusion by hand."""

import numpy as np
import pytest

from cnnmath.evaluation import accuracy, confusion_matrix, outputs, predict
from cnnmath.layers import Dropout, Flatten, Linear
from cnnmath.network import Sequential


@pytest.fixture
def network():
    """Two features to two classes, by the larger one, behind a dropout that would spoil it."""
    linear = Linear(2, 2)
    linear.weight.data = np.eye(2)
    return Sequential(Flatten(), Dropout(0.9, np.random.default_rng(0)), linear)


X = np.array([[3, 1], [1, 3], [2, 1], [0, 5], [4, 0]])


@pytest.mark.parametrize("training", [True, False])
def test_prediction_mode_and_back(network, training):
    network.train(training)
    np.testing.assert_array_equal(outputs(network, X, batch_size=2), X)
    np.testing.assert_array_equal(predict(network, X), [0, 1, 0, 1, 0])
    assert accuracy(network, X, [0, 1, 0, 0, 1]) == 0.6
    assert network.training == network[1].training == training


def test_the_mode_comes_back_after_an_error(network):
    with pytest.raises(ValueError):
        outputs(network, np.ones((1, 3)))
    assert network[1].training


def test_inputs_take_the_dtype_of_the_network(network):
    assert outputs(network.astype(np.float32), X).dtype == np.float32
    assert outputs(Sequential(Flatten()), X.astype(np.float32)).dtype == np.float32


def test_confusion_counts_right_in_rows():
    matrix = confusion_matrix([0, 0, 0, 2], [0, 2, 2, 1], classes=4)
    expected = np.zeros((4, 4), int)
    expected[0, 0], expected[0, 2], expected[2, 1] = 1, 2, 1
    np.testing.assert_array_equal(matrix, expected)
    assert confusion_matrix([1], [0]).shape == (2, 2)
    # class numbers of one byte must not wrap round when they are combined
    assert confusion_matrix(np.array([20], np.uint8), np.array([20], np.uint8))[20, 20] == 1


@pytest.mark.parametrize(
    "act, error, words",
    [
        (
            lambda n: outputs(n, np.ones((0, 2))),
            ValueError,
            "outputs: x must have a batch axis, and at least one example",
        ),
        (
            lambda n: outputs(n, 3),
            ValueError,
            "outputs: x must have a batch axis, and at least one example; got",
        ),
        (lambda n: outputs(n, ["a"]), TypeError, "outputs: x must be an array of real numbers; got"),
        (lambda n: outputs(n, X, 0), ValueError, "outputs: batch_size must be an integer >= 1; got 0."),
        (
            lambda n: outputs(n.layers, X),
            TypeError,
            "outputs: network must be a Layer; got "
            "[a value of type Flatten, a value of type Dropout, a value …. Wrap",
        ),
        (
            lambda n: accuracy(n, X, [0, 1]),
            ValueError,
            "accuracy: y must have shape (5,); got an array of shape (2,). "
            "Give one class number for each example.",
        ),
        (lambda n: confusion_matrix([0.0], [0]), TypeError, "confusion_matrix: labels must be integers; got"),
        (
            lambda n: confusion_matrix([0], [-1]),
            ValueError,
            "confusion_matrix: predicted must be (N,) class numbers from 0",
        ),
        (lambda n: confusion_matrix([], []), TypeError, "confusion_matrix: labels must be integers; got"),
        (
            lambda n: confusion_matrix([0, 1], [0]),
            ValueError,
            "confusion_matrix: predicted must have shape (2,); got",
        ),
        (
            lambda n: confusion_matrix([0], [2], 2),
            ValueError,
            "confusion_matrix: classes must be an integer >= 3; got 2.",
        ),
    ],
)
def test_refusals(network, act, error, words):
    with pytest.raises(error) as caught:
        act(network)
    assert words in str(caught.value)
