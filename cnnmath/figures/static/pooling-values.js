/* What PoolingExplorer shows, in numbers and words: pooled maps before and after a shift, winners, gradients. */
(function (cnnmath) {
"use strict";
if (cnnmath.poolingValues) return;
const { math, number, told, rowsText } = cnnmath;

const ALIKE = 1e-9; // means this close are not called changed

const at = (k, cols) => `(${math.place(k, cols).join(", ")})`;
const range = (count) => Array.from({ length: count }, (_, k) => k);
const same = (x, y) => Math.abs(x - y) <= ALIKE;

/** A matrix moved down and right; what moves in is `fill`. */
function moved(x, [down, right], fill) {
  const out = math.matrix(x.rows, x.cols);
  return math.matrix(x.rows, x.cols, out.data.map((_, k) => {
    const [i, j] = [Math.floor(k / x.cols) - down, (k % x.cols) - right];
    return i >= 0 && j >= 0 && i < x.rows && j < x.cols ? x.data[i * x.cols + j] : fill;
  }));
}

/** The pooled map; for the maximum also which pixel wins each window, and how many entries are as large. */
function pool(x, { kernel_size: [rows, cols], stride, padding, mode }) {
  const taps = math.matrix(rows, cols);
  const shape = [[x.rows, rows], [x.cols, cols]].map(([size, count]) => math.outputSize(size, count, stride, padding));
  const [output, winners, ties] = range(3).map(() => math.matrix(...shape));
  const highest = mode === "max";
  if (highest) output.data.fill(-Infinity);
  math.eachTap(x, taps, stride, padding, (r, k, p) => {
    const value = x.data[p];
    if (!highest) output.data[r] += value / taps.data.length;
    else if (value > output.data[r]) [output.data[r], winners.data[r], ties.data[r]] = [value, p, 1];
    else if (value === output.data[r]) ties.data[r]++;
  });
  return { output, ...(highest && { winners, ties }) };
}

function values(state) {
  const { kernel_size: [rows, cols], stride, padding, mode, shift, upstream } = state;
  const image = math.fromRows(state.image);
  const shifted = moved(image, shift, 0);
  const [{ output, ...won }, { output: before }] = [shifted, image].map((x) => pool(x, state));
  const like = (data) => math.matrix(output.rows, output.cols, data);
  const whole = shift.every((step) => step % stride === 0);
  const old = whole ? moved(before, shift.map((step) => step / stride), NaN).data : [];
  const delta = like(output.data.map((_, r) => {
    const [i, j] = math.place(r, output.cols);
    return upstream[i % upstream.length][j % upstream[0].length];
  }));
  const [gradient, sent] = range(2).map(() => math.matrix(image.rows, image.cols));
  const cell = [output.rows, output.cols].map((size, k) => math.held(state.cell[k], size));
  const [here, pixel] = [cell[0] * output.cols + cell[1], Math.min(state.pixel, image.data.length - 1)];
  const window = math.matrix(rows, cols, new Float64Array(rows * cols).fill(mode === "max" ? -Infinity : 0));
  const readers = [];
  math.eachTap(shifted, window, stride, padding, (r, k, p) => {
    if (r === here) window.data[k] = shifted.data[p];
    if (p === pixel) readers.push(r);
    if (won.winners && won.winners.data[r] !== p) return;
    gradient.data[p] += won.winners ? delta.data[r] : delta.data[r] / (rows * cols);
    sent.data[p]++;
  });
  const sum = ({ data }) => data.reduce((a, b) => a + b, 0);
  return {
    shifted, output, before, changed: like(output.data.map((x, r) => Number(!same(x, before.data[r])))),
    partners: old.filter((x) => !Number.isNaN(x)).length, copied: old.filter((x, r) => same(x, output.data[r])).length,
    ...won, delta, gradient, sent, delta_sum: sum(delta), gradient_sum: sum(gradient),
    cell, window, total: output.data[here], pixel, readers,
  };
}

function describe({ kernel_size, stride, padding, mode, shift, backward }, v) {
  const [cols, here] = [v.shifted.cols, v.cell[0] * v.output.cols + v.cell[1]];
  const name = mode === "max" ? "Max" : "Average";
  let text = `${name} pooling with ${kernel_size.join(" × ")} windows, stride ${stride}, padding ${padding}: ` +
    `${v.shifted.rows} × ${cols} numbers become ${v.output.rows} × ${v.output.cols}. Row ${v.cell[0]}, column ${v.cell[1]} is ${told(v.total)}, `;
  if (mode === "max") {
    const ties = v.ties.data[here];
    text += `from pixel ${at(v.winners.data[here], cols)}${ties > 1 ? `, the first of ${ties} equal ones` : ""}`;
  } else text += `the mean of ${kernel_size[0] * kernel_size[1]} numbers`;
  const to = ([down, right]) => `${number(down)} down and ${number(right)} right`;
  if (shift.some(Boolean)) {
    text += `. Shifted ${to(shift)}: ${v.changed.data.filter(Boolean).length} of ${v.output.data.length} pooled cells changed`;
    const steps = to(shift.map((x) => x / stride));
    if (v.partners) text += `; of ${v.partners} that the old map covers when it moves ${steps}, ${v.copied} are equal`;
  }
  if (v.pixel >= 0) {
    text += `. Pixel ${at(v.pixel, cols)} lies in ${v.readers.length} window${v.readers.length === 1 ? "" : "s"}`;
    if (backward) text += ` and receives ${told(v.gradient.data[v.pixel])}`;
  }
  if (backward) text += `. Backward: gradients of sum ${told(v.delta_sum)} at the pooled map, ${told(v.gradient_sum)} at the image`;
  return `${text}.`;
}

function python(state) {
  const { kernel_size: [rows, cols], stride, padding, shift, mode, upstream } = state;
  const { cell, pixel } = values(state);
  const highest = mode === "max";
  const name = highest ? "max_pool2d" : "avg_pool2d";
  const compared = shift.some((step) => step % stride) ? "partners = copied = 0  # the shift is no multiple of the stride"
    : `old = np.pad(before, 8, constant_values=np.nan)[8 - down // stride :, 8 - right // stride :][:h, :w]
partners, copied = np.isfinite(old).sum(), (np.abs(output - old) <= 1e-9).sum()`;
  const won = highest ? `
taps = pooling.max_pool2d_with_winners(x, *place)[1][0, 0].astype(int)
(rows, cols), (m, n) = np.indices((h, w)), np.divmod(taps, k_w)
winners = (stride * rows + m - padding) * W + stride * cols + n - padding
ties = (every == output[..., None, None]).sum(axis=(2, 3))
` : "";
  return `import numpy as np
from cnnmath import pooling

image = np.array(${rowsText(state.image)}, dtype=float)
k_h, k_w = ${rows}, ${cols}
stride, padding = ${stride}, ${padding}
down, right = ${shift[0]}, ${shift[1]}
(H, W), place = image.shape, ((k_h, k_w), stride, padding)
shifted = np.pad(image, 8)[8 - down :, 8 - right :][:H, :W]
x = shifted[None, None]
output = pooling.${name}(x, *place)[0, 0]
before = pooling.${name}(image[None, None], *place)[0, 0]
changed = np.abs(output - before) > 1e-9
h, w = output.shape
${compared}

padded = np.pad(shifted, padding, constant_values=${highest ? "-np.inf" : "0"})
every = np.lib.stride_tricks.sliding_window_view(padded, (k_h, k_w))[::stride, ::stride]
cell = i, j = ${cell[0]}, ${cell[1]}
window, total = every[i, j], output[i, j]
pixel = ${pixel}
a, b = divmod(pixel, W)
readers = [r for r, (i, j) in enumerate(np.ndindex(h, w)) if pixel >= 0
           and 0 <= a + padding - stride * i < k_h and 0 <= b + padding - stride * j < k_w]
${won}
upstream = np.array(${rowsText(upstream)})
delta = upstream[np.ix_(np.arange(h) % len(upstream), np.arange(w) % len(upstream[0]))]
gradient = pooling.${name}_backward(delta[None, None], x, *place)[0, 0]
sent = pooling.${name}_backward(np.full((1, 1, h, w), ${highest ? "1" : "k_h * k_w"}), x, *place)[0, 0]
delta_sum, gradient_sum = delta.sum(), gradient.sum()`;
}

cnnmath.poolingValues = { values, describe, python, at, range };
})(globalThis.cnnmath);
