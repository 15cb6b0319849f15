"""PixelExplorer: an image as numbers: pixels, planes, their places in memory, brightness and contrast."""

import numpy as np

from cnnmath import image
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.figures._picture import picture as picture_html

_SIDE = 8  # rows and columns of a painted image at most
_CROP = 6  # rows and columns of a photo whose numbers are shown
_WHOLE, _STRIP = 192, 48  # numbers of memory that are shown all, or else around the selected one
_TOP = 255
_ROUNDING = 1e-9  # a float this close to 0 or 1 is not called outside
_NAMES = "RGB"
_AFTER = {"uint8 wraps": "raw_all % 256", "uint8 clips": "np.clip(raw_all, 0, 255)", "float": "raw_all"}  # as code
_CUT = {"uint8 wraps": "stored as {}: it wraps", "uint8 clips": "clipped to {}", "float": "outside 0 to 1"}


def _filled(value):
    return isinstance(value, (list, tuple)) and len(value) > 0


class _Planes(_fields.Field):
    """One or three matrices of bytes, channels first; a grey image may be given as its one matrix."""

    def __init__(self, default, side):
        super().__init__(default)
        self.side = side

    def check(self, figure, name, value):
        planes = value.tolist() if isinstance(value, np.ndarray) else value
        if _filled(planes) and all(map(_filled, planes)) and not isinstance(planes[0][0], (list, tuple)):
            planes = [planes]
        if not self._good(planes):
            side = self.side
            self.refuse(figure, name, f"be 1 or 3 matrices of one shape, up to {side} × {side}, of integers from 0 to 255", value)
        return [[[int(x) for x in row] for row in plane] for plane in planes]

    def _good(self, planes):
        def fits(value, like):
            return _filled(value) and len(value) <= self.side and len(value) == len(like)

        if not _filled(planes) or len(planes) not in (1, 3) or not all(fits(plane, planes[0]) for plane in planes):
            return False
        rows = [row for plane in planes for row in plane]
        return all(fits(row, rows[0]) for row in rows) and all(_fields.is_number(x) and 0 <= x <= _TOP and x == int(x) for row in rows for x in row)

    def random(self, rng):
        shape = (rng.choice([1, 3]), *rng.integers(1, self.side + 1, 2))
        return rng.integers(0, _TOP + 1, shape).tolist()

    def bad(self):
        entries = [[[[x]]] for x in (-1, 256, 0.5, "1", None, True, float("nan"), float("inf"), [1])]
        wide = [[[0] * (self.side + 1)]]
        return [None, 3, "00", [], [[]], [[[]]], [[[0]], [[0]]], [[[0]], [[0]], [[0, 0]]], [[[0], [0, 0]]], wide,
                [[[0]] * (self.side + 1)], [[0, 256]], [[0, [0]]], {"rows": 1}, *entries]


