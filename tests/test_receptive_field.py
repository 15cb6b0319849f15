"""Receptive fields by the formula, and as measured: which inputs change an output."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath.layers import AvgPool2d, Conv2d, Residual
from cnnmath.network import Sequential
from cnnmath.receptive_field import Field, compose, receptive_field, unite


def measured(network, size, cell):
    """First and last row, and first and last column, of the input that the gradient of one cell reaches."""
    x = np.zeros((1, 1, size, size))
    dout = np.zeros_like(network.forward(x))
    dout[0, 0, *cell] = 1
    rows, columns = np.nonzero(network.backward(dout)[0, 0])
    return (rows.min(), rows.max()), (columns.min(), columns.max())


def conv(kernel_size, **placement):
    """One kernel of ones, so that no gradient cancels."""
    layer = Conv2d(1, 1, kernel_size, **placement)
    layer.weight.data = np.ones(layer.weight.shape)
    return layer


axis = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(axis, axis), min_size=1, max_size=3))
def test_the_gradient_reaches_exactly_the_field(windows):
    layers = [
        conv(*(), **dict(zip(("kernel_size", "stride", "padding", "dilation"), zip(*w)))) for w in windows
    ]
    network = Sequential(*layers)
    fields = [receptive_field([window[a] for window in windows])[-1] for a in (0, 1)]
    size = 160
    cell = [count // 2 for count in network.output_shape((1, size, size))[1:]]  # away from the padding
    for found, field, number in zip(measured(network, size, cell), fields, cell):
        assert found == field.pixels(number)
    assert network.window() == tuple(zip(*((f.size, f.jump, -f.start, 1) for f in fields)))


def test_by_hand():
    """VGG's argument: two 3×3 see as much as one 5×5, three as much as one 7×7."""
    assert [field.size for field in receptive_field([(3,)] * 3)] == [3, 5, 7]
    assert receptive_field([(7, 2, 3), (3, 2, 1)])[-1] == Field(size=11, jump=4, start=-5)
    assert receptive_field([]) == []
    assert Field(11, 4, -5).pixels(2) == (3, 13)


def test_a_residual_block_sees_what_either_branch_sees():
    block = Residual(Sequential(conv(3, padding=1), conv((1, 5), padding=(0, 2))))
    assert block.window() == ((3, 7), (1, 1), (1, 3), (1, 1))
    shrinking = Residual(conv(3, stride=2, padding=1), AvgPool2d(2))
    assert shrinking.window() == ((3, 3), (2, 2), (1, 1), (1, 1))
    assert measured(shrinking, 8, (1, 1)) == ((1, 3), (1, 3))
    wide_shortcut = Residual(conv(1), conv(3, padding=1))
    assert wide_shortcut.window() == ((3, 3), (1, 1), (1, 1), (1, 1))
    assert unite(None, block.window()) is None and compose([block.window(), None]) is None


@pytest.mark.parametrize(
    "windows, error, words",
    [
        (
            [3],
            ValueError,
            "receptive_field: windows must hold tuples (K, S, P, D); got 3. Write (3,) for a kernel of 3",
        ),
        ([()], ValueError, "receptive_field: windows must hold tuples (K, S, P, D); got ()."),
        ([(0,)], ValueError, "receptive_field: kernel must be an integer >= 1; got 0."),
        ([(3, 0)], ValueError, "receptive_field: stride must be an integer >= 1; got 0."),
        ([(3, 1, -1)], ValueError, "receptive_field: padding must be an integer >= 0; got -1."),
        ([(3, 1, 0, 0.5)], TypeError, "receptive_field: dilation must be an integer >= 1; got 0.5."),
    ],
)
def test_refusals(windows, error, words):
    with pytest.raises(error) as caught:
        receptive_field(windows)
    assert words in str(caught.value)
