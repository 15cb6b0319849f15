/* What Detector computes and says: the same numbers and texts as cnnmath/figures/detector.py. */
(function (cnnmath) {
"use strict";
if (cnnmath.detector) return;
const { literal, math, number, rowsText, told, uniform } = cnnmath;

const [ROWS, COLS, SIDE, AREA] = [24, 40, 8, 64];
const [DOWN, ACROSS] = [ROWS - SIDE + 1, COLS - SIDE + 1]; // windows
const [FILTERS, CLASSES, MOST, TESTS] = [8, 10, 8, 449];
const ENOUGH = 0.5; // IoU with a true box that makes a detection right

const sigmoid = (z) => (z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z)));

let kept;
/** K, b, W and c as matrices and numbers. */
function weights() {
  if (kept) return kept;
  const numbers = Float64Array.from(atob(cnnmath.detectorWeights), (letter) => ((letter.charCodeAt(0) << 24) >> 24) / 32);
  let at = 0;
  const take = (count) => numbers.subarray(at, (at += count));
  const kernels = (count, side) => Array.from({ length: count }, () => math.matrix(side, side, take(side * side)));
  return (kept = { K: kernels(FILTERS, 3), b: take(FILTERS), W: kernels(CLASSES * FILTERS, 6), c: take(CLASSES) });
}

/** The scene, its digits, and for all windows the ten logits, the largest and the digit that has it. */
function look({ places, seed, noise, inverted }) {
  const { pixels, labels } = cnnmath.digits();
  const scene = math.matrix(ROWS, COLS);
  const chosen = places.map((_, n) => 4 * Math.floor(TESTS * uniform(seed, n)) + 3);
  places.forEach(([i, j], n) => {
    for (let k = 0; k < AREA; k++) {
      const to = (i + (k >> 3)) * COLS + j + (k & 7);
      scene.data[to] = Math.max(scene.data[to], pixels[AREA * chosen[n] + k]);
    }
  });
  scene.data.forEach((x, k) => {
    const grain = noise && Math.floor(16 * noise * (2 * uniform(seed, MOST + k) - 1) + 0.5);
    const y = Math.max(0, Math.min(1, x + grain / 16));
    scene.data[k] = inverted ? 1 - y : y;
  });
  const { K, b, W, c } = weights();
  const maps = K.map((kernel, f) => {
    const map = math.correlate2d(scene, kernel);
    map.data.forEach((x, k) => (map.data[k] = Math.max(0, x + b[f])));
    return map;
  });
  const z = Array.from(c, (bias, k) => {
    const sum = math.matrix(DOWN, ACROSS, new Float64Array(DOWN * ACROSS).fill(bias));
    maps.forEach((map, f) => math.correlate2d(map, W[k * FILTERS + f]).data.forEach((x, at) => (sum.data[at] += x)));
    return sum;
  });
  const best = z[0].data.slice();
  const digit = new Uint8Array(best.length);
  z.forEach(({ data }, k) => data.forEach((x, at) => { if (x > best[at]) [best[at], digit[at]] = [x, k]; }));
  return { scene, digits: chosen.map((n) => labels[n]), z, best, digit };
}

/** Pixels that two windows share, by their upper left corners. */
const shared = ([i, j], [r, c]) => Math.max(0, SIDE - Math.abs(i - r)) * Math.max(0, SIDE - Math.abs(j - c));
const iou = (a, b) => shared(a, b) / (2 * AREA - shared(a, b));

/** The place of the first largest number, −1 of none. */
const largest = (numbers) => numbers.reduce((at, x, k) => (at < 0 || x > numbers[at] ? k : at), -1);

function values(state, seen = look(state)) {
  const { places, threshold, overlap, suppress, shown } = state;
  const { scene, digits, z, best, digit } = seen;
  const corner = (n) => math.place(n, ACROSS);
  const ranked = [...best.keys()].filter((n) => sigmoid(best[n]) >= threshold).sort((a, b) => best[b] - best[a] || a - b);
  const boxes = [];
  const suppressed = [];
  for (const n of ranked) {
    const free = !suppress || boxes.every((m) => iou(corner(n), corner(m)) <= overlap);
    (free ? boxes : suppressed).push(n);
  }
  const taken = new Set();
  const found = boxes.map((n) => {
    const overlaps = places.map((place, m) => (digits[m] === digit[n] && !taken.has(m) ? iou(corner(n), place) : -1));
    const m = largest(overlaps);
    if (m < 0 || overlaps[m] < ENOUGH) return -1;
    taken.add(m);
    return m;
  });
  const right = taken.size;
  const cell = [math.held(state.cell[0], DOWN), math.held(state.cell[1], ACROSS)];
  const nearest = largest(places.map((place) => iou(cell, place)));
  const area = nearest < 0 ? 0 : shared(cell, places[nearest]);
  const pixels = Array.from({ length: AREA }, (_, k) => scene.data[(cell[0] + (k >> 3)) * COLS + cell[1] + (k & 7)]);
  const window = math.matrix(SIDE, SIDE, Float64Array.from(pixels));
  return { scene, digits, heat: math.matrix(DOWN, ACROSS, (shown === "any" ? best : z[shown].data).map(sigmoid)), candidates: ranked.length,
    tops: boxes.map((n) => corner(n)[0]), lefts: boxes.map((n) => corner(n)[1]), classes: boxes.map((n) => digit[n]),
    scores: boxes.map((n) => sigmoid(best[n])), found, suppressed: suppressed.sort((a, b) => a - b),
    right, wrong: boxes.length - right, missed: digits.length - right,
    precision: boxes.length ? right / boxes.length : null, recall: digits.length ? right / digits.length : null,
    cell, window, chances: z.map(({ data }) => sigmoid(data[cell[0] * ACROSS + cell[1]])), nearest, shared: area,
    union: 2 * AREA - area, cell_iou: area / (2 * AREA - area) };
}

