/* A linear softmax classifier of three digits, trained on few images: what RegularizationExplorer computes. */
(function (cnnmath) {
"use strict";
if (cnnmath.fewDigits) return;
const { math, uniform } = cnnmath;

const [RATE, VALIDATION, PIXELS, CLASSES] = [0.4, 30, 64, 3];
const TIE = 1e-9; // losses and scores this close are one: rounding decides nothing

/** Images by what is not 0 in them: from start[n] to start[n + 1], pixel index[at] of image n has value[at]. */
function sparse(images) {
  const [index, value, start] = [[], [], [0]];
  for (const image of images) {
    image.forEach((x, d) => x && index.push(d) && value.push(x));
    start.push(index.length);
  }
  return { start: Uint16Array.from(start), index: Uint8Array.from(index), value: Float64Array.from(value) };
}

const dense = ({ start, index, value }, n) => {
  const image = math.matrix(8, 8);
  for (let at = start[n]; at < start[n + 1]; at++) image.data[index[at]] = value[at];
  return image;
};

let last = {};
/** Training images x with labels y, validation images v with labels u; the last answer is kept. */
function sample(state) {
  const { images, wrong } = state;
  const key = [state.digits, images, wrong].join();
  if (last.key === key) return last;
  const { pixels, labels } = cnnmath.digits();
  const classes = state.digits.split(" ").map(Number);
  const places = classes.map((digit) => [...labels.keys()].filter((k) => labels[k] === digit));
  const take = (...ends) => sparse(places.flatMap((all) => all.slice(...ends)).map((k) => pixels.subarray(k * PIXELS, (k + 1) * PIXELS)));
  const name = (count) => Uint8Array.from({ length: CLASSES * count }, (_, n) => Math.floor(n / count));
  const y = name(images);
  for (let k = 0; k < wrong; k++) y[(k % 3) * images + Math.floor(k / 3)] = (k + 1) % 3;
  return (last = { key, classes, x: take(0, images), y, v: take(-VALIDATION), u: name(VALIDATION) });
}

/** Mean cross-entropy of images with labels y and how many are right; the probabilities go into P, (N, 3). */
function measure({ start, index, value }, y, W, b, P) {
  let loss = 0, right = 0;
  for (let n = 0; n < y.length; n++) {
    let z0 = b[0], z1 = b[1], z2 = b[2];
    for (let at = start[n], end = start[n + 1]; at < end; at++) {
      const d = index[at], x = value[at];
      z0 += W[d] * x;
      z1 += W[d + PIXELS] * x;
      z2 += W[d + 2 * PIXELS] * x;
    }
    const top = Math.max(z0, z1, z2);
    const e0 = Math.exp(z0 - top), e1 = Math.exp(z1 - top), e2 = Math.exp(z2 - top), total = e0 + e1 + e2;
    P[3 * n] = e0 / total;
    P[3 * n + 1] = e1 / total;
    P[3 * n + 2] = e2 / total;
    loss += Math.log(total) + top - (y[n] === 0 ? z0 : y[n] === 1 ? z1 : z2);
    if (y[n] === (z0 >= top - TIE ? 0 : z1 >= top - TIE ? 1 : 2)) right++; // of equal scores the first counts
  }
  return [loss / y.length, right];
}

/** The images as step number `step`, from 0, sees them: each pixel dropped with probability p, or divided by 1 − p. */
function masked(x, { p, seed }, step, seen = { start: x.start.slice(), index: x.index.slice(), value: x.value.slice() }) {
  if (!p) return x;
  const count = x.start.length - 1;
  let kept = 0;
  for (let n = 0; n < count; n++) {
    const place = (step * count + n) * PIXELS; // in the stream of random numbers, which has one for each pixel
    for (let at = x.start[n]; at < x.start[n + 1]; at++) {
      if (uniform(seed, place + x.index[at]) < p) continue;
      seen.index[kept] = x.index[at];
      seen.value[kept++] = x.value[at] / (1 - p);
    }
    seen.start[n + 1] = kept;
  }
  return seen;
}

/** Gradient descent from zero weights on all images at once: the curves, and the weights after each step. */
function train({ x, y, v, u }, state, steps) {
  const W = new Float64Array(CLASSES * PIXELS), b = new Float64Array(CLASSES);
  const [P, Q] = [y, u].map(({ length }) => new Float64Array(CLASSES * length));
  const run = { train_loss: [], validation_loss: [], train_right: [], validation_right: [], norm: [], weights: [] };
  let seen;
  for (let step = 0; ; step++) {
    [run.validation_loss[step], run.validation_right[step]] = measure(v, u, W, b, Q);
    [run.train_loss[step], run.train_right[step]] = measure(x, y, W, b, P);
    run.norm[step] = Math.sqrt(W.reduce((sum, w) => sum + w * w, 0));
    run.weights[step] = W.slice();
    if (step === steps) return run;
    seen = masked(x, state, step, seen);
    if (seen !== x) measure(seen, y, W, b, P);
    descend(seen, y, W, b, P, state.lam);
  }
}

/** One step: W and b change in place. P holds the probabilities of the classes. */
function descend({ start, index, value }, y, W, b, P, lam) {
  for (let d = 0; d < W.length; d++) W[d] *= 1 - RATE * lam;
  for (let n = 0; n < y.length; n++) {
    for (let k = 0; k < CLASSES; k++) {
      const by = (RATE * (P[3 * n + k] - (k === y[n] ? 1 : 0))) / y.length;
      b[k] -= by;
      for (let at = start[n], end = start[n + 1]; at < end; at++) W[k * PIXELS + index[at]] -= by * value[at];
    }
  }
}

cnnmath.fewDigits = { sample, masked, train, dense, RATE, VALIDATION, PIXELS, CLASSES, TIE };
})(globalThis.cnnmath);
