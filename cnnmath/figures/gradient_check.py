"""GradientCheck: the gradients of a correlation and of a dense layer, by formula and by central differences."""

from cnnmath import _check
from cnnmath.figures import _fields, _text
from cnnmath.figures.formula_check import DerivativeCheck

_CORRELATION = ("""from cnnmath.convolution import conv2d_backward, correlate2d
from cnnmath.gradcheck import numerical_gradient""", "correlate2d(x, w)")
_DENSE = ("from cnnmath.gradcheck import numerical_gradient", "x @ w.T")
# imports and output, the gradient, the letter it belongs to
_CODE = {
    "kernel": (*_CORRELATION, "conv2d_backward(delta[None, None], x[None, None], w[None, None])[1][0, 0]", "w"),
    "image": (*_CORRELATION, "conv2d_backward(delta[None, None], x[None, None], w[None, None])[0][0, 0]", "x"),
    "weights": (*_DENSE, "delta.T @ x", "w"),
    "inputs": (*_DENSE, "delta @ w", "x"),
}


class _Small(_fields.Matrix):
    """A matrix whose random ones are of few shapes, so that three of them often fit."""

    def random(self, rng):
        rows = super().random(rng)
        return rows[: rng.integers(1, 3)]


class GradientCheck(DerivativeCheck):
    """∂L/∂K and ∂L/∂I of a correlation I ⋆ K, or ∂L/∂W and ∂L/∂x of a dense layer, for the upstream gradient δ.

    Fields: `formula` ("kernel", "image"; "weights", "inputs"); `x`, the image, or the input vectors of the dense layer as rows; `w`, the
    kernel, or W with a row for each output; `delta`, δ in the shape of the output; `h`, "1", "0.1" or "0.01". L is the sum of the
    products of δ and the output, so L is linear in each entry, and every h gives the same but for rounding.

    Examples
    --------
    >>> GradientCheck().values()["formula"].tolist()
    [[4.0, 6.0], [10.0, 12.0]]
    """

    formulas = {name: (title, {"x": x, "w": w, "delta": delta}) for name, title, x, w, delta in (
        ("kernel", "correlation: ∂L/∂K = I ⋆ δ", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], [[1.0, 2.0], [3.0, 4.0]],
         [[1.0, 0.0], [2.0, -1.0]]),
        ("image", "correlation: ∂L/∂I = δ ∗ K, full", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], [[1.0, 2.0], [3.0, 4.0]],
         [[1.0, 0.0], [2.0, -1.0]]),
        ("weights", "dense layer: ∂L/∂W = δ xᵀ", [[1.0, -2.0, 3.0]], [[1.0, 0.0, 2.0], [-1.0, 1.0, 0.0]], [[2.0, -1.0]]),
        ("inputs", "dense layer: ∂L/∂x = Wᵀ δ", [[1.0, -2.0, 3.0]], [[1.0, 0.0, 2.0], [-1.0, 1.0, 0.0]], [[2.0, -1.0]]),
    )}  # fmt: skip

    formula = _fields.Choice("kernel", tuple(formulas))
    x = _Small(formulas["kernel"][1]["x"], 4, 4, 10)
    w = _Small(formulas["kernel"][1]["w"], 3, 4, 10)
    delta = _Small(formulas["kernel"][1]["delta"], 4, 4, 10)
    h = _fields.Choice("0.01", ("1", "0.1", "0.01"))

    @classmethod
    def check_together(cls, state):
        (rows, cols), (high, wide) = (( len(state[name]), len(state[name][0])) for name in ("x", "w"))
        if state["formula"] in ("kernel", "image"):
            if high > rows or wide > cols:
                raise ValueError(_check.message(cls.__name__, "w", f"have at most {rows} rows and {cols} columns", [high, wide]))
            shape = [rows - high + 1, cols - wide + 1]
        else:
            if wide != cols:
                raise ValueError(_check.message(cls.__name__, "w", f"have {cols} columns, as x has", wide))
            shape = [rows, high]
        given = [len(state["delta"]), len(state["delta"][0])]
        if given != shape:
            rule = f"have the shape of the output, {shape[0]} × {shape[1]}"
            raise ValueError(_check.message(cls.__name__, "delta", rule, given))

    def steps(self):
        """Code that computes both sides."""
        imports, output, gradient, letter = _CODE[self.formula]
        x, w, delta = map(_text.rows_text, (self.x, self.w, self.delta))
        return f"""import numpy as np
{imports}

x = np.array({x}, float)
w = np.array({w}, float)
delta = np.array({delta}, float)

def loss({letter}):
    return (delta * ({output})).sum()

formula = {gradient}
measured = numerical_gradient(loss, {letter}, {self.h})
difference = formula - measured"""
