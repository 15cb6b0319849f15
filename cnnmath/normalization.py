r"""Batch normalization: every channel shifted and scaled to mean 0 and variance 1, then to what is learnt."""

import numpy as np

from cnnmath import _check


def batch_norm(x, gamma, beta, running_mean=None, running_var=None, training=True, momentum=0.1, eps=1e-5):
    r"""Normalize each channel over the batch (training) or by running statistics (not training).

    .. math:: y = \gamma\,\hat x + \beta, \qquad \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}

    While training, :math:`\mu` and :math:`\sigma^2` are the mean and the (biased) variance of the channel's
    m = N H W entries, and the running statistics move towards them:

    .. math::
        \bar\mu \leftarrow (1 - \alpha)\,\bar\mu + \alpha\,\mu, \qquad
        \bar\sigma^2 \leftarrow (1 - \alpha)\,\bar\sigma^2 + \alpha\,\frac{m}{m - 1}\,\sigma^2

    with :math:`\alpha` = `momentum`. Otherwise :math:`\mu = \bar\mu` and :math:`\sigma^2 = \bar\sigma^2`.

    Parameters
    ----------
    x : array_like, float32 or float64, (N, C, H, W) or (N, C)
    gamma, beta : array_like, (C,)
        Scale and shift.
    running_mean, running_var : array_like, (C,), optional
        While training, they start from 0 and 1 where they are not given.
    training : bool
    momentum : float
        The weight of the new batch, 0 <= momentum <= 1.
    eps : float
        Added to the variance, > 0.

    Returns
    -------
    out : array of the shape and dtype of `x`
    (running_mean, running_var) : arrays, (C,), of the dtype of `x`
        Moved while training, else as given. The arguments themselves never change.

    Raises
    ------
    TypeError
        If an array holds anything but real numbers, or `momentum` or `eps` is no number.
    ValueError
        If `x` is neither (N, C, H, W) nor (N, C), another array is not (C,), `momentum` or `eps` is out of
        range, a running variance is negative, a channel has a single entry while training, or running
        statistics are missing while not.

    Notes
    -----
    As in PyTorch, the variance is biased (divided by m) where it normalizes and unbiased (by m - 1) where it
    is kept, and `momentum` is the weight of the new, not of the old. Statistics are summed in float64.

    References
    ----------
    Ioffe and Szegedy, Batch normalization, ICML 2015, algorithms 1 and 2.

    Examples
    --------
    >>> out, (mean, var) = batch_norm([[0], [8]], [1], [5], momentum=0.5, eps=1e-20)
    >>> out.tolist(), mean, var
    ([[4.0], [6.0]], array([2.]), array([16.5]))
    """
    function = "batch_norm"
    x, gamma = _with_channels(function, x, "gamma", gamma)
    beta = _per_channel(function, x, "beta", beta)
    momentum = _check.real(function, "momentum", momentum, 0, 1)
    running = _running(function, x, running_mean, running_var, training)
    normal, mean, var = _normalize(function, x, running, training, eps)
    out = normal
    out *= _along(x, gamma)
    out += _along(x, beta)
    if training:
        count = x.size // x.shape[1]
        moments = mean, var * (count / (count - 1))
        running = tuple((1 - momentum) * old + momentum * new for old, new in zip(running, moments))
    return out, tuple(statistic.astype(x.dtype) for statistic in running)


