/* ConvolutionMatrix: correlation as a matrix product, banded or over im2col. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, told, rowsText } = cnnmath;
const PRESETS = ["vertical_edge", "horizontal_edge", "box_blur", "laplacian", "identity"];
const CHOICES = { form: ["banded", "im2col"], stride: [1, 2, 3], padding: [0, 1, 2] };
const TALLEST = 350; // px of an array of the product, while its cells are
const [SMALLEST, LARGEST] = [6, 26]; // px

const at = (k, cols) => `[${math.place(k, cols).join(", ")}]`;
const fit = (cols, width, rows) => Math.max(3, Math.floor(Math.min(LARGEST, width / cols - 2, Math.max(SMALLEST, TALLEST / rows - 2))));

/** [name, array, what] of each grid: what(i, j) is the cell's output `row` and, in a factor, its pixel `column`
 *  (−1: padding) and weight `tap` (counted from 1, 0: none). */
function arrays({ image, kernel, padding, form }, { matrix, columns, taps, output, row }) {
  const [I, K] = [image, kernel].map(math.fromRows);
  const banded = form === "banded";
  const vector = ({ data }) => math.matrix(...(banded ? [data.length, 1] : [1, data.length]), data);
  const entry = (r, p) => ({ row: r, column: p, tap: p < 0 ? 0 : taps.data[r * taps.cols + p] });
  const source = (k, r) => ({ row: r, column: taps.data.subarray(r * taps.cols, (r + 1) * taps.cols).indexOf(k + 1), tap: k + 1 });
  return [
    [padding ? "padded image I" : "image I", math.pad(I, padding), (i, j) => entry(row, image[i - padding]?.[j - padding] === undefined ? -1 : (i - padding) * I.cols + j - padding)],
    ["output O", output, (i, j) => ({ row: i * output.cols + j })],
    banded ? ["matrix M", matrix, entry] : ["vec(K)ᵀ", vector(K), (i, k) => source(k, row)],
    banded ? ["vec(I)", vector(I), (p) => entry(row, p)] : ["im2col(I)", columns, source],
    [banded ? "vec(O)" : "vec(O)ᵀ", vector(output), (i, j) => ({ row: i + j })],
  ];
}

function pixelText({ image, kernel }, { row, column, readers, taps, vec_image }) {
  if (column < 0) return "";
  const k = taps.data[row * taps.cols + column] - 1;
  const [pixel, weight] = [vec_image[column], kernel.flat()[k]];
  const entry = k < 0 ? "0, outside the window" : `K${at(k, kernel[0].length)}: (${number(pixel)})(${number(weight)}) = ${number(pixel * weight)}`;
  return ` Outputs that read I${at(column, image[0].length)}: ${readers.length}. M[${row}, ${column}] = ${entry}.`;
}

class ConvolutionMatrix extends cnnmath.Figure {
  static tag = "cnnmath-convolution-matrix";
  static label = "ConvolutionMatrix";
  static fields = {
    image: ["matrix", cnnmath.RIDGE, 6, 6], kernel: ["matrix", cnnmath.kernels.vertical_edge, 4, 4],
    stride: ["integer", 1, 1, 3], padding: ["integer", 0, 0, 2], form: ["choice", "banded", CHOICES.form],
    row: ["integer", 0, 0, 99], column: ["integer", -1, -1, 35],
  };
  static css = `
.panel { width: min-content; }
.caption { min-height: 3em; }
.operator { padding-bottom: 2em; }
.none:not(.pad) { border-color: transparent; }
.cell.also { outline: 2px solid var(--cm-ink); }
`;

  static fits(state) { cnnmath.checkFits(this.label, state); }

  static values({ image, kernel, stride, padding, ...pins }) {
    const [I, K] = [image, kernel].map(math.fromRows);
    const output = math.correlate2d(I, K, stride, padding);
    const [N, T, R] = [I, K, output].map(({ data }) => data.length);
    const [matrix, taps, columns] = [math.matrix(R, N), math.matrix(R, N), math.matrix(T, R)];
    math.eachTap(I, K, stride, padding, (r, k, p) => {
      matrix.data[r * N + p] = K.data[k];
      taps.data[r * N + p] = k + 1;
      columns.data[k * R + r] = I.data[p];
    });
    const count = ({ data }) => data.filter(Boolean).length;
    const [row, column] = [Math.min(pins.row, R - 1), Math.min(pins.column, N - 1)];
    return {
      output, matrix, columns, taps, vec_image: I.data, vec_output: output.data,
      structural: count(taps), nonzeros: count(matrix), multiply_adds: [R * N, T * R],
      row, products: K.data.map((weight, k) => weight * columns.data[k * R + row]), total: output.data[row],
      column, readers: [...output.data.keys()].filter((r) => column >= 0 && taps.data[r * N + column]),
    };
  }

  static describe(state, v) {
    return `M, ${v.matrix.rows} × ${v.matrix.cols}, holds ${v.structural} weights, ${v.nonzeros} not 0; multiply–adds: ${v.multiply_adds.join(" in full, ")} by im2col. ` +
      `Output ${v.row}, O${at(v.row, v.output.cols)}, is ${told(v.total)}.${pixelText(state, v)}`;
  }

