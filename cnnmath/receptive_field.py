"""Receptive-field arithmetic: which input pixels one cell of a deep layer can depend on."""

from typing import NamedTuple

from cnnmath import _check

POINT = (1, 1), (1, 1), (0, 0), (1, 1)
"""The window of a layer that works cell by cell: kernel, stride, padding, dilation."""


class Field(NamedTuple):
    """The input pixels seen by the cells of a layer, along one axis.

    Examples
    --------
    >>> Field(size=5, jump=2, start=-1).pixels(3)
    (5, 9)
    """

    size: int  # pixels that one cell sees
    jump: int  # pixels between the fields of neighbouring cells
    start: int  # first pixel of cell 0's field; negative when it lies in the padding

    def pixels(self, cell):
        """First and last pixel of the field of cell number `cell`; may reach into the padding."""
        first = self.start + cell * self.jump
        return first, first + self.size - 1


def receptive_field(windows):
    r"""The field of every layer in a stack of windows, along one axis.

    .. math::
        r_l = r_{l-1} + D_l (K_l - 1)\, j_{l-1}, \qquad a_l = a_{l-1} - P_l\, j_{l-1},
        \qquad j_l = S_l\, j_{l-1}

    from :math:`r_0 = j_0 = 1,\ a_0 = 0`: size r, jump j and start a in input pixels, for kernel K, stride S,
    padding P and dilation D.

    Parameters
    ----------
    windows : sequence of (K, S, P, D)
        From the input upwards; what is left out at the end is S = 1, P = 0, D = 1. Convolution and pooling
        count alike; an activation is (1,).

    Returns
    -------
    list of Field
        One for each window.

    Raises
    ------
    ValueError
        If a window has no entry or more than four, or a number is too small.
    TypeError
        If a number is no integer.

    Notes
    -----
    The field is what *can* matter. With dilation, or strides beyond the kernel, it has holes.

    References
    ----------
    Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks, Distill 2019,
    equations 1 and 2.

    Examples
    --------
    >>> receptive_field([(3,), (2, 2), (3,)])
    [Field(size=3, jump=1, start=0), Field(size=4, jump=2, start=0), Field(size=8, jump=2, start=0)]
    """
    field, fields = Field(1, 1, 0), []
    for window in windows:
        if not isinstance(window, (tuple, list)) or not 1 <= len(window) <= 4:
            rule, hint = "hold tuples (K, S, P, D)", "Write (3,) for a kernel of 3 at stride 1"
            raise ValueError(_check.message("receptive_field", "windows", rule, window, hint))
        given = zip(
            ("kernel", "stride", "padding", "dilation"), (1, 1, 0, 1), (*window, *(1, 1, 0, 1)[len(window) :])
        )
        kernel, stride, padding, dilation = (
            _check.integer("receptive_field", name, number, minimum) for name, minimum, number in given
        )
        field = Field(
            size=field.size + dilation * (kernel - 1) * field.jump,
            jump=field.jump * stride,
            start=field.start - padding * field.jump,
        )
        fields.append(field)
    return fields


def compose(windows):
    """A stack of windows, seen from the input as one: ((K, K), (S, S), (P, P), (1, 1)).

    Windows are what `Layer.window` returns: a pair (vertical, horizontal) for each number, or None for a
    layer whose cells see everything; with such a layer the result is None.

    Examples
    --------
    >>> compose([((3, 3), (2, 2), (1, 1), (1, 1)), ((3, 1), (1, 1), (0, 0), (1, 1))])
    ((7, 3), (2, 2), (1, 1), (1, 1))
    """
    windows = list(windows)
    if None in windows:
        return None
    axes = [
        receptive_field([(1,), *(tuple(pair[axis] for pair in window) for window in windows)])
        for axis in (0, 1)
    ]
    return tuple(zip(*((fields[-1].size, fields[-1].jump, -fields[-1].start, 1) for fields in axes)))


def unite(first, second):
    """The smallest window that covers two windows of the same stride, as when two branches are added."""
    if first is None or second is None:
        return None
    axes = []
    for k, s, p, d, k2, _, p2, d2 in zip(*first, *second):
        padding = max(p, p2)
        last = max(d * (k - 1) - p, d2 * (k2 - 1) - p2)
        axes.append((last + padding + 1, s, padding, 1))
    return tuple(zip(*axes))
