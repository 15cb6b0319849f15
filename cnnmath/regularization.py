r"""Regularization: what keeps a network from learning its training set by heart.

Dropout, the L2 penalty, early stopping, and shifted copies of the training images. Randomness comes from the
`numpy.random.Generator` that the caller passes.
"""

import numpy as np

from cnnmath import _check, windows


def dropout(x, p, rng, training=True):
    r"""Set each entry to 0 with probability `p` and scale the others, so that the mean stays.

    .. math:: y = m \odot x, \qquad m_i = \frac{[u_i \ge p]}{1 - p}, \qquad u_i \sim \mathcal U[0, 1)

    Parameters
    ----------
    x : array_like, float32 or float64, any shape
    p : float
        Probability of dropping an entry, 0 <= p < 1.
    rng : numpy.random.Generator
        Draws one number for each entry; not used when `training` is False.
    training : bool
        False returns a copy of `x` and a mask of ones.

    Returns
    -------
    out, mask : arrays of the shape and dtype of `x`
        `mask` holds 0 and 1 / (1 - p); `dropout_backward` needs it.

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers, `p` is no number, or `rng` is no Generator.
    ValueError
        If `p` is not in [0, 1).

    Notes
    -----
    Scaling while training ("inverted dropout") leaves nothing to do at test time: E[y] = x. The paper scales
    the weights at test time instead.

    References
    ----------
    Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, JMLR 2014, sections
    4 and 10.

    Examples
    --------
    >>> out, mask = dropout([4, 4, 4, 4], 0.5, np.random.default_rng(0))
    >>> out, mask
    (array([8., 0., 0., 0.]), array([2., 0., 0., 0.]))
    """
    x, p = _check.array("dropout", "x", x), _check.real("dropout", "p", p, 0, 1, exclusive=True)
    if not training:
        return x.copy(), np.ones_like(x)
    rng = _check.generator("dropout", "rng", rng)
    mask = (rng.random(x.shape) >= p).astype(x.dtype) / (1 - p)
    return x * mask, mask


def dropout_backward(dout, mask):
    r"""Gradient of `dropout` with respect to `x`: what was dropped passes nothing back.

    .. math:: \frac{\partial L}{\partial x} = m \odot \frac{\partial L}{\partial y}

    Parameters
    ----------
    dout, mask : array_like of one shape
        Upstream gradient, and the mask that `dropout` returned.

    Returns
    -------
    array of the shape and dtype of `mask`

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> dropout_backward([3, 3], [2, 0])
    array([6., 0.])
    """
    mask = _check.array("dropout_backward", "mask", mask)
    dout = _check.array("dropout_backward", "dout", dout, dtype=mask.dtype)
    _check.same_shape("dropout_backward", "dout", dout, mask.shape, "It has the shape of the mask")
    return dout * mask


def l2_penalty(weights, lam):
    r"""Half the sum of squared weights, times `lam`: what L2 regularization adds to the loss.

    .. math:: R(w) = \frac{\lambda}{2} \sum_i w_i^2

    Parameters
    ----------
    weights : array_like, float32 or float64, any shape
    lam : float
        The strength :math:`\lambda` >= 0.

    Returns
    -------
    scalar of the dtype of `weights`

    Raises
    ------
    TypeError
        If `weights` holds anything but real numbers, or `lam` is no number.
    ValueError
        If `lam` is negative or not finite.

    Notes
    -----
    With the half, the gradient is :math:`\lambda w`, and a step of plain gradient descent shrinks each
    weight by the factor :math:`1 - \eta\lambda`: the `weight_decay` of `optimizers.SGD`. Biases are commonly
    left out.

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 7.1.1.

    Examples
    --------
    >>> float(l2_penalty([3, 4], 2))
    25.0
    """
    weights, lam = _check.array("l2_penalty", "weights", weights), _check.real("l2_penalty", "lam", lam, 0)
    return np.sum(weights**2) * (lam / 2)


