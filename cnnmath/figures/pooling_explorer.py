"""PoolingExplorer: an image and its pooled map; shift the one and see the other, forward and backward."""

import numpy as np

from cnnmath import _check, pooling, windows
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

_EXAMPLE = [[1, 3, 2, 4], [5, 6, 1, 2], [7, 2, 9, 1], [3, 4, 0, 8]]
_FURTHEST = 8  # pixels of a shift
_ALIKE = 1e-9  # means this close are not called changed: the same numbers in another order


class PoolingExplorer(Figure):
    """Max or average pooling of a small image that can be shifted, and the gradient that flows back.

    Fields: `image` (a matrix up to 8×8), `kernel_size` (rows and columns of a window), `stride`,
    `padding` (at most half the window), `mode` ("max" or "average"), `shift` (pixels down and right;
    zeros move in), `cell` (the pooled cell whose window is shown, held to the last row and column),
    `pixel` (a pixel by its place row · W + column, held to the last one; -1 for none), `backward`
    (whether gradients are drawn) and `upstream` (the gradient at the pooled map: its rows and columns
    are repeated as often as needed, so [[1]] is 1 everywhere).

    In a page a picture of the reader's own becomes `image`: 8×8 numbers, ``9 x`` rounded for its means x in grey.

    `values`: `shifted`, the image after the shift; `output` and `before`, the pooled maps after and
    before it; `changed`, where these differ. Where the shift is a multiple of the stride, `copied` of
    `partners` cells equal the cell that the theorem of equivariance names. `winners` (places of pixels)
    and `ties` (how many entries of a window are the largest) only for "max". `sent` counts the windows
    that send something back to a pixel; `readers` are the windows that hold `pixel`.

    Examples
    --------
    >>> values = PoolingExplorer().values()
    >>> values["output"].tolist(), values["winners"].tolist()
    ([[6.0, 4.0], [7.0, 9.0]], [[5, 3], [8, 10]])
    """

    scripts = ("taps.js", "kernels.js", "own-picture.js", "pooling-values.js")

    image = _fields.Matrix(_EXAMPLE, 8, 8, 1e4)
    kernel_size = _fields.Integers([2, 2], 2, 1, 4)
    stride = _fields.Integer(2, 1, 4)
    padding = _fields.Integer(0, 0, 2)
    mode = _fields.Choice("max", ("max", "average"))
    shift = _fields.Integers([0, 0], 2, -_FURTHEST, _FURTHEST)
    cell = _fields.Integers([0, 0], 2, 0, 9)
    pixel = _fields.Integer(-1, -1, 63)
    backward = _fields.Flag(False)
    upstream = _fields.Matrix([[1]], 9, 9, 1e4)

    @classmethod
    def check_together(cls, state):
        size, padding = state["kernel_size"], state["padding"]
        windows.geometry(cls.__name__, np.shape(state["image"]), size, state["stride"], padding)
        for name, taps in zip(("height", "width"), size):
            if 2 * padding > taps:
                rule = f"be at most half the kernel {name} {taps}"
                raise ValueError(_check.message(cls.__name__, "padding", rule, padding, f"Use padding <= {taps // 2}"))

    def values(self):
        image, highest = np.array(self.image), self.mode == "max"
        place = self.kernel_size, self.stride, self.padding
        forward = pooling.max_pool2d if highest else pooling.avg_pool2d
        backward = pooling.max_pool2d_backward if highest else pooling.avg_pool2d_backward
        shifted = _moved(image, self.shift, 0)
        x = shifted[None, None]
        output, before = (forward(array[None, None], *place)[0, 0] for array in (shifted, image))
        padded = windows.pad(shifted, (self.padding,) * 2, -np.inf if highest else 0)
        every = windows.view(padded, windows.geometry("view", image.shape, *place))
        won = {}
        if highest:
            won["winners"] = self._places(pooling.max_pool2d_with_winners(x, *place)[1][0, 0])
            won["ties"] = np.sum(every == output[..., None, None], axis=(2, 3))
        delta = self._delta(output.shape)
        whole = 1 if highest else np.prod(self.kernel_size)  # what makes each share 1
        sent, gradient = (backward(array[None, None], x, *place)[0, 0] for array in (np.full_like(output, whole), delta))
        i, j = (min(k, n - 1) for k, n in zip(self.cell, output.shape))
        pixel = min(self.pixel, image.size - 1)
        return {"shifted": shifted, "output": output, "before": before, "changed": np.abs(output - before) > _ALIKE,
                **self._compare(output, before), **won, "delta": delta, "gradient": gradient, "sent": sent,
                "delta_sum": delta.sum(), "gradient_sum": gradient.sum(),
                "cell": [i, j], "window": every[i, j], "total": output[i, j],
                "pixel": pixel, "readers": self._readers(pixel, output.shape)}

    def _places(self, taps):
        """Winning taps as places of pixels in the image: PyTorch's indices."""
        (i, j), (m, n) = np.indices(taps.shape), np.divmod(taps.astype(int), self.kernel_size[1])
        return (self.stride * i + m - self.padding) * len(self.image[0]) + self.stride * j + n - self.padding

    def _delta(self, shape):
        upstream = np.array(self.upstream)
        return upstream[np.ix_(*(np.arange(size) % period for size, period in zip(shape, upstream.shape)))]

    def _compare(self, output, before):
        """How many cells equal the old cell that a shift by whole strides moves there, of how many that have one."""
        if any(step % self.stride for step in self.shift):
            return {"partners": 0, "copied": 0}
        old = _moved(before, [step // self.stride for step in self.shift], np.nan)
        return {"partners": np.sum(np.isfinite(old)), "copied": np.sum(np.abs(output - old) <= _ALIKE)}

    def _readers(self, pixel, shape):
        place = np.divmod(pixel, len(self.image[0]))

        def reads(cell):
            taps = (x + self.padding - self.stride * k for x, k in zip(place, cell))
            return all(0 <= tap < size for tap, size in zip(taps, self.kernel_size))

        return [r for r, cell in enumerate(np.ndindex(shape)) if pixel >= 0 and reads(cell)]

    def describe(self):
        v = self.values()
        (k_h, k_w), (i, j), width = self.kernel_size, v["cell"], len(self.image[0])
        text = (f"{self.mode.capitalize()} pooling with {k_h} × {k_w} windows, stride {self.stride}, padding {self.padding}: "
                "{} × {} numbers become {} × {}. ".format(*v["shifted"].shape, *v["output"].shape)
                + f"Row {i}, column {j} is {_text.told(v['total'])}, ")
        if self.mode == "max":
            ties = v["ties"][i, j]
            text += f"from pixel {_at(v['winners'][i, j], width)}" + (f", the first of {ties} equal ones" if ties > 1 else "")
        else:
            text += f"the mean of {k_h * k_w} numbers"
        down, right = map(_text.number, self.shift)
        if any(self.shift):
            text += f". Shifted {down} down and {right} right: {np.sum(v['changed'])} of {v['changed'].size} pooled cells changed"
            if v["partners"]:
                u, w = (_text.number(step // self.stride) for step in self.shift)
                text += f"; of {v['partners']} that the old map covers when it moves {u} down and {w} right, {v['copied']} are equal"
        if v["pixel"] >= 0:
            at, count = _at(v["pixel"], width), len(v["readers"])
            text += f". Pixel {at} lies in {count} {'window' if count == 1 else 'windows'}"
            if self.backward:
                text += f" and receives {_text.told(v['gradient'].flat[v['pixel']])}"
        if self.backward:
            sums = _text.told(v["delta_sum"]), _text.told(v["gradient_sum"])
            text += ". Backward: gradients of sum {} at the pooled map, {} at the image".format(*sums)
        return text + "."

    def as_python(self):
        v = self.values()
        highest, (i, j) = self.mode == "max", v["cell"]
        name = "max_pool2d" if highest else "avg_pool2d"
        fill = "-np.inf" if highest else "0"
        compared = "partners = copied = 0  # the shift is no multiple of the stride"
        if not any(step % self.stride for step in self.shift):
            compared = """old = np.pad(before, 8, constant_values=np.nan)[8 - down // stride :, 8 - right // stride :][:h, :w]
partners, copied = np.isfinite(old).sum(), (np.abs(output - old) <= 1e-9).sum()"""
        won = """
taps = pooling.max_pool2d_with_winners(x, *place)[1][0, 0].astype(int)
(rows, cols), (m, n) = np.indices((h, w)), np.divmod(taps, k_w)
winners = (stride * rows + m - padding) * W + stride * cols + n - padding
ties = (every == output[..., None, None]).sum(axis=(2, 3))
""" if highest else ""
        return f"""import numpy as np
from cnnmath import pooling

image = np.array({_text.rows_text(self.image)}, dtype=float)
k_h, k_w = {self.kernel_size[0]}, {self.kernel_size[1]}
stride, padding = {self.stride}, {self.padding}
down, right = {self.shift[0]}, {self.shift[1]}
(H, W), place = image.shape, ((k_h, k_w), stride, padding)
shifted = np.pad(image, 8)[8 - down :, 8 - right :][:H, :W]
x = shifted[None, None]
output = pooling.{name}(x, *place)[0, 0]
before = pooling.{name}(image[None, None], *place)[0, 0]
changed = np.abs(output - before) > 1e-9
h, w = output.shape
{compared}

padded = np.pad(shifted, padding, constant_values={fill})
every = np.lib.stride_tricks.sliding_window_view(padded, (k_h, k_w))[::stride, ::stride]
cell = i, j = {i}, {j}
window, total = every[i, j], output[i, j]
pixel = {v["pixel"]}
a, b = divmod(pixel, W)
readers = [r for r, (i, j) in enumerate(np.ndindex(h, w)) if pixel >= 0
           and 0 <= a + padding - stride * i < k_h and 0 <= b + padding - stride * j < k_w]
{won}
upstream = np.array({_text.rows_text(self.upstream)})
delta = upstream[np.ix_(np.arange(h) % len(upstream), np.arange(w) % len(upstream[0]))]
gradient = pooling.{name}_backward(delta[None, None], x, *place)[0, 0]
sent = pooling.{name}_backward(np.full((1, 1, h, w), {"1" if highest else "k_h * k_w"}), x, *place)[0, 0]
delta_sum, gradient_sum = delta.sum(), gradient.sum()"""

    def static(self):
        v = self.values()
        moved = f", shifted by ({', '.join(map(_text.number, self.shift))})" if any(self.shift) else ""
        letter = "M" if self.mode == "max" else "A"
        tables = _text.table(v["shifted"], f"image I{moved}") + _text.table(v["output"], f"pooled map {letter}")
        if any(self.shift):
            tables += _text.table(v["before"], f"{letter} before the shift")
        if self.backward:
            tables += _text.table(v["delta"], f"upstream gradient at {letter}") + _text.table(v["gradient"], "gradient at I")
        return tables


def _moved(array, shift, fill):
    """`array` moved down and right by `shift`; what moves in is `fill`, what moves out is lost."""
    (rows, columns), (down, right) = array.shape, shift
    wide = np.pad(array, _FURTHEST, constant_values=fill)
    return wide[_FURTHEST - down :, _FURTHEST - right :][:rows, :columns]


def _at(place, width):
    return "({}, {})".format(*divmod(int(place), width))
