/* What TransferExplorer computes and says: the same numbers and texts as cnnmath/figures/transfer_explorer.py. */
(function (cnnmath) {
"use strict";
if (cnnmath.transfer) return;
const { literal, number, show, uniform } = cnnmath;

const SOURCES = ["digits", "bars", "inverted", "wrong labels", "none"];
const [RATES, SAMPLES] = [[0.02, 0.05, 0.1], [1, 2, 4, 8, 16, 32, 64]];
const [SEEDS, LONGEST, EVERY, BATCH, TESTS, CLASSES, FEATURES] = [16, 100, 10, 32, 219, 5, 48];
const [UNIT, STUDENT, MOMENTUM, TIE] = [32, 2.131, 0.9, 1e-9]; // as in Python
const [BLOCKS, CHOICE, ORDERS, PLACES] = [240, 2000, 4096, 77777]; // where random numbers begin; the seed of the images' places
const WORK = [3456, 10368, 240]; // multiply–adds of the blocks and the head
const SIZES = [60, 660, 245]; // their parameters
// One vector holds all parameters: K₁ 54, b₁ 6, K₂ 648, b₂ 12, W 240, d 5.
const [HEAD, LAST, SIZE] = [720, 960, 965];
/** A block: channels, side of its maps, width of its input with a border, where its K and b begin, and where each pooled cell goes. */
const FIRST = { from: 1, to: 6, side: 8, wide: 10, K: 0, b: 54,
  out: Int32Array.from({ length: 96 }, (_, k) => 36 * (k >> 4) + 6 * (1 + ((k >> 2) & 3)) + 1 + (k & 3)) };
const SECOND = { from: 6, to: 12, side: 4, wide: 6, K: 60, b: 708, out: Int32Array.from({ length: FEATURES }, (_, k) => k) };
const WIDTHS = [100, 216, FEATURES]; // numbers of one image where so many blocks are frozen

let kept;
/** The shifted digits, each with a border of zeros, and the places of the target's images; what tools/make_transfer.py stored. */
function data() {
  if (kept) return kept;
  const { count, pixels, labels } = cnnmath.digits();
  const [x, pool, tests] = [new Float64Array(100 * count), [], []];
  for (let n = 0; n < count; n++) {
    if (labels[n] < 5) continue;
    (n % 4 === 3 ? tests : pool).push(n);
    const [down, right] = [2 * n, 2 * n + 1].map((k) => Math.floor(3 * uniform(PLACES, k)) - 1);
    for (let i = 0; i < 8; i++) for (let j = 0; j < 8; j++) {
      const [a, b] = [i + down, j + right];
      if (a >= 0 && a < 8 && b >= 0 && b < 8) x[100 * n + 10 * (a + 1) + b + 1] = pixels[64 * n + 8 * i + j];
    }
  }
  const stored = cnnmath.data["transfer-runs-8"];
  const bytes = (text, Kind) => Kind.from(atob(text), (letter) => letter.charCodeAt(0));
  const three = [5, 6, 7, 8, 9].flatMap((label) => tests.filter((n) => labels[n] === label).slice(0, 3));
  return (kept = { x, labels, pool, tests, three, weights: bytes(stored.weights, Int8Array), counts: bytes(stored.counts, Uint8Array) });
}

/** The right test images of the 16 seeds, as they were measured. */
function counts(source, lr, frozen, samples) {
  const cell = ((SOURCES.indexOf(source) * 3 + RATES.indexOf(lr)) * 3 + frozen) * 7 + SAMPLES.indexOf(samples);
  return Array.from(data().counts.subarray(SEEDS * cell, SEEDS * (cell + 1)));
}

/** Mean, and half the width of its 95 % interval, in percent of the test images. */
function summary(list) {
  const mean = list.reduce((a, b) => a + b) / SEEDS;
  const square = list.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (SEEDS - 1);
  return [mean, STUDENT * Math.sqrt(square / SEEDS)].map((one) => (100 * one) / TESTS);
}

/** The numbers in the set of `samples` images of each digit: the first in a random order. */
function sample(samples, seed) {
  const { pool, labels } = data();
  const keys = pool.map((n, k) => [uniform(seed, CHOICE + k), n]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return [5, 6, 7, 8, 9].flatMap((label) => keys.filter(([, n]) => labels[n] === label).slice(0, samples).map(([, n]) => n));
}

/** Pooled maps of the image that begins at x[at], into a: the first largest of each window's four sums, where it exceeds 0.
 *  The corner of the 3 × 3 numbers that it was made of goes into won; −1 where ReLU gave 0. */
function pool({ from, to, side, wide, K, b, out }, x, at, theta, a, won) {
  const [half, area] = [side / 2, wide * wide];
  for (let o = 0, k = 0; o < to; o++) for (let p = 0; p < half * half; p++, k++) {
    const corner = at + 2 * (wide * Math.floor(p / half) + (p % half));
    let [best, place] = [0, -1];
    for (let t = 0; t < 4; t++) {
      const start = corner + wide * (t >> 1) + (t & 1);
      let sum = theta[b + o];
      for (let c = 0, w = K + 9 * from * o, i = start; c < from; c++, w += 9, i += area) {
        sum += theta[w] * x[i] + theta[w + 1] * x[i + 1] + theta[w + 2] * x[i + 2] +
          theta[w + 3] * x[i + wide] + theta[w + 4] * x[i + wide + 1] + theta[w + 5] * x[i + wide + 2] +
          theta[w + 6] * x[i + 2 * wide] + theta[w + 7] * x[i + 2 * wide + 1] + theta[w + 8] * x[i + 2 * wide + 2];
      }
      if (sum > best) [best, place] = [sum, start];
    }
    a[out[k]] = best;
    won[k] = place;
  }
}

/** Gradient of a block's K and b, and of its input into dx where that is asked for. */
function unpool({ from, to, side, wide, K, b, out }, x, theta, won, slope, grad, dx) {
  const cells = (side * side) / 4;
  for (let k = 0; k < to * cells; k++) {
    const [delta, start, o] = [slope[out[k]], won[k], Math.floor(k / cells)];
    if (start < 0 || delta === 0) continue;
    grad[b + o] += delta;
    for (let c = 0, w = K + 9 * from * o, i = start; c < from; c++, i += wide * wide) {
      for (let m = 0; m < 3; m++) for (let n = 0; n < 3; n++, w++) {
        grad[w] += delta * x[i + wide * m + n];
        if (dx) dx[i + wide * m + n] += delta * theta[w];
      }
    }
  }
}

/** One training run: after at(t), `theta` holds the parameters after t steps. */
class Run {
  constructor({ source, frozen, samples, lr, seed }) {
    const { x, labels, tests, three, weights } = data();
    const vector = (size) => new Float64Array(size);
    Object.assign(this, { frozen, lr, seed, step: 0, loss: [], test_right: [], marks: [] });
    [this.theta, this.grad, this.speed] = [vector(SIZE), vector(SIZE), vector(SIZE)];
    [this.a, this.b, this.da, this.db] = [vector(216), vector(FEATURES), vector(216), vector(FEATURES)];
    [this.wonA, this.wonB, this.z] = [new Int32Array(96), new Int32Array(FEATURES), vector(CLASSES)];
    const { theta } = this;
    if (source === "none") {
      for (let k = 0; k < 54; k++) theta[k] = (2 * uniform(seed, BLOCKS + k) - 1) * Math.sqrt(6 / 9);
      for (let k = 0; k < 648; k++) theta[60 + k] = (2 * uniform(seed, BLOCKS + 54 + k) - 1) * Math.sqrt(6 / 54);
    } else {
      const first = HEAD * (SEEDS * SOURCES.indexOf(source) + seed);
      for (let k = 0; k < HEAD; k++) theta[k] = weights[first + k] / UNIT;
    }
    for (let k = HEAD; k < LAST; k++) theta[k] = (2 * uniform(seed, k - HEAD) - 1) * Math.sqrt(6 / FEATURES);
    this.start = theta.slice();
    const gather = (list) => ({ y: list.map((n) => labels[n] - 5), x: this.frozenPart(x, list) });
    [this.train, this.test, this.three] = [sample(samples, seed), tests, three].map(gather);
    this.order = this.train.y.map((_, k) => k);
    this.epoch = Math.ceil(this.order.length / BATCH);
    this.mark();
  }

  /** What the first block that learns is given: computed once, since frozen blocks do not change. */
  frozenPart(x, list) {
    const { frozen, theta, a, b, wonA, wonB } = this;
    const [width, all] = [WIDTHS[frozen], new Float64Array(WIDTHS[frozen] * list.length)];
    list.forEach((n, k) => {
      if (frozen > 0) pool(FIRST, x, 100 * n, theta, a, wonA);
      if (frozen > 1) pool(SECOND, a, 0, theta, b, wonB);
      all.set([x.subarray(100 * n, 100 * n + 100), a, b][frozen], k * width);
    });
    return all;
  }

  /** Logits z of example k; returns the first class whose logit is largest, up to `tie`. */
  forward({ x }, k, tie = 0) {
    const { frozen, theta, a, b, wonA, wonB, z } = this;
    const at = WIDTHS[frozen] * k;
    if (frozen < 1) pool(FIRST, x, at, theta, a, wonA);
    if (frozen < 2) pool(SECOND, frozen ? x : a, frozen ? at : 0, theta, b, wonB);
    else for (let i = 0; i < FEATURES; i++) b[i] = x[at + i];
    for (let j = 0, w = HEAD; j < CLASSES; j++) {
      let sum = theta[LAST + j];
      for (let i = 0; i < FEATURES; i++, w++) sum += theta[w] * b[i];
      z[j] = sum;
    }
    const most = Math.max(...z) - tie;
    return z.findIndex((one) => one >= most);
  }

  right() {
    let count = 0;
    for (let k = 0; k < TESTS; k++) if (this.forward(this.test, k) === this.test.y[k]) count++;
    return count;
  }

  get now() {
    if (this.judged !== this.step) [this.judged, this.count] = [this.step, this.right()];
    return this.count;
  }

  mark() {
    const at = this.step / EVERY;
    if (!Number.isInteger(at) || at < this.marks.length) return;
    this.marks.push([this.theta.slice(), this.speed.slice()]);
    this.test_right.push(this.now);
  }

  /** The order of an epoch: the images, sorted by random numbers. */
  shuffle(epoch) {
    if (this.drawn === epoch) return;
    const { order, seed } = this;
    this.drawn = epoch;
    const keys = order.map((_, k) => uniform(seed, ORDERS + epoch * order.length + k));
    order.forEach((_, k) => (order[k] = k));
    order.sort((i, j) => keys[i] - keys[j] || i - j);
  }

  advance() {
    const { theta, grad, speed, train, z, b, db, da, order, step, frozen } = this;
    this.shuffle(Math.floor(step / this.epoch));
    const batch = order.slice((step % this.epoch) * BATCH).slice(0, BATCH);
    let loss = 0;
    grad.fill(0);
    for (const k of batch) {
      this.forward(train, k);
      const [top, y] = [Math.max(...z), train.y[k]];
      const total = z.reduce((sum, one) => sum + Math.exp(one - top), 0);
      loss += top + Math.log(total) - z[y];
      db.fill(0);
      for (let j = 0, w = HEAD; j < CLASSES; j++) {
        const delta = (Math.exp(z[j] - top) / total - (j === y ? 1 : 0)) / batch.length;
        grad[LAST + j] += delta;
        for (let i = 0; i < FEATURES; i++, w++) {
          grad[w] += delta * b[i];
          db[i] += delta * theta[w];
        }
      }
      if (frozen > 1) continue;
      if (frozen) unpool(SECOND, train.x, theta, this.wonB, db, grad);
      else {
        da.fill(0);
        unpool(SECOND, this.a, theta, this.wonB, db, grad, da);
        unpool(FIRST, train.x, theta, this.wonA, da, grad);
      }
    }
    for (let k = [0, 60, HEAD][frozen]; k < SIZE; k++) theta[k] -= this.lr * (speed[k] = MOMENTUM * speed[k] + grad[k]);
    this.loss[step] = loss / batch.length;
    this.step++;
    this.mark();
  }

  /** Go to step t: back to the mark before it where it lies behind, and forward from there. */
  at(t) {
    if (t < this.step) {
      const mark = Math.floor(t / EVERY);
      this.theta.set(this.marks[mark][0]);
      this.speed.set(this.marks[mark][1]);
      this.step = mark * EVERY;
    }
    while (this.step < t) this.advance();
    return this;
  }
}

/** `run` may be anywhere; it is brought to the state's step. */
function values(state, run = new Run(state)) {
  const { source, frozen, samples, lr, seed, steps } = state;
  const { theta, start, loss, test_right } = run.at(steps);
  const lines = [[source, 0], [source, 1], [source, 2], ["none", 0]];
  const table = lines.map(([from, held]) => SAMPLES.map((n) => summary(counts(from, lr, held, n))));
  const [these, scratch] = [counts(source, lr, frozen, samples), counts("none", lr, 0, samples)];
  const [gain, gain_margin] = summary(these.map((one, k) => one - scratch[k]));
  const far = (from, to) => Math.hypot(...theta.slice(from, to).map((one, k) => one - start[from + k]));
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  return { mean: table.map((row) => row.map(([mean]) => mean)), margin: table.map((row) => row.map(([, margin]) => margin)),
    counts: these, scratch, gain, gain_margin, loss: loss.slice(0, steps), test_right: test_right.slice(0, Math.floor(steps / EVERY) + 1),
    right: run.now, moved: [far(0, 60), far(60, HEAD), far(HEAD, SIZE)],
    work: 2 * sum(WORK.slice(frozen)) + sum(WORK.slice(frozen + 1)), learned: sum(SIZES.slice(frozen)),
    chosen: sample(Math.min(samples, 4), seed), answers: run.three.y.map((_, k) => 5 + run.forward(run.three, k, TIE)) };
}

const tenth = (x) => number(Math.floor(10 * x + 0.5 + 1e-9) / 10);
const BEGINNINGS = { digits: "Features learned on the digits 0 to 4", bars: "Features learned on bars",
  inverted: "Features learned on inverted digits 0 to 4", "wrong labels": "Features learned with wrong labels", none: "Random features" };
const KEPT = ["nothing frozen", "block 1 frozen", "both blocks frozen"];

function describe({ source, frozen, samples, lr, steps }, { mean, margin, right, gain, gain_margin }) {
  const column = SAMPLES.indexOf(samples);
  const told = (row) => `${tenth(mean[row][column])} % ± ${tenth(margin[row][column])}`;
  return `${BEGINNINGS[source]}, ${KEPT[frozen]}, ${samples} image${samples === 1 ? "" : "s"} of each digit, η = ${number(lr)}. ` +
    `After ${steps} step${steps === 1 ? "" : "s"} ${right} of ${TESTS} test images are right. ` +
    `After ${LONGEST} steps the mean of ${SEEDS} seeds is ${told(frozen)}, from scratch ${told(3)}; ` +
    `the difference is ${tenth(gain)} ± ${tenth(gain_margin)}.`;
}

const python = ({ source, frozen, samples, lr, seed, steps }) => `import numpy as np
from cnnmath.figures import transfer_explorer as transfer
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.figures._random import uniform
from cnnmath.optimizers import SGD

source, frozen, samples = ${show(source)}, ${frozen}, ${samples}
lr, seed, steps = ${literal(lr)}, ${seed}, ${steps}
(x, y, numbers), (x_test, y_test, _) = transfer.target()
picked = transfer.sample(samples, seed)
network = transfer.start(source, seed)  # with the features of the source and a random head
network[: transfer.STARTS[frozen]].freeze() if frozen else None
sgd = SGD(network.parameters(), lr, momentum=0.9)
old = [parameter.data.copy() for parameter in network.named_parameters().values()]

loss, test_right = [], []
for step in range(steps + 1):
    if step % ${EVERY} == 0:
        test_right.append(transfer.right(network, x_test, y_test))
    if step == steps:
        break
    epoch, part = divmod(step, -(-len(picked) // ${BATCH}))
    order = np.argsort(uniform(seed, len(picked), ${ORDERS} + epoch * len(picked)), kind="stable")
    batch = picked[order[part * ${BATCH} :][:${BATCH}]]
    scores = network.forward(x[batch])
    loss.append(cross_entropy(scores, y[batch]))
    network.backward(cross_entropy_backward(scores, y[batch]), needs_dx=False)
    sgd.step()
right = transfer.right(network, x_test, y_test)
changes = [np.sum((new.data - data) ** 2) for new, data in zip(network.named_parameters().values(), old)]
moved = np.sqrt(np.add.reduceat(changes, [0, 2, 4]))
learned = sum(parameter.size for parameter in network.parameters())
costs = [row.multiply_adds for row in network.summary((1, 8, 8)).rows if row.multiply_adds][frozen:]
work = 2 * sum(costs) + sum(costs[1:])  # forward, ∂L/∂θ, and ∂L/∂x but for the first that learns
chosen = numbers[transfer.sample(min(samples, 4), seed)]
scores = network.forward(x_test[transfer.shown()])
answers = 5 + (scores >= scores.max(axis=1, keepdims=True) - 1e-09).argmax(axis=1)

# the accuracies of all seeds after ${LONGEST} steps, as they were measured
table = transfer.stored()["counts"][:, transfer.RATES.index(lr)].astype(float)
rows = np.concatenate([table[transfer.SOURCES.index(source)], table[-1][:1]])
mean, margin = transfer.mean_and_margin(100 / len(y_test) * rows)
counts, scratch = rows[[frozen, 3], transfer.SAMPLES.index(samples)]
gain, gain_margin = transfer.mean_and_margin(100 / len(y_test) * (counts - scratch))`;

cnnmath.transfer = { Run, SOURCES, RATES, SAMPLES, SEEDS, LONGEST, TESTS, EVERY, KEPT, data, tenth, values, describe, python };
})(globalThis.cnnmath);
