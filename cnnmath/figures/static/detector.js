/* Detector: a classifier of digits slides over a scene; heat map, boxes, suppression, precision and recall. */
(function (cnnmath) {
"use strict";
const { controls, detector, h, math, svg, told } = cnnmath;
const { ROWS, COLS, SIDE, AREA, DOWN, ACROSS, MOST, iou } = detector;

const SHOWN = ["any", ..."0123456789"];
const APART = [[2, 3], [3, 16], [1, 29], [13, 8], [14, 15], [13, 30]];
const PLAIN = { noise: 0, inverted: false, threshold: 0.5, overlap: 0.3, suppress: true };
const PRESETS = {
  "start": { places: APART, ...PLAIN }, "before suppression": { places: APART, ...PLAIN, suppress: false },
  "overlapping": { places: [APART[0], [1, 6], ...APART.slice(2)], ...PLAIN },
  "noise": { places: APART, ...PLAIN, noise: 0.35 }, "inverted": { places: APART, ...PLAIN, inverted: true },
  "empty": { places: [], ...PLAIN },
};
const WIDEST = 10; // px of the page for a pixel of the scene

const box = ([i, j], inset = 0) => `M${j + inset} ${i + inset}h${SIDE - 2 * inset}v${SIDE - 2 * inset}h${2 * inset - SIDE}z`;
const pair = (label, ...inputs) => h("span", { class: "pair" }, h("span", {}, label), ...inputs);

class Detector extends cnnmath.Figure {
static tag = "cnnmath-detector";
static label = "Detector";
static fields = {
  places: ["list", APART, MOST, "integers", 2, 0, COLS], seed: ["integer", 8, 0, 9999], noise: ["real", 0, 0, 1],
  inverted: ["flag", false], threshold: ["real", 0.5, 0.01, 0.99], overlap: ["real", 0.3, 0, 1], suppress: ["flag", true],
  shown: ["choice", "any", SHOWN], cell: ["integers", [7, 17], 2, 0, 99],
};
static css = `
.sides { display: flex; flex-wrap: wrap; gap: 0.5rem 20px; align-items: flex-start; margin-top: 0.7rem; }
.sides > div { width: min-content; }
.pane svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; fill: none; pointer-events: none; }
.pane path { vector-effect: non-scaling-stroke; stroke-width: 2px; }
.pane .halo { stroke: var(--cm-paper); stroke-width: 4px; }
.pane .kept { stroke: var(--cm-accent); }
.pane .wrong { stroke-dasharray: 3 3; }
.pane .true { stroke: var(--cm-link); }
.pane .less { stroke: var(--cm-edge); stroke-width: 1px; }
.pane .taken { stroke: var(--cm-link); stroke-width: 4px; }
.pane text { font-size: 1.5px; font-weight: bold; fill: var(--cm-accent);
  paint-order: stroke; stroke: var(--cm-paper); stroke-width: 0.4px; }
.pane text.true { fill: var(--cm-link); stroke: var(--cm-paper); }
.pane .frame { border-width: 1px; }
.lens { width: 84px; image-rendering: pixelated; border: 2px solid var(--cm-accent); }
.near { display: flex; flex-wrap: wrap; gap: 0.4rem 1.2rem; align-items: center; margin: 0.6rem 0; max-width: 42rem; }
.chances { flex: 1 1 16rem; display: grid; grid-template-columns: repeat(auto-fill, minmax(6.8rem, 1fr)); gap: 3px; min-width: 0; }
.chance { position: relative; padding: 1px 4px; border: 1px solid var(--cm-line); border-radius: 3px; font-size: 0.9rem;
  white-space: nowrap; }
.chance i { position: absolute; left: 0; bottom: 0; height: 3px; background: var(--cm-accent); }
.chance.first { border-color: var(--cm-accent); font-weight: bold; }
.counts { display: flex; flex-wrap: wrap; gap: 0 1.2rem; margin: 0.5rem 0; }
.caption > span { white-space: nowrap; }
.key { display: inline-block; width: 22px; border-top: 2px solid var(--cm-accent); margin: 0 0.35em 0 0.3em; vertical-align: middle; }
.key.wrong { border-top-style: dashed; }
.key.true { border-color: var(--cm-link); }
.key.less { border-top: 1px solid var(--cm-edge); }
.sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.3rem 1.2rem; }
.sliders .pair > span { flex: 0 0 7.5em; }
.sliders input[type="range"] { flex: 1 1 4rem; }`;

static fits({ places }) {
  const outside = places.find(([i, j]) => i > ROWS - SIDE || j > COLS - SIDE);
  const rule = `keep each digit inside: rows 0 to ${ROWS - SIDE}, columns 0 to ${COLS - SIDE}`;
  if (outside) cnnmath.refuse(this.label, "places", rule, outside);
}
static values(state) { return detector.values(state); }
static describe(state, values) { return detector.describe(state, values); }
static python(state) { return detector.python(state); }

/** The network runs when the scene changes, and not when a threshold does. */
compute(state) {
  const key = JSON.stringify([state.places, state.seed, state.noise, state.inverted]);
  if (this.seen?.key !== key) this.seen = { key, ...detector.look(state) };
  return detector.values(state, this.seen);
}

build() {
  const { signal } = this;
  this.chosen = 0;
  this.grip = null;
  const near = ([i, j]) => [math.held(i, DOWN), math.held(j, ACROSS)];
  const look = (i, j) => this.pick({ cell: near([i, j]) });
  this.scene = cnnmath.pane({ label: "scene", leap: 8, onpick: (...at) => this.take(at), ondrag: (...at) => this.carry(at),
    onmove: (...by) => this.move(this.chosen, this.state.places[this.chosen]?.map((x, k) => x + by[k])),
    onenter: () => { this.chosen++; this.repaint(); } }, signal);
  this.scene.node.ariaLabel = "scene: arrow keys move a digit, Enter takes the next one";
  this.scene.node.style.touchAction = "none";
  this.heat = cnnmath.pane({ label: "heat map", leap: 8, onpick: look, ondrag: look, onescape: () => this.point(null),
    onpoint: (i, j) => this.point(i === null ? null : { cell: [i, j] }),
    onmove: (...by) => look(...this.computed.cell.map((x, k) => x + by[k])) }, signal);
  const path = (look) => svg("path", { class: look });
  this.lines = { less: path("less"), trueHalo: path("halo"), true: path("true"), keptHalo: path("halo"), kept: path("kept"),
    wrong: path("kept wrong"), taken: path("taken") };
  this.words = svg("g");
  this.scene.node.append(svg("svg", { viewBox: `0 0 ${COLS} ${ROWS}`, "aria-hidden": "true" }, ...Object.values(this.lines), this.words));
  this.peaks = path("kept");
  this.heat.node.append(svg("svg", { viewBox: `0 0 ${ACROSS} ${DOWN}`, "aria-hidden": "true" }, this.peaks));
  const key = (look, words) => h("span", {}, h("i", { class: `key ${look}` }), words, " ");
  const keys = h("div", { class: "caption" }, `scene, ${ROWS} × ${COLS}: drag a digit. Boxes: `, key("true", "true"), key("", "right"),
    key("wrong", "wrong"), key("less", "suppressed"));
  this.caption = document.createTextNode("");
  this.legend = cnnmath.legend();
  this.lens = cnnmath.picture("the window, enlarged");
  this.lens.node.className = "lens";
  this.chances = Array.from({ length: 10 }, () => h("div", { class: "chance" }));
  [this.counts, this.overlap] = [h("div", { class: "counts" }), h("div", {})];
  const slide = (field, label, min, max, step) => {
    const one = controls.slider(label, { min, max, step, oninput: (value) => this.update({ [field]: value }),
      onrefuse: (text) => this.refuseText(field, text) }, signal);
    return { node: pair(label, one.range, one.box), set: (state) => one.set(state[field]) };
  };
  this.sliders = [slide("threshold", "threshold t", 0.01, 0.99, 0.01), slide("overlap", "IoU limit", 0, 1, 0.05),
    slide("noise", "noise", 0, 1, 0.05)];
  this.shown = controls.segmented("heat map of", SHOWN, (shown) => this.update({ shown }), signal);
  const flip = (text, field) => controls.button(text, () => this.update({ [field]: !this.state[field] }), signal);
  this.flips = { suppress: flip("Suppress", "suppress"), inverted: flip("Inverted", "inverted") };
  const act = (text, what) => controls.button(text, what, signal);
  this.add = act("Add a digit", () => this.plant());
  this.drop = act("Remove the marked one", () => this.update({ places: this.state.places.filter((_, n) => n !== this.chosen) }));
  const others = act("Other digits", () => this.update({ seed: (this.state.seed + 1) % 10000 }));
  this.presets = controls.presets("presets", Object.keys(PRESETS), (name) => this.update(PRESETS[name]), signal);
  return [h("div", { class: "sides" }, h("div", {}, this.scene.node, keys),
    h("div", {}, this.heat.node, h("div", { class: "caption" }, this.caption, " ", this.legend.node))),
    this.counts, h("div", { class: "sliders controls" }, ...this.sliders.map(({ node }) => node)),
    this.presets.node, controls.row(this.flips.suppress.node, this.flips.inverted.node, others.node, this.add.node, this.drop.node),
    controls.row(this.shown.node),
    h("div", { class: "near" }, this.lens.node, h("div", { class: "chances" }, ...this.chances)), this.overlap];
}

restart() { this.chosen = 0; }

/** A press: on a digit, the last drawn first, takes it; beside them, the window goes there. */
take([i, j]) {
  const { places } = this.state;
  const n = places.findLastIndex(([r, c]) => i >= r && j >= c && i < r + SIDE && j < c + SIDE);
  this.grip = n < 0 ? null : [places[n][0] - i, places[n][1] - j];
  if (n < 0) return this.carry([i, j]);
  this.chosen = n;
  this.pick({ cell: places[n] });
}

carry([i, j]) {
  if (this.grip) this.move(this.chosen, [i + this.grip[0], j + this.grip[1]]);
  else this.pick({ cell: [math.held(i - SIDE / 2, DOWN), math.held(j - SIDE / 2, ACROSS)] });
}

move(n, place) {
  if (place) this.update({ places: this.state.places.with(n, [math.held(place[0], DOWN), math.held(place[1], ACROSS)]) });
}

/** A new digit where it overlaps the others least. */
plant() {
  const { places } = this.state;
  const crowd = (place) => Math.max(0, ...places.map((one) => iou(one, place)));
  const free = Array.from({ length: DOWN * ACROSS }, (_, k) => math.place(k, ACROSS)).reduce((a, b) => (crowd(b) < crowd(a) ? b : a));
  if (this.update({ places: [...places, free] })) this.chosen = places.length;
}

paint(state, values) {
  const { places, shown } = state;
  const { ramps, room } = this;
  const view = this.view;
  this.chosen = places.length ? this.chosen % places.length : 0;
  const scale = Math.min(WIDEST, room > 560 ? (room - 24) / (COLS + ACROSS) : (room - 6) / COLS);
  const grey = cnnmath.lookup(ramps.grey, 0, 1);
  this.scene.update([this.seen, ramps], values.scene, grey);
  this.heat.update([this.seen, shown, ramps], values.heat, grey);
  for (const pane of [this.scene, this.heat]) pane.resize(scale);
  this.scene.outline(...view.cell, SIDE, SIDE);
  this.heat.outline(...view.cell, 1, 1);
  const meaning = shown === "any" ? "largest probability of each window" : `probability that a window shows a ${shown}`;
  this.caption.textContent = `heat map, ${DOWN} × ${ACROSS}: ${meaning}`;
  this.legend.update(1, ramps, 0);
  this.paintBoxes(state, values);
  this.paintWindow(state, view);
  const { candidates, right, wrong, missed, precision, recall } = values;
  const share = (name, value, rest) => h("span", {}, `${name} `,
    ...(value === null ? ["not defined"] : [`${right} / (${right} + ${rest}) = `, h("b", {}, told(value))]));
  const counted = { candidates, detections: right + wrong, right, wrong, missed };
  this.counts.replaceChildren(...Object.entries(counted).map(([name, count]) => h("span", {}, `${count} ${name}`)),
    share("precision", precision, wrong), share("recall", recall, missed));
  for (const slider of this.sliders) slider.set(state);
  this.shown.set(shown);
  for (const [field, { set }] of Object.entries(this.flips)) set(state[field]);
  this.sliders[1].node.querySelectorAll("input").forEach((input) => (input.disabled = !state.suppress));
  this.add.node.disabled = places.length === MOST;
  this.drop.node.disabled = !places.length;
  const agrees = (name) => Object.entries(PRESETS[name]).every(([field, value]) => String(state[field]) === String(value));
  this.presets.set(Object.keys(PRESETS).find(agrees));
}

paintBoxes({ places, suppress }, { tops, lefts, classes, found, suppressed, digits }) {
  const all = tops.map((top, n) => [top, lefts[n]]);
  const draw = (name, boxes, inset) => this.lines[name].setAttribute("d", boxes.map((one) => box(one, inset)).join(""));
  draw("less", suppressed.map((n) => math.place(n, ACROSS)));
  for (const name of ["trueHalo", "true"]) draw(name, places, 0.25);
  draw("keptHalo", all);
  for (const name of ["kept", "wrong"]) draw(name, all.filter((_, n) => (found[n] < 0) === (name === "wrong")));
  const [i, j] = places[this.chosen] ?? [-99, -99];
  this.lines.taken.setAttribute("d", [[0, 0, 2, 2], [0, SIDE, 2, -2], [SIDE, 0, -2, 2], [SIDE, SIDE, -2, -2]]
    .map(([r, c, v, u]) => `M${j + c} ${i + r + v}v${-v}h${u}`).join(""));
  const word = ([i, j], text, look, above) => svg("text", { class: look, x: j, y: above ? i - 0.4 : i + SIDE + 1.5 }, text);
  this.words.replaceChildren(
    ...all.flatMap((place, n) => (found[n] < 0 && !suppress ? [] // too many to name
      : [word(place, `${classes[n]} ${found[n] < 0 ? "✗" : "✓"}`, "", place[0] > 1)])),
    ...places.flatMap((place, n) => (found.includes(n) ? [] : [word(place, `${digits[n]} missed`, "true", place[0] > 14)])));
  this.peaks.setAttribute("d", all.map(([r, c]) => `M${c} ${r}h1v1h-1z`).join(""));
}

paintWindow({ places, threshold }, { window, chances, nearest, shared, union, cell_iou, cell, digits }) {
  this.lens.update(window, cnnmath.lookup(this.ramps.grey, 0, 1));
  const first = detector.answer(chances);
  this.chances.forEach((node, k) => {
    node.classList.toggle("first", k === first);
    const bar = h("i");
    bar.style.width = `${100 * chances[k]}%`;
    node.replaceChildren(`${k}: ${told(Math.round(1000 * chances[k]) / 1000)}${chances[k] >= threshold ? " ≥ t" : ""}`, bar);
  });
  const where = `Window at row ${cell[0]}, column ${cell[1]}`;
  this.overlap.replaceChildren(shared
    ? `${where}, and the true box of the ${digits[nearest]} at row ${places[nearest][0]}, column ${places[nearest][1]}: ` +
      `IoU = ${shared} / (${AREA} + ${AREA} − ${shared}) = ${shared} / ${union} = `
    : `${where}: it meets no true box, IoU = `, h("b", {}, told(cell_iou)));
}
}

cnnmath.register(Detector);
})(globalThis.cnnmath);
