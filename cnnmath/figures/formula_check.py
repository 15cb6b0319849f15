"""What the small checks share: a formula of the book beside the same number found by trying or by counting."""

import numpy as np

from cnnmath import _check
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

_LEAST = 1e-8  # smaller differences are rounding, which differs between machines


class FormulaCheck(Figure):
    """A formula, numbers of the reader's choice, both sides and their difference.

    A subclass names its `formulas`, {name: (title, example)}; without other fields than `formula` it takes the numbers of
    the example. `steps()` is code in numpy and `cnnmath` that computes the variables `formula`, `measured` and `difference`;
    the values of the figure are what it gives when it is run.
    """

    scripts = ("formula-check.js",)
    formulas = {}

    def __init__(self, *, name="", **state):
        formula = state.get("formula")
        example = self.formulas[formula][1] if isinstance(formula, str) and formula in self.formulas else {}
        super().__init__(name=name, **{**example, **state})

    def values(self):
        names = {}
        exec(self.steps(), names)
        return {name: names[name] for name in ("formula", "measured", "difference")}

    def describe(self):
        v = self.values()
        sides = f"By the formula: {_list(v['formula'])}. By {self.how()}: {_list(v['measured'])}."
        return f"{sides} {self.verdict(np.abs(v['difference']).max())}"

    def as_python(self):
        kind = type(self).__name__
        given = ", ".join(f"{name}={_text.rows_text(x) if not isinstance(x, str) else _check.show(x)}" for name, x in self.state.items())
        return f"""from cnnmath.figures import {kind}

check = {kind}({given})
formula, measured, difference = check.values().values()
print(check.steps())"""

    def how(self):
        """What gives the other side."""
        return "counting"

    def verdict(self, error):
        """What the largest difference says."""
        return f"They differ by less than {_text.number(bound(error))}."

    def static(self):
        v = self.values()
        difference = np.floor(np.multiply(v["difference"], 1e9) + 0.5) / 1e9  # without the rounding, which differs between machines
        captions = f"{self.formulas[self.formula][0]}: the formula", self.how(), "difference"
        return "".join(map(_text.table, (v["formula"], v["measured"], difference), captions))


class DerivativeCheck(FormulaCheck):
    """A check of a gradient by central differences with the step `h`."""

    scripts = ("formula-check.js", "derivative-check.js")

    def how(self):
        return f"central differences, h = {_text.number(float(self.h))}"


class Numbers(_fields.List):
    """A list of numbers of one field, also taken from an array; random ones have `minimum` to `maximum` and are often simple."""

    def __init__(self, default, item, minimum, maximum):
        super().__init__(default, item, maximum)
        self.minimum = minimum

    def check(self, figure, name, value):
        return super().check(figure, name, value.tolist() if isinstance(value, np.ndarray) and value.ndim == 1 else value)

    def random(self, rng):
        count = rng.integers(self.minimum, self.maximum + 1)
        if isinstance(self.item, _fields.Integer):
            return rng.integers(0, 8, count).tolist()
        kind = rng.random()
        if kind < 0.2:
            return rng.integers(-2, 3, count).astype(float).tolist()
        if kind < 0.4:  # as the targets of a classifier
            return np.eye(count)[rng.integers(count)].tolist()
        return [self.item.random(rng) for _ in range(count)] if kind < 0.8 else rng.random(count).round(3).tolist()


def bound(error):
    """The least power of ten above `error`, not below 10⁻⁸.

    Examples
    --------
    >>> round(bound(0.02), 9), bound(1e-13)
    (0.1, 1e-08)
    """
    power = _LEAST
    while error >= power:
        power *= 10
    return power


def _list(array):
    return "; ".join(", ".join(map(_text.told, row)) for row in np.atleast_2d(array))
