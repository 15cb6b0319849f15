"""SlopeCheck: the gradient of a function of a few numbers, by its formula and by central differences."""

from cnnmath import _check
from cnnmath.figures import _fields, _text
from cnnmath.figures.formula_check import DerivativeCheck, Numbers

_MOST, _LARGEST = 4, 10
_SLOPES = ("relu", "leaky_relu", "sigmoid", "tanh", "gelu")
_WINDOWS = "x[None, None, None], (1, 2), 1)[0, 0, 0]"
# module, loss and gradient; an activation's follow from its name
_CODE = {
    "mse_loss": ("losses", "mse_loss(x, y)", "mse_loss_backward(x, y)"),
    "binary_cross_entropy_with_logits": ("losses", "binary_cross_entropy_with_logits(x, y)",
                                         "binary_cross_entropy_with_logits_backward(x, y)"),
    "cross_entropy": ("losses", "cross_entropy([x], [y.argmax()])", "cross_entropy_backward([x], [y.argmax()])[0]"),
    "l2_penalty": ("regularization", "l2_penalty(x, 0.1)", "l2_penalty_backward(x, 0.1)"),
    "max_pool2d": ("pooling", f"(y * max_pool2d({_WINDOWS}).sum()", f"max_pool2d_backward(y[None, None, None], {_WINDOWS}"),
    "avg_pool2d": ("pooling", f"(y * avg_pool2d({_WINDOWS}).sum()", f"avg_pool2d_backward(y[None, None, None], {_WINDOWS}"),
    "batch_norm": ("normalization", "(y * batch_norm(x[:, None], [1], [0])[0][:, 0]).sum()",
                   "batch_norm_backward(y[:, None], x[:, None], [1])[0][:, 0]"),
    **{name: ("activations", f"{name}(x).sum()", f"{name}_backward(np.ones(x.size), x)") for name in _SLOPES},
}  # fmt: skip


class SlopeCheck(DerivativeCheck):
    """A gradient of the book at numbers of the reader's choice, beside central differences with the step h.

    Fields: `formula`, the name of a function of `cnnmath`; `x`, one to four numbers from −10 to 10; `y`, what goes with them: the
    targets of a loss (one-hot for "cross_entropy"), the gradient δ that arrives at "max_pool2d" and "avg_pool2d" (windows of
    two neighbours, stride 1, so one number less than x) and "batch_norm" (x is one channel of a batch), else unused; `h`, "0.1" to
    "0.0001". Of an activation the slope at each x is shown.

    Examples
    --------
    >>> values = SlopeCheck(formula="relu", x=[-1, 0, 2]).values()
    >>> values["formula"].tolist(), values["measured"].round(9).tolist()
    ([0.0, 0.0, 1.0], [0.0, 0.5, 1.0])
    """

    formulas = {
        "relu": ("ReLU: slope 1 for x > 0, else 0", {"x": [-1.0, 0.0, 2.0]}),
        "leaky_relu": ("leaky ReLU: slope 1 for x > 0, else 0.01", {"x": [-1.0, 0.0, 2.0]}),
        "sigmoid": ("sigmoid: slope σ(x)(1 − σ(x))", {"x": [-2.0, 0.0, 1.0]}),
        "tanh": ("tanh: slope 1 − tanh² x", {"x": [-2.0, 0.0, 1.0]}),
        "gelu": ("GELU: slope Φ(x) + x φ(x)", {"x": [-2.0, 0.0, 1.0]}),
        "mse_loss": ("mean squared error: gradient 2(x − y)/n", {"x": [0.5, 2.0], "y": [1.0, 0.0]}),
        "binary_cross_entropy_with_logits": ("binary cross-entropy: gradient (σ(x) − y)/n", {"x": [2.0, -1.0], "y": [1.0, 0.0]}),
        "cross_entropy": ("softmax and cross-entropy: gradient p − y", {"x": [2.0, 1.0, -1.0], "y": [1.0, 0.0, 0.0]}),
        "l2_penalty": ("L2 penalty with λ = 0.1: gradient λx", {"x": [3.0, -1.0, 0.5]}),
        "max_pool2d": ("max pooling: each y goes to its winner", {"x": [3.0, 1.0, 4.0, 2.0], "y": [1.0, 2.0, 3.0]}),
        "avg_pool2d": ("average pooling: each y is shared equally", {"x": [3.0, 1.0, 4.0, 2.0], "y": [1.0, 2.0, 3.0]}),
        "batch_norm": ("batch norm: (y − mean y − x̂ · mean(y x̂))/√(σ² + ε)", {"x": [1.0, 2.0, 4.0], "y": [1.0, 0.0, 0.0]}),
    }

    formula = _fields.Choice("relu", tuple(formulas))
    x = Numbers([-1.0, 0.0, 2.0], _fields.Real(0.0, -_LARGEST, _LARGEST), 1, _MOST)
    y = Numbers([], _fields.Real(0.0, -_LARGEST, _LARGEST), 1, _MOST)
    h = _fields.Choice("0.001", ("0.1", "0.01", "0.001", "0.0001"))

    @classmethod
    def check_together(cls, state):
        formula, x, y = state["formula"], state["x"], state["y"]
        pooled = formula.endswith("pool2d")
        least = 2 if pooled or formula == "batch_norm" else 1
        if len(x) < least:
            raise ValueError(_check.message(cls.__name__, "x", f"have {least} to {_MOST} entries", x))
        if "y" in cls.formulas[formula][1] and len(y) != len(x) - pooled:
            raise ValueError(_check.message(cls.__name__, "y", f"have {len(x) - pooled} entries, as x has {len(x)}", y))
        if formula == "cross_entropy" and sorted(y) != [0] * (len(y) - 1) + [1]:
            raise ValueError(_check.message(cls.__name__, "y", "hold one 1 and otherwise 0", y))
        if formula.startswith("binary") and not all(0 <= t <= 1 for t in y):
            raise ValueError(_check.message(cls.__name__, "y", "lie from 0 to 1", y))

    def verdict(self, error):
        if error > 1e-6 and self._near_a_kink():
            return ("They differ: a number lies less than h from a kink. The central difference mixes the slopes of its two "
                    "sides; at the kink itself there is no derivative, and the formula follows a convention.")
        return super().verdict(error) + (" A smaller h would bring them closer." if error > 1e-5 else "")

    def _near_a_kink(self):
        x, h = self.x, float(self.h)
        if self.formula == "max_pool2d":
            return any(abs(a - b) < h for a, b in zip(x, x[1:]))
        return self.formula.endswith("relu") and any(abs(a) < h for a in x)

    def steps(self):
        """Code that computes both sides."""
        module, loss, gradient = _CODE[self.formula]
        y = f"y = np.array({_text.rows_text(self.y)}, float)\n" if "y" in self.formulas[self.formula][1] else ""
        return f"""import numpy as np
from cnnmath.{module} import {self.formula}, {self.formula}_backward
from cnnmath.gradcheck import numerical_gradient

x = np.array({_text.rows_text(self.x)}, float)
{y}
def loss(x):
    return {loss}

formula = {gradient}
measured = numerical_gradient(loss, x, {self.h})
difference = formula - measured"""
