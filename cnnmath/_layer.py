"""What every layer shares: its parts, by name, and what it keeps between forward and backward."""

from collections.abc import Mapping

from cnnmath import _check, windows
from cnnmath.parameters import Buffer, Parameter
from cnnmath.receptive_field import POINT


class Layer:
    """A function with parameters, and the derivative of that function.

    A subclass defines `forward` and `backward`, and `output_shape` where the shape changes. Attributes that
    are a `Parameter` or a `Layer` are its parts; everything below finds them there.

    Attributes
    ----------
    training : bool
        Whether `forward` runs as in training (True at first) or as in prediction. Dropout and batch
        normalisation are the layers that differ.
    """

    training = True
    _kept = None

    def forward(self, x):
        """The layer's output for a batch `x`. What `backward` needs is kept; `x` is not changed."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(x)")

    def backward(self, dout, needs_dx=True):
        """The gradient with respect to the last `forward`'s input, from that of its output.

        Parameters
        ----------
        dout : array, shape of the output
        needs_dx : bool
            False where nothing below needs the gradient: then it is not computed, and None is returned.

        Returns
        -------
        array of the input's shape, or None

        Raises
        ------
        ValueError
            If `forward` has not run.

        Notes
        -----
        Sets `grad` of the layer's parameters; the gradient of an earlier pass is replaced.
        """
        raise NotImplementedError(f"{type(self).__name__} must define backward(dout, needs_dx)")

    def output_shape(self, input_shape):
        """Shape of one output, without the batch axis, for one input of `input_shape`."""
        return tuple(input_shape)

    def multiply_adds(self, input_shape):
        """Multiplications by a weight, each with its addition, for one input of `input_shape`."""
        return 0

    def window(self):
        """(K, S, P, D), each a pair, if an output depends on a window of the input; None if on all of it."""
        return POINT

    def parts(self):
        """The parameters and layers inside this layer: a dict by attribute name."""
        return {name: part for name, part in vars(self).items() if isinstance(part, (Parameter, Layer))}

    def named_arrays(self):
        """Every `Parameter` and `Buffer` of this layer and of those inside it, by dotted name."""
        named = {}
        for name, part in self.parts().items():
            if isinstance(part, Parameter):
                named[name] = part
            else:
                named |= {f"{name}.{inner}": array for inner, array in part.named_arrays().items()}
        return named

    def named_parameters(self):
        """Every `Parameter`, frozen or not, by dotted name; no `Buffer`."""
        return {name: array for name, array in self.named_arrays().items() if not isinstance(array, Buffer)}

    def parameters(self):
        """The trainable parameters: a list for an optimiser."""
        return [parameter for parameter in self.named_parameters().values() if parameter.trainable]

    def freeze(self, frozen=True):
        """Take the parameters out of training, or put them back when `frozen` is False; returns the layer."""
        for parameter in self.named_parameters().values():
            parameter.trainable, parameter.grad = not frozen, None
        return self

    def train(self, training=True):
        """Run `forward` as in training from now on; returns the layer."""
        self.training = bool(training)
        for part in self.parts().values():
            if isinstance(part, Layer):
                part.train(training)
        return self

    def eval(self):
        """Run `forward` as in prediction from now on; returns the layer."""
        return self.train(False)

    def astype(self, dtype):
        """Turn all arrays into float32 or float64; returns the layer. Do so before making an optimiser."""
        for array in self.named_arrays().values():
            array.astype(dtype)
        return self

    def state_dict(self):
        """Copies of all arrays, learnt or averaged, by dotted name (PyTorch's names)."""
        return {name: array.data.copy() for name, array in self.named_arrays().items()}

    def load_state_dict(self, state):
        """Copy the arrays of `state` into this layer, which keeps its dtype.

        Parameters
        ----------
        state : dict of str to array
            The names and shapes of `state_dict()`.

        Raises
        ------
        ValueError
            If a name is missing or unknown, or a shape differs. Then nothing is loaded.
        TypeError
            If `state` is no dict, or an array holds no numbers.
        """
        name, arrays = "load_state_dict", self.named_arrays()
        if not isinstance(state, Mapping):
            raise TypeError(
                _check.message(name, "state", "be a dict of arrays", state, "Pass network.state_dict()")
            )
        strange = sorted(arrays.keys() ^ state.keys())
        if strange:
            rule = "have exactly the names of this network's arrays"
            hint = (
                f'"{strange[0]}" is {"missing" if strange[0] in arrays else "unknown"}; build the same layers'
            )
            raise ValueError(_check.message(name, "state", rule, sorted(state), hint))
        fitting = {}
        for key, array in arrays.items():
            fitting[key] = _check.array(name, key, state[key])
            _check.same_shape(
                name, key, fitting[key], array.shape, "Load it into a network of the same sizes"
            )
        for key, array in arrays.items():
            array.data = fitting[key]

    def recall(self):
        """What `forward` kept for `backward`; refused when `forward` has not run."""
        if self._kept is None:
            hint = "Call forward(x) before backward(dout)"
            raise ValueError(
                _check.message(f"{type(self).__name__}.backward", "x", "be kept by forward", None, hint)
            )
        return self._kept


class WindowLayer(Layer):
    """A layer that slides a window: `kernel_size`, `stride`, `padding` and `dilation`, each a pair."""

    def window(self):
        return self.kernel_size, self.stride, self.padding, self.dilation

    def placed(self, input_shape, channels=None):
        """(H_out, W_out) for one input (C, H, W)."""
        name, axes = type(self).__name__, "(C, H, W)" if channels is None else f"({channels}, H, W)"
        if len(input_shape) != 3 or channels not in (None, input_shape[0]):
            raise ValueError(_check.message(name, "input_shape", f"be {axes}", tuple(input_shape)))
        return windows.geometry(name, input_shape[1:], *self.window()).output
