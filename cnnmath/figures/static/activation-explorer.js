/* ActivationExplorer: a number, a feature map and the gradient of many layers go through an activation. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, told, rowsText } = cnnmath;

const NAMES = { relu: "ReLU", leaky_relu: "Leaky ReLU", sigmoid: "Sigmoid", tanh: "Tanh", gelu: "GELU" };
const RIDGE = [1, 4, 7, 4, 1].map((x) => [x, x + 1, x + 2, x + 1, x]);
const K = [1, 0, -1]; // each row of `vertical_edge`
const REACH = 6; // of x, to either side
const LEAST = 1e-300; // beside 0 this is a step to either side; beside any other x it is nothing
const SHOWN = [-REACH - 0.6, REACH + 0.6]; // of the axis: room for the handle
const STEP = 1e-5; // of the central difference

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const density = (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Φ(x) = 1/2 + Φ′(x) (x + x³/3 + x⁵/(3·5) + …) */
function normal(x) {
  let [term, sum] = [x, x];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) sum += term *= (x * x) / k;
  return 0.5 + density(x) * sum;
}

/** f, f′, and where f′ is largest. */
const ACTIVATIONS = {
  relu: [(x) => Math.max(x, 0), (x) => Number(x > 0), 1],
  leaky_relu: [(x, a) => Math.max(x, 0) + a * Math.min(x, 0), (x, a) => (x > 0 ? 1 : a), 1],
  sigmoid: [sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x)), 0],
  tanh: [Math.tanh, (x) => 1 - Math.tanh(x) ** 2, 0],
  gelu: [(x) => x * normal(x), (x) => normal(x) + x * density(x), Math.SQRT2],
};

/** f and f′ as functions of x alone. */
const functions = ({ activation, negative_slope: a }) => ACTIVATIONS[activation].slice(0, 2).map((one) => (x) => one(x, a));

const inReach = (x) => Math.max(-REACH, Math.min(REACH, x)) + 0;

/** A normal number to one decimal, by Box and Muller, held to what a field takes. */
function normalNumber() {
  const z = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return inReach(Math.round(10 * z) / 10);
}

let last = { key: "" };
/** The map before and after f; the same arrays as long as nothing of them has changed. */
function maps({ activation, negative_slope, map, negated }) {
  const key = [activation, negative_slope, map, negated].join();
  if (last.key === key) return last.values;
  const [f] = functions({ activation, negative_slope });
  const kernel = math.fromRows(Array(3).fill(K.map((x) => (negated ? -x : x))));
  const before = math.correlate2d(map === "ridge" ? math.fromRows(RIDGE) : math.photo("coffee-grey-128")[0], kernel);
  if (map === "photo") before.data = before.data.map((x) => Math.round(255 * x) / 255); // no rounding near 0
  const after = math.matrix(before.rows, before.cols, before.data.map(f));
  let [zeros_before, zeros, erased] = [0, 0, 0];
  before.data.forEach((x, k) => {
    zeros_before += x === 0;
    zeros += after.data[k] === 0;
    erased += x < 0 && after.data[k] === 0;
  });
  last = { key, values: { before, after, zeros_before, zeros, share: zeros / after.data.length, erased } };
  return last.values;
}

