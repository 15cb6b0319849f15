"""BackpropWalk: the running example through a small network and back, number by number, then one step downhill."""

import numpy as np

from cnnmath import _check, image, kernels
from cnnmath.activations import relu, relu_backward, softmax
from cnnmath.convolution import conv2d, conv2d_backward
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.pooling import max_pool2d, max_pool2d_backward, max_pool2d_with_winners

_GIVEN = {"I": "image", "K": "kernel", "b": "bias", "W": "linear", "c": "linear_bias"}
_SHAPES = {"image": (5, 5), "kernel": (3, 3), "linear": (2, 4), "linear_bias": (2, 1)}
_WEIGHTS, _FORWARD = ("K", "b", "W", "c"), ("O", "A", "M", "z", "p", "L")
# What each stage computes; `cell` counts through the numbers of these arrays, one after the other.
_STAGES = {**{name: (name,) for name in _FORWARD}, "dz": ("dz",), "dW": ("dW", "dc"), "dM": ("dM",), "dA": ("dA",), "dO": ("dO",),
           "dK": ("dK", "db"), "dI": ("dI",), "update": ("K1", "b1", "W1", "c1"), "again": ("O1", "A1", "M1", "z1", "p1", "L1")}
_CORNERS = np.array([[0, 1], [3, 4]])  # where the windows of M begin in A, row by row
_DIGITS = 12  # decimals kept of O: sums that are equal on paper tie, and 0.1 + 0.2 - 0.3 is 0
_ALIKE = 1e-9  # numbers of M this close came by the same route


class _Sized(_fields.Matrix):
    """A matrix whose random values mostly have the largest size."""

    def random(self, rng):
        size = (self.max_rows, self.max_cols) if rng.random() < 0.98 else rng.integers(1, (self.max_rows + 1, self.max_cols + 1))
        return (rng.integers(-12, 13, size) / 4 * rng.integers(0, 2, size)).tolist()


class _Rate(_fields.Real):
    """A number whose random values are small and large ones alike."""

    def random(self, rng):
        return round(float(10 ** rng.uniform(-4, 0.5)), 6)


