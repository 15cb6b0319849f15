"""What every optimiser shares, and the clipping of gradients before a step."""

import numpy as np

from cnnmath import _check


class Optimizer:
    """What all optimisers share; a rule is a subclass with its own `terms`.

    Parameters
    ----------
    parameters : iterable of objects with arrays `data` and `grad`
        What to update. A parameter whose `grad` is None is left as it is.
    lr : float
        Learning rate, >= 0. A schedule may set the attribute `lr` between steps.

    Attributes
    ----------
    state : list of dict
        The terms of the latest step, by name, in the order of `parameters`; empty before.

    Raises
    ------
    ValueError
        If there is no parameter, or a gradient's shape differs from its parameter's.
    TypeError
        If a parameter lacks `data` or `grad`.
    """

    def __init__(self, parameters, lr):
        name = type(self).__name__
        self.parameters = list(parameters)
        if not self.parameters:
            rule, hint = (
                "hold at least one parameter",
                "Pass network.parameters() of a network that has weights",
            )
            raise ValueError(_check.message(name, "parameters", rule, self.parameters, hint))
        for parameter in self.parameters:
            if not (hasattr(parameter, "data") and hasattr(parameter, "grad")):
                hint = "Wrap an array as Parameter(array)"
                raise TypeError(_check.message(name, "parameters", "have data and grad", parameter, hint))
        self.lr = _check.real(name, "lr", lr, 0)
        self.state = [{} for _ in self.parameters]

    def step(self):
        """Update every parameter's `data` in place from its `grad`."""
        name = f"{type(self).__name__}.step"
        for parameter, state in zip(self.parameters, self.state):
            if parameter.grad is None:
                continue
            data = parameter.data
            grad = _check.array(name, "grad", parameter.grad, dtype=data.dtype)
            _check.same_shape(name, "grad", grad, data.shape, "It has the shape of its parameter")
            state.update(self.terms(data, grad, state))
            np.add(data, state["change"], out=data)

    def terms(self, data, grad, state):
        """Every term of one update, in the order of the rule; ``"change"`` is added to `data`.

        Parameters
        ----------
        data, grad : array, one shape and dtype
        state : dict
            The terms of the step before; empty at the first step.

        Returns
        -------
        dict of str to array or int
        """
        raise NotImplementedError(f"{type(self).__name__} must define terms(data, grad, state)")


def clip_grad_norm(parameters, max_norm):
    r"""Scale all gradients by one factor so that their joint norm is at most `max_norm`.

    .. math:: g \leftarrow g \cdot \min\!\left(1, \frac{c}{\lVert g\rVert_2 + 10^{-6}}\right)

    where :math:`\lVert g\rVert_2` runs over all entries of all gradients and c is `max_norm`.

    Parameters
    ----------
    parameters : iterable of objects with an array `grad`
        Each `grad` is replaced by a scaled array; None is skipped.
    max_norm : float
        c >= 0.

    Returns
    -------
    float
        The norm before clipping.

    Raises
    ------
    ValueError
        If `max_norm` is negative or not finite.

    Notes
    -----
    The direction of the step stays. The :math:`10^{-6}` is PyTorch's guard against division by zero. A norm
    that is NaN or infinite still leaves NaN in the gradients: clipping does not mend a diverged network.

    References
    ----------
    Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, ICML 2013,
    algorithm 1.

    Examples
    --------
    >>> from cnnmath.parameters import Parameter
    >>> p = Parameter([0, 0]); p.grad = np.array([3.0, 4.0]); clip_grad_norm([p], 10)
    5.0
    """
    max_norm = _check.real("clip_grad_norm", "max_norm", max_norm, 0)
    parameters = [parameter for parameter in parameters if parameter.grad is not None]
    norm = float(np.sqrt(sum(np.vdot(parameter.grad, parameter.grad) for parameter in parameters)))
    factor = float(np.minimum(1, max_norm / (norm + 1e-6)))
    if factor != 1:
        for parameter in parameters:
            parameter.grad = parameter.grad * factor
    return norm
