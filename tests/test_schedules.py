"""Schedules against PyTorch's schedulers, at their corners, and with bad settings."""

import math

import pytest

from cnnmath.schedules import constant, cosine, step_decay, warmup


def rates(torch, make, steps):
    """The learning rates of a PyTorch scheduler before each of `steps` steps."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler, found = make(optimizer), []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_equal_pytorch(torch):
    kinds = torch.optim.lr_scheduler
    pairs = [
        (step_decay(0.5, 7, 0.3), lambda o: kinds.StepLR(o, 7, 0.3)),
        (cosine(0.5, 40, final=0.01), lambda o: kinds.CosineAnnealingLR(o, 40, 0.01)),
        (warmup(constant(0.5), 8), lambda o: kinds.LinearLR(o, 1 / 8, 1, 7)),
    ]
    for ours, theirs in pairs:
        assert [ours(t) for t in range(40)] == pytest.approx(rates(torch, theirs, 40), rel=1e-12)


def test_by_hand():
    assert [constant(2)(t) for t in (0, 9)] == [2, 2]
    assert [step_decay(1, 3, 0.5)(t) for t in (0, 2, 3, 6)] == [1, 1, 0.5, 0.25]
    assert step_decay(1, 1)(1) == 0.1
    assert cosine(3, 10, final=1)(5) == pytest.approx(2) and cosine(3, 10, final=1)(10**9) == 1
    risen = warmup(cosine(1, 10), 5)
    assert [risen(t) for t in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
    assert risen(5) == 1 and risen(10) == pytest.approx((1 + math.cos(math.pi / 2)) / 2)


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: constant(-1), ValueError, "constant: lr must be a finite number >= 0; got -1."),
        (lambda: step_decay(-1, 1), ValueError, "step_decay: lr must be a finite number >= 0; got -1."),
        (lambda: step_decay(1, 0), ValueError, "step_decay: every must be an integer >= 1; got 0."),
        (
            lambda: step_decay(1, 1, "x"),
            TypeError,
            'step_decay: factor must be a finite number >= 0; got "x".',
        ),
        (lambda: cosine(-1, 1), ValueError, "cosine: lr must be a finite number >= 0; got -1."),
        (lambda: cosine(1, 1.5), TypeError, "cosine: steps must be an integer >= 1; got 1.5."),
        (lambda: cosine(1, 1, -1), ValueError, "cosine: final must be a finite number >= 0; got -1."),
        (lambda: warmup(constant(1), 0), ValueError, "warmup: steps must be an integer >= 1; got 0."),
        (
            lambda: warmup(0.1, 5),
            TypeError,
            "warmup: schedule must be a function of the step; got 0.1. "
            "Use constant(lr) or cosine(lr, steps).",
        ),
    ],
)
def test_refusals(make, error, words):
    with pytest.raises(error) as caught:
        make()
    assert words in str(caught.value)
