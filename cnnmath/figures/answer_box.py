"""AnswerBox: a reader types a number or a small array and is answered at once, without a kernel."""

import html
import json
import re

import numpy as np

from cnnmath import _check
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

LARGEST = 1e12
MOST = 256  # numbers in one response

# What `values()["verdict"]` says.
NONE, UNREAD, RIGHT, MISTAKE, SHAPE, ROUNDED, WRONG = range(7)

_MISTAKE = _fields.Record(reason=_fields.Text("", 200), value=_fields.Array(0.0, 16, 16, LARGEST))
_NUMBER = re.compile(r"[-+.0-9eE]+(/[-+.0-9eE]+)?")  # of these, float() refuses what is none
_COMMA = " A comma separates entries: write 0.5 with a point, 1000 without a comma."


class _Mistakes(_fields.List):
    """A list of {reason, value}; in Python a dict of reason → value says the same."""

    def check(self, figure, name, value):
        if isinstance(value, dict):
            value = [{"reason": reason, "value": result} for reason, result in value.items()]
        return super().check(figure, name, value)


class _Response(_fields.Text):
    """Text that a reader types; most random ones are numbers."""

    def random(self, rng):
        if rng.random() < 0.2:
            return super().random(rng)
        shape = rng.integers(1, 4, 2) if rng.random() < 0.5 else (1, 1)
        rows = [" ".join(map(_check.literal, row)) for row in rng.integers(-4, 5, shape) / 2]
        return "\n".join(rows).replace("-", rng.choice(["-", "−"]))


class AnswerBox(Figure):
    """A question with its right answer, the results of known mistakes, hints and a solution.

    A response is compared with the answer, then with each mistake, then with the answer transposed and
    negated, so that a wrong response is told what made it. An entry x of it is right where the answer
    has a when ``|x − a| ≤ 10⁻⁹ + tolerance·|a|``.

    Fields: `question`, `hints` (up to 8, the slightest first) and `solution` are plain text, Unicode but
    neither HTML nor TeX; `answer` is a number, a list or a matrix up to 16×16; `mistakes` is a dict from
    reasons ("stride forgotten") to the arrays that they give, none of which may equal the answer or another;
    `tolerance` is 0 unless given for an answer of whole numbers, which nobody rounds, and 0.005 for others,
    which lets three significant digits pass; `response` is the text last checked; `shown_hints` counts the
    hints taken, held to their number; `revealed` opens the solution.

    A response is numbers apart by spaces or commas, in rows apart by new lines or semicolons, in brackets or
    not. Fractions (1/9) and a real minus sign are read; a decimal comma is not, as a comma separates
    entries. Rows matter only where the answer is a matrix: a list may be typed as a row or as a column.

    The page offers the solution after a response that could be read, or after all hints. The right answer
    stands in the source of the page, as a solution stands at the end of a book: this is for practice, not for
    examinations.

    Examples
    --------
    >>> box = AnswerBox(answer=[[1, 2], [3, 4]], mistakes={"stride forgotten": [[1, 2, 3]]}, response="1 2 3")
    >>> box.describe()
    'Not right. This is what a known mistake gives: stride forgotten.'
    """

    question = _fields.Text("What is 1 − 3?", 2000)
    answer = _fields.Array(-2.0, 16, 16, LARGEST)
    mistakes = _Mistakes([], _MISTAKE, 12)
    hints = _fields.List([], _fields.Text("", 1000), 8)
    solution = _fields.Text("", 4000)
    tolerance = _fields.Real(0.005, 0, 0.5)
    response = _Response("", 2000)
    shown_hints = _fields.Integer(0, 0, 8)
    revealed = _fields.Flag(False)

    def __init__(self, *, name="", **state):
        if "answer" in state and "tolerance" not in state:
            answer = type(self).answer.check(type(self).__name__, "answer", state["answer"])
            state["tolerance"] = 0.0 if np.array_equal(answer, np.round(answer)) else 0.005
        super().__init__(name=name, **state)

    @classmethod
    def check_together(cls, state):
        values = [_rows(state["answer"]), *(_rows(mistake["value"]) for mistake in state["mistakes"])]
        for k, mistake in enumerate(state["mistakes"]):
            if any(_equal(values[k + 1], value, state["tolerance"]) for value in values[: k + 1]):
                rule = "differ from the answer and from each other by more than the tolerance"
                raise _fields.StateError(_check.message(cls.__name__, "mistakes", rule, mistake["reason"]))

    def values(self):
        """The response as numbers, and what is to be said of it.

        `typed` is the rows read, [] if none; `verdict` one of NONE, UNREAD, RIGHT, MISTAKE, SHAPE, ROUNDED
        and WRONG; `mistake` the place of the mistake met in `mistakes`, to which "axes swapped" and "opposite
        sign" are added at the end, or −1; `right` is 1 where an entry of `typed` is right and 0 elsewhere,
        [] where the shape does not fit.
        """
        return self._judge()[0]

    def describe(self):
        return self._judge()[1]

    def _judge(self):
        values = {"typed": [], "verdict": NONE, "mistake": -1, "right": []}
        comma = _COMMA if re.search("[0-9],[0-9]", self.response) else ""
        read, problem = parse(self.response)
        if problem:
            return {**values, "verdict": UNREAD}, f"Not read: {problem}{comma}"
        if not read:
            return values, "No answer yet."
        wanted = _rows(self.answer)
        typed = np.array(read) if np.ndim(self.answer) == 2 else np.array([sum(read, [])])
        alike = typed.shape == wanted.shape
        right = _close(typed, wanted, self.tolerance).astype(int) if alike else np.array([])
        known = [(mistake["reason"], _rows(mistake["value"])) for mistake in self.mistakes]
        known += [("axes swapped", wanted.T), ("opposite sign", -wanted)]
        met = next((k for k, (_, rows) in enumerate(known) if _equal(typed, rows, self.tolerance)), -1)
        count = wanted.size
        score = f"{int(right.sum())} of {count} entries." if count > 1 else f"{_text.number(typed[0, 0])}."
        if _equal(typed, wanted, self.tolerance):
            met, verdict, sentence = -1, RIGHT, f"Right: {score}"
        elif met >= 0:
            verdict, sentence = MISTAKE, f"Not right. This is what a known mistake gives: {known[met][0]}."
        elif not alike:
            same = _equal(typed.reshape(1, -1), wanted.reshape(1, -1), self.tolerance)
            more = f" The numbers are right: arrange them as {_size(wanted)}." if same else comma
            verdict, sentence = SHAPE, f"The shape is not {_size(typed)}.{more}"
        elif _equal(typed, wanted, 10 * self.tolerance):
            verdict, sentence = ROUNDED, "Close, but rounded too far: give more digits."
        else:
            verdict, sentence = WRONG, f"{'Right so far' if count > 1 else 'Not right'}: {score}"
        return {"typed": typed, "verdict": verdict, "mistake": met, "right": right}, sentence

    def as_python(self):
        given = {name: value for name, value in self.state.items() if name not in ("shown_hints", "revealed")}
        lines = ",\n".join(f' "{name}": {_source(value)}' for name, value in given.items())
        return f"""from cnnmath.figures import AnswerBox

box = AnswerBox(**{{
{lines}
}})
typed, verdict, mistake, right = box.values().values()"""

    def static(self):
        items = "".join(f"<li>{html.escape(hint)}</li>" for hint in self.hints)
        hints = f"<details><summary>Hints</summary><ol>{items}</ol></details>" if items else ""
        return (f"<p>{html.escape(self.question)}</p>{hints}<details><summary>Solution</summary>"
                f"<p>{html.escape(self.solution)}</p>{_text.table(self.answer, 'right answer')}</details>")


