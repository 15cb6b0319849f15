"""The named kernels: their algebra, their effect on edges, their sources."""

import numpy as np
import pytest

from cnnmath.convolution import correlate2d
from cnnmath.kernels import kernel, names, source

DERIVATIVES = [
    "vertical_edge", "horizontal_edge", "diagonal_down", "diagonal_up", "prewitt_x", "prewitt_y", "sobel_x",
    "sobel_y", "scharr_x", "scharr_y", "laplacian", "laplacian_8",
]  # fmt: skip
MEANS = ["identity", "box_blur", "gaussian", "gaussian_5", "sharpen", "emboss"]


def test_every_kernel_sums_to_0_or_1():
    assert sorted(DERIVATIVES + MEANS) == sorted(names())
    assert all(kernel(name).sum() == 0 for name in DERIVATIVES)
    np.testing.assert_allclose([kernel(name).sum() for name in MEANS], 1, rtol=1e-15)


def test_every_call_returns_a_new_float64_array():
    for name in names():
        size = 5 if name.endswith("_5") else 3
        assert kernel(name).shape == (size, size) and kernel(name).dtype == np.float64
        kernel(name)[...] = 7
        assert not (kernel(name) == 7).any() and len(source(name)) > 10


@pytest.mark.parametrize("family", ["prewitt", "sobel", "scharr"])
def test_y_is_x_transposed_and_smoothing_times_difference(family):
    x, y = kernel(f"{family}_x"), kernel(f"{family}_y")
    smoothing = {"prewitt": [1, 1, 1], "sobel": [1, 2, 1], "scharr": [3, 10, 3]}[family]
    assert np.array_equal(y, x.T) and np.array_equal(x, np.outer(smoothing, [-1, 0, 1]))


def test_relations():
    assert np.array_equal(kernel("vertical_edge"), -kernel("prewitt_x"))
    assert np.array_equal(kernel("horizontal_edge"), kernel("vertical_edge").T)
    assert np.array_equal(kernel("sharpen"), kernel("identity") - kernel("laplacian"))
    assert np.array_equal(kernel("diagonal_up"), kernel("diagonal_down")[:, ::-1])
    assert np.array_equal(kernel("gaussian"), np.outer([1, 2, 1], [1, 2, 1]) / 16)
    assert np.array_equal(kernel("gaussian_5"), np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256)


@pytest.mark.parametrize(
    "name, image, value",
    [
        ("vertical_edge", [[0, 0, 1]] * 3, -3),  # a step up to the right
        ("horizontal_edge", [[0] * 3, [0] * 3, [1] * 3], -3),
        ("sobel_x", [[0, 0, 1]] * 3, 4),
        ("sobel_y", [[0] * 3, [0] * 3, [1] * 3], 4),
        ("diagonal_down", [[0, 1, 1], [0, 0, 1], [0, 0, 0]], 3),  # an edge along the falling diagonal
        ("diagonal_up", [[1, 1, 0], [1, 0, 0], [0, 0, 0]], 3),  # an edge along the rising diagonal
        ("diagonal_down", [[1, 1, 0], [1, 0, 0], [0, 0, 0]], 0),
        ("diagonal_up", [[0, 1, 1], [0, 0, 1], [0, 0, 0]], 0),
        ("laplacian", [[0, 1, 0], [1, 1, 1], [0, 1, 0]], 0),
        ("laplacian", [[0, 0, 0], [0, 1, 0], [0, 0, 0]], -4),
        ("laplacian_8", [[0, 0, 0], [0, 1, 0], [0, 0, 0]], -8),
        ("emboss", [[0, 0, 0], [0, 0, 1], [0, 1, 1]], 4),
    ],
)  # fmt: skip
def test_answers(name, image, value):
    assert correlate2d(image, kernel(name)).item() == value


@pytest.mark.parametrize("function", [kernel, source])
def test_unknown_name_lists_the_names(function):
    with pytest.raises(ValueError) as caught:
        function("blur")
    listed = ", ".join(f'"{name}"' for name in names())
    assert str(caught.value) == f'{function.__name__}: name must be one of {listed}; got "blur".'
