"""FeatureMaps: several filters on one drawn image; a filter spans all channels, a cell is bias plus one sum a channel."""

import numpy as np

from cnnmath import _check, kernels, windows
from cnnmath.convolution import conv2d
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

CHANNELS, FILTERS = 3, 4
_TRIANGLE = np.pad(np.tri(6), 1)  # an edge on the left, one below, and a falling diagonal
_EDGES = [[kernels.kernel(name).tolist()] for name in ("vertical_edge", "horizontal_edge", "diagonal_down")]


def _drawn(rng, *shape):
    return (rng.integers(-12, 13, shape) / 4 * rng.integers(0, 2, shape)).tolist()


class _Nested(_fields.List):
    """A list, given as such or as an array."""

    def check(self, figure, name, value):
        return super().check(figure, name, value.tolist() if isinstance(value, np.ndarray) else value)


class _Image(_Nested):
    """Channels; among random values of one size."""

    def random(self, rng):
        return _drawn(rng, rng.integers(1, CHANNELS + 1), *rng.integers(1, 13, 2))


class _Filters(_Nested):
    """Filters of channels; among random values of one size."""

    def random(self, rng):
        return _drawn(rng, rng.integers(1, FILTERS + 1), rng.integers(1, CHANNELS + 1), *rng.integers(1, 6, 2))


class FeatureMaps(Figure):
    """A layer of up to four filters on a small image of up to three channels.

    Fields: `image` (C_in channels, each up to 12×12), `filters` (C_out lists of C_in kernels, each up to 5×5),
    `bias` (C_out numbers), `stride`, `padding`, `cell` (map o, row i, column j: the output whose sum is shown, held
    to what there is) and `channel` (whose kernel is edited, held likewise).
    In a page a picture of the reader's own becomes `image`: three channels of 12×12 numbers, ``9 x`` rounded for its means x.

    Examples
    --------
    >>> values = FeatureMaps(cell=[0, 2, 0]).values()
    >>> values["output"].shape, values["partial"].tolist(), float(values["total"])
    ((3, 6, 6), [-3.0], -3.0)
    """

    scripts = ("kernels.js", "kernel-editor.js", "painting.js", "own-picture.js")

    image = _Image([_TRIANGLE.tolist()], _fields.Matrix([[0]], 12, 12), CHANNELS)
    filters = _Filters(_EDGES, _fields.List([[[0]]], _fields.Matrix([[0]], 5, 5), CHANNELS), FILTERS)
    bias = _Nested([0, 0, 0], _fields.Real(0, -100, 100), FILTERS)
    stride = _fields.Integer(1, 1, 3)
    padding = _fields.Integer(0, 0, 2)
    cell = _fields.Integers([0, 2, 0], 3, 0, 99)
    channel = _fields.Integer(0, 0, CHANNELS - 1)

    @classmethod
    def check_together(cls, state):
        image, filters, bias = state["image"], state["filters"], state["bias"]
        count = len(image)
        if len({np.shape(channel) for channel in image}) != 1:
            cls._refuse("image", f"hold 1 to {CHANNELS} channels of one size", image)
        sizes = {np.shape(kernel) for one in filters for kernel in one}
        if len(sizes) != 1 or any(len(one) != count for one in filters):
            rule = f"hold 1 to {FILTERS} filters of {count} kernels, one for each channel, all of one size"
            cls._refuse("filters", rule, filters)
        if len(bias) != len(filters):
            cls._refuse("bias", f"hold {len(filters)} numbers, one for each filter", bias)
        windows.geometry(cls.__name__, np.shape(image[0]), *sizes, state["stride"], state["padding"])

    @classmethod
    def _refuse(cls, *words):
        raise _fields.StateError(_check.message(cls.__name__, *words))

    def values(self):
        image, filters, bias = np.array(self.image), np.array(self.filters), np.array(self.bias)
        output = conv2d(image[None], filters, bias, self.stride, self.padding)[0]
        o, i, j = (min(place, size - 1) for place, size in zip(self.cell, output.shape))
        padded = np.pad(image, ((0, 0), (self.padding, self.padding), (self.padding, self.padding)))
        rows, columns = (place * self.stride + np.arange(taps) for place, taps in zip((i, j), filters.shape[2:]))
        looked = padded[:, rows[:, None], columns]
        return {"output": output, "parameters": filters.size + bias.size, "multiply_adds": output.size * filters[0].size,
                "cell": [o, i, j], "channel": min(self.channel, len(image) - 1), "windows": looked,
                "partial": (looked * filters[o]).sum(axis=(1, 2)), "total": output[o, i, j]}

    def describe(self):
        values = self.values()
        (count, rows, columns), (channels, high, wide) = values["output"].shape, np.shape(self.image)
        o, i, j = values["cell"]
        sums = ", ".join(_text.told(x) for x in values["partial"])
        return (f"{count} filters on {channels} × {high} × {wide} give {count} × {rows} × {columns}: "
                f"{values['parameters']} parameters, {values['multiply_adds']} multiply–adds. "
                f"Map {o}, row {i}, column {j}: bias {_text.number(self.bias[o])} and channel sums {sums} give {_text.told(values['total'])}.")

    def as_python(self):
        values = self.values()
        o, i, j = values["cell"]
        return f"""import numpy as np
from cnnmath.convolution import conv2d

image = np.array({_text.rows_text(self.image)})  # (C_in, H, W)
filters = np.array({_text.rows_text(self.filters)})  # (C_out, C_in, K_h, K_w)
bias = np.array({_text.rows_text(self.bias)})
stride, padding, channel = {self.stride}, {self.padding}, {values["channel"]}
output = conv2d(image[None], filters, bias, stride, padding)[0]
parameters, multiply_adds = filters.size + bias.size, output.size * filters[0].size

cell = o, i, j = {o}, {i}, {j}
padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
windows = padded[:, i * stride :, j * stride :][:, : filters.shape[2], : filters.shape[3]]
partial = (windows * filters[o]).sum(axis=(1, 2))
total = bias[o] + partial.sum()"""

    def static(self):
        kernels_of = ((f"W({o}, {c})", kernel) for o, one in enumerate(self.filters) for c, kernel in enumerate(one))
        shown = [*((f"channel {c}", channel) for c, channel in enumerate(self.image)), *kernels_of,
                 ("bias b", self.bias), *((f"map {o}", one) for o, one in enumerate(self.values()["output"]))]
        return "".join(_text.table(array, caption) for caption, array in shown)
