"""The small picture of an array that stands in a page for readers without JavaScript."""

import base64
import re
import struct
import zlib

import numpy as np

from cnnmath.figures._picture import picture


def decoded(tag):
    """Pixels (H, W, 3) of the PNG inside an HTML picture."""
    data = base64.b64decode(re.search(r"base64,([^\"]+)", tag)[1])
    cols, rows = struct.unpack(">II", data[16:24])
    chunks, place = {}, 8
    while place < len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(name + body)
        chunks[name] = body
        place += 12 + length
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(rows, cols + 1)
    assert (lines[:, 0] == 0).all()
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[lines[:, 1:]]


def test_the_static_picture_is_a_png_of_the_array():
    pixels = decoded(picture([[-2.0, 0.0, 2.0]], -2, 2, "caption", "alt"))
    assert pixels.tolist() == [[[58, 112, 196], [255, 255, 255], [236, 138, 58]]]
    assert decoded(picture([[0.0, 1.0]], 0, 1, "", "")).tolist() == [[[52, 52, 56], [252, 252, 252]]]


def test_the_static_picture_is_reduced_by_means():
    large = np.kron(np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones((64, 64)))
    assert decoded(picture(large, 0, 1, "", "")).shape == (64, 64, 3)
    np.testing.assert_array_equal(decoded(picture(large, 0, 1, "", ""))[0, [0, -1], 0], [52, 252])


def test_the_static_picture_does_not_turn_on_the_last_digit():
    """Sums that differ by rounding are stored alike, so that a notebook's output compares equal on every machine."""
    values = (4 * (np.arange(254) + 0.5) / 254 - 2)[None, :50]  # half way between two colours
    shaken = values * (1 + np.random.default_rng(0).choice([-4e-16, 0, 4e-16], values.shape))
    assert picture(values, -2, 2, "", "") == picture(shaken, -2, 2, "", "")
