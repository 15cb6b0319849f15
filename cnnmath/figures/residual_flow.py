"""ResidualFlow: the sizes of activations and gradients through many layers, with and without skips and batch norm."""

from functools import lru_cache

import numpy as np

from cnnmath import _check
from cnnmath.datasets import load_digits
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.figures._random import uniform
from cnnmath.layers import BatchNorm2d, Linear, ReLU, Residual
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential

DEEPEST = 50
IMAGES, UNITS, CLASSES = 20, 32, 10
_GAINS = {"Glorot / 2": 0.5, "Glorot": 1, "He": 2, "2 × He": 4}  # n times the variance of a weight
_NETWORKS = {(False, False): "plain", (False, True): "batch norm", (True, False): "skips", (True, True): "both"}
_SHOWN = {"activations": "h", "weights": "W"}


@lru_cache(maxsize=1)
def _batch():
    """The first images, each pixel less its mean, at mean square 1; and their labels."""
    images, labels = load_digits()
    x = images[:IMAGES].reshape(IMAGES, -1)
    x = x - x.mean(axis=0)
    return x / np.sqrt(np.mean(x**2)), labels[:IMAGES]


def _linear(seed, inputs, outputs, gain, place):
    """A layer whose weights are uniform, with the variance gain / inputs; `place` is where its random numbers begin."""
    layer = Linear(inputs, outputs, bias=False)
    layer.weight.data = (2 * uniform(seed, (outputs, inputs), place) - 1) * np.sqrt(3 * gain / inputs)
    return layer


def _measure(depth, gain, seed, skip, batch_norm):
    """Root mean squares of h_0 … h_L; norms of the gradients with respect to h_0 … h_L and W_0 … W_L; the loss."""
    first, square = 64 * UNITS, UNITS * UNITS
    linears = [_linear(seed, 64, UNITS, 1, 0)]
    linears += [_linear(seed, UNITS, UNITS, gain, first + square * l) for l in range(depth)]
    linears.append(_linear(seed, UNITS, CLASSES, 1, first + square * DEEPEST))
    blocks = linears[:1]
    for l, linear in enumerate(linears[1:]):
        body = Sequential(*[BatchNorm2d(UNITS)] * batch_norm, ReLU(), linear)
        blocks.append(Residual(body) if skip and l < depth else body)
    x, y = _batch()
    h = [x]
    for block in blocks:
        h.append(block.forward(h[-1]))
    deltas = [cross_entropy_backward(h[-1], y)]
    for block in blocks[::-1]:
        deltas.append(block.backward(deltas[-1]))
    rms = [np.sqrt(np.mean(a**2)) for a in h[1:-1]]
    weights = [np.linalg.norm(linear.weight.grad) for linear in linears[:-1]]
    return rms, [np.linalg.norm(delta) for delta in deltas[-2:0:-1]], weights, cross_entropy(h[-1], y)


class _Layers(_fields.Integer):
    """Random values are mostly small, and sometimes up to the maximum: work grows with them."""

    def random(self, rng):
        return int(rng.integers(self.minimum, (self.maximum if rng.random() < 0.1 else 10) + 1))


