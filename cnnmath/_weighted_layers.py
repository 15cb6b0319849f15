"""The layers that learn: convolution, dense layer, batch normalisation."""

import math

import numpy as np

from cnnmath import _check, convolution, normalization
from cnnmath._layer import Layer, WindowLayer
from cnnmath.initialization import he_normal
from cnnmath.parameters import Buffer, Parameter


def _weight(name, shape, rng, init):
    """A parameter that init(shape, generator) draws when it is first read."""
    if rng is None:
        return Parameter.lazy(shape, lambda shape: init(shape, _check.generator(name, "rng", None)))
    # A generator of its own for each weight: which of them is read first then makes no difference.
    seed = _check.generator(name, "rng", rng).integers(2**63)
    return Parameter.lazy(shape, lambda shape: init(shape, np.random.default_rng(seed)))


def _zeros(size):
    return Parameter.lazy((size,), np.zeros)


class Conv2d(WindowLayer):
    r"""Correlation with `out_channels` learnt kernels: `convolution.conv2d` as a layer.

    Parameters
    ----------
    in_channels, out_channels : int
        C_in and C_out, both multiples of `groups`.
    kernel_size, stride, padding, dilation : int or pair of int
        As in `convolution.conv2d`.
    groups : int
    bias : bool
        Whether a number is added to each map.
    rng : numpy.random.Generator
        Where the weights come from; not needed while they are only counted, or are loaded or assigned.
    init : callable
        ``(shape, rng) -> array``; `initialization.he_normal` unless told otherwise. The bias starts at 0.

    Attributes
    ----------
    weight : Parameter, shape (C_out, C_in / groups, K_h, K_w)
    bias : Parameter, shape (C_out,), or None

    Raises
    ------
    ValueError, TypeError
        If a size is no integer or too small, or `groups` does not divide the channels.

    Examples
    --------
    >>> layer = Conv2d(1, 1, (1, 2)); layer.weight.data = [[[[1, -1]]]]; layer.forward([[[[1, 2, 4]]]])
    array([[[[-1., -2.]]]])
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        rng=None, init=he_normal,
    ):  # fmt: skip
        groups = _check.integer("Conv2d", "groups", groups, 1)
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if _check.integer("Conv2d", name, channels, 1) % groups:
                raise ValueError(
                    _check.message("Conv2d", "groups", f"divide {name}={channels}", groups, "Use groups=1")
                )
        self.in_channels, self.groups = in_channels, groups
        self.kernel_size = _check.pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = _check.pair("Conv2d", "stride", stride, 1)
        self.padding = _check.pair("Conv2d", "padding", padding, 0)
        self.dilation = _check.pair("Conv2d", "dilation", dilation, 1)
        self.weight = _weight("Conv2d", (out_channels, in_channels // groups, *self.kernel_size), rng, init)
        self.bias = _zeros(out_channels) if bias else None

    def forward(self, x):
        self._kept = x
        bias = None if self.bias is None else self.bias.data
        return convolution.conv2d(
            x, self.weight.data, bias, self.stride, self.padding, self.dilation, self.groups
        )

    def backward(self, dout, needs_dx=True):
        x = self.recall()
        placement = self.stride, self.padding, self.dilation, self.groups
        dx, self.weight.grad, dbias = convolution.conv2d_backward(
            dout, x, self.weight.data, *placement, needs_dx
        )
        if self.bias is not None:
            self.bias.grad = dbias
        return dx

    def output_shape(self, input_shape):
        return self.weight.shape[0], *self.placed(input_shape, self.in_channels)

    def multiply_adds(self, input_shape):
        """C_out H_out W_out · (C_in / groups) K_h K_w."""
        return math.prod(self.output_shape(input_shape)) * math.prod(self.weight.shape[1:])


class Linear(Layer):
    r"""Dense layer :math:`y = x W^\top + b` on a batch (N, in_features).

    .. math::
        \frac{\partial L}{\partial x} = \delta W, \quad \frac{\partial L}{\partial W} = \delta^\top x, \quad
        \frac{\partial L}{\partial b} = \sum_n \delta_n, \qquad \delta = \frac{\partial L}{\partial y}

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
    rng, init
        As in `Conv2d`.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
    bias : Parameter, shape (out_features,), or None

    Raises
    ------
    ValueError, TypeError
        If a size is no integer or < 1; in `forward`, if `x` is not (N, in_features).

    Examples
    --------
    >>> layer = Linear(2, 1); layer.weight.data = [[3, 4]]; layer.forward(np.array([[1, 1], [0, 2]]))
    array([[7.],
           [8.]])
    """

    def __init__(self, in_features, out_features, bias=True, rng=None, init=he_normal):
        sizes = ("out_features", out_features), ("in_features", in_features)
        shape = tuple(_check.integer("Linear", name, size, 1) for name, size in sizes)
        self.weight = _weight("Linear", shape, rng, init)
        self.bias = _zeros(out_features) if bias else None

    def forward(self, x):
        x = _check.array("Linear", "x", x, "N, in_features", hint="Put Flatten() before it")
        hint = f"Use Linear({x.shape[1]}, {self.weight.shape[0]})"
        _check.same_shape("Linear", "x", x, (len(x), self.weight.shape[1]), hint)
        self._kept = x
        y = x @ self.weight.data.T
        return y if self.bias is None else y + self.bias.data

    def backward(self, dout, needs_dx=True):
        x = self.recall()
        dout = _check.array("Linear.backward", "dout", dout)
        _check.same_shape(
            "Linear.backward", "dout", dout, (len(x), self.weight.shape[0]), "It has the output's shape"
        )
        self.weight.grad = dout.T @ x
        if self.bias is not None:
            self.bias.grad = dout.sum(axis=0)
        return dout @ self.weight.data if needs_dx else None

    def output_shape(self, input_shape):
        hint = f"Use Linear({math.prod(input_shape)}, {self.weight.shape[0]})"
        if len(input_shape) > 1:
            hint += " after Flatten()"
        if tuple(input_shape) != self.weight.shape[1:]:
            rule = f"be {self.weight.shape[1:]}"
            raise ValueError(_check.message("Linear", "input_shape", rule, tuple(input_shape), hint))
        return self.weight.shape[:1]

    def multiply_adds(self, input_shape):
        """in_features · out_features."""
        return self.weight.size

    def window(self):
        return None


class BatchNorm2d(Layer):
    """`normalization.batch_norm` as a layer: in training by the batch's statistics, else by running ones.

    Parameters
    ----------
    num_features : int
        The number of channels C.
    eps, momentum : float
        As in `normalization.batch_norm`; `momentum` is the weight of the new batch.

    Attributes
    ----------
    weight, bias : Parameter, shape (C,)
        Scale, 1 at first, and shift, 0 at first.
    running_mean, running_var : Buffer, shape (C,)
        0 and 1 at first; moved by every `forward` in training.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range or of the wrong kind.
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        size = _check.integer("BatchNorm2d", "num_features", num_features, 1)
        self.eps, self.momentum = eps, _check.real("BatchNorm2d", "momentum", momentum, 0, 1)
        if _check.real("BatchNorm2d", "eps", eps, 0) == 0:
            raise ValueError(_check.message("BatchNorm2d", "eps", "be > 0", eps, "Use eps=1e-5"))
        self.weight, self.bias = Parameter(np.ones(size)), Parameter(np.zeros(size))
        self.running_mean, self.running_var = Buffer(np.zeros(size)), Buffer(np.ones(size))

    def forward(self, x):
        running = self.running_mean.data, self.running_var.data
        self._kept = x, *running, self.training
        y, (self.running_mean.data, self.running_var.data) = normalization.batch_norm(
            x, self.weight.data, self.bias.data, *running, self.training, self.momentum, self.eps
        )
        return y

    def backward(self, dout, needs_dx=True):
        x, *mode = self.recall()
        dx, self.weight.grad, self.bias.grad = normalization.batch_norm_backward(
            dout, x, self.weight.data, *mode, self.eps
        )
        return dx if needs_dx else None

    def output_shape(self, input_shape):
        if len(input_shape) not in (1, 3) or input_shape[0] != self.weight.size:
            rule, hint = f"have C={self.weight.size} channels first", "Use BatchNorm2d of that many channels"
            raise ValueError(_check.message("BatchNorm2d", "input_shape", rule, tuple(input_shape), hint))
        return tuple(input_shape)
