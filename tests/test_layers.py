"""Layers: forward and backward as the functions say, shapes and counts, and modes."""

import numpy as np
import pytest

from cnnmath import activations, convolution, normalization, pooling
from cnnmath.initialization import glorot_uniform
from cnnmath.layers import (
    GELU,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sigmoid,
    Softmax,
    Tanh,
)
from cnnmath.network import Sequential
from cnnmath.parameters import Parameter


def make(seed=0):
    """One of each kind of layer with an input shape it takes, by name."""
    rng = np.random.default_rng(seed)
    conv = Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2, rng=rng)
    around = Conv2d(4, 6, 1, stride=2, bias=False, rng=rng)
    body = Sequential(Conv2d(4, 6, 3, stride=2, padding=1, rng=rng), Tanh(), Conv2d(6, 6, 1, rng=rng))
    return {
        "Conv2d": (conv, (4, 7, 6)),
        "Conv2d without bias": (Conv2d(4, 2, 3, bias=False, rng=rng), (4, 5, 6)),
        "Linear": (Linear(5, 3, rng=rng), (5,)),
        "Linear without bias": (Linear(5, 3, bias=False, rng=rng), (5,)),
        "BatchNorm2d": (BatchNorm2d(4), (4, 5, 3)),
        "BatchNorm2d in prediction": (BatchNorm2d(4).eval(), (4, 5, 3)),
        "ReLU": (ReLU(), (4, 5, 3)),
        "LeakyReLU": (LeakyReLU(0.2), (4, 5, 3)),
        "Sigmoid": (Sigmoid(), (4, 5, 3)),
        "Tanh": (Tanh(), (4, 5, 3)),
        "GELU": (GELU("tanh"), (4, 5, 3)),
        "Softmax": (Softmax(), (4, 5, 3)),
        "MaxPool2d": (MaxPool2d((2, 3), stride=(2, 1), padding=(1, 0)), (4, 5, 6)),
        "MaxPool2d in prediction": (MaxPool2d(2).eval(), (4, 5, 6)),
        "AvgPool2d": (AvgPool2d(3, stride=2, padding=1), (4, 5, 6)),
        "GlobalAvgPool2d": (GlobalAvgPool2d(), (4, 5, 6)),
        "Flatten": (Flatten(), (4, 5, 6)),
        "Dropout in prediction": (Dropout(0.5).eval(), (4, 5, 6)),
        "Residual": (Residual(body, around), (4, 5, 6)),
        "Residual around nothing": (Residual(Tanh()), (4, 5, 6)),
    }


KINDS = list(make())


@pytest.fixture(params=KINDS)
def case(request):
    """A layer and a batch of three for it."""
    layer, shape = make()[request.param]
    return layer, np.random.default_rng(1).normal(size=(3, *shape))


def test_the_output_has_the_stated_shape_and_dtype(case):
    layer, x = case
    assert layer.forward(x).shape == (3, *layer.output_shape(x.shape[1:]))
    layer.astype(np.float32)
    y = layer.forward(x.astype(np.float32))
    assert y.dtype == np.float32 and layer.backward(y).dtype == np.float32
    assert all(parameter.grad.dtype == np.float32 for parameter in layer.parameters())


def test_gradients_equal_central_differences(case, rng):
    layer, x = case
    weighting = rng.normal(size=layer.forward(x).shape)

    def loss():
        return (layer.forward(x) * weighting).sum()

    loss()
    dx = layer.backward(weighting)
    for array, gradient in [(x, dx), *((p.data, p.grad) for p in layer.parameters())]:
        assert gradient.shape == array.shape
        for index in rng.integers(array.size, size=12):
            at = np.unravel_index(index, array.shape)
            keep, sides = array[at], []
            for step in (1e-6, -1e-6):
                array[at] = keep + step
                sides.append(loss())
            array[at] = keep
            assert gradient[at] == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-6, abs=1e-7)


def test_without_dx_the_parameters_get_the_same_gradients(case):
    layer, x = case
    y = layer.forward(x)
    layer.backward(y)
    expected = [parameter.grad for parameter in layer.parameters()]
    assert layer.backward(y, needs_dx=False) is None
    for parameter, gradient in zip(layer.parameters(), expected):
        assert parameter.grad is not gradient
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_inputs_stay_as_they_are(case):
    layer, x = case
    x.flags.writeable = False
    y = layer.forward(x)
    dout = np.asarray(y).copy()
    dout.flags.writeable = False
    layer.backward(dout)


