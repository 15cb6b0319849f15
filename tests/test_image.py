"""Images: the bundled photograph and its provenance, number ranges, brightness, axis order."""

import hashlib
import importlib.util
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnmath import image

DATA = resources.files("cnnmath") / "data"


def refused(error, text, function, *arguments, **options):
    with pytest.raises(error) as caught:
        function(*arguments, **options)
    assert str(caught.value) == text


@pytest.fixture(scope="module")
def make_data():
    """tools/make_data.py as a module; it imports scikit-image only when it runs."""
    path = Path(__file__).parents[1] / "tools" / "make_data.py"
    spec = importlib.util.spec_from_file_location("make_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_constants_are_read_only():
    for constant in (image.RIDGE, image.RAMP):
        assert constant.shape == (5, 5) and constant.dtype == np.float64
        with pytest.raises(ValueError, match="read-only"):
            constant[0, 0] = 1
    assert np.array_equal(image.RIDGE, image.RIDGE[::-1, ::-1]) and image.RIDGE[2].tolist() == [7, 8, 9, 8, 7]
    assert image.RAMP.tolist() == [[4, 3, 2, 1, 0]] * 5


@pytest.mark.parametrize("mode, size", [(mode, size) for mode in image.SIZES for size in image.SIZES[mode]])
def test_photo_shapes(mode, size):
    photo = image.load_photo("coffee", size, mode)
    assert photo.shape == ((size, size) if mode == "grey" else (size, size, 3)) and photo.dtype == np.uint8
    photo[...] = 0
    assert image.load_photo("coffee", size, mode).max() > 200


def test_photo_sizes_show_one_picture():
    """Each stored size, averaged down to 4 × 4 blocks, is the same picture to within rounding."""
    blocks = []
    for size in image.SIZES["grey"]:
        photo = image.load_photo(size=size).astype(float)
        blocks.append(photo.reshape(4, size // 4, 4, size // 4).mean(axis=(1, 3)))
        if size in image.SIZES["rgb"]:
            assert np.abs(image.luminance(image.load_photo(size=size, mode="rgb")) - photo).max() < 1.5
    assert np.abs(blocks[0] - blocks[1]).max() < 0.2 and np.abs(blocks[1] - blocks[2]).max() < 0.2


def test_provenance_names_every_file_with_its_checksum():
    listed = dict(
        re.findall(r"SHA-256 of (\S+\.npz) \| `(\w+)`", (DATA / "PROVENANCE.md").read_text("utf-8"))
    )
    stored = [file for file in DATA.iterdir() if file.name != "PROVENANCE.md"]
    assert listed == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in stored}


def test_area_average_is_the_exact_mean(make_data):
    """Against means of repeated pixels, in fractions of 1/4: 6 pixels to 4 cells of 1.5 pixels each."""
    plane = np.random.default_rng(0).integers(0, 256, (6, 6)).astype(np.uint8)
    fine = np.kron(plane, np.ones((4, 4)))
    means = fine.reshape(4, 6, 4, 6).mean(axis=(1, 3))
    assert np.array_equal(make_data.area_average(plane, 4), np.floor(means + 0.5))
    assert np.array_equal(make_data.area_average(plane, 6), plane)


def test_other_parts_of_make_data(make_data):
    picture = np.arange(24, dtype=np.uint8).reshape(4, 6)
    assert np.array_equal(make_data.centre_square(picture), picture[:, 1:5])
    assert make_data.luminance(np.array([[[255, 255, 255], [1, 1, 2]]], dtype=np.uint8)).tolist() == [
        [255, 1]
    ]
    arrays = make_data.photo_arrays(np.full((30, 40, 3), 9, np.uint8))
    assert {(name, array.shape, array.min(), array.max()) for name, array in arrays.items()} == {
        (f"grey_{size}", (size, size), 9, 9) for size in image.SIZES["grey"]
    } | {(f"rgb_{size}", (size, size, 3), 9, 9) for size in image.SIZES["rgb"]}


def test_load_photo_refusals():
    refused(ValueError, 'load_photo: name must be one of "coffee"; got "cat".', image.load_photo, "cat")
    refused(
        ValueError,
        'load_photo: mode must be one of "grey", "rgb"; got "gray".',
        image.load_photo,
        mode="gray",
    )
    refused(TypeError, 'load_photo: size must be an integer >= 1; got "28".', image.load_photo, size="28")
    text = 'load_photo: size must be one of 28, 128 for mode "rgb"; got 256.'
    refused(ValueError, text, image.load_photo, size=256, mode="rgb")


def test_bytes_survive_the_round_trip():
    every = np.arange(256, dtype=np.uint8)
    for dtype in (np.float64, np.float32):
        assert image.to_float(every, dtype).dtype == dtype
        assert np.array_equal(image.to_uint8(image.to_float(every, dtype)), every)
    assert image.to_float(every)[51] == 0.2 and image.to_float(every).max() == 1


@given(st.floats(0, 1))
def test_to_uint8_rounds_halves_up(number):
    assert image.to_uint8([number]) == int(np.floor(255 * number + 0.5))


def test_to_uint8_clips_only_when_told():
    assert image.to_uint8([-0.5, 0.5 / 255, 2.0, np.inf], clip=True).tolist() == [0, 1, 255, 255]
    assert image.to_uint8(np.zeros((0, 2))).shape == (0, 2)
    hint = "Use clip=True to cut numbers off at 0 and 1."
    refused(
        ValueError, f"to_uint8: image must lie between 0 and 1; got -0.5. {hint}", image.to_uint8, [0.2, -0.5]
    )
    refused(
        ValueError, f"to_uint8: image must lie between 0 and 1; got 1.5. {hint}", image.to_uint8, [0.2, 1.5]
    )
    text = "to_uint8: image must hold no NaN; got an array of shape (1,). A byte cannot say NaN."
    refused(ValueError, text, image.to_uint8, [np.nan], clip=True)
    text = 'to_uint8: image must hold floats; got "int64". Use to_float first.'
    refused(TypeError, text, image.to_uint8, np.array([1], np.int64))


def test_to_float_refusals():
    text = 'to_float: image must have dtype uint8; got "float64". '
    refused(TypeError, text + "Divide other integers by their own largest value.", image.to_float, np.ones(2))
    text = 'to_float: dtype must be float32 or float64; got "int32".'
    refused(ValueError, text, image.to_float, np.ones(2, np.uint8), np.int32)


@pytest.mark.parametrize(
    "weights, values", [("rec601", (0.299, 0.587, 0.114)), ("rec709", (0.2126, 0.7152, 0.0722))]
)
def test_luminance(weights, values):
    np.testing.assert_allclose(image.luminance(np.eye(3), weights), values, rtol=1e-15)
    np.testing.assert_allclose(image.luminance(np.full((2, 2, 3), 7), weights), 7, rtol=1e-15)
    assert image.luminance(np.ones((2, 3), np.float32), weights).dtype == np.float32


def test_luminance_refusals():
    text = "luminance: rgb must have 3 colours on its last axis; got an array of shape (3, 4). "
    refused(
        ValueError, text + "Use chw_to_hwc when the colours come first.", image.luminance, np.ones((3, 4))
    )
    text = 'luminance: weights must be one of "rec601", "rec709"; got "mean".'
    refused(ValueError, text, image.luminance, np.ones(3), "mean")


def test_layouts():
    hwc = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    chw = image.hwc_to_chw(hwc)
    assert chw.shape == (3, 2, 4) and chw[2, 1, 3] == hwc[1, 3, 2] and chw.dtype == np.uint8
    assert np.array_equal(image.chw_to_hwc(chw), hwc)
    batch = image.chw_to_nchw(chw)
    assert batch.shape == (1, 3, 2, 4) and np.array_equal(image.nchw_to_chw(batch), chw)
    assert np.array_equal(image.hwc_to_chw(np.stack([hwc, hwc]))[1], chw)
    for result in (chw, image.chw_to_hwc(chw), batch, image.nchw_to_chw(batch)):
        assert result.flags.c_contiguous and result.base is None


def test_layout_refusals():
    text = "{}: image must have at least 3 dimensions {}; got an array of shape (2, 2)."
    refused(ValueError, text.format("hwc_to_chw", "(..., H, W, C)"), image.hwc_to_chw, np.ones((2, 2)))
    refused(ValueError, text.format("chw_to_hwc", "(..., C, H, W)"), image.chw_to_hwc, np.ones((2, 2)))
    text = "chw_to_nchw: image must have 3 dimensions (C, H, W); got an array of shape (2, 2). "
    refused(
        ValueError,
        text + "Use image[None] to give a grey image its channel.",
        image.chw_to_nchw,
        np.ones((2, 2)),
    )
    text = "nchw_to_chw: batch must have shape (1, C, H, W); got an array of shape (2, 3, 1, 1). "
    refused(ValueError, text + "Use batch[n] to take image n.", image.nchw_to_chw, np.ones((2, 3, 1, 1)))


# a reader's own picture

def test_square_means_are_means_over_equal_areas(rng):
    """Against averages of a picture whose pixels are cut into size × size parts each; the centre square of a wide and of a high picture."""
    for shape, (top, left) in (((6, 11, 3), (0, 2)), ((9, 6, 3), (1, 0))):
        picture = rng.integers(0, 256, shape).astype(np.uint8)
        side = min(shape[:2])
        square = picture[top : top + side, left : left + side] / 255
        for size in (1, 4, 6, 13):
            fine = square.repeat(size, axis=0).repeat(size, axis=1)
            expected = fine.reshape(size, side, size, side, 3).mean(axis=(1, 3))
            np.testing.assert_allclose(image.square_means(picture, size), expected, rtol=0, atol=1e-12)


def test_square_means_lay_what_is_transparent_on_white_and_take_floats_as_bytes(rng):
    colours = rng.integers(0, 256, (3, 3, 3)).astype(np.uint8)
    cover = np.dstack([colours, np.full((3, 3), 255, np.uint8)])
    np.testing.assert_array_equal(image.square_means(cover, 3), image.square_means(colours, 3))
    np.testing.assert_array_equal(image.square_means(np.zeros((2, 2, 4)), 2), np.ones((2, 2, 3)))
    np.testing.assert_array_equal(image.square_means((colours / 255).astype(np.float32), 2), image.square_means(colours, 2))


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (0, 4, 3), (1, 4, 4, 3)])
def test_square_means_refuse_other_shapes(shape):
    with pytest.raises(ValueError, match=r"^square_means: picture must have shape \(H, W, 3\) or \(H, W, 4\); got .*\. Use np.dstack"):
        image.square_means(np.zeros(shape, np.uint8), 2)


def test_square_means_refuse_a_size_that_is_none():
    refused(TypeError, "square_means: size must be an integer >= 1; got 2.5.", image.square_means, np.zeros((2, 2, 3), np.uint8), 2.5)
