"""The fields of a figure's state: traits that check what they are given, and say what is wrong.

A field also makes random good values and lists bad ones, so that the tests which every figure gets
by existing need nothing from the figure itself.
"""

import re

import numpy as np
import traitlets

from cnnmath import _check

_HALF_PAIR = re.compile("[\ud800-\udfff]")  # half a surrogate pair is no character and has no UTF-8


class StateError(traitlets.TraitError, ValueError):
    """A refused state: the figure keeps the state it had."""


class Field(traitlets.TraitType):
    """A synchronised trait; `check(figure, name, value)` returns the value to keep or raises StateError."""

    def __init__(self, default):
        super().__init__(default)
        self.tag(sync=True, state=True)

    def make_dynamic_default(self):
        """A fresh copy for each figure, so that no two share a list."""
        return copy(self.default_value)

    def validate(self, figure, value):
        return self.check(type(figure).__name__, self.name, value)

    def refuse(self, figure, name, rule, value):
        raise StateError(_check.message(figure, name, rule, value))


class Integer(Field):
    """An integer from `minimum` to `maximum`."""

    def __init__(self, default, minimum, maximum):
        super().__init__(default)
        self.minimum, self.maximum = minimum, maximum

    def check(self, figure, name, value):
        good = isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))
        if not good or not self.minimum <= value <= self.maximum:
            self.refuse(figure, name, f"be an integer from {self.minimum} to {self.maximum}", value)
        return int(value)

    def random(self, rng):
        return int(rng.integers(self.minimum, self.maximum + 1))

    def bad(self):
        return [self.minimum - 1, self.maximum + 1, 1.5, "1", None, True, [1], float("nan"), float("inf")]


class Real(Field):
    """A finite number from `minimum` to `maximum`."""

    def __init__(self, default, minimum, maximum):
        super().__init__(default)
        self.minimum, self.maximum = minimum, maximum

    def check(self, figure, name, value):
        if not is_number(value) or not self.minimum <= value <= self.maximum:
            limits = f"{_check.literal(self.minimum)} to {_check.literal(self.maximum)}"
            self.refuse(figure, name, f"be a number from {limits}", value)
        return float(value)

    def random(self, rng):
        return round(float(rng.uniform(self.minimum, self.maximum)), 3)

    def bad(self):
        return [self.minimum - 1, self.maximum + 1, "1", None, True, [1], float("nan"), float("inf")]


class Flag(Field):
    """True or False."""

    def check(self, figure, name, value):
        if not isinstance(value, (bool, np.bool_)):
            self.refuse(figure, name, "be True or False", value)
        return bool(value)

    def random(self, rng):
        return bool(rng.integers(2))

    def bad(self):
        return [0, 1, "yes", None, []]


class Choice(Field):
    """One of a few strings; `odds` are the shares of each among random values, equal ones by default."""

    def __init__(self, default, options, odds=None):
        super().__init__(default)
        self.options, self.odds = tuple(options), odds

    def check(self, figure, name, value):
        if not isinstance(value, str) or value not in self.options:
            self.refuse(figure, name, f"be one of {', '.join(_check.show(o) for o in self.options)}", value)
        return value

    def random(self, rng):
        return self.options[rng.choice(len(self.options), p=self.odds)]

    def bad(self):
        return ["", "no such choice", "__proto__", "<script>alert(1)</script>", 3, None, [self.options[0]]]


class Text(Field):
    """Text of at most `maximum` characters."""

    def __init__(self, default="", maximum=2000):
        super().__init__(default)
        self.maximum = maximum

    def check(self, figure, name, value):
        if not isinstance(value, str) or len(value) > self.maximum or _HALF_PAIR.search(value):
            self.refuse(figure, name, f"be text of at most {self.maximum} characters", value)
        return value

    def random(self, rng):
        letters = list("ab 0123.-;\n<&>\"'é−∑😀")
        return "".join(rng.choice(letters, rng.integers(0, min(self.maximum, 20) + 1)))

    def bad(self):
        return ["x" * (self.maximum + 1), 3, None, ["text"]]


class Matrix(Field):
    """Rows of finite numbers no larger than `limit`, given as nested lists or an array, kept as lists."""

    def __init__(self, default, max_rows, max_cols, limit=1e6):
        super().__init__(default)
        self.max_rows, self.max_cols, self.limit = max_rows, max_cols, limit

    def check(self, figure, name, value):
        rows = value.tolist() if isinstance(value, np.ndarray) and value.ndim == 2 else value
        rule = f"be a matrix of 1 to {self.max_rows} rows and 1 to {self.max_cols} columns"
        return self._rows(figure, name, rows, rule, value)

    def _rows(self, figure, name, rows, rule, value):
        if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in rows):
            self.refuse(figure, name, rule, value)
        if not 1 <= len(rows) <= self.max_rows or not 1 <= len(rows[0]) <= self.max_cols:
            self.refuse(figure, name, rule, value)
        if any(len(row) != len(rows[0]) for row in rows):
            self.refuse(figure, name, rule, value)
        return [[self._entry(figure, name, x) for x in row] for row in rows]

    def _entry(self, figure, name, x):
        if not is_number(x) or not abs(x) <= self.limit:
            limits = f"{_check.literal(-self.limit)} to {_check.literal(self.limit)}"
            self.refuse(figure, name, f"hold only numbers from {limits}", x)
        return float(x)

    def random(self, rng):
        shape = (rng.integers(1, self.max_rows + 1), rng.integers(1, self.max_cols + 1))
        quarters = rng.integers(-12, 13, shape) / 4
        return (quarters * rng.integers(0, 2, shape)).tolist()

    def bad(self):
        long = [[0] * (self.max_cols + 1)]
        shapes = [[], [[]], [[1, 2], [3]], long, long[:1] * (self.max_rows + 1), 5, None, "[[1]]", [1, 2], {"rows": 1}]
        entries = ["x", None, True, float("nan"), float("inf"), 2 * self.limit, [1]]
        return shapes + [[[entry]] for entry in entries]


