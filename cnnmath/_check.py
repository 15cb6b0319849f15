"""Argument checks, and the one format in which cnnmath reports a bad argument.

Every message reads ``function: argument must RULE; got VALUE. HINT.`` so that it names what is
wrong, shows it, and says which number to change. Checks return the value in the form the caller
computes with, and never change what they were given.
"""

import json
import math
import operator

import numpy as np

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def message(function, argument, rule, value, hint=""):
    """The text of an error: ``function: argument must RULE; got VALUE. HINT.``

    Examples
    --------
    >>> message("pool", "stride", "be an integer >= 1", 0, "Use stride=1 to visit every window")
    'pool: stride must be an integer >= 1; got 0. Use stride=1 to visit every window.'
    """
    text = f"{function}: {argument} must {rule}; got {show(value)}."
    return f"{text} {hint.rstrip('.')}." if hint else text


def literal(number):
    """The shortest decimal that reads back as `number`, spelled alike in Python and JavaScript.

    Examples
    --------
    >>> literal(2.0), literal(-0.0), literal(0.1), literal(1e-7), literal(float("inf"))
    ('2', '0', '0.1', '1e-7', 'inf')
    """
    number = float(number)
    if not math.isfinite(number):
        return str(number)
    if number == 0:
        return "0"
    if 1e-6 <= abs(number) < 1e15:
        return np.format_float_positional(number, trim="-")
    return np.format_float_scientific(number, trim="-", exp_digits=1)


def show(value):
    """A value as an error message prints it: short, and alike in Python and JavaScript.

    Examples
    --------
    >>> show(None), show(True), show("two"), show([1, 2.5]), show(np.zeros((2, 3)))
    ('None', 'True', '"two"', '[1, 2.5]', 'an array of shape (2, 3)')
    """
    if value is None or isinstance(value, (bool, np.bool_)):
        return str(value)
    if isinstance(value, np.floating):
        value = float(value)
    if isinstance(value, (int, float, np.integer)):
        return literal(value) if value != value or abs(value) < 1e300 else ("inf" if value > 0 else "-inf")
    if isinstance(value, str):
        return _short(json.dumps(value, ensure_ascii=False), 40)
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else show(value.item())
    if isinstance(value, (list, tuple)):
        opening, closing = "[]" if isinstance(value, list) else "()"
        return _short(opening + ", ".join(show(item) for item in value) + closing, 60)
    return f"a value of type {type(value).__name__}"


def _short(text, length):
    return text if len(text) <= length else text[: length - 1] + "…"


def integer(function, argument, value, minimum, hint=""):
    """`value` as an int >= `minimum`; a float, a bool or a string is refused, not rounded.

    Raises TypeError when it is no integer, ValueError when it is too small.
    """
    rule = f"be an integer >= {minimum}"
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(message(function, argument, rule, value, hint))
    try:
        number = operator.index(value)
    except TypeError:
        # 2.0 is shown as 2, as in JavaScript, where the two are one: say what is wrong with it here
        rule += ", not a float" if isinstance(value, (float, np.floating)) and value.is_integer() else ""
        raise TypeError(message(function, argument, rule, value, hint)) from None
    if number < minimum:
        raise ValueError(message(function, argument, rule, value, hint))
    return number


def pair(function, argument, value, minimum, hint=""):
    """`value`, an integer or a pair (vertical, horizontal), as a pair of ints >= `minimum`."""
    if type(value) is tuple and [*map(type, value)] == [int, int] and min(value) >= minimum:
        return value  # the usual case, ten times as fast as what follows
    if isinstance(value, (tuple, list, np.ndarray)) and np.ndim(value) == 1:
        if len(value) != 2:
            rule = f"be an integer >= {minimum} or a pair of them"
            raise ValueError(message(function, argument, rule, value, hint))
        return tuple(integer(function, argument, item, minimum, hint) for item in value)
    number = integer(function, argument, value, minimum, hint)
    return number, number


def real(function, argument, value, minimum=-math.inf, maximum=math.inf, exclusive=False, hint=""):
    """`value` as a finite float with minimum <= value <= maximum (< maximum when `exclusive`)."""
    rule = "be a finite number"
    if minimum > -math.inf:
        rule += f" >= {literal(minimum)}"
    if maximum < math.inf:
        rule += f"{' and' if minimum > -math.inf else ''} {'<' if exclusive else '<='} {literal(maximum)}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(message(function, argument, rule, value, hint))
    number = float(value)
    if not math.isfinite(number) or number < minimum or number > maximum or (exclusive and number == maximum):
        raise ValueError(message(function, argument, rule, value, hint))
    return number


def array(function, argument, value, shape=None, dtype=None, hint=""):
    """`value` as a numpy array of float32 or float64; float32 stays, integers become float64.

    `shape` names the axes, as in ``"N, C, H, W"``; its length is the number of dimensions asked
    for, and no axis may be empty. `dtype` forces the result's dtype. The input is not copied when
    it already fits, and NaN and infinities pass: arithmetic carries them.
    """
    try:
        result = np.asarray(value)
    except ValueError:
        rule = "be a rectangular array of numbers"
        raise ValueError(message(function, argument, rule, value, hint)) from None
    if result.dtype.kind not in "buif":
        raise TypeError(message(function, argument, "be an array of real numbers", value, hint))
    if shape is not None:
        axes = shape.split(", ")
        if result.ndim != len(axes):
            rule = f"have {len(axes)} dimension{'s' if len(axes) > 1 else ''} ({shape})"
            raise ValueError(message(function, argument, rule, result, hint))
        if result.size == 0:
            raise ValueError(message(function, argument, f"have no empty dimension ({shape})", result, hint))
    if dtype is None:
        dtype = result.dtype if result.dtype in FLOATS else np.float64
    return result.astype(dtype, copy=False)


def same_shape(function, argument, value, shape, hint=""):
    """Refuse an array whose shape is not exactly `shape`."""
    if value.shape != tuple(shape):
        raise ValueError(message(function, argument, f"have shape {tuple(shape)}", value, hint))


def choice(function, argument, value, options, hint=""):
    """`value`, which must be one of the strings in `options`."""
    if not isinstance(value, str) or value not in options:
        rule = f"be one of {', '.join(show(option) for option in options)}"
        raise ValueError(message(function, argument, rule, value, hint))
    return value


def generator(function, argument, value):
    """`value`, which must be a numpy Generator: there is no global seed to fall back on."""
    if not isinstance(value, np.random.Generator):
        rule, hint = "be a numpy.random.Generator", f"Pass {argument}=np.random.default_rng(0)"
        raise TypeError(message(function, argument, rule, value, hint))
    return value
