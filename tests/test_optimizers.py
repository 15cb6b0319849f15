"""Each optimiser takes PyTorch's steps; its state shows every term; bad settings are refused."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cnnmath import optimizers
from cnnmath.optimizers import SGD, Adam, AdamW, RMSprop, clip_grad_norm
from cnnmath.parameters import Parameter

STORED = np.load(Path(__file__).parent / "reference" / "optimizers.npz")
CASES = [json.loads(str(case)) for case in STORED["cases"]]
RULES = [SGD, RMSprop, Adam, AdamW]


def names(case):
    return json.dumps(case).replace('"', "")


@pytest.mark.parametrize("case, path", list(zip(CASES, STORED["paths"])), ids=map(names, CASES))
def test_equals_stored_steps_of_pytorch(case, path):
    rule, options = case
    parameter = Parameter(STORED["start"])
    optimizer = getattr(optimizers, rule)([parameter], **options)
    for gradient, expected in zip(STORED["gradients"], path):
        parameter.grad = gradient
        optimizer.step()
        np.testing.assert_allclose(parameter.data, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rule, options", CASES, ids=map(names, CASES))
def test_equals_pytorch_while_the_learning_rate_changes(torch, rng, rule, options):
    """Two parameters, gradients that depend on them, lr halved half way: 200 steps."""
    starts = rng.normal(size=(3, 4)), rng.normal(size=2)
    ours = [Parameter(start) for start in starts]
    theirs = [torch.nn.Parameter(torch.from_numpy(start.copy())) for start in starts]
    options = {"lr": 0.01} | options
    optimizer = getattr(optimizers, rule)(ours, **options)
    oracle = getattr(torch.optim, rule)(theirs, **options)
    for step in range(200):
        if step == 100:
            optimizer.lr /= 2
            oracle.param_groups[0]["lr"] /= 2
        for parameter, tensor in zip(ours, theirs):
            noise = rng.normal(size=parameter.shape)
            parameter.grad = np.sin(parameter.data) + noise
            tensor.grad = torch.sin(tensor.detach()) + torch.from_numpy(noise)
        optimizer.step()
        oracle.step()
        for parameter, tensor in zip(ours, theirs):
            np.testing.assert_allclose(parameter.data, tensor.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("max_norm", [0, 0.5, 5, 1e6])
def test_clipping_equals_pytorch(torch, rng, max_norm):
    gradients = rng.normal(size=(3, 4)), rng.normal(size=2)
    ours = [Parameter(np.zeros(g.shape)) for g in gradients]
    theirs = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gradients]
    for parameter, tensor, gradient in zip(ours, theirs, gradients):
        parameter.grad, tensor.grad = gradient.copy(), torch.from_numpy(gradient.copy())
    norm = clip_grad_norm(ours, max_norm)
    assert norm == pytest.approx(float(torch.nn.utils.clip_grad_norm_(theirs, max_norm)), rel=1e-14)
    for parameter, tensor in zip(ours, theirs):
        np.testing.assert_allclose(parameter.grad, tensor.grad.numpy(), rtol=1e-14)


def test_clipping_keeps_the_direction_and_skips_what_has_no_gradient():
    near, far, none = Parameter([0.0]), Parameter([0.0, 0.0]), Parameter([0.0])
    near.grad, far.grad = np.array([2.0]), np.array([3.0, 6.0])
    given = far.grad
    assert clip_grad_norm(iter([near, far, none]), 1) == 7
    np.testing.assert_allclose([*near.grad, *far.grad], np.array([2, 3, 6]) / 7, rtol=1e-6)
    assert none.grad is None
    np.testing.assert_array_equal(given, [3, 6])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_updates_in_place_keeps_dtype_and_the_gradient(rule, dtype):
    parameter = Parameter(np.ones(3, dtype))
    data, parameter.grad = parameter.data, np.ones(3, dtype)
    optimizer = rule([parameter], lr=0.1)
    optimizer.step()
    optimizer.step()
    assert parameter.data is data and data.dtype == dtype and (data < 1).all()
    assert all(term.dtype == dtype for name, term in optimizer.state[0].items() if name != "step")
    np.testing.assert_array_equal(parameter.grad, 1)


@pytest.mark.parametrize("rule", RULES)
def test_a_parameter_without_a_gradient_stays(rule):
    still, moving = Parameter([1.0]), Parameter([1.0])
    moving.grad = np.array([1.0])
    optimizer = rule(iter([still, moving]), lr=0.1)
    optimizer.step()
    assert still.data == 1 and moving.data < 1
    assert optimizer.state[0] == {} and "change" in optimizer.state[1]


def test_the_state_shows_every_term():
    """One weight at 1 with gradients 2, then 4; the terms as the equations give them by hand."""

    def after(rule, **options):
        parameter = Parameter([1.0])
        optimizer = rule([parameter], lr=0.5, **options)
        for gradient in (2.0, 4.0):
            parameter.grad = np.array([gradient])
            optimizer.step()
        return {name: float(np.squeeze(term)) for name, term in optimizer.state[0].items()}

    assert after(SGD, momentum=0.5) == {"gradient": 4, "velocity": 5, "direction": 5, "change": -2.5}
    assert after(SGD, momentum=0.5, nesterov=True)["direction"] == 4 + 0.5 * 5
    assert after(RMSprop, alpha=0.5, eps=0)["square"] == 0.5 * 0.5 * 4 + 0.5 * 16
    adam = after(Adam, betas=(0.5, 0.75), eps=0)
    assert (adam["step"], adam["mean"], adam["square"]) == (2, 2.5, 4.75)
    assert adam["mean_hat"] == pytest.approx(2.5 / 0.75) and adam["square_hat"] == pytest.approx(
        4.75 / 0.4375
    )
    assert adam["direction"] == pytest.approx(adam["mean_hat"] / adam["square_hat"] ** 0.5)
    assert adam["change"] == -0.5 * adam["direction"]
    decayed = after(AdamW, betas=(0.5, 0.75), eps=0, weight_decay=0.5)
    assert decayed["mean"] == adam["mean"] and decayed["decay"] == -0.25 * (1 - 0.5 - 0.25)


def test_any_object_with_data_and_grad_is_a_parameter():
    weight = SimpleNamespace(data=np.array([1.0]), grad=np.array([2.0]))
    SGD([weight], lr=0.25).step()
    assert weight.data == 0.5


@pytest.mark.parametrize(
    "make, error, words",
    [
        (
            lambda p: SGD([], lr=0.1),
            ValueError,
            "SGD: parameters must hold at least one parameter; got []. Pass",
        ),
        (
            lambda p: Adam([p.data]),
            TypeError,
            "Adam: parameters must have data and grad; got an array of shape (2,).",
        ),
        (lambda p: SGD([p], lr=-1), ValueError, "SGD: lr must be a finite number >= 0; got -1."),
        (lambda p: SGD([p], lr="0.1"), TypeError, 'SGD: lr must be a finite number >= 0; got "0.1".'),
        (
            lambda p: SGD([p], 1, momentum=2),
            ValueError,
            "SGD: momentum must be a finite number >= 0 and <= 1; got 2.",
        ),
        (
            lambda p: SGD([p], 1, weight_decay=-1),
            ValueError,
            "SGD: weight_decay must be a finite number >= 0; got -1.",
        ),
        (
            lambda p: SGD([p], 1, nesterov=True),
            ValueError,
            "SGD: momentum must be > 0 when nesterov=True; got 0. Use momentum=0.9.",
        ),
        (
            lambda p: RMSprop([p], alpha=1),
            ValueError,
            "RMSprop: alpha must be a finite number >= 0 and < 1; got 1.",
        ),
        (lambda p: RMSprop([p], eps=-1), ValueError, "RMSprop: eps must be a finite number >= 0; got -1."),
        (
            lambda p: RMSprop([p], weight_decay=-1),
            ValueError,
            "RMSprop: weight_decay must be a finite number >= 0",
        ),
        (
            lambda p: Adam([p], betas=0.9),
            ValueError,
            "Adam: betas must be a pair (beta1, beta2); got 0.9. Use betas",
        ),
        (
            lambda p: AdamW([p], betas=(0.9, 1)),
            ValueError,
            "AdamW: betas must be a finite number >= 0 and < 1; got 1.",
        ),
        (lambda p: Adam([p], eps=-1), ValueError, "Adam: eps must be a finite number >= 0; got -1."),
        (
            lambda p: AdamW([p], weight_decay=-1),
            ValueError,
            "AdamW: weight_decay must be a finite number >= 0; got",
        ),
        (
            lambda p: clip_grad_norm([p], -1),
            ValueError,
            "clip_grad_norm: max_norm must be a finite number >= 0; got -1.",
        ),
        (
            lambda p: optimizers.Optimizer([p], 0.1).step(),
            NotImplementedError,
            "Optimizer must define terms(data, grad, state)",
        ),
    ],
)
def test_refusals(make, error, words):
    parameter = Parameter([1.0, 2.0])
    parameter.grad = np.ones(2)
    with pytest.raises(error) as caught:
        make(parameter)
    assert words in str(caught.value)


def test_a_gradient_of_another_shape_is_refused_before_anything_changes():
    parameter = Parameter([1.0, 2.0])
    parameter.grad = np.ones(1)
    with pytest.raises(ValueError) as caught:
        SGD([parameter], lr=1).step()
    assert str(caught.value) == (
        "SGD.step: grad must have shape (2,); got an array of shape (1,). It has the shape of its parameter."
    )
    np.testing.assert_array_equal(parameter.data, [1, 2])
