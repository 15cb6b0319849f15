"""Detector: a classifier of digits slides over a scene; heat map, boxes, suppression, precision and recall."""

import base64
import re
from functools import lru_cache

import numpy as np

from cnnmath import _check
from cnnmath.activations import sigmoid
from cnnmath.datasets import load_digits
from cnnmath.detection import iou, match, non_maximum_suppression, window_boxes
from cnnmath.figures import _assets, _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.figures._picture import picture as picture_html
from cnnmath.figures._random import uniform
from cnnmath.layers import Conv2d, ReLU
from cnnmath.network import Sequential

ROWS, COLS, SIDE = 24, 40, 8  # of the scene; of a digit
MOST = 8  # digits
TESTS = 449  # every fourth image: the network has not learned from these
ENOUGH = 0.5  # IoU with a true box that makes a detection right
_ANY = "any"


@lru_cache(maxsize=1)
def trained():
    """The network of the figure: Conv2d(1, 8, 3), ReLU, Conv2d(8, 10, 6). Its logits z(k, i, j) ask whether window (i, j) shows a k.

    It was trained on 8×8 windows as conv, ReLU, flatten and a dense layer of 288 inputs, whose rows are kernels here. The weights
    are multiples of 1/32 (tools/make_detector.py).
    """
    code = re.search("`(.*)`", _assets.source("detector-weights.js"), re.DOTALL)[1]
    numbers = np.frombuffer(base64.b64decode(code), np.int8) / 32
    network = Sequential(Conv2d(1, 8, 3), ReLU(), Conv2d(8, 10, 6))
    for parameter in network.parameters():
        part, numbers = np.split(numbers, [parameter.size])
        parameter.data = part.reshape(parameter.shape)
    return network


class _Places(_fields.List):
    """Random lists are up to the full length, mostly of places that fit."""

    def check(self, figure, name, value):
        return super().check(figure, name, value.tolist() if isinstance(value, np.ndarray) else value)

    def random(self, rng):
        places = [[int(rng.integers(ROWS - SIDE + 1)), int(rng.integers(COLS - SIDE + 1))] for _ in range(rng.integers(self.maximum + 1))]
        if places and rng.random() < 0.05:
            places[-1][0] += ROWS
        return places


