/* PoolingExplorer: an image that can be shifted, its pooled map, and the gradient that flows back. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, svg, told, on } = cnnmath;
const { at, range, values, describe, python } = cnnmath.poolingValues;

const FURTHEST = 8; // pixels of a shift
const FEW = 9; // pooled cells whose arrows are all drawn
const FAR = 2; // what Shift makes of the step of an arrow key
const [LEAST, ROOM] = [27, 34]; // px of a cell beside others, and with room for a badge
const EXAMPLE = [[1, 3, 2, 4], [5, 6, 1, 2], [7, 2, 9, 1], [3, 4, 0, 8]];
const DIGIT = ["005c1000", "00fe7000", "00d1c000", "02a0e000", "0020g100", "0006f000", "009gf982", "003b8dc4"];
const PRESETS = {
  "4 × 4 example": { image: EXAMPLE },
  "ridge map": { image: [0, 1, 2].map(() => [0, 0, 6]), stride: 1 },
  ties: { image: [[5, 5, 1, 2], [5, 0, 2, 2], [0, 0, 3, 1], [0, 0, 1, 3]], backward: true },
  "9 0 0 0": { image: [[9, 0, 0, 0]], kernel_size: [1, 2] },
  "a digit": { image: DIGIT.map((row) => [...row].map((x) => parseInt(x, 17))) },
};
const START = { kernel_size: [2, 2], stride: 2, padding: 0, shift: [0, 0], cell: [0, 0], pixel: -1, backward: false, upstream: [[1]] };
const SIZES = ["1 × 2", "2 × 2", "3 × 3", "4 × 4"];
const FLOWS = { "all 1": () => 1, "1, 2, 3, …": (r) => r + 1, "this cell alone": (r, here) => Number(here) };
const STEPS = { "←": ["left", 0, -1], "→": ["right", 0, 1], "↑": ["up", -1, 0], "↓": ["down", 1, 0] };

class PoolingExplorer extends cnnmath.Figure {
static tag = "cnnmath-pooling-explorer";
static label = "PoolingExplorer";
static fields = {
  image: ["matrix", EXAMPLE, 8, 8, 1e4], kernel_size: ["integers", [2, 2], 2, 1, 4],
  stride: ["integer", 2, 1, 4], padding: ["integer", 0, 0, 2],
  mode: ["choice", "max", ["max", "average"]], shift: ["integers", [0, 0], 2, -FURTHEST, FURTHEST], cell: ["integers", [0, 0], 2, 0, 9],
  pixel: ["integer", -1, -1, 63], backward: ["flag", false], upstream: ["matrix", [[1]], 9, 9, 1e4],
};
static css = `
.stage { position: relative; }
.stage svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; pointer-events: none; }
path { fill: none; stroke: var(--cm-accent); stroke-width: 1.3; opacity: 0.6; }
.one { stroke-width: 3; opacity: 1; }
.back { stroke-dasharray: 5 3; }
.stage .panel { width: min-content; }
.stage .panel .caption { min-width: 6.5rem; }
.stage .operator { width: 5rem; font-size: 0.95rem; text-align: center; }
.formula .term { padding: 1px 0; }
.cell { contain: strict; }
.cell.win { border: 3px solid var(--cm-link); }
.cell.tie { border: 3px dashed var(--cm-link); }
.cell.also { outline: 3px double var(--cm-ink); z-index: 1; }
.cell.diff { text-decoration: underline; font-weight: 700; }`;

static values = values;
static describe = describe;
static python = python;

static fits({ image, kernel_size: [rows, cols], padding }) {
  cnnmath.checkFits(this.label, { image, kernel: range(rows).map(() => range(cols)), padding });
  for (const [name, taps] of [["height", rows], ["width", cols]]) {
    if (2 * padding > taps) {
      const rule = `padding must be at most half the kernel ${name} ${taps}; got ${padding}`;
      throw new cnnmath.StateError(`${this.label}: ${rule}. Use padding <= ${taps >> 1}.`);
    }
  }
}

build() {
  const { signal } = this;
  const hold = (x) => Math.max(-FURTHEST, Math.min(FURTHEST, x));
  const shift = (by, from = this.state.shift) => this.pick({ shift: from.map((x, k) => hold(x + by[k])) });
  const keep = (pixel) => this.pick({ pixel });
  const shared = (fields) => ({ onpick: (i, j) => this.pick(fields(i, j)),
    onpoint: (i, j) => this.point(i === null ? null : fields(i, j)), onescape: () => keep(-1) });
  const pixels = shared((i, j) => ({ pixel: this.pixelAt(i, j) }));
  const cells = shared((i, j) => ({ cell: [i, j] }));
  const grids = [
    ["image I: drag or arrow keys shift it, Shift and an arrow choose a pixel", {
      ...pixels, leap: FAR,
      onpick: (i, j) => {
        this.start = [i, j, this.state.shift];
        keep(this.pixelAt(i, j) === this.state.pixel ? -1 : this.pixelAt(i, j));
      },
      ondrag: (i, j) => {
        const [a, b, from] = this.start;
        shift([i - a, j - b], from);
        keep(this.pixelAt(i, j));
      },
      onmove: (...by) => {
        if (by.every((x) => Math.abs(x) < FAR)) return shift(by);
        const { shifted: { rows, cols }, pixel } = this.computed;
        const step = by.map((x) => (Number.isFinite(x) ? Math.sign(x) : x));
        const [a, b] = math.place(pixel, cols);
        return keep(pixel < 0 ? 0 : math.held(a + step[0], rows) * cols + math.held(b + step[1], cols));
      },
    }],
    ["pooled map: arrow keys move the window", cells], ["pooled map before the shift", cells],
    ["gradient at the image: arrow keys choose a pixel", pixels], ["upstream gradient: arrow keys move the window", cells],
  ];
  this.grids = grids.map(([label, options]) => cnnmath.grid({ label, ...options }, signal));
  const [input, output, before, gradient, delta] = this.grids.map(({ node }) => node);
  this.ahead = cnnmath.equation(input, "→", output, before);
  this.back = cnnmath.equation(gradient, "⇠", delta);
  this.lines = ["all", "one", "all back", "one back"].map((name) => svg("path", { class: name }));
  this.stage = h("div", { class: "stage" }, this.ahead.node, this.back.node, svg("svg", { "aria-hidden": "true" }, ...this.lines));

  this.terms = h("div", { class: "formula" });
  on(this.terms, "pointerover", ({ target }) => this.point(target.dataset.pixel ? { pixel: Number(target.dataset.pixel) } : null), signal);
  on(this.terms, "pointerleave", () => this.point(null), signal);
  this.flow = h("div", { class: "formula" });
  this.notes = h("div", { class: "caption" });
  this.moved = h("span", { class: "muted" });
  this.presets = controls.presets("examples", Object.keys(PRESETS), (name) => this.pick({ ...START, ...PRESETS[name] }), signal);
  this.picker = cnnmath.ownPicture(this, [8], (own) =>
    this.pick({ ...START, image: math.toRows(own[8]).map((row) => row.map((x) => Math.round(9 * x))) }), "8 × 8 numbers from 0 to 9");
  const steps = Object.entries(STEPS).map(([sign, [way, ...by]]) => {
    const { node } = controls.button(sign, () => shift(by), signal);
    node.ariaLabel = `shift the image ${way}`;
    return node;
  });
  const home = controls.button("no shift", () => this.pick({ shift: [0, 0] }), signal);
  this.sizes = controls.segmented("window", SIZES, (text) => this.pick({ kernel_size: text.split(" × ").map(Number) }), signal);
  this.choices = controls.choices(this, { stride: [1, 2, 3, 4], padding: [0, 1], mode: ["max", "average"] });
  this.toggle = controls.button("⇠ backward", () => this.pick({ backward: !this.state.backward }), signal);
  this.weight = controls.field("upstream gradient δ of the cell", {
    oninput: (x) => this.send((r, here, old) => (here ? x : old)), onrefuse: (text) => this.refuseText("upstream", text) }, signal);
  this.name = h("span");
  this.flows = controls.presets("upstream gradients", Object.keys(FLOWS), (name) => this.send(FLOWS[name]), signal);
  const { row } = controls;
  this.editor = row(h("label", { class: "pair" }, this.name, this.weight.node), this.flows.node);
  return [row(h("span", {}, "shift the image"), ...steps, home.node, this.moved), this.stage, this.notes,
    this.terms, this.flow, row(this.sizes.node, ...this.choices.nodes, this.toggle.node), this.editor, this.presets.node, row(...this.picker.nodes)];
}

/** The pixel at a place of the padded grid, −1 in the padding. */
pixelAt(i, j) {
  const { shifted: { rows, cols } } = this.computed;
  const [a, b] = [i - this.state.padding, j - this.state.padding];
  return a >= 0 && b >= 0 && a < rows && b < cols ? a * cols + b : -1;
}

