"""KernelSlider: a window slides over an image, its products add up, the output fills in."""

import numpy as np

from cnnmath import image, kernels, windows
from cnnmath.convolution import convolve2d, correlate2d
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure


class KernelSlider(Figure):
    """The correlation or convolution of a small image and a kernel, one window at a time.

    Fields: `image` and `kernel` (matrices up to 12×12), `stride`, `padding`, `dilation`, `flip` (True:
    true convolution), `cell` (the output cell whose window is shown, held to the last row and column)
    and `predict` (the reader is asked for the cell's value).

    Examples
    --------
    >>> KernelSlider().values()["output"].tolist()
    [[-6.0, 0.0, 6.0], [-6.0, 0.0, 6.0], [-6.0, 0.0, 6.0]]
    """

    scripts = ("kernels.js", "kernel-presets.js", "kernel-editor.js", "kernel-panel.js")

    image = _fields.Matrix(image.RIDGE.tolist(), 12, 12)
    kernel = _fields.Matrix(kernels.kernel("vertical_edge").tolist(), 12, 12)
    stride = _fields.Integer(1, 1, 4)
    padding = _fields.Integer(0, 0, 4)
    dilation = _fields.Integer(1, 1, 3)
    flip = _fields.Flag(False)
    cell = _fields.Integers([0, 0], 2, 0, 99)
    predict = _fields.Flag(False)

    @classmethod
    def check_together(cls, state):
        shapes = np.shape(state["image"]), np.shape(state["kernel"])
        windows.geometry(cls.__name__, *shapes, state["stride"], state["padding"], state["dilation"])

    def values(self):
        pixels, kernel = np.array(self.image), np.array(self.kernel)
        used = kernel[::-1, ::-1] if self.flip else kernel
        operation = convolve2d if self.flip else correlate2d
        output = operation(pixels, kernel, self.stride, self.padding, self.dilation)
        i, j = (min(place, size - 1) for place, size in zip(self.cell, output.shape))
        padded = np.pad(pixels, self.padding)
        rows, columns = (place * self.stride + self.dilation * np.arange(taps) for place, taps in zip((i, j), used.shape))
        window = padded[np.ix_(rows, columns)]
        return {"padded": padded, "used": used, "output": output, "cell": [i, j],
                "window": window, "products": window * used, "total": output[i, j]}

    def describe(self):
        values = self.values()
        i, j = values["cell"]
        rows, columns = (self._span(*span) for span in zip(("rows", "columns"), (i, j), np.shape(self.kernel)))
        what = f"{rows}, {columns} of I against K{' turned by 180°' if self.flip else ''}"
        size = "The output is {} × {}.".format(*values["output"].shape)
        if self.predict:
            return f"Output row {i}, column {j}: predict the sum of {what}. {size}"
        return f"Output row {i}, column {j}: {what} give {_text.told(values['total'])}. {size}"

    def _span(self, name, place, count):
        first = place * self.stride - self.padding
        step = f" in steps of {self.dilation}" if self.dilation > 1 and count > 1 else ""
        return f"{name} {_text.number(first)} to {_text.number(first + self.dilation * (count - 1))}{step}"

    def as_python(self):
        operation = "convolve2d" if self.flip else "correlate2d"
        i, j = self.values()["cell"]
        return f"""import numpy as np
from cnnmath.convolution import {operation}

image = np.array({_text.rows_text(self.image)})
kernel = np.array({_text.rows_text(self.kernel)})
stride, padding, dilation = {self.stride}, {self.padding}, {self.dilation}
output = {operation}(image, kernel, stride, padding, dilation)

cell = i, j = {i}, {j}
padded = np.pad(image, padding)
used = {"kernel[::-1, ::-1]" if self.flip else "kernel"}
window = padded[i * stride :: dilation, j * stride :: dilation][: used.shape[0], : used.shape[1]]
products = window * used
total = products.sum()"""

    def static(self):
        values = self.values()
        sign = "∗" if self.flip else "⋆"
        return (_text.table(self.image, "image I") + _text.table(self.kernel, "kernel K")
                + _text.table(values["output"], f"output I {sign} K"))