def l2_penalty_backward(weights, lam):
    r"""Gradient of `l2_penalty` with respect to `weights`.

    .. math:: \frac{\partial R}{\partial w} = \lambda w

    Parameters and errors are those of `l2_penalty`.

    Examples
    --------
    >>> l2_penalty_backward([3, 4], 2)
    array([6., 8.])
    """
    weights = _check.array("l2_penalty_backward", "weights", weights)
    return weights * _check.real("l2_penalty_backward", "lam", lam, 0)


def early_stopping(losses, patience):
    r"""Whether the best loss is at least `patience` epochs old.

    .. math:: \text{stop} \iff T - \arg\min_t L_t \ge \text{patience}, \qquad t = 1, \dots, T

    Parameters
    ----------
    losses : sequence of float
        Validation loss after each epoch so far; the first of equal minima counts.
    patience : int
        Epochs without a new minimum to wait for, at least 1.

    Returns
    -------
    bool
        False for no loss at all.

    Raises
    ------
    TypeError
        If `patience` is no integer.
    ValueError
        If `patience` is less than 1, or `losses` is not one-dimensional.

    Notes
    -----
    A NaN is never a minimum. Stopping is half of it: keep the weights of the best epoch and go back to them.

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), algorithm 7.1.

    Examples
    --------
    >>> early_stopping([3, 1, 2], patience=2), early_stopping([3, 1, 2, 2], patience=2)
    (False, True)
    """
    patience = _check.integer("early_stopping", "patience", patience, 1)
    losses = _check.array("early_stopping", "losses", losses)
    if losses.ndim != 1:
        raise ValueError(_check.message("early_stopping", "losses", "have 1 dimension (T)", losses))
    if losses.size == 0:
        return False
    best = np.where(np.isnan(losses), np.inf, losses).argmin()
    return bool(losses.size - 1 - best >= patience)


def random_shift(images, max_shift, rng):
    r"""Copies of images, each moved by a random number of pixels and filled with zeros.

    .. math:: y_{n,c,i,j} = x_{n,c,\,i - a_n,\,j - b_n}, \qquad a_n, b_n \sim \mathcal U\{-s, \dots, s\}

    Parameters
    ----------
    images : array_like, float32 or float64, (N, C, H, W)
    max_shift : int or pair of int
        The largest shift s, at least 0; a pair is (vertical, horizontal).
    rng : numpy.random.Generator
        Draws two integers for each image.

    Returns
    -------
    array of the shape and dtype of `images`

    Raises
    ------
    TypeError
        If `max_shift` is no integer and no pair of them, or `rng` is no Generator.
    ValueError
        If `images` is not (N, C, H, W), `max_shift` is negative, or it reaches the image's size.

    Notes
    -----
    What is moved over the border is lost. The label stays: a shifted 3 is a 3; a mirrored one is none.

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 7.4.

    Examples
    --------
    >>> random_shift([[[[1, 2, 3]]]], (0, 1), np.random.default_rng(0))
    array([[[[2., 3., 0.]]]])
    """
    images = _check.array("random_shift", "images", images, "N, C, H, W")
    shift = _check.pair("random_shift", "max_shift", max_shift, 0)
    rng = _check.generator("random_shift", "rng", rng)
    (vertical, horizontal), (height, width) = shift, images.shape[2:]
    if vertical >= height or horizontal >= width:
        rule = f"be smaller than the image (H={height}, W={width})"
        raise ValueError(_check.message("random_shift", "max_shift", rule, max_shift))
    # Pixel (i, j) comes from row i + a of the padded image, a uniform in 0 ... 2 s: a shift by s - a.
    padded = windows.pad(images, shift)
    rows = np.arange(height) + rng.integers(2 * vertical + 1, size=(len(images), 1))
    columns = np.arange(width) + rng.integers(2 * horizontal + 1, size=(len(images), 1))
    number = np.arange(len(images))[:, None, None]
    shifted = padded[number, :, rows[:, :, None], columns[:, None, :]]
    return np.ascontiguousarray(np.moveaxis(shifted, -1, 1))
