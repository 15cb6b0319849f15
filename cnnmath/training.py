"""Training: minibatches, the loop around forward, loss, backward and step, and its record."""

import os
import sys

import numpy as np

from cnnmath import _check, losses
from cnnmath.evaluation import accuracy, examples, outputs
from cnnmath.history import Diverged, History
from cnnmath.optimizers import clip_grad_norm

__all__ = ["Diverged", "History", "accuracy", "fit", "minibatches"]

LOSSES = ("cross_entropy", "mse_loss", "binary_cross_entropy_with_logits")


def minibatches(x, y, batch_size, rng=None):
    """Examples and labels, `batch_size` at a time; the last batch is what remains.

    Parameters
    ----------
    x, y : arrays of equal length
    batch_size : int
        At least 1.
    rng : numpy.random.Generator, optional
        Draws the order, every example once; without it they come as they stand.

    Yields
    ------
    x, y : arrays
        Parts of the arguments; copies when `rng` is given, else views.

    Raises
    ------
    ValueError
        If the lengths differ or `batch_size` < 1.
    TypeError
        If `batch_size` is no integer or `rng` no Generator.

    Examples
    --------
    >>> [labels.tolist() for _, labels in minibatches(np.zeros(5), np.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    batch_size = _check.integer("minibatches", "batch_size", batch_size, 1)
    if len(y) != len(x):
        raise ValueError(_check.message("minibatches", "y", f"have {len(x)} labels, one for each example", y))
    order = None if rng is None else _check.generator("minibatches", "rng", rng).permutation(len(x))
    for first in range(0, len(x), batch_size):
        chosen = slice(first, first + batch_size)
        if order is not None:
            chosen = order[chosen]
        yield x[chosen], y[chosen]


def fit(
    network, optimizer, x, y, epochs, batch_size, rng, validation=None, progress=True, *,
    loss="cross_entropy", schedule=None, max_norm=None, augment=None, stop=None,
):  # fmt: skip
    r"""Train a network by minibatch gradient descent; its parameters change in place.

    For each minibatch B of each epoch, with the network's outputs :math:`f(x; \theta)`:

    .. math::
        L_B(\theta) = \frac{1}{|B|}\sum_{n \in B} \ell(f(x_n; \theta), y_n), \qquad
        \theta \leftarrow \mathrm{step}\bigl(\theta, \nabla L_B(\theta)\bigr)

    Parameters
    ----------
    network : Layer
        In training mode during the run, in prediction mode afterwards.
    optimizer : Optimizer
        Over parameters of this network; those it leaves out stay as they are.
    x : array_like, (N, ...)
        Finite inputs; taken in the dtype of the network.
    y : array_like, (N, ...)
        What the loss compares with: for `cross_entropy` class numbers (N,).
    epochs, batch_size : int
        At least 1.
    rng : numpy.random.Generator
        Draws the order of each epoch, and whatever `augment` draws. Alike generators give alike runs.
    validation : pair (x, y), optional
        Measured after each epoch, never learnt from.
    progress : bool
        Whether a bar may be shown (see Notes).
    loss : str
        "cross_entropy", "mse_loss" or "binary_cross_entropy_with_logits".
    schedule : callable, optional
        ``t -> lr``, asked before step t = 0, 1, … of this run; see `schedules`.
    max_norm : float, optional
        Gradients are clipped to this norm, see `clip_grad_norm`.
    augment : callable, optional
        ``(x, rng) -> x``, applied to each minibatch, such as `regularization.random_shift` with its shift.
    stop : callable, optional
        ``history -> bool``, asked after each epoch; see `regularization.early_stopping`.

    Returns
    -------
    History

    Raises
    ------
    Diverged
        If the loss becomes NaN or infinite, or a weight does. It is a ValueError and has the `history`.
    ValueError
        If `x` or `y` is empty, of another length, or holds NaN or infinity; if the optimiser has parameters
        of another network; if a number is out of its range.
    TypeError
        If an argument is of the wrong kind.

    Notes
    -----
    An interrupt (Ctrl-C, a notebook's stop button) ends the run: weights and history stay as they are, and
    `History.stopped` says where. It may fall between the updates of two parameters.

    The bar needs tqdm, and a terminal or a Jupyter kernel; nothing else depends on it. It is left out under
    pytest, and where the environment variable ``CNNMATH_PROGRESS`` is 0, so that stored notebooks do not
    contain it.
    """
    _check.choice("fit", "loss", loss, LOSSES)
    epochs = _check.integer("fit", "epochs", epochs, 1)
    batch_size = _check.integer("fit", "batch_size", batch_size, 1)
    _check.generator("fit", "rng", rng)
    x, y = _pairs("x", "y", x, y, network)
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise TypeError(_check.message("fit", "validation", "be a pair (x, y)", validation))
        validation = _pairs("validation x", "validation y", *validation, network)
    own = set(map(id, network.parameters()))
    if not own.issuperset(map(id, optimizer.parameters)):
        rule, hint = "hold trainable parameters of this network", "Make it with network.parameters()"
        raise ValueError(_check.message("fit", "optimizer", rule, optimizer, hint))

    history = History(steps_per_epoch=-(-len(x) // batch_size))
    run = _Run(network, optimizer, loss, rng, schedule, max_norm, augment, history)
    bar = _bar(epochs * history.steps_per_epoch, progress)
    try:
        # overflow is what a diverging run does; it is reported in words
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for _ in range(epochs):
                run.epoch(x, y, batch_size, bar)
                if validation is not None:
                    run.validate(*validation)
                if stop is not None and stop(history):
                    history.stopped = f"stopped by `stop` after epoch {len(history.epoch_loss)}"
                    break
    except KeyboardInterrupt:
        history.stopped = f"interrupted after step {len(history.loss)}"
    finally:
        network.eval()
        if bar is not None:
            bar.close()
    return history


class _Run:
    """A training run: what `fit` was given, its `history`, and its epochs."""

    def __init__(self, network, optimizer, loss, rng, schedule, max_norm, augment, history):
        self.network, self.optimizer, self.rng = network, optimizer, rng
        self.loss, self.derivative = getattr(losses, loss), getattr(losses, f"{loss}_backward")
        self.classifies = loss == "cross_entropy"
        self.schedule, self.max_norm, self.augment = schedule, max_norm, augment
        self.history = history

    def epoch(self, x, y, batch_size, bar):
        self.network.train()
        losses_and_hits = np.zeros(2)
        for inputs, targets in minibatches(x, y, batch_size, self.rng):
            losses_and_hits += self.step(inputs, targets)
            if bar is not None:
                bar.update()
        if not all(np.isfinite(parameter.data).all() for parameter in self.optimizer.parameters):
            self.diverged("weights", np.nan)
        self._record("epoch", losses_and_hits / len(x))

    def step(self, inputs, targets):
        """One update; returns the batch's loss times its size, and how many examples were right."""
        if self.schedule is not None:
            self.optimizer.lr = self.schedule(len(self.history.loss))
        if self.augment is not None:
            inputs = self.augment(inputs, self.rng)
        predicted = self.network.forward(inputs)
        loss = float(self.loss(predicted, targets))
        if not np.isfinite(loss):
            self.diverged("loss", loss)
        self.network.backward(self.derivative(predicted, targets), needs_dx=False)
        if self.max_norm is not None:
            clip_grad_norm(self.optimizer.parameters, self.max_norm)
        self.optimizer.step()
        self.history.loss.append(loss)
        return loss * len(inputs), self._hits(predicted, targets)

    def validate(self, x, y):
        predicted = outputs(self.network, x)
        self._record("validation", (float(self.loss(predicted, y)), self._hits(predicted, y) / len(y)))

    def diverged(self, what, value):
        step = len(self.history.loss)
        lr = _check.literal(self.optimizer.lr)
        hint = f"This was step {step} with lr={lr}: use a smaller lr, or max_norm=1"
        if step == 0:
            hint = "It was so before the first step: start from smaller weights, as he_normal draws them"
        raise Diverged(_check.message("fit", what, "stay finite", value, hint), self.history)

    def _hits(self, predicted, targets):
        return np.count_nonzero(predicted.argmax(axis=1) == targets) if self.classifies else 0

    def _record(self, part, loss_and_accuracy):
        for name, value in zip(("loss", "accuracy"), loss_and_accuracy):
            if name == "loss" or self.classifies:
                getattr(self.history, f"{part}_{name}").append(float(value))


def _pairs(x_name, y_name, x, y, network):
    """Checked examples and labels."""
    x, y = examples("fit", x_name, x, network), np.asarray(y)
    if y.dtype.kind not in "iubf":
        raise TypeError(_check.message("fit", y_name, "be an array of numbers", y))
    for name, value in ((x_name, x), (y_name, y)):
        if not np.isfinite(value).all():
            at = tuple(int(index) for index in np.argwhere(~np.isfinite(value))[0])
            rule, hint = "hold no NaN and no infinity", "Repair or leave out such examples"
            raise ValueError(_check.message("fit", name, rule, f"{value[at]} at {at}", hint))
    if y.shape[:1] != x.shape[:1]:
        raise ValueError(_check.message("fit", y_name, f"have {len(x)} entries, one for each example", y))
    return x, y


def _bar(steps, progress):
    """A progress bar, or None where nobody watches."""
    quiet = os.environ.get("CNNMATH_PROGRESS") == "0" or "PYTEST_VERSION" in os.environ
    watched = "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
    if not progress or quiet or not watched:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=steps, unit="step", leave=False)
