/* What LossExplorer shows, in numbers and words: softmax step by step, both losses and their gradients. */
(function (cnnmath) {
"use strict";
if (cnnmath.lossValues) return;
const { number, told, rowsText } = cnnmath;

const sum = (numbers) => numbers.reduce((total, x) => total + x, 0);
const sigmoid = (z) => 1 / (1 + Math.exp(-z));
/** The losses of one logit, and their slopes. */
const BINARY = {
  bce: (z, y) => Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))),
  bce_slope: (z, y) => sigmoid(z) - y,
  half_square: (z, y) => (sigmoid(z) - y) ** 2 / 2,
  half_square_slope: (z, y) => (sigmoid(z) - y) * sigmoid(z) * (1 - sigmoid(z)),
};
/** A number of any size, first rounded to twelve digits. */
const few = (x) => number(Number(x.toPrecision(12)));
const list = (numbers) => numbers.map(told).join(", ");

/** Everything for both modes; `gradient` is p − t with t one-hot. */
function values({ logits, label, scale, shift, logit, target }) {
  const z = logits.map((a) => scale * a + shift);
  const largest = Math.max(...z);
  const shifted = z.map((x) => x - largest);
  const exponentials = shifted.map(Math.exp);
  const total = sum(exponentials);
  const p = exponentials.map((x) => x / total);
  const gradient = p.map((x, k) => x - Number(k === label));
  const mean = sum(gradient.map((x, k) => x * p[k]));
  const binary_p = sigmoid(logit);
  return {
    temperature: 1 / scale, z, largest, shifted, exponentials, total, log_total: Math.log(total), log_sum_exp: largest + Math.log(total),
    overflows: z.filter((x) => Math.exp(x) === Infinity).length, underflows: exponentials.filter((x) => x === 0).length, p,
    cross_entropy: Math.log(total) - shifted[label], mse: sum(gradient.map((x) => x * x)) / z.length,
    gradient, mse_gradient: gradient.map((x, k) => (2 / z.length) * p[k] * (x - mean)),
    binary_p, sigmoid_slope: binary_p * (1 - binary_p),
    ...Object.fromEntries(Object.entries(BINARY).map(([name, f]) => [name, f(logit, target)])),
  };
}

function describe({ mode, label, logit, target }, v) {
  if (mode === "binary") {
    return `z = ${number(logit)}, y = ${target}: p = ${few(v.binary_p)}. Cross-entropy ${told(v.bce)}, slope ${told(v.bce_slope)}; ` +
      `half the squared error ${told(v.half_square)}, slope ${told(v.half_square_slope)}.`;
  }
  const overflow = ` Without the shift by m, e to the z would overflow for ${v.overflows} of ${v.z.length} classes.`;
  return `p = ${v.p.map(few).join(", ")}; the right class is ${label}. Cross-entropy ${told(v.cross_entropy)} ` +
    `with gradient ${list(v.gradient)}; mean squared error ${told(v.mse)} with gradient ${list(v.mse_gradient)}.${v.overflows ? overflow : ""}`;
}

function python({ logits, label, scale, shift, logit, target }) {
  return `import numpy as np
from cnnmath import losses
from cnnmath.activations import sigmoid, sigmoid_backward, softmax, softmax_backward

scale = ${rowsText(scale)}
temperature = 1 / scale
z = scale * np.array(${rowsText(logits)}) + ${rowsText(shift)}
label = ${label}
one_hot = np.eye(len(z))[label]

largest = z.max()
shifted = z - largest
exponentials = np.exp(shifted)
total = exponentials.sum()
log_total = np.log(total)
log_sum_exp = largest + log_total
overflows, underflows = np.sum(z > np.log(np.finfo(float).max)), np.sum(exponentials == 0)

p = softmax(z)
cross_entropy, mse = losses.cross_entropy([z], [label]), losses.mse_loss(p, one_hot)
gradient = losses.cross_entropy_backward([z], [label])[0]
mse_gradient = softmax_backward(losses.mse_loss_backward(p, one_hot), z)

logit, target = [${rowsText(logit)}], [${target}]
binary_p, sigmoid_slope = sigmoid(logit)[0], sigmoid_backward([1], logit)[0]
bce = losses.binary_cross_entropy_with_logits(logit, target)
bce_slope = losses.binary_cross_entropy_with_logits_backward(logit, target)[0]
half_square = losses.mse_loss([binary_p], target) / 2
half_square_slope = sigmoid_backward(losses.mse_loss_backward([binary_p], target) / 2, logit)[0]`;
}

cnnmath.lossValues = { BINARY, few, values, describe, python };
})(globalThis.cnnmath);
