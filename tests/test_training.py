"""Training: PyTorch's loss curve, repeatable runs, honest records, and every way a run can end."""

import numpy as np
import pytest

from cnnmath import datasets, regularization, training
from cnnmath.evaluation import outputs
from cnnmath.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from cnnmath.losses import cross_entropy
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD, Adam
from cnnmath.schedules import step_decay
from cnnmath.training import Diverged, accuracy, fit, minibatches
from tests.digits_run import train_on_digits


def problem(seed=0, count=90):
    """A small network and the bars to learn, with two of each kind of layer that minds the mode."""
    rng = np.random.default_rng(seed)
    x, y = datasets.bars(count, rng)
    network = Sequential(
        Conv2d(1, 4, 3, rng=rng), BatchNorm2d(4), ReLU(), MaxPool2d(2), Flatten(), Dropout(0.1, rng),
        Linear(36, 4, rng=rng),
    )  # fmt: skip
    return network, x, y


def same(state, other):
    return all(np.array_equal(array, other[name]) for name, array in state.items())


def test_the_loss_curve_equals_pytorch(torch):
    """Conv8–ReLU–pool–conv16–ReLU–pool–linear10 on digits of 28×28, an epoch in batches of 64, float64."""
    images, labels = datasets.load_digits()
    x = np.pad(np.kron(images, np.ones((3, 3))), ((0, 0), (0, 0), (2, 2), (2, 2)))
    nn, rng = torch.nn, np.random.default_rng(0)
    ours = Sequential(
        Conv2d(1, 8, 3, rng=rng), ReLU(), MaxPool2d(2), Conv2d(8, 16, 3, rng=rng), ReLU(), MaxPool2d(2),
        Flatten(), Linear(400, 10, rng=rng),
    )  # fmt: skip
    theirs = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 10),
    ).double()  # fmt: skip
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    oracle, curve = torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9), []
    for inputs, targets in minibatches(x, labels, 64, np.random.default_rng(1)):
        oracle.zero_grad()
        loss = nn.functional.cross_entropy(theirs(torch.from_numpy(inputs)), torch.from_numpy(targets))
        loss.backward()
        oracle.step()
        curve.append(loss.item())
    history = fit(ours, SGD(ours.parameters(), 0.05, 0.9), x, labels, 1, 64, np.random.default_rng(1))
    assert len(curve) == 29 and curve[-1] < curve[0] / 4
    np.testing.assert_allclose(history.loss, curve, rtol=0, atol=1e-12)


def test_digits_reach_98_percent():
    """Median of 7 splits of the network that benchmarks/training.py times."""
    assert np.median([train_on_digits(seed)[0] for seed in range(7)]) >= 0.98


def test_alike_generators_give_alike_runs():
    states = []
    for seed in (3, 3, 4):
        network, x, y = problem()
        history = fit(network, Adam(network.parameters()), x, y, 2, 16, np.random.default_rng(seed))
        states.append(network.state_dict() | {"loss": np.array(history.loss)})
    assert same(states[0], states[1]) and not same(states[0], states[2])


def test_the_record_is_what_happened():
    """Each loss of one epoch repeated by hand; the means weigh the short last batch by its size."""
    network, x, y = problem(count=40)
    twin, _, _ = problem(count=40)
    history = fit(
        network, SGD(network.parameters(), 0.1), x, y, 1, 16, np.random.default_rng(1), (x[:9], y[:9])
    )
    optimizer, losses, hits = SGD(twin.parameters(), 0.1), [], 0
    for inputs, targets in minibatches(x, y, 16, np.random.default_rng(1)):
        predicted = twin.forward(inputs)
        losses.append(float(cross_entropy(predicted, targets)))
        hits += (predicted.argmax(axis=1) == targets).sum()
        twin.backward(training.losses.cross_entropy_backward(predicted, targets))
        optimizer.step()
    assert history.loss == losses and history.steps_per_epoch == 3
    assert history.epoch_loss == [pytest.approx(np.average(losses, weights=[16, 16, 8]), rel=1e-14)]
    assert history.epoch_accuracy == [hits / 40]
    assert history.validation_loss == [float(cross_entropy(outputs(twin, x[:9]), y[:9]))]
    assert history.validation_accuracy == [accuracy(twin, x[:9], y[:9])]
    assert history.stopped == "" and same(network.state_dict(), twin.state_dict())


