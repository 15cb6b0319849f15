r"""Activations: functions applied to every entry, and softmax, with their derivatives.

Each ``<name>_backward(dout, x)`` takes the gradient `dout` of a loss with respect to ``<name>(x)`` and
returns the gradient with respect to `x`; both have the shape of `x`. For a function f of single entries it
is :math:`f'(x)` times `dout`. The results have the dtype of `x`.
"""

import math

import numpy as np

from cnnmath import _check

# gelu is evaluated on [-40, 40]: beyond, the normal density is 0 in float64, and 0 * inf would be NaN.
_GELU_LIMIT = 40.0
_TANH_FIT = math.sqrt(2 / math.pi), 0.044715


def relu(x):
    r"""Rectified linear unit: the positive part of every entry.

    .. math:: f(x) = \max(x, 0)

    Parameters
    ----------
    x : array_like, float32 or float64, any shape
        Integers become float64.

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers.

    Notes
    -----
    All x <= 0 give 0, so `x` cannot be recovered. NaN stays NaN.

    References
    ----------
    Nair and Hinton, Rectified linear units improve restricted Boltzmann machines, ICML 2010.

    Examples
    --------
    >>> relu([-6, 0, 6])
    array([0., 0., 6.])
    """
    return np.maximum(_check.array("relu", "x", x), 0)


def relu_backward(dout, x):
    r"""Gradient of `relu`: `dout` where the unit was active, else 0.

    .. math:: f'(x) = [x > 0]

    Parameters
    ----------
    dout, x : array_like of one shape
        Upstream gradient and the input of `relu`.

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    TypeError
        If `dout` or `x` holds anything but real numbers.
    ValueError
        If `dout` and `x` differ in shape.

    Notes
    -----
    At 0 the derivative does not exist: the slope is 0 on the left and 1 on the right. The convention here, as
    in PyTorch, is 0. A central difference at 0 gives 0.5, so gradient checks must avoid it.

    Examples
    --------
    >>> relu_backward([5, 5, 5], [-6, 0, 6])
    array([0., 0., 5.])
    """
    dout, x = _upstream("relu_backward", dout, x)
    return dout * (x > 0)


def leaky_relu(x, negative_slope=0.01):
    r"""ReLU that keeps a small slope on the negative side.

    .. math:: f(x) = \max(x, 0) + a \min(x, 0)

    Parameters
    ----------
    x : array_like, float32 or float64, any shape
    negative_slope : float
        The slope a for x < 0.

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers, or `negative_slope` is no number.
    ValueError
        If `negative_slope` is not finite.

    References
    ----------
    Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models, ICML 2013
    equation 2.

    Examples
    --------
    >>> leaky_relu([-6, 0, 6], negative_slope=0.5)
    array([-3.,  0.,  6.])
    """
    x, slope = _check.array("leaky_relu", "x", x), _check.real("leaky_relu", "negative_slope", negative_slope)
    with np.errstate(invalid="ignore"):  # 0 times -inf is NaN, as in PyTorch
        return np.maximum(x, 0) + slope * np.minimum(x, 0)


def leaky_relu_backward(dout, x, negative_slope=0.01):
    r"""Gradient of `leaky_relu`: slope 1 where x > 0, else `negative_slope`, also at 0.

    .. math:: f'(x) = [x > 0] + a\,[x \le 0]

    Parameters and errors are those of `relu_backward` and `leaky_relu`.

    Examples
    --------
    >>> leaky_relu_backward([4, 4, 4], [-6, 0, 6], negative_slope=0.5)
    array([2., 2., 4.])
    """
    dout, x = _upstream("leaky_relu_backward", dout, x)
    slope = _check.real("leaky_relu_backward", "negative_slope", negative_slope)
    return dout * (x > 0) + slope * dout * (x <= 0)


def sigmoid(x):
    r"""Logistic sigmoid: any number to (0, 1).

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}}

    Parameters
    ----------
    x : array_like, float32 or float64, any shape

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers.

    Notes
    -----
    Small values keep all their digits. From x = 37 on (float64) the result is exactly 1.

    Examples
    --------
    >>> sigmoid([-10000, 0, 10000])
    array([0. , 0.5, 1. ])
    """
    x = _check.array("sigmoid", "x", x)
    with np.errstate(over="ignore"):  # exp(-x) = inf gives 1 / inf = 0, which is right
        return 1 / (1 + np.exp(-x))


