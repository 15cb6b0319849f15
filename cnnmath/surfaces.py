r"""Losses of two weights, small enough to be seen whole, and the path of an optimiser on them.

A run near its limit of stability doubles the last bit of rounding again and again. So that a figure's
JavaScript takes the very same path, gradients are made of sums, products and quotients alone, in a fixed order.
"""

import math

import numpy as np

from cnnmath import _check
from cnnmath.parameters import Parameter

__all__ = ["NAMES", "SIGNALS", "LABELS", "Surface", "surface", "descend"]

SIGNALS = ((3, 3, 2, 2, 2), (2, 1, 0, 2, 0), (3, 1, 2, 0, 3), (0, 2, 1, 2, 2))
"""The four examples of the surface "cnn", each of five numbers."""
LABELS = (1, 1, 1, 0)
"""Their classes."""

_LN2 = 0.6931471803691238, 1.9082149292705877e-10  # log 2 in two parts: few digits, and the rest


def _exp(x):
    """exp(x) for x <= 0: 2 to the nearest whole power, times the series of what remains."""
    k = math.floor(x / _LN2[0] + 0.5)
    rest = x - k * _LN2[0] - k * _LN2[1]
    series = 1.0
    for n in range(14, 0, -1):
        series = 1 + series * rest / n
    return series * 2.0**k


def _sigmoid(s):
    e = _exp(-abs(s))
    return 1 / (1 + e) if s >= 0 else e / (1 + e)


def _scores(x, y):
    """For each example its label, its score s, and the derivatives of s by the two weights."""
    for signal, label in zip(SIGNALS, LABELS):
        score, by_x, by_y = -1.0, 0.0, 0.0
        for a, b in zip(signal, signal[1:]):
            z = a * x + b * y
            if z > 0:
                score, by_x, by_y = score + z, by_x + a, by_y + b
        yield label, score, by_x, by_y


def _cnn_loss(x, y):
    total = 0
    for signal, label in zip(SIGNALS, LABELS):
        score = sum(np.maximum(0, a * x + b * y) for a, b in zip(signal, signal[1:])) - 1
        total = total + np.logaddexp(0, -score if label else score)
    return total / len(SIGNALS)


def _cnn_gradient(x, y):
    first = second = 0.0
    for label, score, by_x, by_y in _scores(x, y):
        error = _sigmoid(score) - label
        first, second = first + error * by_x, second + error * by_y
    return first / len(SIGNALS), second / len(SIGNALS)


def _cnn_hessian(x, y):
    xx = xy = yy = 0.0
    for _, score, by_x, by_y in _scores(x, y):
        p = _sigmoid(score)
        weight = p * (1 - p) / len(SIGNALS)
        xx, xy, yy = xx + weight * by_x * by_x, xy + weight * by_x * by_y, yy + weight * by_y * by_y
    return xx, xy, yy


def _rosenbrock_gradient(x, y):
    rest = y - x * x
    return -2 * (1 - x) - 400 * x * rest, 200 * rest


# name: (loss, gradient, the Hessian's entries xx, xy, yy, minima)
_FORMULAS = {
    "bowl": (
        lambda x, y: 0.5 * (x * x + y * y),
        lambda x, y: (x, y),
        lambda x, y: (1, 0, 1),
        [[0, 0]],
    ),
    "valley": (
        lambda x, y: 0.5 * (x * x + 20 * y * y),
        lambda x, y: (x, 20 * y),
        lambda x, y: (1, 0, 20),
        [[0, 0]],
    ),
    "tilted_valley": (
        lambda x, y: 5.25 * (x * x + y * y) - 9.5 * x * y,
        lambda x, y: (10.5 * x - 9.5 * y, 10.5 * y - 9.5 * x),
        lambda x, y: (10.5, -9.5, 10.5),
        [[0, 0]],
    ),
    "saddle": (
        lambda x, y: 0.5 * x * x + 0.25 * (y * y - 1) * (y * y - 1),
        lambda x, y: (x, y * y * y - y),
        lambda x, y: (1, 0, 3 * y * y - 1),
        [[0, -1], [0, 1]],
    ),
    "rosenbrock": (
        lambda x, y: (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x),
        _rosenbrock_gradient,
        lambda x, y: (2 - 400 * (y - x * x) + 800 * x * x, -400 * x, 200),
        [[1, 1]],
    ),
    "cnn": (
        _cnn_loss,
        _cnn_gradient,
        _cnn_hessian,
        [[-0.14017785706068145, 0.3962474360123561], [0.9334450318575441, -0.7656136097867096]],
    ),
}

NAMES = tuple(_FORMULAS)
"""The names of all surfaces."""


