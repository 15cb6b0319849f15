"""Training: an epoch of a small network beside PyTorch, and the digits, on one thread.

The epoch is that of conv8–ReLU–pool–conv16–ReLU–pool–linear10 on
60,000 images of 28×28 in batches of 64: 938 steps. It is measured in parts of `--steps` steps, cnnmath and
PyTorch in turn, in seconds of the processor, so that a busy machine disturbs both little and alike, and scaled
to 938; the ratio is the median over the rounds.
"""

from benchmarks import _processor  # isort: skip  # noqa: F401

import argparse
import statistics
import time

import numpy as np

from cnnmath import datasets
from cnnmath.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD
from cnnmath.training import fit, minibatches
from tests.digits_run import train_on_digits

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

IMAGES, BATCH = 60_000, 64
STEPS = -(-IMAGES // BATCH)


def network(rng, dtype):
    """The network of the epoch."""
    return Sequential(
        Conv2d(1, 8, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2),
        Conv2d(8, 16, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2),
        Flatten(), Linear(784, 10, rng=rng),
    ).astype(dtype)  # fmt: skip


def oracle(ours):
    """The same network in PyTorch, with the same weights."""
    nn = torch.nn
    theirs = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(784, 10),
    ).to(getattr(torch, str(ours[0].weight.dtype)))  # fmt: skip
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    return theirs


def oracle_epoch(theirs, optimizer, x, y, rng):
    """One pass in the batches that `fit` would draw; the loss of each."""
    losses = []
    for inputs, labels in minibatches(x, y, BATCH, rng):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(theirs(torch.from_numpy(inputs)), torch.from_numpy(labels))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def epoch(dtype, steps, seconds):
    """Seconds of an epoch for cnnmath and PyTorch, their ratio, and how far their losses came apart."""
    rng = np.random.default_rng(0)
    # digits three times as large, so that the losses are those of learning and not of noise
    images, labels = datasets.load_digits()
    large = np.pad(np.kron(images, np.ones((3, 3))), ((0, 0), (0, 0), (2, 2), (2, 2))).astype(dtype)
    chosen = rng.integers(len(large), size=steps * BATCH)
    x, y = large[chosen], labels[chosen]
    ours = network(rng, dtype)
    optimizer = SGD(ours.parameters(), 0.01, momentum=0.9)
    if torch:
        theirs = oracle(ours)
        their_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.01, momentum=0.9)
    times, apart, round_, end = [], 0.0, 0, time.perf_counter() + seconds
    while time.perf_counter() < end or round_ < 4:
        begin = time.process_time()
        history = fit(ours, optimizer, x, y, 1, BATCH, np.random.default_rng(round_), progress=False)
        middle = time.process_time()
        if torch:
            losses = oracle_epoch(theirs, their_optimizer, x, y, np.random.default_rng(round_))
            if round_ * steps < STEPS:  # over the first epoch's worth of steps
                apart = max(apart, np.abs(np.subtract(losses, history.loss)).max())
        if round_:  # the first round warms up
            times.append((middle - begin, time.process_time() - middle))
        round_ += 1
    mine, other = (statistics.median(column) * STEPS / steps for column in zip(*times))
    return mine, other, statistics.median(a / b for a, b in times) if torch else None, apart


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="time for each dtype")
    parser.add_argument("--steps", type=int, default=30, help="steps in each part of an epoch")
    arguments = parser.parse_args()
    print(
        f"An epoch of {STEPS} steps of {BATCH} images 1×28×28, scaled from parts of {arguments.steps} steps:\n"
    )
    print("| dtype | cnnmath s | torch s | cnnmath ÷ torch | losses apart by at most |")
    print("|" + " --- |" * 5)
    for dtype in (np.float32, np.float64):
        mine, other, ratio, apart = epoch(dtype, arguments.steps, arguments.seconds)
        cells = [np.dtype(dtype).name, f"{mine:.2f}"]
        cells += [f"{other:.2f}", f"{ratio:.2f}", f"{apart:.1e}"] if torch else ["–"] * 3
        print("| " + " | ".join(cells) + " |", flush=True)
    runs = [train_on_digits(seed) for seed in range(7)]
    reached, seconds, cpu = (statistics.median(column) for column in zip(*runs))
    print(f"\nDigits, median of {len(runs)} splits: {reached:.2%} test accuracy,")
    print(f"{seconds:.2f} s of training ({cpu:.2f} s of processor time)")


if __name__ == "__main__":
    main()
