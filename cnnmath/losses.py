r"""Losses: one number that says how far predictions are from their targets, averaged over a batch.

Each ``<name>_backward`` takes the same arguments and returns the gradient with respect to the first, in its
shape. `cross_entropy` and `binary_cross_entropy_with_logits` contain the softmax and the sigmoid: their
gradients are a difference of two probabilities, and neither overflows. The results have the dtype of the
first argument.
"""

import numpy as np

from cnnmath import _check
from cnnmath.activations import log_softmax, sigmoid, softmax


def mse_loss(prediction, target):
    r"""Mean squared error over all entries.

    .. math:: L = \frac1n \sum_i (p_i - t_i)^2

    Parameters
    ----------
    prediction, target : array_like of one shape, float32 or float64
        Integers become float64.

    Returns
    -------
    scalar of the dtype of `prediction`

    Raises
    ------
    TypeError
        If an argument holds anything but real numbers.
    ValueError
        If the shapes differ, or there is no entry.

    Notes
    -----
    The mean is over every entry, not over the batch alone, as in PyTorch.

    Examples
    --------
    >>> float(mse_loss([1, 2], [1, 6]))
    8.0
    """
    prediction, target = _same("mse_loss", "prediction", prediction, "target", target)
    return np.mean((prediction - target) ** 2)


def mse_loss_backward(prediction, target):
    r"""Gradient of `mse_loss` with respect to `prediction`.

    .. math:: \frac{\partial L}{\partial p_i} = \frac2n (p_i - t_i)

    Parameters and errors are those of `mse_loss`.

    Examples
    --------
    >>> mse_loss_backward([1, 2], [1, 6])
    array([ 0., -4.])
    """
    prediction, target = _same("mse_loss_backward", "prediction", prediction, "target", target)
    return (prediction - target) * (2 / prediction.size)


def cross_entropy(logits, labels):
    r"""Mean negative logarithm of the probability that softmax gives to the right class.

    .. math:: L = -\frac1N \sum_n \log p_{n, y_n}, \qquad p_{n,k} = \frac{e^{z_{n,k}}}{\sum_j e^{z_{n,j}}}

    Parameters
    ----------
    logits : array_like, float32 or float64, (N, K)
        A score z for each of K classes; no softmax before.
    labels : array_like of integers, (N,)
        The right class y of each row, from 0 to K - 1.

    Returns
    -------
    scalar of the dtype of `logits`

    Raises
    ------
    TypeError
        If `logits` holds anything but real numbers, or `labels` anything but integers.
    ValueError
        If `logits` is not (N, K), `labels` is not (N,), or a label lies outside 0 to K - 1.

    Notes
    -----
    Equal scores give log K. The logarithm is taken of softmax as a whole (`log_softmax`), so logits in the
    thousands are exact.

    References
    ----------
    Bishop, Pattern Recognition and Machine Learning (2006), equations 4.104 and 4.108.

    Examples
    --------
    >>> float(cross_entropy([[0, 10000], [0, 10000]], [0, 1]))
    5000.0
    """
    logits, labels = _logits_and_labels("cross_entropy", logits, labels)
    return -np.mean(log_softmax(logits)[np.arange(len(labels)), labels])


def cross_entropy_backward(logits, labels):
    r"""Gradient of `cross_entropy` with respect to `logits`: probabilities minus the one-hot labels.

    .. math:: \frac{\partial L}{\partial z_{n,k}} = \frac1N \left(p_{n,k} - [k = y_n]\right)

    Parameters and errors are those of `cross_entropy`.

    References
    ----------
    Bishop, Pattern Recognition and Machine Learning (2006), equation 4.109.

    Examples
    --------
    >>> cross_entropy_backward([[0, 0]], [0])
    array([[-0.5,  0.5]])
    """
    logits, labels = _logits_and_labels("cross_entropy_backward", logits, labels)
    gradient = softmax(logits)
    gradient[np.arange(len(labels)), labels] -= 1
    return gradient / len(labels)


def binary_cross_entropy_with_logits(logits, targets):
    r"""Mean negative log-likelihood of yes-or-no targets, from logits before the sigmoid.

    .. math::
        L = -\frac1n \sum_i \bigl(t_i \log\sigma(z_i) + (1 - t_i) \log(1 - \sigma(z_i))\bigr)
          = \frac1n \sum_i \bigl(\max(z_i, 0) - z_i t_i + \log(1 + e^{-|z_i|})\bigr)

    Parameters
    ----------
    logits : array_like, float32 or float64, any shape
    targets : array_like of the same shape
        Probabilities from 0 to 1; 0 and 1 for labels.

    Returns
    -------
    scalar of the dtype of `logits`

    Raises
    ------
    TypeError
        If an argument holds anything but real numbers.
    ValueError
        If the shapes differ, there is no entry, or a target lies outside 0 to 1.

    Notes
    -----
    The second form is the one computed: it neither overflows nor takes the logarithm of 0.

    References
    ----------
    Bishop, Pattern Recognition and Machine Learning (2006), equation 4.90.

    Examples
    --------
    >>> float(binary_cross_entropy_with_logits([10000, 10000], [0, 1]))
    5000.0
    """
    z, t = _logits_and_targets("binary_cross_entropy_with_logits", logits, targets)
    return np.mean(np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z))))


def binary_cross_entropy_with_logits_backward(logits, targets):
    r"""Gradient of `binary_cross_entropy_with_logits` with respect to `logits`.

    .. math:: \frac{\partial L}{\partial z_i} = \frac1n \left(\sigma(z_i) - t_i\right)

    Parameters and errors are those of `binary_cross_entropy_with_logits`.

    Examples
    --------
    >>> binary_cross_entropy_with_logits_backward([0, 0], [0, 1])
    array([ 0.25, -0.25])
    """
    z, t = _logits_and_targets("binary_cross_entropy_with_logits_backward", logits, targets)
    return (sigmoid(z) - t) / z.size


def _same(function, first_name, first, second_name, second):
    first = _check.array(function, first_name, first)
    if first.size == 0:
        raise ValueError(_check.message(function, first_name, "have at least one entry", first))
    second = _check.array(function, second_name, second, dtype=first.dtype)
    _check.same_shape(function, second_name, second, first.shape, f"It has the shape of {first_name}")
    return first, second


def _logits_and_labels(function, logits, labels):
    logits, labels = _check.array(function, "logits", logits, "N, K"), np.asarray(labels)
    count, classes = logits.shape
    if labels.dtype.kind not in "iu":
        hint = "Use labels.astype(int), or labels.argmax(axis=1) for one-hot rows"
        raise TypeError(_check.message(function, "labels", "be integers", labels, hint))
    _check.same_shape(function, "labels", labels, (count,), "Give one class number for each row of logits")
    outside = labels[(labels < 0) | (labels >= classes)]
    if outside.size:
        hint = "Classes count from 0"
        raise ValueError(_check.message(function, "labels", f"lie from 0 to {classes - 1}", outside[0], hint))
    return logits, labels


def _logits_and_targets(function, logits, targets):
    logits, targets = _same(function, "logits", logits, "targets", targets)
    outside = targets[~((targets >= 0) & (targets <= 1))]
    if outside.size:
        hint = "Use 1 for yes and 0 for no"
        raise ValueError(_check.message(function, "targets", "lie from 0 to 1", outside[0], hint))
    return logits, targets