def sigmoid_backward(dout, x):
    r"""Gradient of `sigmoid`, at most 1/4 of `dout`.

    .. math:: \sigma'(x) = \sigma(x)\,(1 - \sigma(x))

    Parameters and errors are those of `relu_backward`.

    Examples
    --------
    >>> sigmoid_backward([8, 8], [0, 10000])
    array([2., 0.])
    """
    dout, x = _upstream("sigmoid_backward", dout, x)
    s = sigmoid(x)
    return dout * (s * (1 - s))


def tanh(x):
    r"""Hyperbolic tangent: any number to (-1, 1).

    .. math:: \tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}} = 2\sigma(2x) - 1

    Parameters
    ----------
    x : array_like, float32 or float64, any shape

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers.

    Examples
    --------
    >>> tanh([-10000, 0, 10000])
    array([-1.,  0.,  1.])
    """
    return np.tanh(_check.array("tanh", "x", x))


def tanh_backward(dout, x):
    r"""Gradient of `tanh`, at most `dout`.

    .. math:: \tanh'(x) = 1 - \tanh^2 x

    Parameters and errors are those of `relu_backward`.

    Examples
    --------
    >>> tanh_backward([5, 5], [0, 10000])
    array([5., 0.])
    """
    dout, x = _upstream("tanh_backward", dout, x)
    return dout * (1 - np.tanh(x) ** 2)


def gelu(x, approximate="none"):
    r"""Gaussian error linear unit: x times the probability that a standard normal number is below x.

    .. math::
        f(x) = x\,\Phi(x), \qquad
        \Phi(x) = \tfrac12\left(1 + \operatorname{erf}\tfrac{x}{\sqrt2}\right)
        \approx \sigma\!\left(2\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)

    Parameters
    ----------
    x : array_like, float32 or float64, any shape
    approximate : "none" or "tanh"
        "tanh" takes the approximation on the right, named after
        :math:`\sigma(2u) = \tfrac12(1 + \tanh u)`.

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers.
    ValueError
        If `approximate` is neither "none" nor "tanh".

    Notes
    -----
    numpy has no error function: each entry goes through `math.erfc`, some 60 ns. The approximation is off by
    at most 0.00048 and several times faster. At -inf the result is the limit 0; PyTorch gives NaN.

    References
    ----------
    Hendrycks and Gimpel, Gaussian error linear units (GELUs), arXiv:1606.08415, section 2.

    Examples
    --------
    >>> gelu([0, 10000])
    array([    0., 10000.])
    """
    x = _check.array("gelu", "x", x)
    return np.maximum(x, -_GELU_LIMIT) * _normal_cdf("gelu", x, approximate)[0]


def gelu_backward(dout, x, approximate="none"):
    r"""Gradient of `gelu`.

    .. math:: f'(x) = \Phi(x) + x\,\Phi'(x), \qquad \Phi'(x) = \tfrac{1}{\sqrt{2\pi}}\,e^{-x^2/2}

    With `approximate="tanh"` it is the derivative of the approximation. Parameters and errors are those of
    `relu_backward` and `gelu`.

    Examples
    --------
    >>> gelu_backward([4, 4, 4], [-10000, 0, 10000])
    array([0., 2., 4.])
    """
    dout, x = _upstream("gelu_backward", dout, x)
    cdf, density = _normal_cdf("gelu_backward", x, approximate)
    return dout * (cdf + np.clip(x, -_GELU_LIMIT, _GELU_LIMIT) * density)


