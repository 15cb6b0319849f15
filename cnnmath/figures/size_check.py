"""SizeCheck: formulas of sizes and costs beside what counting gives."""

from cnnmath import _check
from cnnmath.figures import _fields
from cnnmath.figures.formula_check import FormulaCheck, Numbers

_LARGEST = 256
# The letters of each formula, and the largest number it takes.
_LETTERS = {
    "output": ("H, K, S, P, D", _LARGEST), "pooling": ("H, K, S, P", _LARGEST), "parameters": ("C_in, C_out, K_h, K_w", 12),
    "multiply_adds": ("C_in, C_out, K_h, K_w, H_out, W_out", 12), "field": ("K1, S1, K2, S2, K3", 6),
}  # fmt: skip
_POSITIONS = """
last = H + 2 * P - 1
measured = len([i for i in range(last + 1) if S * i + {} <= last])"""
_CODE = {
    "output": ("cnnmath.windows import output_size", "output_size(H, K, S, P, D)" + _POSITIONS.format("D * (K - 1)")),
    "pooling": ("cnnmath.windows import output_size", "output_size(H, K, S, P)" + _POSITIONS.format("K - 1")),
    "parameters": ("cnnmath.layers import Conv2d", """C_out * (C_in * K_h * K_w + 1)
layer = Conv2d(C_in, C_out, (K_h, K_w))
measured = sum(one.size for one in layer.parameters())"""),
    "multiply_adds": ("cnnmath.convolution import conv2d, np", """C_out * H_out * W_out * C_in * K_h * K_w
image = np.ones((1, C_in, H_out + K_h - 1, W_out + K_w - 1))
measured = conv2d(image, np.ones((C_out, C_in, K_h, K_w))).sum()  # each product is 1"""),
    "field": ("cnnmath.receptive_field import receptive_field", """receptive_field([(K1, S1), (K2, S2), (K3,)])[-1].size
cells = {0}
for K, S in ((K3, 1), (K2, S2), (K1, S1)):
    cells = {S * cell + k for cell in cells for k in range(K)}
measured = max(cells) - min(cells) + 1"""),
}  # fmt: skip


class SizeCheck(FormulaCheck):
    """The size of an output, the cost of a layer or a receptive field, by formula and counted.

    Fields: `formula` and `numbers`, integers for the letters of the formula: "output" (H, K, S, P, D) and "pooling" (H, K, S,
    P), positions along an axis; "parameters" (C_in, C_out, K_h, K_w) and "multiply_adds" (the same and H_out, W_out) of a
    convolutional layer; "field" (K1, S1, K2, S2, K3), pixels from the first to the last that one cell of the third layer
    sees.

    Examples
    --------
    >>> SizeCheck(formula="output", numbers=[7, 3, 2, 0, 1]).values()
    {'formula': 3, 'measured': 3, 'difference': 0}
    """

    formulas = {
        "output": ("⌊(H + 2P − D(K − 1) − 1)/S⌋ + 1 positions", {"numbers": [7, 3, 2, 1, 1]}),
        "pooling": ("⌊(H + 2P − K)/S⌋ + 1 windows", {"numbers": [7, 2, 2, 0]}),
        "parameters": ("C_out (C_in K_h K_w + 1) parameters", {"numbers": [3, 8, 3, 3]}),
        "multiply_adds": ("C_out H_out W_out C_in K_h K_w multiply–adds", {"numbers": [3, 8, 3, 3, 6, 6]}),
        "field": ("receptive field 1 + Σ (K − 1) Π S of three layers", {"numbers": [3, 1, 2, 2, 3]}),
    }

    formula = _fields.Choice("output", tuple(formulas))
    numbers = Numbers([7, 3, 2, 1, 1], _fields.Integer(0, 0, _LARGEST), 4, 6)

    @classmethod
    def check_together(cls, state):
        numbers, (letters, most) = state["numbers"], _LETTERS[state["formula"]]
        names = letters.split(", ")
        if len(numbers) != len(names):
            raise ValueError(_check.message(cls.__name__, "numbers", f"be the {len(names)} of {letters}", numbers))
        for letter, number in zip(names, numbers):
            least = int(letter != "P")
            if not least <= number <= most:
                raise ValueError(_check.message(cls.__name__, letter, f"be an integer from {least} to {most}", number))
        if state["formula"] in ("output", "pooling"):
            size, kernel, _, padding, *dilation = numbers
            reach = (dilation or [1])[0] * (kernel - 1) + 1
            if reach > size + 2 * padding:
                rule = f"be at least {reach}, the span of the window"
                raise ValueError(_check.message(cls.__name__, "H + 2P", rule, size + 2 * padding))
    def verdict(self, error):
        return "They are equal." if error == 0 else "They differ."

    def steps(self):
        """Code that computes both sides."""
        imports, code = _CODE[self.formula]
        numpy = "import numpy as np\n" if ", np" in imports else ""
        return f"""{numpy}from {imports.removesuffix(", np")}

{_LETTERS[self.formula][0]} = {", ".join(map(str, self.numbers))}
formula = {code}
difference = formula - measured"""
