/* KernelSlider: a window slides over an image, its products add up, the output fills in. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, told, rowsText, on, RIDGE } = cnnmath;
const IMAGES = {
  ridge: RIDGE,
  ramp: RIDGE.map(() => [4, 3, 2, 1, 0]),
  impulse: [0, 0, 1, 0, 0].map((x) => [0, 0, x, 0, 0]),
};
const PRESETS = ["vertical_edge", "horizontal_edge", "box_blur", "sharpen", "laplacian", "emboss", "identity"];
const STEP = 320; // ms a window rests on a cell while sliding
const TERM = 130; // ms a product is lit in the first window
const TERMS = 16; // products lit there at most
const BADGE = 30; // px of a cell that has room for the weight in its corner

/** A question, a number field and a verdict. `judge(guess)` gives the text of the verdict. */
function question(label, judge, signal) {
  const asked = h("span");
  const guess = h("input", { type: "number", step: "any", "aria-label": label, autocomplete: "off" });
  const verdict = h("span", { role: "status" });
  const answer = () => {
    verdict.textContent = guess.value === "" ? "Type a number first." : judge(Number(guess.value));
    guess.select();
  };
  on(guess, "keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") answer();
  }, signal);
  const node = h("div", { class: "row" }, asked, guess, controls.button("Check", answer, signal).node, verdict);
  const set = (text) => (asked.textContent = text);
  const clear = () => (guess.value = verdict.textContent = "");
  return { node, set, clear };
}

class KernelSlider extends cnnmath.Figure {
  static tag = "cnnmath-kernel-slider";
  static label = "KernelSlider";
  static fields = {
    image: ["matrix", RIDGE, 12, 12], kernel: ["matrix", cnnmath.kernels.vertical_edge, 12, 12],
    stride: ["integer", 1, 1, 4], padding: ["integer", 0, 0, 4], dilation: ["integer", 1, 1, 3],
    flip: ["flag", false], cell: ["integers", [0, 0], 2, 0, 99], predict: ["flag", false],
  };

  static fits(state) { cnnmath.checkFits(this.label, state); }

  static values({ image, kernel, stride, padding, dilation, flip, cell }) {
    const pixels = math.fromRows(image);
    const used = flip ? math.turn180(math.fromRows(kernel)) : math.fromRows(kernel);
    const output = math.correlate2d(pixels, used, stride, padding, dilation);
    return { padded: math.pad(pixels, padding), used, output, ...math.look(pixels, used, output, cell, stride, padding, dilation) };
  }

  static describe({ kernel, stride, padding, dilation, flip, predict }, { output, cell, total }) {
    const span = (name, place, count) => {
      const first = place * stride - padding;
      const step = dilation > 1 && count > 1 ? ` in steps of ${dilation}` : "";
      return `${name} ${number(first)} to ${number(first + dilation * (count - 1))}${step}`;
    };
    const where = `Output row ${cell[0]}, column ${cell[1]}`;
    const what = `${span("rows", cell[0], kernel.length)}, ${span("columns", cell[1], kernel[0].length)} of I against K${flip ? " turned by 180°" : ""}`;
    const size = `The output is ${output.rows} × ${output.cols}.`;
    return predict ? `${where}: predict the sum of ${what}. ${size}` : `${where}: ${what} give ${told(total)}. ${size}`;
  }

  static python({ image, kernel, stride, padding, dilation, flip, cell }) {
    const place = (k, size, taps) => Math.min(cell[k], math.outputSize(size, taps, stride, padding, dilation) - 1);
    const operation = flip ? "convolve2d" : "correlate2d";
    return `import numpy as np
from cnnmath.convolution import ${operation}

image = np.array(${rowsText(image)})
kernel = np.array(${rowsText(kernel)})
stride, padding, dilation = ${stride}, ${padding}, ${dilation}
output = ${operation}(image, kernel, stride, padding, dilation)

cell = i, j = ${place(0, image.length, kernel.length)}, ${place(1, image[0].length, kernel[0].length)}
padded = np.pad(image, padding)
used = ${flip ? "kernel[::-1, ::-1]" : "kernel"}
window = padded[i * stride :: dilation, j * stride :: dilation][: used.shape[0], : used.shape[1]]
products = window * used
total = products.sum()`;
  }

