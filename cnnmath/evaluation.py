"""What a trained network says: outputs in prediction mode, class numbers, accuracy, confusion."""

import numpy as np

from cnnmath import _check
from cnnmath._layer import Layer


def outputs(network, x, batch_size=256):
    """The network's outputs for all of `x`, in prediction mode and in batches.

    Parameters
    ----------
    network : Layer
        Left in the mode it was in.
    x : array_like, (N, ...)
        At least one example; taken in the dtype of the network.
    batch_size : int
        At least 1; bounds the memory, not the result.

    Returns
    -------
    array, (N, ...)

    Raises
    ------
    ValueError
        If `x` is empty or `batch_size` < 1.
    TypeError
        If `x` holds anything but real numbers, or `batch_size` is no integer.
    """
    batch_size = _check.integer("outputs", "batch_size", batch_size, 1)
    x = examples("outputs", "x", x, network)
    training = network.training
    network.eval()
    try:
        return np.concatenate(
            [network.forward(x[at : at + batch_size]) for at in range(0, len(x), batch_size)]
        )
    finally:
        network.train(training)


def predict(network, x, batch_size=256):
    """The class with the largest output for each example: int64 array (N,). Arguments as in `outputs`."""
    return outputs(network, x, batch_size).argmax(axis=1)


def accuracy(network, x, y, batch_size=256):
    """Share of the examples whose largest output is that of the right class.

    Parameters
    ----------
    network, x, batch_size
        As in `outputs`.
    y : array_like of integers, (N,)
        The right classes.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        As in `outputs`, and if `y` is not (N,).
    """
    predicted, y = predict(network, x, batch_size), np.asarray(y)
    _check.same_shape("accuracy", "y", y, predicted.shape, "Give one class number for each example")
    return float((predicted == y).mean())


def confusion_matrix(labels, predicted, classes=None):
    """How often each class was taken for each.

    Parameters
    ----------
    labels, predicted : array_like of integers, (N,)
        Right classes and predicted ones, from 0.
    classes : int, optional
        Their number K; the largest that occurs, plus 1, if not given.

    Returns
    -------
    int64 array, (K, K)
        Row: right class; column: predicted class. The diagonal holds what is right.

    Raises
    ------
    TypeError
        If an array holds anything but integers.
    ValueError
        If the arrays are empty or differ in shape, or a class is not from 0 to K - 1.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
    array([[1, 1],
           [0, 2]])
    """
    labels, predicted = _classes("labels", labels), _classes("predicted", predicted)
    _check.same_shape("confusion_matrix", "predicted", predicted, labels.shape, "It has the shape of labels")
    most = int(max(labels.max(), predicted.max()))
    classes = (
        most + 1 if classes is None else _check.integer("confusion_matrix", "classes", classes, most + 1)
    )
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def examples(function, name, x, network):
    """`x` as a non-empty array with a batch axis, in the dtype of the network."""
    if not isinstance(network, Layer):
        raise TypeError(
            _check.message(function, "network", "be a Layer", network, "Wrap layers as Sequential(...)")
        )
    arrays = network.named_arrays().values()
    x = _check.array(function, name, x, dtype=next((array.dtype for array in arrays), None))
    if x.ndim < 2 or x.size == 0:
        raise ValueError(_check.message(function, name, "have a batch axis, and at least one example", x))
    return x


def _classes(name, values):
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        raise TypeError(_check.message("confusion_matrix", name, "be integers", values))
    if values.ndim != 1 or values.size == 0 or values.min() < 0:
        raise ValueError(_check.message("confusion_matrix", name, "be (N,) class numbers from 0", values))
    return values.astype(np.int64)
