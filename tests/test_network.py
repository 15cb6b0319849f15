"""Networks: composition, the table of counts, parity with PyTorch, weights on disk."""

import io
import pickle

import numpy as np
import pytest

from cnnmath.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Tanh,
)
from cnnmath.network import Sequential


def small(seed=0):
    """A network with a bit of everything that is saved."""
    rng = np.random.default_rng(seed)
    body = Sequential(Conv2d(4, 4, 3, padding=1, rng=rng), BatchNorm2d(4))
    return Sequential(
        Conv2d(1, 4, 3, rng=rng), ReLU(), MaxPool2d(2), Residual(body), Flatten(), Linear(36, 3, rng=rng)
    )


def test_the_summary_by_hand():
    assert repr(small().summary((1, 8, 8))).splitlines() == [
        "layer        output  parameters  multiply–adds  sees",
        "input         1×8×8",
        "0 Conv2d      4×6×6          40          1,296   3×3",
        "1 ReLU        4×6×6           0              0   3×3",
        "2 MaxPool2d   4×3×3           0              0   4×4",
        "3 Residual    4×3×3         156          1,296   8×8",
        "4 Flatten        36           0              0   all",
        "5 Linear          3         111            108   all",
        "total                       307          2,700",
    ]
    assert small().multiply_adds((1, 8, 8)) == 2700


def test_forward_and_backward_compose(rng):
    network, x = small(), rng.normal(size=(2, 1, 8, 8))
    y = x
    for layer in network:
        y = layer.forward(y)
    np.testing.assert_array_equal(network.forward(x), y)
    dout = rng.normal(size=y.shape)
    dx = network.backward(dout)
    assert dx.shape == x.shape
    gradients = [parameter.grad for parameter in network.parameters()]
    assert network.backward(dout, needs_dx=False) is None
    for parameter, gradient in zip(network.parameters(), gradients):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_backward_stops_below_what_learns():
    """The gradient of the first learning layer's input, and of frozen layers under it, is never computed."""

    class Watched(Conv2d):
        asked = None

        def backward(self, dout, needs_dx=True):
            self.asked = needs_dx
            return super().backward(dout, needs_dx)

    rng = np.random.default_rng(0)
    network = Sequential(Tanh(), Watched(1, 2, 3, rng=rng), ReLU(), Watched(2, 2, 3, rng=rng), Flatten())
    dout = network.forward(np.ones((1, 1, 6, 6)))
    network.backward(dout, needs_dx=False)
    assert (network[1].asked, network[3].asked) == (False, True)
    network[1].freeze()
    network[1].asked = None
    network.backward(dout, needs_dx=False)
    assert (network[1].asked, network[3].asked) == (None, False)
    network.freeze()
    assert network.backward(dout, needs_dx=False) is None
    assert network.backward(dout).shape == (1, 1, 6, 6)


def test_parts_of_a_network():
    network = small()
    assert len(network) == 6 and network[1] is network.layers[1]
    assert isinstance(network[:3], Sequential) and network[:3].layers == network.layers[:3]


