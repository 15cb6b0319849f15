/* RegularizationExplorer: a classifier with few training images, under L2, dropout and early stopping. */
(function (cnnmath) {
"use strict";
const { controls, h, literal, math, number, plot, told } = cnnmath;
const { sample, masked, train, dense, RATE, VALIDATION, PIXELS, CLASSES, TIE } = cnnmath.fewDigits;

const LONGEST = 200; // steps
const DECADES = 4; // the slider of λ: 0, then from 10⁻⁴ to 1, ten stops a decade
const PLAIN = { images: 6, wrong: 0, lam: 0, p: 0, steps: 150 };
const PRESETS = { "none": {}, "L2": { lam: 0.1 }, "dropout": { p: 0.5 }, "stop early": { steps: 25 }, "more images": { images: 16 },
  "wrong labels": { wrong: 4 } };
const HEIGHTS = [1.2, 1.6, 2.4, 4, 8, 16, 32, 64, 128]; // of the plot, so that it stands still while a slider moves

const pair = (label, ...inputs) => h("span", { class: "pair" }, h("span", {}, label), ...inputs);

class RegularizationExplorer extends cnnmath.Figure {
static tag = "cnnmath-regularization-explorer";
static label = "RegularizationExplorer";
static fields = {
  digits: ["choice", "5 6 9", ["5 6 9", "0 4 6", "1 4 8", "4 7 9"]], images: ["integer", 6, 4, 16], wrong: ["integer", 0, 0, 6],
  lam: ["real", 0, 0, 1], p: ["real", 0, 0, 0.8], seed: ["integer", 0, 0, 9999], steps: ["integer", PLAIN.steps, 1, LONGEST],
};
static css = `${plot.css}
.sides { display: flex; flex-wrap: wrap; gap: 0.4rem 18px; align-items: flex-start; margin-top: 1rem; }
.maps { display: grid; grid-template-columns: repeat(3, auto); gap: 0.1rem 0.9rem; justify-content: space-between; width: 272px; }
.maps > .wide { grid-column: 1 / -1; }
.maps .pane .frame { border-width: 1px; }
.maps .frame::before, .maps .frame::after { display: none; }
.reading { min-height: 4.5em; }
.maps .caption { margin: 0 0 0.3rem; }
table { border-collapse: collapse; margin: 0.5rem 0; }
th, td { padding: 1px 1.2em 1px 0; text-align: left; font-weight: normal; border: 0; }
th { color: var(--cm-muted); }
thead > tr > * { border-bottom: 1px solid var(--cm-line); }
.sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.3rem 1.2rem; }
.sliders .pair > span { flex: 0 0 8.2em; }
.sliders input[type="range"] { flex: 1 1 4rem; }
.key { display: inline-block; width: 26px; border-top: 2px solid var(--cm-link); margin-right: 0.4em; vertical-align: middle; }
.key.orange { border-top: 2px dashed var(--cm-accent); }
.key.grey { border-top: 2px dotted var(--cm-edge); }
.plot .dot { stroke-dasharray: 2 4; }`;

static values(state, run, plain) {
  const { lam, p, images, steps } = state;
  const data = sample(state);
  run ??= train(data, state, steps);
  plain ??= lam || p ? train(data, { lam: 0, p: 0 }, steps) : run;
  const cut = (curve) => curve.slice(0, steps + 1);
  const validation_loss = cut(run.validation_loss);
  const least = Math.min(...validation_loss) + TIE;
  return { train_loss: cut(run.train_loss), validation_loss, train_right: cut(run.train_right), validation_right: cut(run.validation_right),
    norm: cut(run.norm), plain_loss: cut(plain.validation_loss), plain_right: cut(plain.validation_right),
    best: validation_loss.findIndex((loss) => loss <= least),
    weights: [0, 1, 2].map((k) => math.matrix(8, 8, run.weights[steps].slice(k * PIXELS, (k + 1) * PIXELS))),
    seen: [0, 1, 2].map((k) => dense(masked(data.x, state, steps - 1), k * images)) };
}

static describe({ digits, images, wrong, lam, p, steps }, { train_loss, validation_loss, train_right, validation_right, best }) {
  const count = CLASSES * images;
  return `Digits ${digits}; ${count} training images${wrong ? `, ${wrong} of them with a wrong label` : ""}; λ = ${number(lam)}, ` +
    `p = ${number(p)}. After ${steps} steps the training loss is ${told(train_loss[steps])} with ${train_right[steps]} of ${count} ` +
    `right, the validation loss ${told(validation_loss[steps])} with ${validation_right[steps]} of ${CLASSES * VALIDATION} right. ` +
    `The validation loss was least after step ${best}: ${told(validation_loss[best])}, ${validation_right[best]} right.`;
}

static python(state) {
  const { images, wrong, lam, p, seed, steps } = state;
  return `import numpy as np
from cnnmath.datasets import load_digits
from cnnmath.figures._random import uniform
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.regularization import l2_penalty_backward

classes, images, wrong = [${sample(state).classes.join(", ")}], ${images}, ${wrong}
lam, p, seed, steps = ${literal(lam)}, ${literal(p)}, ${seed}, ${steps}
pixels, digits = load_digits()
places = [np.flatnonzero(digits == digit) for digit in classes]
x = pixels[np.concatenate([place[:images] for place in places])].reshape(-1, 64)
x_validation = pixels[np.concatenate([place[-${VALIDATION}:] for place in places])].reshape(-1, 64)
y, y_validation = np.repeat(np.arange(3), images), np.repeat(np.arange(3), ${VALIDATION})
for number in range(wrong):
    y[number % 3 * images + number // 3] = (number + 1) % 3

def right(z, y):  # of equal scores the first counts
    return np.sum((z >= z.max(axis=1, keepdims=True) - 1e-09).argmax(axis=1) == y)

def train(lam, p):
    W, b, rows = np.zeros((3, 64)), np.zeros(3), []
    for step in range(steps + 1):
        scores, unseen = x @ W.T + b, x_validation @ W.T + b
        rows.append((cross_entropy(scores, y), cross_entropy(unseen, y_validation), right(scores, y),
                     right(unseen, y_validation), np.linalg.norm(W)))
        if step < steps:
            mask = (uniform(seed, x.shape, step * x.size) >= p) / (1 - p)  # as cnnmath.regularization.dropout
            seen = x * mask
            dz = cross_entropy_backward(seen @ W.T + b, y)
            W -= ${RATE} * (dz.T @ seen + l2_penalty_backward(W, lam))
            b -= ${RATE} * dz.sum(axis=0)
    return np.array(rows).T, W.reshape(3, 8, 8), seen[::images].reshape(3, 8, 8)

(train_loss, validation_loss, train_right, validation_right, norm), weights, seen = train(lam, p)
_, plain_loss, _, plain_right, _ = train(0, 0)[0]
best = np.flatnonzero(validation_loss <= validation_loss.min() + 1e-09)[0]`;
}

/** All steps are taken once for each setting, so that moving `steps` costs nothing; a shorter run is their beginning. */
compute(state) {
  const data = sample(state);
  const key = [data.key, state.lam, state.p, state.p && state.seed].join();
  if (this.plain?.data !== data) this.plain = { data, run: train(data, { lam: 0, p: 0 }, LONGEST) };
  if (this.kept?.key !== key) this.kept = { key, run: state.lam || state.p ? train(data, state, LONGEST) : this.plain.run };
  return RegularizationExplorer.values(state, this.kept.run, this.plain.run);
}

build() {
  const { signal } = this;
  this.place = [3, 3];
  const stopAt = (step) => this.update({ steps: Math.max(1, Math.min(LONGEST, Math.round(step))) });
  this.curves = plot({ label: "training and validation loss by step", x: [0, LONGEST], y: [0, HEIGHTS[0]],
    xlabel: "steps of gradient descent", ylabel: "loss (cross-entropy)", ratio: 0.72, onpick: stopAt }, signal);
  const { curve, area, segment, spot, text } = this.curves;
  this.marks = { rest: area(), stop: segment("quiet"), plain: curve("quiet dot"), train: curve("second"), validation: curve("accent dash"),
    ends: [spot("second"), spot("accent")], least: segment("accent"), best: spot("accent"), tag: text("accent") };
  this.marks.rest.node.style.opacity = 0.4;
  const key = (look, words) => h("span", {}, h("i", { class: `key ${look}` }), words);
  this.reference = key("grey", "validation with λ = 0, p = 0");
  const drawing = h("div", {}, this.curves.node,
    h("div", { class: "row muted" }, key("", "training"), key("orange", "validation"), this.reference));

  // One pixel, the same in all six pictures; only the first is a tab stop.
  const go = (...place) => { this.place = place.map((x) => math.held(x, 8)); this.repaint(); };
  const pane = (kind) => (_, k) => cnnmath.pane({ label: `${kind}, ${k + 1} of 3`, tabindex: kind === "weights" && !k ? "0" : "-1",
    onpick: go, ondrag: go, onpoint: (i, j) => i !== null && go(i, j),
    onmove: (di, dj) => go(this.place[0] + di, this.place[1] + dj) }, signal);
  const three = [0, 0, 0];
  [this.seen, this.weights] = [three.map(pane("image")), three.map(pane("weights"))];
  [this.names, this.sums] = [three, three].map((list) => list.map(() => h("div", { class: "caption" })));
  [this.saw, this.reading] = [h("div", { class: "wide muted" }), h("div", { class: "wide muted reading" })];
  this.legend = cnnmath.legend();
  const stand = (panes, captions) => panes.map(({ node }, k) => h("div", {}, node, captions[k]));
  const maps = h("div", { class: "maps" }, this.saw, ...stand(this.seen, this.names),
    h("div", { class: "wide muted" }, "weights, one picture for each digit"), ...stand(this.weights, this.sums),
    h("div", { class: "wide" }, this.legend.node), this.reading);
  [this.head, this.rows] = [h("thead"), h("tbody")];

  const slide = (name, label, min, max, step = 1) => {
    const one = controls.slider(label, { min, max, step, oninput: (value) => this.update({ [name]: value }),
      onrefuse: (words) => this.refuseText(name, words) }, signal);
    return { ...one, set: (state) => one.set(state[name]), node: pair(label, one.range, one.box) };
  };
  this.masks = slide("seed", "masks, seed", 0, 9999);
  this.sliders = [this.strength(), slide("p", "dropout p", 0, 0.8, 0.05), slide("steps", "steps T", 1, LONGEST),
    slide("images", "images per digit", 4, 16), slide("wrong", "wrong labels", 0, 6), this.masks];
  this.choices = controls.choices(this, { digits: RegularizationExplorer.fields.digits[2] });
  this.presets = controls.presets("presets", Object.keys(PRESETS), (name) => this.update({ ...PLAIN, ...PRESETS[name] }), signal);
  this.roll = controls.button("New masks", () => this.update({ seed: (this.state.seed + 1) % 10000 }), signal);
  const least = () => stopAt(this.compute({ ...this.state, steps: LONGEST }).best);
  const stop = controls.button("Stop at the minimum", least, signal);
  return [controls.row(this.choices.node, this.roll.node, stop.node), this.presets.node,
    h("div", { class: "sliders controls" }, ...this.sliders.map(({ node }) => node)), h("div", { class: "sides" }, drawing, maps),
    h("div", { class: "panel" }, h("table", {}, this.head, this.rows))];
}

/** λ on a logarithmic slider whose lowest stop is 0. */
strength() {
  const [label, keep] = ["L2 strength λ", (lam) => this.update({ lam })];
  const range = h("input", { type: "range", "aria-label": label, min: 0, max: 10 * DECADES, step: 1 });
  const box = controls.field(`${label}, as a number`, { min: 0, max: 1, oninput: keep,
    onrefuse: (words) => this.refuseText("lam", words) }, this.signal);
  const strength = (stop) => (stop ? Number((10 ** (stop / 10 - DECADES)).toPrecision(3)) : 0);
  cnnmath.on(range, "input", () => keep(strength(Number(range.value))), this.signal);
  const set = ({ lam }) => {
    range.value = lam && Math.max(1, Math.round(10 * (Math.log10(lam) + DECADES)));
    range.ariaValueText = number(lam);
    box.set(lam);
  };
  return { set, node: pair(label, range, box.node) };
}

restart() { this.place = [3, 3]; }

paint(state, values) {
  this.paintCurves(state, values, this.compute({ ...state, steps: LONGEST }));
  this.paintMaps(state, values);
  this.paintTable(state, values);
  for (const control of [...this.sliders, this.choices]) control.set(state);
  for (const node of [this.masks.range, this.masks.box, this.roll.node]) node.disabled = !state.p; // without dropout there is no mask
  const agrees = (name) => Object.entries({ ...PLAIN, ...PRESETS[name] }).every(([field, value]) => state[field] === value);
  this.presets.set(Object.keys(PRESETS).find(agrees));
}

/** A column for the last step, for the best one, and for the last one without regularisation. */
paintTable({ images, lam, p, steps }, v) {
  const line = (name, all) => h("tr", {}, name ? h("th", { scope: "row" }, name) : h("td"),
    ...(lam || p ? all : all.slice(0, 2)).map((words) => h(name ? "td" : "th", name ? {} : { scope: "col" }, words)));
  const both = (curve) => [steps, v.best].map((at) => told(v[curve][at]));
  this.head.replaceChildren(line("", [`step ${steps}`, `step ${v.best}, least`, `step ${steps} with λ = p = 0`]));
  this.rows.replaceChildren(
    line("training loss", [...both("train_loss"), ""]), line(`right of ${CLASSES * images}`, [...both("train_right"), ""]),
    line("validation loss", [...both("validation_loss"), told(v.plain_loss[steps])]),
    line(`right of ${CLASSES * VALIDATION}`, [...both("validation_right"), told(v.plain_right[steps])]),
    line("‖W‖", [...both("norm"), ""]));
}

paintCurves({ lam, p, steps }, { train_loss, validation_loss, best }, all) {
  const { marks, room } = this;
  const most = Math.max(...all.validation_loss, ...all.plain_loss, ...all.train_loss);
  const top = HEIGHTS.find((height) => height >= most);
  this.curves.frame(room > 600 ? Math.min(room - 290, 560) : room, [0, LONGEST + 5], [0, top]);
  const points = (curve) => curve.map((loss, step) => [step, loss]);
  marks.train.update(points(all.train_loss));
  marks.validation.update(points(all.validation_loss));
  if (lam || p) marks.plain.update(points(all.plain_loss));
  else marks.plain.hide();
  this.reference.hidden = !(lam || p);
  marks.rest.update([[steps, 0], [steps, top], [LONGEST, top], [LONGEST, 0]]);
  marks.stop.update([steps, 0], [steps, top]);
  marks.ends[0].update(steps, train_loss[steps]);
  marks.ends[1].update(steps, validation_loss[steps]);
  const low = validation_loss[best];
  marks.least.update([best, low], [best, top * 0.86]);
  marks.best.update(best, low, 4);
  marks.tag.update(best, top * 0.86, `least at ${best}`, best > 150 ? 4 : -4, -5, best > 150 ? "end" : "start");
}

paintMaps({ images, wrong, p, steps }, { seen, weights }) {
  const { ramps, place } = this;
  const limit = Math.max(...weights.map(({ data }) => math.limit(data)));
  const grey = cnnmath.lookup(ramps.grey, 0, 1);
  const colour = (x) => ramps.diverging(x / limit);
  const { x, classes } = sample(this.state);
  [0, 1, 2].forEach((k) => {
    const whole = dense(x, k * images).data;
    const dropped = (pixel, d) => pixel === 0 && whole[d] > 0 && ramps.diverging(1);
    this.seen[k].update([seen[k], ramps], seen[k], (pixel) => grey(pixel * (1 - p)), dropped);
    this.weights[k].update([weights[k], ramps], weights[k], colour);
    for (const pane of [this.seen[k], this.weights[k]]) {
      pane.resize(10);
      pane.outline(...place, 1, 1);
    }
    this.names[k].textContent = k < wrong ? `a ${classes[k]}, labelled ${classes[(k + 1) % 3]}` : `a ${classes[k]}`;
    this.sums[k].textContent = `for ${classes[k]}`;
  });
  this.saw.textContent = `first image of each digit, as step ${steps} saw it${p ? "; dropped pixels hatched" : ""}`;
  this.legend.update(limit, ramps);
  const at = 8 * place[0] + place[1];
  const say = (arrays) => arrays.map(({ data }) => told(data[at])).join(", ");
  this.reading.textContent = `Pixel row ${place[0]}, column ${place[1]}: seen as ${say(seen)}; weights ${say(weights)}.`;
}
}

cnnmath.register(RegularizationExplorer);
})(globalThis.cnnmath);
