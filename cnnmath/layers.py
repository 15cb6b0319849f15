"""Layers: thin classes over the functions, each with its parameters and what its derivative needs.

A layer's `forward(x)` calls the function of the same name and keeps what `backward(dout)` needs; `backward`
returns the gradient with respect to `x` and leaves those of its parameters in their `grad`. Batches are
N×C×H×W, or N×features after `Flatten`; shapes passed to `output_shape` and `multiply_adds` leave N out.
Parameters start as float64 (`astype` changes that) and are allocated when first read.
"""

import math

import numpy as np

from cnnmath import _check, activations, pooling, regularization
from cnnmath._layer import Layer, WindowLayer
from cnnmath._weighted_layers import BatchNorm2d, Conv2d, Linear
from cnnmath.receptive_field import POINT, unite

__all__ = [
    "AvgPool2d", "BatchNorm2d", "Conv2d", "Dropout", "Flatten", "GELU", "GlobalAvgPool2d", "Layer",
    "LeakyReLU", "Linear", "MaxPool2d", "ReLU", "Residual", "Sigmoid", "Softmax", "Tanh",
]  # fmt: skip


class _Plain(Layer):
    """A layer that learns nothing: function(x, *arguments), and derivative(dout, x, *arguments)."""

    function = derivative = None
    arguments = ()

    def forward(self, x):
        self._kept = x
        return self.function(x, *self.arguments)

    def backward(self, dout, needs_dx=True):
        x = self.recall()
        return self.derivative(dout, x, *self.arguments) if needs_dx else None


class ReLU(_Plain):
    """`activations.relu` as a layer: max(x, 0)."""

    function, derivative = staticmethod(activations.relu), staticmethod(activations.relu_backward)


class LeakyReLU(_Plain):
    """`activations.leaky_relu` as a layer: x, or `negative_slope` times x where x < 0."""

    function, derivative = staticmethod(activations.leaky_relu), staticmethod(activations.leaky_relu_backward)

    def __init__(self, negative_slope=0.01):
        self.arguments = (_check.real("LeakyReLU", "negative_slope", negative_slope),)


class Sigmoid(_Plain):
    """`activations.sigmoid` as a layer."""

    function, derivative = staticmethod(activations.sigmoid), staticmethod(activations.sigmoid_backward)


class Tanh(_Plain):
    """`activations.tanh` as a layer."""

    function, derivative = staticmethod(activations.tanh), staticmethod(activations.tanh_backward)


class GELU(_Plain):
    """`activations.gelu` as a layer; `approximate` is "none" or "tanh"."""

    function, derivative = staticmethod(activations.gelu), staticmethod(activations.gelu_backward)

    def __init__(self, approximate="none"):
        self.arguments = (_check.choice("GELU", "approximate", approximate, ("none", "tanh")),)


class Softmax(_Plain):
    """`activations.softmax` over the classes (axis 1) as a layer.

    Not in front of `losses.cross_entropy`, which contains a softmax of its own.
    """

    function, derivative = staticmethod(activations.softmax), staticmethod(activations.softmax_backward)
    arguments = (1,)


