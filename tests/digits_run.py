"""The run on the digits that tests/test_training.py judges and benchmarks/training.py times."""

import time

import numpy as np

from cnnmath import datasets
from cnnmath.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnmath.network import Sequential
from cnnmath.optimizers import Adam
from cnnmath.schedules import cosine
from cnnmath.training import accuracy, fit

EPOCHS, BATCH = 10, 32


def train_on_digits(seed):
    """Dense(Flatten(Pool(ReLU(I ⋆ K + b)))) on one split: test accuracy, seconds, processor seconds."""
    rng = np.random.default_rng(seed)
    x, y, x_test, y_test = datasets.split(*datasets.load_digits(), rng)
    network = Sequential(
        Conv2d(1, 16, 5, padding=2, rng=rng), ReLU(), MaxPool2d(2), Flatten(), Linear(256, 10, rng=rng)
    ).astype(np.float32)
    schedule = cosine(0.02, EPOCHS * -(-len(x) // BATCH))
    begin = time.perf_counter(), time.process_time()
    fit(network, Adam(network.parameters()), x, y, EPOCHS, BATCH, rng, progress=False, schedule=schedule)
    taken = time.perf_counter() - begin[0], time.process_time() - begin[1]
    return accuracy(network, x_test, y_test), *taken
