/* ReceptiveField: a stack of layers, cut along one axis; the field of a cell grows back to the pixels. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, on, show, StateError } = cnnmath;

const NAMES = ["kernel", "stride", "padding", "dilation"];
const MOST = 6; // layers
const MAKE = (kind, kernel, stride = 1, padding = 0, dilation = 1) => ({ kind, kernel, stride, padding, dilation });
const conv = (...numbers) => MAKE("conv", ...numbers);
const pool = (...numbers) => MAKE("pool", ...numbers);
const BLOCK = [conv(3, 1, 1), conv(3, 1, 1), pool(2, 2), conv(3, 1, 1)];
const PRESETS = {
  "VGG block": BLOCK,
  "two 3×3": [conv(3), conv(3)],
  "one 5×5": [conv(5)],
  "stem of ResNet": [conv(7, 2, 3), pool(3, 2, 1)],
  "dilation 1, 2, 4": [1, 2, 4].map((d) => conv(3, 1, d, d)),
  "gaps: dilation 2, 2": [2, 2].map((d) => conv(3, 1, d, d)),
};
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, 0], ArrowUp: [-1, 0],
  Home: [0, -999], End: [0, 999], PageUp: [-9, 0], PageDown: [9, 0] };
const GROWTH = 400; // ms for the whole field
const COLUMNS = ["layer ", "kernel K", "stride S", "padding P", "dilation D", "cells n", "jump j", "field r", "start a"];
const KEY = "A number: paths between this cell and the chosen one. Hatched: in the field, but between the taps or beyond the border.";

class ReceptiveField extends cnnmath.Figure {
static tag = "cnnmath-receptive-field";
static label = "ReceptiveField";
static fields = {
  size: ["integer", 16, 1, 40],
  layers: ["list", BLOCK, MOST, "record", { kind: ["choice", ["conv", "pool"]], kernel: ["integer", 1, 7], stride: ["integer", 1, 4],
    padding: ["integer", 0, 9], dilation: ["integer", 1, 9] }],
  layer: ["integer", 6, 0, MOST], cell: ["integer", 4, 0, 200],
};
static css = `${cnnmath.layerStack.css}
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 1px 6px; text-align: right; font-weight: normal; }
td { white-space: nowrap; }
thead th { color: var(--cm-muted); } th:first-child { text-align: left; white-space: nowrap; }
tr.chosen { box-shadow: inset 3px 0 var(--cm-accent); font-weight: bold; }
td input[type="number"] { width: 2.2em; padding: 0; appearance: textfield; -moz-appearance: textfield; text-align: center; }
@media (max-width: 480px) { th, td { padding: 1px 3px; } .word { display: none; } }`;

static fits({ size, layers }) {
  const refuse = (what, rule, value, hint) => {
    throw new StateError(`${this.label}: ${what} must ${rule}; got ${show(value)}. ${hint}.`);
  };
  layers.forEach(({ kind, kernel, stride, padding, dilation }, k) => {
    if (kind === "pool" && (dilation > 1 || 2 * padding > kernel)) {
      const rule = "have dilation 1 and padding of at most half its kernel";
      refuse(`layer ${k + 1}, a pooling,`, rule, [kernel, stride, padding, dilation], "Use a conv for more");
    }
    const [extent, room] = [dilation * (kernel - 1) + 1, size + 2 * padding];
    if (extent > room) {
      const hint = `Use padding >= ${Math.ceil((extent - size) / 2)}, a smaller window, or a larger size`;
      refuse(`layer ${k + 1}`, `fit the ${room} cells below it, padding included`, extent, hint);
    }
    size = math.outputSize(size, kernel, stride, padding, dilation);
  });
}

static values({ size, layers, layer: wanted, cell: place }) {
  const [sizes, fields] = [[size], [[1, 1, 0]]];
  for (const { kernel, stride, padding, dilation } of layers) {
    const [seen, jump, start] = fields.at(-1);
    sizes.push(math.outputSize(sizes.at(-1), kernel, stride, padding, dilation));
    fields.push([seen + dilation * (kernel - 1) * jump, jump * stride, start - padding * jump]);
  }
  const layer = Math.min(wanted, layers.length);
  const cell = Math.min(place, sizes[layer] - 1);
  const rows = sizes.map((count) => new Float64Array(count));
  rows[layer][cell] = 1;
  const { taps } = cnnmath.layerStack;
  const each = (l, visit) => rows[l + 1].forEach((_, i) => taps(layers[l], i).forEach((p) => p in rows[l] && visit(i, p)));
  for (let l = layer - 1; l >= 0; l--) each(l, (i, p) => (rows[l][p] += rows[l + 1][i]));
  for (let l = layer; l < layers.length; l++) each(l, (i, p) => (rows[l + 1][i] += rows[l][p]));
  const [seen, jump, start] = fields[layer];
  const [first, last] = [start + cell * jump, start + cell * jump + seen - 1];
  const inside = Math.max(0, Math.min(last, size - 1) - Math.max(first, 0) + 1);
  return { sizes, fields, layer, cell, pixels: [first, last], outside: seen - inside,
    paths: rows.flatMap((row) => Array.from(row)), reaching: rows[0].filter(Boolean).length, most: Math.max(...rows[0]) };
}

static describe({ layers }, { sizes, fields, layer, cell, pixels, outside, paths, reaching, most }) {
  const count = sizes.at(-1);
  const reached = paths.slice(-count).filter(Boolean).length;
  if (layer === 0) return `Pixel ${cell} reaches ${reached} of the ${count} cells of layer ${layers.length}.`;
  const beyond = outside ? `, ${outside} of them beyond the border` : "";
  return `Cell ${cell} of layer ${layer} sees ${fields[layer][0]} pixels, ${pixels.map(number).join(" to ")}${beyond}. ` +
    `${reaching} pixels reach it, each by at most ${number(most)} paths.`;
}

static python(state) {
  const { layer, cell } = this.values(state);
  const windows = state.layers.map((one) => `(${NAMES.map((name) => one[name]).join(", ")})`);
  return `import numpy as np
from cnnmath.convolution import correlation_matrix, output_size
from cnnmath.receptive_field import Field, receptive_field

windows = [${windows.join(", ")}]  # (K, S, P, D), from the input on
sizes = [${state.size}]
for window in windows:
    sizes.append(output_size(sizes[-1], *window))
fields = [Field(1, 1, 0), *receptive_field(windows)]  # size, jump, start

layer, cell = ${layer}, ${cell}
pixels = first, last = fields[layer].pixels(cell)
field = np.arange(first, last + 1)
outside = np.sum((field < 0) | (field >= sizes[0]))

# entry (i, p): whether cell i reads cell p of the layer below; a product of such matrices counts paths
reads = [correlation_matrix(np.ones((1, K)), (1, n), (1, S), (0, P), (1, D)) for n, (K, S, P, D) in zip(sizes, windows)]
rows = {layer: np.eye(sizes[layer])[cell]}
for k in reversed(range(layer)):
    rows[k] = rows[k + 1] @ reads[k]
for k in range(layer, len(windows)):
    rows[k + 1] = reads[k] @ rows[k]
paths = np.concatenate([rows[k] for k in range(len(sizes))])
reaching, most = np.count_nonzero(rows[0]), rows[0].max()`;
}

build() {
  const { signal } = this;
  this.grown = Infinity; // layers that the field has gone back so far
  this.stack = cnnmath.layerStack("layers: arrow keys left and right move the cell, up and down change the layer");
  const { node, find } = this.stack;
  on(node, "pointerdown", (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    this.keep(find(event));
    this.grow();
  }, signal);
  on(node, "pointermove", (event) => (event.buttons & 1 ? this.keep(find(event)) : this.show(find(event))), signal);
  on(node, "pointerleave", () => this.show(null), signal);
  on(node, "keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (MOVES[event.key]) this.move(...MOVES[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.grow();
    else if (event.key === "Escape") this.show(null);
    else return;
    event.preventDefault();
  }, signal);
  this.presets = controls.presets("stacks", Object.keys(PRESETS), (name) => {
    const layers = PRESETS[name];
    const { sizes } = this.constructor.values({ size: 16, layers, layer: 0, cell: 0 });
    this.keep({ size: 16, layers, layer: layers.length, cell: sizes.at(-1) >> 1 });
  }, signal);
  const add = (layer) => this.keep({ layers: [...this.state.layers, layer], layer: MOST });
  this.adders = Object.entries({ "+ conv 3×3": conv(3, 1, 1), "+ pool 2×2": pool(2, 2) })
    .map(([text, layer]) => controls.button(text, () => add(layer), signal).node);
  this.growth = controls.button("▶ Grow", () => this.grow(), signal).node;
  this.pixels = controls.field("pixels of the input", {
    min: 1, max: 40, oninput: (size) => this.keep({ size }), onrefuse: (text) => this.refuseText("size", text),
  }, signal);
  this.rows = Array.from({ length: MOST + 1 }, (_, l) => this.tableRow(l));
  const head = COLUMNS.map((text) => {
    const [word, symbol] = text.split(" ");
    return h("th", { scope: "col" }, h("span", { class: symbol && "word" }, `${word} `), symbol);
  });
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...this.rows.map((row) => row.node)));
  this.sum = h("div", { class: "formula" });
  return [
    h("div", { class: "panel" }, node), h("div", { class: "muted" }, KEY), this.presets.node, h("div", { class: "panel" }, table), this.sum,
    controls.row(...this.adders, this.growth, h("label", { class: "pair" }, h("span", {}, "pixels"), this.pixels.node)),
  ];
}

tableRow(l) {
  const boxes = NAMES.map((name) => controls.field(`${name} of layer ${l}`, {
    oninput: (value) => {
      const { layers } = this.state;
      layers[l - 1][name] = value;
      this.keep({ layers });
    },
    onrefuse: (text) => this.refuseText(`${name} of layer ${l}`, text),
  }, this.signal));
  const [name, ...told] = Array.from({ length: 5 }, (_, k) => h(k ? "td" : "th", k ? {} : { scope: "row" }));
  const label = h("span");
  const remove = controls.button("×", () => {
    const layers = this.state.layers.toSpliced(l - 1, 1);
    if (this.keep({ layers })) (this.rows[Math.min(l, layers.length)].remove ?? this.adders[0]).focus();
  }, this.signal, "plain").node;
  remove.ariaLabel = `remove layer ${l}`;
  name.append(label, ...(l ? [" ", remove] : []));
  const node = h("tr", {}, name, ...boxes.map((box) => h("td", {}, l ? box.node : "")), ...told);
  return { node, label, boxes, told, remove: l ? remove : null };
}

/** Pointing shows a cell, {layer, cell}, and changes what grows only where it is another one. */
show(fields) {
  const { layer, cell } = this.computed;
  const next = fields && (fields.layer !== layer || fields.cell !== cell) ? fields : null;
  if (JSON.stringify(next) === JSON.stringify(this.over ?? null)) return;
  this.halt();
  this.point(next);
}

