"""A small picture of an array as HTML: the static form of figures whose arrays are too large for a table."""

import base64
import html
import struct
import zlib

import numpy as np

LARGEST = 64  # pixels along a side; larger arrays are reduced by whole factors
SHOWN = 192  # px on the page

# The ends of the light scheme's ramps in static/theme.js.
_BLACK, _WHITE = (52, 52, 56), (252, 252, 252)
_NEGATIVE, _ZERO, _POSITIVE = (58, 112, 196), (255, 255, 255), (236, 138, 58)


def picture(matrix, low, high, caption, alt):
    """`matrix` as a captioned picture: from low = -high to high in colour, from low = 0 to high in grey."""
    file = _png(_levels(_reduced(np.asarray(matrix)), low, high), _palette(low < 0))
    source = f"data:image/png;base64,{base64.b64encode(file).decode()}"
    look = f'width="{SHOWN}" style="image-rendering: pixelated"'
    image = f'<img {look} alt="{html.escape(alt)}" src="{source}">'
    return f'<figure style="margin: 0">{image}<figcaption>{html.escape(caption)}</figcaption></figure>'


def _reduced(matrix):
    """Means over step × step blocks, so that no side exceeds LARGEST; a remainder at the end is left out."""
    step = -(-max(matrix.shape) // LARGEST)
    rows, cols = (size // step for size in matrix.shape)
    return matrix[: rows * step, : cols * step].reshape(rows, step, cols, step).mean(axis=(1, 3))


def _levels(matrix, low, high):
    # Rounded first: sums differ in their last digits between machines, and stored outputs are compared.
    place = np.round((matrix - low) / ((high - low) or 1), 9)
    return np.floor(np.clip(place, 0, 1) * 254 + 0.5).astype(np.uint8)


def _palette(diverging):
    """255 colours; for a diverging ramp number 127 is that of 0."""
    ends = [_NEGATIVE, _ZERO, _POSITIVE] if diverging else [_BLACK, _WHITE]
    channels = [np.interp(np.arange(255), np.linspace(0, 254, len(ends)), channel) for channel in zip(*ends)]
    return np.floor(np.stack(channels, axis=1) + 0.5).astype(np.uint8)


def _png(levels, palette):
    """A PNG file whose pixels number its colours; not compressed, since compressors differ between machines."""
    rows, cols = levels.shape
    lines = np.pad(levels, ((0, 0), (1, 0))).tobytes()  # each line opens with its filter, 0 for none
    block = struct.pack("<BHH", 1, len(lines), len(lines) ^ 0xFFFF) + lines
    stored = b"\x78\x01" + block + struct.pack(">I", zlib.adler32(lines))
    head = struct.pack(">IIBBBBB", cols, rows, 8, 3, 0, 0, 0)
    chunks = (b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", stored), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
