"""ConvolutionMatrix: correlation written as a matrix product, in its banded form and over im2col."""

import numpy as np

from cnnmath import image, kernels, windows
from cnnmath.convolution import correlate2d, correlation_matrix, im2col
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

_LARGEST_TABLE = 1296  # entries of M in the stored fallback: 36 × 36, about 13 kB


class ConvolutionMatrix(Figure):
    """vec(O) = M vec(I), and vec(O)ᵀ = vec(K)ᵀ im2col(I): one correlation, two matrix products.

    Fields: `image` (a matrix up to 6×6) and `kernel` (up to 4×4), `stride`, `padding`, `form` ("banded":
    M, with a row for each output and a column for each pixel; "im2col": a column for each output and a
    row for each tap), `row` (the output whose window and sum are shown, held to the last one) and
    `column` (a pixel by its place in vec(I), held to the last one; -1 for none).

    `values` has both forms, whichever is shown. `taps` says which weight of vec(K), counted from 1, an
    entry of `matrix` holds, 0 for none. `structural` counts the entries that hold a weight, be it 0, and
    `nonzeros` those that are not 0. `multiply_adds` are those of the banded product and of im2col's, each
    computed in full. `readers` are the outputs that read pixel `column`.

    Examples
    --------
    >>> values = ConvolutionMatrix().values()
    >>> values["matrix"].shape, int(values["structural"]), int(values["nonzeros"]), float(values["total"])
    ((9, 25), 81, 54, -6.0)
    """

    scripts = ("taps.js", "kernels.js", "kernel-presets.js", "kernel-editor.js")

    image = _fields.Matrix(image.RIDGE.tolist(), 6, 6)
    kernel = _fields.Matrix(kernels.kernel("vertical_edge").tolist(), 4, 4)
    stride = _fields.Integer(1, 1, 3)
    padding = _fields.Integer(0, 0, 2)
    form = _fields.Choice("banded", ("banded", "im2col"))
    row = _fields.Integer(0, 0, 99)
    column = _fields.Integer(-1, -1, 35)

    @classmethod
    def check_together(cls, state):
        shapes = np.shape(state["image"]), np.shape(state["kernel"])
        windows.geometry(cls.__name__, *shapes, state["stride"], state["padding"])

    def values(self):
        pixels, kernel = np.array(self.image), np.array(self.kernel)
        place = self.stride, self.padding
        matrix = correlation_matrix(kernel, pixels.shape, *place)
        columns = im2col(pixels, kernel.shape, *place)
        taps = correlation_matrix(1 + np.arange(kernel.size).reshape(kernel.shape), pixels.shape, *place)
        row, column = min(self.row, len(matrix) - 1), min(self.column, pixels.size - 1)
        products = kernel.ravel() * columns[:, row]
        return {"output": correlate2d(pixels, kernel, *place),
                "matrix": matrix, "columns": columns, "taps": taps,
                "vec_image": pixels.ravel(), "vec_output": matrix @ pixels.ravel(),
                "structural": np.count_nonzero(taps), "nonzeros": np.count_nonzero(matrix),
                "multiply_adds": [matrix.size, columns.size],
                "row": row, "products": products, "total": products.sum(),
                "column": column, "readers": np.flatnonzero(taps[:, column]) if column >= 0 else []}

    def describe(self):
        v = self.values()
        return ("M, {} × {}, holds {} weights, {} not 0; multiply–adds: {} in full, {} by im2col. "
                .format(*v["matrix"].shape, v["structural"], v["nonzeros"], *v["multiply_adds"])
                + f"Output {v['row']}, O{_at(v['row'], v['output'].shape[1])}, is {_text.told(v['total'])}."
                + self._pixel(v))

    def _pixel(self, v):
        row, column = v["row"], v["column"]
        if column < 0:
            return ""
        k = int(v["taps"][row, column]) - 1
        entry = "0, outside the window"
        if k >= 0:
            pixel, weight = v["vec_image"][column], np.ravel(self.kernel)[k]
            p, w, product = map(_text.number, (pixel, weight, pixel * weight))
            entry = f"K{_at(k, len(self.kernel[0]))}: ({p})({w}) = {product}"
        readers = f"Outputs that read I{_at(column, len(self.image[0]))}: {len(v['readers'])}."
        return f" {readers} M[{row}, {column}] = {entry}."

    def as_python(self):
        v = self.values()
        return f"""import numpy as np
from cnnmath.convolution import correlate2d, correlation_matrix, im2col

image = np.array({_text.rows_text(self.image)})
kernel = np.array({_text.rows_text(self.kernel)})
stride, padding, row, column = {self.stride}, {self.padding}, {v["row"]}, {v["column"]}
output = correlate2d(image, kernel, stride, padding)

matrix = correlation_matrix(kernel, image.shape, stride, padding)
vec_image = image.ravel()
vec_output = matrix @ vec_image

columns = im2col(image, kernel.shape, stride, padding)
products = kernel.ravel() * columns[:, row]
total = products.sum()

taps = correlation_matrix(1 + np.arange(kernel.size).reshape(kernel.shape), image.shape, stride, padding)
structural, nonzeros = np.count_nonzero(taps), np.count_nonzero(matrix)
multiply_adds = matrix.size, columns.size
readers = np.flatnonzero(taps[:, column]) if column >= 0 else []"""

    def static(self):
        v = self.values()
        tables = [(self.image, "image I"), (self.kernel, "kernel K"), (v["output"], "output O = I ⋆ K")]
        if self.form == "im2col":
            tables += [(v["columns"], "im2col(I) in vec(O)ᵀ = vec(K)ᵀ im2col(I)")]
        elif v["matrix"].size <= _LARGEST_TABLE:
            tables += [(v["matrix"], "matrix M in vec(O) = M vec(I)")]
        else:
            tables += [(v["matrix"][v["row"]], f"row {v['row']} of the matrix M in vec(O) = M vec(I)")]
        return "".join(_text.table(*table) for table in tables)


def _at(index, columns):
    return "[{}, {}]".format(*divmod(index, columns))