  static python(state) {
    const { row, column } = this.values(state);
    return `import numpy as np
from cnnmath.convolution import correlate2d, correlation_matrix, im2col

image = np.array(${rowsText(state.image)})
kernel = np.array(${rowsText(state.kernel)})
stride, padding, row, column = ${state.stride}, ${state.padding}, ${row}, ${column}
output = correlate2d(image, kernel, stride, padding)

matrix = correlation_matrix(kernel, image.shape, stride, padding)
vec_image = image.ravel()
vec_output = matrix @ vec_image

columns = im2col(image, kernel.shape, stride, padding)
products = kernel.ravel() * columns[:, row]
total = products.sum()

taps = correlation_matrix(1 + np.arange(kernel.size).reshape(kernel.shape), image.shape, stride, padding)
structural, nonzeros = np.count_nonzero(taps), np.count_nonzero(matrix)
multiply_adds = matrix.size, columns.size
readers = np.flatnonzero(taps[:, column]) if column >= 0 else []`;
  }

  build() {
    const { signal } = this;
    const weigh = (k) => this.point(k === null ? null : { tap: k + 1, everywhere: true });
    this.grids = [0, 1, 2, 3, 4].map((g) => {
      const what = (i, j) => (i === null ? null : arrays(this.state, this.computed)[g][2](i, j));
      const pick = (i, j) => {
        const { tap, ...pins } = what(i, j);
        this.pick(pins);
      };
      return cnnmath.grid({ onpick: pick, ondrag: pick, onpoint: (i, j) => this.point(what(i, j)), onescape: () => this.pick({ column: -1 }) }, signal);
    });
    this.weights = cnnmath.kernelEditor(this, (m, n) => weigh(m === null ? null : m * this.state.kernel[0].length + n));
    this.presets = cnnmath.kernelPresets(PRESETS, (kernel) => this.update({ kernel }), signal);
    this.choices = controls.choices(this, CHOICES);
    this.formula = cnnmath.formula({ onpoint: weigh }, signal);
    this.pixel = h("div", { class: "live" });
    const [image, output, left, right, product] = this.grids.map(({ node }) => node);
    this.equation = cnnmath.equation(image, "⋆", this.weights.node, "=", output, "", left, "·", right, "=", product);
    return [this.equation.node, this.formula.node, this.pixel, this.presets.node, this.choices.node];
  }

  paint(state) {
    const { over, ramps, room, grids, view } = this;
    const { row, column, columns: { data: columns }, output, readers, taps: { rows: R, cols: N, data: taps } } = view;
    const kernel = math.fromRows(state.kernel);
    const weights = kernel.data;
    const banded = state.form === "banded";
    const tap = over?.tap ?? (column < 0 ? 0 : taps[row * N + column]);
    const marks = ({ row: r, column: p, tap: k }) => {
      if (k === undefined) return `${r === row ? "at" : ""} ${readers.includes(r) ? "also" : ""}`;
      const lit = k === tap && (r === row || over?.everywhere);
      return `${k === 0 ? "none" : lit ? "lit" : r === row ? "tap" : ""} ${p < 0 ? "pad" : p === column ? "also" : ""}`;
    };
    const colours = [cnnmath.greys(view.vec_image, ramps), cnnmath.signed(output.data, ramps), cnnmath.signed(weights, ramps)];
    const wide = room > 600; // an equation on one line: 350 px for K and the signs, 195 px for the vectors beside M
    const across = state.image[0].length + 2 * state.padding;
    const large = cnnmath.cellSize(wide ? across + output.cols : across, wide ? room - 350 : room, 34);
    const big = banded ? view.matrix : view.columns;
    const cell = fit(Math.max(big.cols, weights.length), room - (banded && wide ? 195 : 8), big.rows);
    const vector = (rows) => (banded ? [32, rows === R && wide ? cell : fit(1, room, rows)] : [cell]);
    const sizes = [[large], [large], [cell], vector(N), vector(R)];
    arrays(state, view).forEach(([name, array, what], g) => {
      const grid = grids[g];
      grid.node.ariaLabel = name;
      grid.resize(...sizes[g]);
      grid.update(array.rows, array.cols, (i, j) => {
        const cell = what(i, j);
        const value = array.data[i * array.cols + j];
        if (cell.row === row && cell.column !== -1 && (cell.column ?? column) === column) grid.select(i, j);
        const blank = [cell.column < 0, false, cell.tap === 0][g % 3];
        return blank ? { text: "", marks: marks(cell) } : { text: [number, told, number][g % 3](value), fill: colours[g % 3](value), marks: marks(cell) };
      });
      this.equation.tell(g && g + 1, name, array);
    });
    this.equation.tell(1, "kernel K", kernel);
    const [i, j] = math.place(row, output.cols);
    grids[0].outline(i * state.stride, j * state.stride, kernel.rows, kernel.cols);
    grids[banded ? 2 : 3].outline(...(banded ? [row, 0, 1, N] : [0, row, weights.length, 1]));
    grids[banded ? 3 : 2].hideOutline();
    this.weights.update(state.kernel, ramps, tap ? math.place(tap - 1, kernel.cols) : null);
    this.formula.update(weights.map((_, k) => columns[k * R + row]), weights, told(view.total), tap - 1);
    this.pixel.textContent = pixelText(state, view);
    this.presets.update(state.kernel);
    this.choices.set(state);
  }
}

cnnmath.register(ConvolutionMatrix);
})(globalThis.cnnmath);