def test_a_network_in_prediction_mode_trains_in_training_mode():
    (network, x, y), (twin, _, _) = problem(), problem()
    for trained in (network.eval(), twin):
        fit(trained, SGD(trained.parameters(), 0.1), x, y, 1, 16, np.random.default_rng(0))
    assert same(network.state_dict(), twin.state_dict())


def test_it_learns_and_ends_in_prediction_mode():
    network, x, y = problem(count=300)
    history = fit(network, Adam(network.parameters(), 0.01), x, y, 8, 20, np.random.default_rng(0))
    assert history.epoch_loss[-1] < history.epoch_loss[0] / 3
    assert not network.training and not network[5].training
    assert accuracy(network, *datasets.bars(200, np.random.default_rng(9))) > 0.95
    assert repr(history).startswith("8 epochs, 120 steps; epoch loss ") and "; epoch accuracy " in repr(
        history
    )


def test_arguments_stay_as_they_are():
    network, x, y = problem()
    x.flags.writeable = y.flags.writeable = False
    fit(network, SGD(network.parameters(), 0.1), x, y, 1, 16, np.random.default_rng(0), validation=(x, y))


def test_frozen_parameters_and_those_left_out_stay():
    network, x, y = problem()
    network[0].freeze()
    head = network[6].parameters()
    before = network.state_dict()
    fit(network, SGD(head, 0.1), x, y, 1, 16, np.random.default_rng(0))
    moved = {name for name, array in network.state_dict().items() if not np.array_equal(array, before[name])}
    assert moved == {"1.running_mean", "1.running_var", "6.weight", "6.bias"}
    assert network[0].weight.grad is None


def test_inputs_take_the_dtype_of_the_network():
    network, x, y = problem()
    fit(network.astype(np.float32), SGD(network.parameters(), 0.1), x, y, 1, 16, np.random.default_rng(0))
    assert all(array.dtype == np.float32 for array in network.state_dict().values())


def test_schedule_sets_the_rate_before_each_step():
    class Noted(SGD):
        rates = ()

        def step(self):
            self.rates += (self.lr,)
            super().step()

    network, x, y = problem(count=40)
    optimizer = Noted(network.parameters(), 9)
    fit(network, optimizer, x, y, 2, 20, np.random.default_rng(0), schedule=step_decay(0.1, 3))
    assert optimizer.rates == pytest.approx([0.1, 0.1, 0.1, 0.01])


def test_max_norm_clips():
    network, x, y = problem()
    before = network.state_dict()
    fit(network, SGD(network.parameters(), 1), x, y, 1, 90, np.random.default_rng(0), max_norm=0.01)
    after = network.state_dict()
    learnt = network.named_parameters()
    assert sum(((after[name] - before[name]) ** 2).sum() for name in learnt) == pytest.approx(1e-4, rel=1e-3)


def test_augment_changes_what_is_learnt_from_and_not_what_is_measured():
    network, x, y = problem(count=40)
    seen = []

    def blank(images, rng):
        assert isinstance(rng, np.random.Generator)
        seen.append(len(images))
        return np.zeros_like(images)

    validation = np.ones((3, 1, 8, 8)), [0, 1, 2]
    history = fit(
        network,
        SGD(network.parameters(), 0.1),
        x,
        y,
        1,
        16,
        np.random.default_rng(0),
        validation,
        augment=blank,
    )
    assert seen == [16, 16, 8]
    assert history.validation_loss == [float(cross_entropy(outputs(network, validation[0]), validation[1]))]
    np.testing.assert_array_equal(network[0].weight.grad, 0)


