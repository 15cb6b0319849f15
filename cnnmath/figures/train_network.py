"""TrainNetwork: a small convolutional network learns the handwritten digits, step by step."""

from functools import lru_cache

import numpy as np

from cnnmath import _check
from cnnmath.activations import softmax
from cnnmath.datasets import load_digits
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.figures._picture import picture as picture_html
from cnnmath.figures._random import uniform
from cnnmath.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD, Adam

EVERY = 20  # steps from one measurement of the accuracies to the next
LONGEST = 2000  # steps
TESTS = 449  # every fourth image
_ORDERS = 4096  # where the random numbers of the orders begin, beyond those of the weights
_TIE = 1e-9  # probabilities this close are one: rounding decides nothing
_OPTIMIZERS = {"SGD": "SGD(network.parameters(), lr)", "momentum": "SGD(network.parameters(), lr, momentum=0.9)",
               "Adam": "Adam(network.parameters(), lr)"}


@lru_cache(maxsize=1)
def _digits():
    """x, y of training, then of testing."""
    images, labels = load_digits()
    kept = np.arange(len(images)) % 4 == 3
    return images[~kept], labels[~kept], images[kept], labels[kept]


@lru_cache(maxsize=8)
def _train(filters, optimizer, lr, batch_size, seed, steps):
    """The network after its last step, the losses of the batches, the two counts at the marks, and the loss that comes next."""
    x, y, x_test, y_test = _digits()
    network = Sequential(Conv2d(1, filters, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(16 * filters, 10))
    network[0].weight.data = (2 * uniform(seed, (filters, 1, 3, 3)) - 1) * np.sqrt(6 / 9)
    network[4].weight.data = (2 * uniform(seed, (10, 16 * filters), 9 * filters) - 1) * np.sqrt(6 / (16 * filters))
    parameters = network.parameters()
    rule = Adam(parameters, lr) if optimizer == "Adam" else SGD(parameters, lr, 0.9 if optimizer == "momentum" else 0)
    epoch = -(-len(x) // batch_size)
    losses, train_right, test_right = [], [], []
    for step in range(steps + 1):
        if step % EVERY == 0:
            train_right.append(_right(network, x[:TESTS], y[:TESTS]))
            test_right.append(_right(network, x_test, y_test))
        order = np.argsort(uniform(seed, len(x), _ORDERS + step // epoch * len(x)), kind="stable")
        chosen = order[step % epoch * batch_size :][:batch_size]
        scores = network.forward(x[chosen])
        loss = cross_entropy(scores, y[chosen])
        network.backward(cross_entropy_backward(scores, y[chosen]), needs_dx=False)
        if step == steps:
            break
        losses.append(loss)
        rule.step()
    return network, losses, train_right, test_right, loss


def _right(network, x, y):
    return np.count_nonzero(network.forward(x).argmax(axis=1) == y)


class _Rate(_fields.Real):
    """Random values spread over the powers of ten."""

    def random(self, rng):
        return float(f"{10 ** rng.uniform(-4, -0.5):.3g}")


class _Mostly(_fields.Integer):
    """Random values are mostly from the minimum to `usual`, and sometimes up to `rare`: work grows with them."""

    def __init__(self, default, minimum, maximum, usual, rare):
        super().__init__(default, minimum, maximum)
        self.usual, self.rare = usual, rare

    def random(self, rng):
        return int(rng.integers(self.minimum, (self.rare if rng.random() < 0.05 else self.usual) + 1))


class _Drawing(_fields.List):
    """No rows, or as many as the digits have."""

    def check(self, figure, name, value):
        return super().check(figure, name, value.tolist() if isinstance(value, np.ndarray) else value)

    def random(self, rng):
        count = 0 if rng.random() < 0.5 else int(rng.integers(1, 8)) if rng.random() < 0.1 else 8
        return [self.item.random(rng) for _ in range(count)]


class TrainNetwork(Figure):
    """A CNN that learns the handwritten digits: correlation, ReLU, 2×2 max pooling, dense layer, softmax.

    The network has `filters` filters of 3×3 pixels with padding 1, so maps of 8×8, pooled maps of 4×4, and a dense
    layer of 16 · `filters` inputs and 10 outputs. Its weights start as `initialization.he_uniform` spreads them, drawn by a
    generator that JavaScript has too, and its biases at 0. Test images are those whose number in the set leaves the remainder 3 when
    divided by 4: 449. The other 1,348 are for training, in an order that is drawn anew for each epoch.

    Fields: `filters`, `optimizer` ("SGD", "momentum" with μ = 0.9, "Adam"), `lr` (the learning rate η), `batch_size`, `seed` (of
    the weights and orders), `steps` (how many have been taken), `digit` (which test image is read), `drawing` (8 rows of 8 integers from 0
    to 16, which is read in its place, or no rows) and `shown` (the filter shown large).

    Values: `loss` of each step's batch, before that step; `train_right` and `test_right` after 0, 20, 40, … steps: how many of the
    first 449 training images and of the 449 test images are right; `right`, of the test images now; `next_loss` and `gradient`,
    the loss of the next batch and its gradient with respect to the `filters`; their `bias`; and for the image read the `maps`
    before ReLU, the `pooled` maps, `logits`, `probabilities` and the class `predicted`.

    Examples
    --------
    >>> values = TrainNetwork(steps=200).values()
    >>> round(float(values["loss"][0]), 1), bool(values["right"] > 425)
    (2.5, True)
    """

    scripts = ("random.js", "digits.js", "network.js", "plot.js", "painting.js", "learning-curves.js", "training-figure.js", "train-network-values.js")
    data = ("digits-grey-8",)

    filters = _Mostly(8, 1, 16, 4, 16)
    optimizer = _fields.Choice("Adam", tuple(_OPTIMIZERS))
    lr = _Rate(0.02, 0.0001, 1)
    batch_size = _Mostly(32, 1, 256, 32, 256)
    seed = _fields.Integer(0, 0, 9999)
    steps = _Mostly(43, 0, LONGEST, 8, 60)  # an epoch of the default batches
    digit = _fields.Integer(104, 0, TESTS - 1)
    drawing = _Drawing([], _fields.Integers([0] * 8, 8, 0, 16), 8)
    shown = _fields.Integer(0, 0, 15)

    @classmethod
    def check_together(cls, state):
        if len(state["drawing"]) not in (0, 8):
            raise ValueError(_check.message("TrainNetwork", "drawing", "have no rows or 8", state["drawing"]))

    def _trained(self):
        return _train(self.filters, self.optimizer, self.lr, self.batch_size, self.seed, self.steps)

    @property
    def _image(self):
        return np.array(self.drawing) / 16 if self.drawing else _digits()[2][self.digit, 0]

    def values(self):
        network, loss, train_right, test_right, next_loss = self._trained()
        gradient = network[0].weight.grad[:, 0].copy()
        image = self._image[None, None]
        maps, pooled, logits = (network[:depth].forward(image)[0] for depth in (1, 3, 5))
        probabilities = softmax(logits)
        return {"loss": np.array(loss), "train_right": np.array(train_right), "test_right": np.array(test_right),
                "right": _right(network, *_digits()[2:]), "next_loss": next_loss, "filters": network[0].weight.data[:, 0].copy(),
                "bias": network[0].bias.data.copy(), "gradient": gradient, "maps": maps, "pooled": pooled, "logits": logits,
                "probabilities": probabilities, "predicted": np.argmax(probabilities >= probabilities.max() - _TIE)}

    def describe(self):
        v = self.values()
        text = (f"{self.filters} filter{'' if self.filters == 1 else 's'}, {self.optimizer}, η = {_text.number(self.lr)}, "
                f"batches of {self.batch_size}, seed {self.seed}. "
                f"After {self.steps} step{'' if self.steps == 1 else 's'} {v['right']} of {TESTS} test images are right; "
                f"the next batch has the loss {_text.told(v['next_loss'])}. ")
        read = f"{v['predicted']} with probability {_text.told(v['probabilities'][v['predicted']])}."
        if self.drawing:
            return f"{text}The drawing is read as {read}"
        return f"{text}Test image {self.digit}, a {_digits()[3][self.digit]}, is read as {read}"

    def as_python(self):
        image = f"np.array({_text.rows_text(self.drawing)}) / 16" if self.drawing else f"x_test[{self.digit}, 0]"
        return f"""import numpy as np
from cnnmath.activations import softmax
from cnnmath.datasets import load_digits
from cnnmath.figures._random import uniform
from cnnmath.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD, Adam

C, lr, batch_size, seed, steps = {self.filters}, {_text.rows_text(self.lr)}, {self.batch_size}, {self.seed}, {self.steps}
images, labels = load_digits()
kept = np.arange(len(images)) % 4 == 3  # every fourth image is for testing
x, y, x_test, y_test = images[~kept], labels[~kept], images[kept], labels[kept]

network = Sequential(Conv2d(1, C, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(16 * C, 10))
# as he_uniform draws them, with numbers that JavaScript draws too
network[0].weight.data = (2 * uniform(seed, (C, 1, 3, 3)) - 1) * np.sqrt(6 / 9)
network[4].weight.data = (2 * uniform(seed, (10, 16 * C), 9 * C) - 1) * np.sqrt(6 / (16 * C))
optimizer = {_OPTIMIZERS[self.optimizer]}

def batch(step):
    epoch, part = divmod(step, -(-len(x) // batch_size))
    order = np.argsort(uniform(seed, len(x), {_ORDERS} + epoch * len(x)), kind="stable")
    chosen = order[part * batch_size :][:batch_size]
    return x[chosen], y[chosen]

def count_right(x, y):
    return np.count_nonzero(network.forward(x).argmax(axis=1) == y)

loss, train_right, test_right = [], [], []
for step in range(steps + 1):
    if step % {EVERY} == 0:
        train_right.append(count_right(x[:{TESTS}], y[:{TESTS}]))
        test_right.append(count_right(x_test, y_test))
    inputs, targets = batch(step)
    scores = network.forward(inputs)
    next_loss = cross_entropy(scores, targets)
    network.backward(cross_entropy_backward(scores, targets), needs_dx=False)
    if step == steps:
        break
    loss.append(next_loss)
    optimizer.step()
filters, bias, gradient = network[0].weight.data[:, 0], network[0].bias.data, network[0].weight.grad[:, 0]
right = count_right(x_test, y_test)

image = {image}
maps, pooled, logits = (network[:depth].forward(image[None, None])[0] for depth in (1, 3, 5))
probabilities = softmax(logits)
predicted = np.argmax(probabilities >= probabilities.max() - 1e-9)"""

    def static(self):
        v = self.values()
        loss, last = v["loss"], self.steps
        shown = sorted({0, *range(EVERY, last, EVERY), last})[-12:]
        rows = [[step, np.floor((loss[step] if step < last else v["next_loss"]) * 1e9 + 0.5) / 1e9] for step in shown]
        limit = float(np.abs(v["filters"]).max())
        tiles = np.zeros((-(-self.filters // 4) * 4, 4, 4))  # four filters in a row, each with a gap behind it and below
        tiles[: self.filters, :3, :3] = v["filters"]
        sheet = tiles.reshape(-1, 4, 4, 4).transpose(0, 2, 1, 3).reshape(-1, 16)[:-1, :-1]
        alt = f"3 × 3 weights between −{_text.told(limit)} and {_text.told(limit)}"
        likely = [[k, np.floor(p * 1e3 + 0.5) / 1e3] for k, p in enumerate(v["probabilities"])]
        return (_text.table(rows, "steps taken, loss of the next batch")
                + picture_html(sheet, -limit, limit, "the filters, row by row", alt)
                + _text.table(likely, "digit, probability"))
