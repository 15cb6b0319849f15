r"""Learning-rate schedules: functions of the number of steps taken so far, t = 0, 1, 2, …

Each builder returns a function ``t -> lr``. Set ``optimizer.lr = schedule(t)`` before step t, or pass the
schedule to `training.fit`, which does so.
"""

import math

from cnnmath import _check


def constant(lr):
    """The same learning rate at every step.

    Examples
    --------
    >>> constant(3)(100)
    3.0
    """
    lr = _check.real("constant", "lr", lr, 0)
    return lambda t: lr


def step_decay(lr, every, factor=0.1):
    r"""A learning rate multiplied by `factor` after every `every` steps.

    .. math:: \eta_t = \eta\,\gamma^{\lfloor t / k \rfloor}

    Parameters
    ----------
    lr : float
        :math:`\eta` >= 0.
    every : int
        k >= 1, in steps.
    factor : float
        :math:`\gamma` >= 0.

    Returns
    -------
    callable
        ``t -> lr``, PyTorch's `StepLR`.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range or of the wrong kind.

    Examples
    --------
    >>> schedule = step_decay(8, every=2, factor=0.5); [schedule(t) for t in range(5)]
    [8.0, 8.0, 4.0, 4.0, 2.0]
    """
    lr, factor = _check.real("step_decay", "lr", lr, 0), _check.real("step_decay", "factor", factor, 0)
    every = _check.integer("step_decay", "every", every, 1)
    return lambda t: lr * factor ** (t // every)


def cosine(lr, steps, final=0):
    r"""A learning rate that falls along half a cosine, and then stays.

    .. math:: \eta_t = \eta_T + \tfrac12(\eta - \eta_T)\left(1 + \cos\frac{\pi \min(t, T)}{T}\right)

    Parameters
    ----------
    lr, final : float
        :math:`\eta` and :math:`\eta_T`, both >= 0.
    steps : int
        T >= 1.

    Returns
    -------
    callable
        ``t -> lr``, PyTorch's `CosineAnnealingLR` up to T.

    Raises
    ------
    ValueError, TypeError
        If a number is out of its range or of the wrong kind.

    References
    ----------
    Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017, equation 5.

    Examples
    --------
    >>> schedule = cosine(8, steps=4); [round(schedule(t)) for t in (0, 2, 4, 9)]
    [8, 4, 0, 0]
    """
    lr, final = _check.real("cosine", "lr", lr, 0), _check.real("cosine", "final", final, 0)
    steps = _check.integer("cosine", "steps", steps, 1)
    return lambda t: final + (lr - final) * (1 + math.cos(math.pi * min(t, steps) / steps)) / 2


def warmup(schedule, steps):
    r"""Another schedule, reached in `steps` equal parts.

    .. math::
        \eta_t = \tfrac{t + 1}{k}\,\eta^{(0)} \text{ for } t < k, \qquad
        \eta_t = \eta^{(t-k)} \text{ for } t \ge k

    where :math:`\eta^{(t)}` is the given schedule and k is `steps`.

    Parameters
    ----------
    schedule : callable
        ``t -> lr``.
    steps : int
        k >= 1.

    Returns
    -------
    callable
        ``t -> lr``.

    Raises
    ------
    TypeError
        If `schedule` cannot be called, or `steps` is no integer.
    ValueError
        If `steps` < 1.

    References
    ----------
    Goyal et al., Accurate, large minibatch SGD, 2017, section 2.2 (gradual warm-up).

    Examples
    --------
    >>> schedule = warmup(constant(8), 4); [schedule(t) for t in range(6)]
    [2.0, 4.0, 6.0, 8.0, 8.0, 8.0]
    """
    if not callable(schedule):
        hint = "Use constant(lr) or cosine(lr, steps)"
        raise TypeError(_check.message("warmup", "schedule", "be a function of the step", schedule, hint))
    steps = _check.integer("warmup", "steps", steps, 1)
    return lambda t: schedule(0) * (t + 1) / steps if t < steps else schedule(t - steps)
