r"""Gradient checks: a derivative found by formula beside one found by trying.

A backward function for ``y = forward(x)`` is checked on the scalar ``f(x) = sum(dout * forward(x))``, whose
gradient is ``backward(dout, x)``.
"""

import dataclasses

import numpy as np

from cnnmath import _check


def numerical_gradient(f, x, step=1e-5):
    r"""Gradient of a scalar function by central differences.

    .. math:: \frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h}

    with :math:`e_i` the i-th unit vector and h = `step`.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `x`, float64, and returns a number.
    x : array_like, any shape
        Where to differentiate; taken as float64, and never changed.
    step : float
        h > 0.

    Returns
    -------
    float64 array of the shape of `x`

    Raises
    ------
    TypeError
        If `f` cannot be called, `x` holds anything but real numbers, or `step` is no number.
    ValueError
        If `f` returns no single number, or `step` is not finite and > 0.

    Notes
    -----
    `f` is called twice for each entry. The formula errs by some :math:`h^2 f'''/6`, rounding by some
    :math:`10^{-16} |f| / h`; near 1, a step of 1e-5 keeps both below 1e-10. float32 would lose all digits.

    At a kink there is no derivative, and the result is the mean of both slopes: 0.5 for ReLU at 0. The same
    holds within h of a kink, and where a max pooling window has two equal maxima.

    References
    ----------
    Press et al., Numerical Recipes, 3rd ed. (2007), section 5.7.

    Examples
    --------
    >>> numerical_gradient(lambda x: x[0] * x[1], [3, 4], step=1)
    array([4., 3.])
    >>> float(numerical_gradient(lambda x: max(x, 0), 0))
    0.5
    """
    function = "numerical_gradient"
    return _central_differences(function, *_arguments(function, f, x, step))


def check_gradients(f, x, analytic, step=1e-5, tolerance=1e-6, rows=25):
    r"""Compare a gradient found by formula with central differences, and fail where they differ.

    The relative error of an entry is its difference over the largest entry of either gradient:

    .. math:: r_i = \frac{|a_i - n_i|}{\max_j \max(|a_j|, |n_j|)}

    Parameters
    ----------
    f, x, step
        As in `numerical_gradient`.
    analytic : array_like of the shape of `x`
        The gradient a to be checked.
    tolerance : float
        The largest relative error allowed, >= 0.
    rows : int
        How many entries the printed table shows at most, those of largest error; at least 1.

    Returns
    -------
    GradientCheck
        Prints as a table of analytic beside numeric; has `analytic`, `numeric` and `error` as arrays.

    Raises
    ------
    TypeError
        As `numerical_gradient`, and if `analytic` holds anything but real numbers.
    ValueError
        As `numerical_gradient`; if the shapes differ; or if an error exceeds `tolerance` or is NaN. The
        message names the worst entry and shows the table. Where the slopes left and right of that entry
        differ, the mark of a kink, it gives them.

    Examples
    --------
    >>> check_gradients(lambda x: x @ x, [3, 0], [6, 0], step=1)
    index      analytic       numeric     error
    (0,)              6             6         0
    (1,)              0             0         0
    """
    function = "check_gradients"
    f, x, step = _arguments(function, f, x, step)
    tolerance = _check.real(function, "tolerance", tolerance, 0)
    rows = _check.integer(function, "rows", rows, 1)
    analytic = _check.array(function, "analytic", analytic, dtype=np.float64)
    _check.same_shape(function, "analytic", analytic, x.shape, "It has the shape of x")
    numeric = _central_differences(function, f, x, step)
    largest = max(np.abs(analytic).max(initial=0), np.abs(numeric).max(initial=0)) or 1.0
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, which fails below
        error = np.abs(analytic - numeric) / largest
    result = GradientCheck(analytic, numeric, error, rows)
    if not (error <= tolerance).all():
        worst = tuple(int(i) for i in np.unravel_index(error.argmax(), error.shape))
        rule = f"equal the central difference {_short(numeric[worst])} at {worst}"
        left, right = (_short(slope) for slope in _slopes(function, f, x, worst, step))
        hint = "Correct the formula, or the loss that f computes"
        if abs(float(right) - float(left)) > 0.01 * largest:
            hint = (
                f"The slopes left and right are {left} and {right}: at a kink, as of ReLU at 0 or of max "
                "pooling at a tie, move x away; elsewhere take a smaller step"
            )
        text = _check.message(function, "analytic", rule, float(_short(analytic[worst])), hint)
        raise ValueError(f"{text}\n{result}")
    return result


@dataclasses.dataclass(repr=False)
class GradientCheck:
    """Two gradients entry by entry and their relative errors, arrays of one shape; prints as a table.

    The table has at most `rows` entries, those of largest error, in the order of their indices. Numbers below
    1e-9 of the largest are printed as 0, small errors as the power of ten above them.
    """

    analytic: np.ndarray
    numeric: np.ndarray
    error: np.ndarray
    rows: int = 25

    def __repr__(self):
        error = np.nan_to_num(self.error, nan=np.inf).ravel()
        shown = np.sort(np.argsort(-error, kind="stable")[: self.rows])
        indices = [tuple(int(i) for i in np.unravel_index(k, self.error.shape)) for k in shown]
        width = max([7, *(len(str(index)) for index in indices)])
        least = 1e-9 * np.abs([self.analytic, self.numeric]).max(initial=0)
        lines = [f"{'index':{width}}{'analytic':>12}{'numeric':>14}{'error':>10}"]
        for index in indices:
            pair = self.analytic[index], self.numeric[index]
            numbers = "{:12.6g}{:14.6g}".format(*(0.0 if abs(number) < least else number for number in pair))
            lines.append(f"{str(index):{width}}{numbers}{_size(self.error[index]):>10}")
        if error.size > self.rows:
            lines.append(f"and {error.size - self.rows} entries of smaller error")
        return "\n".join(lines)


def _arguments(function, f, x, step):
    if not callable(f):
        hint = "Pass lambda x: np.sum(dout * forward(x))"
        raise TypeError(_check.message(function, "f", "be a function of x", f, hint))
    x, step = _check.array(function, "x", x, dtype=np.float64), _check.real(function, "step", step, 0)
    if step == 0:
        raise ValueError(_check.message(function, "step", "be > 0", step, "Use step=1e-5"))
    return f, x, step


def _central_differences(function, f, x, step):
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        left, right = x[index] - step, x[index] + step
        rise = _value(function, f, x, index, right) - _value(function, f, x, index, left)
        gradient[index] = rise / (right - left)  # not 2 h: the sums are rounded
    return gradient


def _slopes(function, f, x, index, step):
    """The difference quotients on the left and on the right of `x`."""
    left, middle, right = (_value(function, f, x, index, x[index] + h) for h in (-step, 0, step))
    return (middle - left) / step, (right - middle) / step


def _value(function, f, x, index, entry):
    """f at `x` with one entry replaced, as a float."""
    x = x.copy()
    x[index] = entry
    value = np.asarray(f(x))
    if value.size != 1 or value.dtype.kind not in "buif":
        hint = "Pass lambda x: np.sum(dout * forward(x))"
        raise ValueError(_check.message(function, "f", "return a single number", value, hint))
    return float(value.item())


def _short(number):
    return _check.literal(float(f"{number:.6g}"))


def _size(error):
    """A large error with two digits; a small one, which is rounding, as the power of ten above it."""
    if error == 0 or error >= 1e-3 or not np.isfinite(error):
        return f"{error:.2g}"
    return f"<1e{int(np.floor(np.log10(error))) + 1}"
