/* KernelSlider: a window slides over an image, its products add up, the output fills in. */
(function (cnnmath) {
  "use strict";
  const { check, controls, h, literal, math, number } = cnnmath;
  const LABEL = "KernelSlider";
  const RIDGE = [[1, 2, 3, 2, 1], [4, 5, 6, 5, 4], [7, 8, 9, 8, 7], [4, 5, 6, 5, 4], [1, 2, 3, 2, 1]];
  const IMAGES = {
    ridge: RIDGE,
    ramp: Array.from({ length: 5 }, () => [4, 3, 2, 1, 0]),
    impulse: Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, j) => Number(i === 2 && j === 2))),
  };
  const PRESETS = ["vertical_edge", "horizontal_edge", "box_blur", "sharpen", "laplacian", "emboss", "identity"];
  const STEP = 320; // ms a window rests on a cell while sliding
  const TERM = 130; // ms a product is lit in the first window

  const rowsText = (rows) => `[${rows.map((row) => `[${row.map(literal).join(", ")}]`).join(", ")}]`;

  class KernelSlider extends cnnmath.Figure {
    static tag = "cnnmath-kernel-slider";
    static label = LABEL;
    static css = cnnmath.kernelCss;
    static defaults = { image: RIDGE, kernel: cnnmath.kernels.vertical_edge, stride: 1, padding: 0, dilation: 1, flip: false, cell: [0, 0], predict: false };

    static check(s) {
      const state = {
        image: check.matrix(LABEL, "image", s.image, 12, 12),
        kernel: check.matrix(LABEL, "kernel", s.kernel, 12, 12),
        stride: check.integer(LABEL, "stride", s.stride, 1, 4),
        padding: check.integer(LABEL, "padding", s.padding, 0, 4),
        dilation: check.integer(LABEL, "dilation", s.dilation, 1, 3),
        flip: check.flag(LABEL, "flip", s.flip),
        cell: check.integers(LABEL, "cell", s.cell, 2, 0, 99),
        predict: check.flag(LABEL, "predict", s.predict),
      };
      cnnmath.checkFits(LABEL, cnnmath.shapeOf(state.image), cnnmath.shapeOf(state.kernel), state.padding, state.dilation);
      return state;
    }

    static values({ image, kernel, stride, padding, dilation, flip, cell }) {
      const padded = math.pad(math.fromRows(image), padding);
      const used = flip ? math.turn180(math.fromRows(kernel)) : math.fromRows(kernel);
      const output = math.correlate2d(padded, used, stride, 0, dilation);
      const [i, j] = [Math.min(cell[0], output.rows - 1), Math.min(cell[1], output.cols - 1)];
      const window = math.matrix(used.rows, used.cols);
      for (let m = 0; m < used.rows; m++) {
        for (let n = 0; n < used.cols; n++) {
          window.data[m * used.cols + n] = padded.data[(i * stride + m * dilation) * padded.cols + j * stride + n * dilation];
        }
      }
      const products = math.matrix(used.rows, used.cols, window.data.map((x, k) => x * used.data[k]));
      return { padded, used, output, cell: [i, j], window, products, total: output.data[i * output.cols + j] };
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
      return predict ? `${where}: predict the sum of ${what}. ${size}` : `${where}: ${what} give ${number(total)}. ${size}`;
    }

    static python({ image, kernel, stride, padding, dilation, flip, cell }) {
      const [rows, cols] = [[image.length, kernel.length], [image[0].length, kernel[0].length]].map(([size, taps]) => math.outputSize(size, taps, stride, padding, dilation));
      return `import numpy as np
from cnnmath.convolution import ${flip ? "convolve2d" : "correlate2d"}

image = np.array(${rowsText(image)})
kernel = np.array(${rowsText(kernel)})
stride, padding, dilation = ${stride}, ${padding}, ${dilation}
output = ${flip ? "convolve2d" : "correlate2d"}(image, kernel, stride, padding, dilation)

cell = i, j = ${Math.min(cell[0], rows - 1)}, ${Math.min(cell[1], cols - 1)}
padded = np.pad(image, padding)
used = ${flip ? "kernel[::-1, ::-1]" : "kernel"}
window = padded[i * stride :: dilation, j * stride :: dilation][: used.shape[0], : used.shape[1]]
products = window * used
total = products.sum()`;
    }

    build() {
      const { signal } = this;
      const change = (field) => (value) => this.update({ [field]: value });
      this.lit = this.over = null;
      this.shown = Infinity; // output cells filled in so far, while sliding
      const point = (m, n) => { this.lit = m === null ? null : [m, n]; this.repaint(); };
      const go = (i, j) => { this.stop(); this.update({ cell: [i, j] }); };
      const move = (di, dj) => {
        const { output, cell } = this.computed;
        const clamp = (x, size) => Math.max(0, Math.min(size - 1, x));
        go(clamp(cell[0] + di, output.rows), clamp(cell[1] + dj, output.cols));
      };
      const escape = () => { this.stop(); this.lit = this.over = null; this.repaint(); };
      this.imageGrid = cnnmath.grid({ label: "image I: arrow keys move the window", onmove: move, onescape: escape, onenter: () => this.slide(),
        onpick: (i, j) => go(...this.windowAt(i, j)), ondrag: (i, j) => go(...this.windowAt(i, j)), onpoint: (i, j) => point(...this.tapAt(i, j)) }, signal);
      this.outputGrid = cnnmath.grid({ label: "output: arrow keys move the window", onmove: move, onescape: escape, onenter: () => this.slide(),
        onpick: go, ondrag: go, onpoint: (i, j) => { this.over = i === null ? null : [i, j]; this.repaint(); } }, signal);
      this.weights = cnnmath.kernelEditor({ label: "kernel K", onpoint: point,
        onweight: (m, n, value) => { const { kernel } = this.state; kernel[m][n] = value; this.update({ kernel }); },
        onrefuse: (m, n, text) => this.refuseText(`kernel[${m}][${n}]`, text) }, signal);
      this.presets = cnnmath.kernelPresets(PRESETS, change("kernel"), signal);
      this.images = controls.presets("image presets", Object.keys(IMAGES), (name) => this.update({ image: structuredClone(IMAGES[name]) }), signal);
      this.flipButton = controls.button("↻ flip: true convolution", () => this.update({ flip: !this.state.flip }), signal);
      this.predictButton = controls.button("Predict the next cell", () => this.update({ predict: !this.state.predict }), signal);
      this.prediction = controls.question("your prediction", (guess) => this.judge(guess), signal);
      this.slideButton = controls.button("▶ Slide", () => (this.timer ? this.stop() : this.slide()), signal);
      this.numbers = [["stride", [1, 2, 3]], ["padding", [0, 1, 2, 3]], ["dilation", [1, 2]]].map(([name, options]) => [name, controls.segmented(name, options, change(name), signal)]);
      this.legend = cnnmath.legend();
      this.captions = ["image", "kernel", "output"].map(() => h("div", { class: "caption" }));
      this.formula = cnnmath.formula({ onpoint: (k) => point(...this.weightAt(k)) }, signal);
      this.size = h("span", { class: "muted" });
      this.operator = h("div", { class: "operator" });
      const panel = (node, caption) => h("div", { class: "panel" }, node, caption);
      return [
        h("div", { class: "equation" }, panel(this.imageGrid.node, this.captions[0]), this.operator, panel(this.weights.node, this.captions[1]),
          h("div", { class: "operator" }, "="), panel(this.outputGrid.node, this.captions[2])),
        this.formula.node, this.prediction.node,
        this.presets.node,
        h("div", { class: "row controls" }, this.images.node, this.flipButton.node, this.slideButton.node, this.predictButton.node),
        h("div", { class: "row controls" }, ...this.numbers.map(([, control]) => control.node), this.size, this.legend.node),
      ];
    }

    /** Compare the reader's number with the sum, and with the results of known mistakes. */
    judge(guess) {
      const { output, cell: [i, j], total, window, used } = this.computed;
      const close = (x) => Math.abs(guess - x) <= 0.005 * Math.max(1, Math.abs(x));
      const backwards = window.data.reduce((sum, x, k) => sum + x * used.data[used.data.length - 1 - k], 0);
      if (close(total)) {
        const next = Math.min(output.data.length - 1, i * output.cols + j + 1);
        this.update({ cell: [Math.floor(next / output.cols), next % output.cols] });
        return `Output[${i}, ${j}] = ${number(total)} is right.`;
      }
      if (close(backwards)) return this.state.flip ? "That is the sum without turning the kernel." : "That is the sum with the kernel turned by 180°.";
      if (close(-total)) return "Right size, wrong sign.";
      return `Not ${number(guess)}: multiply each marked pixel by the number in its corner, then add.`;
    }

    /** The output cell whose window lies nearest to padded pixel (i, j) as its centre. */
    windowAt(i, j) {
      const { stride, dilation } = this.state;
      const { used, output } = this.computed;
      const place = (x, taps, size) => Math.max(0, Math.min(size - 1, Math.round((x - (dilation * (taps - 1)) / 2) / stride)));
      return [place(i, used.rows, output.rows), place(j, used.cols, output.cols)];
    }

    /** The weight K[m, n] behind term k of the sum, as [m, n], or [null]: a turned kernel is read backwards. */
    weightAt(k) {
      if (k === null) return [null];
      const { used } = this.computed;
      const place = this.state.flip ? used.data.length - 1 - k : k;
      return [Math.floor(place / used.cols), place % used.cols];
    }

    /** The weight that meets padded pixel (i, j) in the present window, as [m, n], or [null]. */
    tapAt(i, j) {
      return i === null ? [null] : this.weightAt(this.termAt(i, j, this.computed));
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
      if (this.state.predict) return;
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) return void this.update({ cell: [output.rows - 1, output.cols - 1] });
      const terms = Math.min(used.data.length, 16);
      let step = -terms;
      const next = () => {
        if (step >= output.data.length) return this.stop();
        const place = Math.max(0, step);
        this.shown = step < 0 ? 0 : place + 1;
        this.update({ cell: [Math.floor(place / output.cols), place % output.cols] });
        const k = step + terms;
        this.lit = step < 0 ? [Math.floor(k / used.cols), k % used.cols] : null;
        this.repaint();
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

    restart() { this.stop(); this.lit = this.over = null; this.prediction.clear(); }

    paint(state, values) {
      const { stride, padding, dilation, flip, predict } = state;
      const shownCell = predict ? null : this.over; // pointing at an output shows its window; clicking keeps it
      const view = shownCell ? this.constructor.values({ ...state, cell: shownCell }) : values;
      const { padded, used, output, window, products, cell: [i, j] } = view;
      const { ramps, room } = this;
      // `lit` names a weight K[m, n]; its place in the window is turned when the kernel is.
      const lit = this.lit && (flip ? [used.rows - 1 - this.lit[0], used.cols - 1 - this.lit[1]] : this.lit);
      const litTerm = lit ? lit[0] * used.cols + lit[1] : -1;
      const last = values.cell[0] * output.cols + values.cell[1];
      const hidden = (k) => (predict && k >= last) || k >= this.shown;

      this.paintImage(view, state, litTerm);
      this.weights.update(state.kernel, ramps, this.lit, flip);

      const limit = math.limit(output.data);
      this.outputGrid.resize(cnnmath.cellSize(output.cols, room));
      this.outputGrid.update(output.rows, output.cols, (r, c) => {
        const k = r * output.cols + c;
        const here = r === i && c === j ? "at" : "";
        if (hidden(k)) return { text: here && predict ? "?" : "", marks: here, value: 0 };
        return { value: output.data[k], fill: ramps.diverging(output.data[k] / limit), marks: here };
      });
      this.outputGrid.select(i, j);
      this.legend.update(limit, ramps);

      const sum = predict || this.shown === 0 ? "?" : number(products.data.reduce((a, b) => a + b, 0));
      this.formula.update(window.data, used.data, sum, litTerm);
      this.prediction.node.hidden = !predict;
      this.prediction.set(`Output[${i}, ${j}] = ?`);

      this.captions[0].replaceChildren("image ", h("b", {}, "I"), `, ${state.image.length} × ${state.image[0].length}${padding ? `, padded by ${padding}` : ""}`);
      this.captions[1].replaceChildren("kernel ", h("b", {}, "K"), `, ${used.rows} × ${used.cols}${flip ? ", turned by 180°" : ""}`);
      this.captions[2].replaceChildren("output ", h("b", {}, flip ? "I ∗ K" : "I ⋆ K"), `, ${output.rows} × ${output.cols}`);
      this.operator.textContent = flip ? "∗" : "⋆";
      this.presets.update(state.kernel);
      this.images.set(Object.keys(IMAGES).find((name) => JSON.stringify(IMAGES[name]) === JSON.stringify(state.image)));
      this.flipButton.set(flip);
      this.predictButton.set(predict);
      this.slideButton.node.disabled = predict;
      this.slideButton.node.textContent = this.timer ? "❚❚ Stop" : "▶ Slide";
      this.numbers.forEach(([name, control]) => control.set(state[name]));
      const size = (full, taps, out) => `⌊(${full} + 2·${padding} − ${dilation}·(${taps} − 1) − 1) / ${stride}⌋ + 1 = ${out}`;
      const rowsSize = size(state.image.length, used.rows, output.rows);
      const colsSize = size(state.image[0].length, used.cols, output.cols);
      this.size.textContent = rowsSize === colsSize ? `size ${rowsSize}` : `rows ${rowsSize}; columns ${colsSize}`;
    }

    paintImage(view, { stride, padding, dilation }, litTerm) {
      const { padded, used, cell: [i, j] } = view;
      const { ramps } = this;
      const [low, high] = [Math.min(0, ...padded.data), Math.max(1e-9, ...padded.data)];
      const grey = cnnmath.lookup(ramps.grey, low, high);
      const cell = cnnmath.cellSize(padded.cols, this.room);
      this.imageGrid.resize(cell);
      this.imageGrid.update(padded.rows, padded.cols, (r, c) => {
        const value = padded.data[r * padded.cols + c];
        const k = this.termAt(r, c, view);
        const outside = r < padding || c < padding || r >= padded.rows - padding || c >= padded.cols - padding;
        const marks = `${outside ? "pad " : ""}${k === null ? "" : k === litTerm ? "lit" : "tap"}`;
        return { value, fill: outside ? null : grey(value), marks, badge: k !== null && cell >= 30 ? `×${number(used.data[k])}` : "" };
      });
      this.imageGrid.select(i * stride, j * stride);
      this.imageGrid.outline(i * stride, j * stride, dilation * (used.rows - 1) + 1, dilation * (used.cols - 1) + 1);
    }
  }

  cnnmath.register(KernelSlider);
})(globalThis.cnnmath);
