/* BackpropWalk: the running example through a small network and back, number by number, then one step. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, told, literal, rowsText, on, RIDGE } = cnnmath;

const GIVEN = { I: "image", K: "kernel", b: "bias", W: "linear", c: "linear_bias" };
const SHAPES = { I: [5, 5], K: [3, 3], b: [1, 1], W: [2, 4], c: [2, 1], O: [3, 3], A: [3, 3], M: [2, 2], z: [2, 1], p: [2, 1], L: [1, 1],
  winners: [2, 2], y: [2, 1] };
// The arrays that each stage computes. dK is ∂L/∂K, and K1 is K after the step.
const STAGES = {};
for (const names of "O A M z p L dz dW,dc dM dA dO dK,db dI".split(" ")) STAGES[names.slice(0, 2)] = names.split(",");
Object.assign(STAGES, { update: ["K1", "b1", "W1", "c1"], again: ["O1", "A1", "M1", "z1", "p1", "L1"] });
const NAMES = Object.keys(STAGES);
const CHIPS = ["I ⋆ K + b", "ReLU", "max", "W m + c", "softmax", "−log p",
  ...NAMES.slice(6, 13).map((name) => spelled(`⇠ ${STAGES[name]}`)), "update", "forward again"];
// The graph: a sign and an array, and below them a sign of the way back and a gradient.
const PARTS = [
  [["", "I", "", "dI"], ["⋆", "K", "", "dK"], ["+", "b", "", "db"]],
  [["=", "O", "⇠", "dO"], ["→", "A", "⇠", "dA"], ["→", "M", "⇠", "dM"]],
  [["M →", "W", "dM ⇠", "dW"], ["· m +", "c", "", "dc"]],
  [["=", "z", "⇠", "dz"], ["softmax →", "p", "⇠ p − y", "y"], ["−log →", "L"]],
];
const CAPTIONS = { A: " = ReLU(O)", M: " = max A" };
const rows = (...row) => RIDGE.map(() => row);
const IMAGES = { ridge: RIDGE, ramp: rows(4, 3, 2, 1, 0), "step down": rows(3, 3, 3, 0, 0), "step up": rows(0, 0, 3, 3, 3) };
const WINDOWS = [0, 1, 3, 4].map((at) => [at, at + 1, at + 3, at + 4]); // places in A
const TAPS = []; // [r, t, q]: O[r] reads I[q] with the weight K[t]
math.eachTap(math.matrix(5, 5), math.matrix(3, 3), 1, 0, (...tap) => TAPS.push(tap));

function spelled(text) { return text.replace(/d(?=[IKbOAMWcz]\b)/g, "∂L/∂").replace(/1$/, "′").replace(",", ", "); }
const split = (name) => (name.endsWith("1") ? [name[0], "1"] : [name, ""]);
const root = (name) => name.replace(/^d|1$/, "");
const stageOf = (name) => NAMES.findIndex((stage) => STAGES[stage].includes(name)); // −1 for what is given
const range = (length) => Array.from({ length }, (_, k) => k);
const all = (name) => range(SHAPES[root(name)][0] * SHAPES[root(name)][1]);
const numbers = (v, name) => v[name].data ?? [v[name]];
const sum = (list, f) => list.reduce((total, x) => total + f(x), 0);
const placesOf = (stage) => STAGES[stage].flatMap((name) => all(name).map((k) => [name, k]));
const numberOf = ({ stage, cell }) => placesOf(stage).slice(0, cell + 1).at(-1);

function symbol(name, k) {
  const [rows, cols] = SHAPES[root(name)];
  return spelled(name) + (rows === 1 ? "" : `[${cols === 1 ? k : math.place(k, cols).join(", ")}]`);
}

/** The products whose sum is the k-th number of an array, their factors as [array, place]. */
function productsOf(name, k, winners) {
  const [one, end] = split(name);
  const taps = (which, x, from, y, by) => TAPS.filter((tap) => tap[which] === k).map((tap) => [[x, tap[from]], [y, tap[by]]]);
  return {
    O: () => [...taps(0, "I", 2, `K${end}`, 1), [[`b${end}`, 0]]],
    z: () => [...range(4).map((l) => [[`W${end}`, 4 * k + l], [`M${end}`, l]]), [[`c${end}`, k]]],
    dW: () => [[["dz", k >> 2], ["M", k % 4]]],
    dc: () => [[["dz", k]]],
    dM: () => range(2).map((n) => [["W", 4 * n + k], ["dz", n]]),
    dA: () => range(4).filter((r) => winners[r] === k).map((r) => [["dM", r]]),
    dK: () => taps(1, "dO", 0, "I", 2),
    db: () => range(9).map((r) => [["dO", r]]),
    dI: () => taps(2, "dO", 0, "K", 1),
  }[one]?.();
}

