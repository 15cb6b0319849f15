/* ActivationExplorer: a number, a feature map and the gradient of many layers go through an activation. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, told } = cnnmath;
const { NAMES, REACH, LEAST, functions, values, describe, python } = cnnmath.activationValues;

const SHOWN = [-REACH - 0.6, REACH + 0.6]; // of the axis: room for the handle

const inReach = (x) => Math.max(-REACH, Math.min(REACH, x)) + 0;

/** A normal number to one decimal, by Box and Muller, held to what a field takes. */
function normalNumber() {
  const z = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return inReach(Math.round(10 * z) / 10);
}

class ActivationExplorer extends cnnmath.Figure {
static values = values;
static describe = describe;
static python = python;
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

get mine() { return this.state.map === "photo" && this.own; }
compute(state) { return values(state, this.own?.[128]); }
get description() { return this.mine ? super.description.replace("on the photo", "on your own picture") : super.description; }
get code() { return python(this.state, this.mine); }

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
  this.picker = cnnmath.ownPicture(this, [128], (own) => {
    own[128].data = own[128].data.map((x) => Math.floor(255 * x + 0.5) / 255); // bytes, as of the photo
    this.own = own;
    this.recompute();
    this.update({ map: "photo" });
  });
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
    row(...this.picker.nodes), row(this.depth.node, this.follow.node, draw.node),
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

restart() { this.pick({}); this.picker.forget(); [this.layer, this.cell] = [0, null]; }

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
