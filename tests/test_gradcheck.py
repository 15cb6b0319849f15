"""Central differences find derivatives, tell a wrong formula from a right one, and a kink from both."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath.gradcheck import check_gradients, numerical_gradient

X = np.array([[0.5, -1.0], [2.0, 0.0]])


@given(seed=st.integers(0, 2**32 - 1), shape=st.lists(st.integers(1, 3), max_size=4))
@settings(max_examples=30, deadline=None)
def test_finds_the_gradient_of_a_smooth_function(seed, shape):
    rng = np.random.default_rng(seed)
    x, weights = rng.standard_normal((2, *shape))
    gradient = numerical_gradient(lambda x: np.sum(weights * np.sin(x)), x)
    assert gradient.shape == x.shape and gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, weights * np.cos(x), rtol=0, atol=2e-9)


def test_a_quadratic_is_exact_with_any_step():
    np.testing.assert_array_equal(numerical_gradient(lambda x: np.sum(x * x), X, step=0.5), 2 * X)


def test_error_falls_with_the_square_of_the_step():
    errors = [abs(numerical_gradient(np.exp, 0.0, step) - 1) for step in (1e-2, 1e-3)]
    assert errors[0] == pytest.approx(1e-4 / 6, rel=1e-3) and errors[0] / errors[1] == pytest.approx(100, rel=1e-2)


def test_large_entries_are_divided_by_the_distance_really_moved():
    """1e6 + 1e-5 is rounded: half the ten digits of the step are lost, and the quotient must not suffer."""
    np.testing.assert_allclose(numerical_gradient(lambda x: 3 * (x[0] - 1e6), [1e6]), 3, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_x_is_never_changed_and_f_gets_float64_of_its_own(dtype):
    x = X.astype(dtype)
    x.flags.writeable = False
    kept = []

    def f(given):
        assert given.dtype == np.float64 and not np.shares_memory(given, x)
        kept.append(given)
        total = given.sum()
        given[...] = 7  # whatever f does to its argument
        return total

    np.testing.assert_allclose(numerical_gradient(f, x), 1, rtol=1e-10)
    assert len(kept) == 2 * x.size and len({id(array) for array in kept}) == len(kept)
    np.testing.assert_array_equal(x, X.astype(dtype))


def test_f_may_return_any_single_number():
    for wrap in (float, np.float32, np.array, lambda v: np.array([[v]]), int):
        assert numerical_gradient(lambda x, wrap=wrap: wrap(x[0]), [2.0], step=1) == 1


def test_nothing_to_differentiate():
    assert numerical_gradient(lambda x: 5, np.zeros((0, 3))).shape == (0, 3)
    assert check_gradients(lambda x: 5, [], []).error.size == 0


def test_prints_analytic_beside_numeric():
    result = check_gradients(lambda x: np.sum(x**3), [1, -2, 0], [3, 12, 0])
    lines = [line.split() for line in str(result).splitlines()]
    assert lines[0] == ["index", "analytic", "numeric", "error"]
    assert [line[:3] for line in lines[1:]] == [["(0,)", "3", "3"], ["(1,)", "12", "12"], ["(2,)", "0", "0"]]
    assert all(re.fullmatch(r"0|<1e-(9|1\d)", line[3]) for line in lines[1:])  # rounding, whichever machine
    assert repr(result) == str(result)
    np.testing.assert_array_equal(result.analytic, [3, 12, 0])
    np.testing.assert_allclose(result.numeric, [3, 12, 0], atol=1e-8)
    np.testing.assert_allclose(result.error, np.abs(result.analytic - result.numeric) / 12, rtol=1e-8)


def test_a_long_table_shows_the_largest_errors_in_order():
    x = np.zeros(50)
    wrong = np.ones(50)
    wrong[[40, 3, 17]] += [1e-4, 3e-4, 2e-4]
    result = check_gradients(lambda x: x.sum(), x, wrong, tolerance=1e-3, rows=3)
    lines = str(result).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["(3,)", "(17,)", "(40,)"]
    assert lines[4:] == ["and 47 entries of smaller error"]


def test_a_wrong_formula_fails_and_the_worst_entry_is_named():
    wrong = 2 * X
    wrong[1, 0] *= -1
    with pytest.raises(ValueError) as caught:
        check_gradients(lambda x: np.sum(x * x), X, wrong)
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "check_gradients: analytic must equal the central difference 4 at (1, 0); got -4. "
        "Correct the formula, or the loss that f computes."
    )
    assert lines[4].split() == ["(1,", "0)", "-4", "4", "2"]


def test_a_kink_is_called_one():
    with pytest.raises(ValueError) as caught:
        check_gradients(lambda x: np.maximum(x, 0).sum(), [-1, 0, 1], [0, 0, 1])
    assert str(caught.value).splitlines()[0] == (
        "check_gradients: analytic must equal the central difference 0.5 at (1,); got 0. "
        "The slopes left and right are 0 and 1: at a kink, as of ReLU at 0 or of max pooling at a tie, "
        "move x away; elsewhere take a smaller step."
    )


def test_tolerance_is_relative_to_the_largest_entry():
    x = np.zeros(2)
    for scale in (1e-6, 1, 1e6):
        gradient = scale * np.array([100, 1 + 5e-5])
        f = lambda x, scale=scale: scale * (100 * x[0] + x[1])  # noqa: E731
        assert check_gradients(f, x, gradient).error[1] == pytest.approx(5e-7, rel=1e-3)
        with pytest.raises(ValueError, match="at \\(1,\\)"):
            check_gradients(f, x, gradient, tolerance=4e-7)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_never_pass(bad):
    with pytest.raises(ValueError, match="check_gradients: analytic must equal the central difference 1 at"):
        check_gradients(lambda x: x.sum(), [1, 2], [1, bad], tolerance=1e300)
    with pytest.raises(ValueError, match="check_gradients: analytic must equal the central difference nan at"):
        check_gradients(lambda x: np.nan, [1, 2], [1, 1])


@pytest.mark.parametrize("function", [numerical_gradient, lambda f, x, step=1: check_gradients(f, x, x, step)])
@pytest.mark.parametrize(
    "f, x, options, error, words",
    [
        (3, [1], {}, TypeError, "f must be a function of x; got 3. Pass lambda x: np.sum(dout * forward(x))."),
        (np.sum, ["a"], {}, TypeError, 'x must be an array of real numbers; got ["a"].'),
        (np.sum, [1], {"step": 0}, ValueError, "step must be > 0; got 0. Use step=1e-5."),
        (np.sum, [1], {"step": -1}, ValueError, "step must be a finite number >= 0; got -1."),
        (np.sum, [1], {"step": "1"}, TypeError, 'step must be a finite number >= 0; got "1".'),
        (
            np.sin,
            [1, 2],
            {},
            ValueError,
            "f must return a single number; got an array of shape (2,). Pass lambda x: np.sum(dout * forward(x)).",
        ),
        (
            lambda x: "1",
            [1],
            {},
            ValueError,
            'f must return a single number; got "1". Pass lambda x: np.sum(dout * forward(x)).',
        ),
    ],
)
def test_refusals(function, f, x, options, error, words):
    with pytest.raises(error) as caught:
        function(f, x, **options)
    name = "numerical_gradient" if function is numerical_gradient else "check_gradients"
    assert str(caught.value) == f"{name}: {words}"


@pytest.mark.parametrize(
    "options, error, words",
    [
        (
            {"analytic": [1]},
            ValueError,
            "analytic must have shape (2,); got an array of shape (1,). It has the shape of x.",
        ),
        ({"analytic": ["a", "b"]}, TypeError, 'analytic must be an array of real numbers; got ["a", "b"].'),
        ({"tolerance": -1}, ValueError, "tolerance must be a finite number >= 0; got -1."),
        ({"rows": 0}, ValueError, "rows must be an integer >= 1; got 0."),
    ],
)
def test_refusals_of_a_check(options, error, words):
    with pytest.raises(error) as caught:
        check_gradients(**({"f": np.sum, "x": [1, 2], "analytic": [1, 1]} | options))
    assert str(caught.value) == f"check_gradients: {words}"