def test_weights_and_gradients_equal_pytorch(torch, rng):
    """The same names, the same numbers: forward, backward and running statistics, in both modes."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, body, shortcut):
            super().__init__()
            self.body, self.shortcut = body, shortcut

        def forward(self, x):
            return self.body(x) + self.shortcut(x)

    theirs = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        Block(nn.Sequential(nn.Conv2d(4, 6, 3, 2, 1, 1, 2, False), nn.GELU()), nn.Conv2d(4, 6, 1, 2)),
        nn.LeakyReLU(0.1), nn.AvgPool2d(2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5),
    ).double()  # fmt: skip
    from cnnmath.layers import GELU, LeakyReLU

    ours = Sequential(
        Conv2d(2, 4, 3, padding=1), BatchNorm2d(4), ReLU(), MaxPool2d(3, 2, 1),
        Residual(Sequential(Conv2d(4, 6, 3, 2, 1, groups=2, bias=False), GELU()), Conv2d(4, 6, 1, 2)),
        LeakyReLU(0.1), AvgPool2d(2, 1), GlobalAvgPool2d(), Flatten(), Linear(6, 5),
    )  # fmt: skip

    def state():
        return {k: v.numpy().copy() for k, v in theirs.state_dict().items() if "num_batches" not in k}

    ours.load_state_dict(state())
    for training in (True, True, False):
        ours.train(training)
        theirs.train(training)
        x, dout = rng.normal(size=(3, 2, 13, 11)), rng.normal(size=(3, 5))
        tensor = torch.from_numpy(x).requires_grad_()
        theirs.zero_grad()
        result = theirs(tensor)
        result.backward(torch.from_numpy(dout))
        np.testing.assert_allclose(ours.forward(x), result.detach().numpy(), rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(ours.backward(dout), tensor.grad.numpy(), rtol=1e-11, atol=1e-13)
        gradients = dict(theirs.named_parameters())
        for name, parameter in ours.named_parameters().items():
            np.testing.assert_allclose(parameter.grad, gradients[name].grad.numpy(), rtol=1e-11, atol=1e-12)
    for name, array in state().items():
        np.testing.assert_allclose(ours.state_dict()[name], array, rtol=1e-14, atol=1e-15)


def test_state_dict_copies():
    network = small()
    state = network.state_dict()
    assert list(state) == [
        "0.weight", "0.bias", "3.body.0.weight", "3.body.0.bias", "3.body.1.weight", "3.body.1.bias",
        "3.body.1.running_mean", "3.body.1.running_var", "5.weight", "5.bias",
    ]  # fmt: skip
    state["0.weight"] += 1
    assert not np.array_equal(network.state_dict()["0.weight"], state["0.weight"])
    network.load_state_dict(state)
    state["0.weight"] += 1
    assert not np.array_equal(network.state_dict()["0.weight"], state["0.weight"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_and_loaded_alike(tmp_path, rng, dtype):
    network, other = small(0).astype(dtype), small(1).astype(dtype)
    network.forward(rng.normal(size=(4, 1, 8, 8)))
    path = tmp_path / "weights.of.mine"
    network.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["weights.of.mine"]
    other.load(path)
    for (name, one), two in zip(network.state_dict().items(), other.state_dict().values()):
        np.testing.assert_array_equal(one, two, err_msg=name)
        assert two.dtype == dtype
    x = rng.normal(size=(2, 1, 8, 8)).astype(dtype)
    np.testing.assert_array_equal(network.eval().forward(x), other.eval().forward(x))


def test_loading_keeps_the_dtype_of_the_network(tmp_path):
    network, single = small(0), small(1).astype(np.float32)
    network.save(tmp_path / "double.npz")
    single.load(tmp_path / "double.npz")
    assert all(array.dtype == np.float32 for array in single.state_dict().values())


def _without(state, name):
    del state[name]
    return state


@pytest.mark.parametrize(
    "spoil, error, words",
    [
        (
            lambda s: _without(s, "5.bias"),
            ValueError,
            "load_state_dict: state must have exactly the names of this network's arrays; got "
            '["0.bias", "0.weight", "3.body.0.bias", "3.body.0.weight", …. '
            '"5.bias" is missing; build the same layers.',
        ),
        (lambda s: s | {"9.weight": np.ones(1)}, ValueError, '"9.weight" is unknown; build the same layers.'),
        (
            lambda s: s | {"5.bias": np.ones(4)},
            ValueError,
            "load_state_dict: 5.bias must have shape (3,); got an array of shape (4,). "
            "Load it into a network of the same",
        ),
        (
            lambda s: s | {"5.bias": np.array(["a", "b", "c"])},
            TypeError,
            "load_state_dict: 5.bias must be an array of real numbers; got an array of shape (3,).",
        ),
        (
            lambda s: [1],
            TypeError,
            "load_state_dict: state must be a dict of arrays; got [1]. Pass network.state_dict().",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_loaded(spoil, error, words):
    network = small()
    before, other = network.state_dict(), {name: array + 1 for name, array in network.state_dict().items()}
    with pytest.raises(error) as caught:
        network.load_state_dict(spoil(other))
    assert words in str(caught.value)
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def _npz_with_objects():
    file = io.BytesIO()
    np.savez(file, **{"0.weight": np.array([{"any": "object"}], dtype=object)}, allow_pickle=True)
    return file.getvalue()


def _npy():
    file = io.BytesIO()
    np.save(file, np.ones(3))
    return file.getvalue()


def _cut_short():
    file = io.BytesIO()
    np.savez(file, **small().state_dict())
    return file.getvalue()[:-200]


def _altered():
    file = io.BytesIO()
    np.savez(file, **small().state_dict())
    content = bytearray(file.getvalue())
    content[300] ^= 255
    return bytes(content)


class Trap:
    """Runs code when it is unpickled."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", pickle.dumps(Trap()), _npy(), _npz_with_objects(), _cut_short(), _altered()],
    ids=["empty", "text", "pickle", "npy", "objects", "cut short", "altered"],
)
def test_a_file_that_is_no_plain_npz_is_refused(tmp_path, content):
    network, path = small(), tmp_path / "weights.npz"
    before = network.state_dict()
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        network.load(path)
    assert "load: path must be an .npz file of plain arrays; got" in str(caught.value)
    assert "Write it with network.save(path)." in str(caught.value)
    assert not Trap.sprung
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        small().load(tmp_path / "nowhere.npz")


shared = ReLU()


@pytest.mark.parametrize(
    "act, error, words",
    [
        (lambda: Sequential(), ValueError, "Sequential: layers must hold at least one layer; got ()."),
        (
            lambda: Sequential(ReLU),
            TypeError,
            "Sequential: layers must be Layer objects; got a value of type type. Write",
        ),
        (lambda: small()[6:], ValueError, "Sequential: layers must hold at least one layer; got ()."),
        (
            lambda: Sequential(shared, Residual(Sequential(shared))),
            ValueError,
            'Sequential: layers must be distinct objects; got "one object twice". '
            "Make a new layer for each place.",
        ),
        (
            lambda: small().summary((3, 8, 8)),
            ValueError,
            "Conv2d: input_shape must be (1, H, W); got (3, 8, 8).",
        ),
        (
            lambda: small().summary((1, 9, 9.5)),
            TypeError,
            "summary: input_shape must be an integer >= 1; got 9.5.",
        ),
        (
            lambda: small().summary((1, 20, 20)),
            ValueError,
            "Linear: input_shape must be (36,); got (324). Use Linear(324, 3).",
        ),
        (
            lambda: Sequential(Dropout()).summary((0,)),
            ValueError,
            "summary: input_shape must be an integer >= 1; got 0.",
        ),
    ],
)
def test_refusals(act, error, words):
    with pytest.raises(error) as caught:
        act()
    assert words in str(caught.value)
