"""Published networks, written with this package's layers: LeNet-5, VGG-16, ResNet-18 and ResNet-50.

Built without a generator they hold no weights and cost nothing: `summary` counts them. With one they can be run.
"""

from cnnmath.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Tanh,
)
from cnnmath.network import Sequential


def lenet5(rng=None):
    """LeNet-5 for 1×32×32 images in 10 classes, in the form that is common today.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Where the weights come from; not needed to count them.

    Returns
    -------
    Sequential

    Notes
    -----
    The original differs in three places: its pooling layers have a weight and a bias for each map, its second
    convolution leaves out 36 of the 96 pairs of maps, and its output is a distance to fixed patterns. Without
    the output it has 60,000 parameters; this network has 61,706.

    References
    ----------
    LeCun et al., Gradient-based learning applied to document recognition, 1998, section II.B.

    Examples
    --------
    >>> lenet5().summary((1, 32, 32)).parameters
    61706
    """
    return Sequential(
        Conv2d(1, 6, 5, rng=rng), Tanh(), AvgPool2d(2),
        Conv2d(6, 16, 5, rng=rng), Tanh(), AvgPool2d(2),
        Conv2d(16, 120, 5, rng=rng), Tanh(), Flatten(),
        Linear(120, 84, rng=rng), Tanh(), Linear(84, 10, rng=rng),
    )  # fmt: skip


def vgg16(rng=None):
    """VGG-16 for 3×224×224 images in 1,000 classes.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Where the weights come from; not needed to count them.

    Returns
    -------
    Sequential

    Notes
    -----
    Dropout, which stands between the dense layers in training, is left out.

    References
    ----------
    Simonyan and Zisserman, Very deep convolutional networks, ICLR 2015, table 1, column D.

    Examples
    --------
    >>> vgg16().summary((3, 224, 224)).parameters
    138357544
    """
    layers, channels = [], 3
    for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            layers += [Conv2d(channels, width, 3, padding=1, rng=rng), ReLU()]
            channels = width
        layers.append(MaxPool2d(2))
    layers += [Flatten(), Linear(512 * 7 * 7, 4096, rng=rng), ReLU()]
    return Sequential(*layers, Linear(4096, 4096, rng=rng), ReLU(), Linear(4096, 1000, rng=rng))


def resnet18(rng=None):
    """ResNet-18 for 3×224×224 images in 1,000 classes: blocks of two 3×3 layers.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Where the weights come from; not needed to count them.

    Returns
    -------
    Sequential

    References
    ----------
    He et al., Deep residual learning for image recognition, CVPR 2016, table 1, with projections (option B).

    Examples
    --------
    >>> resnet18().summary((3, 224, 224)).parameters
    11689512
    """
    return _resnet((2, 2, 2, 2), _basic, 1, rng)


def resnet50(rng=None, stride_first=False):
    """ResNet-50 for 3×224×224 images in 1,000 classes: blocks of a 1×1, a 3×3 and a 1×1 layer.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Where the weights come from; not needed to count them.
    stride_first : bool
        Whether a block that halves the maps does so at its first 1×1 layer, as its authors had it, or at its
        3×3 layer, as is common today. The parameters are the same, the work is not.

    Returns
    -------
    Sequential

    References
    ----------
    He et al., Deep residual learning for image recognition, CVPR 2016, table 1 and figure 5.

    Examples
    --------
    >>> resnet50().summary((3, 224, 224)).parameters
    25557032
    """

    def bottleneck(channels, width, stride, rng):
        first, second = (stride, 1) if stride_first else (1, stride)
        return [
            *_unit(channels, width, 1, first, rng), ReLU(),
            *_unit(width, width, 3, second, rng), ReLU(),
            *_unit(width, 4 * width, 1, 1, rng),
        ]  # fmt: skip

    return _resnet((3, 4, 6, 3), bottleneck, 4, rng)


def _basic(channels, width, stride, rng):
    return [*_unit(channels, width, 3, stride, rng), ReLU(), *_unit(width, width, 3, 1, rng)]


def _unit(channels, width, kernel_size, stride, rng):
    padding = kernel_size // 2
    return [
        Conv2d(channels, width, kernel_size, stride, padding, bias=False, rng=rng),
        BatchNorm2d(width),
    ]


def _resnet(depths, body, expansion, rng):
    layers, channels = [*_unit(3, 64, 7, 2, rng), ReLU(), MaxPool2d(3, 2, 1)], 64
    for stage, depth in enumerate(depths):
        width = 64 * 2**stage
        for number in range(depth):
            stride, out = 2 if stage and number == 0 else 1, expansion * width
            same = stride == 1 and channels == out
            shortcut = None if same else Sequential(*_unit(channels, out, 1, stride, rng))
            layers += [Residual(Sequential(*body(channels, width, stride, rng)), shortcut), ReLU()]
            channels = out
    return Sequential(*layers, GlobalAvgPool2d(), Flatten(), Linear(channels, 1000, rng=rng))
