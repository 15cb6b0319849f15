"""PhotoFilter: a photograph, or the reader's own picture, under a kernel."""

import numpy as np

from cnnmath import kernels
from cnnmath.convolution import convolve2d, correlate2d
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.figures._picture import picture as picture_html
from cnnmath.image import load_photo, to_float

_SHOWN = {"signed": "output", "absolute": "np.abs(output)", "clipped": "np.clip(output, 0, 1)"}  # as code
_ROUNDING = 1e-9  # an output this close to 0 or 1 is not called clipped


class PhotoFilter(Figure):
    """The bundled photograph, its bytes as numbers 0 to 1, correlated or convolved with a kernel.

    Fields: `picture` ("coffee-grey-28", "-128" or "-256"), `kernel` (a matrix up to 7×7), `padding`
    (zeros on each side), `flip` (True: true convolution), `show` ("signed": colour, symmetric about 0;
    "absolute": the size alone, grey; "clipped": grey from 0 to 1, as a file of bytes would keep it) and
    `cell` (the output pixel whose sum is shown, held to the last row and column).

    `values` are those of the output itself, whatever `show`; `clipped` counts its pixels below 0 or
    above 1. In a page the reader may show a picture of their own: it stays in that page, and neither
    the state nor Python ever has it.

    Examples
    --------
    >>> values = PhotoFilter(picture="coffee-grey-28", kernel=[[2]], cell=[0, 0]).values()
    >>> values["output"].shape, round(values["total"] * 255), values["clipped"]
    ((28, 28), 60, 220)
    """

    scripts = ("kernels.js", "kernel-presets.js", "kernel-editor.js", "kernel-panel.js", "pictures.js", "own-picture.js")
    data = ("coffee-grey-28", "coffee-grey-128", "coffee-grey-256")

    picture = _fields.Choice("coffee-grey-128", data, odds=(0.9, 0.08, 0.02))  # tests compare every pixel
    kernel = _fields.Matrix(kernels.kernel("sobel_x").tolist(), 7, 7)
    padding = _fields.Integer(0, 0, 3)
    flip = _fields.Flag(False)
    show = _fields.Choice("signed", _SHOWN)
    cell = _fields.Integers([40, 23], 2, 0, 299)

    def _image(self):
        name, mode, size = self.picture.split("-")
        return to_float(load_photo(name, int(size), mode))

    def values(self):
        image, kernel = self._image(), np.array(self.kernel)
        operation = convolve2d if self.flip else correlate2d
        output = operation(image, kernel, padding=self.padding)
        used = kernel[::-1, ::-1] if self.flip else kernel
        i, j = (min(place, size - 1) for place, size in zip(self.cell, output.shape))
        window = np.pad(image, self.padding)[i : i + used.shape[0], j : j + used.shape[1]]
        clipped = np.sum((output < -_ROUNDING) | (output > 1 + _ROUNDING))
        return {"output": output, "low": output.min(), "high": output.max(), "mean": output.mean(),
                "clipped": int(clipped), "kernel_sum": kernel.sum(), "used": used, "cell": [i, j],
                "window": window, "products": window * used, "total": output[i, j]}

    def describe(self):
        values = self.values()
        size = self.picture.split("-")[2]
        rows, cols = values["output"].shape
        zeros = f", padded by {self.padding} (zeros)" if self.padding else ""
        kernel = "{} × {} kernel".format(*values["used"].shape) + (" turned by 180°" if self.flip else "")
        lost = f"; {values['clipped']} of {rows * cols} pixels are clipped" if self.show == "clipped" else ""
        names = "kernel_sum", "low", "high", "mean", "total"
        kernel_sum, low, high, mean, total = (_text.told(values[name]) for name in names)
        i, j = values["cell"]
        return (f"The photo, {size} × {size}{zeros}, under a {kernel} of sum {kernel_sum}: "
                f"the output, {rows} × {cols}, runs from {low} to {high}, mean {mean}{lost}. "
                f"Row {i}, column {j} is {total}.")

    def as_python(self):
        operation = "convolve2d" if self.flip else "correlate2d"
        i, j = self.values()["cell"]
        return f"""import numpy as np
from cnnmath.convolution import {operation}
from cnnmath.image import load_photo, to_float

image = to_float(load_photo("coffee", {self.picture.split("-")[2]}))
kernel = np.array({_text.rows_text(self.kernel)})
padding = {self.padding}
output = {operation}(image, kernel, padding=padding)
shown = {_SHOWN[self.show]}
low, high, mean, kernel_sum = output.min(), output.max(), output.mean(), kernel.sum()
clipped = np.sum((output < -1e-9) | (output > 1 + 1e-9))  # not by rounding alone

cell = i, j = {i}, {j}
used = {"kernel[::-1, ::-1]" if self.flip else "kernel"}
window = np.pad(image, padding)[i : i + used.shape[0], j : j + used.shape[1]]
products = window * used
total = products.sum()"""

    def static(self):
        values = self.values()
        output = values["output"]
        limit = float(np.abs(output).max()) or 1
        shown, low, high = {"signed": (output, -limit, limit), "absolute": (np.abs(output), 0, limit),
                            "clipped": (output, 0, 1)}[self.show]
        span = f"from {_text.told(values['low'])} to {_text.told(values['high'])}"
        caption = f"output I {'∗' if self.flip else '⋆'} K, {span}, {self.show}"
        alt = "the output, {} × {}, {}".format(*output.shape, span)
        return (picture_html(self._image(), 0, 1, "image I", "a cup of espresso on a saucer, in grey")
                + _text.table(self.kernel, f"kernel K, sum {_text.told(values['kernel_sum'])}")
                + picture_html(shown, low, high, caption, alt))