/** The first digit with the largest chance, to nine decimals. */
const answer = (chances) => chances.findIndex((p) => p >= Math.max(...chances) - 1e-9);

function describe({ noise, inverted, threshold, overlap, suppress }, v) {
  const share = (name) => `${name} ${v[name] === null ? "not defined" : told(v[name])}`;
  const best = answer(v.chances);
  return `${v.digits.length ? "Digits " : "No digits"}${v.digits.join(", ")}${noise ? `, noise ${number(noise)}` : ""}${inverted ? ", inverted" : ""}. ` +
    `${v.candidates} of ${DOWN * ACROSS} windows have a probability of at least ${number(threshold)}; ` +
    `${suppress ? `suppression at IoU ${number(overlap)} keeps ${v.found.length}` : "none is suppressed"}: ` +
    `${v.right} right, ${v.wrong} wrong; ${v.missed} missed; ${share("precision")}; ${share("recall")}. ` +
    `The window at row ${v.cell[0]}, column ${v.cell[1]} looks most like a ${best}, with probability ${told(v.chances[best])}` +
    `${v.shared ? `, and has IoU ${told(v.cell_iou)} with the ${v.digits[v.nearest]}` : ", and meets no digit"}.`;
}

function python(state) {
  const { places, seed, noise, inverted, threshold, overlap, suppress, shown } = state;
  const [i, j] = [math.held(state.cell[0], DOWN), math.held(state.cell[1], ACROSS)];
  const order = suppress ? "non_maximum_suppression(boxes[candidates], best[candidates], overlap)"
    : 'np.argsort(-best[candidates], kind="stable")';
  return `import numpy as np
from cnnmath.activations import sigmoid
from cnnmath.datasets import load_digits
from cnnmath.detection import iou, match, non_maximum_suppression, window_boxes
from cnnmath.figures._random import uniform
from cnnmath.figures.detector import trained

places = np.array(${rowsText(places)}, dtype=int).reshape(-1, 2)
seed, noise, threshold, overlap = ${seed}, ${literal(noise)}, ${literal(threshold)}, ${literal(overlap)}

images, labels = load_digits()
chosen = 4 * np.floor(${TESTS} * uniform(seed, len(places))).astype(int) + 3  # test images
scene, digits = np.zeros((${ROWS}, ${COLS})), labels[chosen]
for (i, j), image in zip(places, images[chosen, 0]):
    part = scene[i : i + ${SIDE}, j : j + ${SIDE}]
    np.maximum(part, image, out=part)
grain = np.floor(16 * noise * (2 * uniform(seed, scene.shape, ${MOST}) - 1) + 0.5)
scene = ${inverted ? "1 - " : ""}np.clip(scene + grain / 16, 0, 1)
truth = np.concatenate([places, places + ${SIDE}], axis=1)

z = trained().forward(scene[None, None])[0]
heat = sigmoid(${shown === "any" ? "z.max(axis=0)" : `z[${shown}]`})
boxes, best, classes = window_boxes(scene.shape, ${SIDE}), z.max(axis=0).ravel(), z.argmax(axis=0).ravel()
candidates = np.flatnonzero(sigmoid(best) >= threshold)
kept = candidates[${order}]
suppressed = candidates[~np.isin(candidates, kept)]
tops, lefts, classes, scores = boxes[kept, 0], boxes[kept, 1], classes[kept], sigmoid(best[kept])
candidates = len(candidates)

found = match(boxes[kept], truth, ${ENOUGH}, classes, digits)
right = np.sum(found >= 0)
wrong, missed = len(kept) - right, len(digits) - right
precision = right / len(kept) if len(kept) else None
recall = right / len(digits) if len(digits) else None

cell = i, j = ${i}, ${j}
window, chances = scene[i : i + ${SIDE}, j : j + ${SIDE}], sigmoid(z[:, i, j])
box = np.array([[i, j, i + ${SIDE}, j + ${SIDE}]])
nearest = iou(box, truth)[0].argmax() if len(truth) else -1
shared = np.maximum(${SIDE} - np.abs(box - truth)[nearest, :2], 0).prod() if len(truth) else 0
union = ${2 * AREA} - shared
cell_iou = shared / union`;
}

cnnmath.detector = { ROWS, COLS, SIDE, AREA, DOWN, ACROSS, MOST, look, values, describe, python, answer, iou };
})(globalThis.cnnmath);