/** The upstream gradient δ, rewritten by weight(place, whether it is the cell's, the old number). */
rewritten(weight) {
  const { delta, cell } = this.computed;
  const here = cell[0] * delta.cols + cell[1];
  return math.matrix(delta.rows, delta.cols, delta.data.map((old, r) => weight(r, r === here, old)));
}
send(weight) { this.pick({ upstream: math.toRows(this.rewritten(weight)) }); }

restart() { this.picker.forget(); }

paint(state, values) {
  const { view: v, ramps, grids } = this;
  const { stride, padding, kernel_size: [rows, cols], mode, shift, backward } = state;
  const { shifted, output, before, gradient, delta, sent, winners, ties, cell: [i, j] } = v;
  const [highest, here] = [mode === "max", i * output.cols + j];
  const [top, left] = [i * stride, j * stride];
  const [high, wide] = [shifted.rows + 2 * padding, shifted.cols + 2 * padding];
  const size = this.fit(wide, output.cols);
  const grey = cnnmath.greys([...state.image.flat(), ...output.data], ramps);
  const [signedBack, signedUp] = [gradient, delta].map(({ data }) => cnnmath.signed(data, ramps));
  const badge = (text) => (size >= ROOM ? text : "");

  const pixel = (show) => (r, c) => {
    const p = this.pixelAt(r, c);
    const inside = r >= top && c >= left && r < top + rows && c < left + cols;
    const marks = `${inside ? "tap " : ""}${p >= 0 && p === v.pixel ? "also " : ""}`;
    return p < 0 ? { ...show(null), marks: `${marks}pad` } : { ...show(p, inside, marks) };
  };
  const wins = (p) => badge(sent.data[p] > 1 ? `×${sent.data[p]}` : "");
  grids[0].update(high, wide, pixel((p, inside, marks) => {
    if (p === null) return { text: highest ? "−∞" : "0" };
    const value = shifted.data[p];
    const win = !highest ? "" : sent.data[p] ? "win" : inside && value === v.total ? "tie" : "";
    return { value, fill: grey(value), marks: `${marks}${win}`, badge: highest ? wins(p) : "" };
  }));
  grids[3].update(high, wide, pixel((p, inside, marks) =>
    (p === null ? { text: "" } : { text: told(gradient.data[p]), fill: signedBack(gradient.data[p]), marks, badge: wins(p) })));
  const pooled = ({ data }, colour, note) => (r, c) => {
    const k = r * output.cols + c;
    const marks = `${k === here ? "at " : ""}${v.readers.includes(k) ? "also " : ""}${note && v.changed.data[k] ? "diff" : ""}`;
    const sign = v.changed.data[k] ? "≠" : ties?.data[k] > 1 ? "=" : "";
    return { text: told(data[k]), fill: colour(data[k]), marks, badge: badge(note ? sign : "") };
  };
  grids[1].update(output.rows, output.cols, pooled(output, grey, true));
  grids[2].update(output.rows, output.cols, pooled(before, grey, false));
  grids[4].update(output.rows, output.cols, pooled(delta, signedUp, false));
  const chosen = v.pixel >= 0 ? math.place(v.pixel, shifted.cols).map((x) => x + padding) : [top, left];
  grids.forEach((grid, g) => {
    grid.resize(size);
    grid.select(...(g % 3 ? [i, j] : chosen));
    if (g % 3 === 0) grid.outline(top, left, rows, cols);
  });

  const symbol = highest ? "M" : "A";
  const moved = shift.some(Boolean);
  grids[2].node.parentNode.hidden = !moved;
  this.back.node.hidden = this.editor.hidden = this.flow.hidden = !backward;
  this.ahead.node.querySelector(".operator").textContent = `${highest ? "max" : "mean"} →`;
  this.ahead.tell(0, `${moved ? "shifted " : ""}image I`, shifted);
  this.ahead.tell(1, `pooled map ${symbol}`, output);
  this.ahead.tell(2, `before: ${symbol}`, before);
  this.back.tell(0, "gradient ∂L/∂I", gradient);
  this.back.tell(1, "upstream gradient δ", delta);
  this.draw(winners, output, here, padding, backward);
  this.write(v, symbol, here, state);

  const name = Object.keys(PRESETS).find((one) => String(PRESETS[one].image) === String(state.image));
  this.presets.set(name);
  this.sizes.set(state.kernel_size.join(" × "));
  this.choices.set(state);
  this.toggle.set(backward);
  this.name.textContent = `δ(${values.cell.join(", ")}) =`;
  this.weight.set(delta.data[values.cell[0] * delta.cols + values.cell[1]]);
  this.flows.set(Object.keys(FLOWS).find((one) => String(this.rewritten(FLOWS[one]).data) === String(delta.data)));
  const count = v.changed.data.filter(Boolean).length;
  const changes = moved ? `: ${count} of ${output.data.length} pooled cells changed (≠)` : "";
  this.moved.textContent = `(${shift.map(number).join(", ")}) down, right${changes}`;
  this.notes.textContent = highest ? "Thick border: wins a window; ×2: wins two. Dashed: as large, but comes later. =: equal maxima." : "";
}