keep(fields) {
  this.halt();
  return this.pick(fields);
}

/** Layer down by `down`, to the cell nearest in place, then `across` cells to the right. */
move(down, across) {
  const { sizes, layer, cell } = this.computed;
  const next = math.held(layer + down, sizes.length);
  this.keep({ layer: next, cell: math.held(this.stack.near(layer, cell, next) + across, sizes[next]) });
}

grow() {
  this.halt();
  const { layer } = this.computed;
  if (!layer || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const next = () => {
    this.grown++;
    if (this.grown >= layer) this.grown = Infinity;
    else this.timer = setTimeout(next, GROWTH / layer);
    this.repaint();
  };
  this.grown = -1;
  next();
}

halt() {
  this.stop();
  this.grown = Infinity;
  this.repaint();
}

stop() { clearTimeout(this.timer); }
restart() { this.keep({}); }

paint(state, values) {
  const { view } = this;
  const { sizes, fields, layer, cell, pixels } = view;
  this.stack.update(state.layers, view, layer - Math.min(this.grown, layer), this.room);
  this.presets.set(Object.keys(PRESETS).find((name) => JSON.stringify(PRESETS[name]) === JSON.stringify(state.layers)));
  this.pixels.set(state.size);
  this.rows.forEach(({ node, label, boxes, told }, l) => {
    node.hidden = l >= sizes.length;
    if (node.hidden) return;
    label.textContent = l ? `${l} ${state.layers[l - 1].kind}` : "input";
    node.className = l === layer ? "chosen" : "";
    if (l) NAMES.forEach((name, k) => boxes[k].set(state.layers[l - 1][name]));
    [sizes[l], fields[l][1], fields[l][0], fields[l][2]].forEach((x, k) => (told[k].textContent = number(x)));
  });
  for (const adder of this.adders) adder.disabled = state.layers.length >= MOST;
  this.growth.disabled = values.layer === 0;
  const [seen, jump, start] = fields[layer];
  const { kernel, stride, padding, dilation } = state.layers[layer - 1] ?? {};
  const [r, j, a] = fields[layer - 1] ?? [];
  const [first, last] = pixels.map(number);
  this.sum.textContent = layer === 0 ? "r = 1, j = 1, a = 0: a pixel sees itself." :
    `Layer ${layer}: r = ${r} + ${dilation}·(${kernel} − 1)·${j} = ${seen}, j = ${stride}·${j} = ${jump}, ` +
    `a = ${number(a)} − ${padding}·${j} = ${number(start)}. ` +
    `Cell ${cell}: pixels ${number(start)} + ${cell}·${jump} = ${first} to ${first} + ${seen} − 1 = ${last}.`;
}
}

cnnmath.register(ReceptiveField);
})(globalThis.cnnmath);