def test_backward_before_forward_is_refused(case):
    layer, x = case
    with pytest.raises(ValueError) as caught:
        layer.backward(np.zeros((3, *layer.output_shape(x.shape[1:]))))
    assert ".backward: x must be kept by forward; got None. Call forward(x) before backward(dout)." in str(
        caught.value
    )


def test_layers_call_their_functions(rng):
    x = rng.normal(size=(2, 4, 7, 6))
    conv = make()["Conv2d"][0]
    conv.bias.data = rng.normal(size=6)
    expected = convolution.conv2d(x, conv.weight.data, conv.bias.data, (2, 1), (1, 0), (1, 2), 2)
    np.testing.assert_array_equal(conv.forward(x), expected)
    for layer, result in (
        (ReLU(), activations.relu(x)),
        (LeakyReLU(0.2), activations.leaky_relu(x, 0.2)),
        (Sigmoid(), activations.sigmoid(x)),
        (Tanh(), activations.tanh(x)),
        (GELU(), activations.gelu(x)),
        (GELU("tanh"), activations.gelu(x, "tanh")),
        (Softmax(), activations.softmax(x, 1)),
        (MaxPool2d((2, 3), 1, (1, 0)), pooling.max_pool2d(x, (2, 3), 1, (1, 0))),
        (MaxPool2d(2).eval(), pooling.max_pool2d(x, 2)),
        (AvgPool2d(3, 2, 1), pooling.avg_pool2d(x, 3, 2, 1)),
        (GlobalAvgPool2d(), pooling.global_avg_pool2d(x)),
        (Flatten(), x.reshape(2, -1)),
        (Residual(ReLU(), Tanh()), activations.relu(x) + activations.tanh(x)),
    ):
        np.testing.assert_array_equal(layer.forward(x), result)


def test_linear_by_hand():
    layer = Linear(2, 3)
    layer.weight.data, layer.bias.data = [[1, 2], [3, 4], [5, 6]], [1, 0, -1]
    np.testing.assert_array_equal(layer.forward([[1, 1], [0, 2]]), [[4, 7, 10], [5, 8, 11]])
    np.testing.assert_array_equal(layer.backward([[1, 0, 0], [0, 0, 2]]), [[1, 2], [10, 12]])
    np.testing.assert_array_equal(layer.weight.grad, [[1, 1], [0, 0], [0, 4]])
    np.testing.assert_array_equal(layer.bias.grad, [1, 0, 2])


def test_batch_norm_moves_its_statistics_in_training_only(rng):
    layer, x = BatchNorm2d(3, momentum=0.5), rng.normal(4, 2, size=(5, 3, 2, 2))
    layer.weight.data, layer.bias.data = [1, 2, 3], [4, 5, 6]
    expected, (mean, var) = normalization.batch_norm(x, [1, 2, 3], [4, 5, 6], momentum=0.5)
    np.testing.assert_array_equal(layer.forward(x), expected)
    np.testing.assert_array_equal(layer.running_mean.data, mean)
    np.testing.assert_array_equal(layer.running_var.data, var)
    before = layer.eval().state_dict()
    expected, _ = normalization.batch_norm(x, [1, 2, 3], [4, 5, 6], mean, var, training=False)
    np.testing.assert_array_equal(layer.forward(x), expected)
    assert all((before[name] == array).all() for name, array in layer.state_dict().items())
    assert [name for name in layer.named_parameters()] == ["weight", "bias"] and len(layer.parameters()) == 2


def test_batch_norm_differentiates_the_mode_that_ran(rng):
    """Switching the mode between forward and backward does not change what forward did."""
    layer, x, dout = BatchNorm2d(2), rng.normal(size=(4, 2, 3, 3)), rng.normal(size=(4, 2, 3, 3))
    layer.forward(x)
    trained = layer.backward(dout)
    layer.eval()
    np.testing.assert_array_equal(layer.backward(dout), trained)
    layer.forward(x)
    layer.train()
    assert not np.allclose(layer.backward(dout), trained)


