"""TransferExplorer: features learned on one task are used for another, frozen, fine-tuned, or not at all."""

from functools import lru_cache
from importlib import resources

import numpy as np

from cnnmath import _check
from cnnmath.datasets import load_digits
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.figures._random import uniform
from cnnmath.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD

SOURCES = ("digits", "bars", "inverted", "wrong labels", "none")
RATES = (0.02, 0.05, 0.1)
SAMPLES = (1, 2, 4, 8, 16, 32, 64)  # training images of each class
SEEDS = 16
LONGEST = 100  # steps
EVERY = 10  # steps from one measurement of the accuracy to the next
BATCH = 32
TESTS = 219
STARTS = (0, 3, 6)  # the first layer that learns, where so many blocks are frozen
UNIT = 32  # stored weights are whole multiples of 1/32
STUDENT = 2.131  # 97.5 % quantile of Student's distribution with 15 degrees of freedom
_WORK = (3456, 10368, 240)  # multiply–adds of the two blocks and of the head, for one image
_SIZES = (60, 660, 245)  # parameters of the same
# Where the random numbers of one seed begin: the head's weights, the blocks', the choice of images, the orders.
_BLOCKS, _CHOICE, _ORDERS = 240, 2000, 4096
_PLACES = 77_777  # the seed of the places of all images
_BEGINNINGS = {"digits": "Features learned on the digits 0 to 4", "bars": "Features learned on bars",
               "inverted": "Features learned on inverted digits 0 to 4", "wrong labels": "Features learned with wrong labels",
               "none": "Random features"}
_KEPT = ("nothing frozen", "block 1 frozen", "both blocks frozen")
_TIE = 1e-9  # scores this close are one: rounding decides nothing


def shifted(images, seed=_PLACES):
    """Images (N, 1, 8, 8), each moved by −1, 0 or 1 pixel in each direction, with zeros where nothing comes from."""
    down, right = np.floor(3 * uniform(seed, (len(images), 2))).astype(int).T
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows = np.arange(8) + 2 - down[:, None]
    cols = np.arange(8) + 2 - right[:, None]
    return padded[np.arange(len(images))[:, None, None], 0, rows[:, :, None], cols[:, None, :]][:, None]


@lru_cache(maxsize=1)
def target():
    """The shifted images of the digits 5 to 9: x, y and numbers in the set, for training and for testing; y is from 0 to 4."""
    images, labels = load_digits()
    images, tested = shifted(images), np.arange(len(labels)) % 4 == 3
    parts = [np.flatnonzero((labels >= 5) & (tested == part)) for part in (False, True)]
    return [(images[part], labels[part] - 5, part) for part in parts]


@lru_cache(maxsize=1)
def stored():
    """What tools/make_transfer.py wrote: `weights` (4 sources, 16 seeds, 720) and `counts` (5, 3 rates, 3, 7, 16)."""
    with (resources.files("cnnmath") / "data" / "transfer.npz").open("rb") as file, np.load(file) as kept:
        return dict(kept)


def blank(classes=5, rng=None):
    """The network: two blocks of correlation, ReLU and pooling, then the head; without `rng` its weights are to be given."""
    first, second = Conv2d(1, 6, 3, padding=1, rng=rng), Conv2d(6, 12, 3, padding=1, rng=rng)
    return Sequential(first, ReLU(), MaxPool2d(2), second, ReLU(), MaxPool2d(2), Flatten(), Linear(48, classes, rng=rng))


def start(source, seed):
    """The network before its first step on the target: features of the source, or random ones, and a random head."""
    network = blank()
    first, second, head = network[0], network[3], network[7]
    head.weight.data = (2 * uniform(seed, (5, 48)) - 1) * np.sqrt(6 / 48)
    if source == "none":
        first.weight.data = (2 * uniform(seed, (6, 1, 3, 3), _BLOCKS) - 1) * np.sqrt(6 / 9)
        second.weight.data = (2 * uniform(seed, (12, 6, 3, 3), _BLOCKS + 54) - 1) * np.sqrt(6 / 54)
        return network
    weights = stored()["weights"][SOURCES.index(source), seed] / UNIT
    for parameter, part in zip((*first.parameters(), *second.parameters()), np.split(weights, [54, 60, 708])):
        parameter.data = part.reshape(parameter.shape)
    return network


def sample(samples, seed):
    """Places in the training part of `samples` images of each class."""
    _, y, _ = target()[0]
    order = np.argsort(uniform(seed, len(y), _CHOICE), kind="stable")
    return np.concatenate([order[y[order] == label][:samples] for label in range(5)])


@lru_cache(maxsize=1)
def shown():
    """Places of three test images of each digit."""
    _, y, _ = target()[1]
    return np.concatenate([np.flatnonzero(y == label)[:3] for label in range(5)])


def right(network, x, y):
    """How many images are right."""
    return np.count_nonzero(network.forward(x).argmax(axis=1) == y)


