"""Fixtures that every test may use."""

import numpy as np
import pytest

pytest_plugins = ["tests.browser_fixtures"]


@pytest.fixture
def rng():
    """A generator seeded alike in every test, so that a failure can be repeated."""
    return np.random.default_rng(0)


@pytest.fixture
def torch():
    """PyTorch on one thread, or a skip: stored reference vectors stand in where it is absent."""
    torch = pytest.importorskip("torch", reason="the PyTorch oracle is optional")
    torch.set_num_threads(1)
    return torch


def pytest_collection_modifyitems(items):
    """Mark every test that uses the fixture `torch`, so that `-m oracle` selects them."""
    for item in items:
        if "torch" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.oracle)
