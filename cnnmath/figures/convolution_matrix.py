"""ConvolutionMatrix: correlation written as a matrix product, in its banded form and over im2col."""

import numpy as np

from cnnmath import image, kernels, windows
from cnnmath.convolution import correlation_matrix, im2col
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure


class ConvolutionMatrix(Figure):
    """vec(O) = M vec(I), and vec(O)ᵀ = vec(K)ᵀ im2col(I): one correlation, two matrix products.

    Fields: `image` (a matrix up to 6×6) and `kernel` (up to 4×4), `stride`, `padding`, `form` ("banded":
    M, with a row for each output and a column for each pixel; "im2col": a column for each output and a
    row for each tap), `row` (the output whose window and sum are shown, held to the last one) and
    `column` (a pixel by its place in vec(I), held to the last one; -1 for none).

    `values` has both forms, whichever is shown. In `sources` each entry of `columns` has its place in
    vec(I), -1 for padding. `structural` counts the entries of `matrix` that hold a weight, be it 0,
    and `nonzeros` those among them that are not 0; both products are counted as dense ones. `readers`
    are the outputs that read pixel `column`.

    Examples
    --------
    >>> values = ConvolutionMatrix().values()
    >>> values["matrix"].shape, values["structural"], values["nonzeros"], values["total"].item()
    ((9, 25), 81, 54, -6.0)
    """

    scripts = ("kernels.js",)

    image = _fields.Matrix(image.RIDGE.tolist(), 6, 6)
    kernel = _fields.Matrix(kernels.kernel("vertical_edge").tolist(), 4, 4)
    stride = _fields.Integer(1, 1, 3)
    padding = _fields.Integer(0, 0, 2)
    form = _fields.Choice("banded", ("banded", "im2col"))
    row = _fields.Integer(0, 0, 99)
    column = _fields.Integer(-1, -1, 35)

    @classmethod
    def check_together(cls, state):
        windows.geometry(cls.__name__, np.shape(state["image"]), np.shape(state["kernel"]), state["stride"], state["padding"])

    def values(self):
        pixels, kernel = np.array(self.image), np.array(self.kernel)
        matrix = correlation_matrix(kernel, pixels.shape, self.stride, self.padding)
        columns = im2col(pixels, kernel.shape, self.stride, self.padding)
        numbers = np.arange(1, pixels.size + 1).reshape(pixels.shape)
        sources = im2col(numbers, kernel.shape, self.stride, self.padding) - 1
        output = (kernel.ravel() @ columns).reshape(windows.output_size(pixels.shape, kernel.shape, self.stride, self.padding))
        row, column = min(self.row, output.size - 1), min(self.column, pixels.size - 1)
        products = kernel.ravel() * columns[:, row]
        return {"matrix": matrix, "columns": columns, "sources": sources,
                "vec_image": pixels.ravel(), "vec_output": matrix @ pixels.ravel(), "output": output,
                "structural": np.count_nonzero(sources >= 0), "nonzeros": np.count_nonzero(matrix),
                "banded_multiply_adds": matrix.size, "im2col_multiply_adds": columns.size,
                "row": row, "products": products, "total": products.sum(),
                "column": column, "readers": np.flatnonzero((sources == column).any(axis=0) & (column >= 0))}

    def describe(self):
        v = self.values()
        if self.form == "banded":
            shape = f"M is {_size(v['matrix'])}: {v['structural']} of its {v['matrix'].size} entries hold a weight, {v['nonzeros']} are not 0"
            product = f"Row {v['row']} times vec(I)"
        else:
            shape = f"im2col(I) is {_size(v['columns'])}: {v['columns'].size} numbers from {v['vec_image'].size} pixels"
            product = f"vec(K) times column {v['row']}"
        i, j = divmod(v["row"], v["output"].shape[1])
        return f"{shape}. {product} is {_text.number(v['total'])}, output [{i}, {j}].{self._pixel(v)}"

    def _pixel(self, v):
        row, column = v["row"], v["column"]
        if column < 0:
            return ""
        a, b = divmod(column, len(self.image[0]))
        text = f" Pixel [{a}, {b}] is entry {column} of vec(I), read by {len(v['readers'])} of {v['output'].size} outputs"
        if row not in v["readers"]:
            return f"{text}, not by this one: M[{row}, {column}] = 0."
        m, n = divmod(v["sources"][:, row].tolist().index(column), len(self.kernel[0]))
        factors = v["vec_image"][column], self.kernel[m][n]
        product = "".join(f"({_text.number(x)})" for x in factors)
        return f"{text}: M[{row}, {column}] = K[{m}, {n}], {product} = {_text.number(factors[0] * factors[1])}."

    def as_python(self):
        row, column = (self.values()[name] for name in ("row", "column"))
        return f"""import numpy as np
from cnnmath.convolution import correlation_matrix, im2col, output_size

image = np.array({_text.rows_text(self.image)})
kernel = np.array({_text.rows_text(self.kernel)})
stride, padding = {self.stride}, {self.padding}

matrix = correlation_matrix(kernel, image.shape, stride, padding)
vec_image = image.ravel()
vec_output = matrix @ vec_image

columns = im2col(image, kernel.shape, stride, padding)
output = (kernel.ravel() @ columns).reshape(output_size(image.shape, kernel.shape, stride, padding))

places = np.arange(1, image.size + 1).reshape(image.shape)
sources = im2col(places, kernel.shape, stride, padding) - 1  # -1: padding
structural, nonzeros = np.count_nonzero(sources >= 0), np.count_nonzero(matrix)
banded_multiply_adds, im2col_multiply_adds = matrix.size, columns.size

row, column = {row}, {column}
products = kernel.ravel() * columns[:, row]
total = products.sum()
readers = np.flatnonzero((sources == column).any(axis=0) & (column >= 0))"""

    def static(self):
        v = self.values()
        tables = (_text.table(self.image, "image I") + _text.table(self.kernel, "kernel K")
                  + _text.table(v["output"], "output O = I ⋆ K"))
        if self.form == "banded":
            return tables + _text.table(v["matrix"], "matrix M in vec(O) = M vec(I)")
        return tables + _text.table(v["columns"], "im2col(I) in vec(O)ᵀ = vec(K)ᵀ im2col(I)")


def _size(array):
    return " × ".join(map(str, array.shape))
