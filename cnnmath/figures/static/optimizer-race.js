/* OptimizerRace: six optimisers from one start on one surface, and every term of one of their steps. */
(function (cnnmath) {
"use strict";
const { controls, h, number, on, plot, refuse, svg, told } = cnnmath;
const { REACH, BOUND, surfaces, optimizers, list, above } = cnnmath.race;

const FRAME = 40; // ms a step lasts while running
const MARK = 6; // px, half the size of a mark
// What a click on a surface sets, and the factor between two of its contour lines.
const PRESETS = {
  bowl: [2, { start: [-2.5, 1.5], lr: 0.2, adaptive_lr: 0.1, steps: 60 }],
  valley: [2, { start: [-2.5, 1], lr: 0.06, adaptive_lr: 0.1, steps: 60 }],
  tilted_valley: [2, { start: [-2.5, -1], lr: 0.06, adaptive_lr: 0.1, steps: 60 }],
  saddle: [1.5, { start: [2, 0.05], lr: 0.1, adaptive_lr: 0.1, steps: 60 }],
  rosenbrock: [4, { start: [-1.2, 1], lr: 0.0008, adaptive_lr: 0.2, steps: 200 }],
  cnn: [1.25, { start: [0, 2], lr: 0.05, adaptive_lr: 0.05, steps: 120 }],
};
const DASHES = ["none", "9 3", "2 3", "9 3 2 3", "5 2", "14 4"];
const ring = (count, turn) => Array.from({ length: count }, (_, k) => ((k + turn) / count) * 2 * Math.PI)
  .map((t) => [Math.cos(t), Math.sin(t)]);
const star = (points) => points.map(([x, y], k) => (k % 2 ? [0.4 * x, 0.4 * y] : [x, y]));
/** The mark of each optimiser, as corners in units of its size: it tells them apart without colour, as the dashes do. */
const MARKS = [ring(16, 0), ring(4, 0.5), ring(3, 0.75), ring(4, 0), star(ring(8, 0)), star(ring(10, 2.5))];

let serial = 0;

const raised = (n) => [...String(n)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("");
const heads = (...texts) => texts.map((text) => h("th", { scope: "col" }, text));
const brief = (loss) => (loss > 0 && loss < 1e-9 ? "< 10⁻⁹" : number(loss));
const signed = (x) => (x < 0 ? `(${number(x)})` : number(x));

class OptimizerRace extends cnnmath.Figure {
static tag = "cnnmath-optimizer-race";
static label = "OptimizerRace";
static fields = {
  surface: ["choice", "valley", Object.keys(surfaces)], start: ["list", [-2.5, 1], 2, "real", -REACH, REACH],
  lr: ["real", 0.06, 0.0001, 4], adaptive_lr: ["real", 0.1, 0.0001, 4], momentum: ["real", 0.9, 0, 0.99],
  beta1: ["real", 0.9, 0, 0.99], beta2: ["real", 0.99, 0, 0.9999], weight_decay: ["real", 0.1, 0, 1],
  steps: ["integer", 60, 1, 200], step: ["integer", 4, 1, 200], optimizer: ["choice", "momentum", optimizers],
};
static css = `${plot.css}
:host { --o0: var(--cm-ink); --o1: #b84a00; --o2: #245fae; --o3: #1a6b3c; --o4: #a3246f; --o5: #6a5200; }
:host([data-scheme="dark"]) { --o1: #ff9e4a; --o2: #8cb9f5; --o3: #6fcf97; --o4: #f08bc4; --o5: #e3cf6b; }
${DASHES.map((dash, k) => `.o${k} { color: var(--o${k}); stroke-dasharray: ${dash}; }`).join("\n")}
.plot .rest { stroke-width: 1.2; opacity: 0.55; } .plot .chosen { stroke-width: 3.5; }
.mark { fill: currentColor; stroke: var(--cm-paper); stroke-width: 1; stroke-dasharray: none; }
.plot .least { stroke: var(--cm-ink); } .map .axes path { display: none; }
.map canvas { position: absolute; } .map svg { position: relative; cursor: crosshair; }
.sides { display: flex; flex-wrap: wrap; gap: 0.4rem 1.2rem; align-items: flex-start; }
.sides > :last-child { flex: 1 1 15rem; min-width: 0; } .caption, .fate { contain: inline-size; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { padding: 1px 3px; text-align: right; font-weight: normal; border: 0; }
thead th { color: var(--cm-muted); border-bottom: 1px solid var(--cm-line); vertical-align: bottom; }
th:first-child { text-align: left; white-space: nowrap; }
tr.on > * { background: var(--cm-accent-soft); box-shadow: inset 0 1px var(--cm-accent), inset 0 -1px var(--cm-accent); }
th label { display: flex; align-items: center; gap: 0.45rem; cursor: pointer; min-height: 26px; }
th input { accent-color: var(--cm-accent); }
th svg { fill: none; stroke: currentColor; stroke-width: 2.5; flex: none; }
.fate { margin: 0.4rem 0; min-height: 3em; font-size: 0.92rem; }
.terms :is(th, td) { text-align: left; padding-right: 9px; overflow-wrap: anywhere; }
.terms .last > * { border-top: 1px solid var(--cm-edge); font-weight: bold; }
.sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.3rem 1.2rem; margin: 0.7rem 0; }
.pair { display: grid; grid-template-columns: 1fr 6rem auto; }
.narrow .sliders { grid-template-columns: 1fr; } .narrow .terms tr { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.narrow .terms tr > :first-child { grid-column: 1 / 3; }`;

static values = cnnmath.race.values;
static describe = cnnmath.race.describe;
static python = cnnmath.race.python;
static fits({ start }) {
  if (start.length !== 2) refuse(this.label, "start", "hold two numbers", start);
}

build() {
  const { signal } = this;
  const range = [-REACH, REACH];
  const move = (...to) => this.update({ start: to.map((x) => Math.round(20 * x) / 20 + 0) });
  this.map = plot({ label: "contours of the loss, and the paths of six optimisers", x: range, y: range, equal: true,
    xlabel: "θ₁", ylabel: "θ₂", onpick: move }, signal);
  this.heat = cnnmath.picture("the loss: lines of equal height");
  this.map.node.prepend(this.heat.node);
  this.map.node.classList.add("map");
  this.least = [0, 1].map(() => this.map.curve("least"));
  this.lines = optimizers.map((_, k) => [`o${k} rest`, `o${k}`].map((look) => this.map.curve(look)));
  this.spots = optimizers.map((_, k) => this.map.curve(`o${k} mark`));
  this.knob = this.map.handle({ label: "start: drag, or arrow keys", range: { x: range, y: range }, step: 0.05, onmove: move });
  this.fall = plot({ label: "loss after each step, on a logarithmic scale", x: [0, 60], y: [-2, 1], ratio: 0.5,
    xlabel: "step", ylabel: "loss L", xtext: (t) => (Number.isInteger(t) ? t : ""),
    ytext: (k) => (Number.isInteger(k) ? number(10 ** k).replace("1×", "") : "") }, signal);
  this.now = this.fall.segment("quiet");
  this.falls = optimizers.map((_, k) => this.fall.curve(`o${k}`));
  this.fates = h("div", { class: "fate" });
  this.caption = h("div", { class: "caption" });
  [this.head, this.termsHead, this.terms] = [h("tr"), h("tr"), h("tbody")];
  const group = `cm-race-${++serial}`;
  this.rows = optimizers.map((name, k) => this.row(name, k, group));
  const table = (look, head, body) => h("table", { class: look }, h("thead", {}, head), body);
  const legend = table("", this.head, h("tbody", {}, ...this.rows.map(({ node }) => node)));

  const titles = Object.values(surfaces).map(({ title }) => title);
  this.presets = controls.presets("surfaces", titles, (title) => {
    const surface = Object.keys(surfaces)[titles.indexOf(title)];
    this.update({ surface, ...PRESETS[surface][1] });
  }, signal);
  const slide = (field, label, max, step = 0.01, min = 0) => this.slide(field, label, { min, max, step });
  this.sliders = [this.slide("lr", "η of SGD, momentum, Nesterov", { min: 0.0001, max: 4, log: true }),
    this.slide("adaptive_lr", "η of RMSprop, Adam, AdamW", { min: 0.0001, max: 4, log: true }),
    slide("momentum", "momentum μ", 0.99), slide("beta1", "β₁ of Adam, AdamW", 0.99),
    slide("beta2", "β₂, and α of RMSprop", 0.999, 0.001),
    slide("weight_decay", "weight decay λ of AdamW", 1), slide("steps", "steps", 200, 1, 1)];
  this.at = slide("step", "shown step t", 200, 1, 1);
  this.go = controls.button("▶ Run", () => (this.timer ? this.stop() : this.run()), signal);
  this.body = h("div", {}, this.presets.node,
    h("div", { class: "sides" }, h("div", {}, this.map.node, this.caption), h("div", {}, legend, this.fates, this.fall.node)),
    controls.row(this.go.node, this.at.node), table("terms", this.termsHead, this.terms),
    h("div", { class: "sliders" }, ...this.sliders.map(({ node }) => node)));
  return [this.body];
}

/** A row of the table, which is also the legend: pointing shows the optimiser's terms, choosing keeps them. */
row(name, k, group) {
  const { signal } = this;
  const radio = h("input", { type: "radio", name: group, value: name, "aria-label": `show the terms of ${name}` });
  on(radio, "change", () => this.pick({ optimizer: name }), signal);
  const corners = MARKS[k].map(([x, y]) => `${MARK * x} ${-MARK * y}`).join("L");
  const sample = svg("svg", { viewBox: "-19 -8 38 16", width: 38, height: 16 },
    svg("path", { d: "M-19 0H19", class: `o${k}` }), svg("path", { d: `M${corners}Z`, class: `o${k} mark` }));
  const [now, end] = [h("td"), h("td")];
  const node = h("tr", {}, h("th", { scope: "row" }, h("label", {}, radio, sample, name)), now, end);
  on(node, "pointerenter", () => this.point({ optimizer: name }), signal);
  on(node, "pointerleave", () => this.point(null), signal);
  return { node, radio, now, end };
}

/** A slider with its number field; where `log`, the slider's place is the logarithm. */
slide(field, label, { min, max, step = 0.02, log }) {
  const to = log ? Math.log10 : Number;
  const from = log ? (x) => Math.max(min, Math.min(max, Number((10 ** x).toPrecision(3)))) : Number;
  const give = (value) => { if (field === "step") this.stop(); this.update({ [field]: value }); };
  const range = h("input", { type: "range", "aria-label": label, min: to(min), max: to(max), step });
  on(range, "input", () => give(from(Number(range.value))), this.signal);
  const onrefuse = (text) => this.refuseText(field, text);
  const box = controls.field(`${label}, as a number`, { min, max, oninput: give, onrefuse }, this.signal);
  const set = (value, most) => {
    if (most) range.max = most;
    range.value = to(value);
    if (log) range.ariaValueText = number(value);
    box.set(value);
  };
  return { node: h("span", { class: "pair" }, h("span", {}, label), range, box.node), field, set };
}

run() {
  const { steps } = this.state;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return void this.update({ step: steps });
  let step = 0;
  const next = () => {
    if (step && this.state.step !== step) return this.stop(); // set from elsewhere
    this.timer = step < steps ? setTimeout(next, FRAME) : null;
    this.update({ step: step < steps ? ++step : steps });
  };
  next();
}

stop() {
  clearTimeout(this.timer);
  this.timer = null;
  this.repaint();
}

restart() { this.stop(); this.pick({}); }

paint(state, values) {
  const { view } = this;
  const chosen = this.over?.optimizer ?? state.optimizer;
  this.body.classList.toggle("narrow", this.room < 560);
  this.paintMap(state, values, chosen);
  this.paintTable(state, values, view, chosen);
  this.paintFall(state, values);
  this.paintTerms(state, view, chosen);
  this.presets.set(surfaces[state.surface].title);
  this.sliders.forEach((one) => one.set(state[one.field]));
  this.at.set(Math.min(state.step, state.steps), state.steps);
  this.go.node.textContent = this.timer ? "❚❚ Stop" : "▶ Run";
}

paintMap({ surface, start, step, steps }, { paths, losses, minima }, chosen) {
  const { map } = this;
  map.frame(Math.min(this.room, this.room < 560 ? 420 : 0.48 * this.room, 430));
  const clip = map.node.querySelector("clipPath rect");
  const [left, top, size] = ["x", "y", "width"].map((name) => Number(clip.getAttribute(name)));
  this.paintHeat(surface, left, top, Math.round(size));
  const unit = (2 * REACH) / size; // of the axes, in a px
  const cross = ([x, y]) => [[x - 5 * unit, y], [x + 5 * unit, y], [x, NaN], [x, y - 5 * unit], [x, y + 5 * unit]];
  this.least.forEach((mark, k) => (minima[k] ? mark.update(cross(minima[k])) : mark.hide()));
  paths.forEach((path, k) => {
    const t = Math.min(step, steps);
    const [whole, done] = this.lines[k];
    whole.update(path);
    done.update(path.slice(0, t + 1));
    done.node.classList.toggle("chosen", optimizers[k] === chosen);
    const [x, y] = path[t];
    this.spots[k].update([...MARKS[k], MARKS[k][0]].map(([a, b]) => [x + MARK * unit * a, y + MARK * unit * b]));
  });
  this.knob.update(...start, `start (${list(start)}), loss ${told(losses[0][0])}`);
}

/** Bands of the loss, a line where one meets the next. */
paintHeat(surface, left, top, size) {
  const dark = this.dataset.scheme === "dark";
  const key = [surface, dark, left, top, size].join();
  if (this.heat.key === key) return;
  this.heat.key = key;
  Object.assign(this.heat.node.style, { left: `${left}px`, top: `${top}px` });
  const [ratio] = PRESETS[surface];
  const data = new Float64Array(size * size);
  const at = (k) => ((k + 0.5) / size) * 2 * REACH - REACH;
  const band = (x, y) => Math.max(-60, Math.floor(Math.log(surfaces[surface].loss(x, y)) / Math.log(ratio)));
  for (let k = 0; k < data.length; k++) data[k] = band(at(k % size), -at(Math.floor(k / size)));
  const high = data.reduce((a, b) => Math.max(a, b));
  const shade = (one) => this.ramps.grey(Math.abs((dark ? 0 : 1) - 0.22 * Math.max(0, 1 - (high - one) / 12)));
  const line = this.ramps.grey(dark ? 0.32 : 0.68);
  this.heat.update({ rows: size, cols: size, data }, (one, k) =>
    ((k % size && one !== data[k - 1]) || (k >= size && one !== data[k - size]) ? line : shade(one)));
  this.caption.textContent = `Drag the circle: the start. From line to line the loss changes by the factor ${ratio}; ` +
    `${dark ? "lighter" : "darker"} is higher. A cross marks a minimum.`;
}

paintTable(state, { losses, taken, left, limits }, view, chosen) {
  const { steps, lr } = state;
  const t = Math.min(state.step, steps);
  this.head.replaceChildren(...heads("loss L after step", t, steps));
  this.rows.forEach(({ node, radio, now, end }, k) => {
    const gone = (step) => left[k] && step >= taken[k];
    radio.checked = optimizers[k] === state.optimizer;
    node.classList.toggle("on", optimizers[k] === chosen);
    now.textContent = gone(t) ? "—" : brief(losses[k][t]);
    end.textContent = left[k] ? `left at ${taken[k]}` : brief(losses[k][steps]);
  });
  const fled = optimizers.filter((_, k) => left[k]);
  const parts = [];
  if (surfaces[state.surface].quadratic) {
    const over = above(state, limits);
    const [sgd, heavy, ahead] = limits.map(number);
    parts.push(`η must be below 2/λₘₐₓ = ${sgd} for SGD, ${heavy} with momentum, ${ahead} for Nesterov. `);
    if (over.length) parts.push(h("b", {}, `η = ${number(lr)} is not: ${over.join(", ")} cannot converge. `));
  } else {
    parts.push(`Where the shown step begins, λₘₐₓ = ${number(view.curvatures[1])}` +
      `${view.limits ? `: a quadratic like this would ask SGD for η < ${number(view.limits[0])}` : ""}. `);
  }
  if (fled.length) parts.push(h("b", {}, `${fled.join(", ")} diverged: the path ends where it left ±${BOUND}.`));
  this.fates.replaceChildren(...parts);
}

paintFall({ step, steps }, { losses }) {
  const size = (loss) => (loss > 0 ? Math.log10(loss) : NaN);
  const heights = losses.map((run) => run.map((loss, t) => [t, size(loss)]));
  const first = size(losses[0][0]);
  const seen = heights.flat().map(([, y]) => y).filter(Number.isFinite);
  const low = Math.max(-8, Math.floor(Math.min(...seen, first || 0)));
  const high = Math.min(Math.ceil(Math.max(...seen, low + 1)), Math.ceil(first || 0) + 2);
  const right = this.room < 560 ? this.room : this.room - Math.min(430, 0.48 * this.room) - 22;
  this.fall.frame(Math.min(420, right), [0, steps], [low, Math.max(high, low + 1)]);
  this.falls.forEach((curve, k) => curve.update(heights[k]));
  const t = Math.min(step, steps);
  this.now.update([t, low], [t, 40]);
}

/** The rule of the chosen optimiser, line by line, with the numbers of both weights. */
paintTerms({ lr, adaptive_lr, momentum: mu, beta1, beta2, weight_decay }, v, chosen) {
  const own = ["SGD", "momentum", "Nesterov"].includes(chosen);
  const [eta, t] = [number(own ? lr : adaptive_lr), v.step];
  const mix = (name, beta, term, square = "") => [name,
    (k) => `${number(beta)} · ${signed(v[`${term}_before`][k])} + ${told(1 - beta)} · ${signed(v.gradient[k])}${square}`, term];
  const velocity = ["v = μ v + g", (k) => `${number(mu)} · ${signed(v.velocity_before[k])} + ${signed(v.gradient[k])}`, "velocity"];
  const lookAhead = ["d = g + μ v", (k) => `${signed(v.gradient[k])} + ${number(mu)} · ${signed(v.velocity[k])}`, "direction"];
  const unbias = (name, beta, from, to) => [name, (k) => `${number(v[from][k])} / (1 − ${number(beta)}${raised(t)})`, to];
  const adam = [mix("m = β₁ m + (1 − β₁) g", beta1, "mean"), mix("s = β₂ s + (1 − β₂) g²", beta2, "square", "²"),
    unbias("m̂ = m / (1 − β₁ᵗ)", beta1, "mean", "mean_hat"), unbias("ŝ = s / (1 − β₂ᵗ)", beta2, "square", "square_hat"),
    ["d = m̂ / (√ŝ + ε)", (k) => `${number(v.mean_hat[k])} / (√${number(v.square_hat[k])} + ε)`, "direction"]];
  const lines = { SGD: [], momentum: [velocity], Nesterov: [velocity, lookAhead],
    RMSprop: [mix("s = α s + (1 − α) g²", beta2, "square", "²"),
      ["d = g / (√s + ε)", (k) => `${number(v.gradient[k])} / (√${number(v.square[k])} + ε)`, "direction"]],
    Adam: adam, AdamW: [...adam, ["−η λ θₜ₋₁", (k) => `−${eta} · ${number(weight_decay)} · ${signed(v.point[k])}`, "decay"]] }[chosen];
  const along = { SGD: "g", momentum: "v" }[chosen] ?? "d";
  const change = [`Δ = −η ${along}${v.decay ? " − η λ θₜ₋₁" : ""}`,
    (k) => `−${eta} · ${signed(v.direction[k])}${v.decay ? ` + ${signed(v.decay[k])}` : ""}`, "change"];
  const end = v.paths[optimizers.indexOf(chosen)][t];
  const all = [["θₜ₋₁", () => "", "point"], ["g = ∇L(θₜ₋₁)", () => "", "gradient"], ...lines, change];
  const both = (name, text) => [name, text(0), text(1)];
  const rows = all.map(([name, how, term]) => both(name, (k) => `${how(k)}${how(k) && " = "}${number(v[term][k])}`));
  rows.push(both("θₜ = θₜ₋₁ + Δ", (k) => `${number(v.point[k])} + ${signed(v.change[k])} = ${number(end[k])}`));
  this.termsHead.replaceChildren(...heads(`step ${t} of ${chosen}`, "θ₁", "θ₂"));
  this.terms.replaceChildren(...rows.map(([name, ...cells], k) => h("tr", { class: k === rows.length - 1 && "last" },
    h("th", { scope: "row" }, name), ...cells.map((text) => h("td", {}, text)))));
}
}

cnnmath.register(OptimizerRace);
})(globalThis.cnnmath);