def test_early_stopping_ends_the_run():
    network, x, y = problem()
    history = fit(
        network, SGD(network.parameters(), 0), x, y, 50, 30, np.random.default_rng(0), validation=(x, y),
        stop=lambda history: regularization.early_stopping([1.0] * len(history.validation_loss), 2),
    )  # fmt: skip
    assert len(history.epoch_loss) == 3 and history.stopped == "stopped by `stop` after epoch 3"
    assert repr(history).endswith("; stopped by `stop` after epoch 3")


@pytest.mark.parametrize("loss", ["mse_loss", "binary_cross_entropy_with_logits"])
def test_other_losses(loss):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = (x @ [[1.0], [-2.0], [0.5]] > 0).astype(float)
    network = Sequential(Linear(3, 1, rng=rng))
    history = fit(network, Adam(network.parameters(), 0.05), x, y, 10, 20, rng, validation=(x, y), loss=loss)
    assert history.validation_loss[-1] < history.validation_loss[0]
    assert history.epoch_accuracy == history.validation_accuracy == []


class Interrupting(SGD):
    """Ctrl-C in the third step."""

    steps = 0

    def step(self):
        self.steps += 1
        if self.steps == 3:
            raise KeyboardInterrupt
        super().step()


def test_an_interrupt_keeps_what_was_learnt():
    """Two steps make an epoch: what an interrupt in the third leaves is what one epoch learns."""
    (network, x, y), (twin, _, _) = problem(count=40), problem(count=40)
    optimizer = Interrupting(network.parameters(), 0.1)
    history = fit(network, optimizer, x, y, 5, 20, np.random.default_rng(0), validation=(x, y))
    whole = fit(twin, SGD(twin.parameters(), 0.1), x, y, 1, 20, np.random.default_rng(0), validation=(x, y))
    assert history.stopped == "interrupted after step 2" and not network.training
    history.stopped = ""
    assert history == whole
    for parameter, other in zip(network.parameters(), twin.parameters()):
        np.testing.assert_array_equal(parameter.data, other.data)