  build() {
    const { signal } = this;
    this.shown = Infinity; // output cells filled in so far, while sliding
    this.panel = cnnmath.kernelPanel(this, PRESETS);
    const go = (i, j) => { this.stop(); this.pick({ cell: [i, j] }); };
    const shared = {
      onmove: (di, dj) => {
        const { output, cell } = this.computed;
        go(math.held(cell[0] + di, output.rows), math.held(cell[1] + dj, output.cols));
      },
      onenter: () => this.slide(),
      onescape: () => { this.stop(); this.panel.point(null); this.point(null); },
    };
    const toWindow = (i, j) => go(...this.windowAt(i, j));
    this.imageGrid = cnnmath.grid({ label: "image I: arrow keys move the window", ...shared, onpick: toWindow, ondrag: toWindow,
      onpoint: (i, j) => this.panel.pointTerm(i === null ? null : this.termAt(i, j, this.computed)) }, signal);
    this.outputGrid = cnnmath.grid({ label: "output: arrow keys move the window", ...shared, onpick: go, ondrag: go,
      onpoint: (i, j) => this.point(i === null || this.state.predict ? null : { cell: [i, j] }) }, signal);
    this.images = controls.presets("image presets", Object.keys(IMAGES), (name) => this.update({ image: IMAGES[name] }), signal);
    this.predictButton = controls.button("Predict the next cell", () => this.update({ predict: !this.state.predict }), signal);
    this.prediction = question("your prediction", (guess) => this.judge(guess), signal);
    this.slideButton = controls.button("▶ Slide", () => (this.timer ? this.stop() : this.slide()), signal);
    this.choices = controls.choices(this, { stride: [1, 2, 3], padding: [0, 1, 2, 3], dilation: [1, 2] });
    this.legend = cnnmath.legend();
    this.size = h("span", { class: "muted" });
    this.equation = cnnmath.equation(this.imageGrid.node, "⋆", this.panel.weights, "=", this.outputGrid.node);
    const { row } = controls;
    return [
      this.equation.node, this.panel.formula, this.prediction.node, this.panel.presets,
      row(this.images.node, this.panel.flip, this.slideButton.node, this.predictButton.node),
      row(...this.choices.nodes, this.size, this.legend.node),
    ];
  }

  /** Compare the reader's number with the sum, and with the results of known mistakes. */
  judge(guess) {
    const { output, cell: [i, j], total, window, used } = this.computed;
    const close = (x) => Math.abs(guess - x) <= 0.005 * Math.max(1, Math.abs(x));
    const backwards = window.data.reduce((sum, x, k) => sum + x * used.data[used.data.length - 1 - k], 0);
    if (close(total)) {
      const next = Math.min(output.data.length - 1, i * output.cols + j + 1);
      this.update({ cell: math.place(next, output.cols) });
      return `Output[${i}, ${j}] = ${told(total)} is right.`;
    }
    if (close(backwards)) return this.state.flip ? "That is the sum without turning the kernel." : "That is the sum with the kernel turned by 180°.";
    if (close(-total)) return "Right size, wrong sign.";
    return `Not ${number(guess)}: multiply each marked pixel by the number in its corner, then add.`;
  }

  /** The output cell whose window lies nearest to padded pixel (i, j) as its centre. */
  windowAt(i, j) {
    const { stride, dilation } = this.state;
    const { used, output } = this.computed;
    const place = (x, taps, size) => math.held(Math.round((x - (dilation * (taps - 1)) / 2) / stride), size);
    return [place(i, used.rows, output.rows), place(j, used.cols, output.cols)];
  }

  /** The place in the sum of padded pixel (i, j), or null where the window does not meet it. */
  termAt(i, j, { used, cell }) {
    const { stride, dilation } = this.state;
    const [m, n] = [(i - cell[0] * stride) / dilation, (j - cell[1] * stride) / dilation];
    const met = Number.isInteger(m) && Number.isInteger(n) && m >= 0 && n >= 0 && m < used.rows && n < used.cols;
    return met ? m * used.cols + n : null;
  }

