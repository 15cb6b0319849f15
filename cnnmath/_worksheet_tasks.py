"""The tasks of the worksheets: what is given, and every line with its answer, drawn with small integers."""

from dataclasses import dataclass

from cnnmath._random import uniform

TOPICS = ("convolution", "pooling", "backward", "momentum", "adam")
_DRAWS = 64  # random numbers that a sheet may use
# H, W, S, P of a convolution with a kernel of 2 × 2, and of pooling with windows of 2 × 2
_CONVOLUTIONS = (3, 3, 1, 0), (3, 4, 1, 0), (4, 3, 1, 0), (4, 4, 2, 0), (2, 2, 2, 1)
_POOLINGS = (4, 4, 2), (4, 6, 2), (3, 3, 1)
_WEIGHTS = (-2, -1, 1, 2)
_RATES, _MOMENTA = (0.1, 0.5, 0.01), (0.5, 0.9)


@dataclass(frozen=True)
class Line:
    """One line of a sheet: ``label = term + … + term = total``; every term and the total is a blank.

    `work` is what the key writes before the numbers, such as the products of which `terms` are the results.
    """

    label: str
    work: str
    terms: tuple
    total: float

    @property
    def answers(self):
        """The numbers that belong in the blanks."""
        return [*self.terms, self.total]


@dataclass(frozen=True)
class Part:
    """A task of a sheet: its title, the rule to be used, and its lines."""

    title: str
    rule: str
    lines: tuple


class Dice:
    """Integers from the stream of a seed, each topic from its own place on."""

    def __init__(self, seed, place):
        self.numbers = iter(uniform(seed, _DRAWS, _DRAWS * place).tolist())

    def __call__(self, low, high):
        return low + int(next(self.numbers) * (high - low + 1))

    def rows(self, rows, columns, low, high):
        return [[self(low, high) for _ in range(columns)] for _ in range(rows)]

    def choice(self, options):
        return options[self(0, len(options) - 1)]

    def shuffled(self):
        """The weights in some order, as 2 × 2: all differ, so that it matters which is met where."""
        left = list(_WEIGHTS)
        order = [left.pop(self(0, len(left) - 1)) for _ in _WEIGHTS]
        return [order[:2], order[2:]]