def batch_norm_backward(dout, x, gamma, running_mean=None, running_var=None, training=True, eps=1e-5):
    r"""Gradients of `batch_norm` with respect to `x`, `gamma` and `beta`.

    .. math::
        \frac{\partial L}{\partial \gamma} = \sum \delta\,\hat x, \qquad
        \frac{\partial L}{\partial \beta} = \sum \delta, \qquad
        \frac{\partial L}{\partial x} = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}}
        \Bigl(\delta - \frac1m \frac{\partial L}{\partial \beta}
        - \frac{\hat x}{m} \frac{\partial L}{\partial \gamma}\Bigr)

    with :math:`\delta` = `dout` and sums over the m entries of a channel. The two subtracted terms come from
    :math:`\mu` and :math:`\sigma^2`, which depend on every entry; without `training` they are constants and
    the terms drop out.

    Parameters
    ----------
    dout : array_like, shape of `x`
    x, gamma, running_mean, running_var, training, eps
        As given to `batch_norm`; the running statistics matter only if not `training`.

    Returns
    -------
    dx, dgamma, dbeta : arrays of the shapes of `x`, `gamma` and `gamma`, and of the dtype of `x`

    Raises
    ------
    TypeError, ValueError
        As `batch_norm`, and if `dout` has not the shape of `x`.

    Notes
    -----
    While training, `dx` is orthogonal to a constant and (but for eps) to x in every channel: no shift or
    scaling of the input changes the loss.

    References
    ----------
    Ioffe and Szegedy, Batch normalization, ICML 2015, section 3, the chain rule after algorithm 1.

    Examples
    --------
    >>> frozen = {"running_mean": [1], "running_var": [9], "training": False, "eps": 1e-20}
    >>> batch_norm_backward([[1], [2], [3]], [[1], [1], [4]], [6], **frozen)
    (array([[2.],
           [4.],
           [6.]]), array([3.]), array([6.]))
    """
    function = "batch_norm_backward"
    x, gamma = _with_channels(function, x, "gamma", gamma)
    dout = _check.array(function, "dout", dout, dtype=x.dtype)
    _check.same_shape(function, "dout", dout, x.shape, "It has the shape of x")
    running = _running(function, x, running_mean, running_var, training)
    normal, _, var = _normalize(function, x, running, training, eps)
    dgamma, dbeta = _sum(dout * normal), _sum(dout)
    dx = dout
    if training:
        count = x.size // x.shape[1]
        normal *= _along(x, dgamma / count)
        dx = dout - normal
        dx -= _along(x, dbeta / count)
    return dx * _along(x, gamma / np.sqrt(var + eps)), dgamma.astype(x.dtype), dbeta.astype(x.dtype)


def _normalize(function, x, running, training, eps):
    """x-hat as a new array, and the mean and variance of each channel it was made with."""
    if _check.real(function, "eps", eps, 0) == 0:
        raise ValueError(_check.message(function, "eps", "be > 0", eps, "Use eps=1e-5"))
    mean, var = running
    count = x.size // x.shape[1]
    if training:
        if count == 1:
            hint = "Use a larger batch, or training=False"
            raise ValueError(_check.message(function, "x", "hold more than one entry per channel", x, hint))
        mean = _sum(x) / count
    normal = x - _along(x, mean)
    if training:
        var = _sum(normal**2) / count
    normal *= _along(x, 1 / np.sqrt(var + eps))
    return normal, mean, var


def _sum(x):
    """The sum of each channel. Batches are added in float64: float32 would lose digits over a long batch."""
    return x.reshape(*x.shape[:2], -1).sum(axis=2).sum(axis=0, dtype=np.float64)


def _along(x, channels):
    """One number per channel, in the dtype of `x` and the shape that broadcasts along its channels."""
    return channels.astype(x.dtype, copy=False).reshape(-1, *(1,) * (x.ndim - 2))


def _with_channels(function, x, name, value):
    x = _check.array(function, "x", x)
    if x.ndim not in (2, 4) or x.size == 0:
        rule = "have 4 dimensions (N, C, H, W) or 2 (N, C), none of them empty"
        raise ValueError(_check.message(function, "x", rule, x))
    return x, _per_channel(function, x, name, value)


def _per_channel(function, x, name, value):
    value = _check.array(function, name, value, dtype=x.dtype)
    _check.same_shape(function, name, value, x.shape[1:2], "Give one number for each channel")
    return value


def _running(function, x, mean, var, training):
    for name, value in (("running_mean", mean), ("running_var", var)):
        if value is None and not training:
            hint = "Pass what training returned"
            raise ValueError(_check.message(function, name, "be given when training=False", value, hint))
    mean = _per_channel(function, x, "running_mean", np.zeros(x.shape[1]) if mean is None else mean)
    var = _per_channel(function, x, "running_var", np.ones(x.shape[1]) if var is None else var)
    if (var < 0).any():
        raise ValueError(_check.message(function, "running_var", "hold no negative number", var[var < 0][0]))
    return mean, var
