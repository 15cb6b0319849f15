/* DotProduct: two vectors, the products of their entries, their sum, and what it says of lengths and angle. */
(function (cnnmath) {
"use strict";
const { controls, h, number, on, plot, refuse, rowsText, theme, told } = cnnmath;

const [LEAST, MOST, LARGEST] = [2, 9, 10];
const SMALL = 5; // the plane reaches to ±5, or to ±10 where an entry is larger
const STEP = 0.25; // a dragged end keeps to multiples of it
const ARC = 0.18; // radius of the angle's arc, as a share of the plane's half width
const PRESETS = {
  "same direction": [[2, 1], [4, 2]],
  "45°": [[1, 3], [4, 2]],
  perpendicular: [[-1, 2], [4, 2]],
  opposite: [[-2, -1], [4, 2]],
  "longer, less aligned": [[1, 5], [4, 2]],
  "length 0": [[0, 0], [4, 2]],
  "window and kernel": [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 0, -1, 1, 0, -1, 1, 0, -1]],
};
const SIZES = [2, 3, 4, 9];

const sum = (numbers) => numbers.reduce((total, x) => total + x, 0);
const times = (a, b) => a.map((x, k) => x * b[k]);
const norm = (a) => Math.sqrt(sum(times(a, a)));
const list = (numbers) => numbers.map(told).join(", ");

class DotProduct extends cnnmath.Figure {
static tag = "cnnmath-dot-product";
static label = "DotProduct";
static fields = {
  a: ["list", [1, 3], MOST, "real", -LARGEST, LARGEST],
  b: ["list", [4, 2], MOST, "real", -LARGEST, LARGEST],
};
static css = `${plot.css}
.plot .shadow { stroke-width: 9; opacity: 0.35; }
.plot .thin { stroke-width: 1.5; }
.plot svg > text { paint-order: stroke; stroke: var(--cm-paper); stroke-width: 4px; }
.plot text.accent, .plot text.second { font-weight: bold; font-size: 15px; }
.sides { display: flex; flex-wrap: wrap; gap: 0.6rem 1.5rem; align-items: flex-start; }
.side { flex: 1 1 16rem; min-width: 0; display: flex; flex-wrap: wrap; gap: 0 2rem; }
.side > * { flex: 1 1 16rem; max-width: 30rem; }
table { border-collapse: collapse; width: 100%; margin: 0.4rem 0; }
th, td { padding: 2px 5px; text-align: right; font-weight: normal; border: 0; }
thead > tr > * { color: var(--cm-muted); border-bottom: 1px solid var(--cm-line); }
thead th.accent { color: var(--cm-accent); font-weight: bold; }
thead th.second { color: var(--cm-link); font-weight: bold; }
tbody th { color: var(--cm-muted); width: 2em; }
td input[type="number"] { width: 4em; text-align: right; }
tr.lit > * { background: var(--cm-accent-soft); box-shadow: inset 0 1px var(--cm-accent), inset 0 -1px var(--cm-accent); }
tfoot > tr > * { border-top: 2px solid var(--cm-edge); font-weight: bold; }
td.bar { width: 36%; position: relative; }
.bar i { position: absolute; top: 25%; bottom: 25%; border: 1px solid var(--cm-edge); }
.bar::before { content: ""; position: absolute; left: 50%; top: 0; bottom: 0; border-left: 1px solid var(--cm-edge); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 0 0.8rem; margin: 0.4rem 0; }
.facts span { color: var(--cm-muted); }
.scale { margin: 0.7rem 0 0.2rem; }
.track { position: relative; height: 18px; margin: 0 7px; border-bottom: 2px solid var(--cm-edge); }
.track::before { content: ""; position: absolute; left: 50%; bottom: -6px; height: 10px; border-left: 2px solid var(--cm-edge); }
.track b { position: absolute; bottom: -1px; margin-left: -7px;
  border: solid transparent; border-width: 12px 7px 0; border-top-color: var(--cm-accent); }
.ends { display: grid; grid-template-columns: 1fr auto 1fr; gap: 0.5rem; color: var(--cm-muted); font-size: 0.88rem; }
.ends > :last-child { text-align: right; }`;

static fits({ a, b }) {
  if (a.length < LEAST) refuse(this.label, "a", `have ${LEAST} to ${MOST} entries`, a);
  if (b.length !== a.length) refuse(this.label, "b", `have as many entries as a, which has ${a.length}`, b);
}

static values({ a, b }) {
  const products = times(a, b);
  const [dot, norm_a, norm_b] = [sum(products), norm(a), norm(b)];
  const bound = norm_a * norm_b;
  let [cosine, angle, shadow, projection] = [null, null, null, null];
  if (bound > 0) {
    const [u, v] = [a.map((x) => x / norm_a), b.map((x) => x / norm_b)];
    cosine = dot / bound;
    angle = (360 / Math.PI) * Math.atan2(norm(u.map((x, k) => x - v[k])), norm(u.map((x, k) => x + v[k])));
  }
  if (norm_b > 0) {
    shadow = dot / norm_b;
    projection = b.map((x) => (shadow * x) / norm_b);
  }
  return { products, dot, norm_a, norm_b, bound, cosine, angle, shadow, projection };
}

static describe(state, v) {
  const direction = v.cosine === null ? "A vector of length 0 has no direction: the cosine is not defined."
    : `The cosine is ${told(v.cosine)}, the angle ${told(v.angle)}°.`;
  return `a · b = ${told(v.dot)}, the sum of ${list(v.products)}. Lengths: ${told(v.norm_a)} and ${told(v.norm_b)}. ` +
    direction + (v.projection ? ` The projection of a on b is (${list(v.projection)}).` : "");
}

static python(state) {
  const { cosine, shadow } = this.values(state);
  return `import numpy as np

a = np.array(${rowsText(state.a)})
b = np.array(${rowsText(state.b)})
products = a * b
dot = products.sum()
norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
bound = norm_a * norm_b
${cosine === null ? "cosine = angle = None  # a vector of length 0 has no direction" : `cosine = dot / bound
u, v = a / norm_a, b / norm_b
angle = np.degrees(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v)))`}
${shadow === null ? "shadow = projection = None  # b gives no direction to project on" : `shadow = dot / norm_b
projection = shadow * b / norm_b`}`;
}

