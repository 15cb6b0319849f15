/* TrainNetwork: a small convolutional network learns the handwritten digits, step by step. */
(function (cnnmath) {
"use strict";
const { controls, h, learningCurves, math, network, number, on, told } = cnnmath;
const { TESTS, OPTIMIZERS, levels, seen, values, describe, python } = cnnmath.trainNetwork;

const [FILTERS, LONGEST] = [16, 2000];
const FAST = "full";
const KEYS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -FILTERS, End: FILTERS };

const pair = (label, ...inputs) => h("span", { class: "pair" }, h("span", {}, label), ...inputs);
const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const share = (count) => `${((100 * count) / TESTS).toFixed(1)} %`;

const BLANK = Array(8).fill(Array(8).fill(0));

class TrainNetwork extends cnnmath.TrainingFigure {
static tag = "cnnmath-train-network";
static label = "TrainNetwork";
static settings = ["filters", "optimizer", "lr", "batch_size", "seed"];
static fields = {
  filters: ["integer", 8, 1, FILTERS], optimizer: ["choice", "Adam", Object.keys(OPTIMIZERS)], lr: ["real", 0.02, 0.0001, 1],
  batch_size: ["integer", 32, 1, 256], seed: ["integer", 0, 0, 9999], steps: ["integer", 43, 0, LONGEST],
  digit: ["integer", 104, 0, TESTS - 1], drawing: ["list", [], 8, "integers", 8, 0, 16], shown: ["integer", 0, 0, FILTERS - 1],
};
static css = `${learningCurves.css}
.sides { display: flex; flex-wrap: wrap; gap: 0.6rem 1.2rem; align-items: flex-start; margin: 0.6rem 0; }
.status, .likely, .bank, .plot, .reading { contain: layout style; }
.status b { font-size: 1.1rem; }
.bars { display: grid; grid-template-columns: 1em minmax(40px, 150px) 3em; gap: 2px 0.4em; align-items: center; line-height: 1.25; }
.likely { flex: 1 1 130px; max-width: 16rem; }
.bar { height: 13px; border: 1px solid var(--cm-line); }
.bar i { display: block; height: 100%; background: var(--cm-link); }
.bars .on { font-weight: bold; color: var(--cm-accent); }
.picks { flex: 1 1 11rem; display: flex; flex-direction: column; align-items: flex-start; gap: 0.5rem; }
.bank { display: grid; gap: 2px; justify-content: start; }
.bank [role="option"] { padding: 2px; border: 2px solid transparent; border-radius: 4px; cursor: pointer; }
.bank [role="option"]:hover { border-color: var(--cm-line); }
.bank [aria-selected="true"] { border-color: var(--cm-accent); }
.bank canvas { width: 100%; image-rendering: pixelated; box-shadow: 0 0 0 1px var(--cm-line); margin-bottom: 4px; }
.reading .formula { margin: 0.2rem 0; }
.panel .caption { white-space: nowrap; }`;

static fits({ drawing }) {
  if (drawing.length % 8) cnnmath.refuse(this.label, "drawing", "have no rows or 8", drawing);
}

static begin = (state) => new network.Run(state);
static values = values;
static describe = describe;
static python = python;

build() {
  const { signal } = this;
  [this.pen, this.at, this.hover, this.single] = [[0, 0], [3, 3], null, false];
  const button = (text, act) => controls.button(text, act, signal);
  const toField = (name, act) => ({ oninput: act, onrefuse: (text) => this.refuseText(name, text) });
  this.go = button("▶ Train", () => (this.timer ? this.stop() : this.run(LONGEST)));
  const paced = controls.segmented("speed", ["1 step a frame", FAST], (value) => (this.single = value !== FAST), signal);
  paced.set(FAST);
  this.step = controls.field("steps taken", { min: 0, max: LONGEST, ...toField("steps", (to) => this.reach(to)) }, signal);
  this.status = h("div", { class: "status" });

  const choose = (label, name, options) => {
    const one = controls.segmented(label, options, (value) => this.anew({ [name]: value }), signal);
    return { node: one.node, set: (state) => one.set(state[name]) };
  };
  this.choices = [choose("filters", "filters", [4, 8, 16]), choose("optimiser", "optimizer", Object.keys(OPTIMIZERS)),
    choose("batch", "batch_size", [8, 32, 128])];
  this.range = h("input", { type: "range", "aria-label": "learning rate η", min: 0, max: 40, step: 1 }); // ten stops for each power of ten
  on(this.range, "input", () => this.anew({ lr: Number((10 ** (this.range.value / 10 - 4)).toPrecision(3)) }), signal);
  this.rate = controls.field("learning rate η, as a number", { min: 0.0001, max: 1, ...toField("lr", (lr) => this.anew({ lr })) }, signal);
  this.seed = controls.field("seed", { min: 0, max: 9999, ...toField("seed", (seed) => this.anew({ seed })) }, signal);
  const roll = button("New seed", () => this.anew({ seed: (this.state.seed + 1) % 10000 }));

  const back = (x) => this.reach(Math.min(Math.max(0, Math.round(x)), this.kept.run.loss.length));
  this.curves = learningCurves(back, signal);

  this.digit = cnnmath.painting({
    label: "the image that is read: arrow keys select, Enter paints", cell: () => this.pen,
    select: (i, j) => { this.pen = [i, j]; this.repaint(); },
    ink: (i, j) => (levels(this.state)[i][j] < 8 ? 16 : 0),
    put: (cells, ink) => this.draw(cells, () => ink),
    type: (i, j, text) => this.draw([[i, j]], () => Number(text) || 0),
    add: (i, j, by) => this.draw([[i, j]], (x) => x + by),
  }, signal);
  this.name = h("div", { class: "caption" });
  this.bars = Array.from({ length: 10 }, (_, k) => ({ name: h("span", {}, String(k)), bar: h("i"), value: h("span") }));
  const bars = h("div", { class: "likely" },
    h("div", { class: "bars" }, ...this.bars.flatMap(({ name, bar, value }) => [name, h("div", { class: "bar" }, bar), value])),
    h("div", { class: "caption" }, "probabilities"));
  this.number = controls.field("test image", { min: 0, max: TESTS - 1, ...toField("digit", (digit) => this.read(digit)) }, signal);
  const step = (by) => this.read((this.state.digit + by + TESTS) % TESTS);
  const wrong = () => { const at = this.kept.run.at(this.state.steps).mistake(this.state.digit); if (at >= 0) this.read(at); };
  const picks = h("div", { class: "picks" }, pair("test image", this.number.node),
    h("span", { class: "pair" }, button("‹ previous", () => step(-1)).node, button("next ›", () => step(1)).node),
    button("Next mistake", wrong).node, button("Clear and draw", () => this.update({ drawing: BLANK })).node);

  this.units = Array.from({ length: FILTERS }, (_, c) => {
    const parts = ["filter", "gradient", "map", "pooled"].map((kind) => cnnmath.picture(`${kind} ${c}`));
    const node = h("div", { role: "option", id: `filter-${c}`, "aria-label": `filter ${c}` }, ...parts.map((one) => one.node));
    on(node, "click", () => this.update({ shown: c }), signal);
    on(node, "pointerenter", () => this.light(c), signal);
    return { node, parts };
  });
  this.bank = h("div", { class: "bank", role: "listbox", tabindex: "0", "aria-label": "filters: arrow keys choose one" },
    ...this.units.map(({ node }) => node));
  on(this.bank, "pointerleave", () => this.light(null), signal);
  on(this.bank, "keydown", (event) => {
    const by = KEYS[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    this.update({ shown: math.held(Math.min(this.state.shown, this.state.filters - 1) + by, this.state.filters) });
    event.preventDefault();
    event.stopPropagation();
  }, signal);
  this.legends = ["filters K", "gradients ∂L/∂K", "maps, pooled"].map((name) => {
    const one = cnnmath.legend();
    return { ...one, node: pair(name, one.node) };
  });

  const move = (i, j) => { this.at = [i, j]; this.repaint(); };
  this.kernel = cnnmath.grid({ label: "weights of the filter" }, signal);
  this.slope = cnnmath.grid({ label: "gradient of the filter" }, signal);
  this.map = cnnmath.grid({ label: "map of the filter: arrow keys move the cell", onpick: move, ondrag: move }, signal);
  this.pooled = cnnmath.grid({ label: "pooled map of the filter", onpick: (i, j) => move(2 * i, 2 * j) }, signal);
  this.parts = cnnmath.equation(this.kernel.node, this.slope.node, this.map.node, "→", this.pooled.node);
  this.formula = cnnmath.formula({}, signal);
  this.sum = h("div", { class: "muted" });

  this.watch();
  return [controls.row(button("Start again", () => this.reach(0)).node, this.go.node,
    button("Step", () => this.reach(this.state.steps + 1)).node,
    button("Epoch", () => { const { epoch } = this.kept.run; this.reach(epoch * (Math.floor(this.state.steps / epoch) + 1)); }).node,
    paced.node, pair("steps", this.step.node)),
  controls.row(...this.choices.map((one) => one.node), pair("η", this.range, this.rate.node), pair("seed", this.seed.node, roll.node)),
  this.status,
  this.curves.node,
  h("div", { class: "sides" }, h("div", {}, this.digit.node, this.name), bars, picks),
  h("div", { class: "row" }, h("span", { class: "muted" }, "Each column from the top:"), ...this.legends.map((one) => one.node)), this.bank,
  this.parts.node, h("div", { class: "reading" }, this.formula.node, this.sum)];
}

light(c) { this.hover = c; this.repaint(); }
read(digit) { this.update({ digit, drawing: [] }); }

draw(cells, change) {
  const drawing = levels(this.state).map((row) => [...row]);
  this.pen = cells.at(-1);
  for (const [i, j] of cells) drawing[i][j] = Math.max(0, Math.min(16, Math.round(change(drawing[i][j]))));
  this.update({ drawing });
}

/** Be at step `to`: at once where the run has been there, else by training. */
reach(to) {
  this.stop();
  const { steps } = this.state;
  if (to > steps + 1 && to <= LONGEST && to > this.kept.run.loss.length) this.run(to);
  else this.update({ steps: to });
}

restart() { super.restart(); [this.pen, this.at] = [[0, 0], [3, 3]]; }

paint(state, values) {
  const { steps, lr } = state;
  const { right, next_loss } = values;
  const { kept: { run }, room } = this; // the width is read before anything is written
  say(this.go.node, this.timer ? "❚❚ Pause" : "▶ Train");
  this.go.set(Boolean(this.timer));
  this.go.node.disabled = steps >= LONGEST;
  for (const one of this.choices) one.set(state);
  this.range.value = Math.round(10 * (Math.log10(lr) + 4));
  this.range.ariaValueText = number(lr);
  this.rate.set(lr);
  this.seed.set(state.seed);
  this.step.set(steps);
  this.status.replaceChildren(`step ${steps} · epoch ${(steps / run.epoch).toFixed(1)} · loss of the next batch ` +
    `${told(next_loss)} · test images right: `, h("b", {}, share(right)), ` (${right} of ${TESTS})`);
  this.curves.update(values, run.loss, TESTS, room);
  this.paintImage(state, values, room);
  this.paintFilters(values, seen(state), room, this.hover ?? state.shown);
}

paintImage(state, { probabilities, predicted }, room) {
  const { digit, drawing } = state;
  const [rows, { label }, [i, j]] = [levels(state), network.test(digit), this.at];
  this.digit.resize(room < 400 ? 20 : 23);
  this.digit.update(8, 8, (r, c) => ({ value: rows[r][c], fill: this.ramps.grey(rows[r][c] / 16),
    marks: Math.abs(r - i) < 2 && Math.abs(c - j) < 2 ? "tap" : "" }));
  this.digit.select(...this.pen);
  say(this.name, drawing.length ? "your drawing" : `test image ${digit}, a ${label}`);
  this.number.set(digit);
  this.bars.forEach(({ name, bar, value }, k) => {
    bar.style.width = `${100 * probabilities[k]}%`;
    say(value, probabilities[k].toFixed(3));
    say(name, String(k));
    name.className = value.className = k === predicted ? "on" : "";
  });
}

paintFilters({ filters, gradient, maps, pooled, bias }, image, room, chosen) {
  const { ramps, at: [i, j] } = this;
  const C = filters.length;
  const c = Math.min(chosen, C - 1);
  const largest = (list) => Math.max(...list.map(({ data }) => math.limit(data)));
  const limits = [filters, gradient, maps].map(largest);
  const [K, G, M] = limits.map((limit) => (x) => ramps.diverging(x / limit));
  this.bank.style.gridTemplateColumns = `repeat(8, ${Math.min(66, Math.floor(room / 8) - 2)}px)`;
  this.bank.setAttribute("aria-activedescendant", `filter-${c}`);
  this.units.forEach(({ node, parts }, k) => {
    node.hidden = k >= C;
    if (k >= C) return;
    node.ariaSelected = k === c;
    [[filters, K], [gradient, G], [maps, M], [pooled, M]].forEach(([list, colour], part) => parts[part].update(list[k], colour));
  });
  this.legends.forEach((one, k) => one.update(limits[k], ramps));

  const cell = (grid, size, { rows, cols, data }, colour, mark = () => "") => {
    grid.resize(size);
    grid.update(rows, cols, (a, b) => {
      const x = data[a * cols + b];
      return { text: told(x), fill: colour(x), marks: mark(a, b, x) };
    });
  };
  const [size, small] = room < 400 ? [31, 15] : room < 660 ? [34, 16] : [40, 19]; // px of a cell
  cell(this.kernel, size, filters[c], K);
  cell(this.slope, size, gradient[c], G);
  cell(this.map, small, maps[c], M, (a, b, x) => `${x > 0 ? "" : "erased"} ${a === i && b === j ? "lit" : ""}`);
  cell(this.pooled, size, pooled[c], M, (a, b) => (a === i >> 1 && b === j >> 1 ? "lit" : ""));
  this.map.select(i, j);
  const captions = [`filter ${c}`, `gradient ${c}`, `map ${c}`, `pooled ${c}`];
  [filters, gradient, maps, pooled].forEach((list, k) => this.parts.tell(k, captions[k], list[c]));

  const { window } = math.look(image, filters[c], maps[c], [i, j], 1, 1);
  const total = maps[c].data[8 * i + j];
  this.formula.update([...window.data, 1], [...filters[c].data, bias[c]], told(total));
  say(this.sum, `Map ${c} at row ${i}, column ${j}: nine pixels times nine weights, plus the bias. ` +
    `ReLU gives ${told(Math.max(0, total))}; the largest of its 2 × 2 window is ${told(pooled[c].data[4 * (i >> 1) + (j >> 1)])}.`);
}
}

cnnmath.register(TrainNetwork);
})(globalThis.cnnmath);
