"""Gradient descent and its refinements: from a gradient to the next weights.

An optimiser holds parameters: anything with arrays `data` and `grad`, such as `parameters.Parameter`.
`step()` computes every term of its update rule with `terms`, adds the term ``"change"`` to
`data` **in place** (the one mutation in this package), and keeps all terms in `state`, one dict per
parameter, so that each line of the rule can be read as numbers.
"""

import numpy as np

from cnnmath import _check
from cnnmath._optimizer import Optimizer, clip_grad_norm

__all__ = ["SGD", "RMSprop", "Adam", "AdamW", "Optimizer", "clip_grad_norm"]


class SGD(Optimizer):
    r"""Gradient descent, with momentum, Nesterov's look-ahead and weight decay.

    .. math::
        g_t = \nabla L(\theta_{t-1}) + \lambda\theta_{t-1}, \quad v_t = \mu v_{t-1} + g_t, \quad
        \theta_t = \theta_{t-1} - \eta\,d_t, \quad
        d_t = \begin{cases} g_t + \mu v_t & \text{Nesterov}\\ v_t & \text{otherwise}\end{cases}

    with :math:`v_1 = g_1`. With `momentum` 0 this is :math:`\theta_t = \theta_{t-1} - \eta g_t`.

    Parameters
    ----------
    parameters, lr
        See `Optimizer`; `lr` is :math:`\eta`.
    momentum : float
        :math:`\mu`, 0 <= momentum <= 1.
    nesterov : bool
        Step along :math:`g_t + \mu v_t`; needs momentum > 0.
    weight_decay : float
        :math:`\lambda` >= 0, the gradient of the penalty :math:`\tfrac{\lambda}{2}\lVert\theta\rVert^2`.

    Raises
    ------
    ValueError
        If a number is out of its range, or `nesterov` is asked for without momentum.

    Notes
    -----
    The terms are ``gradient``, ``velocity``, ``direction`` and ``change``. As in PyTorch, and unlike
    the papers, :math:`\eta` multiplies the whole velocity: lowering it slows at once what has been gathered.

    References
    ----------
    Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013,
    equations 1-2 (momentum) and 3-4 (Nesterov).

    Examples
    --------
    >>> from cnnmath.parameters import Parameter
    >>> p = Parameter([4, 2]); p.grad = np.array([2.0, 0.0]); SGD([p], lr=1).step(); p.data
    array([2., 2.])
    """

    def __init__(self, parameters, lr, momentum=0, nesterov=False, weight_decay=0):
        super().__init__(parameters, lr)
        self.momentum = _check.real("SGD", "momentum", momentum, 0, 1)
        self.nesterov = bool(nesterov)
        self.weight_decay = _check.real("SGD", "weight_decay", weight_decay, 0)
        if nesterov and momentum == 0:
            rule = "be > 0 when nesterov=True"
            raise ValueError(_check.message("SGD", "momentum", rule, momentum, "Use momentum=0.9"))

    def terms(self, data, grad, state):
        gradient = grad + self.weight_decay * data if self.weight_decay else grad
        velocity = direction = gradient
        if self.momentum:
            if "velocity" in state:
                velocity = self.momentum * state["velocity"] + gradient
            direction = gradient + self.momentum * velocity if self.nesterov else velocity
        return dict(gradient=gradient, velocity=velocity, direction=direction, change=-self.lr * direction)


class RMSprop(Optimizer):
    r"""Gradient descent scaled by a running root mean square of each weight's gradient.

    .. math::
        g_t = \nabla L(\theta_{t-1}) + \lambda\theta_{t-1}, \quad
        s_t = \alpha s_{t-1} + (1-\alpha) g_t^2, \quad
        \theta_t = \theta_{t-1} - \eta\,\frac{g_t}{\sqrt{s_t} + \epsilon}

    with :math:`s_0 = 0`, every operation element by element.

    Parameters
    ----------
    parameters, lr
        See `Optimizer`; `lr` is :math:`\eta`.
    alpha : float
        :math:`\alpha`, 0 <= alpha < 1.
    eps : float
        :math:`\epsilon` >= 0; it stands outside the root.
    weight_decay : float
        :math:`\lambda` >= 0.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    The terms are ``gradient``, ``square``, ``direction`` and ``change``. There is no bias correction, so the
    first steps are :math:`1/\sqrt{1-\alpha}` times as long as :math:`\eta`: 10 times with alpha=0.99.

    References
    ----------
    Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6e, 2012.

    Examples
    --------
    >>> from cnnmath.parameters import Parameter
    >>> p = Parameter([4]); p.grad = np.array([2.0]); RMSprop([p], lr=1, alpha=0.75, eps=0).step(); p.data
    array([2.])
    """

    def __init__(self, parameters, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0):
        super().__init__(parameters, lr)
        self.alpha = _check.real("RMSprop", "alpha", alpha, 0, 1, exclusive=True)
        self.eps = _check.real("RMSprop", "eps", eps, 0)
        self.weight_decay = _check.real("RMSprop", "weight_decay", weight_decay, 0)

    def terms(self, data, grad, state):
        gradient = grad + self.weight_decay * data if self.weight_decay else grad
        square = self.alpha * state.get("square", 0) + (1 - self.alpha) * gradient**2
        direction = gradient / (np.sqrt(square) + self.eps)
        return dict(gradient=gradient, square=square, direction=direction, change=-self.lr * direction)


