"""The progress bar of `fit`: where it is shown, and that nothing else depends on it."""

import sys
from types import ModuleType

import numpy as np
import pytest

from cnnmath.layers import Flatten, Linear
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD
from cnnmath.training import History, fit


@pytest.fixture
def bar(monkeypatch):
    """A stand-in for tqdm that counts, on a terminal, outside pytest."""

    class Bar:
        made = []

        def __init__(self, total, **options):
            self.total, self.done, self.closed = total, 0, False
            self.made.append(self)

        def update(self):
            self.done += 1

        def close(self):
            self.closed = True

    module = ModuleType("tqdm.auto")
    module.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    monkeypatch.delenv("CNNMATH_PROGRESS", raising=False)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    return Bar.made


def run(optimizer=SGD, **options):
    """Two epochs of three steps; `optimizer` is SGD unless told otherwise."""
    rng = np.random.default_rng(0)
    network = Sequential(Flatten(), Linear(4, 2, rng=rng))
    x, y = rng.normal(size=(40, 1, 2, 2)), rng.integers(2, size=40)
    return fit(network, optimizer(network.parameters(), 0.1), x, y, 2, 16, rng, **options)


def test_progress_on_a_terminal(bar):
    run()
    assert [(b.total, b.done, b.closed) for b in bar] == [(6, 6, True)]


def test_progress_in_a_notebook(bar, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    run()
    assert bar == []
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    run()
    assert len(bar) == 1


def test_the_bar_closes_when_the_run_ends_early(bar):
    class Interrupting(SGD):
        def step(self):
            raise KeyboardInterrupt

    assert run(Interrupting).stopped == "interrupted after step 0"
    assert [(b.total, b.done, b.closed) for b in bar] == [(6, 0, True)]


def test_no_progress_where_it_is_not_wanted(bar, monkeypatch):
    run(progress=False)
    monkeypatch.setenv("CNNMATH_PROGRESS", "0")
    run()
    monkeypatch.delenv("CNNMATH_PROGRESS")
    monkeypatch.setenv("PYTEST_VERSION", "9")
    run()
    assert bar == []


def test_training_works_without_tqdm(bar, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert isinstance(run(), History) and bar == []
