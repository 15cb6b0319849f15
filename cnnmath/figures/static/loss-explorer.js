/* LossExplorer: logits, their softmax, cross-entropy and squared error, and the gradients of both. */
(function (cnnmath) {
"use strict";
const { controls, h, number, on, plot, refuse, theme, told } = cnnmath;
const { BINARY, few, values, describe, python } = cnnmath.lossValues;

const [LEAST, MOST, LARGEST] = [2, 5, 10];
const SHOWN = [-LARGEST - 0.7, LARGEST + 0.7]; // of the axis: room for the handle
/** name: [fields for classes, fields for binary] */
const PRESETS = {
  "confidently right": [{ logits: [5, 0, -1], label: 0, scale: 1, shift: 0 }, { logit: 5, target: 1 }],
  undecided: [{ logits: [0, 0, 0], label: 0, scale: 1, shift: 0 }, { logit: 0, target: 1 }],
  "confidently wrong": [{ logits: [-2, 3, 0], label: 0, scale: 1, shift: 0 }, { logit: -5, target: 1 }],
  "huge logits": [{ logits: [-2, 3, 0], label: 0, scale: 1000, shift: 0 }],
};

const round = (x) => Math.max(-LARGEST, Math.min(LARGEST, Math.round(10 * x) / 10)) + 0;

class LossExplorer extends cnnmath.Figure {
static tag = "cnnmath-loss-explorer";
static label = "LossExplorer";
static fields = {
  mode: ["choice", "classes", ["classes", "binary"]],
  logits: ["list", [-2, 3, 0], MOST, "real", -LARGEST, LARGEST], label: ["integer", 0, 0, MOST - 1],
  scale: ["real", 1, 0.01, 1000], shift: ["real", 0, -1000, 1000], logit: ["real", -5, -LARGEST, LARGEST], target: ["integer", 1, 0, 1],
};
static css = `${plot.css}
.parts { display: grid; grid-template-columns: 1fr 1fr; gap: 0.6rem 1.4rem; }
.wide .parts { grid-template-columns: 1.6fr 1fr 1fr 1fr; }
.head { font-size: 0.9rem; border-bottom: 1px solid var(--cm-line); margin-bottom: 3px; }
.head span, .step > span { display: block; color: var(--cm-muted); font-size: 0.85rem; }
.line { display: grid; grid-template-columns: 1.2em minmax(0, 1fr) auto; gap: 0.4rem; align-items: center; height: 34px; padding: 0 3px; }
.line.lit, tr.lit > * { background: var(--cm-accent-soft); box-shadow: inset 0 1px var(--cm-accent), inset 0 -1px var(--cm-accent); }
.line > output { width: 6.9em; overflow: hidden; text-align: right; white-space: nowrap; font-size: 0.85rem; }
.line input[type="number"] { width: 5em; text-align: right; }
.right > :first-child { font-weight: bold; color: var(--cm-accent); }
.bar { position: relative; height: 18px; border: solid var(--cm-line); border-width: 0 1px; }
.bar::before { content: ""; position: absolute; left: var(--zero); top: -4px; bottom: -4px; border-left: 1px solid var(--cm-edge); }
.bar i { position: absolute; top: 0; bottom: 0; border: 1px solid var(--cm-edge); }
.bar .gap { border-style: dashed; background: repeating-linear-gradient(45deg, transparent 0 4px, var(--cm-edge) 4px 5px); }
.signed, .drag { --zero: 50%; }
.bar.drag { margin: 0 8px; height: 24px; }
.drag i { margin: 5px 0; }
.drag input { position: absolute; inset: 0 -8px; width: calc(100% + 16px); margin: 0; appearance: none; background: none;
  touch-action: pan-y; }
${["webkit-slider", "moz-range"].map((name) => `.drag input::-${name}-thumb { appearance: none; box-sizing: border-box; width: 16px;
  height: 22px; border: 3px solid var(--cm-accent); border-radius: 5px; background: var(--cm-paper); cursor: grab; }`).join("\n")}
.below { display: grid; grid-template-columns: minmax(0, 4fr) minmax(0, 5fr); gap: 0.6rem 1.6rem; align-items: start; margin-top: 0.8rem; }
.narrow .parts, .narrow .below { grid-template-columns: minmax(0, 1fr); }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th, td { padding: 2px 5px; text-align: right; font-weight: normal; border: 0; white-space: nowrap; }
thead th { color: var(--cm-muted); border-bottom: 1px solid var(--cm-line); }
tfoot td { border-top: 1px solid var(--cm-edge); }
.step { margin: 0 0 0.5rem; }
.plots { display: flex; flex-wrap: wrap; gap: 0.4rem 1.2rem; }
.plot .thin { stroke-width: 1.5; }`;

static values = values;
static describe = describe;
static python = python;

static fits({ logits, label }) {
  if (logits.length < LEAST) refuse(this.label, "logits", `have ${LEAST} to ${MOST} entries`, logits);
  if (label >= logits.length) refuse(this.label, "label", `be less than ${logits.length}, the number of logits`, label);
}

build() {
  const { signal } = this;
  this.lit = -1;
  this.modes = controls.choices(this, { mode: ["classes", "binary"] });
  this.counts = controls.segmented("classes", [2, 3, 4, 5], (count) => this.update({
    logits: Array.from({ length: count }, (_, k) => this.state.logits[k] ?? 0), label: Math.min(this.state.label, count - 1) }), signal);
  this.labels = controls.segmented("right class y", [0, 1, 2, 3, 4], (label) => this.update({ label }), signal);
  this.presets = controls.presets("presets", Object.keys(PRESETS), (name) =>
    this.update(PRESETS[name][Number(this.state.mode === "binary")]), signal);
  const { row } = controls;
  this.classes = h("div", {}, row(this.counts.node, this.labels.node), ...this.buildClasses());
  this.binary = h("div", {}, ...this.buildBinary());
  return [row(...this.modes.nodes), this.classes, this.binary, this.presets.node];
}

/** A slider for a field, its number beside it. */
slide(name, label, options, oninput = (value) => this.update({ [name]: value })) {
  const one = controls.slider(label, { ...options, oninput, onrefuse: (text) => this.refuseText(name, text) }, this.signal);
  return { ...one, node: h("span", { class: "pair" }, h("span", {}, label), one.range, one.box) };
}

buildClasses() {
  const { signal } = this;
  const follow = (node, k) => {
    for (const enter of ["pointerenter", "focusin"]) on(node, enter, () => { this.lit = k; this.repaint(); }, signal);
    for (const leave of ["pointerleave", "focusout"]) on(node, leave, () => { this.lit = -1; this.repaint(); }, signal);
    return node;
  };
  const all = (make) => Array.from({ length: MOST }, (_, k) => make(k));
  const part = (name, note, lines) => h("div", {}, h("div", { class: "head" }, h("b", {}, name), h("span", {}, note)),
    ...lines.map((one, k) => follow(one.node, k)));
  const line = (k, ...rest) => h("div", { class: "line" }, h("span", {}, k), ...rest);
  this.drags = all((k) => {
    const one = this.slide(`logit ${k}`, `logit ${k}`, { min: -LARGEST, max: LARGEST, step: 0.1 },
      (value) => this.update({ logits: this.state.logits.with(k, value) }));
    const bar = h("i");
    return { ...one, bar, node: line(k, h("div", { class: "bar drag" }, bar, one.range), one.box) };
  });
  const bars = (look) => all((k) => {
    const [bar, gap, value] = [h("i"), h("i", { class: "gap", hidden: true }), h("output")];
    return { bar, gap, value, node: line(k, h("div", { class: `bar ${look}` }, bar, gap), value) };
  });
  [this.shares, this.slopes, this.others] = [bars(""), bars("signed"), bars("signed")];
  this.rows = all((k) => follow(h("tr"), k));
  this.foot = h("tfoot");
  const head = h("tr", {}, ...["class", "z", "z − m", "eᶻ⁻ᵐ"].map((text) => h("th", { scope: "col" }, text)));
  const table = h("table", {}, h("thead", {}, head), h("tbody", {}, ...this.rows), this.foot);
  const loss = (name) => {
    const [bar, value] = [h("i"), h("b")];
    return { bar, value, node: h("div", { class: "step" }, `${name} = `, value, h("div", { class: "bar" }, bar)) };
  };
  this.losses = [loss("CE, cross-entropy −log p(y)"), loss("MSE, (1/K) Σ (p − t)²")];
  [this.sum, this.entropy, this.warning] = ["step", "step", "muted"].map((look) => h("div", { class: look }));
  const range = h("input", { type: "range", "aria-label": "scale s, on a logarithmic scale", min: -2, max: 3, step: 0.05 });
  on(range, "input", () => this.update({ scale: Number((10 ** range.value).toPrecision(3)) }), signal);
  const box = controls.field("scale s, as a number", { min: 0.01, max: 1000, oninput: (scale) => this.update({ scale }),
    onrefuse: (text) => this.refuseText("scale", text) }, signal);
  this.temperature = h("span", { class: "muted" });
  this.scale = { range, box };
  this.shift = this.slide("shift", "shift c", { min: -1000, max: 1000, step: 10 });
  return [
    h("div", { class: "parts" }, part("logits a", "drag the handles", this.drags),
      part("p = softmax(z)", "hatched: missing to 1", this.shares), part("∂CE/∂z = p − t", "t: 1 at y, else 0", this.slopes),
      part("∂MSE/∂z", "to the same scale", this.others)),
    h("div", { class: "below" }, table, h("div", {}, this.sum, this.entropy, ...this.losses.map(({ node }) => node), this.warning)),
    controls.row(this.shift.node, h("span", { class: "pair" }, h("span", {}, "scale s"), range, box.node), this.temperature)];
}

buildBinary() {
  const { signal } = this;
  this.targets = controls.choices(this, { target: [1, 0] });
  this.logit = this.slide("logit", "logit z", { min: -LARGEST, max: LARGEST, step: 0.1 });
  const make = (label, y) => plot({ label, x: SHOWN, y, xlabel: "z", onpick: (z) => this.update({ logit: round(z) }) }, signal);
  this.curves = make("both losses over z, with their tangents", [-0.4, 6]);
  this.rates = make("the slopes of both losses over z", [-1.15, 1.15]);
  const both = (one) => ["", "second dash"].map(one.curve);
  [this.lossLines, this.slopeLines] = [both(this.curves), both(this.rates)];
  this.tangents = ["accent thin", "accent thin dash"].map(this.curves.curve);
  this.spot = this.curves.spot("second");
  this.dots = ["", "second"].map(this.rates.spot);
  const tags = (one) => [one.text(), one.text("second")];
  [this.lossTags, this.slopeTags] = [tags(this.curves), tags(this.rates)];
  this.knob = this.curves.handle({ label: "z, the logit", range: { x: [-LARGEST, LARGEST] }, onmove: (logit) => this.update({ logit }) });
  this.reading = h("div", { class: "formula" });
  const drawn = (one, words) => h("div", {}, h("div", { class: "caption" }, words), one.node);
  return [controls.row(this.targets.nodes[0], this.logit.node),
    h("div", { class: "plots" }, drawn(this.curves, "losses, and their tangents at z"), drawn(this.rates, "slopes: the gradient of z")),
    this.reading];
}

paint(state, v) {
  const binary = state.mode === "binary";
  this.modes.set(state);
  this.classes.hidden = binary;
  this.binary.hidden = !binary;
  const fields = (name) => PRESETS[name][Number(binary)];
  this.presets.set(Object.keys(PRESETS).find((name) => fields(name) &&
    Object.entries(fields(name)).every(([key, value]) => String(state[key]) === String(value))));
  this.presets.node.lastChild.hidden = binary;
  if (binary) this.paintBinary(state, v);
  else this.paintClasses(state, v);
}

/** A bar from 0 to x, −1 to 1, in the middle of its box or, where `from` is 0, on the left. */
bar(node, x, from = 50, to = 50) {
  node.style.left = `${from + Math.min(0, x) * to}%`;
  node.style.width = `${Math.abs(x) * to}%`;
  node.style.background = theme.css(this.ramps.diverging(x));
}

paintClasses({ logits, label, scale, shift }, v) {
  const count = logits.length;
  this.classes.classList.toggle("narrow", this.room < 520);
  this.classes.classList.toggle("wide", this.room > 800);
  this.counts.set(count);
  this.labels.set(label);
  this.labels.node.querySelectorAll("label").forEach((one, k) => (one.hidden = k >= count));
  for (let k = 0; k < MOST; k++) {
    const lines = [this.drags, this.shares, this.slopes, this.others].map((part) => part[k]);
    for (const node of [...lines.map((one) => one.node), this.rows[k]]) {
      node.hidden = k >= count;
      node.classList.toggle("lit", k === this.lit);
      node.classList.toggle("right", k === label);
    }
    if (k >= count) continue;
    const [drag, share, slope, other] = lines;
    const name = k === label ? `${k}✓` : String(k);
    for (const { node } of lines) node.firstChild.textContent = name;
    drag.set(logits[k]);
    this.bar(drag.bar, logits[k] / LARGEST);
    this.bar(share.bar, v.p[k], 0, 100);
    share.gap.hidden = k !== label;
    Object.assign(share.gap.style, { left: `${100 * v.p[k]}%`, width: `${-100 * v.gradient[label]}%` });
    share.value.textContent = few(v.p[k]);
    for (const [one, x] of [[slope, v.gradient[k]], [other, v.mse_gradient[k]]]) {
      this.bar(one.bar, x);
      one.value.textContent = told(x);
    }
    const cells = [told(v.z[k]), told(v.shifted[k]), few(v.exponentials[k])].map((text) => h("td", {}, text));
    this.rows[k].replaceChildren(h("th", { scope: "row" }, name), ...cells);
  }
  const foot = ["", `m = ${told(v.largest)}`, "", `Σ = ${told(v.total)}`].map((text) => h("td", {}, text));
  this.foot.replaceChildren(h("tr", {}, ...foot));
  const [lse, own] = [told(v.log_sum_exp), v.z[label] < 0 ? `(${told(v.z[label])})` : told(v.z[label])];
  this.sum.replaceChildren("log Σ eᶻ = m + log Σ eᶻ⁻ᵐ", h("span", {}, `= ${told(v.largest)} + ${told(v.log_total)} = ${lse}`));
  this.entropy.replaceChildren("−log p(y) = log Σ eᶻ − z(y)", h("span", {}, `= ${lse} − ${own} = ${told(v.cross_entropy)}`));
  const most = Math.max(2, v.cross_entropy);
  [v.cross_entropy, v.mse].forEach((loss, k) => {
    this.losses[k].value.textContent = told(loss);
    this.bar(this.losses[k].bar, loss / most, 0, 100);
  });
  this.warning.textContent = `Both bars end at ${told(most)}.` +
    (v.overflows ? ` Without the shift by m, eᶻ overflows to ∞ for ${v.overflows} of ${count} classes, and ∞/∞ is no number.` : "") +
    (v.underflows ? ` eᶻ⁻ᵐ is rounded to 0 for ${v.underflows}: the logarithm of such a p would be −∞.` : "");
  this.shift.set(shift);
  this.scale.range.value = Math.log10(scale);
  this.scale.range.setAttribute("aria-valuetext", number(scale));
  this.scale.box.set(scale);
  this.temperature.textContent = `z = s·a + c, temperature T = 1/s = ${few(v.temperature)}`;
}

paintBinary({ logit, target }, v) {
  this.targets.set({ target });
  this.logit.set(logit);
  const width = Math.min(460, this.room > 560 ? (this.room - 24) / 2 : this.room - 8);
  const places = Array.from({ length: 161 }, (_, k) => ((k - 80) / 80) * SHOWN[1]);
  const trace = (name) => places.map((z) => [z, BINARY[name](z, target)]);
  for (const one of [this.curves, this.rates]) one.frame(width);
  ["bce", "half_square"].forEach((name, k) => {
    this.lossLines[k].update(trace(name));
    this.slopeLines[k].update(trace(`${name}_slope`));
    const [loss, slope] = [v[name], v[`${name}_slope`]];
    this.tangents[k].update([[logit - 30, loss - 30 * slope], [logit + 30, loss + 30 * slope]]);
    this.dots[k].update(logit, slope);
  });
  this.spot.update(logit, v.half_square);
  this.knob.update(logit, v.bce, `z = ${number(logit)}, cross-entropy ${told(v.bce)}, slope ${told(v.bce_slope)}`);
  const side = target ? -1 : 1; // where the answer is wrong
  this.lossTags[0].update(5 * side, BINARY.bce(5 * side, target), "cross-entropy", -10 * side, 4, target ? "start" : "end");
  this.lossTags[1].update(9.5 * side, 0.5, "½(p − y)²", 0, -6, target ? "start" : "end");
  this.slopeTags[0].update(9.5 * side, side, "p − y", 0, target ? -6 : 16, target ? "start" : "end");
  this.slopeTags[1].update(9.5 * side, 0, "(p − y) p (1 − p)", 0, target ? -6 : 16, target ? "start" : "end");
  const p = few(v.binary_p);
  this.reading.replaceChildren(`p = ${p}. Cross-entropy ${told(v.bce)}, slope p − y = `, h("b", {}, told(v.bce_slope)),
    `. ½(p − y)² = ${told(v.half_square)}, slope (p − y) p (1 − p) = `, h("b", {}, told(v.half_square_slope)),
    `: the sigmoid's slope, p (1 − p) = ${few(v.sigmoid_slope)}, times that of cross-entropy.`);
}
}

cnnmath.register(LossExplorer);
})(globalThis.cnnmath);
