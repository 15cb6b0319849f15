"""Numbers and arrays as text, spelled exactly as the figures' JavaScript spells them."""

import html
import json
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from cnnmath import _check

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value):
    """A number as a figure prints it: integers whole, others to three decimals, a real minus, no −0.

    Examples
    --------
    >>> number(-6.0), number(1 / 9), number(-0.0), number(0.01234), number(123456789.0)
    ('−6', '0.111', '0', '0.0123', '1.23×10⁸')
    """
    value = float(value)
    if not np.isfinite(value):
        return "not a number" if value != value else ("−∞" if value < 0 else "∞")
    size = abs(value)
    sign = "−" if value < 0 else ""
    if size == int(size) and size < 1e7:
        return sign + str(int(size)) if size else "0"
    exponent = Decimal(size).adjusted()
    if size >= 1e7 or size < 1e-4:
        digits = _round(Decimal(size).scaleb(-exponent), 2)
        if digits == 10:
            digits, exponent = Decimal(1), exponent + 1
        return f"{sign}{_strip(str(digits))}×10{str(exponent).translate(_SUPERSCRIPTS)}"
    return sign + _strip(format(_round(Decimal(size), 3 if size >= 0.1 else 2 - exponent), "f"))


def told(value):
    """A sum as a figure prints it, first rounded to nine decimals: the same terms may differ in their last digits.

    Examples
    --------
    >>> told(0.1 + 0.2 - 0.3), told(0.0125 - 1e-17)
    ('0', '0.0125')
    """
    return number(np.floor(float(value) * 1e9 + 0.5) / 1e9)


def _round(value, decimals):
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _strip(text):
    return text.rstrip("0").rstrip(".") if "." in text else text


def rows_text(rows):
    """A nested list of numbers as Python source, on one line.

    Examples
    --------
    >>> rows_text([[1.0, 0.5], [0.0, -1.0]])
    '[[1, 0.5], [0, -1]]'
    """
    if isinstance(rows, (list, tuple)):
        return "[" + ", ".join(rows_text(row) for row in rows) + "]"
    return _check.literal(rows)


def table(array, caption):
    """A matrix as an HTML table with a caption: what a reader without JavaScript sees.

    Examples
    --------
    >>> table([[1.0, -2.0]], "output")
    '<table class="cnnmath-static"><caption>output</caption><tr><td>1</td><td>−2</td></tr></table>'
    """
    rows = "".join("<tr>" + "".join(f"<td>{number(x)}</td>" for x in row) + "</tr>" for row in np.atleast_2d(array))
    return f'<table class="cnnmath-static"><caption>{html.escape(caption)}</caption>{rows}</table>'


def attribute(value):
    """A JSON value as the text of a double-quoted HTML attribute."""
    return html.escape(json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False), quote=True)
