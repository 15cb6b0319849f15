/* PixelExplorer: an image as numbers: pixels, planes, their places in memory, brightness and contrast. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, told, pixels } = cnnmath;
const { CROP, SIDE, TOP, MODES, INDEX, WEIGHTS, cellAt, placeOf, product, luma, cut, scaleOf, leaves, RGB, GREY } = pixels;

const NAMES = ["red R", "green G", "blue B"];
const BRUSHES = { select: null, black: [0, 0, 0], grey: [128, 128, 128], white: [255, 255, 255], red: [255, 0, 0],
  green: [0, 255, 0], blue: [0, 0, 255] };

const RAMPS = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]].map((rgb) => [0, 64, 128, 191, 255].map((x) => rgb.map((one) => one * x)));
const COLOURS = [...RAMPS, [[255, 255, 0], [0, 255, 255], [255, 0, 255], [255, 128, 0], [139, 69, 19]]];
const DIGIT = "029fe930 04d89g80 0006ef30 000be200 0002fb00 00002f40 0156dg60 02ccdb00"; // 16ths: the first 3 of the UCI set
const EXAMPLES = {
  ridge: [[1, 4, 7, 4, 1].map((n) => [n, n + 1, n + 2, n + 1, n].map((x) => 25 * x))],
  colours: [0, 1, 2].map((c) => COLOURS.map((row) => row.map((rgb) => rgb[c]))),
  digit: [DIGIT.split(" ").map((row) => [...row].map((x) => Math.floor((TOP * parseInt(x, 17)) / 16 + 0.5)))],
};
const PHOTOS = { "photo in colour": RGB, "photo in grey": GREY };

/** A number as its cell has room for it; the table has it in full. */
const short = (x) => number(Math.round(100 * x) / 100);

