"""Worksheets: seeded tasks with small integers to be done by hand, with a key that marks each step.

    python -m cnnmath.worksheet --seed 7 convolution
    python -m cnnmath.worksheet --seed 7 --answers --format html -o key.html backward

prints a sheet, or its key, as text (which is Markdown) or as an HTML page for paper. A seed gives one sheet for ever, the same
as the figure Worksheet shows for it. Every blank is worth one point.
"""

import argparse
import html
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from cnnmath import _check
from cnnmath._worksheet_tasks import MAKERS, TOPICS, Dice, factor_text, number_text

LARGEST_SEED = 999_999
_NUMBER = r"[-+−–]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_TYPED = re.compile(rf"({_NUMBER})(?:/({_NUMBER}))?")


@dataclass(frozen=True)
class Sheet:
    """A worksheet: what is given, as (name, rows), and the parts.

    Examples
    --------
    >>> sheet = worksheet("momentum", seed=7)
    >>> sheet.points, len(sheet.answers)
    (24, 24)
    """

    topic: str
    seed: int
    title: str
    given: tuple
    parts: tuple

    @property
    def lines(self):
        """All lines, in order."""
        return [line for part in self.parts for line in part.lines]

    @property
    def answers(self):
        """The numbers that belong in the blanks, in order."""
        return [answer for line in self.lines for answer in line.answers]

    @property
    def points(self):
        """How many blanks there are: each is worth a point."""
        return len(self.answers)

    @property
    def numbers(self):
        """Every given number, in order."""
        return [x for _, rows in self.given for row in rows for x in row]

    def mark(self, typed):
        """For each blank 1 where the text in `typed` is right, 0 where it is not, -1 where there is none.

        Examples
        --------
        >>> sheet = worksheet("pooling", seed=7)
        >>> sheet.mark([str(sheet.answers[0]), "x"])[:3]
        [1, 0, -1]
        """
        texts = [text.strip() for text in typed][: self.points]
        texts += [""] * (self.points - len(texts))
        return [_mark(text, answer) for text, answer in zip(texts, self.answers)]

    def text(self, answers=False):
        """The sheet, or its key where `answers`, as Markdown that reads well as it is."""
        blocks = [f"# {self._heading(answers)}", "" if answers else f"Name: {'_' * 30}    Points: ____ of {self.points}"]
        for name, rows in self.given:
            width = max(len(number_text(x)) for row in rows for x in row)
            grid = "\n".join("    " + "  ".join(number_text(x).rjust(width) for x in row) for row in rows)
            blocks += [name + (":" if len(rows[0]) * len(rows) > 1 else f" = {grid.strip()}")]
            blocks += [grid] if len(rows[0]) * len(rows) > 1 else []
        for number, part in enumerate(self.parts, 1):
            blocks += [f"## {number}. {part.title} ({_points(part)})", part.rule]
            blocks += ["\n".join(f"- {_line(line, answers)}" for line in part.lines)]
        return "\n\n".join(block for block in blocks if block) + "\n"

    def html(self, answers=False):
        """The same as an HTML page that needs no other file, set for paper."""
        body = [f"<h1>{html.escape(self._heading(answers))}</h1>"]
        body += [] if answers else [f'<p class="name">Name: <i></i> Points: <b></b> of {self.points}</p>']
        body += ["<div class=given>" + "".join(map(_matrix, self.given)) + "</div>"]
        for number, part in enumerate(self.parts, 1):
            lines = "".join(f"<li>{_line(line, answers, html.escape, '<b></b>')}</li>" for line in part.lines)
            body.append(f"<h2>{number}. {html.escape(part.title)} ({_points(part)})</h2><p>{html.escape(part.rule)}</p><ul>{lines}</ul>")
        return _PAGE.format(title=html.escape(self._heading(answers)), body="\n".join(body))

    def _heading(self, answers):
        return f"{self.title}: {'key' if answers else 'sheet'} {self.seed}"


