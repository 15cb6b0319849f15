/* What KernelGradient shows, in numbers and words: a correlation, its gradients, one sum term by term, measured slopes. */
(function (cnnmath) {
"use strict";
if (cnnmath.kernelGradient) return;
const { math, number, told, rowsText } = cnnmath;
const LOSSES = ["weighted sum", "squared error"];
const SYMBOLS = { image: "I", kernel: "K", output: "O" };
const ZERO = 1e-9; // an output no farther from 0 stands at the kink of ReLU

const sum = (data) => data.reduce((total, x) => total + x, 0);
const at = (cell) => `[${cell.join(", ")}]`;
const name = (of, cell) => (of === "bias" ? "b" : SYMBOLS[of] + at(cell));
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Whether the loss has a slope here, and what the measured ones say. */
function verdict({ relu }, { crossed, slopes, output: { cols, data } }) {
  const zero = crossed.filter((r) => Math.abs(data[r]) <= ZERO);
  const list = (places) => places.map((r) => `O${at(math.place(r, cols))}`).join(", ");
  const rule = "where ReLU has no slope. The formula takes 0; measured is the mean of left and right.";
  if (relu && zero.length) return `Kink: ${list(zero)} at 0, ${rule}`;
  if (relu && crossed.length) return `Kink within h: ${list(crossed)} on the way through 0. A smaller h avoids it.`;
  if (told(slopes[0]) !== told(slopes[2])) return "L is curved: left and right miss the slope by as much, on opposite sides.";
  return "L is straight here, and all agree.";
}

  function values(state) {
    const { stride, padding, relu, of } = state;
    const squared = state.loss === LOSSES[1];
    const map = (x, f) => math.matrix(x.rows, x.cols, x.data.map(f));
    const forward = ({ image, kernel, bias: { data: [b] } }) => map(math.correlate2d(image, kernel, stride, padding), (x) => x + b);
    const arrays = { image: math.fromRows(state.image), kernel: math.fromRows(state.kernel), bias: math.fromRows([[state.bias]]) };
    const output = (arrays.output = forward(arrays));
    const given = map(output, (_, r) => {
      const [i, j] = math.place(r, output.cols);
      return state.given[i % state.given.length][j % state.given[0].length];
    });
    const seen = (x) => (relu ? Math.max(0, x) : x);
    const loss = (a, g) => (squared ? (a - g) ** 2 / 2 : g * a);
    const measure = ({ data }) => sum(data.map((x, r) => loss(seen(x), given.data[r])));
    const doutput = map(output, (x, r) => (relu && x <= 0 ? 0 : squared ? x - given.data[r] : given.data[r]));
    const { image: I, kernel: K } = arrays;
    const [dimage, dkernel] = [map(I, () => 0), map(K, () => 0)];
    const gradients = { image: dimage, kernel: dkernel, bias: math.fromRows([[sum(doutput.data)]]), output: doutput };
    const cell = state.cell.map((x, axis) => math.held(x, gradients[of][axis ? "cols" : "rows"]));
    const entry = cell[0] * gradients[of].cols + cell[1];

    const terms = of === "bias" ? [...output.data.keys()].map((r) => [r, -1, -1]) : [];
    math.eachTap(I, K, stride, padding, (...places) => {
      const [r, k, p] = places;
      dkernel.data[k] += doutput.data[r] * I.data[p];
      dimage.data[p] += doutput.data[r] * K.data[k];
      if ({ output: r, kernel: k, image: p }[of] === entry) terms.push(places);
    });
    const left = terms.map(([r, , p]) => (of === "output" ? I.data[p] : doutput.data[r]));
    const right = terms.map(([, k, p]) => (of === "kernel" ? I.data[p] : of === "bias" ? 1 : K.data[k]));

    const nudged = (by) => {
      const changed = map(arrays[of], (x, k) => (k === entry ? x + by : x));
      return of === "output" ? changed : forward({ ...arrays, [of]: changed });
    };
    const step = 2 ** -state.halvings;
    const curve = Array.from({ length: 33 }, (_, k) => measure(nudged((step * (k - 16)) / 8)));
    const [below, here, above] = [curve[8], curve[16], curve[24]];
    const [lower, upper] = [nudged(-step), nudged(step)];
    return {
      output, given, loss: here, doutput, dkernel, dimage, dbias: gradients.bias, cell,
      outputs: terms.map(([r]) => r), weights: terms.map(([, k]) => k), pixels: terms.map(([, , p]) => p), left, right,
      total: sum(left.map((x, t) => x * right[t])) + (of === "output" ? state.bias : 0),
      gradient: gradients[of].data[entry], h: step, curve,
      slopes: [(here - below) / step, (above - below) / (2 * step), (above - here) / step],
      crossed: [...output.data.keys()].filter((r) => lower.data[r] * upper.data[r] < 0 && given.data[r] !== 0),
    };
  }

  function describe(state, v) {
    const { of } = state;
    const who = name(of, v.cell);
    const [left, central, right] = v.slopes.map(told);
    const count = v.outputs.length;
    const [gradient, total] = [v.gradient, v.total].map(told);
    const product = { kernel: "δ·I", image: "δ·K", bias: "δ" }[of];
    const what = !product ? `δ${at(v.cell)} = ${gradient}; ${who} is the sum of ${plural(count, "product")} and b: ${total}`
      : count ? `the sum of ${plural(count, "term")} ${product}: ${total}` : "a sum without terms: 0";
    const measured = `Measured with h = ${number(v.h)} the slope is ${central}, on the left ${left}, on the right ${right}.`;
    return `∂L/∂${who} is ${what}. ${measured} ${verdict(state, v)}`;
  }

  function python(state) {
    const { of, relu } = state;
    const v = values(state);
    const seen = relu ? "relu(output)" : "output";
    const squared = state.loss === LOSSES[1];
    const upstream = squared ? `${seen} - given` : "given";
    const places = { kernel: "weights", image: "pixels", output: "outputs" }[of];
    const choose = places ? `chosen = ${places} == np.ravel_multi_index(cell, ${of}.shape)
outputs, weights, pixels = outputs[chosen], weights[chosen], pixels[chosen]` : `outputs = np.arange(output.size)
weights = pixels = np.full(output.size, -1)`;
    const right = { kernel: "image.ravel()[pixels]", bias: "np.ones(output.size)" }[of] ?? "kernel.ravel()[weights]";
    const forward = `forward(${["image", "kernel", "bias"].map((one) => (one === of ? "changed" : one)).join(", ")})`;
    return `import numpy as np
${relu ? "from cnnmath.activations import relu, relu_backward\n" : ""}\
from cnnmath.convolution import conv2d, conv2d_backward, correlation_matrix

image = np.array(${rowsText(state.image)}, float)
kernel = np.array(${rowsText(state.kernel)}, float)
bias, stride, padding = np.array([[${rowsText(state.bias)}]], float), ${state.stride}, ${state.padding}
given = np.array(${rowsText(math.toRows(v.given))})

def forward(image, kernel, bias):
    return conv2d(image[None, None], kernel[None, None], bias[0], stride, padding)[0, 0]

def loss_of(output):
    return ${squared ? `((${seen} - given) ** 2).sum() / 2` : `(given * ${seen}).sum()`}

output = forward(image, kernel, bias)
loss = loss_of(output)
doutput = ${relu ? `relu_backward(${upstream}, output)` : upstream}
gradients = conv2d_backward(doutput[None, None], image[None, None], kernel[None, None], stride, padding)
dimage, dkernel, dbias = gradients[0][0, 0], gradients[1][0, 0], gradients[2][None]

cell = ${v.cell.join(", ")}
gradient = d${of}[cell]
taps = correlation_matrix(1 + np.arange(kernel.size).reshape(kernel.shape), image.shape, stride, padding).astype(int)
outputs, pixels = np.nonzero(taps)
weights = taps[outputs, pixels] - 1
${choose}
left = ${of === "output" ? "image.ravel()[pixels]" : "doutput.ravel()[outputs]"}
right = ${right}
total = left @ right${of === "output" ? " + bias.item()" : ""}

def nudged(by):
    changed = ${of}.copy()
    changed[cell] += by
    return ${of === "output" ? "changed" : forward}

h = ${rowsText(v.h)}
curve = np.array([loss_of(nudged(h * k / 8)) for k in range(-16, 17)])
below, here, above = curve[[8, 16, 24]]
slopes = (here - below) / h, (above - below) / (2 * h), (above - here) / h
crossed = np.flatnonzero((nudged(-h) * nudged(h) < 0) & (given != 0))`;
  }

cnnmath.kernelGradient = { LOSSES, at, name, plural, verdict, values, describe, python };
})(globalThis.cnnmath);
