/* FeatureMaps: several filters on one drawn image; a filter spans all channels, a cell is bias plus one sum a channel. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, on, refuse, told, rowsText, kernels } = cnnmath;

const [CHANNELS, FILTERS] = [3, 4];
/** "012 3g0" → rows of numbers, each digit to the base 17. */
const rows = (text) => text.split(" ").map((line) => [...line].map((digit) => parseInt(digit, 17)));
const NAMED = {
  "vertical edge": kernels.vertical_edge, "horizontal edge": kernels.horizontal_edge,
  "diagonal down": [[0, 1, 1], [-1, 0, 1], [-1, -1, 0]], "diagonal up": [[1, 1, 0], [1, 0, -1], [0, -1, -1]],
  laplacian: kernels.laplacian, identity: kernels.identity, zero: [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
};
const EDGES = [NAMED["vertical edge"], NAMED["horizontal edge"], NAMED["diagonal down"]].map((kernel) => [kernel]);
const TRIANGLE = [rows("00000000 01000000 01100000 01110000 01111000 01111100 01111110 00000000")];
const negative = (kernel) => kernel.map((row) => row.map((x) => -x || 0));
const { "vertical edge": left, identity: one, zero } = NAMED;
const TWO = { filters: [[[[1, 0], [0, -1]], [[0, 1], [2, 0]]], [[[1, 1], [0, 0]], [[0, 0], [-1, -1]]]], bias: [1, 0] };
const COLOUR = { filters: [[left, left, left], [left, negative(left), zero], [one, negative(one), zero]], bias: [0, 0, 0] };
const PICTURES = {
  triangle: TRIANGLE,
  bar: [rows("00000000 00011000 00011000 00011000 00011000 00011000 00011000 00000000")],
  cross: [rows("00000000 00011000 00011000 01111110 01111110 00011000 00011000 00000000")],
  ridge: [cnnmath.RIDGE],
  digit: [rows("0078dgf1 00774bc0 00008d10 0488ff60 02bff400 000g5000 009f1000 00d50000")],
  "two channels": [rows("120 013 201"), rows("011 201 130")],
  "red, green, blue": ["111000", "000111", "000000"].map((upper) => rows(`${`${upper} `.repeat(3)}111000 111000 111000`)),
};
const GAP = 10; // px between columns
const names = (c, count) => (count === 3 ? `${["red", "green", "blue"][c]}, ` : "");
const nameIn = (table, x) => Object.keys(table).find((name) => JSON.stringify(table[name]) === JSON.stringify(x));

class FeatureMaps extends cnnmath.Figure {
static tag = "cnnmath-feature-maps";
static label = "FeatureMaps";
static fields = {
  image: ["list", TRIANGLE, CHANNELS, "matrix", 12, 12], filters: ["list", EDGES, FILTERS, "list", CHANNELS, "matrix", 5, 5],
  bias: ["list", [0, 0, 0], FILTERS, "real", -100, 100], stride: ["integer", 1, 1, 3], padding: ["integer", 0, 0, 2],
  cell: ["integers", [0, 2, 0], 3, 0, 99], channel: ["integer", 0, 0, CHANNELS - 1],
};
static css = `
.bank { display: grid; gap: 8px ${GAP}px; justify-content: start; align-items: center; overflow-x: auto; padding: 4px; }
.bank .caption { width: 0; min-width: 100%; margin: 0; font-size: 0.8rem; line-height: 1.25; }
.kernels { cursor: pointer; }
.grid:focus-visible .pen { outline: 2px solid var(--cm-link); }
.sum .formula { margin: 0.2rem 0; }
.mixed canvas { width: 72px; image-rendering: pixelated; box-shadow: 0 0 0 1px var(--cm-line); }
.editor { display: flex; flex-wrap: wrap; gap: 0.4rem 1.6rem; align-items: center; }
.editor > div:last-child { flex: 1 1 18rem; }
@media (max-width: 480px) { .bank { column-gap: 7px; } }`;

static fits({ image, filters, bias, padding }) {
  const size = (rows) => `${rows.length}×${rows[0].length}`;
  const [count, label] = [image.length, this.label];
  if (new Set(image.map(size)).size !== 1) refuse(label, "image", `hold 1 to ${CHANNELS} channels of one size`, image);
  if (new Set(filters.flat().map(size)).size !== 1 || filters.some((one) => one.length !== count)) {
    refuse(label, "filters", `hold 1 to ${FILTERS} filters of ${count} kernels, one for each channel, all of one size`, filters);
  }
  if (bias.length !== filters.length) refuse(label, "bias", `hold ${filters.length} numbers, one for each filter`, bias);
  cnnmath.checkFits(label, { image: image[0], kernel: filters[0][0], padding });
}

static values({ image, filters, bias, stride, padding, cell, channel }) {
  const planes = image.map(math.fromRows);
  const banks = filters.map((one) => one.map(math.fromRows));
  const output = banks.map((bank, o) => {
    const parts = bank.map((kernel, c) => math.correlate2d(planes[c], kernel, stride, padding));
    return { ...parts[0], data: parts[0].data.map((_, k) => parts.reduce((sum, part) => sum + part.data[k], bias[o])) };
  });
  const o = math.held(cell[0], output.length);
  const looks = banks[o].map((kernel, c) => math.look(planes[c], kernel, output[o], cell.slice(1), stride, padding));
  const taps = planes.length * banks[0][0].data.length;
  return {
    output, parameters: filters.length * (taps + 1), multiply_adds: output.length * output[0].data.length * taps,
    cell: [o, ...looks[0].cell], channel: math.held(channel, planes.length), windows: looks.map(({ window }) => window),
    partial: looks.map(({ products }) => products.data.reduce((a, b) => a + b)), total: looks[0].total,
  };
}

static describe({ image, bias }, { output, parameters, multiply_adds, cell: [o, i, j], partial, total }) {
  const [from, { rows: high, cols: wide }] = [[image.length, image[0].length, image[0][0].length], output[0]];
  return `${output.length} filters on ${from.join(" × ")} give ${output.length} × ${high} × ${wide}: ` +
    `${parameters} parameters, ${multiply_adds} multiply–adds. ` +
    `Map ${o}, row ${i}, column ${j}: bias ${number(bias[o])} and channel sums ${partial.map(told).join(", ")} give ${told(total)}.`;
}

static python(state) {
  const { cell: [o, i, j], channel } = this.values(state);
  return `import numpy as np
from cnnmath.convolution import conv2d

image = np.array(${rowsText(state.image)})  # (C_in, H, W)
filters = np.array(${rowsText(state.filters)})  # (C_out, C_in, K_h, K_w)
bias = np.array(${rowsText(state.bias)})
stride, padding, channel = ${state.stride}, ${state.padding}, ${channel}
output = conv2d(image[None], filters, bias, stride, padding)[0]
parameters, multiply_adds = filters.size + bias.size, output.size * filters[0].size

cell = o, i, j = ${o}, ${i}, ${j}
padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
windows = padded[:, i * stride :, j * stride :][:, : filters.shape[2], : filters.shape[3]]
partial = (windows * filters[o]).sum(axis=(1, 2))
total = bias[o] + partial.sum()`;
}

build() {
  const { signal } = this;
  [this.pen, this.lit] = [[0, 0], null]; // where the keys paint; the term pointed at, [channel, k]
  const light = (c, k) => { this.lit = k === null ? null : [c, k]; this.repaint(); };
  const each = (count, make) => Array.from({ length: count }, (_, k) => make(k));
  const panel = (kind, grid, act) => {
    const caption = h("div", { class: "caption" });
    const node = h("div", { class: kind }, grid.node, caption);
    if (act) on(node, "click", act, signal);
    return { node, caption, ...grid, node };
  };
  this.images = each(CHANNELS, (c) => panel("image", cnnmath.painting({
    label: `channel ${c}: arrow keys select, Enter paints`, cell: () => this.pen,
    select: (i, j) => { this.pen = [i, j]; this.repaint(); },
    ink: (...place) => { const x = this.pixel(c, ...place); return x === undefined ? null : x < this.top ? this.top : 0; },
    put: (cells, ink) => this.draw(c, cells, () => ink),
    type: (i, j, text) => this.draw(c, [[i, j]], () => Math.min(999, Number(text) || 0)),
    add: (i, j, step) => this.draw(c, [[i, j]], (x) => x + step),
    onpoint: (i, j) => light(c, i === null ? null : this.termAt(i, j, this.computed, this.state.stride)), onescape: () => light(c, null),
  }, signal)));
  this.kernels = each(FILTERS, (o) => each(CHANNELS, (c) => {
    const one = panel("kernels", cnnmath.grid({ label: `kernel ${o}, ${c}` }, signal),
      () => this.pick({ cell: [o, ...this.state.cell.slice(1)], channel: c }));
    one.node.firstChild.tabIndex = -1;
    return one;
  }));
  this.maps = each(FILTERS, (o) => panel("map", cnnmath.grid({
    label: `map ${o}: arrow keys move the cell`,
    onpick: (i, j) => this.pick({ cell: [o, i, j] }), ondrag: (i, j) => this.pick({ cell: [o, i, j] }),
    onpoint: (i, j) => this.point(i === null ? null : { cell: [o, i, j] }), onescape: () => this.point(null),
  }, signal)));
  this.biases = each(FILTERS, () => h("div", { class: "muted" }));
  this.mixed = cnnmath.picture("the three channels as one colour picture");
  this.mix = h("div", { class: "mixed" }, this.mixed.node, h("div", { class: "caption" }, "in colour"));
  this.bank = h("div", { class: "bank" });
  this.images.forEach(({ node }, c) => this.bank.append(node, ...this.kernels.map((one) => one[c].node)));
  this.bank.append(...this.biases, this.mix, ...this.maps.map(({ node }) => node));
  this.formulas = each(CHANNELS, (c) => cnnmath.formula({ onpoint: (k) => light(c, k) }, signal));
  this.sum = h("div", { class: "formula" });

  const draw = (image) => {
    const { filters, bias } = this.state;
    const bank = [{ filters: EDGES, bias: [0, 0, 0] }, TWO, COLOUR][image.length - 1];
    this.update({ image, ...(filters[0].length === 1 && image.length === 1 ? { filters, bias } : bank), cell: [0, 0, 0], channel: 0 });
  };
  this.pictures = controls.presets("pictures", Object.keys(PICTURES), (name) => draw(PICTURES[name]), signal);
  this.picker = cnnmath.ownPicture(this, [12], ({ 12: { colour } }) => draw(colour.map((one) => math.toRows(one).map((row) => row.map((x) => Math.round(9 * x))))),
    "12 × 12 numbers from 0 to 9 for each colour");
  const figure = this;
  this.editor = cnnmath.kernelEditor({ // of the kernel in force, as if it were a figure's only one
    signal,
    get state() { return { kernel: figure.state.filters[figure.computed.cell[0]][figure.computed.channel] }; },
    update: ({ kernel }) => this.setKernel(kernel),
    refuseText: (name, text) => this.refuseText(name, text),
  }, (m, n) => light(this.computed.channel, m === null ? null : m * this.state.filters[0][0][0].length + n));
  this.named = controls.presets("kernels", Object.keys(NAMED), (name) => this.setKernel(NAMED[name]), signal);
  this.offset = controls.slider("bias b", { min: -10, max: 10, step: 0.5,
    oninput: (value) => { const { bias } = this.state; bias[this.computed.cell[0]] = value; this.update({ bias }); },
    onrefuse: (text) => this.refuseText("bias", text) }, signal);
  this.more = controls.button("+ filter −W", () => {
    const { filters, bias } = this.state;
    this.update({ filters: [...filters, filters[this.computed.cell[0]].map(negative)], bias: [...bias, 0] });
  }, signal).node;
  this.less = controls.button("− filter", () => {
    const { filters, bias } = this.state;
    const o = this.computed.cell[0];
    this.update({ filters: filters.toSpliced(o, 1), bias: bias.toSpliced(o, 1) });
  }, signal).node;
  this.choices = controls.choices(this, { channel: [0, 1, 2], stride: [1, 2], padding: [0, 1, 2] });
  this.legend = cnnmath.legend();
  this.edited = h("b");
  const slider = h("label", { class: "pair" }, h("span", {}, "bias"), this.offset.range, this.offset.box);
  return [this.pictures.node, controls.row(...this.picker.nodes), this.bank, h("div", { class: "sum" }, ...this.formulas.map(({ node }) => node), this.sum),
    h("div", { class: "editor" }, h("div", {}, this.edited, h("div", {}, this.editor.node)),
      h("div", {}, controls.row(slider, this.choices.nodes[0]), this.named.node)),
    controls.row(this.more, this.less, ...this.choices.nodes.slice(1), this.legend.node)];
}

/** What paints: the largest pixel, or 1. */
get top() { return Math.max(1, ...this.state.image.flat(2)); }

pixel(c, i, j) {
  const { image, padding } = this.state;
  return image[c][i - padding]?.[j - padding];
}

draw(c, cells, change) {
  const { image, padding } = this.state;
  this.pen = cells.at(-1);
  for (const [i, j] of cells) if (this.pixel(c, i, j) !== undefined) image[c][i - padding][j - padding] = change(this.pixel(c, i, j));
  this.update({ image });
}

setKernel(kernel) {
  const { filters } = this.state;
  const { cell: [o], channel } = this.computed;
  filters[o][channel] = kernel;
  this.update({ filters });
}

/** The weight that meets padded pixel (i, j) in the present window, or null. */
termAt(i, j, { cell, windows: [{ rows: high, cols: wide }] }, stride) {
  const [m, n] = [i - cell[1] * stride, j - cell[2] * stride];
  return m >= 0 && n >= 0 && m < high && n < wide ? m * wide + n : null;
}

restart() { this.picker.forget(); this.pick({}); }

paint(state) {
  const { view, ramps, lit } = this;
  const { image, filters, bias, stride, padding } = state;
  const { output, cell: [o, i, j], channel, windows, partial, total } = view;
  const [C, F, high, wide] = [image.length, filters.length, filters[0][0].length, filters[0][0][0].length];
  const padded = image.map((rows) => math.pad(math.fromRows(rows), padding));
  const { rows: down, cols: across } = padded[0];

  const room = this.room - 12 - F * GAP;
  const weight = Math.max(8, Math.min(24, Math.floor((0.7 * room) / F / wide) - 2));
  let cell = 30;
  while (cell > 5 && across * (cell + 2) + F * Math.max(wide * (weight + 2), output[0].cols * (cell + 2)) > room) cell--;
  this.bank.style.gridTemplateColumns = `repeat(${F + 1}, max-content)`;

  const place = (node, shown, row, column) => {
    node.hidden = !shown;
    [node.style.gridRow, node.style.gridColumn] = [row, column];
  };
  const grey = cnnmath.greys(padded.flatMap(({ data }) => [...data]), ramps);
  const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  this.images.forEach((one, c) => {
    place(one.node, c < C, c + 1, 1);
    if (c >= C) return;
    one.resize(cell);
    one.update(down, across, (r, s) => {
      const outside = r < padding || s < padding || r >= down - padding || s >= across - padding;
      const k = this.termAt(r, s, view, stride);
      const tap = k === null ? "" : lit?.[0] === c && lit[1] === k ? "lit" : "tap";
      const marks = `${outside ? "pad" : ""} ${tap} ${this.pen[0] === r && this.pen[1] === s ? "pen" : ""}`;
      return { value: padded[c].data[r * across + s], fill: outside ? null : grey(padded[c].data[r * across + s]), marks };
    });
    one.outline(i * stride, j * stride, high, wide);
    one.select(...this.pen.map((x, k) => math.held(x, [down, across][k])));
    say(one.caption, `${names(c, C)}X(${c})`);
  });
  const weights = math.limit(filters.flat(3));
  this.kernels.forEach((bank, f) => bank.forEach((one, c) => {
    place(one.node, c < C && f < F, c + 1, f + 2);
    if (c >= C || f >= F) return;
    one.resize(weight);
    one.update(high, wide, (m, n) => ({ value: filters[f][c][m][n], fill: ramps.diverging((0.85 * filters[f][c][m][n]) / weights),
      marks: f === o && lit?.[0] === c && lit[1] === m * wide + n ? "lit" : "" }));
    if (f === o && c === channel) one.outline(0, 0, high, wide);
    else one.hideOutline();
    const name = nameIn(NAMED, filters[f][c]);
    say(one.caption, `W(${f}, ${c})${name && C === 1 && F < 4 ? ` ${name}` : ""}`);
  }));
  const largest = math.limit(output.flatMap(({ data }) => [...data]));
  this.maps.forEach((one, f) => {
    place(this.biases[f], f < F, C + 1, f + 2);
    place(one.node, f < F, C + 2, f + 2);
    if (f >= F) return;
    say(this.biases[f], `+ ${number(bias[f])}`);
    const { rows: r, cols: s, data } = output[f];
    one.resize(cell);
    const marks = (a, b) => (f === o && a === i && b === j ? "at" : "");
    one.update(r, s, (a, b) => ({ text: told(data[a * s + b]), fill: ramps.diverging(data[a * s + b] / largest), marks: marks(a, b) }));
    one.select(i, j);
    say(one.caption, `Y(${f}), ${r}\u00a0×\u00a0${s}`);
  });
  place(this.mix, C === 3, C + 2, 1);
  if (C === 3) {
    const { top } = this;
    this.mixed.update(math.fromRows(image[0]), (_, k) => image.map((rows) => Math.round(255 * Math.max(0, rows.flat()[k] / top))));
  }
  this.formulas.forEach((one, c) => {
    one.node.hidden = c >= C;
    if (c < C) one.update(windows[c].data, filters[o][c].flat(), told(partial[c]), lit?.[0] === c ? lit[1] : -1);
  });
  const terms = [number(bias[o]), ...partial.map(told)].map((text) => (text.startsWith("−") ? `(${text})` : text));
  const sums = C > 1 ? [...partial.keys()].map((c) => `Σ of channel ${c}`).join(" + ") : "Σ";
  say(this.sum, `Y(${o}, ${i}, ${j}) = b(${o}) + ${sums} = ${terms.join(" + ")} = ${told(total)}`);

  this.editor.update(filters[o][channel], ramps, lit?.[0] === channel ? math.place(lit[1], wide) : null);
  say(this.edited, `W(${o}, ${channel})`);
  this.offset.set(bias[o]);
  this.named.node.hidden = high !== 3 || wide !== 3;
  this.named.set(nameIn(NAMED, filters[o][channel]));
  this.pictures.set(nameIn(PICTURES, image));
  this.choices.nodes[0].hidden = C === 1;
  this.choices.nodes[0].querySelector("label:last-child").hidden = C < 3;
  this.choices.set({ ...state, channel });
  [this.more.disabled, this.less.disabled] = [F >= FILTERS, F <= 1];
  this.legend.update(largest, ramps);
}
}

cnnmath.register(FeatureMaps);
})(globalThis.cnnmath);
