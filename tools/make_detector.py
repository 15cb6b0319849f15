"""Train the network of the figure Detector and write its weights to cnnmath/figures/static/detector-weights.js.

The weights are rounded to multiples of 1/32 and kept as bytes. With pixels in sixteenths every sum is then exact, and Python
and JavaScript find the same numbers to the last digit. Learns from the digits that Detector does not show.

    .venv/bin/python tools/make_detector.py
"""

import base64
from pathlib import Path

import numpy as np

from cnnmath.datasets import load_digits
from cnnmath.detection import draw_scene, iou, window_boxes
from cnnmath.layers import Conv2d, Flatten, Linear, ReLU
from cnnmath.network import Sequential
from cnnmath.optimizers import Adam
from cnnmath.schedules import cosine
from cnnmath.training import fit

TARGET = Path(__file__).resolve().parent.parent / "cnnmath/figures/static/detector-weights.js"
STEPS = 32  # to 1
LINE = 120  # characters

TEXT = """/* The weights of Detector's network, times {steps}, as signed bytes: K (8, 1, 3, 3), b (8), W (10, 8, 6, 6), c (10).
 * Written by tools/make_detector.py; Python reads this file too. */
(function (cnnmath) {{
"use strict";
cnnmath.detectorWeights ??= `
{code}`;
}})(globalThis.cnnmath);
"""


def examples(images, labels, rng, scenes):
    """Windows of random scenes with the targets of ten yes-or-no questions; background is thinned out."""
    inputs, targets = [], []
    for _ in range(scenes):
        scene, boxes, classes = draw_scene(images, labels, rng)
        shared = iou(window_boxes(scene.shape, 8), boxes)
        best = shared.max(axis=1)
        target = (best >= 0.7)[:, None] * np.eye(10)[classes[shared.argmax(axis=1)]]
        share = np.where(best >= 0.7, 1, np.where(best >= 0.5, 0, np.where(best > 0, 0.5, 0.1)))
        kept = rng.random(len(share)) < share
        windows = np.lib.stride_tricks.sliding_window_view(scene, (8, 8)).reshape(-1, 1, 8, 8)
        inputs.append(windows[kept])
        targets.append(target[kept])
    return np.concatenate(inputs), np.concatenate(targets)


def main():
    """Train, round and write."""
    images, labels = load_digits()
    learned = np.arange(len(images)) % 4 != 3
    rng = np.random.default_rng(0)
    x, y = examples(images[learned, 0], labels[learned], rng, 400)
    network = Sequential(Conv2d(1, 8, 3, rng=rng), ReLU(), Flatten(), Linear(288, 10, rng=rng))
    optimizer, epochs = Adam(network.parameters()), 10
    schedule = cosine(0.01, epochs * -(-len(x) // 64))
    print(fit(network, optimizer, x, y, epochs, 64, rng, loss="binary_cross_entropy_with_logits", schedule=schedule))
    numbers = np.concatenate([parameter.data.ravel() for parameter in network.parameters()])
    levels = np.clip(np.round(numbers * STEPS), -127, 127).astype(np.int8)
    code = base64.b64encode(levels.tobytes()).decode()
    lines = [code[at : at + LINE] for at in range(0, len(code), LINE)]
    TARGET.write_text(TEXT.format(steps=STEPS, code="\n".join(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
