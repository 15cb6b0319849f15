/* PhotoFilter: a photograph, or the reader's own picture, under a kernel. */
(function (cnnmath) {
"use strict";
const { controls, h, math, told } = cnnmath;

const SIZES = { "coffee-grey-28": 28, "coffee-grey-128": 128, "coffee-grey-256": 256 };
const SHOWN = { signed: "output", absolute: "np.abs(output)", clipped: "np.clip(output, 0, 1)" };
const PRESETS = ["sobel_x", "sobel_y", "laplacian", "box_blur", "gaussian", "sharpen", "emboss"];
const COMFORT = 256; // px of a picture that anything may stand beside

const shape = ({ rows, cols }) => `${rows} × ${cols}`;
const cut = (x) => x < -1e-9 || x > 1 + 1e-9; // clipped, and not by rounding alone

class PhotoFilter extends cnnmath.Figure {
static tag = "cnnmath-photo-filter";
static label = "PhotoFilter";
static fields = {
  picture: ["choice", "coffee-grey-128", Object.keys(SIZES)], kernel: ["matrix", cnnmath.kernels.sobel_x, 7, 7],
  padding: ["integer", 0, 0, 3], flip: ["flag", false], show: ["choice", "signed", Object.keys(SHOWN)],
  cell: ["integers", [40, 23], 2, 0, 299],
};
static css = `
.panel { overflow: visible; }
.two > .panel:nth-child(3) { order: 1; }
.side { flex: 1 1 18rem; order: 2; }
.side .row { margin: 0.4rem 0; }
.lens { width: 84px; image-rendering: pixelated; border: 2px solid var(--cm-accent); }
.lens + .formula { flex: 1; }`;

/** The values that do not change with the pointed pixel. */
static filter({ kernel, padding, flip }, image) {
  const weights = math.fromRows(kernel);
  const used = flip ? math.turn180(weights) : weights;
  const output = math.correlate2d(image, used, 1, padding);
  let [low, high, sum, clipped] = [Infinity, -Infinity, 0, 0];
  for (const x of output.data) {
    if (x < low) low = x;
    if (x > high) high = x;
    if (cut(x)) clipped++;
    sum += x;
  }
  const kernel_sum = weights.data.reduce((a, b) => a + b, 0);
  return { output, low, high, mean: sum / output.data.length, clipped, kernel_sum, used };
}

static values(state, image = math.photo(state.picture)[0], filtered = this.filter(state, image)) {
  return { ...filtered, ...math.look(image, filtered.used, filtered.output, state.cell, 1, state.padding) };
}

static describe({ picture, padding, flip, show }, { output, low, high, mean, clipped, kernel_sum, used, cell, total }) {
  const size = SIZES[picture];
  return `The photo, ${size} × ${size}${padding ? `, padded by ${padding} (zeros)` : ""}, under a ${shape(used)} kernel${flip ? " turned by 180°" : ""} ` +
    `of sum ${told(kernel_sum)}: the output, ${shape(output)}, runs from ${told(low)} to ${told(high)}, mean ${told(mean)}` +
    `${show === "clipped" ? `; ${clipped} of ${output.data.length} pixels are clipped` : ""}. Row ${cell[0]}, column ${cell[1]} is ${told(total)}.`;
}

static python({ picture, kernel, padding, flip, show, cell }, own) {
  const [operation, size] = [flip ? "convolve2d" : "correlate2d", SIZES[picture]];
  const [i, j] = [kernel, kernel[0]].map(({ length }, k) => Math.min(cell[k], math.outputSize(size, length, 1, padding) - 1));
  return `import numpy as np
${own ? "from matplotlib.pyplot import imread\n" : ""}from cnnmath.convolution import ${operation}
from cnnmath.image import ${own ? "luminance, square_means" : "load_photo, to_float"}

${own ? `# Your own picture stayed in the page: give its file.
image = luminance(square_means(imread("picture.png"), ${size}))` : `image = to_float(load_photo("coffee", ${size}))`}
kernel = np.array(${cnnmath.rowsText(kernel)})
padding = ${padding}
output = ${operation}(image, kernel, padding=padding)
shown = ${SHOWN[show]}
low, high, mean, kernel_sum = output.min(), output.max(), output.mean(), kernel.sum()
clipped = np.sum((output < -1e-9) | (output > 1 + 1e-9))  # not by rounding alone

cell = i, j = ${i}, ${j}
used = ${flip ? "kernel[::-1, ::-1]" : "kernel"}
window = np.pad(image, padding)[i : i + used.shape[0], j : j + used.shape[1]]
products = window * used
total = products.sum()`;
}

get image() { return this.own?.[SIZES[this.state.picture]] ?? math.photo(this.state.picture)[0]; }
compute(state) {
  const [{ image, kept }, key] = [this, JSON.stringify({ ...state, cell: 0, show: 0 })];
  if (kept?.key !== key || kept.image !== image) this.kept = { key, image, values: PhotoFilter.filter(state, image) };
  return PhotoFilter.values(state, image, this.kept.values);
}
get description() { return this.own ? super.description.replace("The photo", "Your own picture") : super.description; }
get code() { return PhotoFilter.python(this.state, this.own); }

build() {
  const { signal } = this;
  const hover = (cell) => { this.over = cell; this.repaint(); };
  const go = (cell) => { this.over = null; this.update({ cell: this.look(cell).cell }); };
  const pane = (label, tabindex, outputOf) => cnnmath.pane({ label, tabindex, leap: 10, onescape: () => hover(null),
    ondrag: (i, j) => go(outputOf(i, j)), onpoint: (i, j) => hover(i === null ? null : outputOf(i, j)),
    onmove: (di, dj) => go([this.computed.cell[0] + di, this.computed.cell[1] + dj]) }, signal);
  this.input = pane("input picture", "0", (i, j) => { const { rows, cols } = this.computed.used; return [i - ((rows - 1) >> 1), j - ((cols - 1) >> 1)]; });
  this.result = pane("output picture", "-1", (i, j) => [i, j]);
  this.panel = cnnmath.kernelPanel(this, PRESETS);
  this.mine = cnnmath.ownPicture(this, Object.values(SIZES));
  this.choices = controls.choices(this, { padding: [0, 1, 2, 3], show: Object.keys(SHOWN) });
  this.size = controls.segmented("picture", Object.values(SIZES), (size) => this.update({
    picture: `coffee-grey-${size}`, cell: this.computed.cell.map((x) => Math.floor((x * size) / this.image.rows)) }), signal);
  this.legend = cnnmath.legend();
  this.lost = h("span", { class: "muted" });
  this.lens = cnnmath.picture("the window, enlarged");
  this.lens.node.className = "lens";
  this.equation = cnnmath.equation(this.input.node, "⋆", this.panel.weights, "=", this.result.node);
  const { row } = controls;
  const [padding, show] = this.choices.nodes;
  this.equation.node.append(h("div", { class: "side" }, this.panel.presets, row(this.panel.sizes, padding, this.panel.flip),
    row(show, this.legend.node, this.lost), row(this.size.node, ...this.mine.nodes)));
  return [this.equation.node, h("div", { class: "row" }, this.lens.node, this.panel.formula)];
}

restart() { this.over = null; this.mine.forget(); }

/** What the output pixel nearest to `cell` is made of. */
look(cell) {
  const { used, output } = this.computed;
  return math.look(this.image, used, output, cell, 1, this.state.padding);
}

paint(state, values) {
  const { image, ramps } = this;
  const { padding, flip, show } = state;
  const { output, used, low, high, clipped } = values;
  const view = { ...values, ...(this.over && this.look(this.over)) };
  const sign = flip ? "∗" : "⋆";
  const limit = show === "clipped" ? 1 : Math.max(-low, high) || 1;
  const grey = cnnmath.lookup(ramps.grey, 0, 1);
  const signed = cnnmath.lookup((t) => ramps.diverging(2 * t - 1), -limit, limit);
  const [below, above] = [-1, 1].map(ramps.diverging);
  const padded = math.pad(image, padding);
  const inside = math.pad(math.matrix(image.rows, image.cols, image.data.slice().fill(1)), padding).data;
  this.input.update([image, padding, ramps], padded, grey, padding && ((_, k) => !inside[k] && ramps.grey(0.6)));
  this.result.update([output, show, ramps], output, { signed, absolute: (x) => grey(Math.abs(x) / limit), clipped: grey }[show],
    show === "clipped" && ((x) => cut(x) && (x < 0 ? below : above)));
  this.arrange(padded.cols, used.cols, sign);
  this.input.outline(...view.cell, used.rows, used.cols);
  this.result.outline(...view.cell, 1, 1);
  this.lens.update(view.window, grey);
  this.panel.update(state, view, told(view.total));
  this.legend.update(limit, ramps, show === "signed" ? -limit : 0);
  this.lost.textContent = show === "clipped" ? `hatched: ${clipped} pixels below 0 (blue), above 1 (orange)` : "";
  this.equation.tell(0, padding ? `zero-padded by ${padding}: image I` : "image I", image);
  this.equation.tell(1, "kernel K", used);
  this.equation.tell(2, `output I\u00a0${sign}\u00a0K`, output);
  this.choices.set(state);
  this.size.set(image.rows);
}

/** Wide: the kernel between the pictures; medium: below; narrow: one column. */
arrange(cols, taps, sign) {
  const { room } = this;
  const key = [room, cols, taps, sign].join();
  if (this.equation.key === key) return;
  this.equation.key = key;
  const [three, two] = [(room - 62 * taps - 140) / 2, (room - 90) / 2];
  const layout = three >= COMFORT ? "three" : two >= COMFORT ? "two" : "one";
  const dots = ({ three, two, one: room - 24 }[layout] * devicePixelRatio) / cols;
  for (const pane of [this.input, this.result]) pane.resize((Math.floor(dots) || dots) / devicePixelRatio);
  this.equation.node.className = `equation ${layout}`;
  const [before, after] = this.equation.node.querySelectorAll(".operator");
  [before.textContent, after.textContent] = layout === "two" ? [`${sign} K =`, ""] : [sign, "="];
}
}

cnnmath.register(PhotoFilter);
})(globalThis.cnnmath);