/** The largest cells that fit side by side: image, pooled map and the map before; or fewer of these. */
fit(wide, cols) {
  const sizes = [wide + 2 * cols, wide + cols].map((count) => cnnmath.cellSize(count, this.room - 150));
  return sizes.find((size) => size > LEAST) ?? cnnmath.cellSize(wide, this.room);
}

/** Arrows from the winners to the pooled cells, and back from the upstream gradient to the pixels that receive it. */
draw(winners, output, here, padding, backward) {
  const box = this.stage.getBoundingClientRect();
  const centre = ({ node }, i, j) => {
    const { x, y, width, height } = node.children[i].children[j].getBoundingClientRect();
    return [x + width / 2 - box.x, y + height / 2 - box.y, width / 2];
  };
  const line = ([x, y, size], [u, w]) => { // an arc from edge to edge, bent to its left so that it clears the numbers between
    const length = Math.hypot(u - x, w - y) || 1;
    const [a, b] = [((u - x) / length) * size, ((w - y) / length) * size];
    const [p, q] = [u - a, w - b];
    const bend = Math.min(2, (0.24 * length) / size);
    const [c, d] = [(x + u) / 2 + bend * b, (y + w) / 2 - bend * a];
    const back = 8 / (Math.hypot(p - c, q - d) || 1);
    const [e, f] = [back * (c - p), back * (d - q)];
    return `M${x + a} ${y + b}Q${c} ${d} ${p} ${q}m${e - f / 2} ${f + e / 2}L${p} ${q}l${e + f / 2} ${f - e / 2}`;
  };
  const paths = ["", "", "", ""];
  for (const r of winners ? range(output.data.length) : []) {
    if (r !== here && output.data.length > FEW) continue;
    const cell = math.place(r, output.cols);
    const pixel = math.place(winners.data[r], this.computed.shifted.cols).map((x) => x + padding);
    const [input, map, , gradient, delta] = this.grids;
    paths[Number(r === here)] += line(centre(input, ...pixel), centre(map, ...cell));
    if (backward) paths[2 + Number(r === here)] += line(centre(delta, ...cell), centre(gradient, ...pixel));
  }
  this.lines.forEach((path, k) => path.setAttribute("d", paths[k]));
}

