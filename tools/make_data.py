"""Make the files of cnnmath/data from the photographs of scikit-image and the digits of scikit-learn.

Run it where both are installed (they are not needed to use the book):

    pip install scikit-image scikit-learn
    python tools/make_data.py

It prints the checksums that stand in cnnmath/data/PROVENANCE.md.
"""

import hashlib
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent.parent / "cnnmath" / "data"
GREY_SIZES, RGB_SIZES = (28, 128, 256), (28, 128)


def centre_square(picture):
    """The largest centred square of a picture (H, W, ...)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def overlaps(old, new):
    """Matrix (new, old): the part of each pixel in each cell when `old` pixels become `new`, in units of 1/new."""
    cells, pixels = np.arange(new)[:, None], np.arange(old)
    first, last = np.maximum(cells * old, pixels * new), np.minimum((cells + 1) * old, (pixels + 1) * new)
    return np.maximum(last - first, 0)


def area_average(plane, size):
    """A square uint8 plane reduced to size × size cell means, exact in integers, halves rounded up."""
    old = len(plane)
    weights = overlaps(old, size)
    return divide_half_up(weights @ plane.astype(np.int64) @ weights.T, old * old).astype(np.uint8)


def luminance(rgb):
    """Rec. 601 luma of a uint8 picture (H, W, 3), in integers, halves rounded up."""
    return divide_half_up(rgb.astype(np.int64) @ np.array([299, 587, 114]), 1000).astype(np.uint8)


def divide_half_up(numerator, denominator):
    """round(numerator / denominator) for integers >= 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def photo_arrays(picture):
    """All sizes of a picture, each made from the full-size square: grey_28, …, rgb_128."""
    square = centre_square(picture)
    grey = luminance(square)
    arrays = {f"grey_{size}": area_average(grey, size) for size in GREY_SIZES}
    for size in RGB_SIZES:
        arrays[f"rgb_{size}"] = np.stack([area_average(square[..., c], size) for c in range(3)], axis=-1)
    return arrays


def main():
    from skimage import data
    from sklearn.datasets import load_digits

    digits = load_digits()
    files = {
        "coffee.npz": photo_arrays(data.coffee()),
        "digits.npz": {"images": digits.images.astype(np.uint8), "labels": digits.target.astype(np.uint8)},
    }
    for name, arrays in files.items():
        np.savez_compressed(DATA / name, **arrays)
        content = (DATA / name).read_bytes()
        print(name, len(content), "bytes, SHA-256", hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
