/* What figures with a kernel share: named kernels, their editor, and whether a kernel fits. */
(function (cnnmath) {
"use strict";
if (cnnmath.kernels) return;
const { h, controls, theme, math, number, StateError, on } = cnnmath;

const WIDEST_WITH_SLIDERS = 5;

/** `cnnmath.image.RIDGE`, the book's running example. */
const RIDGE = [[1, 2, 3, 2, 1], [4, 5, 6, 5, 4], [7, 8, 9, 8, 7], [4, 5, 6, 5, 4], [1, 2, 3, 2, 1]];

/** The same arrays as `cnnmath.kernels.kernel(name)`; correlation, no flip. */
const kernels = {
  identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  vertical_edge: [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
  horizontal_edge: [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
  sobel_x: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  sobel_y: [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
  laplacian: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
  box_blur: [0, 1, 2].map(() => [1 / 9, 1 / 9, 1 / 9]),
  gaussian: [1, 2, 1].map((x) => [x / 16, x / 8, x / 16]),
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  emboss: [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
};

const spoken = (name) => name.replaceAll("_", " ");

/** The name of the kernel with just these weights, or undefined. */
const nameOf = (rows) => Object.keys(kernels).find((name) => JSON.stringify(kernels[name]) === JSON.stringify(rows));

/** Chips for the named kernels; update(rows) marks the one in force. */
function kernelPresets(names, onpick, signal) {
  const chips = controls.presets("kernel presets", names.map(spoken), (text) => onpick(kernels[text.replaceAll(" ", "_")]), signal);
  return { node: chips.node, update: (rows) => chips.set(spoken(nameOf(rows) ?? "")) };
}

/** Refuse a kernel that does not fit the padded image, in the words of `cnnmath.windows.geometry`. */
function checkFits(figure, { image, kernel, padding, dilation = 1 }) {
  const sides = [["height", "H", image, kernel], ["width", "W", image[0], kernel[0]]];
  for (const [name, symbol, { length: size }, { length: taps }] of sides) {
    const extent = dilation * (taps - 1) + 1;
    if (extent <= size + 2 * padding) continue;
    const what = dilation > 1 ? `dilated kernel ${name} ${extent} (K_${symbol.toLowerCase()}=${taps}, dilation=${dilation})` : `kernel ${name} ${taps}`;
    throw new StateError(`${figure}: ${what} must not exceed padded ${name} ${size + 2 * padding} ` +
      `(${symbol}=${size}, padding=${padding}). Use padding >= ${Math.ceil((extent - size) / 2)} or ` +
      `a smaller kernel${dilation > 1 ? " or dilation" : ""}.`);
  }
}

/** The editor of a figure's field `kernel`; onpoint(m, n) when pointer or focus is on a weight, onpoint(null) when it leaves. */
function kernelEditor(figure, onpoint) {
  const { signal } = figure;
  const node = h("div", { class: "kernel", role: "group", "aria-label": "kernel K" });
  let shape = "";
  let cells = [];

  function build(rows, cols) {
    const sliders = cols <= WIDEST_WITH_SLIDERS;
    cells = Array.from({ length: rows * cols }, (_, k) => {
      const [m, n] = math.place(k, cols);
      const weight = controls.slider(`weight K[${m}, ${n}]`, {
        step: 0.1,
        oninput: (value) => { const { kernel } = figure.state; kernel[m][n] = value; figure.update({ kernel }); },
        onrefuse: (text) => figure.refuseText(`kernel[${m}][${n}]`, text),
      }, signal);
      const cell = h("div", { class: "weight" }, weight.box, sliders ? weight.range : null);
      for (const enter of ["pointerenter", "focusin"]) on(cell, enter, () => onpoint(m, n), signal);
      for (const leave of ["pointerleave", "focusout"]) on(cell, leave, () => onpoint(null), signal);
      return { node: cell, weight };
    });
    node.replaceChildren(...cells.map((cell) => cell.node));
    node.style.gridTemplateColumns = `repeat(${cols}, ${sliders ? 58 : 44}px)`;
  }

  /** Draw the weights; `lit` is [m, n] or null; `turned` shows the kernel rotated by 180°. */
  function update(rows, ramps, lit = null, turned = false) {
    const [height, width] = [rows.length, rows[0].length];
    if (shape !== `${height}×${width}`) build(height, width);
    shape = `${height}×${width}`;
    const weights = rows.flat();
    const limit = math.limit(weights);
    const reach = Math.max(3, Math.ceil(limit));
    weights.forEach((value, k) => {
      const { node: cell, weight } = cells[k];
      const fill = ramps.diverging((0.85 * value) / limit);
      weight.range.min = -reach;
      weight.range.max = reach;
      weight.set(value);
      cell.title = `K[${math.place(k, width).join(", ")}] = ${number(value)}`;
      cell.style.backgroundColor = theme.css(fill);
      cell.style.color = theme.ink(fill);
      cell.classList.toggle("lit", lit !== null && lit[0] * width + lit[1] === k);
    });
    node.classList.toggle("turned", turned);
  }
  return { node, update };
}

/** A kernel as size × size: cut, or framed by zeros; equal weights keep their sum instead. */
function resized(rows, size) {
  const flat = rows.flat();
  const equal = flat.every((x) => x === flat[0]) && (flat[0] * flat.length) / size ** 2;
  const [top, left] = [rows, rows[0]].map(({ length }) => (length - size) >> 1);
  return Array.from({ length: size }, (_, m) => Array.from({ length: size }, (_, n) => equal || (rows[top + m]?.[left + n] ?? 0)));
}

/** What figures with the fields `kernel` and `flip` share. figure.lit is the weight pointed at, [m, n] or null, in editor and sum
 *  alike; point(m, n) and pointTerm(k) set it. */
function kernelPanel(figure, presets) {
  const turned = (k, count) => (figure.state.flip ? count - 1 - k : k); // a turned kernel is read backwards
  const point = (m, n) => { figure.lit = m === null ? null : [m, n]; figure.repaint(); };
  const pointTerm = (k) => {
    const { cols, data } = figure.computed.used;
    const place = turned(k, data.length);
    point(...(k === null ? [null] : math.place(place, cols)));
  };
  const editor = kernelEditor(figure, point);
  const chips = kernelPresets(presets, (kernel) => figure.update({ kernel }), figure.signal);
  const sizes = controls.segmented("kernel size", [3, 5, 7], (size) => figure.update({ kernel: resized(figure.state.kernel, size) }), figure.signal);
  const flip = controls.button("↻ flip: true convolution", () => figure.update({ flip: !figure.state.flip }), figure.signal);
  const sum = cnnmath.formula({ onpoint: pointTerm }, figure.signal);

  /** Draw; `total` is the sum as text. Returns the lit term, or −1. */
  function update(state, { used, window }, total) {
    const { lit, ramps } = figure;
    const term = lit ? turned(lit[0] * used.cols + lit[1], used.data.length) : -1;
    editor.update(state.kernel, ramps, lit, state.flip);
    chips.update(state.kernel);
    sizes.set(used.rows === used.cols && used.rows);
    flip.set(state.flip);
    sum.update(window.data, used.data, total, term);
    return term;
  }
  figure.lit = null;
  return { weights: editor.node, presets: chips.node, sizes: sizes.node, flip: flip.node, formula: sum.node, point, pointTerm, update };
}

Object.assign(cnnmath, { RIDGE, kernels, kernelPresets, kernelEditor, kernelPanel, checkFits });
})(globalThis.cnnmath);
