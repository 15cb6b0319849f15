"""KernelGradient: a correlation forward and its gradients backward, every gradient with its full sum."""

import numpy as np

from cnnmath import image, kernels, windows
from cnnmath.activations import relu, relu_backward
from cnnmath.convolution import conv2d, conv2d_backward, correlation_matrix
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

_CURVE = np.arange(-16, 17) / 8  # the loss is drawn at w + h times these
_ZERO = 1e-9  # an output no farther from 0 stands at the kink of ReLU
_SYMBOLS = {"image": "I", "kernel": "K", "output": "O"}
_PLACES = {"image": "pixels", "kernel": "weights", "output": "outputs"}


class _Quarters(_fields.Real):
    """A number whose random values are binary fractions: with them the nudges of the tests are not rounded."""

    def random(self, rng):
        return int(rng.integers(-12, 13)) / 4


class KernelGradient(Figure):
    """O = I ⋆ K + b, a loss L of it, and ∂L/∂K, ∂L/∂I, ∂L/∂b; of one entry the sum, term by term, and the measured slope.

    Fields: `image` (a matrix up to 7×7), `kernel` (up to 5×5), `bias`, `stride`, `padding`, `relu` (A = ReLU(O); if
    False A = O), `loss` ("weighted sum": L = Σ G A, "squared error": L = ½ Σ (A − T)²), `given` (G or T, repeated or
    cut to the shape of O), `of` and `cell` (the entry: of "kernel", "image", "bias" or "output", held to the last row
    and column), `halvings` (h = 2^−halvings) and `turn` (draw K turned by 180° with the terms of ∂L/∂I).

    Term t of the sum is ``left[t] * right[t]``; it stands at `outputs`, `weights` and `pixels` in vec(O), vec(K) and
    vec(I), −1 for nowhere. For an output the sum is that of the forward pass, with b. `curve` is the loss at the entry
    + h k / 8 for k = −16 … 16; `slopes` are the difference quotients on the left, on both sides and on the right.
    `crossed` are the outputs that change sign within ±h and that the loss looks at: with ReLU, its kinks.

    Examples
    --------
    >>> values = KernelGradient(of="image", cell=[1, 1]).values()
    >>> values["outputs"].tolist(), values["weights"].tolist(), float(values["total"])
    ([0, 1, 3, 4], [4, 3, 1, 0], -1.0)
    """

    scripts = ("taps.js", "kernels.js", "kernel-presets.js", "kernel-gradient-values.js")

    image = _fields.Matrix(image.RIDGE.tolist(), 7, 7, 1000)
    kernel = _fields.Matrix(kernels.kernel("vertical_edge").tolist(), 5, 5, 1000)
    bias = _Quarters(0.0, -1000, 1000)
    stride = _fields.Integer(1, 1, 3)
    padding = _fields.Integer(0, 0, 2)
    relu = _fields.Flag(False)
    loss = _fields.Choice("weighted sum", ("weighted sum", "squared error"))
    given = _fields.Matrix([[1.0, -2.0, 0.0], [2.0, 1.0, -1.0], [0.0, 3.0, 1.0]], 11, 11, 1000)
    of = _fields.Choice("image", ("image", "kernel", "bias", "output"))
    cell = _fields.Integers([1, 1], 2, 0, 99)
    halvings = _fields.Integer(3, 0, 10)
    turn = _fields.Flag(True)

    @classmethod
    def check_together(cls, state):
        shapes = np.shape(state["image"]), np.shape(state["kernel"])
        windows.geometry(cls.__name__, *shapes, state["stride"], state["padding"])

    def _forward(self, arrays):
        x, weight, bias = arrays["image"][None, None], arrays["kernel"][None, None], arrays["bias"][0]
        return conv2d(x, weight, bias, self.stride, self.padding)[0, 0]

    def _seen(self, output):
        return relu(output) if self.relu else output

    def _loss_of(self, output, given):
        a = self._seen(output)
        return ((a - given) ** 2).sum() / 2 if self.loss == "squared error" else (given * a).sum()

    def values(self):
        arrays = {"image": np.array(self.image), "kernel": np.array(self.kernel), "bias": np.array([[self.bias]])}
        arrays["output"] = output = self._forward(arrays)
        rows, columns = (np.arange(size) % count for size, count in zip(output.shape, np.shape(self.given)))
        given = np.array(self.given)[np.ix_(rows, columns)]
        upstream = self._seen(output) - given if self.loss == "squared error" else given
        doutput = relu_backward(upstream, output) if self.relu else upstream
        x, weight = arrays["image"][None, None], arrays["kernel"][None, None]
        dimage, dkernel, dbias = conv2d_backward(doutput[None, None], x, weight, self.stride, self.padding)
        gradients = {"image": dimage[0, 0], "kernel": dkernel[0, 0], "bias": dbias[None], "output": doutput}
        cell = tuple(min(place, size - 1) for place, size in zip(self.cell, gradients[self.of].shape))

        def nudged(by):
            changed = arrays[self.of].copy()
            changed[cell] += by
            return changed if self.of == "output" else self._forward({**arrays, self.of: changed})

        h = 2.0**-self.halvings
        curve = np.array([self._loss_of(nudged(by), given) for by in h * _CURVE])
        below, here, above = curve[[8, 16, 24]]
        terms = self._terms(arrays, doutput, cell)
        return {"output": output, "given": given, "loss": here, "doutput": doutput, "dkernel": gradients["kernel"],
                "dimage": gradients["image"], "dbias": gradients["bias"], "cell": list(cell), **terms,
                "gradient": gradients[self.of][cell], "h": h, "curve": curve,
                "slopes": [(here - below) / h, (above - below) / (2 * h), (above - here) / h],
                "crossed": np.flatnonzero((nudged(-h) * nudged(h) < 0) & (given != 0))}

    def _terms(self, arrays, doutput, cell):
        """Which output reads which pixel through which weight, of the entry alone, and the sum of what it gives."""
        image, kernel = arrays["image"], arrays["kernel"]
        numbered = 1 + np.arange(kernel.size).reshape(kernel.shape)
        taps = correlation_matrix(numbered, image.shape, self.stride, self.padding).astype(int)
        outputs, pixels = np.nonzero(taps)
        places = {"outputs": outputs, "weights": taps[outputs, pixels] - 1, "pixels": pixels}
        if self.of == "bias":
            nowhere = np.full(doutput.size, -1)
            places = {"outputs": np.arange(doutput.size), "weights": nowhere, "pixels": nowhere}
        else:
            chosen = places[_PLACES[self.of]] == np.ravel_multi_index(cell, arrays[self.of].shape)
            places = {name: place[chosen] for name, place in places.items()}
        left = (image.ravel()[places["pixels"]] if self.of == "output" else doutput.ravel()[places["outputs"]])
        right = kernel.ravel()[places["weights"]]
        if self.of in ("kernel", "bias"):
            right = image.ravel()[places["pixels"]] if self.of == "kernel" else np.ones(doutput.size)
        total = left @ right + (self.bias if self.of == "output" else 0)
        return {**places, "left": left, "right": right, "total": total}

    def _verdict(self, v):
        size = np.abs(v["output"].ravel()[v["crossed"]])
        zero = v["crossed"][size <= _ZERO]
        shown = zero if len(zero) else v["crossed"]
        places = ", ".join(f"O{[int(x) for x in divmod(r, v['output'].shape[1])]}" for r in shown)
        if self.relu and len(zero):
            return (f"Kink: {places} at 0, where ReLU has no slope. "
                    "The formula takes 0; measured is the mean of left and right.")
        if self.relu and len(shown):
            return f"Kink within h: {places} on the way through 0. A smaller h avoids it."
        if _text.told(v["slopes"][0]) != _text.told(v["slopes"][2]):
            return "L is curved: left and right miss the slope by as much, on opposite sides."
        return "L is straight here, and all agree."

    def describe(self):
        v = self.values()
        name = "b" if self.of == "bias" else f"{_SYMBOLS[self.of]}{v['cell']}"
        gradient, total, h = _text.told(v["gradient"]), _text.told(v["total"]), _text.number(v["h"])
        left, central, right = map(_text.told, v["slopes"])
        count = len(v["outputs"])
        many = "s" * (count != 1)
        if self.of == "output":
            what = f"δ{v['cell']} = {gradient}; {name} is the sum of {count} product{many} and b: {total}"
        else:
            product = {"kernel": "δ·I", "image": "δ·K", "bias": "δ"}[self.of]
            what = f"the sum of {count} term{many} {product}: {total}" if count else "a sum without terms: 0"
        return (f"∂L/∂{name} is {what}. Measured with h = {h} the slope is {central}, "
                f"on the left {left}, on the right {right}. {self._verdict(v)}")

    def as_python(self):
        v, of = self.values(), self.of
        imports = "from cnnmath.activations import relu, relu_backward\n" if self.relu else ""
        seen = "relu(output)" if self.relu else "output"
        squared = self.loss == "squared error"
        upstream = f"{seen} - given" if squared else "given"
        choose = "outputs = np.arange(output.size)\nweights = pixels = np.full(output.size, -1)"
        if of != "bias":
            choose = f"""chosen = {_PLACES[of]} == np.ravel_multi_index(cell, {of}.shape)
outputs, weights, pixels = outputs[chosen], weights[chosen], pixels[chosen]"""
        right = {"kernel": "image.ravel()[pixels]", "bias": "np.ones(output.size)"}.get(of, "kernel.ravel()[weights]")
        arguments = ", ".join("changed" if name == of else name for name in ("image", "kernel", "bias"))
        return f"""import numpy as np
{imports}from cnnmath.convolution import conv2d, conv2d_backward, correlation_matrix

image = np.array({_text.rows_text(self.image)}, float)
kernel = np.array({_text.rows_text(self.kernel)}, float)
bias, stride, padding = np.array([[{_text.rows_text(self.bias)}]], float), {self.stride}, {self.padding}
given = np.array({_text.rows_text(v["given"].tolist())})

def forward(image, kernel, bias):
    return conv2d(image[None, None], kernel[None, None], bias[0], stride, padding)[0, 0]

def loss_of(output):
    return {f"(({seen} - given) ** 2).sum() / 2" if squared else f"(given * {seen}).sum()"}

output = forward(image, kernel, bias)
loss = loss_of(output)
doutput = {f"relu_backward({upstream}, output)" if self.relu else upstream}
gradients = conv2d_backward(doutput[None, None], image[None, None], kernel[None, None], stride, padding)
dimage, dkernel, dbias = gradients[0][0, 0], gradients[1][0, 0], gradients[2][None]

cell = {v["cell"][0]}, {v["cell"][1]}
gradient = d{of}[cell]
taps = correlation_matrix(1 + np.arange(kernel.size).reshape(kernel.shape), image.shape, stride, padding).astype(int)
outputs, pixels = np.nonzero(taps)
weights = taps[outputs, pixels] - 1
{choose}
left = {"image.ravel()[pixels]" if of == "output" else "doutput.ravel()[outputs]"}
right = {right}
total = left @ right{" + bias.item()" if of == "output" else ""}

def nudged(by):
    changed = {of}.copy()
    changed[cell] += by
    return {"changed" if of == "output" else f"forward({arguments})"}

h = {_text.rows_text(v["h"])}
curve = np.array([loss_of(nudged(h * k / 8)) for k in range(-16, 17)])
below, here, above = curve[[8, 16, 24]]
slopes = (here - below) / h, (above - below) / (2 * h), (above - here) / h
crossed = np.flatnonzero((nudged(-h) * nudged(h) < 0) & (given != 0))"""

    def static(self):
        v = self.values()
        given = "target T" if self.loss == "squared error" else "weights G of the loss"
        tables = [(self.image, "image I"), (self.kernel, "kernel K"), (v["output"], "output O = I ⋆ K + b"), (v["given"], given),
                  (v["dimage"], "∂L/∂I"), (v["dkernel"], "∂L/∂K"), (v["dbias"], "∂L/∂b"), (v["doutput"], "δ = ∂L/∂O")]
        return "".join(_text.table(*table) for table in tables)
