/* The numbers of PixelExplorer: an image in memory, its planes, and what brightness and contrast make of them. */
(function (cnnmath) {
"use strict";
if (cnnmath.pixels) return;
const { check, math, told, rowsText } = cnnmath;

const [SIDE, CROP, WHOLE, STRIP, TOP] = [8, 6, 192, 48, 255];
const [RGB, GREY] = ["coffee-rgb-128", "coffee-grey-128"];
const MODES = { // as code, and in words
  "uint8 wraps": ["raw_all % 256", "stored as {}: it wraps"],
  "uint8 clips": ["np.clip(raw_all, 0, 255)", "clipped to {}"],
  float: ["raw_all", "outside 0 to 1"],
};
const INDEX = { HWC: ["H, W, C", "i, j, c"], CHW: ["C, H, W", "c, i, j"], NCHW: ["1, C, H, W", "0, c, i, j"] };
const WEIGHTS = [0.299, 0.587, 0.114]; // Rec. 601, as `cnnmath.image.luminance`

const filled = (x) => Array.isArray(x) && x.length > 0;
/** One or three matrices of bytes, channels first; a grey image may be given as its one matrix. */
check.planes = (figure, name, value, side) => {
  const planes = filled(value) && value.every(filled) && !Array.isArray(value[0][0]) ? [value] : value;
  const fits = (x, like) => filled(x) && x.length <= side && x.length === like.length;
  const good = filled(planes) && [1, 3].includes(planes.length) && planes.every((plane) => fits(plane, planes[0]) && plane.every((row) =>
    fits(row, planes[0][0]) && row.every((x) => Number.isInteger(x) && x >= 0 && x <= TOP)));
  if (!good) cnnmath.refuse(figure, name, `be 1 or 3 matrices of one shape, up to ${side} × ${side}, of integers from 0 to 255`, value);
  return planes.map((plane) => plane.map((row) => [...row]));
};

/** The (i, j, c) of a place in memory, and the place of an (i, j, c). */
function cellAt(order, { rows, cols, channels }, place) {
  const [outer, inner] = math.place(place, order === "HWC" ? channels : rows * cols);
  return order === "HWC" ? [...math.place(outer, cols), inner] : [...math.place(inner, cols), outer];
}
const placeOf = (order, { rows, cols, channels }, [i, j, c]) =>
  (order === "HWC" ? (i * cols + j) * channels + c : (c * rows + i) * cols + j);

const product = (all) => all.reduce((a, b) => a * b, 1);
const add = (all) => all.reduce((a, b) => a + b, 0);
/** The mean and the standard deviation. */
function spread(data) {
  let [mean, squares] = [add(data) / data.length, 0];
  for (const x of data) squares += (x - mean) * (x - mean);
  return [mean, Math.sqrt(squares / data.length)];
}
const luma = (rgb) => add(WEIGHTS.map((weight, c) => weight * rgb[c]));
const map = (planes, f) => planes.map(({ rows, cols, data }) => math.matrix(rows, cols, data.map(f)));
const cut = (planes, [top, left], [rows, cols]) => planes.map((plane) => math.matrix(rows, cols,
  Float64Array.from({ length: rows * cols }, (_, k) => plane.data[(top + Math.floor(k / cols)) * plane.cols + left + (k % cols)])));
const scaleOf = ({ arithmetic }) => (arithmetic === "float" ? TOP : 1);
const leaves = (x, top) => x < -1e-9 || x > top + 1e-9; // the range, and not by rounding alone
const misread = ({ written, read }, channels) => written !== read.replace("N", "") && channels > 1;

/** The bytes of the image, a matrix a channel; of a photograph, or of the planes of a picture of the reader's own. */
const planesOf = ({ source, image }, own) =>
  (source === "painted" ? image.map(math.fromRows) : map(own || math.photo(source), (x) => Math.floor(TOP * x + 0.5)));

/** The image as it is read from memory: `memory(place)`, the bytes and the numbers of its planes, and their statistics. */
function seen(state, planes) {
  const { written, read } = state;
  const { rows, cols } = planes[0];
  const [size, scale] = [{ rows, cols, channels: planes.length }, scaleOf(state)];
  const memory = (place) => { const [i, j, c] = cellAt(written, size, place); return planes[c].data[i * cols + j]; };
  const reread = ({ data }, c) => math.matrix(rows, cols, data.map((_, k) => memory(placeOf(read, size, [...math.place(k, cols), c]))));
  const bytes = misread(state, planes.length) ? planes.map(reread) : planes;
  const spreads = bytes.map(({ data }) => spread(data));
  const [mean, std] = [0, 1].map((k) => spreads.map((two) => two[k] / scale));
  return { size, memory, bytes, numbers: map(bytes, (x) => x / scale), mean, std };
}

/** What becomes of it: a·x + b, what is stored of that, which numbers leave the range, and the statistics. */
function mapped(state, known) {
  const { arithmetic, contrast, brightness } = state;
  const [scale, { numbers }] = [scaleOf(state), known];
  const [shift, top] = [brightness / scale, TOP / scale];
  const raw = map(numbers, scale > 1 ? (x) => contrast * x + shift : (x) => Math.floor(contrast * x + shift + 0.5));
  const store = { "uint8 wraps": (x) => x - 256 * Math.floor(x / 256), "uint8 clips": (x) => math.held(x, 256) }[arithmetic];
  const after = store ? map(raw, store) : raw;
  const over = map(raw, (x) => (leaves(x, top) ? 1 : 0));
  const spreads = after.map(({ data }) => spread(data));
  return { ...known, raw, after, over, stats: { mean: known.mean, std: known.std, mean_after: spreads.map(([x]) => x),
    std_after: spreads.map(([, x]) => x), lost: over.map(({ data }) => add(data)) } };
}

function values(state, known = mapped(state, seen(state, planesOf(state)))) {
  const { size, memory, numbers, raw, after, over, stats } = known;
  const { read, source } = state;
  const { rows, cols, channels } = size;
  const [total, scale] = [rows * cols * channels, scaleOf(state)];
  const cell = [rows, cols, channels].map((full, k) => math.held(state.cell[k], full));
  const [i, j, c] = cell;
  const sides = source === "painted" ? [rows, cols] : [CROP, CROP];
  const crop = sides.map((side, k) => Math.min(Math.max(state.crop[k], cell[k] - side + 1), cell[k], [rows, cols][k] - side));
  const [window, output, outside] = [numbers, after, over].map((all) => cut(all, crop, sides));
  const at = (all) => all.map(({ data }) => data[i * cols + j]);
  const [pixel, flat] = [at(numbers), placeOf(read, size, cell)];
  const [shape, index] = { HWC: [[rows, cols, channels], cell], CHW: [[channels, rows, cols], [c, i, j]],
    NCHW: [[1, channels, rows, cols], [0, c, i, j]] }[read];
  const [start, length] = total <= WHOLE ? [0, total] : [Math.min(Math.max(flat - STRIP / 2, 0), total - STRIP), STRIP];
  return { window, output, outside, ...stats, cell, crop, pixel, raw: at(raw), result: at(after),
    z: pixel.map((x, d) => (x - stats.mean[d]) / (stats.std[d] || 1)), luma: channels === 3 ? luma(pixel) : pixel[0],
    shape, index, strides: shape.map((_, k) => product(shape.slice(k + 1))), flat, offset: flat * (scale > 1 ? 8 : 1),
    start, strip: Array.from({ length }, (_, k) => memory(start + k) / scale) };
}

function describe(state, { shape, index, cell: [i, j, c], flat, offset, pixel, raw, result, lost }) {
  const [top, count] = [TOP / scaleOf(state), product(shape)];
  const lies = leaves(raw[c], top) ? `, ${MODES[state.arithmetic][1].replace("{}", told(result[c]))}` : "";
  const wrong = misread(state, pixel.length) ? ` It was written as ${state.written}: this is a reshape, not a transpose.` : "";
  return `${state.source === "painted" ? "The painted image" : "The photo"}, read as ${state.read}, ${shape.join(" × ")}.${wrong} ` +
    `I[${index.join(", ")}], row ${i}, column ${j}, channel ${c}, is number ${flat} of ${count} and begins at byte ${offset}. ` +
    `It holds ${told(pixel[c])}; contrast and brightness make ${told(raw[c])} of it${lies}. ` +
    `${add(lost)} of ${count} numbers leave the range 0 to ${top}.`;
}

function python(state, own, numbers = values(state)) {
  const { source, image, arithmetic, contrast, brightness, written, read } = state;
  const { cell, crop, window: [{ rows, cols }], pixel, start, strip } = numbers;
  const floats = arithmetic === "float";
  const made = { painted: `np.array(${rowsText(image)}, dtype=np.uint8)`, [GREY]: 'load_photo("coffee", 128)[None]',
    [RGB]: 'hwc_to_chw(load_photo("coffee", 128, "rgb"))' }[source];
  const body = `${own ? `# Your own picture stayed in the page: give its file.
picture = square_means(plt.imread("picture.png"), 128)
image = ${own.length > 1 ? "hwc_to_chw(to_uint8(picture))" : "to_uint8(luminance(picture).round(12))[None]"}` : `image = ${made}`}
C, H, W = image.shape
memory = ${written === "HWC" ? "chw_to_hwc(image)" : "image"}.ravel()  # written as ${written}
planes = ${read === "HWC" ? "hwc_to_chw(memory.reshape(H, W, C))" : "memory.reshape(C, H, W)"}  # read as ${read}

scale = ${floats ? TOP : 1}
numbers = planes / scale
contrast, brightness = ${rowsText([contrast, brightness]).slice(1, -1)}
raw_all = ${floats ? "contrast * numbers + brightness / scale" : "np.floor(contrast * numbers + brightness + 0.5)"}
after = ${MODES[arithmetic][0]}
over = (raw_all < -1e-9) | (raw_all > ${floats ? 1 : TOP} + 1e-9)  # not by rounding alone
mean, std = planes.mean(axis=(1, 2)) / scale, planes.std(axis=(1, 2)) / scale
mean_after, std_after, lost = after.mean(axis=(1, 2)), after.std(axis=(1, 2)), over.sum(axis=(1, 2))

cell = i, j, c = ${cell.join(", ")}
pixel, raw, result = numbers[:, i, j], raw_all[:, i, j], after[:, i, j]
z = (pixel - mean) / np.where(std > 0, std, 1)
luma = ${pixel.length === 3 ? "luminance(pixel)" : "pixel[0]"}
crop = top, left = ${crop.join(", ")}
window, output, outside = (a[:, top : top + ${rows}, left : left + ${cols}] for a in (numbers, after, over))

shape, index = (${INDEX[read][0]}), (${INDEX[read][1]})
strides = [int(np.prod(shape[k + 1 :])) for k in range(len(shape))]
flat = np.dot(index, strides)
offset = flat * ${floats ? 8 : 1}  # bytes
start = ${start}
strip = memory[start : start + ${strip.length}] / scale`;
  const names = ["chw_to_hwc", "hwc_to_chw", "load_photo", "luminance", "square_means", "to_uint8"].filter((name) => body.includes(name));
  const imports = names.length ? `from cnnmath.image import ${names.join(", ")}\n` : "";
  return `import numpy as np\n${own ? "import matplotlib.pyplot as plt\n" : ""}${imports}\n${body}`;
}

cnnmath.pixels = { CROP, SIDE, TOP, MODES, INDEX, WEIGHTS, cellAt, placeOf, product, luma, cut, RGB, GREY,
  scaleOf, leaves, planesOf, seen, mapped, values, describe, python };
})(globalThis.cnnmath);
