"""Make cnnmath/data/transfer.npz: features learned on four source tasks, and the accuracies of transfer from each.

    python tools/make_transfer.py

It pretrains 64 networks, rounds their blocks to multiples of 1/32, runs `cnnmath.figures.transfer_explorer.train` for every
source, learning rate, number of frozen blocks, number of images and seed, and prints the checksum that stands in
cnnmath/data/PROVENANCE.md. On two cores it takes some minutes.
"""

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes share the cores

import numpy as np

from cnnmath.datasets import bars, load_digits
from cnnmath.figures import transfer_explorer as transfer
from cnnmath.optimizers import SGD
from cnnmath.training import fit

FILE = Path(__file__).resolve().parent.parent / "cnnmath" / "data" / "transfer.npz"
COPIES, EPOCHS, RATE = 3, 6, 0.05


def task(source, seed):
    """Images and labels of a source, and the generator that drew them."""
    rng = np.random.default_rng([seed, transfer.SOURCES.index(source)])
    if source == "bars":
        return *bars(COPIES * 671, rng, size=8), rng
    images, labels = load_digits()
    kept = (labels < 5) & (np.arange(len(labels)) % 4 != 3)
    images, labels = images[kept], labels[kept]
    if source == "wrong labels":
        labels = rng.permutation(labels)
    places = 100_000 * (1 + seed)
    moved = np.concatenate([transfer.shifted(images, places + copy) for copy in range(COPIES)])
    return (1 - moved if source == "inverted" else moved), np.tile(labels, COPIES), rng


def learn(source, seed):
    """Pretrain one network: the numbers of its blocks in units of 1/32, and its accuracy on the source's images."""
    x, y, rng = task(source, seed)
    network = transfer.blank(int(y.max()) + 1, rng)
    history = fit(network, SGD(network.parameters(), RATE, momentum=0.9), x, y, EPOCHS, 32, rng, progress=False)
    blocks = np.concatenate([parameter.data.ravel() for parameter in network.parameters()[:4]])
    units = np.rint(transfer.UNIT * blocks)
    if np.abs(units).max() > 127:
        raise ValueError(f"make_transfer: the weights of {source}, seed {seed}, must stay below 4; got {np.abs(blocks).max():.3g}.")
    return units.astype(np.int8), history.epoch_accuracy[-1]


def measure(setting):
    """How many test images are right at the end of one run."""
    source, lr, frozen, samples, seed = setting
    return transfer.train.__wrapped__(source, frozen, samples, lr, seed, transfer.LONGEST, marks=False)[3]


def main():
    sources, seeds = transfer.SOURCES[:-1], range(transfer.SEEDS)
    with ProcessPoolExecutor() as pool:
        learned = list(pool.map(learn, *zip(*product(sources, seeds))))
    weights = np.array([units for units, _ in learned]).reshape(len(sources), transfer.SEEDS, -1)
    for source, shares in zip(sources, np.reshape([share for _, share in learned], (len(sources), -1))):
        print(f"{source:12} {shares.min():.1%} to {shares.max():.1%} of the training images in the last epoch")
    shape = [len(axis) for axis in (transfer.SOURCES, transfer.RATES, transfer.STARTS, transfer.SAMPLES, seeds)]
    np.savez_compressed(FILE, weights=weights, counts=np.zeros(shape, np.uint8))
    transfer.stored.cache_clear()
    settings = product(transfer.SOURCES, transfer.RATES, range(len(transfer.STARTS)), transfer.SAMPLES, seeds)
    with ProcessPoolExecutor() as pool:
        counts = list(pool.map(measure, settings, chunksize=20))
    np.savez_compressed(FILE, weights=weights, counts=np.array(counts, np.uint8).reshape(shape))
    content = FILE.read_bytes()
    print(FILE.name, len(content), "bytes, SHA-256", hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
