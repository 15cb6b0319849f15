"""Published networks: their counts, shapes and receptive fields, and that they can be run."""

import tracemalloc

import numpy as np
import pytest

from cnnmath.architectures import lenet5, resnet18, resnet50, vgg16
from cnnmath.layers import Residual


@pytest.mark.parametrize(
    "build, input_shape, parameters, multiply_adds",
    [
        (lenet5, (1, 32, 32), 61_706, 416_520),
        (vgg16, (3, 224, 224), 138_357_544, 15_470_264_320),
        (resnet18, (3, 224, 224), 11_689_512, 1_814_073_344),
        (resnet50, (3, 224, 224), 25_557_032, 4_089_184_256),
        (lambda: resnet50(stride_first=True), (3, 224, 224), 25_557_032, 3_857_973_248),
    ],
    ids=["LeNet-5", "VGG-16", "ResNet-18", "ResNet-50", "ResNet-50, first layout"],
)
def test_published_counts_without_allocating(build, input_shape, parameters, multiply_adds):
    tracemalloc.start()
    summary = build().summary(input_shape)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert summary.parameters == parameters
    assert summary.multiply_adds == multiply_adds
    assert summary.rows[-1].output_shape == (10 if build is lenet5 else 1000,)
    assert peak < 5e6


def test_the_original_lenet_has_60_000_parameters():
    """The differences that the docstring names, counted (LeCun et al. 1998, section II.B)."""
    rows = lenet5().summary((1, 32, 32)).rows
    counts = [row.parameters for row in rows if row.parameters]
    assert counts == [156, 2416, 48_120, 10_164, 850]
    pooling = 2 * 6 + 2 * 16
    left_out = 36 * 25  # pairs of maps, with a 5×5 kernel each
    assert sum(counts[:4]) - left_out + pooling == 60_000


@pytest.mark.parametrize("build, depth", [(vgg16, 16), (resnet18, 18), (resnet50, 50)])
def test_the_number_in_the_name_is_that_of_layers_with_weights(build, depth):
    """As the authors count: convolutions and dense layers, those of the shortcuts left out."""

    assert _count(build()) == depth


def _count(layer):
    if isinstance(layer, Residual):
        return _count(layer.body)
    if hasattr(layer, "layers"):
        return sum(map(_count, layer.layers))
    return int(type(layer).__name__ in ("Conv2d", "Linear"))


@pytest.mark.parametrize(
    "build, seen",
    [(vgg16, 212), (resnet18, 435), (resnet50, 427), (lambda: resnet50(stride_first=True), 483)],
    ids=["VGG-16", "ResNet-18", "ResNet-50", "ResNet-50, first layout"],
)
def test_receptive_field_of_the_last_maps(build, seen):
    """Araujo, Norris and Sim (2019) give 212 and 435, and 483 for ResNet-50 with the stride at the first layer."""
    fields = [row.receptive_field for row in build().summary((3, 224, 224)).rows]
    assert [field for field in fields if field is not None][-1] == (seen, seen)


def test_they_run_forward_and_backward(rng):
    for network, shape in ((lenet5(rng), (2, 1, 32, 32)), (resnet18(rng), (2, 3, 32, 32))):
        y = network.forward(rng.normal(size=shape))
        assert y.shape == (2, 10 if shape[1] == 1 else 1000)
        assert network.backward(np.ones_like(y)).shape == shape
        assert all(np.isfinite(parameter.grad).all() for parameter in network.parameters())
