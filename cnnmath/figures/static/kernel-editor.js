/* An editor of a kernel: its weights as fields and sliders. */
(function (cnnmath) {
"use strict";
if (cnnmath.kernelEditor) return;
const { h, controls, theme, math, number, on } = cnnmath;

const WIDEST_WITH_SLIDERS = 5;

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

cnnmath.kernelEditor = kernelEditor;
})(globalThis.cnnmath);