class BackpropWalk(Figure):
    """O = I ⋆ K + b, A = ReLU(O), M = 2×2 max of A at stride 1, z = W m + c with m = M row by row, p = softmax(z),
    L = −log p[label]; then every gradient of L, and a step of `eta` against those of K, b, W and c, all at once.

    Fields: `image` I (5×5), `kernel` K (3×3), `bias` b, `linear` W (2×4), `linear_bias` c (2×1), `label` (0 or 1),
    `eta`, `stage` (what is being computed: "O", "A", "M", "z", "p" or "L"; "dz", "dW" with dc, "dM", "dA", "dO", "dK"
    with db, or "dI"; "update" or "again") and `cell` (which number of that stage is written out, counted through its
    arrays and held to the last one).

    `values`: each array by its symbol, y as a column; ``dK`` is ∂L/∂K, ``K1`` is K after the step. `winners` are the
    places in A that M copied, the first of equal ones. `change` is L1 − L and `predicted` its first order,
    −eta · `norm2`, with the squared length of the whole gradient. Beyond a kink that order is wrong: `rerouted` counts
    the numbers of M1 that O1 does not pass on by the old winners and the old open ReLUs.

    Examples
    --------
    >>> values = BackpropWalk().values()
    >>> values["O"][0].tolist(), values["M"].tolist(), values["z"].ravel().tolist()
    ([-6.0, 0.0, 6.0], [[0.0, 6.0], [0.0, 6.0]], [0.5, 1.0])
    >>> round(float(values["change"]), 4), round(float(values["predicted"]), 4)
    (-0.0899, -0.0931)
    """

    scripts = ("taps.js", "kernels.js",)

    image = _Sized(image.RIDGE.tolist(), 5, 5, 100)
    kernel = _Sized(kernels.kernel("vertical_edge").tolist(), 3, 3, 100)
    bias = _fields.Real(0.0, -100, 100)
    linear = _Sized([[0.5, 0.5, -0.25, -0.5], [-0.25, -0.25, 0.5, 0.5]], 2, 4, 100)
    linear_bias = _Sized([[0.5], [-0.5]], 2, 1, 100)
    label = _fields.Integer(0, 0, 1)
    eta = _Rate(0.001, 0, 10)
    stage = _fields.Choice("dK", tuple(_STAGES))
    cell = _fields.Integer(0, 0, 26)

    @classmethod
    def check_together(cls, state):
        for name, shape in _SHAPES.items():
            given = np.shape(state[name])
            if given != shape:
                raise ValueError(_check.message(cls.__name__, name, "have {} rows and {} columns".format(*shape), list(given)))

    def values(self):
        given = {symbol: np.array(getattr(self, name), dtype=float) for symbol, name in _GIVEN.items()}
        I, *weights = given.values()
        K, _, W, _ = weights
        O, A, M, z, p, L = self._forward(I, *weights)
        taps = max_pool2d_with_winners(A[None, None], 2, 1)[1][0, 0].astype(int)
        winners = taps // 2 * 3 + taps % 2 + _CORNERS
        dz = cross_entropy_backward(z.T, [self.label]).T
        dW, dM = dz @ M.reshape(1, 4), (W.T @ dz).reshape(2, 2)
        dA = max_pool2d_backward(dM[None, None], A[None, None], 2, 1)[0, 0]
        dO = relu_backward(dA, O)
        dI, dK, db = (d.squeeze() for d in conv2d_backward(dO[None, None], I[None, None], K[None, None]))
        gradients = dK, db, dW, dz
        new = [old - self.eta * gradient for old, gradient in zip(weights, gradients)]
        after = O1, _, M1, *_, L1 = self._forward(I, *new)
        norm2 = sum(np.sum(d**2) for d in gradients)
        old_route = np.where(O > 0, O1, 0).ravel()[winners]
        return {**given, "O": O, "A": A, "M": M, "z": z, "p": p, "L": L, "winners": winners, "y": np.eye(2)[:, [self.label]],
                "dz": dz, "dW": dW, "dc": dz, "dM": dM, "dA": dA, "dO": dO, "dK": dK, "db": db, "dI": dI,
                **{f"{symbol}1": value for symbol, value in zip((*_WEIGHTS, *_FORWARD), (*new, *after))},
                "norm2": norm2, "predicted": -self.eta * norm2, "change": L1 - L, "rerouted": np.sum(np.abs(M1 - old_route) > _ALIKE)}

    def _forward(self, I, K, b, W, c):
        O = np.round(conv2d(I[None, None], K[None, None], b[None])[0, 0], _DIGITS)
        A = relu(O)
        M = max_pool2d(A[None, None], 2, 1)[0, 0]
        z = W @ M.reshape(4, 1) + c
        return O, A, M, z, softmax(z, axis=0), cross_entropy(z.T, [self.label])

    def describe(self):
        v = self.values()
        places = [(name, k) for name in _STAGES[self.stage] for k in range(np.size(v[name]))]
        name, k = places[min(self.cell, len(places) - 1)]
        number = f"{_symbol(name, k, np.shape(v[name]))} = {_text.told(np.ravel(v[name])[k])}"
        return f"{number}. Loss {_text.told(v['L'])}, after the step {_text.told(v['L1'])}."

    def as_python(self):
        given = {symbol: _text.rows_text(getattr(self, name)) for symbol, name in _GIVEN.items()}
        return f"""import numpy as np
from cnnmath import activations, convolution, losses, pooling

I = np.array({given["I"]}, dtype=float)
K = np.array({given["K"]}, dtype=float)
b = np.array({given["b"]}, dtype=float)
W = np.array({given["W"]}, dtype=float)
c = np.array({given["c"]}, dtype=float)
label, eta = {self.label}, {_check.literal(self.eta)}

def forward(K, b, W, c):
    O = np.round(convolution.conv2d(I[None, None], K[None, None], b[None])[0, 0], 12)
    A = activations.relu(O)
    M = pooling.max_pool2d(A[None, None], 2, 1)[0, 0]
    z = W @ M.reshape(4, 1) + c
    return O, A, M, z, activations.softmax(z, axis=0), losses.cross_entropy(z.T, [label])

O, A, M, z, p, L = forward(K, b, W, c)
taps = pooling.max_pool2d_with_winners(A[None, None], 2, 1)[1][0, 0].astype(int)
winners = taps // 2 * 3 + taps % 2 + [[0, 1], [3, 4]]
y = np.eye(2)[:, [label]]
dz = dc = losses.cross_entropy_backward(z.T, [label]).T  # p - y
dW, dM = dz @ M.reshape(1, 4), (W.T @ dz).reshape(2, 2)
dA = pooling.max_pool2d_backward(dM[None, None], A[None, None], 2, 1)[0, 0]
dO = activations.relu_backward(dA, O)
dI, dK, db = (d.squeeze() for d in convolution.conv2d_backward(dO[None, None], I[None, None], K[None, None]))

K1, b1, W1, c1 = K - eta * dK, b - eta * db, W - eta * dW, c - eta * dc
O1, A1, M1, z1, p1, L1 = forward(K1, b1, W1, c1)
norm2 = sum(np.sum(d**2) for d in (dK, db, dW, dc))
predicted, change = -eta * norm2, L1 - L
rerouted = np.sum(np.abs(M1 - np.where(O > 0, O1, 0).ravel()[winners]) > 1e-9)"""

    def static(self):
        v = self.values()
        shown = [*_GIVEN, *_FORWARD, *(name for names in list(_STAGES.values())[6:13] for name in names), "K1", "b1", "W1", "c1", "L1"]
        return "".join(_text.table(v[name], _symbol(name, 0, ())) for name in shown)


def _symbol(name, k, shape):
    """The k-th number of an array as the chapter writes it: ∂L/∂K[0, 1], z′[1], b."""
    sign = ("∂L/∂" if name[0] == "d" else "") + name.removeprefix("d").replace("1", "′")
    if not shape:
        return sign
    place = [k] if shape[1] == 1 else np.unravel_index(k, shape)
    return f"{sign}[{', '.join(map(str, place))}]"
