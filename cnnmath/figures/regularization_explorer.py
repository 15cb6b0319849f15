"""RegularizationExplorer: a classifier with few training images, under L2, dropout and early stopping."""

import numpy as np

from cnnmath.datasets import load_digits
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.figures._picture import picture as picture_html
from cnnmath.figures._random import uniform
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.regularization import l2_penalty_backward

RATE = 0.4
VALIDATION = 30  # images of each digit
LONGEST = 200  # steps
_TIE = 1e-9  # losses and scores this close are one: rounding decides nothing


def _right(scores, y):
    """How many rows have the largest score at y; of equal ones the first counts."""
    return np.sum((scores >= scores.max(axis=1, keepdims=True) - _TIE).argmax(axis=1) == y)


class _Strength(_fields.Real):
    """Random values spread over the powers of ten, and some zeros."""

    def random(self, rng):
        return float(f"{10 ** rng.uniform(-4, 0):.3g}") if rng.random() < 0.8 else 0.0


class _Steps(_fields.Integer):
    """Random values are short runs, and some of full length."""

    def random(self, rng):
        return self.maximum if rng.random() < 0.05 else int(rng.integers(self.minimum, 31))


class RegularizationExplorer(Figure):
    """A linear softmax classifier of three handwritten digits, trained on few of them, and its regularisation.

    Training: the first `images` images of each digit. Validation: the last 30 of each, by other writers. The
    weights start at 0 and take `steps` steps of gradient descent at the rate 0.4 on all training images at once;
    the loss is the cross-entropy plus the L2 penalty of the weights, biases left out.

    Fields: `digits` ("5 6 9", "0 4 6", "1 4 8" or "4 7 9"), `images` (training images of each digit), `wrong` (how many
    training labels are exchanged for that of the next digit), `lam` (the strength λ of L2), `p` (the share of
    pixels that dropout drops), `seed` (which masks) and `steps`.

    The curves hold steps + 1 numbers, from before the first step on. They are measured without masks and without
    the penalty: `train_loss`, `validation_loss`, the counts `train_right` and `validation_right`, and `norm`, the length of
    all weights as one vector. `plain_loss` and `plain_right` are those of validation with λ = 0 and p = 0. `best` is the
    first step at which the validation loss is least, to nine decimals. `weights` are those of the last step, an 8×8
    array for each digit; `seen` is the first training image of each digit as that step saw it.

    Examples
    --------
    >>> values = RegularizationExplorer().values()
    >>> int(values["train_right"][-1]), int(values["validation_right"][-1]), int(values["best"])
    (18, 67, 25)
    """

    scripts = ("random.js", "digits.js", "pictures.js", "regularization-values.js", "plot.js")
    data = ("digits-grey-8",)

    digits = _fields.Choice("5 6 9", ("5 6 9", "0 4 6", "1 4 8", "4 7 9"))
    images = _fields.Integer(6, 4, 16)
    wrong = _fields.Integer(0, 0, 6)
    lam = _Strength(0.0, 0, 1)
    p = _fields.Real(0.0, 0, 0.8)
    seed = _fields.Integer(0, 0, 9999)
    steps = _Steps(150, 1, LONGEST)

    @property
    def _classes(self):
        return [int(digit) for digit in self.digits.split()]

    def _examples(self):
        """x, y of training and of validation: (N, 64) pixels and (N,) labels 0 to 2."""
        pixels, digits = load_digits()
        places = [np.flatnonzero(digits == digit) for digit in self._classes]
        parts = [[place[: self.images] for place in places], [place[-VALIDATION:] for place in places]]
        labels = [np.repeat(np.arange(3), size) for size in (self.images, VALIDATION)]
        number = np.arange(self.wrong)
        labels[0][number % 3 * self.images + number // 3] = (number + 1) % 3
        return [(pixels[np.concatenate(part)].reshape(-1, 64), y) for part, y in zip(parts, labels)]

    def _train(self, lam, p):
        """Weights after the last step, what it saw, and the five curves as columns."""
        (x, y), (x_validation, y_validation) = self._examples()
        W, b, rows, seen = np.zeros((3, 64)), np.zeros(3), [], x
        for step in range(self.steps + 1):
            scores, unseen = x @ W.T + b, x_validation @ W.T + b
            rows.append((cross_entropy(scores, y), cross_entropy(unseen, y_validation), _right(scores, y),
                         _right(unseen, y_validation), np.linalg.norm(W)))
            if step < self.steps:
                if p:  # as `regularization.dropout`, with numbers that JavaScript draws too
                    seen = x * ((uniform(self.seed, x.shape, step * x.size) >= p) / (1 - p))
                dz = cross_entropy_backward(seen @ W.T + b, y)
                W -= RATE * (dz.T @ seen + l2_penalty_backward(W, lam))
                b -= RATE * dz.sum(axis=0)
        return W, seen, np.array(rows)

    def values(self):
        W, seen, rows = self._train(self.lam, self.p)
        train_loss, validation_loss, train_right, validation_right, norm = rows.T
        plain = rows if self.lam == self.p == 0 else self._train(0, 0)[2]
        best = np.flatnonzero(validation_loss <= validation_loss.min() + _TIE)[0]
        return {"train_loss": train_loss, "validation_loss": validation_loss, "train_right": train_right,
                "validation_right": validation_right, "norm": norm, "plain_loss": plain[:, 1], "plain_right": plain[:, 3],
                "best": best, "weights": W.reshape(3, 8, 8), "seen": seen[:: self.images].reshape(3, 8, 8)}

    def describe(self):
        v = self.values()
        best, count, others = v["best"], 3 * self.images, 3 * VALIDATION
        wrong = f", {self.wrong} of them with a wrong label" if self.wrong else ""
        return (f"Digits {self.digits}; {count} training images{wrong}; λ = {_text.number(self.lam)}, p = {_text.number(self.p)}. "
                f"After {self.steps} steps the training loss is {_text.told(v['train_loss'][-1])} with {int(v['train_right'][-1])} of "
                f"{count} right, the validation loss {_text.told(v['validation_loss'][-1])} with {int(v['validation_right'][-1])} of "
                f"{others} right. The validation loss was least after step {best}: {_text.told(v['validation_loss'][best])}, "
                f"{int(v['validation_right'][best])} right.")

    def as_python(self):
        return f"""import numpy as np
from cnnmath.datasets import load_digits
from cnnmath.figures._random import uniform
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.regularization import l2_penalty_backward

classes, images, wrong = {_text.rows_text(self._classes)}, {self.images}, {self.wrong}
lam, p, seed, steps = {_text.rows_text(self.lam)}, {_text.rows_text(self.p)}, {self.seed}, {self.steps}
pixels, digits = load_digits()
places = [np.flatnonzero(digits == digit) for digit in classes]
x = pixels[np.concatenate([place[:images] for place in places])].reshape(-1, 64)
x_validation = pixels[np.concatenate([place[-{VALIDATION}:] for place in places])].reshape(-1, 64)
y, y_validation = np.repeat(np.arange(3), images), np.repeat(np.arange(3), {VALIDATION})
for number in range(wrong):
    y[number % 3 * images + number // 3] = (number + 1) % 3

def right(z, y):  # of equal scores the first counts
    return np.sum((z >= z.max(axis=1, keepdims=True) - {_TIE:g}).argmax(axis=1) == y)

def train(lam, p):
    W, b, rows = np.zeros((3, 64)), np.zeros(3), []
    for step in range(steps + 1):
        scores, unseen = x @ W.T + b, x_validation @ W.T + b
        rows.append((cross_entropy(scores, y), cross_entropy(unseen, y_validation), right(scores, y),
                     right(unseen, y_validation), np.linalg.norm(W)))
        if step < steps:
            mask = (uniform(seed, x.shape, step * x.size) >= p) / (1 - p)  # as cnnmath.regularization.dropout
            seen = x * mask
            dz = cross_entropy_backward(seen @ W.T + b, y)
            W -= {RATE} * (dz.T @ seen + l2_penalty_backward(W, lam))
            b -= {RATE} * dz.sum(axis=0)
    return np.array(rows).T, W.reshape(3, 8, 8), seen[::images].reshape(3, 8, 8)

(train_loss, validation_loss, train_right, validation_right, norm), weights, seen = train(lam, p)
_, plain_loss, _, plain_right, _ = train(0, 0)[0]
best = np.flatnonzero(validation_loss <= validation_loss.min() + {_TIE:g})[0]"""

    def static(self):
        v = self.values()
        shown = sorted({0, int(v["best"]), self.steps})
        rows = [[step] + [np.floor(v[name][step] * 1e9 + 0.5) / 1e9 for name in ("train_loss", "validation_loss")] for step in shown]
        limit = float(np.abs(v["weights"]).max()) or 1
        alt = f"8 × 8 weights between −{_text.told(limit)} and {_text.told(limit)}"
        pictures = [picture_html(weights, -limit, limit, f"weights for {digit}", alt) for digit, weights in zip(self._classes, v["weights"])]
        return _text.table(rows, "step, training loss, validation loss") + "".join(pictures)