class _Pool(WindowLayer):
    """Windows of each channel, placed as in `pooling`."""

    dilation = (1, 1)

    def __init__(self, kernel_size, stride=None, padding=0):
        name = type(self).__name__
        self.kernel_size = _check.pair(name, "kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else _check.pair(name, "stride", stride, 1)
        self.padding = _check.pair(name, "padding", padding, 0)
        self.arguments = self.kernel_size, self.stride, self.padding
        pooling.avg_pool2d(
            np.zeros((1, 1, *self.kernel_size)), *self.arguments
        )  # refuses a padding too large

    def output_shape(self, input_shape):
        return input_shape[0], *self.placed(input_shape)


class MaxPool2d(_Pool):
    """`pooling.max_pool2d` as a layer: `kernel_size`, `stride` (the kernel size if not given), `padding`."""

    def forward(self, x):
        if not self.training:  # who wins is found again if somebody asks for a gradient
            self._kept = x, None
            return pooling.max_pool2d(x, *self.arguments)
        y, winners = pooling.max_pool2d_with_winners(x, *self.arguments)
        self._kept = x, winners
        return y

    def backward(self, dout, needs_dx=True):
        x, winners = self.recall()
        return pooling.max_pool2d_backward(dout, x, *self.arguments, winners) if needs_dx else None


class AvgPool2d(_Pool, _Plain):
    """`pooling.avg_pool2d` as a layer: `kernel_size`, `stride` (the kernel size if not given), `padding`."""

    function, derivative = staticmethod(pooling.avg_pool2d), staticmethod(pooling.avg_pool2d_backward)


class GlobalAvgPool2d(_Plain):
    """`pooling.global_avg_pool2d` as a layer: (N, C, H, W) to (N, C, 1, 1)."""

    function, derivative = (
        staticmethod(pooling.global_avg_pool2d),
        staticmethod(pooling.global_avg_pool2d_backward),
    )

    def output_shape(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(
                _check.message("GlobalAvgPool2d", "input_shape", "be (C, H, W)", tuple(input_shape))
            )
        return input_shape[0], 1, 1

    def window(self):
        return None


class Flatten(Layer):
    """Each example as one row: (N, C, H, W) to (N, C H W), in row-major order.

    Examples
    --------
    >>> Flatten().forward(np.arange(4).reshape(1, 1, 2, 2))
    array([[0, 1, 2, 3]])
    """

    def forward(self, x):
        x = np.asarray(x)
        self._kept = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dout, needs_dx=True):
        shape = self.recall()
        return np.reshape(dout, shape) if needs_dx else None

    def output_shape(self, input_shape):
        return (math.prod(input_shape),)

    def window(self):
        return None


class Dropout(Layer):
    """`regularization.dropout` as a layer: active in training, the identity in prediction.

    Parameters
    ----------
    p : float
        Probability of dropping an entry, 0 <= p < 1.
    rng : numpy.random.Generator
        Draws the masks.

    Raises
    ------
    ValueError, TypeError
        If `p` is not in [0, 1), or, when training starts, `rng` is no Generator.
    """

    def __init__(self, p=0.5, rng=None):
        self.p = _check.real("Dropout", "p", p, 0, 1, exclusive=True)
        self.rng = rng

    def forward(self, x):
        if self.training:
            _check.generator("Dropout", "rng", self.rng)
        y, self._kept = regularization.dropout(x, self.p, self.rng, self.training)
        return y

    def backward(self, dout, needs_dx=True):
        mask = self.recall()
        return regularization.dropout_backward(dout, mask) if needs_dx else None


class Residual(Layer):
    r"""A body of layers and a way around it, added.

    .. math:: y = F(x) + s(x), \qquad \frac{\partial L}{\partial x} = J_F^\top \delta + J_s^\top \delta

    With the identity for s, :math:`\delta` itself is one of the two terms.

    Parameters
    ----------
    body : Layer
        F, commonly a `network.Sequential`.
    shortcut : Layer, optional
        s; the identity if not given. Where the body changes the shape, a 1×1 `Conv2d` of the same stride.

    Raises
    ------
    TypeError
        If `body` or `shortcut` is no Layer.
    ValueError
        If the two give different shapes.

    References
    ----------
    He et al., Deep residual learning for image recognition, CVPR 2016, equations 1 and 2.

    Examples
    --------
    >>> Residual(ReLU()).forward(np.array([-6, 6]))
    array([-6., 12.])
    """

    def __init__(self, body, shortcut=None):
        for name, layer in (("body", body), ("shortcut", shortcut)):
            if not isinstance(layer, Layer) and (name == "body" or layer is not None):
                hint = "Wrap several layers as Sequential(...)"
                raise TypeError(_check.message("Residual", name, "be a Layer", layer, hint))
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        around = x if self.shortcut is None else self.shortcut.forward(x)
        y = self.body.forward(x)
        self._agree(y.shape, np.shape(around))
        return y + around

    def backward(self, dout, needs_dx=True):
        dx = self.body.backward(dout, needs_dx)
        around = dout if self.shortcut is None else self.shortcut.backward(dout, needs_dx)
        return dx + around if needs_dx else None

    def output_shape(self, input_shape):
        around = tuple(input_shape) if self.shortcut is None else self.shortcut.output_shape(input_shape)
        self._agree(self.body.output_shape(input_shape), around)
        return around

    def multiply_adds(self, input_shape):
        return sum(
            layer.multiply_adds(input_shape) for layer in (self.body, self.shortcut) if layer is not None
        )

    def window(self):
        return unite(self.body.window(), POINT if self.shortcut is None else self.shortcut.window())

    def _agree(self, body, around):
        if body != around:
            hint = "Let shortcut be a 1×1 Conv2d with the body's channels and stride"
            raise ValueError(
                _check.message("Residual", "shortcut", f"give the body's shape {body}", around, hint)
            )