class Detector(Figure):
    """A scene of handwritten digits, and a network that looks for them with a sliding window of 8×8 pixels.

    The network is fixed (`trained`): ten yes-or-no questions for each of 17 × 33 windows. A window whose largest probability is at
    least `threshold` is a candidate, with the digit that has it. With `suppress` candidates go through non-maximum suppression,
    whatever their digits. A detection is right if it matches a true box of its digit that no better one has matched, with an IoU of at least ½.

    Fields: `places` (row and column of the upper left corner of each digit, at most 8), `seed` (which test images they are, and the
    noise), `noise` (each pixel changes by up to this much, in sixteenths, within 0 to 1), `inverted`, `threshold`, `overlap`
    (suppression drops a box whose IoU with a kept one is larger), `suppress`, `shown` (the digit of the heat map, or "any") and
    `cell` (the window looked at, held to the last one).

    Values: the `scene` and the `digits` in it; the `heat` map of probabilities; how many windows are `candidates`; of the detections,
    best first, `tops`, `lefts`, `classes`, `scores` and `found`, the number of the true box or −1; the numbers of the `suppressed` windows, row
    by row from 0; `right`, `wrong` and `missed`; `precision` and `recall`, None where nothing is to be divided by. Of the window looked
    at: `cell`, its pixels `window`, its ten `chances`, the `nearest` true box (−1: there is none), and the areas `shared` and `union`
    and the `cell_iou` of the two.

    Examples
    --------
    >>> values = Detector(places=[[8, 16]], threshold=0.5, overlap=0.3).values()
    >>> values["tops"].tolist(), values["lefts"].tolist(), values["classes"].tolist() == values["digits"].tolist()
    ([8], [17], True)
    """

    scripts = ("random.js", "digits.js", "pictures.js", "detector-weights.js", "detector-values.js")
    data = ("digits-grey-8",)

    places = _Places([[2, 3], [3, 16], [1, 29], [13, 8], [14, 15], [13, 30]], _fields.Integers([0, 0], 2, 0, COLS), MOST)
    seed = _fields.Integer(8, 0, 9999)
    noise = _fields.Real(0.0, 0, 1)
    inverted = _fields.Flag(False)
    threshold = _fields.Real(0.5, 0.01, 0.99)
    overlap = _fields.Real(0.3, 0, 1)
    suppress = _fields.Flag(True)
    shown = _fields.Choice(_ANY, (_ANY, *"0123456789"))
    cell = _fields.Integers([7, 17], 2, 0, 99)

    @classmethod
    def check_together(cls, state):
        for place in state["places"]:
            if place[0] > ROWS - SIDE or place[1] > COLS - SIDE:
                rule = f"keep each digit inside: rows 0 to {ROWS - SIDE}, columns 0 to {COLS - SIDE}"
                raise ValueError(_check.message("Detector", "places", rule, place))

    def _scene(self):
        """The scene, its true boxes and their digits."""
        images, labels = load_digits()
        places = np.array(self.places, dtype=int).reshape(-1, 2)
        chosen = 4 * np.floor(TESTS * uniform(self.seed, len(places))).astype(int) + 3
        scene = np.zeros((ROWS, COLS))
        for (i, j), image in zip(places, images[chosen, 0]):
            part = scene[i : i + SIDE, j : j + SIDE]
            np.maximum(part, image, out=part)
        grain = np.floor(16 * self.noise * (2 * uniform(self.seed, scene.shape, MOST) - 1) + 0.5)
        scene = np.clip(scene + grain / 16, 0, 1)
        return 1 - scene if self.inverted else scene, np.concatenate([places, places + SIDE], axis=1), labels[chosen]

    def values(self):
        scene, truth, digits = self._scene()
        z = trained().forward(scene[None, None])[0]
        boxes, best, classes = window_boxes(scene.shape, SIDE), z.max(axis=0).ravel(), z.argmax(axis=0).ravel()
        candidates = np.flatnonzero(sigmoid(best) >= self.threshold)
        ranked = candidates[np.argsort(-best[candidates], kind="stable")]
        kept = candidates[non_maximum_suppression(boxes[candidates], best[candidates], self.overlap)] if self.suppress else ranked
        found = match(boxes[kept], truth, ENOUGH, classes[kept], digits)
        right = int(np.sum(found >= 0))
        return {"scene": scene, "digits": digits, "heat": sigmoid(z.max(axis=0) if self.shown == _ANY else z[int(self.shown)]),
                "candidates": len(candidates), "tops": boxes[kept, 0], "lefts": boxes[kept, 1], "classes": classes[kept],
                "scores": sigmoid(best[kept]), "found": found, "suppressed": candidates[~np.isin(candidates, kept)],
                "right": right, "wrong": len(kept) - right, "missed": len(digits) - right,
                "precision": right / len(kept) if len(kept) else None, "recall": right / len(digits) if len(digits) else None,
                **self._look(scene, truth, z)}

    def _look(self, scene, truth, z):
        i, j = min(self.cell[0], ROWS - SIDE), min(self.cell[1], COLS - SIDE)
        box = np.array([[i, j, i + SIDE, j + SIDE]])
        overlaps = iou(box, truth)[0]
        nearest = int(overlaps.argmax()) if len(truth) else -1
        down, right = (np.maximum(SIDE - np.abs(box - truth)[nearest, :2], 0) if len(truth) else (0, 0))
        shared = int(down * right)
        return {"cell": [i, j], "window": scene[i : i + SIDE, j : j + SIDE], "chances": sigmoid(z[:, i, j]), "nearest": nearest,
                "shared": shared, "union": 2 * SIDE**2 - shared, "cell_iou": shared / (2 * SIDE**2 - shared)}

    def describe(self):
        v = self.values()
        number, told = _text.number, _text.told
        (i, j), best = v["cell"], int(np.argmax(v["chances"] >= v["chances"].max() - 1e-9))
        extras = (f", noise {number(self.noise)}" if self.noise else "") + (", inverted" if self.inverted else "")
        done = f"suppression at IoU {number(self.overlap)} keeps {len(v['found'])}" if self.suppress else "none is suppressed"
        shares = "; ".join(f"{name} {'not defined' if v[name] is None else told(v[name])}" for name in ("precision", "recall"))
        near = f", and has IoU {told(v['cell_iou'])} with the {v['digits'][v['nearest']]}" if v["shared"] else ", and meets no digit"
        return (f"{_named(v['digits'])}{extras}. {v['candidates']} of {17 * 33} windows have a probability of at least {number(self.threshold)}; "
                f"{done}: {v['right']} right, {v['wrong']} wrong; {v['missed']} missed; {shares}. "
                f"The window at row {i}, column {j} looks most like a {best}, with probability {told(v['chances'][best])}{near}.")

    def as_python(self):
        heat = "z.max(axis=0)" if self.shown == _ANY else f"z[{self.shown}]"
        order = ("non_maximum_suppression(boxes[candidates], best[candidates], overlap)" if self.suppress
                 else 'np.argsort(-best[candidates], kind="stable")')
        i, j = self.values()["cell"]
        return f"""import numpy as np
from cnnmath.activations import sigmoid
from cnnmath.datasets import load_digits
from cnnmath.detection import iou, match, non_maximum_suppression, window_boxes
from cnnmath.figures._random import uniform
from cnnmath.figures.detector import trained

places = np.array({_text.rows_text(self.places)}, dtype=int).reshape(-1, 2)
seed, noise, threshold, overlap = {self.seed}, {_text.rows_text(self.noise)}, {_text.rows_text(self.threshold)}, {_text.rows_text(self.overlap)}

images, labels = load_digits()
chosen = 4 * np.floor({TESTS} * uniform(seed, len(places))).astype(int) + 3  # test images
scene, digits = np.zeros(({ROWS}, {COLS})), labels[chosen]
for (i, j), image in zip(places, images[chosen, 0]):
    part = scene[i : i + {SIDE}, j : j + {SIDE}]
    np.maximum(part, image, out=part)
grain = np.floor(16 * noise * (2 * uniform(seed, scene.shape, {MOST}) - 1) + 0.5)
scene = {"1 - " if self.inverted else ""}np.clip(scene + grain / 16, 0, 1)
truth = np.concatenate([places, places + {SIDE}], axis=1)

z = trained().forward(scene[None, None])[0]
heat = sigmoid({heat})
boxes, best, classes = window_boxes(scene.shape, {SIDE}), z.max(axis=0).ravel(), z.argmax(axis=0).ravel()
candidates = np.flatnonzero(sigmoid(best) >= threshold)
kept = candidates[{order}]
suppressed = candidates[~np.isin(candidates, kept)]
tops, lefts, classes, scores = boxes[kept, 0], boxes[kept, 1], classes[kept], sigmoid(best[kept])
candidates = len(candidates)

found = match(boxes[kept], truth, {ENOUGH}, classes, digits)
right = np.sum(found >= 0)
wrong, missed = len(kept) - right, len(digits) - right
precision = right / len(kept) if len(kept) else None
recall = right / len(digits) if len(digits) else None

cell = i, j = {i}, {j}
window, chances = scene[i : i + {SIDE}, j : j + {SIDE}], sigmoid(z[:, i, j])
box = np.array([[i, j, i + {SIDE}, j + {SIDE}]])
nearest = iou(box, truth)[0].argmax() if len(truth) else -1
shared = np.maximum({SIDE} - np.abs(box - truth)[nearest, :2], 0).prod() if len(truth) else 0
union = {2 * SIDE**2} - shared
cell_iou = shared / union"""

    def static(self):
        v = self.values()
        rows = [[top, left, digit, np.floor(score * 1e9 + 0.5) / 1e9, number]
                for top, left, digit, score, number in zip(v["tops"], v["lefts"], v["classes"], v["scores"], v["found"])][:12]
        caption = "detections: row, column, digit, probability, number of the true box (−1: none)"
        alt = f"a scene. {_named(v['digits'])}"
        return (picture_html(v["scene"], 0, 1, "scene, 24 × 40", alt) + picture_html(v["heat"], 0, 1, "heat map, 17 × 33", "probabilities of all windows")
                + (_text.table(rows, caption) if rows else ""))


def _named(digits):
    return f"Digits {', '.join(map(str, digits))}" if len(digits) else "No digits"