  /** Slide over all cells: the first window's products light up one by one, then a cell a step. */
  slide() {
    this.stop();
    const { output, used } = this.computed;
    const place = (k) => math.place(k, output.cols);
    if (this.state.predict) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return void this.update({ cell: place(output.data.length - 1) });
    const terms = Math.min(used.data.length, TERMS);
    let step = -terms;
    const next = () => {
      if (step >= output.data.length) return this.stop();
      this.shown = Math.max(0, step + 1);
      this.update({ cell: place(Math.max(0, step)) });
      this.panel.pointTerm(step < 0 ? step + terms : null);
      this.timer = setTimeout(next, step++ < 0 ? TERM : STEP);
    };
    next();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.shown = Infinity;
    this.repaint();
  }

  restart() { this.stop(); this.pick({}); this.prediction.clear(); }

  paint(state, values) {
    const { stride, padding, dilation, flip, predict } = state;
    const { view, ramps } = this;
    const { used, output, cell: [i, j] } = view;
    const last = values.cell[0] * output.cols + values.cell[1];
    const asked = predict || this.shown === 0;
    this.paintImage(view, state, this.panel.update(state, view, asked ? "?" : told(view.total)));

    const colour = cnnmath.signed(output.data, ramps);
    this.outputGrid.resize(cnnmath.cellSize(output.cols, this.room));
    this.outputGrid.update(output.rows, output.cols, (r, c) => {
      const k = r * output.cols + c;
      const marks = r === i && c === j ? "at" : "";
      const hidden = (predict && k >= last) || k >= this.shown;
      return hidden ? { text: marks && predict ? "?" : "", marks } : { value: output.data[k], fill: colour(output.data[k]), marks };
    });
    this.outputGrid.select(i, j);
    this.legend.update(math.limit(output.data), ramps);

    const sign = flip ? "∗" : "⋆";
    this.equation.tell(0, padding ? `padded by ${padding}: image I` : "image I", math.fromRows(state.image));
    this.equation.tell(1, flip ? "turned by 180°: kernel K" : "kernel K", used);
    this.equation.tell(2, `output I\u00a0${sign}\u00a0K`, output);
    this.equation.node.querySelector(".operator").textContent = sign;
    this.prediction.node.hidden = !predict;
    this.prediction.set(`Output[${i}, ${j}] = ?`);
    this.images.set(Object.keys(IMAGES).find((name) => String(IMAGES[name]) === String(state.image)));
    this.predictButton.set(predict);
    this.slideButton.node.disabled = predict;
    this.slideButton.node.textContent = this.timer ? "❚❚ Stop" : "▶ Slide";
    this.choices.set(state);
    const sizes = [[state.image.length, used.rows, output.rows], [state.image[0].length, used.cols, output.cols]]
      .map(([full, taps, out]) => `⌊(${full} + 2·${padding} − ${dilation}·(${taps} − 1) − 1) / ${stride}⌋ + 1 = ${out}`);
    this.size.textContent = sizes[0] === sizes[1] ? `size ${sizes[0]}` : `rows ${sizes[0]}; columns ${sizes[1]}`;
  }

  paintImage(view, { stride, padding, dilation }, litTerm) {
    const { padded, used, cell: [i, j] } = view;
    const grey = cnnmath.greys(padded.data, this.ramps);
    const cell = cnnmath.cellSize(padded.cols, this.room);
    this.imageGrid.resize(cell);
    this.imageGrid.update(padded.rows, padded.cols, (r, c) => {
      const value = padded.data[r * padded.cols + c];
      const k = this.termAt(r, c, view);
      const outside = r < padding || c < padding || r >= padded.rows - padding || c >= padded.cols - padding;
      const marks = `${outside ? "pad " : ""}${k === null ? "" : k === litTerm ? "lit" : "tap"}`;
      return { value, fill: outside ? null : grey(value), marks, badge: k !== null && cell >= BADGE ? `×${number(used.data[k])}` : "" };
    });
    this.imageGrid.select(i * stride, j * stride);
    this.imageGrid.outline(i * stride, j * stride, dilation * (used.rows - 1) + 1, dilation * (used.cols - 1) + 1);
  }
}

cnnmath.register(KernelSlider);
})(globalThis.cnnmath);
