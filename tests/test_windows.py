"""The window geometry: sizes, views and taps against enumeration, and every refusal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnmath import convolution, windows

sizes, steps = st.integers(1, 9), st.integers(1, 3)


@given(sizes, st.integers(1, 5), steps, st.integers(0, 3), steps)
def test_output_size_counts_the_positions_that_fit(size, kernel, stride, padding, dilation):
    last_tap = dilation * (kernel - 1)
    count = sum(start + last_tap < size + 2 * padding for start in range(0, size + 2 * padding, stride))
    if count:
        assert windows.output_size(size, kernel, stride, padding, dilation) == count
    else:
        with pytest.raises(ValueError, match="must not exceed padded height"):
            windows.output_size(size, kernel, stride, padding, dilation)


def test_output_size_of_pairs():
    assert windows.output_size(7, 3) == 5 and type(windows.output_size(7, 3)) is int
    assert windows.output_size((7, 9), 3, stride=(2, 1)) == (3, 7)
    assert windows.output_size(7, 3, padding=(0, 1)) == (5, 7)
    assert convolution.output_size is windows.output_size


@settings(deadline=None)
@given(st.data())
def test_view_and_tap_follow_their_index_formula(data):
    kernel, stride, dilation = (data.draw(st.tuples(steps, steps)) for _ in range(3))
    padding = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    image = tuple(d * (k - 1) + 1 + data.draw(st.integers(0, 4)) for k, d in zip(kernel, dilation))
    place = windows.geometry("f", image, kernel, stride, padding, dilation)
    x = np.arange(2 * image[0] * image[1], dtype=np.float32).reshape(2, *image)
    padded = windows.pad(x, padding)
    assert np.array_equal(padded, np.pad(x, ((0, 0), (padding[0],) * 2, (padding[1],) * 2)))
    assert np.array_equal(windows.crop(padded, padding), x)
    view = windows.view(padded, place)
    assert view.shape == (2, *place.output, *kernel) and padded.dtype == view.dtype == np.float32
    for i, j in np.ndindex(place.output):
        for m, n in np.ndindex(kernel):
            pixel = padded[:, stride[0] * i + dilation[0] * m, stride[1] * j + dilation[1] * n]
            assert np.array_equal(view[:, i, j, m, n], pixel)
            assert np.array_equal(windows.tap(padded, place, m, n)[:, i, j], pixel)


def test_view_is_read_only_and_tap_writes():
    place = windows.geometry("f", (3, 3), 2, stride=2)
    x = np.zeros((3, 3))
    assert not windows.view(x, place).flags.writeable
    windows.tap(x, place, 1, 1)[...] += 1
    assert x.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_pad():
    x = np.ones((1, 2))
    assert windows.pad(x, (0, 0)) is x
    assert windows.pad(x, (1, 0), -np.inf).tolist() == [[-np.inf] * 2, [1, 1], [-np.inf] * 2]
    assert windows.pad(np.ones((1, 1), int), (0, 1)).dtype == int
    x.flags.writeable = False
    assert windows.pad(x, (0, 1)).tolist() == [[0, 1, 1, 0]]


def test_geometry_fields():
    place = windows.geometry("f", (8, 9), (3, 2), (2, 1), (1, 0), (2, 3))
    assert place.extent == (5, 4) and place.padded == (10, 9) and place.output == (3, 6)
    assert windows.dilated_extent(3, 2) == 5


@pytest.mark.parametrize(
    "arguments, error, text",
    [
        ((2, 5, 1, 1), ValueError, "f: kernel height 5 must not exceed padded height 4 (H=2, padding=1). "
            "Use padding >= 2 or a smaller kernel."),
        (((5, 2), 3), ValueError, "f: kernel width 3 must not exceed padded width 2 (W=2, padding=0). "
            "Use padding >= 1 or a smaller kernel."),
        ((4, (1, 3), 1, 0, (1, 2)), ValueError,
            "f: dilated kernel width 5 (K_w=3, dilation=2) must not exceed "
            "padded width 4 (W=4, padding=0). Use padding >= 1 or a smaller kernel or dilation."),
        ((0, 1), ValueError, "f: size must be an integer >= 1; got 0."),
        ((3, 0), ValueError, "f: kernel_size must be an integer >= 1; got 0."),
        ((3, 1, 0), ValueError,
            "f: stride must be an integer >= 1; got 0. Use stride=1 to visit every position."),
        ((3, 1, 1.0), TypeError, "f: stride must be an integer >= 1, not a float; got 1. "
            "Use stride=1 to visit every position."),
        ((3, 1, 1, -1), ValueError, "f: padding must be an integer >= 0; got -1. Use padding=0 for none."),
        ((3, 1, 1, (0, 1, 2)), ValueError,
            "f: padding must be an integer >= 0 or a pair of them; got (0, 1, 2). "
            "Use padding=0 for none."),
        ((3, 1, 1, 0, 0), ValueError,
            "f: dilation must be an integer >= 1; got 0. Use dilation=1 for adjacent taps."),
        ((3, 1, 1, 0, "2"), TypeError, 'f: dilation must be an integer >= 1; got "2". '
            "Use dilation=1 for adjacent taps."),
    ],
)  # fmt: skip
def test_refusals(arguments, error, text):
    with pytest.raises(error) as caught:
        windows.geometry("f", *arguments)
    assert str(caught.value) == text


def test_refusals_name_the_public_function():
    with pytest.raises(ValueError, match="^output_size: kernel height 3 must not exceed padded height 2"):
        windows.output_size(2, 3)
    with pytest.raises(ValueError, match=r"^dilated_extent: kernel_size must be an integer >= 1; got 0\."):
        windows.dilated_extent(0)
    with pytest.raises(ValueError, match=r"^dilated_extent: dilation must be an integer >= 1; got 0\."):
        windows.dilated_extent(1, 0)


def test_copy_rows_copies_whatever_the_strides_and_dtypes():
    rng = np.random.default_rng(0)
    source = rng.standard_normal((3, 4, 10))
    views = (source[..., 2:7], source[..., ::2], source[:, ::-1, :5], source.transpose(2, 0, 1)[:5], source[..., :0])
    for view in views:
        for dtype in (np.float64, np.float32):
            target = np.zeros((*view.shape[:-1], view.shape[-1] + 3), dtype)
            windows.copy_rows(view, target[..., 1 : 1 + view.shape[-1]])
            np.testing.assert_array_equal(target[..., 1 : 1 + view.shape[-1]], view.astype(dtype))
            assert not target[..., 0].any() and not target[..., 1 + view.shape[-1] :].any()
