/* KernelGradient: a correlation forward and its gradients backward, every gradient with its full sum. */
(function (cnnmath) {
"use strict";
const { controls, h: node, math, number, svg, told, on } = cnnmath;
const { LOSSES, at, name, plural, verdict, values, describe, python } = cnnmath.kernelGradient;
const KERNELS = ["vertical_edge", "horizontal_edge", "sobel_x", "sharpen", "identity"];
const ROOMY = 36; // px of a cell that has room for a term's number beside the value
const [WIDTH, HEIGHT] = [250, 110]; // px of the plot

class KernelGradient extends cnnmath.Figure {
static tag = "cnnmath-kernel-gradient";
static label = "KernelGradient";
static fields = {
  image: ["matrix", cnnmath.RIDGE, 7, 7, 1000], kernel: ["matrix", cnnmath.kernels.vertical_edge, 5, 5, 1000],
  bias: ["real", 0, -1000, 1000], stride: ["integer", 1, 1, 3], padding: ["integer", 0, 0, 2],
  relu: ["flag", false], loss: ["choice", LOSSES[0], LOSSES], given: ["matrix", [[1, -2, 0], [2, 1, -1], [0, 3, 1]], 11, 11, 1000],
  of: ["choice", "image", ["image", "kernel", "bias", "output"]], cell: ["integers", [1, 1], 2, 0, 99],
  halvings: ["integer", 3, 0, 10], turn: ["flag", true],
};
static css = `
.stage { display: grid; justify-content: start; align-items: center; gap: 0.15rem 0.4rem; overflow-x: auto; padding: 3px; }
.way { grid-column: 1 / -1; color: var(--cm-muted); font-size: 0.85rem; }
.stage .panel { width: min-content; overflow: visible; padding: 0; }
.stage .caption { min-height: 2.7em; font-size: 0.8rem; line-height: 1.3; }
.stage .operator { padding-bottom: 2.2em; font-size: 1.1rem; text-align: center; }
.stage .sign { white-space: nowrap; }
.stage .tap { box-shadow: inset 0 0 0 1px var(--cm-accent); }
.small .tap, .small .lit { align-items: start; padding-top: 2px; }
.folded { gap: 0.1rem; }
.folded .operator { font-size: 0.85rem; }
.folded .end { grid-column: 1 / -1; justify-self: start; }
.folded .sign.end { display: none; }
.small .badge { right: 0; bottom: 0; font-size: 8px; line-height: 9px; padding: 0 1px; }
.spun, .spun .cell { transition: transform 400ms ease-in-out; }
.turned, .turned .cell { transform: rotate(180deg); }
.cell.kink { outline: 2px dashed var(--cm-ink); outline-offset: -4px; }
.formula { margin: 0.4rem 0 0; min-height: 3.8em; }
.no { margin-right: 2px; padding: 0 3px; border: 1px solid; border-radius: 7px; color: var(--cm-accent); font-size: 0.7rem; }
.note { min-height: 1.5em; font-size: 0.9rem; }
.nudge { display: flex; flex-wrap: wrap; gap: 0.3rem 2rem; align-items: center; }
td { padding: 0 1rem 0 0; font-size: 0.9rem; } td + td { font-weight: 600; }
svg { overflow: visible; fill: currentColor; font-size: 12px; text-anchor: middle; }
path { fill: none; stroke: var(--cm-ink); stroke-width: 1.5; }
.chord { stroke: var(--cm-accent); stroke-width: 3; stroke-dasharray: 8 5; }
.tangent { stroke: var(--cm-link); stroke-width: 3; stroke-dasharray: 2 4; }
`;

static values = values;
static describe = describe;
static python = python;

static fits(state) { cnnmath.checkFits(this.label, state); }

build() {
  const { signal } = this;
  this.term = -1; // the term pointed at in the sum
  const panel = (key, of, label, end = "") => {
    const shape = () => ["rows", "cols"].map((axis) => (this.computed[key] ?? this.computed[`d${key}`])[axis]);
    const seen = (cell) => (key === "kernel" && this.turned ? cell.map((x, axis) => shape()[axis] - 1 - x) : cell);
    const from = (axis) => (this.state.of === of ? this.computed.cell[axis] : 0);
    const grid = cnnmath.grid({ label: `${label}: arrow keys choose an entry`, onescape: () => this.point(null),
      onpick: (...cell) => this.pick({ of, cell: seen(cell) }),
      onpoint: (...cell) => { this.under = key; this.point(cell[0] === null ? null : { of, cell: seen(cell) }); },
      onmove: (...by) => this.pick({ of, cell: by.map((x, axis) => math.held(from(axis) + x, shape()[axis])) }) }, signal);
    const caption = node("div", { class: "caption" });
    this.grids.push({ key, of, grid, caption });
    return node("div", { class: `panel ${end}` }, grid.node, caption);
  };
  const sign = (text, end = "") => node("div", { class: `operator sign ${end}`, "aria-hidden": "true" }, text);
  const way = (text) => node("div", { class: "way" }, text);
  this.grids = [];
  this.meets = sign("", "end");
  this.lossLine = node("div", { class: "operator end" });
  this.stage = node("div", { class: "stage" },
    way("forward →"),
    panel("image", "image", "image I"), sign("⋆"), panel("kernel", "kernel", "kernel K"), sign("+"), panel("bias", "bias", "bias b"),
    sign("="), panel("output", "output", "output O"), this.meets, panel("given", "output", "given by the loss", "end"),
    way("← backward"),
    panel("dimage", "image", "∂L/∂I"), sign(""), panel("dkernel", "kernel", "∂L/∂K"), sign(""), panel("dbias", "bias", "∂L/∂b"), sign("⇠"),
    panel("doutput", "output", "δ"), sign("⇠", "end"), this.lossLine);
  this.kernel = this.grids[1].grid.node;
  this.kernel.classList.add("spun");
  this.formula = node("div", { class: "formula" });
  const light = (node) => { this.term = Number(node?.dataset.term ?? -1); this.repaint(); };
  on(this.formula, "pointerover", ({ target }) => light(target.closest(".term")), signal);
  on(this.formula, "pointerleave", () => light(), signal);
  this.note = node("div", { class: "note muted" });
  const slide = (label, limits, oninput) => {
    const { range, box, set } = controls.slider(label, { ...limits, oninput, onrefuse: (text) => this.refuseText(label, text) }, signal);
    const text = node("span");
    return { node: node("span", { class: "pair" }, text, range, box), range, set, text };
  };
  this.entry = slide("the chosen entry", { step: 0.25 }, (x) => this.write(x));
  this.halvings = slide("halvings of h", { min: 0, max: 10, step: 1 }, (halvings) => this.update({ halvings }));
  this.lines = { loss: svg("path", {}), tangent: svg("path", { class: "tangent" }), chord: svg("path", { class: "chord" }) };
  const words = ["w − 2h", "w − h", "w", "w + h", "w + 2h"].map((text, k) => svg("text", { x: (k * WIDTH) / 4, y: HEIGHT + 20 }, text));
  const look = { role: "img", viewBox: `-26 -6 ${WIDTH + 52} ${HEIGHT + 32}`, width: WIDTH + 52 };
  this.plot = svg("svg", look, ...Object.values(this.lines), ...words);
  this.rows = Array.from({ length: 8 }, () => node("td"));
  const table = node("table", {}, ...[0, 2, 4, 6].map((k) => node("tr", {}, this.rows[k], this.rows[k + 1])));
  this.verdict = node("div", { class: "note" });
  this.presets = cnnmath.kernelPresets(KERNELS, (kernel) => this.update({ kernel }), signal);
  this.sizes = controls.segmented("kernel size", [1, 2, 3, 4, 5], (size) => this.resizeKernel(size), signal);
  this.choices = controls.choices(this, { stride: [1, 2, 3], padding: [0, 1, 2], loss: LOSSES });
  const toggle = (text, field) => controls.button(text, () => this.update({ [field]: !this.state[field] }), signal);
  this.toggles = { relu: toggle("ReLU after O", "relu"), turn: toggle("↻ turn K for ∂L/∂I", "turn") };
  return [this.stage, this.formula, this.note, controls.row(this.entry.node, this.halvings.node),
    node("div", { class: "nudge" }, this.plot, table), this.verdict, this.presets.node,
    controls.row(this.sizes.node, ...this.choices.nodes, this.toggles.relu.node, this.toggles.turn.node)];
}

/** Give the chosen entry another value; of an output, what the loss holds against it. */
write(x) {
  const { of } = this.state;
  const { cell: [i, j], given } = this.computed;
  const rows = of === "output" ? math.toRows(given) : this.state[of];
  if (of !== "bias") rows[i][j] = x;
  this.update({ [of === "output" ? "given" : of]: of === "bias" ? x : rows });
}

/** The kernel cut to size × size, or framed by zeros. */
resizeKernel(size) {
  const { kernel } = this.state;
  const [top, left] = [kernel, kernel[0]].map(({ length }) => (length - size) >> 1);
  const cells = Array.from({ length: size }, (_, k) => k);
  this.update({ kernel: cells.map((m) => cells.map((n) => kernel[top + m]?.[left + n] ?? 0)) });
}

paint(state, values) {
  const { view: v, ramps, room } = this;
  const { of, cell } = { ...state, ...this.over, cell: v.cell };
  const [I, K] = [state.image, state.kernel].map(math.fromRows);
  const arrays = { ...v, image: I, kernel: K, bias: math.fromRows([[state.bias]]) };
  const narrow = room < 480;
  const columns = I.cols + K.cols + 1 + v.output.cols * (narrow ? 1 : 2);
  const size = math.held(Math.floor((room - (narrow ? 58 : state.relu ? 160 : 115)) / columns) - 2, 39);
  const term = this.term < v.outputs.length ? this.term : -1;
  this.stage.classList.toggle("small", size < ROOMY);
  this.stage.classList.toggle("folded", narrow);
  this.stage.style.gridTemplateColumns = `repeat(${narrow ? 7 : 9}, auto)`;
  const squared = state.loss === LOSSES[1];
  const seen = state.relu ? "A" : "O";
  const extras = state.stride > 1 ? `, δ spread by ${state.stride}` : "";
  const sized = (text, { rows, cols }) => `${text}, ${rows} × ${cols}`;
  const captions = {
    image: sized("image I", I), kernel: sized("kernel K", K), bias: "bias b", output: sized("output O", v.output),
    given: squared ? "target T" : "weights G",
    dimage: `∂L/∂I = δ ∗ K, full${extras}${state.padding ? `, cut by ${state.padding}` : ""}`, dkernel: `∂L/∂K = I ⋆ δ${extras}`,
    dbias: "∂L/∂b = Σ δ", doutput: "δ = ∂L/∂O",
  };
  // where the terms of the sum stand: in two arrays as pairs, and in O
  const numbered = { image: v.pixels, kernel: v.weights, output: v.outputs, doutput: v.outputs };
  for (const { key, of: kind, grid, caption } of this.grids) {
    const array = arrays[key];
    const colour = (key === "image" ? cnnmath.greys : cnnmath.signed)(array.data, ramps);
    grid.resize(Math.max(20, size));
    grid.update(array.rows, array.cols, (i, j) => {
      const r = i * array.cols + j;
      const t = kind === of ? -1 : numbered[key]?.indexOf(r) ?? -1;
      const chosen = kind === of && i === cell[0] && j === cell[1];
      const erased = state.relu && (key === "output" || key === "doutput") && v.output.data[r] <= 0;
      const kink = state.relu && key === "output" && v.crossed.includes(r);
      const marks = `${chosen ? "at " : t < 0 ? "" : t === term ? "lit " : "tap "}${erased ? "erased " : ""}${kink ? "kink" : ""}`;
      return { text: told(array.data[r]), fill: colour(array.data[r]), marks, badge: t < 0 ? "" : String(t + 1) };
    });
    if (kind === of) grid.select(...cell);
    caption.textContent = captions[key].replaceAll("/", "/\u2060"); // no line break in ∂L/∂b
  }
  const pointed = of === "kernel" && state.of === "image" && this.under === "kernel"; // it stays as it is seen
  this.turned = state.turn && (of === "image" || pointed);
  this.kernel.classList.toggle("turned", this.turned);
  if (this.turned) this.grids[1].caption.textContent = "K turned by 180°";
  this.meets.textContent = (state.relu ? "ReLU " : "") + (squared ? "−" : "·");
  this.lossLine.textContent = `L = ${squared ? `½ Σ (${seen} − T)²` : `Σ G·${seen}`} = ${told(v.loss)}`;
  this.writeSum(state, v, of, cell, term);
  this.paintNudge(state, v, name(of, cell));
  const [i, j] = values.cell;
  const kept = state.of === "bias" ? state.bias : (state.of === "output" ? math.toRows(values.given) : state[state.of])[i][j];
  const reach = Math.max(9, Math.ceil(Math.abs(kept)));
  this.entry.range.min = -reach;
  this.entry.range.max = reach;
  this.entry.set(kept);
  this.entry.text.textContent = state.of === "output" ? `${squared ? "T" : "G"}${at(values.cell)}` : name(state.of, values.cell);
  this.halvings.set(state.halvings);
  this.halvings.text.textContent = `nudge h = ${number(values.h)}, halvings`;
  this.presets.update(state.kernel);
  this.sizes.set(K.rows === K.cols && K.rows);
  this.choices.set(state);
  for (const [field, button] of Object.entries(this.toggles)) button.set(state[field]);
}

/** The sum of the chosen entry, term by term. */
writeSum({ stride, padding, image, kernel, relu, loss, turn }, v, of, cell, term) {
  const key = JSON.stringify([of, cell, v.outputs, v.left, v.right, stride, padding]);
  if (this.written !== key) {
    this.written = key;
    const indices = (text) => ["i", "j"].map((letter, axis) => text(`${stride > 1 ? stride : ""}${letter}`, cell[axis])).join(", ");
    const plus = (shift) => (shift ? ` ${shift < 0 ? "−" : "+"} ${Math.abs(shift)}` : "");
    const head = { output: "Σ I·K + b", bias: "Σ δ[i, j]", kernel: `Σ δ[i, j] I[${indices((i, m) => i + plus(m - padding))}]`,
      image: `Σ δ[i, j] K[${indices((i, a) => `${a + padding} − ${i}`)}]` }[of];
    const term = (x, t) => node("span", { class: "term", "data-term": t }, node("span", { class: "no" }, String(t + 1)),
      `(${told(x)})${of === "bias" ? "" : `(${told(v.right[t])})`}`);
    const terms = [...v.left].flatMap((x, t) => [t ? " + " : "", term(x, t)]);
    const added = of === "output" ? " + b " : " ";
    const who = `${of === "output" ? "" : "∂L/∂"}${name(of, cell)}`;
    this.formula.replaceChildren(`${who} = ${head} = `, ...terms, added, node("b", {}, `= ${told(v.total)}`));
  }
  for (const one of this.formula.querySelectorAll(".term")) one.classList.toggle("lit", Number(one.dataset.term) === term);
  this.note.textContent = this.told({ of, cell, turn, relu, term, image, kernel, squared: loss === LOSSES[1] }, v);
}

/** What the sum says, or the term pointed at. */
told({ of, cell, turn, relu, term, image, kernel, squared }, { outputs, weights, pixels, output, gradient }) {
  const place = (k, cols) => at(math.place(k, cols));
  if (term >= 0) {
    const read = `read I${place(pixels[term], image[0].length)} through K${place(weights[term], kernel[0].length)}`;
    return `${term + 1}: output O${place(outputs[term], output.cols)} ${of === "bias" ? "added b" : read}.`;
  }
  const used = `Used by ${plural(outputs.length, "output")}, each`;
  const missed = output.data.length - outputs.length;
  const padded = missed ? `; ${missed} met padding` : "";
  if (of === "kernel") return `${used} with its own pixel${padded}. δ and I are read in the same direction.`;
  const drawn = turn ? ", as drawn" : "";
  if (of === "image") return `${used} through its own weight. As i and j grow, the index of K falls: K is read turned by 180°${drawn}.`;
  if (of === "bias") return "Every output added b.";
  if (relu && output.data[cell[0] * output.cols + cell[1]] <= 0) return `δ${at(cell)} = 0: ReLU passes nothing back where O ≤ 0.`;
  return `δ${at(cell)} = ${squared ? `${relu ? "A" : "O"}${at(cell)} − T` : "G"}${at(cell)} = ${told(gradient)}.`;
}

/** The loss along the chosen entry, w, and its slopes. */
paintNudge(state, v, who) {
  const { curve, gradient, h: step, slopes } = v;
  const ends = [-8, 8].map((k) => curve[16] + (gradient * step * k) / 8);
  const low = Math.min(...curve, ...ends);
  const high = Math.max(...curve, ...ends);
  const down = (x) => (high > low ? (high - x) / (high - low) : 0.5) * HEIGHT;
  const spot = (x, k) => `${((k * WIDTH) / 32).toFixed(1)},${down(x).toFixed(1)}`;
  const draw = (path, points) => path.setAttribute("d", `M${points.join(" ")}`);
  draw(this.lines.loss, curve.map(spot));
  draw(this.lines.tangent, [spot(ends[0], 8), spot(ends[1], 24)]);
  draw(this.lines.chord, [spot(curve[8], 8), spot(curve[24], 24)]);
  this.plot.ariaLabel = `the loss L against w = ${who}`;
  const rows = [`slope by the formula (dotted), w = ${who}`, gradient, "(L(w + h) − L(w − h)) / 2h (dashed)", slopes[1],
    "(L(w) − L(w − h)) / h, left", slopes[0], "(L(w + h) − L(w)) / h, right", slopes[2]];
  this.rows.forEach((cell, k) => (cell.textContent = k % 2 ? told(rows[k]) : rows[k]));
  this.verdict.textContent = verdict(state, v);
}
}

cnnmath.register(KernelGradient);
})(globalThis.cnnmath);