@lru_cache(maxsize=8)
def train(source, frozen, samples, lr, seed, steps, marks=True):
    """The network after its last step, the losses of the batches, and the counts at the marks and at the end."""
    (x, y, _), (x_test, y_test, _) = target()
    chosen, network = sample(samples, seed), start(source, seed)
    x, y = x[chosen], y[chosen]
    learning = network[STARTS[frozen] :]
    if frozen:  # frozen blocks give the same features in every step: once is enough
        x, x_test = (network[: STARTS[frozen]].forward(part) for part in (x, x_test))
    rule, epoch = SGD(learning.parameters(), lr, momentum=0.9), -(-len(x) // BATCH)
    losses, counts = [], []
    for step in range(steps):
        if marks and step % EVERY == 0:
            counts.append(right(learning, x_test, y_test))
        order = np.argsort(uniform(seed, len(x), _ORDERS + step // epoch * len(x)), kind="stable")
        batch = order[step % epoch * BATCH :][:BATCH]
        scores = learning.forward(x[batch])
        losses.append(cross_entropy(scores, y[batch]))
        learning.backward(cross_entropy_backward(scores, y[batch]), needs_dx=False)
        rule.step()
    now = right(learning, x_test, y_test)
    return network, losses, counts + [now] * (steps % EVERY == 0), now


def mean_and_margin(values):
    """Mean over the last axis, and half the width of its 95 % interval by Student's distribution."""
    return values.mean(axis=-1), STUDENT * values.std(axis=-1, ddof=1) / np.sqrt(SEEDS)


def _tenth(value):
    """A number as the figure says it, with one decimal."""
    return _text.number(np.floor(10 * value + 0.5 + 1e-9) / 10)


class _OneOf(_fields.Choice):
    """One of a few numbers."""

    def check(self, figure, name, value):
        if not _fields.is_number(value) or value not in self.options:
            self.refuse(figure, name, f"be one of {', '.join(map(_check.show, self.options))}", value)
        return next(option for option in self.options if option == value)

    def random(self, rng):
        return self.options[rng.integers(len(self.options))]

    def bad(self):
        return ["", str(self.options[0]), 3, -1, 0.03, None, True, [self.options[0]], float("nan"), float("inf")]


class _Steps(_fields.Integer):
    """Random values are mostly short runs: the work grows with them."""

    def random(self, rng):
        return int(rng.integers(self.minimum, (40 if rng.random() < 0.03 else 6) + 1))


class TransferExplorer(Figure):
    """Transfer: a network that has learned a source task learns to read the digits 5 to 9 from few images.

    Two blocks of correlation (3×3, padding 1), ReLU and 2×2 max pooling, with 6 and 12 filters, give 48 features; the head is
    a dense layer to 5 classes. Every image is moved by up to one pixel in each direction, at random and once for all. Test
    images are those of the digits 5 to 9 whose number in the set leaves the remainder 3 when divided by 4: 219. A run takes steps
    of gradient descent with momentum 0.9 on batches of 32 images, or on all where there are fewer.

    Fields: `source`, what the blocks learned before ("digits": the digits 0 to 4; "bars": lines of four directions; "inverted":
    the digits 0 to 4, black for white; "wrong labels": the digits 0 to 4 with labels exchanged at random; "none": nothing, their
    weights are random), `frozen` (0, 1 or 2: how many blocks keep their weights), `samples` (training images of each class: 1, 2, 4,
    … 64), `lr` (0.02, 0.05 or 0.1), `seed` (0 to 15: of the images, the head, the orders, and of the features) and `steps`.

    Values: `mean` and `margin`, in percent, of the accuracies after 100 steps of all 16 seeds, measured before by
    `cnnmath` (rows: 0, 1 and 2 frozen blocks, then from scratch; columns: the numbers of images); `counts`, the right
    test images of the 16 runs with these fields, and `scratch`, those from scratch; `gain` and `gain_margin` of the difference, seed by
    seed. Of the run itself: `loss` of each batch, `test_right` after 0, 10, 20, … steps, `right` now, how far the weights of blocks and
    head have `moved`, the multiply–adds of one image in a step (`work`), the parameters `learned`, the `chosen` images (up to four
    of each class, by number in the set), and the `answers` for three test images of each digit.

    Examples
    --------
    >>> values = TransferExplorer(frozen=2, samples=4).values()
    >>> int(values["counts"][6]) == int(values["right"]), int(values["learned"])
    (True, 245)
    """

    scripts = ("random.js", "digits.js", "plot.js", "training-figure.js", "transfer-explorer-values.js")
    data = ("digits-grey-8", "transfer-runs-8")

    source = _fields.Choice("digits", SOURCES)
    frozen = _fields.Integer(2, 0, 2)
    samples = _OneOf(2, SAMPLES)
    lr = _OneOf(0.05, RATES)
    seed = _fields.Integer(6, 0, SEEDS - 1)
    steps = _Steps(LONGEST, 0, LONGEST)

    def values(self):
        counts = stored()["counts"][:, RATES.index(self.lr)].astype(float)
        kind, column = SOURCES.index(self.source), SAMPLES.index(self.samples)
        mean, margin = mean_and_margin(100 / TESTS * np.concatenate([counts[kind], counts[-1][:1]]))
        these, scratch = counts[kind, self.frozen, column], counts[-1, 0, column]
        gain, gain_margin = mean_and_margin(100 / TESTS * (these - scratch))
        network, loss, test_right, now = train(self.source, self.frozen, self.samples, self.lr, self.seed, self.steps)
        old = [parameter.data for parameter in start(self.source, self.seed).parameters()]
        squares = [np.sum((new.data - data) ** 2) for new, data in zip(network.parameters(), old)]
        forward = sum(_WORK[self.frozen :])
        x_test, y_test, _ = target()[1]
        scores = network.forward(x_test[shown()])
        return {"mean": mean, "margin": margin, "counts": these, "scratch": scratch, "gain": gain, "gain_margin": gain_margin,
                "loss": np.array(loss), "test_right": np.array(test_right), "right": now,
                "moved": np.sqrt(np.add.reduceat(squares, [0, 2, 4])), "work": 2 * forward + sum(_WORK[self.frozen + 1 :]),
                "learned": sum(_SIZES[self.frozen :]),
                "chosen": target()[0][2][sample(min(self.samples, 4), self.seed)],
                "answers": 5 + (scores >= scores.max(axis=1, keepdims=True) - _TIE).argmax(axis=1)}

    def describe(self):
        v = self.values()
        column = SAMPLES.index(self.samples)
        end = [f"{_tenth(v['mean'][row, column])} % ± {_tenth(v['margin'][row, column])}" for row in (self.frozen, 3)]
        return (f"{_BEGINNINGS[self.source]}, {_KEPT[self.frozen]}, {self.samples} image{'' if self.samples == 1 else 's'} of each digit, "
                f"η = {_text.number(self.lr)}. After {self.steps} step{'' if self.steps == 1 else 's'} {v['right']} of {TESTS} test images "
                f"are right. After {LONGEST} steps the mean of {SEEDS} seeds is {end[0]}, from scratch {end[1]}; "
                f"the difference is {_tenth(v['gain'])} ± {_tenth(v['gain_margin'])}.")

    def as_python(self):
        return f"""import numpy as np
from cnnmath.figures import transfer_explorer as transfer
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.figures._random import uniform
from cnnmath.optimizers import SGD

source, frozen, samples = {_check.show(self.source)}, {self.frozen}, {self.samples}
lr, seed, steps = {_text.rows_text(self.lr)}, {self.seed}, {self.steps}
(x, y, numbers), (x_test, y_test, _) = transfer.target()
picked = transfer.sample(samples, seed)
network = transfer.start(source, seed)  # with the features of the source and a random head
network[: transfer.STARTS[frozen]].freeze() if frozen else None
sgd = SGD(network.parameters(), lr, momentum=0.9)
old = [parameter.data.copy() for parameter in network.named_parameters().values()]

loss, test_right = [], []
for step in range(steps + 1):
    if step % {EVERY} == 0:
        test_right.append(transfer.right(network, x_test, y_test))
    if step == steps:
        break
    epoch, part = divmod(step, -(-len(picked) // {BATCH}))
    order = np.argsort(uniform(seed, len(picked), {_ORDERS} + epoch * len(picked)), kind="stable")
    batch = picked[order[part * {BATCH} :][:{BATCH}]]
    scores = network.forward(x[batch])
    loss.append(cross_entropy(scores, y[batch]))
    network.backward(cross_entropy_backward(scores, y[batch]), needs_dx=False)
    sgd.step()
right = transfer.right(network, x_test, y_test)
changes = [np.sum((new.data - data) ** 2) for new, data in zip(network.named_parameters().values(), old)]
moved = np.sqrt(np.add.reduceat(changes, [0, 2, 4]))
learned = sum(parameter.size for parameter in network.parameters())
costs = [row.multiply_adds for row in network.summary((1, 8, 8)).rows if row.multiply_adds][frozen:]
work = 2 * sum(costs) + sum(costs[1:])  # forward, ∂L/∂θ, and ∂L/∂x but for the first that learns
chosen = numbers[transfer.sample(min(samples, 4), seed)]
scores = network.forward(x_test[transfer.shown()])
answers = 5 + (scores >= scores.max(axis=1, keepdims=True) - {_TIE:g}).argmax(axis=1)

# the accuracies of all seeds after {LONGEST} steps, as they were measured
table = transfer.stored()["counts"][:, transfer.RATES.index(lr)].astype(float)
rows = np.concatenate([table[transfer.SOURCES.index(source)], table[-1][:1]])
mean, margin = transfer.mean_and_margin(100 / len(y_test) * rows)
counts, scratch = rows[[frozen, 3], transfer.SAMPLES.index(samples)]
gain, gain_margin = transfer.mean_and_margin(100 / len(y_test) * (counts - scratch))"""

    def static(self):
        v = self.values()
        rounded = np.floor(v["mean"] * 10 + 0.5) / 10
        return _text.table([[n, *row] for n, row in zip(SAMPLES, rounded.T)],
                           "images of each digit; % right with 0, 1, 2 blocks frozen; from scratch")
