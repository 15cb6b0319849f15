"""Convolution as a product of matrices: `im2col` rearranges the image, `correlation_matrix` the kernel.

Both are public as ``convolution.im2col`` and ``convolution.correlation_matrix``.
"""

import numpy as np

from cnnmath import _check, windows


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    r"""The windows of an image as the columns of a matrix.

    Column i W_out + j holds the window at position (i, j), read row by row, channel after channel:

    .. math::

        \mathrm{cols}_{(c K_h + m) K_w + n,\; i W_{out} + j} =
            X_{c,\; S_h i + D_h m - P_h,\; S_w j + D_w n - P_w}

    Parameters
    ----------
    x : array, shape (H, W) or (N, C, H, W)
    kernel_size, stride, padding, dilation : int or pair of int

    Returns
    -------
    ndarray of float32 or float64, shape (K_h K_w, H_out W_out) or (N, C K_h K_w, H_out W_out)

    Raises
    ------
    TypeError
        If `x` is not numeric, or an integer argument is no integer.
    ValueError
        If `x` has neither 2 nor 4 dimensions or is empty, an integer is too small, or the dilated
        kernel exceeds the padded image.

    Notes
    -----
    ``weight.reshape(C_out, -1) @ im2col(x, …)`` is `conv2d` without bias, its positions in one row.
    Each pixel is copied up to K_h K_w times.

    References
    ----------
    K. Chellapilla, S. Puri and P. Simard, High Performance Convolutional Neural Networks for Document
    Processing (2006), section 2.1.

    Examples
    --------
    >>> im2col([[1, 2, 3], [4, 5, 6]], (1, 2)).tolist()
    [[1.0, 2.0, 4.0, 5.0], [2.0, 3.0, 5.0, 6.0]]
    """
    x = _check.array("im2col", "x", x)
    if x.ndim not in (2, 4) or x.size == 0:
        hint = "No dimension may be empty" if x.size == 0 else ""
        raise ValueError(_check.message("im2col", "x", "have 2 dimensions (H, W) or 4 (N, C, H, W)", x, hint))
    place = windows.geometry("im2col", x.shape[-2:], kernel_size, stride, padding, dilation)
    batch = x.reshape(-1, *x.shape[-3:]) if x.ndim == 4 else x[None, None]
    view = windows.view(windows.pad(batch, place.padding), place).transpose(0, 1, 4, 5, 2, 3)
    columns = view.reshape(len(batch), -1, place.output[0] * place.output[1])
    return columns if x.ndim == 4 else columns[0]


def correlation_matrix(kernel, image_shape, stride=1, padding=0, dilation=1):
    r"""The matrix A with A vec(I) = vec(I ⋆ K), where vec reads an image row by row.

    .. math::

        A_{i W_{out} + j,\; u W + v} = K_{m,n} \quad\text{for }
            u = S_h i + D_h m - P_h,\; v = S_w j + D_w n - P_w

    and 0 elsewhere. Its transpose carries δ back to the pixels: Aᵀ vec(δ) is the gradient of the image.

    Parameters
    ----------
    kernel : array, shape (K_h, K_w)
    image_shape : pair of int
        (H, W).
    stride, padding, dilation : int or pair of int

    Returns
    -------
    ndarray of float32 or float64, shape (H_out W_out, H W)
        Each row holds the weights of one window; without padding, all K_h K_w of them.

    Raises
    ------
    TypeError, ValueError
        As `correlate2d`, for an image of shape `image_shape`.

    Notes
    -----
    For looking at, not for computing: the memory is H_out W_out H W numbers.

    Examples
    --------
    >>> correlation_matrix([[1, -1]], (2, 3)).astype(int).tolist()
    [[1, -1, 0, 0, 0, 0], [0, 1, -1, 0, 0, 0], [0, 0, 0, 1, -1, 0], [0, 0, 0, 0, 1, -1]]
    """
    kernel = _check.array("correlation_matrix", "kernel", kernel, "K_h, K_w")
    height, width = _check.pair("correlation_matrix", "image_shape", image_shape, 1)
    place = windows.geometry("correlation_matrix", (height, width), kernel.shape, stride, padding, dilation)
    # Write into each pixel the number of its column, into the padding -1: a window then lists its columns.
    numbers = windows.pad(np.arange(1, height * width + 1).reshape(height, width), place.padding) - 1
    columns = windows.view(numbers, place).reshape(-1, kernel.size)
    matrix = np.zeros((len(columns), height * width), dtype=kernel.dtype)
    row, tap = np.nonzero(columns >= 0)
    matrix[row, columns[row, tap]] = kernel.ravel()[tap]
    return matrix