def _convolution(dice):
    height, width, stride, padding = dice.choice(_CONVOLUTIONS)
    image, kernel = dice.rows(height, width, 0, 5), dice.shuffled()
    sizes = [(size + 2 * padding - 2) // stride + 1 for size in (height, width)]
    counted = tuple(
        Line(name, f"⌊({size} + {2 * padding} − 2)/{stride}⌋ + 1", (), out)
        for name, size, out in zip(("H_out", "W_out"), (height, width), sizes)
    )
    cells = tuple(
        _products(f"O({i}, {j})", [(_pixel(image, stride * i + m - padding, stride * j + n - padding), kernel[m][n])
                                   for m in (0, 1) for n in (0, 1)])
        for i in range(sizes[0]) for j in range(sizes[1])
    )  # fmt: skip
    given = ("image I", image), ("kernel K", kernel), ("stride S", [[stride]]), ("padding P, on each side", [[padding]])
    return "Convolution, as layers compute it", given, (
        Part("The size of the output", "H_out = ⌊(H + 2P − K_h)/S⌋ + 1, and W_out alike.", counted),
        Part("The output", "O(i, j) is the sum of I(S i + m − P, S j + n − P) K(m, n) over m and n, row by row. The kernel is not "
             "turned. Pixels outside the image are 0.", cells),
    )  # fmt: skip


def _pooling(dice):
    height, width, stride = dice.choice(_POOLINGS)
    image = dice.rows(height, width, 0, 9)
    largest, sums = [], []
    for i in range((height - 2) // stride + 1):
        for j in range((width - 2) // stride + 1):
            window = [image[stride * i + m][stride * j + n] for m in (0, 1) for n in (0, 1)]
            listed = ", ".join(map(number_text, window))
            largest.append(Line(f"M({i}, {j})", f"largest of {listed}", (), max(window)))
            added = " + ".join(map(number_text, window))
            sums.append(Line(f"A({i}, {j})", f"({added})/4 = {sum(window)}/4", (), sum(window) / 4))
    given = ("image I", image), ("window K", [[2, 2]]), ("stride S", [[stride]])
    return "Pooling", given, (
        Part("Maximum", "M(i, j) is the largest entry of the window that begins at row S i, column S j.", tuple(largest)),
        Part("Average", "A(i, j) is the sum of the same four entries, divided by 4.", tuple(sums)),
    )  # fmt: skip


def _backward(dice):
    image, kernel, delta = dice.rows(3, 3, 0, 4), dice.shuffled(), dice.shuffled()
    cells = [(i, j) for i in (0, 1) for j in (0, 1)]
    weights = tuple(_products(f"∂L/∂K({m}, {n})", [(delta[i][j], image[i + m][j + n]) for i, j in cells]) for m, n in cells)
    pixels = tuple(
        _products(f"∂L/∂I({a}, {b})", [(delta[i][j], kernel[a - i][b - j]) for i, j in cells if a - i in (0, 1) and b - j in (0, 1)])
        for a in range(3) for b in range(3)
    )  # fmt: skip
    entries = [delta[i][j] for i, j in cells]
    bias = Line("∂L/∂b", " + ".join(map(factor_text, entries)), (), sum(entries))
    given = ("image I", image), ("kernel K", kernel), ("δ = ∂L/∂O", delta)
    return "Backward pass of a convolution", given, (
        Part("The kernel", "O = I ⋆ K + b. ∂L/∂K(m, n) is the sum of δ(i, j) I(i + m, j + n) over i and j, row by row.", weights),
        Part("The image", "∂L/∂I(a, b) is the sum of δ(i, j) K(a − i, b − j) over all i and j for which K has such an entry.", pixels),
        Part("The bias", "∂L/∂b is the sum of all δ(i, j).", (bias,)),
    )  # fmt: skip


def _momentum(dice):
    rate, factor = dice.choice(_RATES), dice.choice(_MOMENTA)
    start, first, second = dice.rows(1, 2, -3, 3)[0], dice.rows(1, 2, -5, 5)[0], dice.rows(1, 2, -5, 5)[0]
    parts, theta, velocity = [], start, [0, 0]
    for step, gradient in enumerate((first, second), 1):
        lines = []
        for k in (0, 1):
            kept, old = factor * velocity[k], theta[k]
            moved = kept + gradient[k]
            lines.append(Line(f"v({k})", f"{_pair(factor, velocity[k])} + {factor_text(gradient[k])}", (kept, gradient[k]), moved))
            lines.append(Line(f"θ({k})", f"{number_text(old)} − {_pair(rate, moved)}", (old, -rate * moved), old - rate * moved))
            theta, velocity = _put(theta, k, old - rate * moved), _put(velocity, k, moved)
        parts.append(Part(f"Step {step}, gradient {_row(gradient)}", "v becomes μ v + g, and then θ becomes θ − η v.", tuple(lines)))
    given = ("θ at the start", [start]), ("v at the start", [[0, 0]]), ("η", [[rate]]), ("μ", [[factor]])
    return "Two steps of SGD with momentum", given, tuple(parts)


def _adam(dice):
    rate = dice.choice(_RATES)
    theta, gradient = dice.rows(1, 2, -3, 3)[0], [dice.choice((-8, -4, -3, -2, 2, 3, 4, 8)) for _ in (0, 1)]
    parts = []
    for k, (old, g) in enumerate(zip(theta, gradient)):
        mean, square, sign = g / 10, g * g / 1000, 1 if g > 0 else -1
        lines = (
            Line("m", f"(0.9)(0) + (0.1)({number_text(g)})", (), mean),
            Line("s", f"(0.999)(0) + (0.001)({number_text(g * g)})", (), square),
            Line("m̂", f"{number_text(mean)}/(1 − 0.9)", (), g),
            Line("ŝ", f"{number_text(square)}/(1 − 0.999)", (), g * g),
            Line("√ŝ", "", (), abs(g)),
            Line("θ", f"{number_text(old)} − ({number_text(rate)})({number_text(g)})/{number_text(abs(g))}", (), old - rate * sign),
        )
        rule = "m = β₁ · 0 + (1 − β₁) g, s = β₂ · 0 + (1 − β₂) g², m̂ = m/(1 − β₁), ŝ = s/(1 − β₂), and θ becomes θ − η m̂/√ŝ."
        parts.append(Part(f"Weight {k}, gradient {number_text(g)}", rule, lines))
    given = ("θ at the start", [theta]), ("gradients", [gradient]), ("η", [[rate]]), ("β₁, β₂", [[0.9, 0.999]]), ("ε", [[0]])
    return "The first step of Adam", given, tuple(parts)


MAKERS = dict(zip(TOPICS, (_convolution, _pooling, _backward, _momentum, _adam)))


def _products(label, pairs):
    products = tuple(a * b for a, b in pairs)
    terms = products if len(products) > 1 else ()
    return Line(label, " + ".join(_pair(a, b) for a, b in pairs), terms, sum(products))


def _pixel(image, row, column):
    return image[row][column] if 0 <= row < len(image) and 0 <= column < len(image[0]) else 0


def _put(numbers, k, value):
    return [value if place == k else x for place, x in enumerate(numbers)]


def number_text(x):
    """A number with at most six decimals and a real minus."""
    text = f"{float(x):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def _pair(a, b):
    return f"({number_text(a)})({number_text(b)})"


def factor_text(x):
    """A number as it stands in a sum: a negative one in parentheses."""
    return f"({number_text(x)})" if x < 0 else number_text(x)


def _row(numbers):
    return f"({', '.join(map(number_text, numbers))})"
