"""Surfaces: derivatives, minima, the network behind "cnn", and paths of optimisers."""

import numpy as np
import pytest

from cnnmath import gradcheck, losses, surfaces
from cnnmath.activations import relu
from cnnmath.convolution import conv2d
from cnnmath.optimizers import SGD, Adam
from cnnmath.surfaces import descend, surface


@pytest.mark.parametrize("name", surfaces.NAMES)
def test_gradient_and_hessian_are_the_derivatives(name, rng):
    one = surface(name)
    for weights in rng.uniform(-2, 2, (20, 2)):
        slopes = gradcheck.numerical_gradient(one.loss, weights)
        np.testing.assert_allclose(one.gradient(weights), slopes, rtol=1e-6, atol=1e-6)
        for k in range(2):
            row = gradcheck.numerical_gradient(lambda w: one.gradient(w)[k], weights)
            np.testing.assert_allclose(one.hessian(weights)[k], row, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(one.curvatures(weights), np.linalg.eigvalsh(one.hessian(weights)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", surfaces.NAMES)
def test_minima_are_minima(name):
    for point in surface(name).minima:
        np.testing.assert_allclose(surface(name).gradient(point), 0, atol=1e-14)
        assert surface(name).curvatures(point)[0] > 0


@pytest.mark.parametrize("start, end, curved", [
    ([0, 2], surface("cnn").minima[0], True),
    ([1, 0], surface("cnn").minima[1], True),
    ([-1, -1], [-1, -1], False),  # all units dead: a plateau
    ([-3, 1], [-3, 0.8], False),  # the units that are alive see one weight only: a flat valley
])
def test_where_descent_on_the_cnn_ends_depends_on_its_start(start, end, curved):
    one = surface("cnn")
    last = descend(one, start, lambda p: SGD(p, lr=0.1), 500)[0][-1]
    np.testing.assert_allclose(last, end, atol=0.01)
    assert np.abs(one.gradient(last)).max() < 1e-3 and (one.curvatures(last)[0] > 1e-9) == curved


def test_the_surface_cnn_is_the_networks_loss(rng):
    x = np.array(surfaces.SIGNALS, dtype=float).reshape(4, 1, 1, 5)
    weights = rng.uniform(-3, 3, (40, 2))
    scores = [relu(conv2d(x, pair.reshape(1, 1, 1, 2))).sum(axis=(1, 2, 3)) - 1 for pair in weights]
    expected = [losses.binary_cross_entropy_with_logits(score, np.array(surfaces.LABELS)) for score in scores]
    np.testing.assert_allclose(surface("cnn").loss(weights), expected, rtol=1e-13)


def test_the_tilted_valley_is_the_valley_turned_by_45_degrees(rng):
    turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    weights = rng.normal(size=(20, 2))
    np.testing.assert_allclose(surface("tilted_valley").loss(weights), surface("valley").loss(weights @ turn.T), rtol=1e-12)


def test_only_quadratic_surfaces_have_one_hessian(rng):
    for name in surfaces.NAMES:
        first, second = (surface(name).hessian(weights) for weights in ([1.5, -0.5], [-0.5, 1.2]))
        assert np.array_equal(first, second) == surface(name).quadratic, name


def test_the_exponential_is_exact_to_the_last_bits(rng):
    x = -rng.uniform(0, 700, 2000)
    np.testing.assert_allclose([surfaces._exp(one) for one in x], np.exp(x), rtol=5e-16)
    assert surfaces._exp(0) == 1 and surfaces._exp(-1e5) == 0


def test_a_path_is_the_optimisers_and_its_terms_add_up(rng):
    start = rng.normal(size=2)
    path, terms = descend(surface("saddle"), start, lambda p: Adam(p, lr=0.1), 5)
    assert path.shape == (6, 2) and [one["step"] for one in terms] == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(path[0], start)
    np.testing.assert_array_equal(path[:-1] + [one["change"] for one in terms], path[1:])
    np.testing.assert_array_equal(terms[2]["gradient"], surface("saddle").gradient(path[2]))


def test_a_path_ends_beyond_the_bound():
    path, terms = descend(surface("bowl"), [1, 0], lambda p: SGD(p, lr=3), 50, bound=10)
    np.testing.assert_array_equal(path[:, 0], [1, -2, 4, -8, 16])
    assert len(terms) == 4


@pytest.mark.parametrize("act, error, words", [
    (lambda: surface("hill"), ValueError, 'surface: name must be one of "bowl", '),
    (lambda: surface("bowl").gradient([1, 2, 3]), ValueError, "Surface.gradient: weights must have shape (2,); got"),
    (lambda: surface("bowl").hessian([[1, 2]]), ValueError, "Surface.hessian: weights must have 1 dimension (2)"),
    (lambda: descend(surface("bowl"), [0, 0], SGD, -1), ValueError, "descend: steps must be"),
    (lambda: descend(surface("bowl"), [0, 0], SGD, 1, bound=-1), ValueError, "descend: bound must be"),
])
def test_refusals(act, error, words):
    with pytest.raises(error) as refused:
        act()
    assert str(refused.value).startswith(words)
