/* ResidualFlow: the sizes of activations and gradients through many layers, with and without skips and batch norm. */
(function (cnnmath) {
"use strict";
const { controls, h, number, plot, svg } = cnnmath;
const { DEEPEST, GAINS, values } = cnnmath.residualFlow;

const NAMES = ["plain", "batch norm", "skips", "both"];
const TOLD = ["a plain network", "batch norm", "skips", "skips and batch norm"];
const LOOKS = ["accent dash", "quiet dot", "second long", "ink"];
const SYMBOL = { activations: "h", weights: "W" };
const KEPT = ["depth", "init", "seed"]; // the fields that the numbers depend on

const pair = (label, ...inputs) => h("span", { class: "pair" }, h("span", {}, label), ...inputs);
const sub = (letter, index) => h("span", {}, letter, h("sub", {}, index));
const rowOf = ({ skip, batch_norm }) => 2 * skip + batch_norm;
const shown = (state, { gradient, weight_gradient }) => (state.by === "activations" ? gradient : weight_gradient);
const log = (x) => (x > 0 ? Math.log10(x) : NaN);
const power = (y) => (Number.isInteger(y) ? number(10 ** y).replace("1×", "") : "");
const brief = (x) => number(Number(x.toPrecision(3)));

class ResidualFlow extends cnnmath.Figure {
static tag = "cnnmath-residual-flow";
static label = "ResidualFlow";
static fields = {
  depth: ["integer", 30, 2, DEEPEST], init: ["choice", "Glorot", Object.keys(GAINS)], seed: ["integer", 0, 0, 9999], skip: ["flag", true],
  batch_norm: ["flag", true], by: ["choice", "activations", Object.keys(SYMBOL)], layer: ["integer", 0, 0, DEEPEST],
};
static css = `${plot.css}
.sides { display: flex; flex-wrap: wrap; gap: 0.4rem 20px; margin-top: 0.6rem; }
.plot svg .ink { color: var(--cm-ink); }
.plot .strong { stroke-width: 4; }
.plot .dot { stroke-dasharray: 2 4; }
.plot .long { stroke-dasharray: 12 4; }
.plot .line { stroke-width: 1; }
.plot text.quiet { color: var(--cm-muted); }
.rule { margin: 0.3rem 0; }
table { border-collapse: collapse; margin: 0.5rem 0; }
th, td { padding: 2px 0.9em 2px 4px; text-align: left; font-weight: normal; border: 0; vertical-align: bottom; }
thead th { color: var(--cm-muted); border-bottom: 1px solid var(--cm-line); }
tbody th { white-space: nowrap; }
@media (max-width: 480px) {
  th, td { padding-right: 0.4em; font-size: 0.85rem; }
  th:nth-child(5), td:nth-child(5) { display: none; }
}
.on { font-weight: bold; background: var(--cm-accent-soft); }
tbody svg { margin-right: 0.5em; vertical-align: middle; fill: none; stroke: currentColor; stroke-width: 2; }
tbody .on svg { stroke-width: 4; }
.key.accent { color: var(--cm-accent); stroke-dasharray: 6 4; }
.key.quiet { color: var(--cm-edge); stroke-dasharray: 2 4; }
.key.second { color: var(--cm-link); stroke-dasharray: 12 4; }
.key.ink { color: var(--cm-ink); }
.sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.3rem 1.2rem; }
.sliders .pair > span { flex: 0 0 5.2em; }
.sliders input[type="range"] { flex: 1 1 4rem; }`;

static fits({ depth, layer }) {
  if (layer > depth) cnnmath.refuse(this.label, "layer", `be at most the depth, ${depth}`, layer);
}

static values = values;

static describe(state, v) {
  const { depth, init, seed, layer } = state;
  const row = rowOf(state), name = SYMBOL[state.by];
  const at = (table, r, l) => number(table.data[r * (depth + 1) + l]);
  const gradient = shown(state, v);
  const text = `${depth} layers, weights after ${init}, seed ${seed}; ${TOLD[row]}. At layer ${layer} the activations have the root mean ` +
    `square ${at(v.rms, row, layer)}, and the gradient with respect to ${name} has the norm ${at(gradient, row, layer)}; at layer ${depth} ` +
    `it has ${at(gradient, row, depth)}.`;
  return row ? `${text} In the plain network these are ${at(gradient, 0, layer)} and ${at(gradient, 0, depth)}.` : text;
}

static python({ depth, init, seed }) {
  return `import numpy as np
from cnnmath.datasets import load_digits
from cnnmath.figures._random import uniform
from cnnmath.layers import BatchNorm2d, Linear, ReLU, Residual
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential

depth, gain, seed = ${depth}, ${GAINS[init]}, ${seed}  # gain: 32 times the variance of a weight
images, labels = load_digits()
x, y = images[:20].reshape(20, 64), labels[:20]
x = x - x.mean(axis=0)
x /= np.sqrt(np.mean(x**2))

def linear(inputs, outputs, gain, place):  # uniform weights of variance gain / inputs, which JavaScript draws too
    layer = Linear(inputs, outputs, bias=False)
    layer.weight.data = (2 * uniform(seed, (outputs, inputs), place) - 1) * np.sqrt(3 * gain / inputs)
    return layer

def measure(skip, batch_norm):
    linears = [linear(64, 32, 1, 0), *(linear(32, 32, gain, 2048 + 1024 * l) for l in range(depth))]
    linears.append(linear(32, 10, 1, 53248))
    blocks = linears[:1]
    for l, one in enumerate(linears[1:]):
        body = Sequential(*[BatchNorm2d(32)] * batch_norm, ReLU(), one)
        blocks.append(Residual(body) if skip and l < depth else body)
    h = [x]
    for block in blocks:
        h.append(block.forward(h[-1]))
    deltas = [cross_entropy_backward(h[-1], y)]
    for block in blocks[::-1]:
        deltas.append(block.backward(deltas[-1]))
    rms = [np.sqrt(np.mean(a**2)) for a in h[1:-1]]
    gradient = [np.linalg.norm(delta) for delta in deltas[-2:0:-1]]
    weight_gradient = [np.linalg.norm(one.weight.grad) for one in linears[:-1]]
    return rms, gradient, weight_gradient, cross_entropy(h[-1], y)

networks = [(False, False), (False, True), (True, False), (True, True)]  # (skip, batch_norm)
rms, gradient, weight_gradient, loss = map(np.array, zip(*(measure(*kind) for kind in networks)))`;
}

/** The numbers stay while another network, layer or gradient is looked at. */
compute(state) {
  const key = KEPT.map((name) => state[name]).join();
  if (this.kept?.key !== key) this.kept = { key, values: values(state) };
  return this.kept.values;
}

build() {
  const { signal } = this;
  const pick = (x) => this.update({ layer: Math.max(0, Math.min(this.state.depth, Math.round(x))) });
  const draw = (label, namesAt) => {
    const one = plot({ label, x: [0, 30], y: [-6, 3], xlabel: "layer l", ylabel: label, ratio: 0.72, ytext: power, onpick: pick }, signal);
    const at = one.segment("quiet line");
    return { ...one, at, namesAt, curves: LOOKS.map((look) => one.curve(look)), spots: [one.spot("accent"), one.spot("ink")],
      words: [one.text("accent"), one.text("ink")], names: LOOKS.map((look) => one.text(look)) };
  };
  [this.sizes, this.slopes] = [draw("size of the activations (root mean square)", 0.9), draw("norm of the gradient", 0.5)];

  const toggle = (text, name) => controls.button(text, () => this.update({ [name]: !this.state[name] }), signal);
  this.toggles = { skip: toggle("Skips", "skip"), batch_norm: toggle("Batch norm", "batch_norm") };
  this.choices = controls.choices(this, { init: Object.keys(GAINS), by: Object.keys(SYMBOL) });
  this.choices.nodes[0].querySelector("legend").textContent = "weights after";
  this.choices.nodes[1].querySelector("legend").textContent = "gradient with respect to";
  const slide = (name, label, min, max, keep) => {
    const one = controls.slider(label, { min, max, step: 1, oninput: keep, onrefuse: (words) => this.refuseText(name, words) }, signal);
    return { ...one, name, node: pair(label, one.range, one.box) };
  };
  const deepen = (depth) => this.update({ depth, layer: Math.max(0, Math.min(depth, this.state.layer)) });
  this.sliders = [slide("depth", "layers L", 2, DEEPEST, deepen), slide("layer", "layer l", 0, DEEPEST, (layer) => this.update({ layer })),
    slide("seed", "seed", 0, 9999, (seed) => this.update({ seed }))];
  const roll = controls.button("New weights", () => this.update({ seed: (this.state.seed + 1) % 10000 }), signal);

  this.rule = h("div", { class: "rule" });
  [this.head, this.rows] = [h("thead"), h("tbody")];
  const { skip, batch_norm } = this.toggles;
  return [controls.row(skip.node, batch_norm.node, this.choices.nodes[0], roll.node), this.rule,
    h("div", { class: "sides" }, this.sizes.node, this.slopes.node), controls.row(this.choices.nodes[1]),
    h("div", { class: "sliders controls" }, ...this.sliders.map(({ node }) => node)),
    h("div", { class: "panel" }, h("table", {}, this.head, this.rows))];
}

paint(state, v) {
  const row = rowOf(state), gradient = shown(state, v);
  this.paintPlot(this.sizes, state, v.rms, row);
  this.paintPlot(this.slopes, state, gradient, row);
  const before = () => sub("h", "l−1");
  this.rule.replaceChildren(sub("h", "l"), " = ", ...(state.skip ? [before(), " + "] : []), sub("W", "l"), " ReLU(",
    ...(state.batch_norm ? ["BN(", before(), ")"] : [before()]), ")",
    h("span", { class: "muted" }, `, l = 1 … ${state.depth}; the bold curve. All four networks have the same weights.`));
  this.paintTable(state, v, gradient, row);
  for (const [name, { set }] of Object.entries(this.toggles)) set(state[name]);
  for (const { name, set, range } of this.sliders) {
    if (name === "layer") range.max = state.depth;
    set(state[name]);
  }
  this.choices.set(state);
}

paintPlot({ frame, at, curves, spots, words, names, namesAt }, { depth, layer }, { data, cols }, row) {
  const logs = Array.from(data, log), finite = logs.filter(Number.isFinite);
  const [least, most] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  const space = 0.08 * (most - least) + 0.1, low = least - space, high = most + space;
  const { room } = this;
  frame(room > 620 ? Math.min(430, (room - 20) / 2) : room, [0, depth], [low, high]);
  at.update([layer, low], [layer, high]);
  curves.forEach((curve, r) => {
    curve.update(logs.slice(r * cols, (r + 1) * cols).map((y, l) => [l, y]));
    curve.node.classList.toggle("strong", r === row);
  });
  const home = Math.abs(layer / depth - namesAt) > 0.2 ? namesAt : namesAt > 0.7 ? 0.55 : 0.85; // not where numbers stand
  this.nameCurves(names, logs, depth, Math.max(1, Math.round(home * depth)), space);
  const [right, side] = layer > depth / 2 ? [-8, "end"] : [8, "start"];
  const [plain, own] = [logs[layer], logs[row * cols + layer]];
  [plain, own].forEach((y, k) => {
    if (Number.isFinite(y) && (k === 0 || row)) spots[k].update(layer, y, 4);
    else spots[k].hide();
    const told = k ? row > 0 : row === 0 || Math.abs(plain - own) > space; // one of two numbers in one place
    if (Number.isFinite(y) && told) words[k].update(layer, y, brief(10 ** y), right, (k ? own >= plain : own <= plain) ? -7 : 16, side);
    else words[k].hide();
  });
}

/** Each curve's name, above or below it where the next curve is farther away; none where there is no room. */
nameCurves(names, logs, depth, l, space) {
  const heights = NAMES.map((_, r) => logs[r * (depth + 1) + l]), taken = [];
  for (const r of [3, 0, 2, 1]) {
    const y = heights[r], place = r * (depth + 1) + l;
    const away = (side) => Math.min(...heights.map((other, k) => (k !== r && side * (other - y) >= 0 ? Math.abs(other - y) : Infinity)));
    const [up, down] = [away(1), away(-1)], side = down > up ? -1 : 1, middle = y + 0.7 * side * space;
    if (Math.max(up, down) > 1.2 * space && taken.every((other) => Math.abs(other - middle) > 0.9 * space)) {
      const rising = logs[place + 1] > logs[place - 1];
      const inward = r === 1 && l > 0.7 * depth; // the longest name would leave the plot
      names[r].update(l, y, NAMES[r], 0, side < 0 ? 18 : -8, rising === side < 0 && !inward ? "start" : "end");
      taken.push(middle);
    } else names[r].hide();
  }
}

paintTable({ by, depth, layer }, { rms, loss }, { data, cols }, row) {
  const name = SYMBOL[by];
  const heads = ["network", ["size of ", sub("h", layer)], ["gradient by ", sub(name, layer)], ["over that by ", sub(name, depth)], "loss"];
  this.head.replaceChildren(h("tr", {}, ...heads.map((words) => h("th", { scope: "col" }, ...[words].flat()))));
  this.rows.replaceChildren(...NAMES.map((text, r) => {
    const [here, last] = [layer, depth].map((l) => data[r * cols + l]);
    const cells = [rms.data[r * cols + layer], here, here / last, loss[r]].map((x) => h("td", {}, brief(x)));
    return h("tr", { class: r === row ? "on" : "" }, h("th", { scope: "row" }, key(r), text), ...cells);
  }));
}
}

/** A short piece of curve r, for the table. */
const key = (r) =>
  svg("svg", { width: 28, height: 8, class: `key ${LOOKS[r].split(" ")[0]}`, "aria-hidden": "true" }, svg("path", { d: "M0 4H28" }));

cnnmath.register(ResidualFlow);
})(globalThis.cnnmath);