/** The window's numbers as a maximum or a mean, and the gradient of a pixel as a sum. */
write(v, symbol, here, { stride, padding, backward }) {
  const { cell: [i, j], window, winners, output, shifted } = v;
  const place = (k) => [i * stride + Math.floor(k / window.cols), j * stride + (k % window.cols)];
  const key = [symbol, i, j, window.data, padding, stride, shifted.cols].join();
  if (this.terms.key !== key) {
    this.terms.key = key;
    const term = (x, k) => h("span", { class: "term", "data-pixel": this.pixelAt(...place(k)) }, number(x));
    const terms = [...window.data].flatMap((x, k) => [k ? (winners ? ", " : " + ") : "", term(x, k)]);
    const [open, close] = winners ? ["max(", ") = "] : ["(", `) / ${window.data.length} = `];
    this.terms.replaceChildren(`${symbol}(${i}, ${j}) = ${open}`, ...terms, close, h("b", {}, told(v.total)));
  }
  for (const term of this.terms.querySelectorAll(".term")) term.classList.toggle("lit", v.pixel >= 0 && Number(term.dataset.pixel) === v.pixel);
  const p = v.pixel < 0 && winners ? winners.data[here] : v.pixel;
  const sources = winners ? range(output.data.length).filter((r) => winners.data[r] === p) : v.readers;
  if (!backward || p < 0) return void (this.flow.textContent = "");
  const sum = sources.map((r) => `δ${at(r, output.cols)}`).join(" + ");
  const share = winners ? "" : ` / ${window.data.length}`;
  const total = told(v.gradient.data[p]);
  this.flow.textContent = `∂L/∂I${at(p, shifted.cols)} = ${!sources.length ? `${total}: it ${winners ? "wins" : "lies in"} no window` :
    `${share && sources.length > 1 ? `(${sum})` : sum}${share} = ${total}`}`;
}
}

cnnmath.register(PoolingExplorer);
})(globalThis.cnnmath);