function values(state) {
  const { label, eta } = state;
  const a = {};
  const times = (refs) => refs.reduce((x, [name, k]) => x * a[name][k], 1);
  const add = (name) => (a[name] = all(name).map((k) => sum(productsOf(name, k, a.winners), times)));
  for (const name in GIVEN) a[name] = [state[GIVEN[name]]].flat(2);

  const forward = (end) => {
    const put = (name, x) => (a[name + end] = x);
    const O = put("O", add(`O${end}`).map((x) => Math.round(x * 1e12) / 1e12)); // sums that are equal on paper tie
    const A = put("A", O.map((x) => Math.max(0, x)));
    put("M", WINDOWS.map((window) => Math.max(...window.map((q) => A[q]))));
    const z = add(`z${end}`);
    const top = Math.max(...z);
    const whole = sum(z, (x) => Math.exp(x - top));
    put("p", z.map((x) => Math.exp(x - top) / whole));
    put("L", [Math.log(whole) + top - z[label]]);
  };
  forward("");
  a.winners = WINDOWS.map((window, r) => window.find((q) => a.A[q] === a.M[r]));
  a.y = range(2).map((k) => Number(k === label));
  a.dz = a.p.map((p, k) => p - a.y[k]);
  for (const name of ["dW", "dc", "dM", "dA"]) add(name);
  a.dO = a.O.map((x, r) => (x > 0 ? a.dA[r] : 0));
  for (const name of ["dK", "db", "dI"]) add(name);
  for (const name of STAGES.update) a[name] = a[root(name)].map((x, k) => x - eta * a[`d${root(name)}`][k]);
  forward("1");
  const norm2 = sum([a.dK, a.db, a.dW, a.dc].flat(), (d) => d * d);
  const v = Object.entries(a).map(([name, x]) => [name, x.length > 1 ? math.matrix(...SHAPES[root(name)], Float64Array.from(x)) : x[0]]);
  return { ...Object.fromEntries(v), norm2, predicted: -eta * norm2, change: a.L1[0] - a.L[0],
    rerouted: a.winners.filter((q, r) => Math.abs(a.M1[r] - (a.O[q] > 0 ? a.O1[q] : 0)) > 1e-9).length };
}

/** How the k-th number of an array is computed: text and, as [array, place], numbers. */
function piecesOf(name, k, v, { eta, label }) {
  const [one, end] = split(name);
  if (STAGES.update.includes(name)) return [[one, k], ` − (${number(eta)})(`, [`d${one}`, k], ")"];
  const at = (array, q) => [array + end, q];
  const special = {
    A: () => ["max(0, ", at("O", k), ")"],
    M: () => ["max(", ...WINDOWS[k].flatMap((q, n) => [n ? ", " : "", at("A", q)]), ")"],
    p: () => ["exp(", at("z", k), ") / (exp(", at("z", 0), ") + exp(", at("z", 1), "))"],
    L: () => ["−log(", at("p", label), ")"],
    dz: () => [["p", k], " − ", ["y", k]],
    dO: () => ["(", ["dA", k], ")[", ["O", k], " > 0]"],
  }[one];
  return special?.() ?? (productsOf(name, k, v.winners.data) ?? [])
    .flatMap((refs, n) => [n ? " + " : "", ...refs.flatMap((ref) => ["(", ref, ")"])]);
}

