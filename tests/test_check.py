"""The argument checks: what each accepts, what it returns, and the exact text of each refusal."""

import numpy as np
import pytest

from cnnmath import _check


def refused(error, text, function, *arguments, **options):
    with pytest.raises(error) as caught:
        function("f", "x", *arguments, **options)
    assert str(caught.value) == text


def test_message_has_one_final_stop():
    assert _check.message("f", "x", "be odd", 2) == "f: x must be odd; got 2."
    assert _check.message("f", "x", "be odd", 2, "Use 3.") == "f: x must be odd; got 2. Use 3."


@pytest.mark.parametrize(
    "number, text",
    [
        (3, "3"), (-0.0, "0"), (0.1, "0.1"), (1e-6, "0.000001"), (9.9e-7, "9.9e-7"), (1e15, "1e+15"),
        (999999999999999, "999999999999999"), (1 / 3, "0.3333333333333333"), (np.float32(0.5), "0.5"),
        (float("nan"), "nan"), (float("-inf"), "-inf"),
    ],
)  # fmt: skip
def test_literal(number, text):
    assert _check.literal(number) == text


@pytest.mark.parametrize(
    "value, text",
    [
        (False, "False"), (np.True_, "True"), (None, "None"), ("ä\n", '"ä\\n"'),
        (1e301, "inf"), (-1e301, "-inf"), (np.float32(0.5), "0.5"),
        (float("nan"), "nan"), ((1, [2, "a"]), '(1, [2, "a"])'), (np.array(2.5), "2.5"), ([], "[]"),
        (np.zeros(3), "an array of shape (3,)"), ({}, "a value of type dict"),
        ("y" * 50, '"' + "y" * 38 + "…"),
        (list(range(50)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, …"),
    ],
)  # fmt: skip
def test_show(value, text):
    assert _check.show(value) == text


def test_integer():
    assert _check.integer("f", "x", np.int8(3), 1) == 3
    assert type(_check.integer("f", "x", np.int8(3), 1)) is int
    refused(ValueError, "f: x must be an integer >= 1; got 0. Use 1.", _check.integer, 0, 1, hint="Use 1")
    refused(TypeError, "f: x must be an integer >= 1; got 1.5.", _check.integer, 1.5, 1)
    refused(TypeError, "f: x must be an integer >= 1, not a float; got 2.", _check.integer, 2.0, 1)
    refused(TypeError, "f: x must be an integer >= 1, not a float; got 2.", _check.integer, np.float32(2), 1)
    refused(TypeError, "f: x must be an integer >= 0; got True.", _check.integer, True, 0)
    refused(TypeError, 'f: x must be an integer >= 0; got "3".', _check.integer, "3", 0)


@pytest.mark.parametrize("value", [(2, 3), [2, 3], np.array([2, 3])])
def test_pair_of_integers(value):
    assert _check.pair("f", "x", value, 1) == (2, 3)


def test_pair():
    assert _check.pair("f", "x", 2, 1) == (2, 2)
    text = "f: x must be an integer >= 1 or a pair of them; got (1, 2, 3)."
    refused(ValueError, text, _check.pair, (1, 2, 3), 1)
    refused(ValueError, "f: x must be an integer >= 1; got 0.", _check.pair, (1, 0), 1)
    refused(TypeError, "f: x must be an integer >= 1; got 0.5.", _check.pair, (1, 0.5), 1)
    refused(
        TypeError, "f: x must be an integer >= 1; got ((1, 2), (3, 4)).", _check.pair, ((1, 2), (3, 4)), 1
    )


def test_real():
    assert _check.real("f", "x", np.float32(0.5), 0, 1) == 0.5
    refused(TypeError, 'f: x must be a finite number; got "1".', _check.real, "1")
    refused(TypeError, "f: x must be a finite number; got True.", _check.real, True)
    refused(ValueError, "f: x must be a finite number; got nan.", _check.real, float("nan"))
    refused(ValueError, "f: x must be a finite number; got inf.", _check.real, float("inf"))
    refused(ValueError, "f: x must be a finite number >= 0; got -1.", _check.real, -1, 0)
    refused(ValueError, "f: x must be a finite number <= 1; got 2.", _check.real, 2, maximum=1)
    refused(
        ValueError, "f: x must be a finite number >= 0 and < 1; got 1.", _check.real, 1, 0, 1, exclusive=True
    )


@pytest.mark.parametrize(
    "given, kept",
    [
        ("float32", "float32"),
        ("float64", "float64"),
        ("float16", "float64"),
        ("uint8", "float64"),
        ("bool", "float64"),
    ],
)
def test_array_dtype(given, kept):
    assert _check.array("f", "x", np.ones(2, given)).dtype == kept


def test_array_is_not_copied_and_may_be_forced():
    x = np.ones((2, 3), np.float32)
    assert _check.array("f", "x", x, "H, W") is x
    assert _check.array("f", "x", x, dtype=np.float64).dtype == np.float64
    assert np.isnan(_check.array("f", "x", [np.nan, np.inf])[0])


def test_array_refusals():
    x = np.ones((2, 3))
    refused(
        ValueError,
        "f: x must be a rectangular array of numbers; got [[1], [1, 2]].",
        _check.array,
        [[1], [1, 2]],
    )
    refused(TypeError, 'f: x must be an array of real numbers; got "a".', _check.array, "a")
    refused(
        TypeError,
        "f: x must be an array of real numbers; got an array of shape (2,).",
        _check.array,
        np.ones(2, complex),
    )
    refused(TypeError, "f: x must be an array of real numbers; got None.", _check.array, None)
    refused(ValueError, "f: x must have 1 dimension (N); got an array of shape (2, 3).", _check.array, x, "N")
    text = "f: x must have 3 dimensions (C, H, W); got an array of shape (2, 3). Add one."
    refused(ValueError, text, _check.array, x, "C, H, W", hint="Add one")
    text = "f: x must have no empty dimension (H, W); got an array of shape (0, 3)."
    refused(ValueError, text, _check.array, x[:0], "H, W")


def test_same_shape():
    _check.same_shape("f", "x", np.ones((2, 3)), [2, 3])
    text = "f: x must have shape (3, 2); got an array of shape (2, 3). Transpose it."
    refused(ValueError, text, _check.same_shape, np.ones((2, 3)), (3, 2), hint="Transpose it")


def test_choice():
    assert _check.choice("f", "x", "a", ("a", "b")) == "a"
    refused(ValueError, 'f: x must be one of "a", "b"; got "c".', _check.choice, "c", ("a", "b"))
    refused(ValueError, 'f: x must be one of "a", "b"; got ["a"].', _check.choice, ["a"], ("a", "b"))


def test_generator():
    rng = np.random.default_rng(1)
    assert _check.generator("f", "x", rng) is rng
    text = "f: x must be a numpy.random.Generator; got 0. Pass x=np.random.default_rng(0)."
    refused(TypeError, text, _check.generator, 0)