build() {
  const { signal } = this;
  [this.lit, this.entries] = [-1, []];
  this.light = (k) => { this.lit = k ?? -1; this.repaint(); };
  const reach = (this.reach = [-SMALL, SMALL]);
  this.plane = plot({ label: "the plane of a and b", x: reach, y: reach, equal: true, xlabel: "entry 0", ylabel: "entry 1" }, signal);
  const { segment, curve, text, handle } = this.plane;
  this.marks = {
    shadow: segment("second shadow"), drop: segment("quiet dash"), corner: curve("quiet thin"), arc: curve("thin"), theta: text(),
    parts: { a: segment("accent dash"), b: segment("second dash") },
    arrows: { a: segment("accent", true), b: segment("second", true) }, names: { a: text("accent"), b: text("second") },
  };
  const end = (name, look) => handle({ label: `end of ${name}: drag, or arrow keys`, look, range: { x: reach, y: reach },
    step: STEP, leap: 1 / STEP, onmove: (...ends) => this.update({ [name]: ends }) });
  this.ends = { a: end("a", ""), b: end("b", "second") };
  const caption = h("div", { class: "caption" }, "Drag the ends of a and b. Thick: the projection of a on b.");
  this.drawing = h("div", {}, this.plane.node, caption);
  const head = (text, look) => h("th", { scope: "col", class: look }, text);
  [this.body, this.total, this.needle] = ["tbody", "td", "b"].map((tag) => h(tag));
  const table = h("table", {}, h("thead", {}, h("tr", {}, head("k"), head("a", "accent"), head("b", "second"), head("product"), h("td"))),
    this.body, h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: 3 }, "sum a · b"), this.total, h("td"))));
  this.facts = h("div", { class: "facts" });
  this.limits = [0, 1, 2].map(() => h("span"));
  this.scale = h("div", { class: "scale" }, h("div", { class: "muted" }, "a · b, from −‖a‖‖b‖ to ‖a‖‖b‖"),
    h("div", { class: "track", "aria-hidden": "true" }, this.needle), h("div", { class: "ends" }, ...this.limits));
  this.formula = cnnmath.formula({ onpoint: this.light }, signal);
  this.presets = controls.presets("presets", Object.keys(PRESETS), (name) => this.show(PRESETS[name]), signal);
  this.sizes = controls.segmented("entries", SIZES, (size) => this.show([this.state.a, this.state.b].map((entries) =>
    Array.from({ length: size }, (_, k) => entries[k] ?? 0))), signal);
  const side = h("div", { class: "side" }, table, h("div", {}, this.facts, this.scale));
  return [h("div", { class: "sides" }, this.drawing, side), this.formula.node, this.presets.node, controls.row(this.sizes.node)];
}

show([a, b]) {
  this.reach.splice(0, 2, -SMALL, SMALL);
  this.light(null);
  this.update({ a, b });
}

restart() { this.show([this.initial.a, this.initial.b]); }

/** A row of the table for each entry: number fields for a and b, the product and its bar. */
rows(count) {
  if (this.entries.length === count) return;
  const { signal } = this;
  this.entries = Array.from({ length: count }, (_, k) => {
    const field = (name) => controls.field(`${name}[${k}]`, {
      min: -LARGEST, max: LARGEST, onrefuse: (text) => this.refuseText(`${name}[${k}]`, text),
      oninput: (value) => this.update({ [name]: this.state[name].with(k, value) }),
    }, signal);
    const [a, b, product, bar] = [field("a"), field("b"), h("td"), h("i")];
    const node = h("tr", {}, h("th", { scope: "row" }, String(k)), h("td", {}, a.node), h("td", {}, b.node), product,
      h("td", { class: "bar" }, bar));
    for (const enter of ["pointerenter", "focusin"]) on(node, enter, () => this.light(k), signal);
    for (const leave of ["pointerleave", "focusout"]) on(node, leave, () => this.light(null), signal);
    return { node, a, b, product, bar };
  });
  this.body.replaceChildren(...this.entries.map(({ node }) => node));
}

