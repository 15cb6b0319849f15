"""A network: layers one after the other, with its table of shapes and costs, and its weights on disk."""

import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from cnnmath import _check
from cnnmath._layer import Layer
from cnnmath.receptive_field import compose


class Sequential(Layer):
    r"""Layers applied one after the other, :math:`f = f_L \circ \dots \circ f_1`; itself a layer.

    Parameters
    ----------
    *layers : Layer
        At least one; each a distinct object, since a layer keeps what its own backward pass needs.

    Raises
    ------
    TypeError
        If an argument is no `Layer`.
    ValueError
        If there is none, or the same object comes twice.

    Notes
    -----
    ``network[2]`` is a layer, ``network[:3]`` a network of the same layers, and iteration goes through them.

    Examples
    --------
    >>> from cnnmath.layers import Flatten, ReLU
    >>> network = Sequential(ReLU(), Flatten()); network.forward(np.array([[[[-6, 6]]]])), len(network)
    (array([[0., 6.]]), 2)
    """

    def __init__(self, *layers):
        if not layers:
            raise ValueError(_check.message("Sequential", "layers", "hold at least one layer", layers))
        for layer in layers:
            if not isinstance(layer, Layer):
                hint = "Write ReLU(), not ReLU or relu"
                raise TypeError(_check.message("Sequential", "layers", "be Layer objects", layer, hint))
        self.layers = list(layers)
        inside = list(_all_inside(self))
        if len(set(map(id, inside))) < len(inside):
            hint = "Make a new layer for each place"
            raise ValueError(
                _check.message("Sequential", "layers", "be distinct objects", "one object twice", hint)
            )

    def __len__(self):
        return len(self.layers)

    def __getitem__(self, index):
        return Sequential(*self.layers[index]) if isinstance(index, slice) else self.layers[index]

    def parts(self):
        return {str(index): layer for index, layer in enumerate(self.layers)}

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout, needs_dx=True):
        # Below the first layer with something to learn, nobody asks for a gradient.
        learning = [index for index, layer in enumerate(self.layers) if layer.parameters()]
        first = 0 if needs_dx else min(learning, default=len(self.layers))
        for index in range(len(self.layers) - 1, first - 1, -1):
            dout = self.layers[index].backward(dout, needs_dx or index > first)
        return dout if needs_dx else None

    def output_shape(self, input_shape):
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def multiply_adds(self, input_shape):
        return sum(row.multiply_adds for row in self.summary(input_shape).rows)

    def window(self):
        return compose(layer.window() for layer in self.layers)

    def summary(self, input_shape):
        """Shapes, parameters, multiply–adds and receptive field of every layer, without allocating weights.

        Parameters
        ----------
        input_shape : tuple of int
            One input without the batch axis, as in (3, 224, 224).

        Returns
        -------
        Summary
            Prints as a table.

        Raises
        ------
        ValueError
            If a layer does not fit the shape before it.
        """
        input_shape = shape = tuple(_check.integer("summary", "input_shape", size, 1) for size in input_shape)
        rows, windows = [], []
        for name, layer in self.parts().items():
            windows.append(layer.window())
            seen = compose(windows)
            multiply_adds, shape = layer.multiply_adds(shape), layer.output_shape(shape)
            count = sum(parameter.size for parameter in layer.named_parameters().values())
            rows.append(Row(name, type(layer).__name__, shape, count, multiply_adds, seen and seen[0]))
        return Summary(input_shape, rows)

    def save(self, path):
        """Write `state_dict()` to the file `path` in numpy's .npz format, which holds no code."""
        with open(path, "wb") as file:
            np.savez(file, **self.state_dict())

    def load(self, path):
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is no .npz of plain arrays, or does not fit this network. Then nothing is loaded.
        """
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
                state = {name: stored[name] for name in stored.files}
        except (ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            rule, hint = "be an .npz file of plain arrays", "Write it with network.save(path)"
            raise ValueError(_check.message("load", "path", rule, str(path), hint)) from error
        self.load_state_dict(state)


def _all_inside(layer):
    for part in layer.parts().values():
        if isinstance(part, Layer):
            yield part
            yield from _all_inside(part)


class Row(NamedTuple):
    """One layer's line in a `Summary`."""

    name: str
    layer: str
    output_shape: tuple
    parameters: int
    multiply_adds: int
    receptive_field: tuple | None  # pixels (vertical, horizontal); None once a cell sees the whole input


class Summary:
    """The table of a network: `rows`, and the totals `parameters` and `multiply_adds`.

    Parameters that are averaged, not learnt, do not count; multiplications by weights do, and nothing else.
    """

    def __init__(self, input_shape, rows):
        self.input_shape, self.rows = input_shape, rows
        self.parameters = sum(row.parameters for row in rows)
        self.multiply_adds = sum(row.multiply_adds for row in rows)

    def __repr__(self):
        table = [("layer", "output", "parameters", "multiply–adds", "sees")]
        table.append(("input", _times(self.input_shape), "", "", ""))
        for row in self.rows:
            sees = "all" if row.receptive_field is None else _times(row.receptive_field)
            numbers = f"{row.parameters:,}", f"{row.multiply_adds:,}"
            table.append((f"{row.name} {row.layer}", _times(row.output_shape), *numbers, sees))
        table.append(("total", "", f"{self.parameters:,}", f"{self.multiply_adds:,}", ""))
        widths = [max(map(len, column)) for column in zip(*table)]
        lines = []
        for first, *rest in table:
            cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:]))]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)


def _times(shape):
    return "×".join(map(str, shape))