def test_dropout_is_active_in_training_only(rng):
    layer, x = Dropout(0.25, rng), np.ones((1, 100, 100))
    y = layer.forward(x)
    assert set(np.unique(y)) == {0, 1 / 0.75} and abs(y.mean() - 1) < 0.03
    np.testing.assert_array_equal(layer.backward(x), y)
    np.testing.assert_array_equal(layer.eval().forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


def test_the_winners_are_found_again_after_prediction():
    """Ties in a plateau: the gradient goes to the first maximum in either mode."""
    x, dout = np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2))
    layer = MaxPool2d(2)
    layer.forward(x)
    trained = layer.backward(dout)
    layer.eval().forward(x)
    np.testing.assert_array_equal(layer.backward(dout), trained)
    np.testing.assert_array_equal(np.argwhere(trained[0, 0]), [[0, 0], [0, 2], [2, 0], [2, 2]])


def test_weights_do_not_depend_on_which_is_read_first():
    def build():
        rng = np.random.default_rng(5)
        return Conv2d(1, 2, 3, rng=rng), Linear(4, 5, rng=rng), Conv2d(1, 2, 3, rng=rng)

    forwards = [layer.weight.data for layer in build()]
    backwards = [layer.weight.data for layer in reversed(build())][::-1]
    for one, other in zip(forwards, backwards):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(forwards[0], forwards[2])


def test_initial_weights_follow_the_rule():
    he, glorot = (Linear(400, 300, rng=np.random.default_rng(0), **{k: v for k, v in [kw] if v}) for kw in
                  (("init", None), ("init", glorot_uniform)))  # fmt: skip
    assert he.weight.data.std() == pytest.approx((2 / 400) ** 0.5, rel=0.02) and not he.bias.data.any()
    assert np.abs(glorot.weight.data).max() <= (6 / 700) ** 0.5


def test_weights_can_be_assigned_without_a_generator():
    layer = Conv2d(1, 1, 2)
    layer.weight.data = np.ones((1, 1, 2, 2))
    assert layer.forward(np.ones((1, 1, 2, 2))) == 4


def test_parts_and_modes():
    block = Residual(Sequential(BatchNorm2d(2), Dropout()), Conv2d(2, 2, 1))
    assert list(block.named_arrays()) == [
        "body.0.weight", "body.0.bias", "body.0.running_mean", "body.0.running_var",
        "shortcut.weight", "shortcut.bias",
    ]  # fmt: skip
    assert "body.0.running_mean" not in block.named_parameters()
    assert block.eval() is block and not block.body[0].training and not block.body[1].training
    assert block.train() is block and block.body[0].training and block.shortcut.training


def test_frozen_parameters_are_kept_but_not_trained():
    block = Residual(Sequential(BatchNorm2d(2)), Conv2d(2, 2, 1))
    block.body.freeze()
    assert block.parameters() == [block.shortcut.weight, block.shortcut.bias]
    assert len(block.named_parameters()) == 4
    block.body.freeze(False)
    assert len(block.parameters()) == 4


def test_multiply_adds_by_hand():
    assert Conv2d(4, 6, (3, 5), stride=2, groups=2).multiply_adds((4, 9, 9)) == 6 * 4 * 3 * (2 * 3 * 5)
    assert Linear(7, 3).multiply_adds((7,)) == 21
    assert ReLU().multiply_adds((4, 4, 4)) == BatchNorm2d(4).multiply_adds((4, 4, 4)) == 0
    block = Residual(Sequential(Conv2d(2, 4, 3, padding=1)), Conv2d(2, 4, 1))
    assert block.multiply_adds((2, 5, 5)) == 100 * 18 + 100 * 2


def test_a_layer_of_ones_own_needs_two_methods():
    class Scale(Layer):
        """y = s x."""

        def __init__(self, scale):
            self.scale = Parameter(scale)

        def forward(self, x):
            self._kept = x
            return self.scale.data * x

        def backward(self, dout, needs_dx=True):
            self.scale.grad = (dout * self.recall()).sum()
            return self.scale.data * dout

    network = Sequential(Scale(3), ReLU())
    assert network.forward(np.array([[2.0]])) == 6 and network.backward(np.array([[1.0]])) == 3
    assert network.parameters()[0].grad == 2 and list(network.state_dict()) == ["0.scale"]