function fitted(x, room) {
  const texts = [9, 3, 2, 1, 0].map((digits) => told(Number(x.toFixed(digits))));
  const text = texts.find((one) => one.length <= room) ?? texts[4];
  return text === "0" && texts[0] !== "0" ? "≈0" : text;
}

class BackpropWalk extends cnnmath.Figure {
static tag = "cnnmath-backprop-walk";
static label = "BackpropWalk";
static fields = {
  image: ["matrix", RIDGE, 5, 5, 100], kernel: ["matrix", cnnmath.kernels.vertical_edge, 3, 3, 100], bias: ["real", 0, -100, 100],
  linear: ["matrix", [[0.5, 0.5, -0.25, -0.5], [-0.25, -0.25, 0.5, 0.5]], 2, 4, 100], linear_bias: ["matrix", [[0.5], [-0.5]], 2, 1, 100],
  label: ["integer", 0, 0, 1], eta: ["real", 0.001, 0, 10], stage: ["choice", "dK", NAMES], cell: ["integer", 0, 0, 26],
};
static css = `
.stages .choices { gap: 4px; border: 0; overflow: visible; }
.stages label { border: 1px solid var(--cm-edge); border-radius: 999px; }
.stages label:nth-child(n + 7):nth-child(-n + 13) { border-style: dashed; }
.walk { display: flex; flex-wrap: wrap; }
.part { display: grid; grid-auto-flow: column; grid-template-rows: 1fr 1fr; align-items: center; }
.spot { padding: 2px 1px; border: 2px solid transparent; border-radius: 6px; text-align: center; }
.spot.now { border-color: var(--cm-accent); } .spot .caption { font-size: 0.75rem; line-height: 1.25; white-space: nowrap; }
.sign { min-width: 11px; padding: 0 1px 2em; color: var(--cm-muted); white-space: nowrap; }
.cell { font-size: 12px; } .cell[style*="font-size"] { font-size: max(10px, var(--cell) * 0.28) !important; letter-spacing: -0.05em; }
.cell.ref { border: 2px solid var(--cm-accent); } .cell.use { outline: 3px double var(--cm-ink); z-index: 1; }
.rule { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.formula { min-height: 3.8em; margin: 0; } .formula .term { padding: 0; }`;

static values = values; static pieces = piecesOf;

static fits(state) {
  for (const one of "IKWc") {
    const [given, [rows, cols]] = [state[GIVEN[one]], SHAPES[one]];
    const shape = [given.length, given[0].length];
    if (`${shape}` !== `${[rows, cols]}`) cnnmath.refuse(this.label, GIVEN[one], `have ${rows} rows and ${cols} columns`, shape);
  }
}

static describe(state, v) {
  const [name, k] = numberOf(state);
  return `${symbol(name, k)} = ${told(numbers(v, name)[k])}. Loss ${told(v.L)}, after the step ${told(v.L1)}.`;
}

static python(state) {
  return `import numpy as np
from cnnmath import activations, convolution, losses, pooling

${Object.entries(GIVEN).map(([name, field]) => `${name} = np.array(${rowsText(state[field])}, dtype=float)`).join("\n")}
label, eta = ${state.label}, ${literal(state.eta)}

def forward(K, b, W, c):
    O = np.round(convolution.conv2d(I[None, None], K[None, None], b[None])[0, 0], 12)
    A = activations.relu(O)
    M = pooling.max_pool2d(A[None, None], 2, 1)[0, 0]
    z = W @ M.reshape(4, 1) + c
    return O, A, M, z, activations.softmax(z, axis=0), losses.cross_entropy(z.T, [label])

O, A, M, z, p, L = forward(K, b, W, c)
taps = pooling.max_pool2d_with_winners(A[None, None], 2, 1)[1][0, 0].astype(int)
winners = taps // 2 * 3 + taps % 2 + [[0, 1], [3, 4]]
y = np.eye(2)[:, [label]]
dz = dc = losses.cross_entropy_backward(z.T, [label]).T  # p - y
dW, dM = dz @ M.reshape(1, 4), (W.T @ dz).reshape(2, 2)
dA = pooling.max_pool2d_backward(dM[None, None], A[None, None], 2, 1)[0, 0]
dO = activations.relu_backward(dA, O)
dI, dK, db = (d.squeeze() for d in convolution.conv2d_backward(dO[None, None], I[None, None], K[None, None]))

K1, b1, W1, c1 = K - eta * dK, b - eta * db, W - eta * dW, c - eta * dc
O1, A1, M1, z1, p1, L1 = forward(K1, b1, W1, c1)
norm2 = sum(np.sum(d**2) for d in (dK, db, dW, dc))
predicted, change = -eta * norm2, L1 - L
rerouted = np.sum(np.abs(M1 - np.where(O > 0, O1, 0).ravel()[winners]) > 1e-9)`;
}

build() {
  const { signal } = this;
  const { row, button, presets, choices, segmented } = controls;
  this.restart();
  this.chips = segmented("stage", CHIPS, (text) => this.choose(STAGES[NAMES[CHIPS.indexOf(text)]][0], 0), signal);
  this.chips.node.className = "stages";
  const step = (text, by) => button(text, () => this.step(by), signal).node;
  this.spots = [];
  const walk = PARTS.map((part) => h("div", { class: "part" }, ...part.flatMap(([ahead, name, back = "", below]) => [
    ...[ahead, back].map((text) => h("div", { class: "sign" }, spelled(text))), this.spot(name), below ? this.spot(below) : ""])));
  walk.splice(2, 0, h("div", { class: "break" }));
  [this.rule, this.sum, this.result] = ["rule muted", "formula", ""].map((name) => h("div", { class: name }));
  for (const type of ["pointerover", "pointerleave"]) on(this.sum, type, ({ target }) => this.look(this.seen, target.dataset.ref), signal);
  const field = (label, name, oninput) => controls.field(label, { oninput, onrefuse: (text) => this.refuseText(name(), text) }, signal);
  this.editor = field("the chosen number", () => GIVEN[this.edited[0]], (x) => this.write(x));
  this.eta = field("learning rate η", () => "eta", (eta) => this.update({ eta }));
  this.name = h("span");
  this.images = presets("images", Object.keys(IMAGES), (name) => this.update({ image: IMAGES[name] }), signal);
  this.labels = choices(this, { label: [0, 1] });
  const pair = (name, { node }) => h("label", { class: "pair" }, name, node);
  return [this.chips.node, row(step("‹ previous number", -1), step("next number ›", 1)),
    h("div", { class: "walk" }, ...walk), this.rule, this.sum, this.result,
    row(pair("η", this.eta), ...this.labels.nodes, pair(this.name, this.editor)), this.images.node];
}

spot(name) {
  const spot = { name, shown: name, caption: h("div", { class: "caption" }) };
  const ref = (i, j) => [spot.shown, i * SHAPES[root(name)][1] + j];
  spot.grid = cnnmath.grid({ label: `${spelled(name)}: arrow keys choose a number`, onpick: (i, j) => this.choose(...ref(i, j)),
    onpoint: (i, j) => this.look(i === null ? null : ref(i, j)), onescape: () => this.look(null) }, this.signal);
  spot.node = h("div", { class: "spot" }, spot.grid.node, spot.caption);
  this.spots.push(spot);
  return spot.node;
}

restart() { this.edited = ["K", 0]; this.look(null); }

/** Show the number `seen` instead of the stage's own, and light the one called `lit`. */
look(seen, lit = "") {
  [this.seen, this.lit] = [seen, lit];
  this.repaint();
}

step(by) {
  const every = NAMES.flatMap(placesOf);
  const next = every[every.map(String).indexOf(`${numberOf(this.state)}`) + by];
  if (next) this.choose(...next);
}

/** A click on a number goes to the stage that computes it; one that is given can be changed. */
choose(name, k) {
  const stage = NAMES[stageOf(name)];
  if (name in GIVEN) this.edited = [name, k];
  this.look(null);
  if (stage) this.update({ stage, cell: placesOf(stage).map(String).indexOf(`${name},${k}`) });
}

write(x) {
  const field = GIVEN[this.edited[0]];
  const old = this.state[field];
  this.update({ [field]: old.map?.((row, m) => row.map((y, n) => (m * row.length + n === this.edited[1] ? x : y))) ?? x });
}

paint(state, v) {
  const { ramps, room, seen, lit } = this;
  const now = NAMES.indexOf(state.stage);
  const there = (name) => stageOf(name) <= now;
  const own = numberOf(state);
  const [name, k] = seen && there(seen[0]) ? seen : own;
  const pieces = piecesOf(name, k, v, state);
  const refs = (list) => list.filter(Array.isArray).map(String);
  const read = refs(pieces);
  const users = (seen ? placesOf(state.stage) : []).filter((ref) => refs(piecesOf(...ref, v, state)).includes(`${name},${k}`)).map(String);
  const size = Math.min(36, Math.floor(room < 560 ? (room - 70) / 9 : (room - 150) / 17) - 2);
  for (const spot of this.spots) {
    const { grid, node, caption } = spot;
    const one = (spot.shown = there(`${spot.name}1`) && `${spot.name}1` in v ? `${spot.name}1` : spot.name);
    const [data, [rows, cols]] = [numbers(v, one), SHAPES[root(one)]];
    const colour = one === "I" ? cnnmath.greys(data, ramps) : cnnmath.signed(data, ramps);
    const roomy = cols === 1 || "KW".includes(root(one));
    const made = STAGES[state.stage].includes(one);
    grid.resize(size + (roomy ? 6 : 0), size);
    grid.update(rows, cols, (i, j) => {
      const place = `${one},${i * cols + j}`, x = data[i * cols + j];
      const mark = place === `${name},${k}` ? "at" : place === lit ? "lit" : read.includes(place) ? "ref" : "";
      if (!there(one)) return { text: "" };
      return { text: fitted(x, roomy ? 6 : 5), fill: colour(x), marks: users.includes(place) ? `${mark} use` : mark };
    });
    const [, chosen] = [own, this.edited].find(([other]) => other === one) ?? [one, 0];
    grid.select(...math.place(chosen, cols));
    grid.node.tabIndex = made || one in GIVEN ? 0 : -1; // few stops for Tab
    node.classList.toggle("now", made);
    caption.replaceChildren(h("b", {}, spelled(one)), CAPTIONS[one] ?? "", h("br"), `${rows}\u00a0×\u00a0${cols}`);
  }

  const strong = (x) => h("b", {}, told(x));
  const term = (ref) => h("span", { class: String(ref) === lit ? "term lit" : "term", "data-ref": ref }, told(numbers(v, ref[0])[ref[1]]));
  const written = (write) => pieces.map((piece) => (Array.isArray(piece) ? write(piece) : piece));
  this.rule.textContent = `${symbol(name, k)} = ${written((ref) => symbol(...ref)).join("")}`;
  this.sum.replaceChildren(...written(term), read[0] ? " = " : "", strong(numbers(v, name)[k]),
    name === "M" ? `, first at ${symbol("A", v.winners.data[k])}` : "");

  this.result.replaceChildren("Loss ", strong(v.L), " → ", strong(v.L1), " by the step: change ", strong(v.change),
    `, first order −η‖∇L‖² = −(${number(state.eta)})(${told(v.norm2)}) = `, strong(v.predicted),
    v.rerouted ? `; ${v.rerouted} of 4 numbers of M pass a kink, which first order misses` : "");

  this.chips.set(CHIPS[now]);
  const [editing, at] = this.edited;
  this.name.textContent = `edit ${symbol(editing, at)} (choose in I, K, b, W, c)`;
  this.editor.set(numbers(v, editing)[at]);
  this.images.set(Object.keys(IMAGES).find((one) => String(IMAGES[one]) === String(state.image)));
  this.eta.set(state.eta); this.labels.set(state);
}
}

cnnmath.register(BackpropWalk);
})(globalThis.cnnmath);
