r"""Random weights whose variance keeps signals alive through many layers.

A unit that sums n products :math:`w x` of independent factors, w of mean 0, has the variance
:math:`n\,\mathrm{Var}[w]\,\mathrm{E}[x^2]`. The rules choose :math:`\mathrm{Var}[w]` so that layers keep it:

.. math::
    \text{Glorot: } \mathrm{Var}[w] = \frac{2}{n_{in} + n_{out}},
    \qquad \text{He: } \mathrm{Var}[w] = \frac{2}{n_{in}}

He's 2 stands for ReLU, which halves :math:`\mathrm{E}[x^2]`. A normal draw has standard deviation
:math:`\sqrt{\mathrm{Var}}`, a uniform one the limits :math:`\pm\sqrt{3\,\mathrm{Var}}`.

References: Glorot and Bengio, AISTATS 2010, equations 12 and 16; He et al., Delving deep into rectifiers,
ICCV 2015, equation 10.
"""

import math

from cnnmath import _check


def fans(shape):
    """How many inputs a unit sums, and how many units an input feeds: (n_in, n_out).

    Parameters
    ----------
    shape : tuple of int
        (C_out, C_in) of a dense layer, or (C_out, C_in / groups, K_h, K_w) of a convolution.

    Returns
    -------
    (int, int)
        C_in K_h K_w and C_out K_h K_w, as PyTorch counts them; stride and borders are left out.

    Raises
    ------
    ValueError
        If `shape` has fewer than 2 entries or one that is < 1.

    Examples
    --------
    >>> fans((16, 8, 3, 3))
    (72, 144)
    """
    if len(shape) < 2:
        rule = "have at least 2 entries (C_out, C_in, ...)"
        raise ValueError(_check.message("fans", "shape", rule, tuple(shape)))
    out, into, *window = (_check.integer("fans", "shape", size, 1) for size in shape)
    return into * math.prod(window), out * math.prod(window)


def he_normal(shape, rng):
    """Normal weights of variance 2 / n_in: float64 array of `shape`, drawn from the Generator `rng`."""
    return _normal("he_normal", shape, rng, 2 / fans(shape)[0])


def he_uniform(shape, rng):
    """Uniform weights of variance 2 / n_in: float64 array of `shape`, drawn from the Generator `rng`."""
    return _uniform("he_uniform", shape, rng, 2 / fans(shape)[0])


def glorot_normal(shape, rng):
    """Normal weights of variance 2 / (n_in + n_out): float64 array of `shape`, from the Generator `rng`."""
    return _normal("glorot_normal", shape, rng, 2 / sum(fans(shape)))


def glorot_uniform(shape, rng):
    """Uniform weights of variance 2 / (n_in + n_out): float64 array of `shape`, from the Generator `rng`."""
    return _uniform("glorot_uniform", shape, rng, 2 / sum(fans(shape)))


def _normal(function, shape, rng, variance):
    return _check.generator(function, "rng", rng).normal(0, math.sqrt(variance), shape)


def _uniform(function, shape, rng, variance):
    limit = math.sqrt(3 * variance)
    return _check.generator(function, "rng", rng).uniform(-limit, limit, shape)
