/* Four networks with the same weights, plain, with batch normalisation, with skips, with both: what ResidualFlow computes. */
(function (cnnmath) {
"use strict";
if (cnnmath.residualFlow) return;
const { math, uniform } = cnnmath;

const [DEEPEST, N, PIXELS, UNITS, CLASSES] = [50, 20, 64, 32, 10]; // N images
const EPSILON = 1e-5;
const GAINS = { "Glorot / 2": 0.5, "Glorot": 1, "He": 2, "2 × He": 4 }; // n times the variance of a weight
const NETWORKS = [[false, false], [false, true], [true, false], [true, true]]; // [skip, batch norm]

function norm(a) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * a[k];
  return Math.sqrt(sum);
}

let kept;
/** The first N images, (N, 64), each pixel less its mean, at mean square 1. */
function batch() {
  if (kept) return kept;
  const { pixels, labels } = cnnmath.digits();
  const x = pixels.slice(0, N * PIXELS);
  for (let d = 0; d < PIXELS; d++) {
    let mean = 0;
    for (let i = d; i < x.length; i += PIXELS) mean += x[i] / N;
    for (let i = d; i < x.length; i += PIXELS) x[i] -= mean;
  }
  const scale = norm(x) / Math.sqrt(x.length);
  return (kept = { x: x.map((value) => value / scale), y: labels });
}

/** W (outputs, inputs), uniform with the variance gain / inputs, from random number `place` on. */
function weights(seed, inputs, outputs, gain, place) {
  const limit = Math.sqrt((3 * gain) / inputs);
  const W = new Float64Array(inputs * outputs);
  for (let k = 0; k < W.length; k++) W[k] = (2 * uniform(seed, place + k) - 1) * limit;
  return W;
}

/** out[i, j] += Σ_k A[i, k] B[j, k]; the rows of A and B are `inner` long, and both have an even number of them. */
function products(A, B, inner, out) {
  const rows = A.length / inner, cols = B.length / inner;
  for (let i = 0; i < rows; i += 2) {
    for (let j = 0; j < cols; j += 2) {
      let [p, q, r, s] = [0, 0, 0, 0]; // two rows of each at a time: each number read serves twice
      for (let k = 0, a = i * inner, b = j * inner; k < inner; k++, a++, b++) {
        const a0 = A[a], a1 = A[a + inner], b0 = B[b], b1 = B[b + inner];
        p += a0 * b0;
        q += a0 * b1;
        r += a1 * b0;
        s += a1 * b1;
      }
      const at = i * cols + j;
      out[at] += p;
      out[at + 1] += q;
      out[at + cols] += r;
      out[at + cols + 1] += s;
    }
  }
  return out;
}

/** A with rows of `cols` numbers, its columns as rows. */
function transpose(A, cols) {
  const rows = A.length / cols, out = new Float64Array(A.length);
  for (let i = 0, k = 0; i < rows; i++) for (let j = 0; j < cols; j++, k++) out[j * rows + i] = A[k];
  return out;
}

/** Each of the units shifted and scaled to mean 0 and variance 1 over the batch: x̂, and 1 / √(σ² + ε) of each. */
function normalise(h) {
  const hat = new Float64Array(h.length), inverse = new Float64Array(UNITS);
  for (let k = 0; k < UNITS; k++) {
    let mean = 0, square = 0;
    for (let i = k; i < h.length; i += UNITS) mean += h[i];
    mean /= N;
    for (let i = k; i < h.length; i += UNITS) square += (h[i] - mean) ** 2;
    inverse[k] = 1 / Math.sqrt(square / N + EPSILON);
    for (let i = k; i < h.length; i += UNITS) hat[i] = (h[i] - mean) * inverse[k];
  }
  return { hat, inverse };
}

/** δ becomes (δ − mean δ − x̂ mean(δ x̂)) / √(σ² + ε). */
function normaliseBack(delta, { hat, inverse }) {
  for (let k = 0; k < UNITS; k++) {
    let mean = 0, along = 0;
    for (let i = k; i < delta.length; i += UNITS) {
      mean += delta[i] / N;
      along += (delta[i] * hat[i]) / N;
    }
    for (let i = k; i < delta.length; i += UNITS) delta[i] = (delta[i] - mean - hat[i] * along) * inverse[k];
  }
}

/** Mean cross-entropy of the logits, which become its gradient. */
function loss(z, y) {
  let total = 0;
  for (let i = 0; i < N; i++) {
    const row = z.subarray(i * CLASSES, (i + 1) * CLASSES);
    const top = Math.max(...row), right = row[y[i]];
    const sum = row.reduce((all, one) => all + Math.exp(one - top), 0);
    total += top - right + Math.log(sum);
    for (let j = 0; j < CLASSES; j++) row[j] = (Math.exp(row[j] - top) / sum - (j === y[i] ? 1 : 0)) / N;
  }
  return total / N;
}

/** One network: numbers for row r of the answer. Ws: W_0, those of the blocks, and that of the logits; turned: transposed. */
function measure(Ws, turned, [skip, batchNorm], r, answer) {
  const { x, y } = batch(), depth = Ws.length - 2, trace = [];
  const put = (name, l, value) => { if (l <= depth) answer[name].data[r * (depth + 1) + l] = value; };
  const zeros = (size) => new Float64Array(N * size);
  let h = products(x, Ws[0], PIXELS, zeros(UNITS));
  for (let l = 1; l <= depth + 1; l++) {
    put("rms", l - 1, norm(h) / Math.sqrt(h.length));
    const normal = batchNorm ? normalise(h) : null, a = (normal?.hat ?? h).slice();
    for (let k = 0; k < a.length; k++) if (a[k] <= 0) a[k] = 0;
    trace[l] = { a, normal };
    h = products(a, Ws[l], UNITS, l > depth ? zeros(CLASSES) : skip ? h.slice() : zeros(UNITS));
  }
  answer.loss[r] = loss(h, y);
  let delta = h;
  for (let l = depth + 1; l >= 0; l--) {
    const { a, normal } = l ? trace[l] : { a: x };
    const outputs = delta.length / N, inputs = a.length / N;
    put("gradient", l, norm(delta));
    const dW = products(transpose(delta, outputs), transpose(a, inputs), N, new Float64Array(Ws[l].length));
    put("weight_gradient", l, norm(dW));
    if (!l) return;
    const back = products(delta, turned[l], outputs, zeros(UNITS));
    for (let k = 0; k < back.length; k++) if (a[k] <= 0) back[k] = 0;
    if (normal) normaliseBack(back, normal);
    if (skip && l <= depth) for (let k = 0; k < back.length; k++) back[k] += delta[k];
    delta = back;
  }
}

function values({ depth, init, seed }) {
  const places = PIXELS * UNITS, square = UNITS * UNITS;
  const inner = Array.from({ length: depth }, (_, l) => weights(seed, UNITS, UNITS, GAINS[init], places + square * l));
  const Ws = [weights(seed, PIXELS, UNITS, 1, 0), ...inner, weights(seed, UNITS, CLASSES, 1, places + square * DEEPEST)];
  const turned = Ws.map((W, l) => (l ? transpose(W, UNITS) : null));
  const table = () => math.matrix(4, depth + 1);
  const answer = { rms: table(), gradient: table(), weight_gradient: table(), loss: new Float64Array(4) };
  NETWORKS.forEach((kind, r) => measure(Ws, turned, kind, r, answer));
  return answer;
}

cnnmath.residualFlow = { DEEPEST, GAINS, values };
})(globalThis.cnnmath);
