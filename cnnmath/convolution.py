"""Correlation and convolution in two dimensions, forward and backward.

`correlate2d` slides the kernel as it stands, `convolve2d` turns it by 180° first, and `conv2d`, the
layer of a network, correlates many channels with many filters. The functions named `…_definition` say
in loops what is computed; the fast forms (``_fast_convolution``) are tested against them. Strides,
paddings (per side, with zeros) and dilations are integers or pairs (vertical, horizontal). A result
is float32 if all its arrays are, else float64.
"""

import numpy as np

from cnnmath import _check, _fast_convolution, windows
from cnnmath._convolution_arguments import batch_and_weight, image_and_kernel
from cnnmath._convolution_matrices import correlation_matrix, im2col
from cnnmath.windows import output_size

__all__ = [
    "conv2d", "conv2d_backward", "conv2d_backward_definition", "conv2d_definition", "convolve2d",
    "correlate2d", "correlate2d_definition", "correlation_matrix", "im2col", "output_size",
]  # fmt: skip


def correlate2d(image, kernel, stride=1, padding=0, dilation=1):
    r"""Cross-correlation of an image with a kernel: the kernel slides without being flipped.

    .. math::

        (I \star K)_{i,j} = \sum_{m=0}^{K_h-1} \sum_{n=0}^{K_w-1}
            I_{S_h i + D_h m - P_h,\; S_w j + D_w n - P_w} K_{m,n}

    for 0 ≤ i < H_out and 0 ≤ j < W_out (`output_size`); pixels outside the image are 0.

    Parameters
    ----------
    image : array, shape (H, W)
    kernel : array, shape (K_h, K_w)
    stride, padding, dilation : int or pair of int

    Returns
    -------
    ndarray of float32 or float64, shape (H_out, W_out)

    Raises
    ------
    TypeError
        If an array is not numeric, or a stride, padding or dilation is no integer.
    ValueError
        If an array has not two dimensions or is empty, a stride, padding or dilation is too small,
        or the dilated kernel exceeds the padded image.

    Notes
    -----
    H_out W_out K_h K_w multiply-adds. What the field calls convolution is this; `convolve2d` flips.

    References
    ----------
    I. Goodfellow, Y. Bengio and A. Courville, Deep Learning (2016), equation 9.6.

    Examples
    --------
    >>> correlate2d([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0, -1]] * 3).tolist()
    [[-6.0]]
    """
    image, kernel, place = image_and_kernel("correlate2d", image, kernel, stride, padding, dilation)
    return _fast_convolution.forward(image[None, None], kernel[None, None], place)[0, 0]


