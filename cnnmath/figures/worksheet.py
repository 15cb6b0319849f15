"""Worksheet: a seeded task to be done by hand, its blanks to be filled and marked in the page."""

import json

from cnnmath import worksheet as sheets
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

_MOST = 64  # blanks


class _Typed(_fields.Text):
    """Text of a blank; random ones are often small numbers."""

    def random(self, rng):
        if rng.random() < 0.3:
            return super().random(rng)
        return ("", f"{rng.integers(-9, 10)}", f"−{rng.integers(1, 9)}.5", f"{rng.integers(1, 40)}/4", "0,5", "1/0")[rng.integers(6)]


class _Blanks(_fields.List):
    """What stands in the blanks; random ones fill many."""

    def random(self, rng):
        return [self.item.random(rng) for _ in range(rng.integers(0, 30))]


class Worksheet(Figure):
    """The sheet of `cnnmath.worksheet` that a topic and a seed name, to be filled, marked and printed.

    Fields: `topic` ("convolution", "pooling", "backward", "momentum", "adam"), `seed` from 0 to 999999, `typed`, the text in each blank from the
    first on, and `key`, whether the answers are shown.

    `values` has all `given` numbers and all `answers` in order; `marks`, for each blank 1 where it is right, 0 where it is
    wrong and −1 where it is empty; and the `score` of the `points`.

    Examples
    --------
    >>> values = Worksheet(topic="convolution", seed=7, typed=["2", "3"]).values()
    >>> values["answers"][:2], values["marks"][:3], values["score"], values["points"]
    ([2, 2], [1, 0, -1], 1, 22)
    """

    scripts = ("random.js", "worksheet-values.js")

    topic = _fields.Choice("convolution", sheets.TOPICS)
    seed = _fields.Integer(7, 0, sheets.LARGEST_SEED)
    typed = _Blanks([], _Typed("", 12), _MOST)
    key = _fields.Flag(False)

    @property
    def _sheet(self):
        return sheets.worksheet(self.topic, self.seed)

    def values(self):
        sheet = self._sheet
        marks = sheet.mark(self.typed)
        return {"given": sheet.numbers, "answers": sheet.answers, "marks": marks, "score": marks.count(1), "points": sheet.points}

    def describe(self):
        v = self.values()
        wrong, empty = v["marks"].count(0), v["marks"].count(-1)
        key = " The key is shown." if self.key else ""
        return f"{self._sheet.title}, sheet {self.seed}: {v['score']} of {v['points']} points; {wrong} wrong, {empty} empty.{key}"

    def as_python(self):
        typed = json.dumps(self.typed, ensure_ascii=False)
        return f"""from cnnmath.worksheet import worksheet

sheet = worksheet("{self.topic}", seed={self.seed})
given, answers = sheet.numbers, sheet.answers
marks = sheet.mark({typed})
score, points = marks.count(1), sheet.points
print(sheet.text(answers={self.key}))"""

    def static(self):
        return "".join(_text.table(rows, name) for name, rows in self._sheet.given)
