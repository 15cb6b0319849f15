/* TransferExplorer: features learned on one task are used for another, frozen, fine-tuned, or not at all. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, plot, told } = cnnmath;
const { Run, SOURCES, RATES, SAMPLES, SEEDS, LONGEST, TESTS, EVERY, KEPT, data, tenth, values, describe, python } = cnnmath.transfer;

const START = { source: "digits", frozen: 2, samples: 2, lr: 0.05 };
const PRESETS = { "freeze, few images": {}, "freeze, many images": { samples: 64 }, "fine-tune": { frozen: 0, samples: 4 },
  "black for white": { source: "inverted", frozen: 0, samples: 4 }, "wrong labels": { source: "wrong labels", samples: 16 },
  "from scratch": { source: "none", frozen: 0 } };
const PARTS = [["block 1", "6 filters, 60 parameters"], ["block 2", "12 filters, 660 parameters"], ["head", "48 to 5, 245 parameters"]];
const LINES = [...KEPT, "from scratch"];

const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const pair = (label, ...inputs) => h("span", { class: "pair" }, h("span", {}, label), ...inputs);
const percent = (count) => (100 * count) / TESTS;

class TransferExplorer extends cnnmath.TrainingFigure {
static tag = "cnnmath-transfer-explorer";
static label = "TransferExplorer";
static settings = ["source", "frozen", "samples", "lr", "seed"];
static fields = {
  source: ["choice", "digits", SOURCES], frozen: ["integer", 2, 0, 2], samples: ["choice", 2, SAMPLES], lr: ["choice", 0.05, RATES],
  seed: ["integer", 6, 0, SEEDS - 1], steps: ["integer", LONGEST, 0, LONGEST],
};
static css = `${plot.css}
.sides { display: flex; flex-wrap: wrap; gap: 0.4rem 1.4rem; align-items: flex-start; }
.chain { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0 3.6rem; margin: 0.8rem 0; line-height: 1.35; }
.chain > * { position: relative; padding: 0.35rem 0.5rem; border: 2px solid var(--cm-link); border-radius: 6px; background: none; }
.chain > * { text-align: left; font-size: 0.9rem; }
.chain > * + *::before { content: "→"; position: absolute; right: 100%; width: 3.6rem; top: 0; text-align: center; font-size: 1.2rem; }
.chain > * + *::after { content: attr(data-back); position: absolute; right: calc(100% + 2px); width: 3.6rem; top: 1.7rem; font-size: 0.8rem;
  text-align: center; color: var(--cm-accent); border-top: 2px dashed var(--cm-accent); }
.chain > [data-back="stops"]::after { color: var(--cm-muted); border-top-color: transparent; }
.chain [aria-pressed="true"] { border: 2px dashed var(--cm-edge);
  background: repeating-linear-gradient(45deg, transparent 0 6px, color-mix(in srgb, var(--cm-edge) 22%, transparent) 6px 8px); }
.chain b, .chain span { display: block; }
.chain.small { gap: 0 2.6rem; font-size: 0.9em; }
.chain.small .what { display: none; }
.chain.small > * + *::before, .chain.small > * + *::after { width: 2.6rem; }
.plot .thick { stroke-width: 3; }
.plot .dots { stroke-dasharray: 2 4; }
.plot .thin { stroke-width: 1; }
.key { display: inline-block; width: 28px; border-top: 2px solid var(--cm-link); margin-right: 0.5em; vertical-align: middle; }
.key.k1 { border-top-style: dashed; }
.key.k2 { border-top-style: dotted; }
.key.k3 { border-top: 2px solid var(--cm-edge); }
table { border-collapse: collapse; }
th, td { padding: 1px 1.2em 1px 0; text-align: left; font-weight: normal; border: 0; }
thead th { color: var(--cm-muted); }
.on > * { font-weight: bold; color: var(--cm-accent); }
.shots { display: grid; grid-template-columns: repeat(5, 34px); gap: 3px; text-align: center; font-size: 0.8rem; line-height: 1.2; }
.shots canvas { width: 34px; image-rendering: pixelated; box-shadow: 0 0 0 1px var(--cm-line); }
.shots .wrong { color: var(--cm-accent); font-weight: bold; }`;

static begin = (state) => new Run(state);
static values = values;
static describe = describe;
static python = python;

build() {
  const { signal } = this;
  const button = (text, act) => controls.button(text, act, signal);
  const choose = (label, name, options) => {
    const one = controls.segmented(label, options, (value) => this.anew({ [name]: value }), signal);
    return { node: one.node, set: (state) => one.set(state[name]) };
  };
  this.choices = [choose("learned before", "source", SOURCES), choose("images of each digit", "samples", SAMPLES),
    choose("η", "lr", RATES)];
  this.presets = controls.presets("examples", Object.keys(PRESETS), (name) => this.anew({ ...START, ...PRESETS[name] }, LONGEST), signal);
  this.parts = PARTS.map(([name, what], k) => {
    const [state, moved] = [h("span"), h("span", { class: "muted" })];
    const inside = [h("b", {}, name), h("span", { class: "muted what" }, what), state, moved];
    const node = k < 2 ? h("button", { type: "button" }, ...inside) : h("div", {}, ...inside);
    if (k < 2) cnnmath.on(node, "click", () => this.anew({ frozen: this.state.frozen > k ? k : k + 1 }), signal);
    return { node, state, moved };
  });
  this.chain = h("div", { class: "chain", role: "group", "aria-label": "the network: press a block to freeze it and those before it" },
    ...this.parts.map(({ node }) => node));
  this.cost = h("div", { class: "muted" });

  const pick = (x, y) => {
    const column = math.held(Math.round(x), SAMPLES.length);
    const near = (row) => Math.abs(this.computed.mean[row][column] - y);
    this.anew({ samples: SAMPLES[column], frozen: [0, 1, 2].reduce((a, b) => (near(b) < near(a) ? b : a)) }, LONGEST);
  };
  this.curves = plot({ label: "accuracy against the number of training images", x: [-0.3, 6.3], y: [10, 100], ratio: 0.74, onpick: pick,
    xlabel: "training images of each digit", ylabel: "test images right, %", xtext: (x) => (Number.isInteger(x) ? 2 ** x : "") }, signal);
  const { curve, spot, segment, text } = this.curves;
  this.marks = { guess: segment("quiet thin dash"), word: text("quiet"), at: segment("quiet thin"), others: curve("quiet"),
    lines: ["second", "second dash", "second dots", "quiet"].map(curve), chosen: curve("accent thick"), bars: curve("accent"),
    runs: Array.from({ length: SEEDS }, () => spot("quiet")), now: spot("accent") };
  const title = (name, k) => h("th", { scope: "row" }, h("i", { class: `key k${k}` }), name);
  this.rows = LINES.map((name, k) => ({ mean: h("td"), margin: h("td"), name: title(name, k) }));
  this.rows.forEach((row) => (row.node = h("tr", {}, row.name, row.mean, row.margin)));
  this.head = h("th", { scope: "col" });
  this.verdict = h("div", { class: "caption" });
  const titles = [this.head, ...["mean of 16 seeds", "95 % interval"].map((words) => h("th", { scope: "col" }, words))];
  const left = h("div", {}, this.curves.node,
    h("table", {}, h("thead", {}, h("tr", {}, ...titles)), h("tbody", {}, ...this.rows.map(({ node }) => node))), this.verdict);

  this.go = button("▶ Train", () => (this.timer ? this.stop() : this.run(LONGEST, this.state.steps < LONGEST ? this.state.steps : 0)));
  const toField = (name, act) => ({ oninput: act, onrefuse: (words) => this.refuseText(name, words) });
  this.seed = controls.field("seed", { min: 0, max: SEEDS - 1, ...toField("seed", (seed) => this.anew({ seed }, LONGEST)) }, signal);
  const go = (steps) => { this.stop(); this.update({ steps }); };
  this.step = controls.field("steps taken", { min: 0, max: LONGEST, ...toField("steps", go) }, signal);
  this.status = h("div", {});
  const axes = { x: [0, LONGEST], xlabel: "steps", ratio: 0.42, onpick: (x) => go(Math.round(x)) };
  this.right = plot({ ...axes, label: "accuracy of this run by step", y: [0, 100], ylabel: "right, %" }, signal);
  this.losses = plot({ ...axes, label: "loss of this run by step", y: [0, 3], ylabel: "loss of a batch" }, signal);
  this.path = { stored: this.right.segment("quiet dash"), line: this.right.curve("accent"), spot: this.right.spot("accent"),
    loss: this.losses.curve("accent"), last: this.losses.spot("accent") };
  const shot = (what, k) => { const one = cnnmath.picture(what); return { ...one, under: h("span"), digit: 5 + (k % 5) }; };
  this.taught = Array.from({ length: 20 }, (_, k) => shot(`training image of a ${5 + (k % 5)}`, k));
  this.asked = Array.from({ length: 15 }, (_, k) => shot(`test image of a ${5 + (k % 5)}`, k));
  const shots = (list, words) => h("div", {}, h("div", { class: "caption" }, words),
    h("div", { class: "shots" }, ...list.map(({ node, under }) => h("div", {}, node, under))));
  const images = h("div", { class: "sides" }, shots(this.taught, "training images, at most 4 of each digit"),
    shots(this.asked, "test images and the answers"));
  this.columns = [left, h("div", {}, controls.row(this.go.node, pair("seed", this.seed.node), pair("steps", this.step.node)),
    this.status, h("div", { class: "sides" }, this.right.node, this.losses.node))];
  left.append(images);

  this.watch();
  return [controls.row(...this.choices.map(({ node }) => node)), this.presets.node,
    this.chain, this.cost, h("div", { class: "sides" }, ...this.columns)];
}

paint(state, v) {
  const { room } = this;
  const { frozen, lr, seed, steps } = state;
  say(this.go.node, this.timer ? "❚❚ Pause" : "▶ Train");
  this.go.set(Boolean(this.timer));
  for (const one of this.choices) one.set(state);
  const agrees = (name) => Object.entries({ ...START, ...PRESETS[name] }).every(([field, value]) => state[field] === value);
  this.presets.set(Object.keys(PRESETS).find(agrees));
  this.seed.set(seed);
  this.step.set(steps);
  this.chain.classList.toggle("small", room < 520);
  this.parts.forEach(({ node, state: words, moved }, k) => {
    if (k < 2) node.setAttribute("aria-pressed", String(frozen > k));
    node.dataset.back = frozen < k ? "∂L/∂x" : "stops";
    say(words, frozen > k ? "frozen" : "learns");
    say(moved, `moved by ${told(v.moved[k])}`);
  });
  say(this.cost, `${v.learned} parameters learn. Multiply–adds of a step, for one image: ${v.work}.`);
  const widths = room > 640 ? [room - 350, 326] : [room, room];
  this.columns.forEach((column, k) => (column.style.width = `${widths[k]}px`));
  this.paintTable(state, v, widths[0]);
  this.paintRun(state, v, widths[1]);
}

paintTable({ frozen, samples, seed, steps, source }, { mean, margin, counts, gain, gain_margin, right }, width) {
  const { marks } = this;
  const column = SAMPLES.indexOf(samples);
  const points = (row) => mean[row].map((y, x) => [x, y]);
  const bars = (row) => mean[row].flatMap((y, x) => [[x, y - margin[row][x]], [x, y + margin[row][x]], [x, NaN]]);
  this.curves.frame(width);
  marks.guess.update([-0.3, 20], [6.3, 20]);
  marks.word.update(6.3, 20, "guessing", -2, 14, "end");
  marks.at.update([column, 10], [column, 100]);
  marks.lines.forEach((line, row) => line.update(points(row)));
  marks.chosen.update(points(frozen));
  marks.bars.update(bars(frozen));
  marks.others.update(bars(3));
  const across = (k) => column + (k - 7.5) * 0.024;
  marks.runs.forEach((spot, k) => spot.update(across(k), percent(counts[k]), 2));
  marks.now.update(across(seed), percent(right), 4.5);

  say(this.head, `${samples} image${samples === 1 ? "" : "s"} of each`);
  this.rows.forEach((row, k) => {
    row.node.className = k === frozen ? "on" : "";
    say(row.mean, `${tenth(mean[k][column])} %`);
    say(row.margin, `± ${tenth(margin[k][column])}`);
  });
  const found = Math.abs(gain) <= gain_margin ? "no difference is shown" : gain > 0 ? "it helps" : "it hurts: negative transfer";
  say(this.verdict, source === "none" && !frozen ? "This is training from scratch."
    : `${KEPT[frozen]}, minus from scratch, seed by seed: ${tenth(gain)} ± ${tenth(gain_margin)} points: ${found}.`);
}

paintRun({ seed, steps, samples }, { right, counts, loss, test_right, chosen, answers }, width) {
  const { path, ramps } = this;
  const each = width > 480 ? (width - 24) / 2 : width;
  this.status.replaceChildren(`seed ${seed}, step ${steps}: `, h("b", {}, `${tenth(percent(right))} %`), ` (${right} of ${TESTS})` +
    `${steps ? `, loss of the last batch ${told(loss[steps - 1])}` : ""}; measured before, after ${LONGEST} steps: ${counts[seed]}`);
  this.right.frame(each);
  this.losses.frame(each, [0, LONGEST], [0, Math.max(3, Math.ceil(loss.reduce((a, b) => Math.max(a, b), 0)))]);
  path.stored.update([0, percent(counts[seed])], [LONGEST, percent(counts[seed])]);
  path.line.update([...test_right.map((count, k) => [EVERY * k, percent(count)]), [steps, percent(right)]]);
  path.spot.update(steps, percent(right), 4);
  path.loss.update(loss.map((one, t) => [t, one]));
  if (steps) path.last.update(steps - 1, loss[steps - 1], 4);
  else path.last.hide();
  const { x, three } = data();
  const image = (n) => math.matrix(8, 8, Float64Array.from({ length: 64 }, (_, k) => x[100 * n + 10 * ((k >> 3) + 1) + (k & 7) + 1]));
  const grey = cnnmath.lookup(ramps.grey, 0, 1);
  const few = Math.min(samples, 4);
  const show = (list, numbers, many, tell) => list.forEach(({ node, under, update, digit }, k) => {
    const [column, row] = [k % 5, Math.floor(k / 5)];
    node.parentNode.hidden = row >= many;
    if (row >= many) return;
    update(image(numbers[column * many + row]), grey);
    tell(under, digit, answers[column * many + row]);
  });
  show(this.taught, chosen, few, () => {});
  show(this.asked, three, 3, (under, digit, answer) => {
    say(under, `${answer} ${answer === digit ? "✓" : "✗"}`);
    under.className = answer === digit ? "" : "wrong";
  });
}
}

cnnmath.register(TransferExplorer);
})(globalThis.cnnmath);
