"""ReceptiveField: a stack of layers, cut along one axis; the field of a cell grows back to the pixels."""

import numpy as np

from cnnmath import _check
from cnnmath.convolution import correlation_matrix, output_size
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.receptive_field import Field, receptive_field

_NAMES = "kernel", "stride", "padding", "dilation"


def _layer(kind, kernel, stride=1, padding=0, dilation=1):
    return {"kind": kind, "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}


_RECORD = _fields.Record(
    kind=_fields.Choice("conv", ("conv", "pool")), kernel=_fields.Integer(3, 1, 7), stride=_fields.Integer(1, 1, 4),
    padding=_fields.Integer(0, 0, 9), dilation=_fields.Integer(1, 1, 9),
)  # fmt: skip
_BLOCK = [_layer("conv", 3, padding=1), _layer("conv", 3, padding=1), _layer("pool", 2, 2), _layer("conv", 3, padding=1)]


class ReceptiveField(Figure):
    """Layers on a row of pixels, and what one cell of one layer depends on.

    Fields: `size` (pixels along the axis), `layers` (up to six, from the input on, each a dict of `kind`
    ("conv" or "pool"), `kernel`, `stride`, `padding`, `dilation`), `layer` (0 is the input; held to the last)
    and `cell` (held to the layer).

    Of `values`, `fields` holds size r, jump j and start a of every layer, `pixels` the first and last pixel of
    the cell's field, `outside` how many of these lie beyond the border, and `paths`, layer after layer, the
    number of ways through the windows between each cell and the chosen one: 0 where neither depends on the
    other. `reaching` counts the pixels with a path, `most` is the largest number of paths from one pixel.

    Examples
    --------
    >>> values = ReceptiveField().values()
    >>> tuple(values["fields"][-1]), values["pixels"], values["reaching"]
    ((10, 2, -4), (4, 13), 10)
    """

    scripts = ("layer-stack.js",)

    size = _fields.Integer(16, 1, 40)
    layers = _fields.List(_BLOCK, _RECORD, 6)
    layer = _fields.Integer(6, 0, 6)
    cell = _fields.Integer(4, 0, 200)

    @classmethod
    def check_together(cls, state):
        size = state["size"]
        for k, layer in enumerate(state["layers"], 1):
            kernel, stride, padding, dilation = (layer[name] for name in _NAMES)
            if layer["kind"] == "pool" and (dilation > 1 or 2 * padding > kernel):
                rule = "have dilation 1 and padding of at most half its kernel"
                cls._refuse(f"layer {k}, a pooling,", rule, [kernel, stride, padding, dilation], "Use a conv for more")
            extent = dilation * (kernel - 1) + 1
            if extent > size + 2 * padding:
                hint = f"Use padding >= {-(-(extent - size) // 2)}, a smaller window, or a larger size"
                cls._refuse(f"layer {k}", f"fit the {size + 2 * padding} cells below it, padding included", extent, hint)
            size = output_size(size, kernel, stride, padding, dilation)

    @classmethod
    def _refuse(cls, *words):
        raise _fields.StateError(_check.message(cls.__name__, *words))

    def _windows(self):
        return [tuple(layer[name] for name in _NAMES) for layer in self.layers]

    def values(self):
        windows = self._windows()
        sizes = [self.size]
        for window in windows:
            sizes.append(output_size(sizes[-1], *window))
        fields = [Field(1, 1, 0), *receptive_field(windows)]
        layer = min(self.layer, len(windows))
        cell = min(self.cell, sizes[layer] - 1)
        reads = [_reads(size, *window) for size, window in zip(sizes, windows)]
        rows = {layer: np.eye(sizes[layer])[cell]}
        for k in reversed(range(layer)):
            rows[k] = rows[k + 1] @ reads[k]
        for k in range(layer, len(windows)):
            rows[k + 1] = reads[k] @ rows[k]
        first, last = fields[layer].pixels(cell)
        field = np.arange(first, last + 1)
        return {"sizes": sizes, "fields": fields, "layer": layer, "cell": cell, "pixels": (first, last),
                "outside": int(np.sum((field < 0) | (field >= self.size))),
                "paths": np.concatenate([rows[k] for k in range(len(sizes))]),
                "reaching": int(np.count_nonzero(rows[0])), "most": rows[0].max()}

    def describe(self):
        values = self.values()
        layer, cell, (first, last) = (values[name] for name in ("layer", "cell", "pixels"))
        first, last = _text.number(first), _text.number(last)
        if layer == 0:
            readers = np.count_nonzero(values["paths"][-values["sizes"][-1] :])
            return f"Pixel {cell} reaches {readers} of the {values['sizes'][-1]} cells of layer {len(self.layers)}."
        outside = f", {values['outside']} of them beyond the border" if values["outside"] else ""
        paths = f"{values['reaching']} pixels reach it, each by at most {_text.number(values['most'])} paths"
        return f"Cell {cell} of layer {layer} sees {values['fields'][layer].size} pixels, {first} to {last}{outside}. {paths}."

    def as_python(self):
        values = self.values()
        return f"""import numpy as np
from cnnmath.convolution import correlation_matrix, output_size
from cnnmath.receptive_field import Field, receptive_field

windows = [{", ".join(map(str, self._windows()))}]  # (K, S, P, D), from the input on
sizes = [{self.size}]
for window in windows:
    sizes.append(output_size(sizes[-1], *window))
fields = [Field(1, 1, 0), *receptive_field(windows)]  # size, jump, start

layer, cell = {values["layer"]}, {values["cell"]}
pixels = first, last = fields[layer].pixels(cell)
field = np.arange(first, last + 1)
outside = np.sum((field < 0) | (field >= sizes[0]))

# entry (i, p): whether cell i reads cell p of the layer below; a product of such matrices counts paths
reads = [correlation_matrix(np.ones((1, K)), (1, n), (1, S), (0, P), (1, D)) for n, (K, S, P, D) in zip(sizes, windows)]
rows = {{layer: np.eye(sizes[layer])[cell]}}
for k in reversed(range(layer)):
    rows[k] = rows[k + 1] @ reads[k]
for k in range(layer, len(windows)):
    rows[k + 1] = reads[k] @ rows[k]
paths = np.concatenate([rows[k] for k in range(len(sizes))])
reaching, most = np.count_nonzero(rows[0]), rows[0].max()"""

    def static(self):
        values = self.values()
        windows = [(0, 0, 0, 0), *self._windows()]
        rows = [[*w, n, j, r, a] for w, n, (r, j, a) in zip(windows, values["sizes"], values["fields"])]
        caption = "input, then layer by layer: kernel K, stride S, padding P, dilation D, cells n, jump j, field r, start a"
        where = f"paths from each pixel to cell {values['cell']} of layer {values['layer']}"
        return _text.table(rows, caption) + _text.table(values["paths"][: self.size], where)


def _reads(size, kernel, stride, padding, dilation):
    """Entry (i, p) is 1 where cell i of a layer reads cell p of the `size` cells below it."""
    return correlation_matrix(np.ones((1, kernel)), (1, size), (1, stride), (0, padding), (1, dilation))
