/* A grid to paint on: by mouse, pen or finger, cell by cell along the stroke, and by keys. */
(function (cnnmath) {
"use strict";
if (cnnmath.painting) return;
const { math, on } = cnnmath;

const PAUSE = 1500; // ms after which a typed digit begins a new number

/** The cells from one to another, the first left out: a fast pointer skips cells, a line does not. */
function line([i, j], [r, c]) {
const steps = Math.max(Math.abs(r - i), Math.abs(c - j), 1);
return Array.from({ length: steps }, (_, k) => [i + Math.round(((r - i) * (k + 1)) / steps), j + Math.round(((c - j) * (k + 1)) / steps)]);
}

/** A `grid` to paint on. Options are a grid's (label, onpoint, onescape), and
 *    cell() → [i, j], the cell that the keys are at;  select(i, j), go there without painting
 *    ink(i, j) → what a stroke that begins at (i, j) puts into every cell, or null where it only selects
 *    put([[i, j], …], ink): these cells take the ink, and the last of them is where the keys are now
 *    type(i, j, text), optional: the text of a number that the reader types, digit by digit; Backspace and Delete type "0"
 *    add(i, j, step), optional: the keys + and − raise or lower the number by 1
 *  Arrow keys select, Enter and Space paint. A finger on the grid paints; beside it the page scrolls. */
function painting(options, signal) {
let [size, ink, last, typed, time] = [[1, 1], null, null, "", -PAUSE];
const stroke = (cells) => { last = cells.at(-1); return ink === null ? options.select(...last) : options.put(cells, ink); };
const begin = (i, j) => { typed = ""; ink = options.ink(i, j); stroke([[i, j]]); };
const walk = (...by) => options.select(...options.cell().map((x, k) => math.held(x + by[k], size[k])));
const grid = cnnmath.grid({
  ...options, onpick: begin, ondrag: (i, j) => last && stroke(line(last, [i, j])),
  onenter: () => { begin(...options.cell()); last = null; },
  onmove: (...by) => { typed = ""; (options.onmove ?? walk)(...by); },
}, signal);
grid.node.style.touchAction = "none";
on(grid.node, "lostpointercapture", () => (last = null), signal); // what is pressed elsewhere and dragged in begins no stroke

on(grid.node, "keydown", (event) => {
  const { key } = event;
  const step = { "+": 1, "=": 1, "-": -1, "−": -1 }[key];
  if (event.altKey || event.metaKey || event.ctrlKey) return; // Ctrl and + is the browser's own zoom
  if (step && options.add) options.add(...options.cell(), step);
  else if (options.type && /^([0-9.]|Backspace|Delete)$/.test(key)) {
    typed = key.length > 1 ? "0" : event.timeStamp - time < PAUSE ? typed + key : key;
    time = key.length > 1 ? -PAUSE : event.timeStamp;
    options.type(...options.cell(), typed);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}, signal);

return { ...grid, update(rows, cols, look) { size = [rows, cols]; grid.update(rows, cols, look); } };
}

cnnmath.painting = painting;
})(globalThis.cnnmath);