class PixelExplorer(Figure):
    """A small image, painted by the reader, or a photograph, as an array of numbers.

    Fields: `source` ("painted", or a photograph by name), `image` (the painted one: one matrix, or three,
    red, green, blue, up to 8×8, of integers 0 to 255), `arithmetic` ("uint8 wraps", "uint8 clips" or "float",
    where the pixels are x / 255), `contrast` a and `brightness` b of the map a·x + b (b counts in steps of
    1/255 for floats), `written` and `read` (the axis order in which the image was put into memory, and that in
    which it is read: "HWC", "CHW" or "NCHW"), `cell` (row, column and channel of the selected number) and `crop`
    (row and column of the upper left corner of the 6×6 pixels of a photograph that are shown as numbers).

    In `values` all arrays have the channel first; `raw` is a·x + b before it is stored, and `mean`, `std`,
    `mean_after`, `std_after` and `lost`, the count of numbers out of range, are those of the whole image, per channel.
    In a page the reader may show a picture of their own: it stays in that page, and neither the state
    nor Python ever has it.

    Examples
    --------
    >>> values = PixelExplorer(image=[[200]], brightness=100).values()
    >>> values["raw"].tolist(), values["result"].tolist()
    ([300.0], [44.0])
    """

    scripts = ("pictures.js", "own-picture.js", "painting.js", "pixel-values.js")
    data = ("coffee-grey-128", "coffee-rgb-128")

    source = _fields.Choice("painted", ("painted", *data), odds=(0.9, 0.05, 0.05))  # photographs take long to compare
    image = _Planes([(25 * image.RIDGE).astype(int).tolist()], _SIDE)
    arithmetic = _fields.Choice("uint8 wraps", _AFTER)
    contrast = _fields.Real(1.0, -4, 4)
    brightness = _fields.Integer(100, -255, 255)
    written = _fields.Choice("HWC", ("HWC", "CHW"))
    read = _fields.Choice("HWC", ("HWC", "CHW", "NCHW"))
    cell = _fields.Integers([2, 1, 0], 3, 0, 255)
    crop = _fields.Integers([0, 0], 2, 0, 255)

    def _planes(self):
        """The image (C, H, W) as it was before it was written to memory."""
        if self.source == "painted":
            return np.array(self.image, dtype=np.uint8)
        name, mode, size = self.source.split("-")
        photo = image.load_photo(name, int(size), mode)
        return image.hwc_to_chw(photo) if photo.ndim == 3 else photo[None]

    def _memory(self):
        """The bytes in the order in which they were written, and the image (C, H, W) that is read from them."""
        planes = self._planes()
        channels, rows, cols = planes.shape
        memory = (image.chw_to_hwc(planes) if self.written == "HWC" else planes).ravel()
        if self.read == "HWC":
            return memory, image.hwc_to_chw(memory.reshape(rows, cols, channels))
        return memory, memory.reshape(planes.shape)

    def _places(self, size):
        """Shape, index and strides in the axis order that is read; the selected cell; the shown part's origin and sides."""
        channels, rows, cols = size
        cell = [min(place, full - 1) for place, full in zip(self.cell, (rows, cols, channels))]
        sides = (rows, cols) if self.source == "painted" else (_CROP, _CROP)
        crop = [min(max(first, place - side + 1), place, full - side)
                for first, place, side, full in zip(self.crop, cell, sides, (rows, cols))]
        i, j, c = cell
        if self.read == "HWC":
            return (rows, cols, channels), (i, j, c), (cols * channels, channels, 1), cell, crop, sides
        shape, index, strides = (channels, rows, cols), (c, i, j), (rows * cols, cols, 1)
        if self.read == "NCHW":
            shape, index, strides = (1, *shape), (0, *index), (channels * rows * cols, *strides)
        return shape, index, strides, cell, crop, sides

    def values(self):
        memory, planes = self._memory()
        shape, index, strides, (i, j, c), (top, left), (high, wide) = self._places(planes.shape)
        floats = self.arithmetic == "float"
        scale = _TOP if floats else 1
        numbers = planes / scale
        raw = self.contrast * numbers + self.brightness / scale
        raw = raw if floats else np.floor(raw + 0.5)
        after = {"uint8 wraps": np.mod(raw, _TOP + 1), "uint8 clips": np.clip(raw, 0, _TOP), "float": raw}[self.arithmetic]
        over = (raw < -_ROUNDING) | (raw > _TOP / scale + _ROUNDING)
        flat = int(np.ravel_multi_index(index, shape))
        start = 0 if memory.size <= _WHOLE else min(max(flat - _STRIP // 2, 0), memory.size - _STRIP)
        strip = memory[start : start + (_WHOLE if memory.size <= _WHOLE else _STRIP)] / scale
        view = np.s_[:, top : top + high, left : left + wide]
        whole = (1, 2)
        mean, std = planes.mean(whole) / scale, planes.std(whole) / scale
        pixel = numbers[:, i, j]
        z = (pixel - mean) / np.where(std > 0, std, 1)
        luma = image.luminance(pixel) if len(pixel) == 3 else pixel[0]
        return {"window": numbers[view], "output": after[view], "outside": over[view].astype(int),
                "mean": mean, "std": std, "mean_after": after.mean(whole), "std_after": after.std(whole), "lost": over.sum(whole),
                "cell": [i, j, c], "crop": [top, left], "pixel": pixel, "raw": raw[:, i, j], "result": after[:, i, j], "z": z,
                "luma": luma, "shape": shape, "index": index, "strides": strides, "flat": flat,
                "offset": flat * (8 if floats else 1), "start": start, "strip": strip}

    def describe(self):
        values = self.values()
        i, j, c = values["cell"]
        what = "The painted image" if self.source == "painted" else "The photo"
        size, count = " × ".join(map(str, values["shape"])), int(np.prod(values["shape"]))
        raw, result = values["raw"][c], values["result"][c]
        limit = 1 if self.arithmetic == "float" else _TOP
        inside = -_ROUNDING <= raw <= limit + _ROUNDING
        cut = "" if inside else ", " + _CUT[self.arithmetic].format(_text.told(result))
        misread = self.written != self.read.removeprefix("N") and len(values["pixel"]) > 1
        wrong = f" It was written as {self.written}: this is a reshape, not a transpose." if misread else ""
        return (f"{what}, read as {self.read}, {size}.{wrong} I[{', '.join(map(str, values['index']))}], row {i}, column {j}, "
                f"channel {c}, is number {values['flat']} of {count} and begins at byte {values['offset']}. "
                f"It holds {_text.told(values['pixel'][c])}; contrast and brightness make {_text.told(raw)} of it{cut}. "
                f"{int(values['lost'].sum())} of {count} numbers leave the range 0 to {limit}.")

    def as_python(self):
        values = self.values()
        floats = self.arithmetic == "float"
        (i, j, c), (top, left), (channels, high, wide) = values["cell"], values["crop"], values["window"].shape
        made = {"painted": f"np.array({_text.rows_text(self.image)}, dtype=np.uint8)", "coffee-grey-128": 'load_photo("coffee", 128)[None]',
                "coffee-rgb-128": 'hwc_to_chw(load_photo("coffee", 128, "rgb"))'}[self.source]
        back = "hwc_to_chw(memory.reshape(H, W, C))" if self.read == "HWC" else "memory.reshape(C, H, W)"
        shape, index = {"HWC": ("H, W, C", "i, j, c"), "CHW": ("C, H, W", "c, i, j"), "NCHW": ("1, C, H, W", "0, c, i, j")}[self.read]
        raw = "contrast * numbers + brightness / scale" if floats else "np.floor(contrast * numbers + brightness + 0.5)"
        body = f"""image = {made}
C, H, W = image.shape
memory = {"chw_to_hwc(image)" if self.written == "HWC" else "image"}.ravel()  # written as {self.written}
planes = {back}  # read as {self.read}

scale = {_TOP if floats else 1}
numbers = planes / scale
contrast, brightness = {_text.rows_text([self.contrast, self.brightness])[1:-1]}
raw_all = {raw}
after = {_AFTER[self.arithmetic]}
over = (raw_all < -1e-9) | (raw_all > {1 if floats else _TOP} + 1e-9)  # not by rounding alone
mean, std = planes.mean(axis=(1, 2)) / scale, planes.std(axis=(1, 2)) / scale
mean_after, std_after, lost = after.mean(axis=(1, 2)), after.std(axis=(1, 2)), over.sum(axis=(1, 2))

cell = i, j, c = {i}, {j}, {c}
pixel, raw, result = numbers[:, i, j], raw_all[:, i, j], after[:, i, j]
z = (pixel - mean) / np.where(std > 0, std, 1)
luma = {"luminance(pixel)" if channels == 3 else "pixel[0]"}
crop = top, left = {top}, {left}
window, output, outside = (a[:, top : top + {high}, left : left + {wide}] for a in (numbers, after, over))

shape, index = ({shape}), ({index})
strides = [int(np.prod(shape[k + 1 :])) for k in range(len(shape))]
flat = np.dot(index, strides)
offset = flat * {8 if floats else 1}  # bytes
start = {values["start"]}
strip = memory[start : start + {len(values["strip"])}] / scale"""
        names = [name for name in ("chw_to_hwc", "hwc_to_chw", "load_photo", "luminance") if name in body]
        imports = f"from cnnmath.image import {', '.join(names)}\n" if names else ""
        return f"import numpy as np\n{imports}\n{body}"

    def static(self):
        values = self.values()
        names = _NAMES if len(values["window"]) == 3 else [""]
        tables = [_text.table(plane, f"{label} {name}".strip()) for label, planes in
                  (("image I", values["window"]), ("output J", values["output"])) for name, plane in zip(names, planes)]
        if self.source == "painted":
            return "".join(tables)
        _, planes = self._memory()
        grey = image.luminance(image.chw_to_hwc(planes)) if len(planes) == 3 else planes[0]
        return picture_html(grey / _TOP, 0, 1, "the photo, in grey", "a cup of espresso on a saucer") + "".join(tables)