class ActivationExplorer extends cnnmath.Figure {
static tag = "cnnmath-activation-explorer";
static label = "ActivationExplorer";
static fields = {
  activation: ["choice", "relu", Object.keys(NAMES)], negative_slope: ["real", 0.1, 0, 1], x: ["real", -6, -REACH, REACH],
  map: ["choice", "ridge", ["ridge", "photo"]], negated: ["flag", false], layers: ["integer", 8, 1, 20],
  inputs: ["list", [], 20, "real", -REACH, REACH],
};
static css = `${cnnmath.plot.css}
.equation { display: grid; grid-template-columns: auto auto; justify-content: space-evenly; justify-items: center; gap: 0 1rem; }
.equation > :nth-child(3) { grid-area: 1 / 1 / 4; }
.caption { contain: inline-size; }
.equation > :nth-child(2), .narrow > :nth-child(4) { display: none; }
.narrow.equation { display: flex; flex-direction: column; }
.reading { contain: inline-size; min-height: 4.5em; font-size: 0.92rem; }
.strip { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.6rem; align-items: center; line-height: 30px; }`;

static values(state) {
  const { activation, x, layers, inputs } = state;
  const [f, df] = functions(state);
  const [left, right] = [df(x - LEAST), df(x + LEAST)];
  const z = Array.from({ length: layers }, (_, k) => inputs[k] ?? x);
  const slopes = z.map(df);
  let product = 1;
  const products = slopes.map((slope) => (product *= slope));
  const central = (f(x + STEP) - f(x - STEP)) / (x + STEP - (x - STEP));
  const steepest = df(ACTIVATIONS[activation][2]);
  return { value: f(x), slope: df(x), left, right, kink: Number(left !== right), central, ...maps(state), z, slopes, products, product,
    bounds: z.map((_, k) => steepest ** (k + 1)) };
}

static describe({ activation, x, map, negated, layers }, { value, slope, left, right, kink, central, after, zeros, erased, product }) {
  const here = kink ? `; there is no derivative: the slope is ${number(left)} on the left and ${number(right)} on the right. ` +
    `The convention takes ${number(slope)}, a central difference ${told(central)}.` : `, slope ${number(slope)}.`;
  const lost = erased ? `, ${erased} of them erased negatives` : "";
  return `${NAMES[activation]} at x = ${number(x)}: value ${told(value)}${here} Of the ${after.data.length} numbers of ${negated ? "−K" : "K"} ` +
    `on the ${map}, ${zeros} are 0 after f${lost}. Over ${layers} layers the slopes multiply to ${number(product)}.`;
}

static python({ activation, negative_slope, x, map, negated, layers, inputs }) {
  const leak = activation === "leaky_relu" ? `, ${rowsText(negative_slope)}` : "";
  return `import numpy as np
from cnnmath import activations, kernels
from cnnmath.convolution import correlate2d
from cnnmath.gradcheck import numerical_gradient
from cnnmath.image import RIDGE, load_photo

def f(x):
    return activations.${activation}(x${leak})

def df(x):
    return activations.${activation}_backward(np.ones(np.shape(x)), x${leak})

x = ${rowsText(x)}
value, slope, central = f(x), df(x), numerical_gradient(f, x)
left, right = df(x - 1e-300), df(x + 1e-300)
kink = left != right

K = kernels.kernel("vertical_edge")${negated ? " * -1" : ""}
before = correlate2d(${map === "ridge" ? "RIDGE, K)" : 'load_photo("coffee", 128), K) / 255'}
after = f(before)
zeros_before, zeros, share = np.sum(before == 0), np.sum(after == 0), np.mean(after == 0)
erased = np.sum((before < 0) & (after == 0))

layers = ${layers}
z = np.array((${rowsText(inputs)} + [x] * layers)[:layers])
slopes = df(z)
products = np.cumprod(slopes)
product = products[-1]
bounds = df(${{ 0: "0.0", 1: "1.0" }[ACTIVATIONS[activation][2]] ?? "np.sqrt(2.0)"}) ** np.arange(1, layers + 1)`;
}

build() {
  const { signal } = this;
  const keep = (x) => this.pick({ x });

  this.curve = cnnmath.plot({ label: "f, its slope f′ and the tangent at x", x: SHOWN, y: [-2, REACH], xlabel: "x",
    onpick: (x) => keep(inReach(Math.round(10 * x) / 10)) }, signal);
  this.fan = this.curve.area();
  this.lines = Object.fromEntries([["df", "second dash"], ["left", "accent"], ["right", "accent"], ["f", ""]]
    .map(([name, look]) => [name, this.curve.curve(look)]));
  this.tags = { df: this.curve.text("second"), f: this.curve.text() };
  this.at = this.curve.spot("second");
  this.knob = this.curve.handle({ label: "x, the point on the curve", range: { x: [-REACH, REACH] }, onmove: keep });
  this.reading = h("div", { class: "reading" });

  // A cell of a map holds a number, and that number is an x.
  const entry = (i, j) => { const { data, cols } = this.computed.before; return data[i * cols + j]; };
  const pick = (i, j) => { this.cell = [i, j]; keep(entry(i, j)); };
  const shared = { onpick: pick, ondrag: pick, leap: 10, onescape: () => this.point(null),
    onpoint: (i, j) => this.point(i === null ? null : { x: entry(i, j) }),
    onmove: (...by) => {
      const { rows, cols } = this.computed.before;
      pick(...[rows, cols].map((size, k) => math.held((this.cell?.[k] ?? size >> 1) + by[k], size)));
    } };
  this.sides = ["map before f", "map after f"].map((label, k) => ({
    grid: cnnmath.grid({ ...shared, label: `${label}: arrow keys take a number to x` }, signal),
    pane: cnnmath.pane({ ...shared, label, tabindex: k ? "-1" : "0" }, signal) }));
  const [before, after] = this.sides.map(({ grid, pane }) => h("div", {}, grid.node, pane.node));
  this.equation = cnnmath.equation(before, "↓ f", h("div", {}, this.curve.node, this.reading), "↓ f", after);
  this.legend = cnnmath.legend();
  this.count = h("span", { class: "muted" });

  this.layer = 0;
  this.strip = cnnmath.grid({ label: "layers: arrow keys choose one, Enter puts x into it",
    onmove: (_, by) => { this.layer = math.held(this.layer + by, this.state.layers); this.repaint(); },
    onenter: () => this.put(this.layer), onpick: (_, j) => this.put(j) }, signal);
  this.fall = cnnmath.plot({ label: "size of the product after each layer, on a logarithmic scale", x: [0, 8], y: [-2, 0], ratio: 0.22,
    xlabel: "layer", xtext: (k) => (Number.isInteger(k) ? k : ""), ytext: (k) => (k ? number(10 ** k).replace("1×", "") : "1") }, signal);
  [this.bound, this.product] = ["quiet dash", "accent"].map(this.fall.curve);
  this.dots = Array.from({ length: 20 }, () => this.fall.spot("accent"));
  this.none = this.fall.text("accent");
  this.result = h("div", { class: "formula" });

  this.choices = controls.choices(this, { activation: Object.keys(NAMES), map: ["ridge", "photo"] });
  const [activation, map] = this.choices.nodes;
  const slide = (name, label, options) => {
    const one = controls.slider(label, { ...options, oninput: (value) => this.update({ [name]: value }),
      onrefuse: (text) => this.refuseText(name, text) }, signal);
    return { ...one, node: h("span", { class: "pair" }, h("span", {}, label), one.range, one.box) };
  };
  this.leak = slide("negative_slope", "negative slope a", { min: 0, max: 1, step: 0.01 });
  this.depth = slide("layers", "layers L", { min: 1, max: 20, step: 1 });
  this.negate = controls.button("kernel −K", () => this.update({ negated: !this.state.negated }), signal);
  this.follow = controls.button("all layers at x", () => this.update({ inputs: [] }), signal);
  const draw = controls.button("normal inputs", () => this.update({ inputs: this.computed.z.map(normalNumber) }), signal);
  const { row } = controls;
  return [row(activation, this.leak.node), this.equation.node, row(map, this.negate.node, this.legend.node, this.count),
    row(this.depth.node, this.follow.node, draw.node),
    h("div", { class: "strip" }, h("div", { class: "muted" }, "z", h("br"), "f′(z)"), h("div", { class: "panel" }, this.strip.node)),
    this.fall.node, this.result];
}

/** Layer j takes x; the others keep what they have. */
put(j) {
  const inputs = this.computed.z.slice();
  inputs[j] = this.state.x;
  this.layer = j;
  this.update({ inputs });
}

restart() { this.pick({}); [this.layer, this.cell] = [0, null]; }

paint(state, values) {
  const { view } = this;
  const x = this.over?.x ?? state.x;
  this.paintCurve(state, view, x);
  this.paintMaps(state, values, x);
  this.paintLayers(state, view);
  for (const [control, value] of [[this.choices, state], [this.leak, state.negative_slope], [this.depth, state.layers]]) control.set(value);
  this.leak.node.hidden = state.activation !== "leaky_relu";
  this.negate.set(state.negated);
  this.follow.set(state.inputs.length === 0);
}

paintCurve(state, { value, slope, left, right, kink, central }, x) {
  const [f, df] = functions(state);
  const { lines, curve, tags } = this;
  const bounded = f(REACH) <= 1;
  const low = bounded ? -1.25 : f(-REACH) < -2 ? -REACH : -2;
  curve.frame(Math.min(this.room - 8, 400), SHOWN, [low, bounded ? 1.25 : REACH]);
  const places = Array.from({ length: 241 }, (_, k) => ((k - 120) / 120) * SHOWN[1]); // 0 among them
  lines.f.update(places.map((t) => [t, f(t)]));
  lines.df.update(places.map((t) => [t, df(t - LEAST) === df(t + LEAST) ? df(t) : NaN]));
  const line = (rise) => [[x - 20, value - 20 * rise], [x + 20, value + 20 * rise]];
  const [one, other] = [left, right].map(line);
  lines.left.update(one);
  if (kink) {
    lines.right.update(other);
    this.fan.update([[x, value], one[1], other[1], [x, value], other[0], one[0]]);
  } else [lines.right, this.fan].forEach((mark) => mark.hide());
  tags.f.update(-REACH + 1, f(-REACH + 1), "f", 0, low === -REACH ? 16 : -7);
  tags.df.update(REACH, df(REACH), "f′", -6, -7, "end");
  this.at.update(x, slope);
  const [X, Y, a, b] = [number(x), told(value), number(left), number(right)];
  this.knob.update(x, value, `x = ${X}, f(x) = ${Y}, ${kink ? "no derivative" : `slope ${number(slope)}`}`);
  this.reading.textContent = kink ? `f(${X}) = ${Y}. No derivative: slope ${a} on the left, ${b} on the right. Every number of ` +
    `[${a}, ${b}] is a subgradient (hatched). Convention: ${number(slope)}. Central difference: ${told(central)}.`
    : `f(${X}) = ${Y}. The tangent has slope f′\u2060(${X})\u00a0=\u00a0${number(slope)}, the dot on the dashed curve.`;
}

paintMaps({ map, negated }, { before, after, zeros_before, zeros, share, erased }, x) {
  const [{ ramps, sides, equation }, narrow] = [this, this.room < 600];
  equation.node.classList.toggle("narrow", narrow);
  const limit = math.limit(before.data);
  const colour = cnnmath.lookup((t) => ramps.diverging(2 * t - 1), -limit, limit);
  const hatch = ramps.grey(this.dataset.scheme === "dark" ? 0.3 : 0.7);
  const lost = (k) => before.data[k] < 0 && after.data[k] === 0;
  [before, after].forEach((matrix, side) => {
    const { grid, pane } = sides[side];
    grid.node.hidden = map !== "ridge";
    pane.node.hidden = map === "ridge";
    if (map === "ridge") {
      grid.resize(38);
      grid.update(matrix.rows, matrix.cols, (i, j) => {
        const k = i * matrix.cols + j;
        const marks = `${before.data[k] === x ? "at " : ""}${side && lost(k) ? "erased" : ""}`;
        return { value: matrix.data[k], fill: colour(matrix.data[k]), marks };
      });
    } else {
      pane.update([before, after, ramps], matrix, colour, side && erased && ((_, k) => lost(k) && hatch));
      pane.resize(narrow ? 2 : 1);
      const [i, j] = this.cell ?? [0, 0];
      pane.node.querySelector(".frame").hidden = before.data[i * before.cols + j] !== x;
      pane.outline(i, j, 1, 1);
    }
    const name = `I\u00a0⋆\u00a0${negated ? "(−K)" : "K"}`;
    equation.tell(2 * side, side ? `f(${name})` : `map ${name}`, matrix);
  });
  this.legend.update(limit, ramps);
  const percent = number(Math.floor(1000 * share + 0.5) / 10);
  this.count.textContent = `zeros: ${zeros_before} before, ${zeros} after (${percent} %); ${erased} negative numbers erased (hatched)`;
}

paintLayers({ activation, layers }, { z, slopes, products, product, bounds }) {
  const { fall, strip, ramps } = this;
  this.layer = Math.min(this.layer, layers - 1);
  strip.resize(Math.max(24, cnnmath.cellSize(layers, this.room - 60)), 28);
  strip.update(2, layers, (i, j) => (i ? { value: slopes[j], fill: ramps.diverging(slopes[j]), marks: slopes[j] ? "" : "erased" }
    : { value: z[j], marks: j === this.layer ? "at" : "" }));
  strip.select(0, this.layer);
  const size = (one) => (one ? Math.log10(Math.abs(one)) : NaN);
  const [reached, most] = [products, bounds].map((all) => [1, ...all].map((one, k) => [k, size(one)]));
  const seen = [...reached, ...most].map(([, y]) => y).filter(Number.isFinite);
  const low = Math.floor(Math.min(-1.5, ...seen) - 0.1);
  fall.frame(Math.min(this.room - 8, 640), [0, layers + 0.3], [low, Math.max(0, ...seen) + 0.1 - low / 20]);
  this.product.update(reached);
  this.bound.update(most);
  this.dots.forEach((dot, k) => (k < layers && products[k] ? dot.update(...reached[k + 1], 4) : dot.hide()));
  const gone = products.indexOf(0) + 1;
  if (gone) this.none.update(gone, low, `exactly 0 from layer ${gone} on`, 0, -8, gone > layers / 2 ? "end" : "start");
  else this.none.hide();
  const terms = slopes.map((one) => `(${number(one)})`);
  if (layers > 8) terms.splice(4, layers - 6, "…");
  this.result.replaceChildren(`${terms.join("")} `, h("b", {}, `= ${number(product)}`),
    h("span", { class: "muted" }, `; at most ${number(bounds[0])}`, h("sup", {}, layers), 
      ` = ${number(bounds[layers - 1])} for ${activation.replace("_", " ")} (dashed)`));
}
}

cnnmath.register(ActivationExplorer);
})(globalThis.cnnmath);
