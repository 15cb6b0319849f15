"""What layers refuse, when they are made, placed or run, and in which words."""

import numpy as np
import pytest

from cnnmath.layers import (
    GELU,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    GlobalAvgPool2d,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
)


@pytest.mark.parametrize(
    "act, error, words",
    [
        (lambda: Conv2d(0, 1, 3), ValueError, "Conv2d: in_channels must be an integer >= 1; got 0."),
        (lambda: Conv2d(1, 1.5, 3), TypeError, "Conv2d: out_channels must be an integer >= 1; got 1.5."),
        (
            lambda: Conv2d(3, 4, 3, groups=2),
            ValueError,
            "Conv2d: groups must divide in_channels=3; got 2. Use groups=1.",
        ),
        (lambda: Conv2d(4, 3, 3, groups=2), ValueError, "Conv2d: groups must divide out_channels=3; got 2."),
        (lambda: Conv2d(1, 1, 3, groups=0), ValueError, "Conv2d: groups must be an integer >= 1; got 0."),
        (lambda: Conv2d(1, 1, 0), ValueError, "Conv2d: kernel_size must be an integer >= 1; got 0."),
        (lambda: Conv2d(1, 1, 3, stride=0), ValueError, "Conv2d: stride must be an integer >= 1; got 0."),
        (lambda: Conv2d(1, 1, 3, padding=-1), ValueError, "Conv2d: padding must be an integer >= 0; got -1."),
        (lambda: Conv2d(1, 1, 3, dilation=0), ValueError, "Conv2d: dilation must be an integer >= 1; got 0."),
        (
            lambda: Conv2d(1, 1, 3).weight.data,
            TypeError,
            "Conv2d: rng must be a numpy.random.Generator; got None. Pass rng=np.random.default_rng(0).",
        ),
        (lambda: Conv2d(1, 1, 3, rng=0), TypeError, "Conv2d: rng must be a numpy.random.Generator; got 0."),
        (
            lambda: Conv2d(3, 4, 3).output_shape((1, 8, 8)),
            ValueError,
            "Conv2d: input_shape must be (3, H, W); got (1, 8, 8).",
        ),
        (
            lambda: Conv2d(3, 4, 3).output_shape((3, 8)),
            ValueError,
            "Conv2d: input_shape must be (3, H, W); got (3, 8).",
        ),
        (
            lambda: Conv2d(1, 4, 3).output_shape((1, 2, 8)),
            ValueError,
            "Conv2d: kernel height 3 must not exceed padded height 2",
        ),
        (lambda: Linear(0, 1), ValueError, "Linear: in_features must be an integer >= 1; got 0."),
        (lambda: Linear(1, 0), ValueError, "Linear: out_features must be an integer >= 1; got 0."),
        (lambda: Linear(1, 1, rng=0), TypeError, "Linear: rng must be a numpy.random.Generator; got 0."),
        (
            lambda: Linear(4, 2).output_shape((1, 2, 2)),
            ValueError,
            "Linear: input_shape must be (4,); got (1, 2, 2). Use Linear(4, 2) after Flatten().",
        ),
        (
            lambda: Linear(4, 2).output_shape((5,)),
            ValueError,
            "Linear: input_shape must be (4,); got (5). Use Linear(5, 2).",
        ),
        (
            lambda: Linear(4, 2).forward(np.ones((1, 5))),
            ValueError,
            "Linear: x must have shape (1, 4); got an array of shape (1, 5). Use Linear(5, 2).",
        ),
        (
            lambda: Linear(4, 2).forward(np.ones((1, 1, 2, 2))),
            ValueError,
            "Linear: x must have 2 dimensions (N, in_features); got an array of shape (1, 1, 2, 2). "
            "Put Flatten() before it.",
        ),
        (lambda: Linear(4, 2).output_shape(()), ValueError, "Linear: input_shape must be (4,); got ()."),
        (
            lambda: ran(Linear(2, 1)).backward(np.ones((1, 2))),
            ValueError,
            "Linear.backward: dout must have shape (1, 1); got an array of shape (1, 2). "
            "It has the output's shape.",
        ),
        (lambda: BatchNorm2d(0), ValueError, "BatchNorm2d: num_features must be an integer >= 1; got 0."),
        (lambda: BatchNorm2d(1, eps=0), ValueError, "BatchNorm2d: eps must be > 0; got 0. Use eps=1e-5."),
        (
            lambda: BatchNorm2d(1, momentum=2),
            ValueError,
            "BatchNorm2d: momentum must be a finite number >= 0 and <= 1; got 2.",
        ),
        (
            lambda: BatchNorm2d(2).output_shape((3, 4, 4)),
            ValueError,
            "BatchNorm2d: input_shape must have C=2 channels first; got (3, 4, 4). "
            "Use BatchNorm2d of that many channels.",
        ),
        (lambda: LeakyReLU("a"), TypeError, 'LeakyReLU: negative_slope must be a finite number; got "a".'),
        (lambda: GELU("fast"), ValueError, 'GELU: approximate must be one of "none", "tanh"; got "fast".'),
        (lambda: MaxPool2d(0), ValueError, "MaxPool2d: kernel_size must be an integer >= 1; got 0."),
        (lambda: AvgPool2d(2, 0), ValueError, "AvgPool2d: stride must be an integer >= 1; got 0."),
        (lambda: MaxPool2d(2, padding=-1), ValueError, "MaxPool2d: padding must be an integer >= 0; got -1."),
        (
            lambda: MaxPool2d(2, padding=2),
            ValueError,
            "padding must be at most half the kernel height 2; got 2.",
        ),
        (
            lambda: MaxPool2d(2).output_shape((4,)),
            ValueError,
            "MaxPool2d: input_shape must be (C, H, W); got (4).",
        ),
        (
            lambda: GlobalAvgPool2d().output_shape((4,)),
            ValueError,
            "GlobalAvgPool2d: input_shape must be (C, H, W); got (4).",
        ),
        (lambda: Dropout(1), ValueError, "Dropout: p must be a finite number >= 0 and < 1; got 1."),
        (
            lambda: Dropout().forward(np.ones(2)),
            TypeError,
            "Dropout: rng must be a numpy.random.Generator; got None.",
        ),
        (
            lambda: Residual(None),
            TypeError,
            "Residual: body must be a Layer; got None. Wrap several layers as Sequential(...).",
        ),
        (
            lambda: Residual(ReLU(), [ReLU()]),
            TypeError,
            "Residual: shortcut must be a Layer; got [a value of type ReLU].",
        ),
        (
            lambda: Residual(MaxPool2d(2)).output_shape((1, 4, 4)),
            ValueError,
            "Residual: shortcut must give the body's shape (1, 2, 2); got (1, 4, 4). "
            "Let shortcut be a 1×1 Conv2d",
        ),
        (
            lambda: Residual(MaxPool2d(2)).forward(np.ones((3, 1, 4, 4))),
            ValueError,
            "Residual: shortcut must give the body's shape (3, 1, 2, 2); got (3, 1, 4, 4).",
        ),
        (lambda: Layer().forward(1), NotImplementedError, "Layer must define forward(x)"),
        (lambda: Layer().backward(1), NotImplementedError, "Layer must define backward(dout, needs_dx)"),
    ],
)
def test_refusals(act, error, words):
    with pytest.raises(error) as caught:
        act()
    assert words in str(caught.value)


def ran(layer):
    """A Linear layer after a forward pass."""
    layer.weight.data = np.ones(layer.weight.shape)
    layer.forward(np.ones((1, layer.weight.shape[1])))
    return layer
