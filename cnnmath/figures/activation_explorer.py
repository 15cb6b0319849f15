"""ActivationExplorer: a number, a feature map and the gradient of many layers go through an activation."""

import numpy as np

from cnnmath import activations, kernels
from cnnmath.convolution import correlate2d
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.figures._picture import picture as picture_html
from cnnmath.gradcheck import numerical_gradient
from cnnmath.image import RIDGE, load_photo

_NAMES = {"relu": "ReLU", "leaky_relu": "Leaky ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh", "gelu": "GELU"}
_STEEPEST = {"sigmoid": 0.0, "tanh": 0.0, "gelu": np.sqrt(2.0)}  # where the slope is largest; else any x > 0
_LEAST = 1e-300  # beside 0 this is a step to either side; beside any other x it is nothing


class ActivationExplorer(Figure):
    """An activation f and its slope at one point, on a feature map, and multiplied over layers.

    Fields: `activation` ("relu", "leaky_relu", "sigmoid", "tanh", "gelu"), `negative_slope` (of leaky_relu),
    `x`, `map` ("ridge" or "photo": what `vertical_edge` answers on it), `negated` (the kernel -K in place of
    K), `layers` (how many slopes are multiplied) and `inputs` (what enters f in the layers, from the first;
    `x` where there is none).

    `left` and `right` are the slopes on either side of `x`; where they differ (`kink`) there is no derivative,
    and `slope` is the convention of `cnnmath.activations`. `erased` counts the negative entries of the map that
    become 0; `bounds` are the largest products that the slopes of that many layers can have.
    In a page the reader may take a picture of their own for the photo: it stays in that page, and neither the
    state nor Python ever has it.

    Examples
    --------
    >>> values = ActivationExplorer(x=0).values()
    >>> float(values["slope"]), float(values["left"]), float(values["right"]), float(values["central"])
    (0.0, 0.0, 1.0, 0.5)
    >>> int(values["zeros"]), int(values["erased"])
    (6, 3)
    """

    scripts = ("plot.js", "pictures.js", "own-picture.js", "activation-values.js")
    data = ("coffee-grey-128",)

    activation = _fields.Choice("relu", tuple(_NAMES))
    negative_slope = _fields.Real(0.1, 0, 1)
    x = _fields.Real(-6.0, -6, 6)
    map = _fields.Choice("ridge", ("ridge", "photo"), odds=(0.95, 0.05))  # tests compare every pixel
    negated = _fields.Flag(False)
    layers = _fields.Integer(8, 1, 20)
    inputs = _fields.List([], _fields.Real(0.0, -6, 6), 20)

    def _f(self, x):
        return getattr(activations, self.activation)(x, *self._leak)

    def _slopes(self, x):
        return getattr(activations, f"{self.activation}_backward")(np.ones(np.shape(x)), x, *self._leak)

    @property
    def _leak(self):
        return (self.negative_slope,) if self.activation == "leaky_relu" else ()

    def _image(self):
        return RIDGE if self.map == "ridge" else load_photo("coffee", 128)

    def values(self):
        x, K = self.x, kernels.kernel("vertical_edge") * (-1 if self.negated else 1)
        before = correlate2d(self._image(), K) / (1 if self.map == "ridge" else 255)  # whole numbers first: no rounding near 0
        after = self._f(before)
        left, right = self._slopes(x - _LEAST), self._slopes(x + _LEAST)
        z = np.array((self.inputs + [x] * self.layers)[: self.layers])
        slopes = self._slopes(z)
        products = np.cumprod(slopes)
        steepest = self._slopes(_STEEPEST.get(self.activation, 1.0))
        return {"value": self._f(x), "slope": self._slopes(x), "left": left, "right": right, "kink": int(left != right),
                "central": numerical_gradient(self._f, x), "before": before, "after": after,
                "zeros_before": np.sum(before == 0), "zeros": np.sum(after == 0), "share": np.mean(after == 0),
                "erased": np.sum((before < 0) & (after == 0)), "z": z, "slopes": slopes, "products": products,
                "product": products[-1], "bounds": steepest ** np.arange(1, self.layers + 1)}

    def describe(self):
        values = self.values()
        left, right, slope, product = (_text.number(values[name]) for name in ("left", "right", "slope", "product"))
        at = f"{_NAMES[self.activation]} at x = {_text.number(self.x)}: value {_text.told(values['value'])}"
        here = f", slope {slope}."
        if values["kink"]:
            here = (f"; there is no derivative: the slope is {left} on the left and {right} on the right. The convention "
                    f"takes {slope}, a central difference {_text.told(values['central'])}.")
        kernel, erased = "−K" if self.negated else "K", values["erased"]
        lost = f", {erased} of them erased negatives" if erased else ""
        return (f"{at}{here} Of the {values['after'].size} numbers of {kernel} on the {self.map}, {values['zeros']} are 0 after "
                f"f{lost}. Over {self.layers} layers the slopes multiply to {product}.")

    def as_python(self):
        leak = "".join(f", {_text.rows_text(a)}" for a in self._leak)
        source, image = ("", "RIDGE") if self.map == "ridge" else (" / 255", 'load_photo("coffee", 128)')
        steepest = {"gelu": "np.sqrt(2.0)"}.get(self.activation, "0.0" if self.activation in _STEEPEST else "1.0")
        return f"""import numpy as np
from cnnmath import activations, kernels
from cnnmath.convolution import correlate2d
from cnnmath.gradcheck import numerical_gradient
from cnnmath.image import RIDGE, load_photo

def f(x):
    return activations.{self.activation}(x{leak})

def df(x):
    return activations.{self.activation}_backward(np.ones(np.shape(x)), x{leak})

x = {_text.rows_text(self.x)}
value, slope, central = f(x), df(x), numerical_gradient(f, x)
left, right = df(x - 1e-300), df(x + 1e-300)
kink = left != right

K = kernels.kernel("vertical_edge"){" * -1" if self.negated else ""}
before = correlate2d({image}, K){source}
after = f(before)
zeros_before, zeros, share = np.sum(before == 0), np.sum(after == 0), np.mean(after == 0)
erased = np.sum((before < 0) & (after == 0))

layers = {self.layers}
z = np.array(({_text.rows_text(self.inputs)} + [x] * layers)[:layers])
slopes = df(z)
products = np.cumprod(slopes)
product = products[-1]
bounds = df({steepest}) ** np.arange(1, layers + 1)"""

    def static(self):
        values = self.values()
        kernel = "−K" if self.negated else "K"
        maps = (values["before"], f"map I ⋆ {kernel}"), (values["after"], f"after {_NAMES[self.activation]}")
        if self.map == "ridge":
            shown = "".join(_text.table(*one) for one in maps)
        else:
            limit = float(np.abs(values["before"]).max())
            alt = f"{values['zeros']} of {values['after'].size} numbers are 0 after the activation"
            shown = "".join(picture_html(array, -limit, limit, caption, alt) for array, caption in maps)
        point = _text.table([[self.x, values["value"], values["slope"]]], "x, f(x), f′(x)")
        rows = [values["z"], values["slopes"], values["products"]]
        return point + shown + _text.table(rows, "layer by layer: z, f′(z), product of the slopes")