class ResidualFlow(Figure):
    r"""Four networks with the same weights: plain, with batch normalisation, with skips, with both.

    Each reads the same 20 handwritten digits, as 64 numbers of mean 0 and mean square 1. A layer makes 32 numbers of them,
    :math:`h_0 = W_0 x`; `depth` blocks follow, :math:`h_l = F_l(h_{l-1})` or, with skips, :math:`h_l = h_{l-1} + F_l(h_{l-1})`,
    with :math:`F_l(h) = W_l\,\mathrm{ReLU}(\mathrm{BN}(h))` and BN left out where there is none. The logits are
    :math:`W\,\mathrm{ReLU}(\mathrm{BN}(h_L))`, and the loss is the mean cross-entropy. Nothing is trained.

    Fields: `depth`, `init` (the variance of the weights of the blocks: "Glorot / 2", "Glorot", "He" and "2 × He" for 0.5, 1, 2 and 4
    divided by 32), `seed`, `skip` and `batch_norm` (which of the four networks stands out), `by` (gradients with respect to the
    "activations" :math:`h_l` or the "weights" :math:`W_l`) and `layer` (l, the layer whose numbers are told).

    Values, a row for each network in the order above: `rms`, the root mean square of :math:`h_0 … h_L`; `gradient` and
    `weight_gradient`, the norm of the gradient with respect to :math:`h_0 … h_L` and :math:`W_0 … W_L`; and the `loss`.

    Examples
    --------
    >>> values = ResidualFlow().values()
    >>> [bool(one[0] < 1e-4 * one[-1]) for one in values["gradient"]]
    [True, False, False, False]
    """

    scripts = ("random.js", "digits.js", "residual-flow-values.js", "plot.js")
    data = ("digits-grey-8",)

    depth = _Layers(30, 2, DEEPEST)
    init = _fields.Choice("Glorot", tuple(_GAINS))
    seed = _fields.Integer(0, 0, 9999)
    skip = _fields.Flag(True)
    batch_norm = _fields.Flag(True)
    by = _fields.Choice("activations", tuple(_SHOWN))
    layer = _Layers(0, 0, DEEPEST)

    @classmethod
    def check_together(cls, state):
        if state["layer"] > state["depth"]:
            raise ValueError(_check.message("ResidualFlow", "layer", f"be at most the depth, {state['depth']}", state["layer"]))

    def values(self):
        rows = zip(*(_measure(self.depth, _GAINS[self.init], self.seed, *kind) for kind in _NETWORKS))
        return dict(zip(("rms", "gradient", "weight_gradient", "loss"), map(np.array, rows)))

    def _shown(self, values):
        return values["gradient" if self.by == "activations" else "weight_gradient"]

    def describe(self):
        v = self.values()
        row, at, last = list(_NETWORKS).index((self.skip, self.batch_norm)), self.layer, self.depth
        name, gradient = _SHOWN[self.by], self._shown(v)
        plain, own = gradient[0], gradient[row]
        words = {"plain": "a plain network", "both": "skips and batch norm"}
        kind = _NETWORKS[self.skip, self.batch_norm]
        text = (f"{last} layers, weights after {self.init}, seed {self.seed}; {words.get(kind, kind)}. At layer {at} the "
                f"activations have the root mean square {_text.number(v['rms'][row, at])}, and the gradient with respect to {name} has "
                f"the norm {_text.number(own[at])}; at layer {last} it has {_text.number(own[last])}.")
        if row:
            text += f" In the plain network these are {_text.number(plain[at])} and {_text.number(plain[last])}."
        return text

    def as_python(self):
        return f"""import numpy as np
from cnnmath.datasets import load_digits
from cnnmath.figures._random import uniform
from cnnmath.layers import BatchNorm2d, Linear, ReLU, Residual
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential

depth, gain, seed = {self.depth}, {_GAINS[self.init]}, {self.seed}  # gain: {UNITS} times the variance of a weight
images, labels = load_digits()
x, y = images[:{IMAGES}].reshape({IMAGES}, 64), labels[:{IMAGES}]
x = x - x.mean(axis=0)
x /= np.sqrt(np.mean(x**2))

def linear(inputs, outputs, gain, place):  # uniform weights of variance gain / inputs, which JavaScript draws too
    layer = Linear(inputs, outputs, bias=False)
    layer.weight.data = (2 * uniform(seed, (outputs, inputs), place) - 1) * np.sqrt(3 * gain / inputs)
    return layer

def measure(skip, batch_norm):
    linears = [linear(64, {UNITS}, 1, 0), *(linear({UNITS}, {UNITS}, gain, {64 * UNITS} + {UNITS**2} * l) for l in range(depth))]
    linears.append(linear({UNITS}, {CLASSES}, 1, {64 * UNITS + UNITS**2 * DEEPEST}))
    blocks = linears[:1]
    for l, one in enumerate(linears[1:]):
        body = Sequential(*[BatchNorm2d({UNITS})] * batch_norm, ReLU(), one)
        blocks.append(Residual(body) if skip and l < depth else body)
    h = [x]
    for block in blocks:
        h.append(block.forward(h[-1]))
    deltas = [cross_entropy_backward(h[-1], y)]
    for block in blocks[::-1]:
        deltas.append(block.backward(deltas[-1]))
    rms = [np.sqrt(np.mean(a**2)) for a in h[1:-1]]
    gradient = [np.linalg.norm(delta) for delta in deltas[-2:0:-1]]
    weight_gradient = [np.linalg.norm(one.weight.grad) for one in linears[:-1]]
    return rms, gradient, weight_gradient, cross_entropy(h[-1], y)

networks = [(False, False), (False, True), (True, False), (True, True)]  # (skip, batch_norm)
rms, gradient, weight_gradient, loss = map(np.array, zip(*(measure(*kind) for kind in networks)))"""

    def static(self):
        v = self.values()
        gradient = self._shown(v)
        layers = sorted({round(self.depth * k / 5) for k in range(6)})
        names = ", ".join(_NETWORKS.values())
        tables = (("root mean square of h", v["rms"]), (f"norm of the gradient with respect to {_SHOWN[self.by]}", gradient))
        return "".join(_text.table(np.column_stack([layers, numbers.T[layers]]), f"layer; {what}: {names}") for what, numbers in tables)
