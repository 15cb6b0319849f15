"""What a network learns: an array, and the gradient of the loss with respect to it."""

import math

import numpy as np

from cnnmath import _check


class Parameter:
    """An array to be learnt, with its gradient.

    Parameters
    ----------
    data : array_like, float32 or float64, any shape
        Copied; integers become float64.
    trainable : bool
        False for a frozen weight: `Layer.parameters` then leaves it out.

    Attributes
    ----------
    data : array
        The present values. Optimisers change them in place; assigning copies an array of the same shape
        and keeps the dtype.
    grad : array like `data`, or None
        What the latest backward pass found. Each pass replaces it: gradients do not add up.
    shape, size, dtype
        Those of `data`, known before it is allocated.

    Raises
    ------
    ValueError
        If an array of another shape is assigned to `data`.

    Examples
    --------
    >>> p = Parameter([[1, 2], [3, 4]]); p.data = np.zeros((2, 2)); p.data.sum(), p.size, p.grad
    (np.float64(0.0), 4, None)
    """

    def __init__(self, data, trainable=True):
        self._data = _check.array("Parameter", "data", data).copy()
        self._draw = None
        self.shape, self.dtype = self._data.shape, self._data.dtype
        self.trainable, self.grad = trainable, None

    @classmethod
    def lazy(cls, shape, draw):
        """A float64 parameter that calls ``draw(shape)`` when its `data` is first read.

        So a network of 138 million weights can be built, counted and loaded before any is drawn.
        """
        self = cls.__new__(cls)
        self._data, self._draw = None, draw
        self.shape, self.dtype = tuple(shape), np.dtype(np.float64)
        self.trainable, self.grad = True, None
        return self

    @property
    def size(self):
        """Number of entries."""
        return math.prod(self.shape)

    @property
    def data(self):
        if self._data is None:
            drawn = _check.array("Parameter", "draw(shape)", self._draw(self.shape), dtype=self.dtype)
            _check.same_shape("Parameter", "draw(shape)", drawn, self.shape)
            self._data = drawn
        return self._data

    @data.setter
    def data(self, value):
        value = _check.array("Parameter", "data", value, dtype=self.dtype)
        _check.same_shape("Parameter", "data", value, self.shape)
        self._data = value.copy()

    def astype(self, dtype):
        """Turn `data` into float32 or float64, in this object; the gradient is dropped."""
        name = getattr(dtype, "__name__", str(dtype))
        dtype = np.dtype(_check.choice("Parameter.astype", "dtype", name, ("float32", "float64")))
        if self._data is not None:
            self._data = self._data.astype(dtype)
        self.dtype, self.grad = dtype, None

    def __repr__(self):
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype})"


class Buffer(Parameter):
    """An array that is saved with the weights but never learnt, such as a running average."""

    def __init__(self, data):
        super().__init__(data, trainable=False)
