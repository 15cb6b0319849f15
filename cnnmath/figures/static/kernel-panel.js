/* What figures with the fields `kernel` and `flip` share: the kernel with its presets, sizes and flip, and its sum. */
(function (cnnmath) {
"use strict";
if (cnnmath.kernelPanel) return;
const { controls, math } = cnnmath;

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
  const editor = cnnmath.kernelEditor(figure, point);
  const chips = cnnmath.kernelPresets(presets, (kernel) => figure.update({ kernel }), figure.signal);
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

cnnmath.kernelPanel = kernelPanel;
})(globalThis.cnnmath);