class Array(Matrix):
    """A number, a list or a matrix of finite numbers; it keeps its number of dimensions."""

    def check(self, figure, name, value):
        items = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        if is_number(items):
            return self._entry(figure, name, items)
        flat = isinstance(items, (list, tuple)) and not any(isinstance(item, (list, tuple)) for item in items)
        size = f"{self.max_rows} × {self.max_cols}"
        rule = f"be a number, 1 to {self.max_cols} numbers or a matrix of up to {size} numbers"
        rows = self._rows(figure, name, [items] if flat else items, rule, items)
        return rows[0] if flat else rows

    def random(self, rng):
        rows = super().random(rng)
        return (rows[0][0], rows[0], rows)[rng.integers(3)]

    def bad(self):
        cube = [[[1, 2], [3, 4]]]
        shapes = [[], [[]], [[1, 2], [3]], [1, [2]], [[1], 2], cube]
        shapes += [[0] * (self.max_cols + 1), [[0]] * (self.max_rows + 1)]
        return shapes + [None, True, "1", {"rows": 1}, float("nan"), ["x"], [[None]], [[2 * self.limit]]]


class List(Field):
    """At most `maximum` items, each of which `item`, a field, accepts."""

    def __init__(self, default, item, maximum):
        super().__init__(default)
        self.item, self.maximum = item, maximum

    def check(self, figure, name, value):
        if not isinstance(value, (list, tuple)) or len(value) > self.maximum:
            self.refuse(figure, name, f"be a list of at most {self.maximum} items", value)
        place = f"{name} must fit item by item: item"
        return [self.item.check(figure, f"{place} {k}", item) for k, item in enumerate(value)]

    def random(self, rng):
        return [self.item.random(rng) for _ in range(rng.integers(0, min(self.maximum, 3) + 1))]

    def bad(self):
        good = self.item.default_value
        return [None, 3, "text", [good] * (self.maximum + 1)] + [[good, bad] for bad in self.item.bad()]


class Record(Field):
    """A dict with just the given names, each value accepted by the field of that name."""

    def __init__(self, **fields):
        super().__init__({name: field.default_value for name, field in fields.items()})
        self.fields = fields

    def check(self, figure, name, value):
        if not isinstance(value, dict) or set(value) != set(self.fields):
            self.refuse(figure, name, f"be a dict of {' and '.join(self.fields)}", value)
        return {key: field.check(figure, f"{name}'s {key}", value[key]) for key, field in self.fields.items()}

    def random(self, rng):
        return {key: field.random(rng) for key, field in self.fields.items()}

    def bad(self):
        good = self.default_value
        shapes = [None, 3, [], {}, {**good, "extra": 1}, dict(list(good.items())[1:])]
        return shapes + [{**good, key: bad} for key, field in self.fields.items() for bad in field.bad()]


class Integers(Field):
    """`length` integers, each from `minimum` to `maximum`."""

    def __init__(self, default, length, minimum, maximum):
        super().__init__(default)
        self.length, self.minimum, self.maximum = length, minimum, maximum

    def check(self, figure, name, value):
        rule = f"be {self.length} integers from {self.minimum} to {self.maximum}"
        items = value.tolist() if isinstance(value, np.ndarray) else value
        if not isinstance(items, (list, tuple)) or len(items) != self.length:
            self.refuse(figure, name, rule, value)
        whole = (isinstance(x, (int, np.integer)) and not isinstance(x, (bool, np.bool_)) for x in items)
        if not all(whole) or not all(self.minimum <= x <= self.maximum for x in items):
            self.refuse(figure, name, rule, value)
        return [int(x) for x in items]

    def random(self, rng):
        return rng.integers(self.minimum, min(self.maximum, 12) + 1, self.length).tolist()

    def bad(self):
        good = [self.minimum] * self.length
        return [good[:-1], good + good[:1], [self.maximum + 1] * self.length, [0.5] * self.length, ["0"] * self.length, None, 0, "00"]


def copy(value):
    """A copy of nested lists and dicts; numbers and strings are themselves."""
    if isinstance(value, (list, tuple)):
        return [copy(item) for item in value]
    if isinstance(value, dict):
        return {key: copy(item) for key, item in value.items()}
    return value


def is_number(value):
    """Whether a value is a real number and no bool; NaN fails every comparison that follows."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_))
