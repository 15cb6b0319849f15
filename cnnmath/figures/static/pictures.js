/* What figures of pictures share: the bundled pixels, and a picture to point at. */
(function (cnnmath) {
"use strict";
if (cnnmath.pane) return;
const { h, math, picture, pointing } = cnnmath;

const photos = new Map();

/** Bundled pixels, such as "coffee-rgb-28", as `cnnmath.image.to_float` gives them: a matrix a channel. */
function photo(name) {
  if (!photos.has(name)) {
    const { shape: [rows, cols, channels = 1], bytes } = cnnmath.data[name];
    const text = atob(bytes);
    const plane = (c) => Float64Array.from({ length: rows * cols }, (_, k) => text.charCodeAt(k * channels + c) / 255);
    photos.set(name, Array.from({ length: channels }, (_, c) => math.matrix(rows, cols, plane(c))));
  }
  return photos.get(name);
}

/** A picture to point at, with a frame around some of its pixels; `options` are a grid's, besides `tabindex`.
 *  update(key, matrix, colour, hatch) draws, unless all in `key` are as they were: where hatch(x, k) is a colour, that
 *  entry is hatched with it. */
function pane(options, signal) {
  const canvas = picture(options.label);
  const hatched = picture("hatching");
  hatched.node.className = "hatch";
  const frame = h("div", { class: "frame" }, h("div", { class: "handle" }));
  const node = h("div", { class: "pane", role: "application", tabindex: options.tabindex ?? "0", "aria-label": `${options.label}: arrow keys move the frame` }, canvas.node, hatched.node, frame);
  let [scale, drawn] = [1, []];
  pointing(node, () => [canvas.node.height, canvas.node.width], options, signal);

  function update(key, matrix, colour, hatch) {
    if (drawn.length && key.every((x, k) => x === drawn[k])) return;
    drawn = key;
    canvas.update(matrix, colour);
    hatched.node.hidden = !hatch;
    if (hatch) hatched.update(matrix, hatch);
  }

  /** One pixel of the picture becomes `newScale` px of the page. */
  function resize(newScale) {
    scale = newScale;
    node.style.width = `${canvas.node.width * scale}px`;
  }

  function outline(i, j, height, width) {
    frame.style.transform = `translate(${j * scale - 2}px, ${i * scale - 2}px)`;
    frame.style.width = `${width * scale + 4}px`;
    frame.style.height = `${height * scale + 4}px`;
  }
  return { node, update, resize, outline };
}

cnnmath.pane = pane;
math.photo = photo;
})(globalThis.cnnmath);
