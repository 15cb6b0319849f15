/* The mathematics of the figures: pure functions on matrices {rows, cols, data: Float64Array}, named as in `cnnmath`. */
(function (cnnmath) {
"use strict";
if (cnnmath.math) return;

/** Row and column of the k-th entry. */
const place = (k, cols) => [Math.floor(k / cols), k % cols];

/** x, held to 0 … size − 1. */
const held = (x, size) => Math.max(0, Math.min(size - 1, x));

/** @returns {{rows: number, cols: number, data: Float64Array}} */
function matrix(rows, cols, data) {
  return { rows, cols, data: data ?? new Float64Array(rows * cols) };
}

function fromRows(rows) {
  return matrix(rows.length, rows[0].length, Float64Array.from(rows.flat()));
}

function toRows({ rows, cols, data }) {
  return Array.from({ length: rows }, (_, i) => Array.from(data.subarray(i * cols, (i + 1) * cols)));
}

/** ⌊(size + 2·padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1 */
function outputSize(size, kernelSize, stride = 1, padding = 0, dilation = 1) {
  return Math.floor((size + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1;
}

/** (H, W) → (H + 2P, W + 2P), zeros around. */
function pad(image, padding) {
  const cols = image.cols + 2 * padding;
  const out = matrix(image.rows + 2 * padding, cols);
  for (let i = 0; i < image.rows; i++) {
    out.data.set(image.data.subarray(i * image.cols, (i + 1) * image.cols), (i + padding) * cols + padding);
  }
  return out;
}

/** What one output cell, held to the output, is made of: its window (zeros outside the image), products and total. */
function look(image, used, output, cell, stride = 1, padding = 0, dilation = 1) {
  const [i, j] = [held(cell[0], output.rows), held(cell[1], output.cols)];
  const window = matrix(used.rows, used.cols);
  for (let k = 0; k < used.data.length; k++) {
    const r = i * stride - padding + Math.floor(k / used.cols) * dilation;
    const c = j * stride - padding + (k % used.cols) * dilation;
    if (r >= 0 && c >= 0 && r < image.rows && c < image.cols) window.data[k] = image.data[r * image.cols + c];
  }
  const products = matrix(used.rows, used.cols, window.data.map((x, k) => x * used.data[k]));
  return { cell: [i, j], window, products, total: output.data[i * output.cols + j] };
}

/** K turned by 180°: turned[m, n] = K[K_h − 1 − m, K_w − 1 − n]. */
function turn180(kernel) {
  return matrix(kernel.rows, kernel.cols, kernel.data.slice().reverse());
}

/** (I ⋆ K)[i, j] = Σ_m Σ_n I[S·i + D·m − P, S·j + D·n − P] K[m, n], zero outside the image. */
function correlate2d(image, kernel, stride = 1, padding = 0, dilation = 1) {
  const source = padding ? pad(image, padding) : image;
  const rows = outputSize(image.rows, kernel.rows, stride, padding, dilation);
  const cols = outputSize(image.cols, kernel.cols, stride, padding, dilation);
  const out = matrix(rows, cols);
  for (let m = 0; m < kernel.rows; m++) {
    for (let n = 0; n < kernel.cols; n++) {
      const weight = kernel.data[m * kernel.cols + n];
      if (weight === 0) continue;
      for (let i = 0; i < rows; i++) {
        let from = (i * stride + m * dilation) * source.cols + n * dilation;
        for (let to = i * cols, end = to + cols; to < end; to++, from += stride) out.data[to] += weight * source.data[from];
      }
    }
  }
  return out;
}

/** The largest |entry|, or 1 for an all-zero matrix: the limit of a colour ramp symmetric about 0. */
function limit(data) {
  let largest = 0;
  for (const x of data) largest = Math.max(largest, Math.abs(x));
  return largest || 1;
}

cnnmath.math = { place, held, matrix, fromRows, toRows, outputSize, pad, look, turn180, correlate2d, limit };
})(globalThis.cnnmath);
