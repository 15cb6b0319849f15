"""SumCheck: a recursion beside its sum, moments of dropout beside all masks, overlap of boxes beside all pixels."""

import numpy as np

from cnnmath import _check
from cnnmath.figures import _fields, _text
from cnnmath.figures.formula_check import FormulaCheck, Numbers

_STEPS = """from cnnmath.optimizers import {rule}
from cnnmath.parameters import Parameter

x, p = np.array({x}, float), {p}
older = np.arange(x.size)[:, None] - np.arange(x.size)
weights = np.where(older < 0, 0, float(p) ** abs(older))
{formula}
weight = Parameter([0])
optimizer = {made}
measured = []
for weight.grad in x[:, None]:
    optimizer.step()
    measured.append(optimizer.state[0]["{term}"].item())"""
_MASKS = """from itertools import product

x, p = np.array({x}, float), {p}
formula = {formula}
masks = np.array(list(product([0, 1], repeat=x.size)))
chances = np.where(masks, 1 - p, p).prod(axis=1)
y = masks * x / (1 - p)
measured = chances @ {term}"""
_BOXES = """from itertools import product
from cnnmath.detection import iou

boxes = np.array({x}, int).reshape(2, 4)
formula = iou(boxes[:1], boxes[1:])[0]
one, two = (set(product(range(top, bottom), range(left, right))) for top, left, bottom, right in boxes)
measured = np.array([len(one & two) / len(one | two)])"""
_HOW = {_STEPS: "running it step by step", _MASKS: "summing over all masks", _BOXES: "counting pixels"}
_CODE = {
    "iou": (_BOXES, {}),
    "momentum": (_STEPS, {"rule": "SGD", "made": "SGD([weight], lr=1, momentum=p)", "term": "velocity", "formula": "formula = weights @ x"}),
    "adam": (_STEPS, {"rule": "Adam", "made": "Adam([weight], lr=1, betas=(p, 0.999))", "term": "direction", "formula":
        """weights /= weights.sum(axis=1, keepdims=True)
squares = np.where(older < 0, 0, 0.999 ** abs(older))
squares /= squares.sum(axis=1, keepdims=True)
formula = weights @ x / (np.sqrt(squares @ x**2) + 1e-8)"""}),
    "dropout_mean": (_MASKS, {"formula": "x", "term": "y"}),
    "dropout_variance": (_MASKS, {"formula": "p / (1 - p) * x**2", "term": "(y - x) ** 2"}),
}  # fmt: skip


class _Entries(Numbers):
    """Numbers of which many random ones are two boxes."""

    def random(self, rng):
        if rng.random() < 0.6:
            return super().random(rng)
        return np.sort(rng.integers(-4, 5, (2, 2, 2)), axis=1).astype(float).ravel().tolist()


class SumCheck(FormulaCheck):
    """Momentum and Adam run step by step beside their sums; dropout's moments beside all its masks; IoU beside all pixels.

    Fields: `formula`; `x`, one to four numbers from −10 to 10: the gradients of a weight in the order of steps, or the entries
    that dropout meets; for "iou" eight integers, top, left, bottom and right of two boxes, bottom and right not in them;
    `p`, from 0 to 0.95: μ of "momentum", β₁ of "adam" (β₂ is 0.999, ε is 10⁻⁸), or the probability that
    an entry is dropped. The values of "momentum" and "adam" are the velocity and the direction after each step.

    Examples
    --------
    >>> values = SumCheck(formula="momentum", x=[4, 4, 4], p=0.5).values()
    >>> values["formula"].tolist(), values["measured"]
    ([4.0, 6.0, 7.0], [4.0, 6.0, 7.0])
    """

    formulas = {
        "momentum": ("momentum: v = Σ μ^(steps ago) g", {"x": [4.0, 4.0, 4.0], "p": 0.5}),
        "adam": ("Adam: weighted mean of g / (√(weighted mean of g²) + ε)", {"x": [4.0, 2.0, -1.0], "p": 0.9}),
        "dropout_mean": ("dropout: mean x", {"x": [4.0, 1.0, -2.0], "p": 0.5}),
        "dropout_variance": ("dropout: variance p x²/(1 − p)", {"x": [4.0, 1.0, -2.0], "p": 0.5}),
        "iou": ("intersection over union of two boxes", {"x": [0.0, 0.0, 4.0, 4.0, 1.0, 2.0, 5.0, 6.0]}),
    }

    formula = _fields.Choice("momentum", tuple(formulas))
    x = _Entries([4.0, 4.0, 4.0], _fields.Real(0.0, -10, 10), 1, 8)
    p = _fields.Real(0.5, 0, 0.95)

    @classmethod
    def check_together(cls, state):
        x, boxes = state["x"], state["formula"] == "iou"
        rule = "have 1 to 4 entries"
        if boxes:
            rule = "be top, left, bottom, right of two boxes: integers, top < bottom and left < right"
            good = len(x) == 8 and all(map(float.is_integer, x)) and all(x[k] < x[k + 2] for k in (0, 1, 4, 5))
        if not (good if boxes else 1 <= len(x) <= 4):
            raise ValueError(_check.message(cls.__name__, "x", rule, x))

    def how(self):
        return _HOW[_CODE[self.formula][0]]

    def steps(self):
        """Code that computes both sides."""
        template, parts = _CODE[self.formula]
        code = template.format(x=_text.rows_text(self.x), p=_text.rows_text(self.p), **parts)
        return f"import numpy as np\n{code}\ndifference = formula - measured"