def test_an_interrupt_while_validating_is_one_too(monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    network, x, y = problem(count=40)
    monkeypatch.setattr(training, "outputs", interrupted)
    history = fit(
        network, SGD(network.parameters(), 0.1), x, y, 5, 20, np.random.default_rng(0), validation=(x, y)
    )
    assert history.stopped == "interrupted after step 2" and len(history.epoch_loss) == 1


def test_a_diverged_loss_is_told_in_words():
    network, x, y = problem()
    network = Sequential(network[0], network[2], network[4], Linear(144, 4, rng=np.random.default_rng(0)))
    with pytest.raises(Diverged) as caught:
        fit(network, SGD(network.parameters(), 1e160), x, y, 5, 16, np.random.default_rng(0))
    steps = len(caught.value.history.loss)
    assert (
        steps >= 1 and np.isfinite(caught.value.history.loss).all() and isinstance(caught.value, ValueError)
    )
    assert str(caught.value) in {
        f"fit: loss must stay finite; got {value}. "
        f"This was step {steps} with lr=1e+160: use a smaller lr, or max_norm=1."
        for value in ("nan", "inf")
    }
    assert not network.training


def test_weights_that_start_too_large_are_told_apart():
    network, x, y = problem()
    network[6].weight.data = np.full((4, 36), np.inf)
    with pytest.raises(Diverged) as caught:
        fit(network, SGD(network.parameters(), 0.1), x, y, 1, 16, np.random.default_rng(0))
    assert "It was so before the first step: start from smaller weights, as he_normal draws them." in str(
        caught.value
    )


def test_weights_that_diverge_in_the_last_step_are_told_too():
    _, x, y = problem()
    network = Sequential(Flatten(), Linear(64, 4, rng=np.random.default_rng(0)))
    with pytest.raises(Diverged) as caught:
        fit(network, SGD(network.parameters(), 1e308), x * 1e3, y, 1, 90, np.random.default_rng(0))
    assert "fit: weights must stay finite; got nan. This was step 1 with lr=1e+308: use a smaller" in str(
        caught.value
    )


def spoilt(x, value):
    x = x.copy()
    x[3, 0, 2, 1] = value
    return x


@pytest.mark.parametrize(
    "change, error, words",
    [
        (
            {"x": np.nan},
            ValueError,
            "fit: x must hold no NaN and no infinity; got "
            '"nan at (3, 0, 2, 1)". Repair or leave out such examples.',
        ),
        ({"x": np.inf}, ValueError, 'fit: x must hold no NaN and no infinity; got "inf at (3, 0, 2, 1)".'),
        (
            {"x": np.ones((0, 1, 8, 8))},
            ValueError,
            "fit: x must have a batch axis, and at least one example; got an array",
        ),
        (
            {"y": np.ones(3, int)},
            ValueError,
            "fit: y must have 40 entries, one for each example; got an array of shape (3,).",
        ),
        (
            {"y": np.array(["a"] * 40)},
            TypeError,
            "fit: y must be an array of numbers; got an array of shape (40,).",
        ),
        (
            {"y": np.array([np.nan] * 40)},
            ValueError,
            'fit: y must hold no NaN and no infinity; got "nan at (0,)".',
        ),
        ({"y": np.full(40, 4)}, ValueError, "cross_entropy: labels must lie from 0 to 3; got 4."),
        ({"validation": 3}, TypeError, "fit: validation must be a pair (x, y); got 3."),
        (
            {"validation": ([[np.nan]], [0])},
            ValueError,
            "fit: validation x must hold no NaN and no infinity; got",
        ),
        (
            {"validation": (np.ones((1, 1, 8, 8)), [0, 1])},
            ValueError,
            "fit: validation y must have 1 entries",
        ),
        ({"epochs": 0}, ValueError, "fit: epochs must be an integer >= 1; got 0."),
        ({"batch_size": 0}, ValueError, "fit: batch_size must be an integer >= 1; got 0."),
        ({"rng": 0}, TypeError, "fit: rng must be a numpy.random.Generator; got 0."),
        (
            {"loss": "hinge"},
            ValueError,
            'fit: loss must be one of "cross_entropy", "mse_loss", "binary_cross_entropy_with',
        ),
        (
            {"network": None},
            TypeError,
            "fit: network must be a Layer; got None. Wrap layers as Sequential(...).",
        ),
        (
            {"optimizer": SGD(Linear(1, 1, rng=np.random.default_rng(0)).parameters(), 0.1)},
            ValueError,
            "fit: optimizer must hold trainable parameters of this network; got a value of type SGD. "
            "Make it with network",
        ),
    ],
)
def test_refusals_come_before_anything_changes(change, error, words):
    network, x, y = problem(count=40)
    arguments = dict(
        network=network, optimizer=SGD(network.parameters(), 0.1), x=x, y=y, epochs=1, batch_size=20,
        rng=np.random.default_rng(0),
    ) | change  # fmt: skip
    if np.ndim(arguments["x"]) == 0:
        arguments["x"] = spoilt(x, arguments["x"])
    before = {name: parameter.data.copy() for name, parameter in network.named_parameters().items()}
    with pytest.raises(error) as caught:
        fit(**arguments)
    assert words in str(caught.value)
    assert all(
        (parameter.data == before[name]).all() for name, parameter in network.named_parameters().items()
    )


def test_minibatches():
    x, y = np.arange(7)[:, None], np.arange(7)
    drawn = list(minibatches(x, y, 3, np.random.default_rng(0)))
    assert [len(labels) for _, labels in drawn] == [3, 3, 1]
    order = np.concatenate([labels for _, labels in drawn])
    assert sorted(order) == list(range(7)) and list(order) != list(range(7))
    assert all((inputs[:, 0] == labels).all() for inputs, labels in drawn)
    assert np.shares_memory(next(minibatches(x, y, 3))[0], x)


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        (([1, 2], [1], 1), ValueError, "minibatches: y must have 2 labels, one for each example; got [1]."),
        (([1], [1], 0), ValueError, "minibatches: batch_size must be an integer >= 1; got 0."),
        (([1], [1], 1, 5), TypeError, "minibatches: rng must be a numpy.random.Generator; got 5."),
    ],
)
def test_minibatches_refuse(arguments, error, words):
    with pytest.raises(error) as caught:
        next(minibatches(*arguments))
    assert words in str(caught.value)