paint({ a, b }, v) {
  this.rows(a.length);
  this.entries.forEach((entry, k) => this.paintRow(entry, k, a[k], b[k], v.products));
  this.total.textContent = told(v.dot);
  this.formula.update(a, b, told(v.dot), this.lit);
  const facts = [["‖a‖", v.norm_a], ["‖b‖", v.norm_b], ["‖a‖‖b‖", v.bound],
    ["angle θ", v.angle, "°"], ["cos θ", v.cosine], ["a along b", v.shadow]];
  this.facts.replaceChildren(...facts.map(([name, value, unit = ""]) =>
    h("div", {}, h("span", {}, `${name} = `), value === null ? "not defined" : told(value) + unit)));
  this.scale.hidden = v.cosine === null;
  this.needle.style.left = `${50 + 50 * v.cosine}%`;
  [-v.bound, 0, v.bound].forEach((x, k) => (this.limits[k].textContent = told(x)));
  this.presets.set(Object.keys(PRESETS).find((name) => String(PRESETS[name]) === String([a, b])));
  this.sizes.set(a.length);
  this.drawing.hidden = a.length !== 2;
  if (a.length === 2) this.paintPlane({ a, b }, v);
}

paintRow({ node, a, b, product, bar }, k, x, y, products) {
  a.set(x);
  b.set(y);
  node.classList.toggle("lit", k === this.lit);
  product.textContent = number(products[k]);
  const share = products[k] / cnnmath.math.limit(products);
  bar.style.left = `${50 + 46 * Math.min(0, share)}%`;
  bar.style.width = `${46 * Math.abs(share)}%`;
  bar.hidden = share === 0;
  bar.style.background = theme.css(this.ramps.diverging(share));
}

paintPlane(vectors, { projection, angle, shadow }) {
  const { marks, lit } = this;
  const { a, b } = vectors;
  if (Math.max(...[...a, ...b].map(Math.abs)) > -this.reach[0]) this.reach.splice(0, 2, -LARGEST, LARGEST);
  const half = this.reach[1];
  const width = Math.min(380, this.room > 560 ? 0.5 * this.room : this.room);
  this.drawing.style.width = `${width}px`;
  this.plane.frame(width, this.reach, this.reach);
  const turned = b[0] * a[1] >= b[1] * a[0]; // a lies to the left of b; each name stands on the side away from the other
  for (const name of ["a", "b"]) {
    const [x, y] = vectors[name];
    const out = (Math.hypot(x, y) || 1) * (turned === (name === "a") ? 1 : -1);
    marks.arrows[name].update([0, 0], [x, y]);
    const [dx, dy] = x || y ? [(-14 * y) / out, (-14 * x) / out] : [16, name === "a" ? -12 : 12];
    marks.names[name].update(x / 2, y / 2, name, dx - 4, dy + 5);
    this.ends[name].update(x, y, `(${list([x, y])})`);
    Object.assign(this.ends[name].node, { ariaValueMin: -half, ariaValueMax: half });
    if (lit < 0) marks.parts[name].hide();
    else marks.parts[name].update(lit ? [x, 0] : [0, y], [x, y]);
  }
  for (const one of [marks.shadow, marks.drop, marks.corner, marks.arc, marks.theta]) one.hide();
  if (projection) {
    marks.shadow.update([0, 0], projection);
    marks.drop.update(a, projection);
  }
  if (angle === null) return;
  const from = Math.atan2(b[1], b[0]);
  const turn = ((angle * Math.PI) / 180) * (turned ? 1 : -1);
  const at = (t, radius) => [radius * half * Math.cos(from + t * turn), radius * half * Math.sin(from + t * turn)];
  marks.arc.update(Array.from({ length: 25 }, (_, k) => at(k / 24, ARC)));
  marks.theta.update(...at(0.5, ARC * 1.7), `${told(angle)}°`, 0, 4, "middle");
  this.paintCorner(a, b, projection, shadow, half);
}

/** The right angle where the dashed line meets b, if both sides are long enough to show it. */
paintCorner(a, b, foot, shadow, half) {
  const rest = a.map((x, k) => x - foot[k]);
  const [long, size] = [norm(rest), half / 25];
  if (long < 2 * size || Math.abs(shadow) < 2 * size) return;
  const [up, back] = [rest.map((x) => (size * x) / long), foot.map((x) => (-size * x) / Math.abs(shadow))];
  const at = (...steps) => foot.map((x, k) => x + sum(steps.map((step) => step[k])));
  this.marks.corner.update([at(back), at(back, up), at(up)]);
}
}

cnnmath.register(DotProduct);
})(globalThis.cnnmath);
