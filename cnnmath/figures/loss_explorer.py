"""LossExplorer: logits, their softmax, cross-entropy and squared error, and the gradients of both."""

import numpy as np

from cnnmath import _check, losses
from cnnmath.activations import sigmoid, sigmoid_backward, softmax, softmax_backward
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

_LEAST, _MOST, _LARGEST = 2, 5, 10


class _Logits(_fields.List):
    """Up to five numbers, as a list or an array of one axis."""

    def __init__(self, default):
        super().__init__(default, _fields.Real(0.0, -_LARGEST, _LARGEST), _MOST)

    def check(self, figure, name, value):
        flat = isinstance(value, np.ndarray) and value.ndim == 1
        return super().check(figure, name, value.tolist() if flat else value)

    def random(self, rng):
        return rng.uniform(-_LARGEST, _LARGEST, rng.integers(_LEAST, _MOST + 1)).round(1).tolist()


class _Scale(_fields.Real):
    """A positive number; random ones are as often below 1 as above."""

    def random(self, rng):
        return round(float(10 ** rng.uniform(-2, 2) if rng.random() < 0.8 else rng.uniform(1, self.maximum)), 3)


class LossExplorer(Figure):
    """Cross-entropy and mean squared error of a softmax, or of a sigmoid, with their gradients.

    Fields: `mode` ("classes" or "binary"). For classes: `logits`, 2 to 5 numbers a from -10 to 10, `scale` s and
    `shift` c, which make the scores z = s a + c, and `label`, the right class. For binary: `logit` and
    `target`, 0 or 1. The `temperature` is 1/s.

    `values` has, for classes, the steps of a stable log-sum-exp (`largest` m, `shifted` z - m, `exponentials`, their
    sum `total`, `log_total`, `log_sum_exp`), `p`, both losses (`cross_entropy`, and `mse` between p and the one-hot label)
    and their gradients with respect to z (`gradient`, `mse_gradient`); `overflows` counts the classes for which e^z taken
    directly is infinite, `underflows` those for which e^(z - m) is 0. For binary: `binary_p`, the loss `bce`, the
    squared error `half_square` = (p - y)²/2, their slopes with respect to the logit, and `sigmoid_slope`, p (1 - p).

    Examples
    --------
    >>> values = LossExplorer(logits=[0, 0], label=1).values()
    >>> values["p"].tolist(), values["gradient"].tolist(), values["mse_gradient"].tolist()
    ([0.5, 0.5], [0.5, -0.5], [0.25, -0.25])
    """

    scripts = ("plot.js", "loss-values.js")

    mode = _fields.Choice("classes", ("classes", "binary"))
    logits = _Logits([-2.0, 3.0, 0.0])
    label = _fields.Integer(0, 0, _MOST - 1)
    scale = _Scale(1.0, 0.01, 1000)
    shift = _fields.Real(0.0, -1000, 1000)
    logit = _fields.Real(-5.0, -_LARGEST, _LARGEST)
    target = _fields.Integer(1, 0, 1)

    @classmethod
    def check_together(cls, state):
        count = len(state["logits"])
        if count < _LEAST:
            raise ValueError(_check.message(cls.__name__, "logits", f"have {_LEAST} to {_MOST} entries", state["logits"]))
        if state["label"] >= count:
            rule = f"be less than {count}, the number of logits"
            raise ValueError(_check.message(cls.__name__, "label", rule, state["label"]))

    def values(self):
        z, label = self.scale * np.array(self.logits) + self.shift, [self.label]
        one_hot = np.eye(len(z))[self.label]
        largest = z.max()
        exponentials = np.exp(z - largest)
        total = exponentials.sum()
        p = softmax(z)
        logit, target = [self.logit], [self.target]
        q = sigmoid(logit)
        return {"temperature": 1 / self.scale, "z": z, "largest": largest, "shifted": z - largest, "exponentials": exponentials,
                "total": total, "log_total": np.log(total), "log_sum_exp": largest + np.log(total),
                "overflows": np.sum(z > np.log(np.finfo(float).max)), "underflows": np.sum(exponentials == 0), "p": p,
                "cross_entropy": losses.cross_entropy([z], label), "mse": losses.mse_loss(p, one_hot),
                "gradient": losses.cross_entropy_backward([z], label)[0],
                "mse_gradient": softmax_backward(losses.mse_loss_backward(p, one_hot), z),
                "binary_p": q[0], "sigmoid_slope": sigmoid_backward([1], logit)[0],
                "bce": losses.binary_cross_entropy_with_logits(logit, target),
                "bce_slope": losses.binary_cross_entropy_with_logits_backward(logit, target)[0],
                "half_square": losses.mse_loss(q, target) / 2,
                "half_square_slope": sigmoid_backward(losses.mse_loss_backward(q, target) / 2, logit)[0]}

    def describe(self):
        v = self.values()
        told, few = _text.told, _few
        if self.mode == "binary":
            return (f"z = {_text.number(self.logit)}, y = {self.target}: p = {few(v['binary_p'])}. "
                    f"Cross-entropy {told(v['bce'])}, slope {told(v['bce_slope'])}; half the squared error "
                    f"{told(v['half_square'])}, slope {told(v['half_square_slope'])}.")
        overflow = f" Without the shift by m, e to the z would overflow for {v['overflows']} of {len(v['z'])} classes."
        return (f"p = {', '.join(map(few, v['p']))}; the right class is {self.label}. Cross-entropy {told(v['cross_entropy'])} "
                f"with gradient {_list(v['gradient'])}; mean squared error {told(v['mse'])} with gradient "
                f"{_list(v['mse_gradient'])}.{overflow if v['overflows'] else ''}")

    def as_python(self):
        text = _text.rows_text
        return f"""import numpy as np
from cnnmath import losses
from cnnmath.activations import sigmoid, sigmoid_backward, softmax, softmax_backward

scale = {text(self.scale)}
temperature = 1 / scale
z = scale * np.array({text(self.logits)}) + {text(self.shift)}
label = {self.label}
one_hot = np.eye(len(z))[label]

largest = z.max()
shifted = z - largest
exponentials = np.exp(shifted)
total = exponentials.sum()
log_total = np.log(total)
log_sum_exp = largest + log_total
overflows, underflows = np.sum(z > np.log(np.finfo(float).max)), np.sum(exponentials == 0)

p = softmax(z)
cross_entropy, mse = losses.cross_entropy([z], [label]), losses.mse_loss(p, one_hot)
gradient = losses.cross_entropy_backward([z], [label])[0]
mse_gradient = softmax_backward(losses.mse_loss_backward(p, one_hot), z)

logit, target = [{text(self.logit)}], [{self.target}]
binary_p, sigmoid_slope = sigmoid(logit)[0], sigmoid_backward([1], logit)[0]
bce = losses.binary_cross_entropy_with_logits(logit, target)
bce_slope = losses.binary_cross_entropy_with_logits_backward(logit, target)[0]
half_square = losses.mse_loss([binary_p], target) / 2
half_square_slope = sigmoid_backward(losses.mse_loss_backward([binary_p], target) / 2, logit)[0]"""

    def static(self):
        v = self.values()
        if self.mode == "binary":
            rows = [[self.logit, v["binary_p"], v["bce"], v["bce_slope"], v["half_square"], v["half_square_slope"]]]
            return _text.table(rows, "z; p; cross-entropy, its slope; half the squared error, its slope")
        rows = [v["z"], v["p"], v["gradient"], v["mse_gradient"]]
        caption = f"class by class: z, p, gradients of cross-entropy and squared error; the right class is {self.label}"
        return _text.table(rows, caption) + _text.table([[v["cross_entropy"], v["mse"]]], "cross-entropy, mean squared error")


def _few(value):
    """A number of any size, first rounded to twelve digits."""
    return _text.number(float(f"{value:.12g}"))


def _list(numbers):
    return ", ".join(map(_text.told, numbers))
