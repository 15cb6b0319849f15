/* A small CNN and its training: correlation of C filters, 3×3 with padding 1, ReLU, 2×2 max pooling, dense layer, softmax, cross-entropy.
 * As cnnmath's layers, losses and optimizers compute them; nothing is allocated in a step. */
(function (cnnmath) {
"use strict";
if (cnnmath.network) return;
const { math, uniform } = cnnmath;

const EVERY = 20; // steps from one mark to the next: there accuracies are taken and the weights are kept
const ORDERS = 4096; // where the random numbers of the orders begin, beyond those of the weights
const [CLASSES, SIDE, AREA] = [10, 10, 100]; // an image with its padding is 10 × 10
const [BETA1, BETA2, EPSILON, MOMENTUM] = [0.9, 0.999, 1e-8, 0.9];

let kept;
/** Every digit with zeros around it, 100 numbers each; image 4k + 3 is test image k, the others are for training. */
function data() {
  if (kept) return kept;
  const { count, pixels, labels } = cnnmath.digits();
  const x = new Float64Array(AREA * count);
  for (let k = 0; k < pixels.length; k++) x[AREA * (k >> 6) + SIDE * (((k >> 3) & 7) + 1) + (k & 7) + 1] = pixels[k];
  const tests = count >> 2;
  return (kept = { x, y: labels, tests, trains: count - tests });
}
const testImage = (k) => 4 * k + 3;
const trainImage = (k) => k + Math.floor(k / 3);

/** Where each parameter begins in the one vector of all: K (C, 3, 3), b (C), W (10, 16 C), d (10). */
const places = (C) => ({ b: 9 * C, W: 10 * C, d: 170 * C, size: 170 * C + CLASSES });

/** Pooled maps of image n into a, (C, 4, 4): the first largest of each window's four sums, where it exceeds 0. The corner of
 *  the 3×3 pixels that it was made of goes into won; −1 where ReLU gave 0. */
function pool(x, n, theta, C, a, won) {
  a.fill(0);
  won.fill(-1);
  for (let t = 0; t < 64; t++) {
    const p = t >> 2;
    const o = AREA * n + SIDE * (2 * (p >> 2) + ((t >> 1) & 1)) + 2 * (p & 3) + (t & 1);
    const x0 = x[o], x1 = x[o + 1], x2 = x[o + 2], x3 = x[o + 10], x4 = x[o + 11], x5 = x[o + 12];
    const x6 = x[o + 20], x7 = x[o + 21], x8 = x[o + 22];
    for (let c = 0, k = 0, to = p; c < C; c++, k += 9, to += 16) {
      const y = theta[k] * x0 + theta[k + 1] * x1 + theta[k + 2] * x2 + theta[k + 3] * x3 + theta[k + 4] * x4 + theta[k + 5] * x5 +
        theta[k + 6] * x6 + theta[k + 7] * x7 + theta[k + 8] * x8 + theta[9 * C + c];
      if (y > a[to]) {
        a[to] = y;
        won[to] = o;
      }
    }
  }
}

/** z = W a + d; returns the first class with the largest z. */
function dense(theta, C, a, z) {
  const { W, d } = places(C);
  let best = 0;
  for (let j = 0, w = W; j < CLASSES; j++) {
    let sum = theta[d + j];
    for (let k = 0; k < 16 * C; k++, w++) sum += theta[w] * a[k];
    z[j] = sum;
    if (sum > z[best]) best = j;
  }
  return best;
}

/** Softmax of z in its place; returns log Σ exp z. */
function softmax(z) {
  let [top, total] = [-Infinity, 0];
  for (let j = 0; j < CLASSES; j++) if (z[j] > top) top = z[j];
  for (let j = 0; j < CLASSES; j++) total += z[j] = Math.exp(z[j] - top);
  for (let j = 0; j < CLASSES; j++) z[j] /= total;
  return top + Math.log(total);
}

/** One training run: after at(t), `theta` holds the parameters after t steps. */
class Run {
  constructor({ filters: C, optimizer, lr, batch_size, seed }) {
    const { b, W, d, size } = places(C);
    const vector = () => new Float64Array(size);
    Object.assign(this, { C, optimizer, lr, seed, step: 0, data: data(), places: places(C) });
    [this.theta, this.grad, this.mean, this.square] = [vector(), vector(), vector(), vector()];
    for (let k = 0; k < b; k++) this.theta[k] = (2 * uniform(seed, k) - 1) * Math.sqrt(6 / 9);
    for (let k = W; k < d; k++) this.theta[k] = (2 * uniform(seed, b + k - W) - 1) * Math.sqrt(6 / (16 * C));
    const { trains } = this.data;
    this.batch = Math.min(batch_size, trains);
    this.epoch = Math.ceil(trains / this.batch); // steps
    [this.order, this.keys, this.drawn] = [new Uint16Array(trains), new Float64Array(trains), -1];
    [this.a, this.slope, this.won] = [new Float64Array(16 * C), new Float64Array(16 * C), new Int32Array(16 * C)];
    this.z = new Float64Array(CLASSES);
    [this.loss, this.train_right, this.test_right, this.marks] = [[], [], [], []];
    this.mark();
  }

  /** How many of the test images, or of as many training images, are right. */
  right(image = testImage) {
    const { data: { x, y, tests }, theta, C, a, won, z } = this;
    let count = 0;
    for (let k = 0; k < tests; k++) {
      pool(x, image(k), theta, C, a, won);
      if (dense(theta, C, a, z) === y[image(k)]) count++;
    }
    return count;
  }

  /** How many of the test images are right at the present weights. */
  get now() {
    if (this.judged !== this.step) [this.judged, this.count] = [this.step, this.right()];
    return this.count;
  }

  mark() {
    const at = this.step / EVERY;
    if (!Number.isInteger(at) || at < this.marks.length) return;
    this.marks.push([this.theta, this.mean, this.square].map((vector) => vector.slice()));
    this.train_right.push(this.right(trainImage));
    this.test_right.push(this.now);
  }

  /** The order of an epoch: the training images, sorted by random numbers. */
  shuffle(epoch) {
    if (this.drawn === epoch) return;
    const { order, keys, seed } = this;
    this.drawn = epoch;
    for (let k = 0; k < order.length; k++) {
      order[k] = k;
      keys[k] = uniform(seed, ORDERS + epoch * order.length + k);
    }
    order.sort((i, j) => keys[i] - keys[j] || i - j);
  }

  /** Loss of the next batch at the present weights, its gradient in `grad`. */
  look() {
    if (this.looked === this.step) return this.next;
    this.looked = this.step;
    this.shuffle(Math.floor(this.step / this.epoch));
    const { data: { x, y }, theta, grad, C, a, won, slope, z, order, places: { b, W, d } } = this;
    const first = (this.step % this.epoch) * this.batch;
    const last = Math.min(first + this.batch, order.length);
    grad.fill(0);
    let loss = 0;
    for (let i = first; i < last; i++) {
      const n = trainImage(order[i]);
      pool(x, n, theta, C, a, won);
      dense(theta, C, a, z);
      const right = z[y[n]];
      loss += softmax(z) - right;
      slope.fill(0);
      for (let j = 0, w = W; j < CLASSES; j++) {
        const delta = (z[j] - (j === y[n] ? 1 : 0)) / (last - first);
        grad[d + j] += delta;
        for (let k = 0; k < 16 * C; k++, w++) {
          grad[w] += delta * a[k];
          slope[k] += delta * theta[w];
        }
      }
      for (let k = 0; k < 16 * C; k++) {
        const o = won[k];
        if (o < 0) continue;
        const [delta, at] = [slope[k], 9 * (k >> 4)];
        grad[b + (k >> 4)] += delta;
        for (let m = 0; m < 3; m++) {
          grad[at + 3 * m] += delta * x[o + SIDE * m];
          grad[at + 3 * m + 1] += delta * x[o + SIDE * m + 1];
          grad[at + 3 * m + 2] += delta * x[o + SIDE * m + 2];
        }
      }
    }
    return (this.next = loss / (last - first));
  }

  /** One step. */
  advance() {
    this.loss[this.step] = this.look();
    this.step++;
    this.move();
    this.mark();
  }

  /** The update rule, as cnnmath.optimizers has it. */
  move() {
    const { theta, grad, mean, square, lr, step, optimizer } = this;
    const [share1, share2] = [1 - BETA1 ** step, 1 - BETA2 ** step];
    for (let k = 0; k < theta.length; k++) {
      const g = grad[k];
      if (optimizer === "Adam") {
        mean[k] = BETA1 * mean[k] + (1 - BETA1) * g;
        square[k] = BETA2 * square[k] + (1 - BETA2) * g * g;
        theta[k] -= (lr * (mean[k] / share1)) / (Math.sqrt(square[k] / share2) + EPSILON);
      } else {
        mean[k] = optimizer === "momentum" ? MOMENTUM * mean[k] + g : g;
        theta[k] -= lr * mean[k];
      }
    }
  }

  /** Go to step t: back to the mark before it where it lies behind, and forward from there. */
  at(t) {
    if (t < this.step) {
      const mark = Math.floor(t / EVERY);
      [this.theta, this.mean, this.square].forEach((vector, k) => vector.set(this.marks[mark][k]));
      this.step = mark * EVERY;
    }
    while (this.step < t) this.advance();
    return this;
  }

  /** What the network makes of an 8 × 8 matrix: maps before ReLU, pooled maps, logits, probabilities. */
  read(image) {
    const { C, theta, a, won, z } = this;
    pool(math.pad(image, 1).data, 0, theta, C, a, won);
    dense(theta, C, a, z);
    const logits = z.slice();
    softmax(z);
    const each = (make) => Array.from({ length: C }, (_, c) => make(c));
    const maps = each((c) => {
      const map = math.correlate2d(image, math.matrix(3, 3, theta.subarray(9 * c, 9 * c + 9)), 1, 1);
      for (let k = 0; k < 64; k++) map.data[k] += theta[9 * C + c];
      return map;
    });
    return { maps, pooled: each((c) => math.matrix(4, 4, a.slice(16 * c, 16 * c + 16))), logits, probabilities: z.slice() };
  }

  /** The next test image after number k that is read wrongly, or −1. */
  mistake(k) {
    const { data: { x, y, tests }, theta, C, a, won, z } = this;
    for (let i = 1; i <= tests; i++) {
      const next = (k + i) % tests;
      pool(x, testImage(next), theta, C, a, won);
      if (dense(theta, C, a, z) !== y[testImage(next)]) return next;
    }
    return -1;
  }
}

/** Test image k: 8 × 8 numbers from 0 to 1, and its label. */
function test(k) {
  const { pixels, labels } = cnnmath.digits();
  const n = testImage(k);
  return { image: math.matrix(8, 8, pixels.slice(64 * n, 64 * n + 64)), label: labels[n] };
}

cnnmath.network = { Run, EVERY, test };
})(globalThis.cnnmath);