class Surface:
    r"""A loss :math:`L(\theta_1, \theta_2)`; made by `surface`.

    Attributes
    ----------
    name : str
    minima : array, (M, 2)
        Where L has a local minimum.
    quadratic : bool
        Whether the Hessian is the same everywhere.
    """

    def __init__(self, name):
        self.name = name
        self._loss, self._gradient, self._hessian, minima = _FORMULAS[name]
        self.minima = np.array(minima, dtype=float)
        self.quadratic = name in ("bowl", "valley", "tilted_valley")

    def loss(self, weights):
        """L at `weights`, an array (..., 2): an array (...)."""
        weights = _check.array("Surface.loss", "weights", weights)
        return self._loss(weights[..., 0], weights[..., 1])

    def gradient(self, weights):
        """The gradient of L at `weights`, an array (2,): an array (2,)."""
        return np.array(self._gradient(*self._pair("gradient", weights)), dtype=float)

    def hessian(self, weights):
        """The matrix of second derivatives at `weights`, an array (2,): an array (2, 2)."""
        xx, xy, yy = self._hessian(*self._pair("hessian", weights))
        return np.array([[xx, xy], [xy, yy]], dtype=float)

    def curvatures(self, weights):
        """The Hessian's two eigenvalues, the smaller first: an array (2,)."""
        (xx, xy), (_, yy) = self.hessian(weights).tolist()
        mean, half = (xx + yy) / 2, (xx - yy) / 2
        radius = math.sqrt(half * half + xy * xy)
        return np.array([mean - radius, mean + radius])

    def _pair(self, method, weights):
        weights = _check.array(f"Surface.{method}", "weights", weights, "2")
        _check.same_shape(f"Surface.{method}", "weights", weights, (2,))
        return weights.tolist()

    def __repr__(self):
        return f"surface({self.name!r})"


def surface(name):
    r"""A loss of two weights, by name.

    .. math::
        \text{bowl: } & \tfrac12(\theta_1^2 + \theta_2^2) \\
        \text{valley: } & \tfrac12(\theta_1^2 + 20\,\theta_2^2) \\
        \text{tilted\_valley: } & \tfrac12(u^2 + 20\,v^2), \quad
            u = (\theta_1 + \theta_2)/\sqrt2,\ v = (\theta_2 - \theta_1)/\sqrt2 \\
        \text{saddle: } & \tfrac12\theta_1^2 + \tfrac14(\theta_2^2 - 1)^2 \\
        \text{rosenbrock: } & (1 - \theta_1)^2 + 100\,(\theta_2 - \theta_1^2)^2 \\
        \text{cnn: } & \frac14\sum_{n=1}^{4} \ell(s_n, y_n), \quad
            s_n = \sum_{i=0}^{3} \max(0,\ \theta_1 x_{n,i} + \theta_2 x_{n,i+1}) - 1

    The last is a network: correlation of four `SIGNALS` with a kernel of two weights, ReLU, a sum, and the
    cross-entropy of a sigmoid against the `LABELS`.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    Surface

    Raises
    ------
    ValueError
        If there is no surface of that name.

    References
    ----------
    Rosenbrock, An automatic method for finding the greatest or least value of a function, The Computer
    Journal 3, 1960.

    Examples
    --------
    >>> valley = surface("valley"); valley.loss([2, 1]), valley.gradient([2, 1]), valley.curvatures([2, 1])
    (np.float64(12.0), array([ 2., 20.]), array([ 1., 20.]))
    """
    return Surface(_check.choice("surface", "name", name, NAMES))


def descend(surface, start, rule, steps, bound=100):
    """The path of an optimiser on a surface, and every term of every step.

    Parameters
    ----------
    surface : Surface
        Or anything with ``gradient(weights)``.
    start : array_like, (2,)
    rule : callable
        Makes the optimiser from a list of parameters, such as ``lambda parameters: SGD(parameters, lr=0.1)``.
    steps : int
        At least 0.
    bound : float
        The path ends with its first point that has a coordinate beyond ±`bound`.

    Returns
    -------
    path : array, (T + 1, 2)
        The start and the point after each of T <= `steps` steps.
    terms : list of dict
        The optimiser's state after each of the T steps.

    Raises
    ------
    ValueError, TypeError
        If `steps` or `bound` is out of its range or of the wrong kind.

    Examples
    --------
    >>> from cnnmath.optimizers import SGD
    >>> path, terms = descend(surface("bowl"), [4, 2], lambda p: SGD(p, lr=0.5), 2); path.tolist()
    [[4.0, 2.0], [2.0, 1.0], [1.0, 0.5]]
    """
    steps = _check.integer("descend", "steps", steps, 0)
    bound = _check.real("descend", "bound", bound, 0)
    weights = Parameter(start)
    optimizer = rule([weights])
    path, terms = [weights.data.copy()], []
    while len(terms) < steps and np.abs(path[-1]).max() <= bound:
        weights.grad = surface.gradient(weights.data)
        optimizer.step()
        path.append(weights.data.copy())
        terms.append(dict(optimizer.state[0]))
    return np.array(path), terms