def convolve2d(image, kernel, stride=1, padding=0, dilation=1):
    r"""True convolution of an image with a kernel: `correlate2d` with the kernel turned by 180°.

    .. math::

        (I * K)_{i,j} = \sum_{m,n}
            I_{S_h i + D_h (K_h - 1 - m) - P_h,\; S_w j + D_w (K_w - 1 - n) - P_w} K_{m,n}

    Arguments, result and errors are those of `correlate2d`.

    Notes
    -----
    At stride 1 and full padding, P = D (K - 1), convolution commutes: I * K = K * I. Correlation does not.

    References
    ----------
    I. Goodfellow, Y. Bengio and A. Courville, Deep Learning (2016), equations 9.4 and 9.5.

    Examples
    --------
    >>> convolve2d([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0, -1]] * 3).tolist()
    [[6.0]]
    """
    image, kernel, place = image_and_kernel("convolve2d", image, kernel, stride, padding, dilation)
    return _fast_convolution.forward(image[None, None], kernel[None, None, ::-1, ::-1], place)[0, 0]


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""The convolutional layer: each filter is correlated with its channels, summed, and a bias added.

    .. math:: Y_{n,o} = b_o + \sum_{c} X_{n,c} \star W_{o,c}

    Parameters
    ----------
    x : array, shape (N, C_in, H, W)
    weight : array, shape (C_out, C_in / groups, K_h, K_w)
    bias : array, shape (C_out,), or None
    stride, padding, dilation : int or pair of int
    groups : int
        Splits channels and filters into as many blocks; filter o sums over the channels of its own block.

    Returns
    -------
    ndarray of float32 or float64, shape (N, C_out, H_out, W_out)

    Raises
    ------
    TypeError
        If an array is not numeric, or an integer argument is no integer.
    ValueError
        If an array has the wrong number of dimensions or is empty, shapes do not fit each other,
        `groups` does not divide C_in and C_out, or the dilated kernel exceeds the padded image.

    Notes
    -----
    N C_out H_out W_out (C_in / groups) K_h K_w multiply-adds, done as matrix products on a buffer of
    about 1 MB. The kernel is not flipped, as in every deep-learning library.

    References
    ----------
    Y. LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998), section II.

    Examples
    --------
    >>> conv2d(np.ones((1, 2, 3, 3)), np.ones((1, 2, 2, 2)), bias=[1]).tolist()
    [[[[9.0, 9.0], [9.0, 9.0]]]]
    """
    x, weight, place, groups = batch_and_weight("conv2d", x, weight, stride, padding, dilation, groups)
    if bias is not None:
        bias = _check.array("conv2d", "bias", bias, "C_out")
        _check.same_shape("conv2d", "bias", bias, weight.shape[:1], "Give one number for each filter")
    return _fast_convolution.forward(x, weight, place, groups, bias)


def conv2d_backward(dout, x, weight, stride=1, padding=0, dilation=1, groups=1, needs_dx=True):
    r"""The gradients of a loss L through `conv2d`, given δ = ∂L/∂Y.

    Y is a sum of products X W, so each product passes δ on to one factor times the other:

    .. math::

        \frac{\partial L}{\partial W_{o,c,m,n}} &= \sum_{b,i,j}
            \delta_{b,o,i,j}\, X_{b,c,\,S i + D m - P,\; S j + D n - P} \\
        \frac{\partial L}{\partial X_{b,c,u,v}} &= \sum_{o}
            \sum_{\substack{i,m:\, S i + D m - P = u \\ j,n:\, S j + D n - P = v}}
            \delta_{b,o,i,j}\, W_{o,c,m,n} \\
        \frac{\partial L}{\partial b_o} &= \sum_{b,i,j} \delta_{b,o,i,j}

    At stride 1 the first is the correlation X ⋆ δ. The second then reads δ at i = u + P - D m: the index
    of W runs against that of δ, so it is the full convolution of δ with W, a correlation with the
    kernel turned by 180°. A stride spreads δ with S - 1 zeros between its entries; padding cuts P
    pixels off each side of the result.

    Parameters
    ----------
    dout : array, shape (N, C_out, H_out, W_out)
        δ, of the shape of conv2d's result.
    x, weight, stride, padding, dilation, groups
        As given to `conv2d`. (Its bias does not enter.)
    needs_dx : bool
        False leaves the gradient of x out: the first layer of a network does not need it.

    Returns
    -------
    dx : ndarray, shape (N, C_in, H, W), or None
    dweight : ndarray, shape (C_out, C_in / groups, K_h, K_w)
    dbias : ndarray, shape (C_out,)

    Raises
    ------
    TypeError, ValueError
        As `conv2d`, and ValueError if `dout` has not the shape of its result.

    Notes
    -----
    Twice the multiply-adds of `conv2d`; the zeros between the spread δ are not multiplied, those around
    it are, so that a NaN or infinite weight marks border pixels that it did not meet.

    References
    ----------
    V. Dumoulin and F. Visin, A Guide to Convolution Arithmetic for Deep Learning (2016), chapter 4.

    Examples
    --------
    >>> dx, dweight, dbias = conv2d_backward([[[[1, 10]]]], [[[[1, 2, 3]]]], [[[[4, 5]]]])
    >>> dx.tolist(), dweight.tolist(), dbias.tolist()
    ([[[[4.0, 45.0, 50.0]]]], [[[[21.0, 32.0]]]], [11.0])
    """
    x, weight, place, groups = batch_and_weight(
        "conv2d_backward", x, weight, stride, padding, dilation, groups
    )
    dout = _check.array("conv2d_backward", "dout", dout, "N, C_out, H_out, W_out")
    shape = (len(x), len(weight), *place.output)
    _check.same_shape("conv2d_backward", "dout", dout, shape, "It has the shape of conv2d's result")
    dx = _fast_convolution.input_gradient(dout, weight, place, groups) if needs_dx else None
    return dx, _fast_convolution.weight_gradient(dout, x, place, groups), dout.sum(axis=0).sum(axis=(1, 2))


def correlate2d_definition(image, kernel, stride=1, padding=0, dilation=1):
    """`correlate2d` as its equation reads: one product at a time."""
    image, kernel, place = image_and_kernel(
        "correlate2d_definition", image, kernel, stride, padding, dilation
    )
    padded = windows.pad(image, place.padding)
    (s_h, s_w), (d_h, d_w) = place.stride, place.dilation
    result = np.zeros(place.output, dtype=np.result_type(image, kernel))
    for i, j in np.ndindex(place.output):
        for m, n in np.ndindex(kernel.shape):
            result[i, j] += padded[s_h * i + d_h * m, s_w * j + d_w * n] * kernel[m, n]
    return result


def conv2d_definition(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """`conv2d` as its equation reads: every map is a sum of correlations over the channels of its group."""
    x, weight, place, groups = batch_and_weight(
        "conv2d_definition", x, weight, stride, padding, dilation, groups
    )
    filters, channels = len(weight) // groups, weight.shape[1]
    result = np.zeros((len(x), len(weight), *place.output), dtype=np.result_type(x, weight))
    for b, o, c in np.ndindex(len(x), len(weight), channels):
        image = x[b, o // filters * channels + c]
        result[b, o] += correlate2d_definition(image, weight[o, c], stride, padding, dilation)
    return result if bias is None else result + np.asarray(bias)[:, None, None]


def conv2d_backward_definition(dout, x, weight, stride=1, padding=0, dilation=1, groups=1):
    """`conv2d_backward` by the product rule: each product of the sum passes δ on to both its factors."""
    function = "conv2d_backward_definition"
    x, weight, place, groups = batch_and_weight(function, x, weight, stride, padding, dilation, groups)
    dout, padded = _check.array(function, "dout", dout), windows.pad(x, place.padding)
    dpadded, dweight = np.zeros_like(padded), np.zeros_like(weight)
    dbias = np.zeros_like(dout, shape=len(weight))
    (s_h, s_w), (d_h, d_w) = place.stride, place.dilation
    filters, channels = len(weight) // groups, weight.shape[1]
    for b, o, i, j in np.ndindex(dout.shape):
        dbias[o] += dout[b, o, i, j]
        for c, m, n in np.ndindex(weight.shape[1:]):
            pixel = b, o // filters * channels + c, s_h * i + d_h * m, s_w * j + d_w * n
            dweight[o, c, m, n] += dout[b, o, i, j] * padded[pixel]
            dpadded[pixel] += dout[b, o, i, j] * weight[o, c, m, n]
    return windows.crop(dpadded, place.padding).copy(), dweight, dbias