class PixelExplorer extends cnnmath.Figure {
static values = pixels.values;
static describe = pixels.describe;
static python = (state) => pixels.python(state);
static tag = "cnnmath-pixel-explorer";
static label = "PixelExplorer";
static fields = {
  source: ["choice", "painted", ["painted", GREY, RGB]], image: ["planes", EXAMPLES.ridge, SIDE],
  arithmetic: ["choice", "uint8 wraps", Object.keys(MODES)], contrast: ["real", 1, -4, 4], brightness: ["integer", 100, -255, 255],
  written: ["choice", "HWC", ["HWC", "CHW"]], read: ["choice", "HWC", Object.keys(INDEX)],
  cell: ["integers", [2, 1, 0], 3, 0, 255], crop: ["integers", [0, 0], 2, 0, 255],
};
static css = `
.stats { border-collapse: collapse; font-size: 0.85rem; margin-left: 0.6rem; }
.stats td, .stats th { padding: 0 0.4em; text-align: right; font-weight: normal; border-bottom: 1px solid var(--cm-line); }
.stats th:first-child { color: var(--cm-muted); text-align: left; }
.stats .lit { background: var(--cm-accent-soft); font-weight: bold; }
.beside { display: flex; flex-wrap: wrap; gap: 0 1.2rem; align-items: start; }
.beside > :first-child { flex: 1 1 15rem; }
.beside input[type="range"] { width: 6rem; }
.beside input[type="number"] { width: 4rem; }
.facts .formula { margin: 0.3rem 0; line-height: 1.6; }
.operator { font-size: 1.1rem; }
.strip .cell { align-items: start; padding-top: 6px; }
.strip .badge { right: 2px; }
.strip .none { visibility: hidden; }`;

/** The planes of a picture of the reader's own, where it is shown. */
get mine() {
  const own = this.state.source !== "painted" && this.own?.[128];
  return own && (this.state.source === RGB ? own.colour : [own]);
}
get description() { return this.mine ? super.description.replace("The photo", "Your own picture") : super.description; }
get code() { return pixels.python(this.state, this.mine, this.computed); }

/** Values, with what the changed fields leave as it was: pointing moves no pixel, a slider rereads no memory. */
compute(state) {
  const { source, image, written, read, arithmetic, contrast, brightness } = state;
  const { own } = this;
  const keep = (name, key, make) => {
    if (this[name]?.key !== key || this[name].own !== own) this[name] = { key, own, ...make() };
    return this[name];
  };
  const key = JSON.stringify([source, image, written, read, arithmetic === "float"]);
  const seen = keep("seen", key, () => pixels.seen(state, pixels.planesOf(state, this.mine)));
  return pixels.values(state, keep("kept", key + [arithmetic, contrast, brightness], () => pixels.mapped(state, seen)));
}

restart() { this.over = null; this.brush = "select"; this.picker.forget(); }

build() {
  const { signal } = this;
  const { row, presets } = controls;
  this.brush = "select";
  const go = (cell) => this.pick({ cell, crop: this.computed.crop });
  const moved = (di, dj) => {
    const { cell: [i, j, c] } = this.computed;
    return [math.held(i + di, this.kept.size.rows), math.held(j + dj, this.kept.size.cols), c];
  };
  const out = (c) => (i, j) => [i + this.computed.crop[0], j + this.computed.crop[1], c ?? this.computed.cell[2]];
  const inMemory = (place) => cellAt(this.state.read, this.kept.size, math.held(place, product(this.computed.shape)));
  const shared = (cellOf, onmove) => ({ onmove, onescape: () => this.point(null), onpick: (i, j) => go(cellOf(i, j)),
    onpoint: (i, j) => this.point(i === null ? null : { cell: cellOf(i, j) }) });
  const walk = (...by) => go(moved(...by));
  const paintable = (name, c) => cnnmath.painting({ ...shared(out(c), walk),
    label: `${name}: arrow keys select, digits, + and − change the number, Enter paints`,
    cell: () => this.computed.cell.slice(0, 2).map((x, k) => x - this.computed.crop[k]), select: (i, j) => go(out(c)(i, j)),
    ink: () => BRUSHES[this.brush],
    put: (cells, rgb) => this.edit(cells, (x, d, channels) => (channels > 1 ? rgb[d] : Math.floor(luma(rgb) + 0.5)), c),
    type: (i, j, text) => this.type(i, j, text, out(c)(i, j)[2]),
    add: (i, j, by) => this.edit([[i, j]], (x) => math.held(x + by, TOP + 1), out(c)(i, j)[2]) }, signal);
  this.image = paintable("image I");
  this.planes = NAMES.map(paintable);
  this.result = cnnmath.grid({ label: "output J: arrow keys select", ...shared(out(), walk) }, signal);
  const line = (from) => (i, j) => inMemory(this.computed[from] + i * this.across + j);
  this.strip = cnnmath.grid({ label: "memory: arrow keys go to the next and the previous number",
    ...shared(line("start"), (...by) => go(line("flat")(...by))) }, signal);
  this.strip.node.classList.add("strip");
  const frame = (i, j) => this.pick({ cell: [i, j, this.computed.cell[2]], crop: [i, j].map((x) => Math.max(0, x - CROP / 2)) });
  this.pane = cnnmath.pane({ label: "the photo", leap: 10, ondrag: frame, onmove: (...by) => frame(...moved(...by)) }, signal);

  this.photo = cnnmath.equation(this.pane.node);
  this.equation = cnnmath.equation(this.image.node, "a·x + b →", this.result.node);
  this.colours = cnnmath.equation(...this.planes.map((one) => one.node));
  this.memory = cnnmath.equation(this.strip.node);
  this.stats = h("table", { class: "stats" });
  this.facts = h("div", { class: "facts" });
  this.picker = cnnmath.ownPicture(this, [128], (own) => {
    this.own = own;
    this.recompute();
    this.update({ source: RGB, cell: [64, 64, 0], crop: [61, 61] });
  });
  this.examples = presets("examples", [...Object.keys(EXAMPLES), ...Object.keys(PHOTOS)], (name) => {
    this.picker.forget();
    this.update(PHOTOS[name] ? { source: PHOTOS[name], cell: [74, 36, 0], crop: [71, 33] }
      : { source: "painted", image: EXAMPLES[name], cell: [2, 1, 0] });
  }, signal);
  this.brushes = presets("brush", Object.keys(BRUSHES), (name) => { this.brush = name; this.repaint(); }, signal);
  this.brushes.node.prepend(h("span", { class: "muted" }, "brush"));
  this.sliders = [["contrast", "a", -4, 4, 0.1], ["brightness", "b", -255, 255, 1]].map(([name, symbol, min, max, step]) => {
    const label = `${name} ${symbol}`;
    const one = controls.slider(label, { min, max, step, oninput: (x) => this.update({ [name]: x }),
      onrefuse: (text) => this.refuseText(name, text) }, signal);
    return { set: (state) => one.set(state[name]), node: h("span", { class: "pair" }, h("span", {}, label), one.range, one.box) };
  });
  this.choices = controls.choices(this, { arithmetic: Object.keys(MODES), written: ["HWC", "CHW"], read: Object.keys(INDEX) });
  const [arithmetic, ...orders] = this.choices.nodes;
  this.beside = h("div", { class: "beside" }, h("div", {}, this.facts, row(...this.sliders.map((one) => one.node)), row(arithmetic)));
  return [this.photo.node, this.equation.node, this.beside, this.colours.node,
    this.memory.node, row(...orders), this.brushes.node, this.examples.node, row(...this.picker.nodes)];
}

/** Change numbers at cells of the shown part: change(byte, channel, channels) of the channel `only`, or of all. */
edit(cells, change, only) {
  const { source, image: painted, written: order, read } = this.state;
  const { crop, window: [{ rows, cols }], cell } = this.computed;
  const own = source === "painted";
  const image = own ? painted : cut(this.kept.bytes, crop, [rows, cols]).map(math.toRows); // a photo's part becomes a painted image
  const written = own ? order : read.replace("N", "");
  const size = { rows, cols, channels: image.length };
  for (const [i, j] of cells) {
    for (const c of only === undefined ? image.keys() : [only]) {
      const [a, b, d] = cellAt(written, size, placeOf(read, size, [i, j, c])); // where the number that is read there was written
      image[d][a][b] = change(image[d][a][b], c, image.length);
    }
  }
  this.pick({ source: "painted", image, written, crop: [0, 0], cell: [...cells.at(-1), only ?? cell[2]] });
}

type(i, j, text, c) {
  const [scale, typed] = [scaleOf(this.state), Number(text)];
  if (text === ".") return;
  if (typed <= TOP / scale && (scale > 1 || Number.isInteger(typed))) return this.edit([[i, j]], () => Math.floor(typed * scale + 0.5), c);
  const rule = scale > 1 ? "a number from 0 to 1" : "an integer from 0 to 255";
  this.refuse(`PixelExplorer: the pixel must be ${rule}; got ${text}. It keeps its last value.`);
}

paint(state, values) {
  const { view, ramps, room, kept: { size: { channels }, after, over, raw } } = this;
  const { window, output, outside, crop: [top, left] } = values;
  const [[{ rows, cols }], white] = [window, TOP / scaleOf(state)];
  const [i, j, c] = view.cell;
  const grey = cnnmath.lookup(ramps.grey, 0, white);
  const byte = ({ data }, k) => math.held(Math.round((data[k] * TOP) / white), TOP + 1);
  const colour = (planes) => (channels === 1 ? (x) => grey(x) : (_, k) => [byte(planes[0], k), byte(planes[1], k), byte(planes[2], k)]);
  const draw = (grid, across, largest, planes, d, fill, hatch) => {
    grid.resize(cnnmath.cellSize(cols, across, largest));
    grid.update(rows, cols, (r, q) => {
      const k = r * cols + q;
      const mark = r !== i - top || q !== j - left ? "" : d === c ? "lit" : "at";
      return { text: short(planes[d].data[k]), fill: fill(planes[d].data[k], k), marks: mark + (hatch?.[d].data[k] ? " erased" : "") };
    });
  };
  const wide = room > 460;
  draw(this.image, wide ? (room - 120) / 2 : room, 40, window, c, colour(window));
  draw(this.result, wide ? (room - 120) / 2 : room, 40, output, c, colour(output), outside);
  ["image I", "output J"].forEach((name, k) => this.equation.tell(k, channels > 1 ? `channel ${c} of ${name}` : name, window[0]));
  this.colours.node.hidden = channels === 1;
  window.forEach((plane, d) => {
    if (channels === 1) return;
    draw(this.planes[d], (room - 60) / (wide ? 3 : 2), 30, window, d, grey);
    this.colours.tell(d, `c = ${d}: ${NAMES[d].at(-1)}`, plane);
  });

  const photo = state.source !== "painted";
  this.photo.node.hidden = !photo;
  (photo ? this.photo.node : this.beside).append(this.stats);
  if (photo) {
    const [blue, orange] = [-1, 1].map(ramps.diverging);
    const hatch = (_, k) => over.some(({ data }) => data[k]) && (raw.some(({ data }) => data[k] < 0) ? blue : orange);
    this.pane.update([after, ramps], after[0], colour(after), hatch);
    this.pane.resize((Math.floor(2 * devicePixelRatio) || 2) / devicePixelRatio);
    this.pane.outline(top, left, rows, cols);
    this.photo.tell(0, `${this.mine ? "your own picture" : "the photo"}: output J`, after[0]);
  }
  this.paintMemory(values, view, grey, channels);
  this.paintFacts(state, view, white);
  for (const one of [...this.sliders, this.choices]) one.set(state);
  this.brushes.set(this.brush);
  this.examples.set(photo ? Object.keys(PHOTOS).find((name) => !this.mine && PHOTOS[name] === state.source)
    : Object.keys(EXAMPLES).find((name) => JSON.stringify(EXAMPLES[name]) === JSON.stringify(state.image)));
}

/** The numbers in the order in which they lie in memory, each with its channel as it is read. */
paintMemory({ strip, start, shape }, view, grey, channels) {
  const { length } = strip;
  const width = this.state.arithmetic === "float" ? 32 : 24;
  const [fit, line] = [Math.floor((this.room - 6) / (width + 2)), this.kept.size.cols * channels];
  this.across = length <= fit ? length : line <= fit ? line * Math.floor(fit / line) : fit;
  this.strip.resize(width, channels > 1 ? 38 : 24);
  this.strip.update(Math.ceil(length / this.across), this.across, (r, q) => {
    const k = r * this.across + q;
    if (k >= length) return { text: "", marks: "none" };
    const [i, j, c] = cellAt(this.state.read, this.kept.size, start + k);
    const mark = start + k === view.flat ? "lit" : i === view.cell[0] && j === view.cell[1] ? "at" : "";
    return { text: short(strip[k]), fill: grey(strip[k]), badge: channels > 1 ? "RGB"[c] : "", marks: mark };
  });
  const part = length < product(shape) ? `numbers ${start} to ${start + length - 1} of ${product(shape)} in ` : "";
  this.memory.tell(0, `${part}memory`, { rows: 1, cols: length });
}

/** The selected number in formulas, and its channel beside the others. */
paintFacts({ contrast, brightness, arithmetic }, view, top) {
  const { pixel, raw, result, cell: [i, j, c], index, shape, strides, flat, offset } = view;
  const colour = pixel.length > 1;
  const b = (brightness * top) / TOP;
  const sum = `${number(contrast)}·${number(pixel[c])} ${b < 0 ? "−" : "+"} ${number(Math.abs(b))}`;
  const rounded = top > 1 && !Number.isInteger(contrast) ? `⌊${sum} + ½⌋` : sum;
  const fate = { "uint8 wraps": `${told(raw[c])} mod 256 = ${told(result[c])}`, "uint8 clips": `clipped to ${told(result[c])}`,
    float: `outside 0 to 1, drawn as ${raw[c] < 0 ? 0 : 1}` }[arithmetic];
  const at = `[${index.join(", ")}]`;
  const place = index.map((x, k) => `${x}·${strides[k]}`).join(" + ");
  const lines = [
    [`J${at}`, ` = ${rounded} = ${told(raw[c])}${leaves(raw[c], top) ? ` → ${fate}` : ""}`],
    [`I${at}`, ` of ${shape.join(" × ")}: row i = ${i}, column j = ${j} (as a point x = ${j}, y = ${i}), channel c = ${c}. ` +
      `Number ${place} = ${flat} in memory, byte ${flat}·${top > 1 ? 1 : 8} = ${offset}.`]];
  const luma = WEIGHTS.map((w, d) => `${w}·${number(pixel[d] ?? 0)}`).join(" + ");
  if (colour) lines.push(["Y", ` = ${luma} = ${told(view.luma)}, the pixel's luminance`]);
  const { mean, std, mean_after, std_after, z, lost } = view;
  const table = Object.entries({ "channel": [...(colour ? "RGB" : "0")], "pixel x": pixel, "a·x + b": raw, "J": result,
    "mean of I": mean, "mean of J": mean_after, "std of I": std, "std of J": std_after, "z of x": z, "count outside": lost });
  const key = JSON.stringify([lines, table, c]);
  if (key === this.told) return;
  this.told = key;
  this.facts.replaceChildren(...lines.map(([name, text]) => h("div", { class: "formula" }, h("b", {}, name), text)));
  this.stats.replaceChildren(...table.map(([name, all], r) => h("tr", {}, h("th", {}, name), ...all.map((x, d) =>
    h(r ? "td" : "th", { class: colour && d === c && "lit" }, r ? told(x) : x)))));
}
}

cnnmath.register(PixelExplorer);
})(globalThis.cnnmath);