class Adam(Optimizer):
    r"""Momentum and a scale per weight, both corrected for their start at zero.

    .. math::
        g_t &= \nabla L(\theta_{t-1}) + \lambda\theta_{t-1} \\
        m_t &= \beta_1 m_{t-1} + (1-\beta_1) g_t, & \hat m_t &= m_t / (1-\beta_1^t) \\
        v_t &= \beta_2 v_{t-1} + (1-\beta_2) g_t^2, & \hat v_t &= v_t / (1-\beta_2^t) \\
        \theta_t &= \theta_{t-1} - \eta\,\hat m_t / (\sqrt{\hat v_t} + \epsilon)

    with :math:`m_0 = v_0 = 0`, every operation element by element.

    Parameters
    ----------
    parameters, lr
        See `Optimizer`; `lr` is :math:`\eta`.
    betas : pair of float
        :math:`\beta_1, \beta_2`, each 0 <= beta < 1.
    eps : float
        :math:`\epsilon` >= 0.
    weight_decay : float
        :math:`\lambda` >= 0, added to the gradient. `AdamW` is the form that is not.

    Raises
    ------
    ValueError
        If a number is out of its range, or `betas` is no pair.

    Notes
    -----
    The terms are ``step`` (t), ``gradient``, ``mean`` (m), ``square`` (v), ``mean_hat``, ``square_hat``,
    ``direction`` and ``change``. At t = 1 the direction is the sign of the gradient.

    References
    ----------
    Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1.

    Examples
    --------
    >>> from cnnmath.parameters import Parameter
    >>> p = Parameter([4, 4]); p.grad = np.array([5.0, -7.0]); Adam([p], lr=1, eps=0).step(); p.data
    array([3., 5.])
    """

    def __init__(self, parameters, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        super().__init__(parameters, lr)
        name = type(self).__name__
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            hint = "Use betas=(0.9, 0.999)"
            raise ValueError(_check.message(name, "betas", "be a pair (beta1, beta2)", betas, hint))
        self.betas = tuple(_check.real(name, "betas", beta, 0, 1, exclusive=True) for beta in betas)
        self.eps = _check.real(name, "eps", eps, 0)
        self.weight_decay = _check.real(name, "weight_decay", weight_decay, 0)

    def terms(self, data, grad, state):
        return self._terms(grad + self.weight_decay * data if self.weight_decay else grad, state)

    def _terms(self, gradient, state):
        beta1, beta2 = self.betas
        step = state.get("step", 0) + 1
        mean = beta1 * state.get("mean", 0) + (1 - beta1) * gradient
        square = beta2 * state.get("square", 0) + (1 - beta2) * gradient**2
        mean_hat = mean / (1 - beta1**step)
        square_hat = square / (1 - beta2**step)
        direction = mean_hat / (np.sqrt(square_hat) + self.eps)
        named = dict(step=step, gradient=gradient, mean=mean, square=square)
        return named | dict(
            mean_hat=mean_hat, square_hat=square_hat, direction=direction, change=-self.lr * direction
        )


class AdamW(Adam):
    r"""Adam with weight decay taken out of the gradient.

    .. math::
        \theta_t = \theta_{t-1} - \eta\lambda\theta_{t-1} - \eta\,\hat m_t / (\sqrt{\hat v_t} + \epsilon)

    where :math:`\hat m_t` and :math:`\hat v_t` are those of `Adam` without :math:`\lambda`: every weight
    shrinks by the same factor :math:`1 - \eta\lambda`, however large its gradients are.

    Parameters
    ----------
    parameters, lr, betas, eps
        See `Adam`.
    weight_decay : float
        :math:`\lambda` >= 0.

    Raises
    ------
    ValueError
        As in `Adam`.

    Notes
    -----
    The terms are those of `Adam` and ``decay``, the part :math:`-\eta\lambda\theta_{t-1}` of the change.

    References
    ----------
    Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2, with the
    schedule multiplier inside :math:`\eta`.

    Examples
    --------
    >>> from cnnmath.parameters import Parameter
    >>> p = Parameter([4]); p.grad = np.array([5.0]); AdamW([p], lr=1, eps=0, weight_decay=0.5).step(); p.data
    array([1.])
    """

    def __init__(self, parameters, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def terms(self, data, grad, state):
        terms = self._terms(grad, state)
        decay = -self.lr * self.weight_decay * data
        return terms | dict(decay=decay, change=terms["change"] + decay)