def parse(text):
    """The rows of numbers that `text` holds, and what is wrong with it, or "".

    Examples
    --------
    >>> parse("[[1, −2], [1/4, .5]]")
    ([[1.0, -2.0], [0.25, 0.5]], '')
    >>> parse("two")
    ([], '"two" is no number up to 10¹². Write it like −6, 0.5 or 1/9.')
    """
    text = re.sub("[\t\r\xa0]", " ", re.sub("[−–]", "-", f"\n{text}\n"))
    text = re.sub(r"[ \n]*([\[\]])[ \n]*", r"\1", re.sub(r" *([\n;,/]) *", r"\1", text))
    text = re.sub(r"\][,;]?\[", ";", text)
    bracketed = re.fullmatch(r"\[\[([^\[\]]*)\]\]|\[([^\[\]]*)\]", text)
    lines = re.split(r"[;\n]", (bracketed[1] or bracketed[2] or "") if bracketed else text)
    rows = [re.split(",| +", line) for line in lines if line]
    if sum(map(len, rows)) > MOST:
        return [], f"more than {MOST} numbers."
    numbers = [[_number(token) for token in row] for row in rows]
    for row, tokens in zip(numbers, rows):
        for x, token in zip(row, tokens):
            if not abs(x) <= LARGEST:
                token = _check.show(token or ",")
                return [], f"{token} is no number up to 10¹². Write it like −6, 0.5 or 1/9."
    odd = next((row for row in rows if len(row) != len(rows[0])), None)
    return ([], f"rows of length {len(rows[0])} and {len(odd)}.") if odd else (numbers, "")


def _number(token):
    """The number that a token stands for, or NaN."""
    above, _, below = token.partition("/")
    try:
        return float(above) / float(below or 1) if _NUMBER.fullmatch(token) else np.nan
    except (ValueError, ZeroDivisionError):
        return np.nan


def _rows(value):
    return np.atleast_2d(np.array(value, dtype=float))


def _close(rows, wanted, tolerance):
    return abs(rows - wanted) <= 1e-9 + tolerance * abs(wanted)


def _equal(rows, wanted, tolerance):
    return rows.shape == wanted.shape and bool(_close(rows, wanted, tolerance).all())


def _size(rows):
    return " × ".join(map(str, rows.shape))


def _source(value):
    """Nested lists and dicts of numbers and text as Python source, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_source(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_source, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _check.literal(value)