def softmax(x, axis=-1):
    r"""Positive numbers with sum 1, in proportion to the exponentials of the entries along `axis`.

    .. math:: p_k = \frac{e^{x_k}}{\sum_j e^{x_j}} = \frac{e^{x_k - m}}{\sum_j e^{x_j - m}}, \; m = \max_j x_j

    Parameters
    ----------
    x : array_like, float32 or float64, at least one dimension
    axis : int
        The axis that sums to 1.

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers, or `axis` is no integer.
    ValueError
        If `x` has no such axis, or no entry along it.

    Notes
    -----
    The form with m cannot overflow: its largest exponential is 1. An entry -inf gives 0; with +inf, or -inf
    alone, the ratio is undefined and the result NaN.

    References
    ----------
    Bridle, Probabilistic interpretation of feedforward classification network outputs, Neurocomputing 1990.

    Examples
    --------
    >>> softmax([0, 0, -10000])
    array([0.5, 0.5, 0. ])
    """
    x, axis = _along("softmax", x, axis)
    exponentials = np.exp(_below_maximum(x, axis))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def softmax_backward(dout, x, axis=-1):
    r"""Gradient of `softmax`; along `axis` it sums to 0.

    .. math:: \frac{\partial L}{\partial x_k} = p_k \Bigl(d_k - \sum_j d_j p_j\Bigr)

    where d is `dout`. Parameters and errors are those of `relu_backward` and `softmax`.

    Examples
    --------
    >>> softmax_backward([4, 0], [0, 0])
    array([ 1., -1.])
    """
    x, axis = _along("softmax_backward", x, axis)
    dout, x = _upstream("softmax_backward", dout, x)
    p = softmax(x, axis)
    return p * (dout - (dout * p).sum(axis=axis, keepdims=True))


def log_softmax(x, axis=-1):
    r"""Logarithm of `softmax`, without the underflow of taking one after the other.

    .. math:: \log p_k = x_k - m - \log\sum_j e^{x_j - m}, \qquad m = \max_j x_j

    Parameters, errors and limits are those of `softmax`; an entry -inf gives -inf.

    Returns
    -------
    array of the shape and dtype of `x`

    Examples
    --------
    >>> log_softmax([10000, 0])
    array([     0., -10000.])
    """
    x, axis = _along("log_softmax", x, axis)
    shifted = _below_maximum(x, axis)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def log_softmax_backward(dout, x, axis=-1):
    r"""Gradient of `log_softmax`; along `axis` it sums to 0.

    .. math:: \frac{\partial L}{\partial x_k} = d_k - p_k \sum_j d_j

    where d is `dout`. Parameters and errors are those of `relu_backward` and `softmax`.

    Examples
    --------
    >>> log_softmax_backward([4, 0], [0, 0])
    array([ 2., -2.])
    """
    x, axis = _along("log_softmax_backward", x, axis)
    dout, x = _upstream("log_softmax_backward", dout, x)
    return dout - softmax(x, axis) * dout.sum(axis=axis, keepdims=True)


def _upstream(function, dout, x):
    x = _check.array(function, "x", x)
    dout = _check.array(function, "dout", dout, dtype=x.dtype)
    _check.same_shape(function, "dout", dout, x.shape, "It has the shape of x")
    return dout, x


def _along(function, x, axis):
    x, hint = _check.array(function, "x", x), "Use axis=-1 for the last"
    if x.ndim == 0:
        raise ValueError(_check.message(function, "x", "have at least one dimension", x))
    number = _check.integer(function, "axis", axis, -x.ndim, hint)
    if number >= x.ndim:
        raise ValueError(_check.message(function, "axis", f"be an integer < {x.ndim}", axis, hint))
    if x.shape[number] == 0:
        raise ValueError(_check.message(function, "x", f"have at least one entry along axis {number}", x))
    return x, number


def _below_maximum(x, axis):
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, as in PyTorch
        return x - x.max(axis=axis, keepdims=True)


def _normal_cdf(function, x, approximate):
    """The normal distribution function at `x` (or its approximation), and its derivative there."""
    _check.choice(function, "approximate", approximate, ("none", "tanh"))
    x = np.clip(x, -_GELU_LIMIT, _GELU_LIMIT)
    if approximate == "tanh":
        scale, cubic = _TANH_FIT
        argument = 2 * scale * x * (1 + cubic * x**2)
        cdf = sigmoid(argument)
        return cdf, cdf * sigmoid(-argument) * (2 * scale * (1 + 3 * cubic * x**2))
    # erfc(-x / sqrt 2) / 2, and not (1 + erf) / 2, keeps the digits of small values on the left
    arguments = (x * -math.sqrt(0.5)).ravel().tolist()
    cdf = np.fromiter(map(math.erfc, arguments), x.dtype, x.size).reshape(x.shape) / 2
    return cdf, np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
