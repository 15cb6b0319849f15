"""DotProduct: two vectors, the products of their entries, their sum, and what it says of lengths and angle."""

import numpy as np

from cnnmath import _check
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure

_LEAST, _MOST, _LARGEST = 2, 9, 10


class _Vector(_fields.List):
    """Up to nine numbers, as a list or an array of one axis."""

    def __init__(self, default):
        super().__init__(default, _fields.Real(0.0, -_LARGEST, _LARGEST), _MOST)

    def check(self, figure, name, value):
        flat = isinstance(value, np.ndarray) and value.ndim == 1
        return super().check(figure, name, value.tolist() if flat else value)

    def random(self, rng):
        size = rng.choice([_LEAST, 3, _MOST], p=[0.5, 0.25, 0.25])
        if rng.random() < 0.3:  # whole numbers are perpendicular, parallel or 0 now and then
            return rng.integers(-2, 3, size).astype(float).tolist()
        return (rng.integers(-40, 41, size) / 4 * (rng.random(size) < 0.8)).tolist()


class DotProduct(Figure):
    """Two vectors of 2 to 9 entries and their dot product: in the plane where they have two.

    Fields: `a` and `b`, as many numbers from −10 to 10 in one as in the other.

    `values` has the `products` of the entries and their sum `dot`; `norm_a`, `norm_b` and `bound`, the
    product of the two lengths, which `dot` never exceeds in size; `cosine` and `angle` (in degrees, from 0 to 180);
    `projection`, the part of a that lies along b, and `shadow`, its length with a sign. What is not defined
    is None: cosine and angle where a or b has length 0, projection and shadow where b has.

    The angle is found from the unit vectors u and v as the angle of a rhombus, 2 arctan(‖u − v‖/‖u + v‖): unlike
    the arc cosine it keeps its digits near 0° and 180°.

    Examples
    --------
    >>> values = DotProduct(a=[1, 3], b=[4, 2]).values()
    >>> values["products"].tolist(), float(values["dot"]), values["projection"].round(9).tolist()
    ([4.0, 6.0], 10.0, [2.0, 1.0])
    """

    scripts = ("plot.js",)

    a = _Vector([1.0, 3.0])
    b = _Vector([4.0, 2.0])

    @classmethod
    def check_together(cls, state):
        a, b = state["a"], state["b"]
        if len(a) < _LEAST:
            raise ValueError(_check.message(cls.__name__, "a", f"have {_LEAST} to {_MOST} entries", a))
        if len(b) != len(a):
            rule = f"have as many entries as a, which has {len(a)}"
            raise ValueError(_check.message(cls.__name__, "b", rule, b))

    def values(self):
        a, b = np.array(self.a), np.array(self.b)
        dot, norm_a, norm_b = (a * b).sum(), np.linalg.norm(a), np.linalg.norm(b)
        bound = norm_a * norm_b
        cosine = angle = shadow = projection = None
        if bound > 0:
            u, v = a / norm_a, b / norm_b
            cosine = dot / bound
            angle = np.degrees(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v)))
        if norm_b > 0:
            shadow = dot / norm_b
            projection = shadow * b / norm_b
        return {"products": a * b, "dot": dot, "norm_a": norm_a, "norm_b": norm_b, "bound": bound,
                "cosine": cosine, "angle": angle, "shadow": shadow, "projection": projection}

    def describe(self):
        v = self.values()
        told = _text.told
        text = f"a · b = {told(v['dot'])}, the sum of {_list(v['products'])}. Lengths: {told(v['norm_a'])} and {told(v['norm_b'])}. "
        if v["cosine"] is None:
            text += "A vector of length 0 has no direction: the cosine is not defined."
        else:
            text += f"The cosine is {told(v['cosine'])}, the angle {told(v['angle'])}°."
        return text if v["projection"] is None else f"{text} The projection of a on b is ({_list(v['projection'])})."

    def as_python(self):
        v = self.values()
        angle = """cosine = dot / bound
u, v = a / norm_a, b / norm_b
angle = np.degrees(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v)))"""
        if v["cosine"] is None:
            angle = "cosine = angle = None  # a vector of length 0 has no direction"
        along = "shadow = dot / norm_b\nprojection = shadow * b / norm_b"
        if v["shadow"] is None:
            along = "shadow = projection = None  # b gives no direction to project on"
        return f"""import numpy as np

a = np.array({_text.rows_text(self.a)})
b = np.array({_text.rows_text(self.b)})
products = a * b
dot = products.sum()
norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
bound = norm_a * norm_b
{angle}
{along}"""

    def static(self):
        v = self.values()
        return (_text.table([self.a], "a") + _text.table([self.b], "b")
                + _text.table([v["products"]], f"products, of sum {_text.told(v['dot'])}"))


def _list(numbers):
    return ", ".join(map(_text.told, numbers))
