"""Published networks written with cnnmath's layers, for the tests that count and compare them."""

from cnnmath.layers import BatchNorm2d, Conv2d, Flatten, GlobalAvgPool2d, Linear, MaxPool2d, ReLU, Residual
from cnnmath.network import Sequential


def vgg16():
    """Simonyan and Zisserman (2015), table 1, column D."""
    layers, channels = [], 3
    for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            layers += [Conv2d(channels, width, 3, padding=1), ReLU()]
            channels = width
        layers.append(MaxPool2d(2))
    head = [Linear(512 * 7 * 7, 4096), ReLU(), Linear(4096, 4096), ReLU(), Linear(4096, 1000)]
    return Sequential(*layers, Flatten(), *head)


def _unit(channels, width, kernel_size, stride=1):
    conv = Conv2d(channels, width, kernel_size, stride, padding=kernel_size // 2, bias=False)
    return [conv, BatchNorm2d(width)]


def _block(channels, width, stride, bottleneck):
    """A residual block of He et al. (2016), figure 5, and the channels it gives."""
    out = width * 4 if bottleneck else width
    if bottleneck:
        body = [
            *_unit(channels, width, 1),
            ReLU(),
            *_unit(width, width, 3, stride),
            ReLU(),
            *_unit(width, out, 1),
        ]
    else:
        body = [*_unit(channels, width, 3, stride), ReLU(), *_unit(width, width, 3)]
    shortcut = None if stride == 1 and channels == out else Sequential(*_unit(channels, out, 1, stride))
    return [Residual(Sequential(*body), shortcut), ReLU()], out


def resnet(depths, bottleneck):
    """He et al. (2016), table 1; the stride of a bottleneck stands at its 3×3 kernel, as in torchvision."""
    layers, channels = [*_unit(3, 64, 7, 2), ReLU(), MaxPool2d(3, 2, 1)], 64
    for stage, depth in enumerate(depths):
        for number in range(depth):
            stride = 2 if stage and number == 0 else 1
            block, channels = _block(channels, 64 * 2**stage, stride, bottleneck)
            layers += block
    return Sequential(*layers, GlobalAvgPool2d(), Flatten(), Linear(channels, 1000))
