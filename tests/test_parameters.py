"""Parameters: copied, allocated late, replaced only by what fits."""

import numpy as np
import pytest

from cnnmath.parameters import Buffer, Parameter


def test_copies_what_it_is_given():
    given = np.array([1.0, 2.0])
    parameter = Parameter(given)
    parameter.data += 1
    np.testing.assert_array_equal(given, [1, 2])
    parameter.data = given
    parameter.data += 1
    np.testing.assert_array_equal(given, [1, 2])
    np.testing.assert_array_equal(parameter.data, [2, 3])


@pytest.mark.parametrize(
    "given, kept", [(np.float32, np.float32), (np.float64, np.float64), (int, np.float64)]
)
def test_dtype(given, kept):
    parameter = Parameter(np.ones(2, given))
    parameter.data = np.zeros(2)
    assert parameter.dtype == parameter.data.dtype == kept


def test_lazy_draws_once_and_only_when_read():
    calls = []

    def draw(shape):
        calls.append(shape)
        return np.full(shape, 7)

    parameter = Parameter.lazy([2, 3], draw)
    assert (parameter.shape, parameter.size, parameter.dtype, calls) == ((2, 3), 6, np.float64, [])
    repr(parameter)
    parameter.astype(np.float32)
    assert calls == []
    assert (
        parameter.data.dtype == np.float32
        and (parameter.data == 7).all()
        and parameter.data is parameter.data
    )
    assert calls == [(2, 3)]
    assigned = Parameter.lazy((1,), draw)
    assigned.data = [5]
    assert assigned.data == 5 and len(calls) == 1


def test_astype_turns_data_and_drops_the_gradient():
    parameter = Parameter([1.0])
    parameter.grad = np.ones(1)
    parameter.astype("float32")
    assert parameter.data.dtype == parameter.dtype == np.float32 and parameter.grad is None


def test_only_parameters_are_trainable():
    assert Parameter([1.0]).trainable and not Buffer([1.0]).trainable
    assert repr(Buffer([1.0])) == "Buffer(shape=(1,), dtype=float64)"


@pytest.mark.parametrize(
    "act, error, words",
    [
        (
            lambda p: setattr(p, "data", [1]),
            ValueError,
            "Parameter: data must have shape (2,); got an array of shape (1,).",
        ),
        (
            lambda p: setattr(p, "data", ["a", "b"]),
            TypeError,
            "Parameter: data must be an array of real numbers",
        ),
        (lambda p: Parameter("a"), TypeError, "Parameter: data must be an array of real numbers"),
        (
            lambda p: p.astype(int),
            ValueError,
            'Parameter.astype: dtype must be one of "float32", "float64"; got "int".',
        ),
        (
            lambda p: Parameter.lazy((2,), lambda shape: np.ones(3)).data,
            ValueError,
            "Parameter: draw(shape) must have shape (2,); got an array of shape (3,).",
        ),
    ],
)
def test_refusals(act, error, words):
    parameter = Parameter([1.0, 2.0])
    with pytest.raises(error) as caught:
        act(parameter)
    assert words in str(caught.value)
    np.testing.assert_array_equal(parameter.data, [1, 2])