def worksheet(topic, seed=0):
    """The sheet of a topic that a seed names.

    Parameters
    ----------
    topic : str
        One of `TOPICS`: "convolution", "pooling", "backward" (of a convolution), "momentum" (two steps of SGD) or "adam" (one step).
    seed : int
        From 0 to 999999.

    Returns
    -------
    Sheet

    Raises
    ------
    ValueError
        If there is no such topic, or the seed is out of range.
    TypeError
        If the seed is no integer.

    Examples
    --------
    >>> worksheet("convolution", seed=7).given[1]
    ('kernel K', [[-1, -2], [2, 1]])
    """
    _check.choice("worksheet", "topic", topic, TOPICS)
    seed = _check.integer("worksheet", "seed", seed, 0)
    if seed > LARGEST_SEED:
        raise ValueError(_check.message("worksheet", "seed", f"be an integer <= {LARGEST_SEED}", seed))
    return Sheet(topic, seed, *MAKERS[topic](Dice(seed, TOPICS.index(topic))))


def _points(part):
    count = sum(len(line.answers) for line in part.lines)
    return f"{count} point{'s' if count > 1 else ''}"


def _line(line, answers, escape=str, blank="______"):
    """A line with blanks, or with its numbers and the points of each step."""
    count = len(line.terms)
    if not answers:
        terms = f"{' + '.join([blank] * count)} = " if count else ""
        return f"{escape(line.label)} = {terms}{blank}"
    terms = " + ".join([*map(number_text, line.terms[:1]), *map(factor_text, line.terms[1:])])
    steps = [line.label, line.work, terms, number_text(line.total)]
    marks = f"{count} for the terms, 1 for the sum" if count else "1"
    return escape(f"{' = '.join(step for step in steps if step)}   [{marks}]")


def _matrix(given):
    name, rows = given
    cells = "".join("<tr>" + "".join(f"<td>{number_text(x)}</td>" for x in row) + "</tr>" for row in rows)
    return f"<table><caption>{html.escape(name)}</caption>{cells}</table>"


def _mark(text, answer):
    if not text:
        return -1
    read = _TYPED.fullmatch(text.replace(",", "."))
    above, below = (float(re.sub("[−–]", "-", part)) if part else 1.0 for part in read.groups()) if read else (0.0, 0.0)
    return int(below != 0 and abs(above / below - answer) <= 1e-9 + 1e-6 * abs(answer))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>
@page {{ margin: 18mm; }}
body {{ max-width: 48rem; margin: 1rem auto; padding: 0 1rem; font: 12pt/1.7 serif; color: #000; background: #fff; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.15rem; margin-bottom: 0; break-after: avoid; }} h2 + p {{ margin-top: 0; break-after: avoid; }}
.given {{ display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: end; }}
table {{ border-collapse: collapse; }} caption {{ text-align: left; white-space: nowrap; }}
td {{ border: 1px solid #000; min-width: 2em; padding: 0 0.4em; text-align: center; }}
ul {{ padding: 0; list-style: none; }} li {{ break-inside: avoid; margin: 0.5rem 0; }}
li b, .name b {{ display: inline-block; min-width: 3.2em; border-bottom: 1px solid #000; }} .name i {{ display: inline-block; min-width: 18em; border-bottom: 1px solid #000; }}
</style></head><body><main>
{body}
</main></body></html>
"""


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cnnmath.worksheet", description="Print a worksheet to be done by hand, or its key.")
    parser.add_argument("topic", help=", ".join(TOPICS))
    parser.add_argument("--seed", type=int, default=0, help=f"which sheet, from 0 to {LARGEST_SEED} (default: 0)")
    parser.add_argument("--answers", action="store_true", help="the key, with the points of every step")
    parser.add_argument("--format", choices=("text", "html"), default="text", help="text, which is Markdown, or a page for paper")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: print)")
    given = parser.parse_args(arguments)
    try:
        sheet = worksheet(given.topic, given.seed)
    except ValueError as problem:
        parser.error(str(problem))
    text = getattr(sheet, given.format)(given.answers)
    if given.output is None:
        sys.stdout.write(text)
        return 0
    try:
        given.output.write_text(text, encoding="utf-8")
    except OSError as problem:
        parser.error(f"cannot write {given.output}: {problem.strerror}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
