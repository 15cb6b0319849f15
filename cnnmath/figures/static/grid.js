/* Grids of numbers and pictures of arrays. A grid is one tab stop; its arrow keys move a cell. */
(function (cnnmath) {
"use strict";
if (cnnmath.grid) return;
const { h, math, number, theme, on } = cnnmath;

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  PageUp: [-Infinity, 0], PageDown: [Infinity, 0], Home: [0, -Infinity], End: [0, Infinity] };

const GAP = 2; // px between cells
const SMALLEST_PRINT = [20, 12]; // px, width and height of a cell with a number

let serial = 0;

/** Cell size in px so that `cols` columns fit `width`, from 22 to `largest`. */
const cellSize = (cols, width, largest = 40) => Math.max(22, Math.min(largest, Math.floor((width - 8) / cols) - 2));

/** Pointer and keys on a node of rows × cols cells; size() gives [rows, cols], `options` are a grid's. */
function pointing(node, size, options, signal) {
  function at(event) {
    const [rows, cols] = size();
    const box = node.getBoundingClientRect();
    const held = (share, count) => math.held(Math.floor(share * count), count);
    return [held((event.clientY - box.top) / box.height, rows), held((event.clientX - box.left) / box.width, cols)];
  }

  let last = "";
  on(node, "pointerdown", (event) => {
    if (event.button !== 0) return;
    last = String(at(event));
    if (options.ondrag) node.setPointerCapture(event.pointerId);
    (options.onpick ?? options.ondrag)?.(...at(event));
  }, signal);
  on(node, "pointermove", (event) => {
    const cell = at(event);
    if (String(cell) === last) return;
    last = String(cell);
    if (event.buttons & 1 && options.ondrag) options.ondrag(...cell);
    else options.onpoint?.(...cell);
  }, signal);
  on(node, "pointerleave", () => { last = ""; options.onpoint?.(null); }, signal);
  on(node, "keydown", (event) => {
    const move = MOVES[event.key];
    const step = event.shiftKey ? options.leap ?? 1 : 1;
    if (move && !event.altKey && !event.ctrlKey && !event.metaKey) options.onmove?.(...move.map((x) => x * step));
    else if (event.key === "Enter" || event.key === " ") options.onenter?.();
    else if (event.key === "Escape") options.onescape?.();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, signal);
}

/** A grid of numbers. Options: label; onmove(di, dj) for arrow keys, Home, End and Page keys, onenter() for Enter or Space (without
 *  these two, keys move the active cell and pick it); onescape(); onpoint(i, j) over a cell, onpoint(null) outside; onpick(i, j) on
 *  a click or tap; ondrag(i, j) while pressed and moving; `leap`, the step of Shift and an arrow.
 *  update(rows, cols, look) draws: look(i, j) gives {value, fill: [r, g, b], marks: "tap lit pad", badge, text}. */
function grid(options, signal) {
  const id = `cm-grid-${++serial}`;
  const node = h("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": options.label });
  const frame = h("div", { class: "frame", hidden: true, "aria-hidden": "true" });
  let rows = 0, cols = 0, cells = [], active = null, wide, high;

  function shape(newRows, newCols) {
    if (newRows === rows && newCols === cols) return;
    [rows, cols, active] = [newRows, newCols, null];
    node.removeAttribute("aria-activedescendant");
    cells = Array.from({ length: rows * cols }, (_, k) => h("div", { class: "cell", role: "gridcell", id: `${id}-${k}` }));
    node.replaceChildren(...Array.from({ length: rows }, (_, i) => h("div", { role: "row" }, ...cells.slice(i * cols, (i + 1) * cols))), frame);
    node.style.gridTemplateColumns = `repeat(${cols}, auto)`;
  }

  function update(newRows, newCols, look) {
    shape(newRows, newCols);
    cells.forEach((cell, k) => {
      const { value, fill, marks = "", badge = "", text: given } = look(...math.place(k, cols));
      const words = given ?? number(value);
      // each part for itself: a mark moves at every pointer event, and must not cost a layout of the text
      if (cell.marks !== marks) cell.className = `cell ${(cell.marks = marks)}`;
      if (cell.fill !== String(fill)) {
        cell.fill = String(fill);
        cell.style.backgroundColor = fill ? theme.css(fill) : "transparent";
        cell.style.color = fill ? theme.ink(fill) : "inherit";
      }
      const text = `${words}|${badge}`;
      if (cell.text === text) return;
      cell.text = text;
      cell.replaceChildren(words, ...(badge ? [h("span", { class: "badge", "aria-hidden": "true" }, badge)] : []));
      cell.title = words.length > 4 ? words : "";
      cell.style.fontSize = words.length > 4 ? `calc(var(--cell) * ${(1.55 / words.length).toFixed(3)})` : "";
    });
  }

  /** The cell that a screen reader is told of, and that keys move. */
  function select(i, j) {
    active = [i, j];
    node.setAttribute("aria-activedescendant", `${id}-${i * cols + j}`);
  }

  /** Outline rows i … i+height−1, columns j … j+width−1; it slides there. */
  function outline(i, j, height, width) {
    frame.hidden = false;
    frame.style.transform = `translate(${j * (wide + GAP) - 2}px, ${i * (high + GAP) - 2}px)`;
    frame.style.width = `${width * (wide + GAP) + 2}px`;
    frame.style.height = `${height * (high + GAP) + 2}px`;
  }

  function step(...by) {
    const cell = [rows, cols].map((size, k) => math.held((active?.[k] ?? 0) + by[k], size));
    select(...cell);
    options.onpick?.(...cell);
  }

  pointing(node, () => [rows, cols], { onmove: step, onenter: () => step(0, 0), ...options }, signal);
  /** Make the cells `width` × `height` px; without room for a number they are read by pointing or by ear. */
  function resize(width, height = width) {
    if (wide === width && high === height) return;
    [wide, high] = [width, height];
    node.style.setProperty("--cell", `${wide}px`);
    node.style.setProperty("--high", `${high}px`);
    node.classList.toggle("bare", wide < SMALLEST_PRINT[0] || high < SMALLEST_PRINT[1]);
  }
  resize(40);
  return { node, update, select, outline, resize, hideOutline: () => (frame.hidden = true) };
}

/** Nodes in a row, signs (strings) between them, as an equation reads; "" ends a line. tell(k, "image I", array)
 *  writes "image I, 5 × 5" under the k-th node. */
function equation(...parts) {
  const captions = [];
  const node = h("div", { class: "equation" }, ...parts.map((part) => {
    if (typeof part === "string") return h("div", { class: part ? "operator" : "break" }, part);
    captions.push(h("div", { class: "caption" }));
    return h("div", { class: "panel" }, part, captions.at(-1));
  }));
  const tell = (k, name, { rows, cols }) => {
    const symbol = name.lastIndexOf(" ") + 1;
    if (captions[k].textContent === `${name}, ${rows}\u00a0×\u00a0${cols}`) return;
    captions[k].replaceChildren(name.slice(0, symbol), h("b", {}, name.slice(symbol)), `, ${rows}\u00a0×\u00a0${cols}`);
  };
  return { node, tell };
}

/** A picture of a matrix, one pixel an entry; colour(x, k) gives [r, g, b] of entry k, or null for none. */
function picture(label) {
  const node = h("canvas", { role: "img", "aria-label": label });
  let pixels = null;
  function update({ rows, cols, data }, colour) {
    if (node.width !== cols || node.height !== rows || !pixels) {
      [node.width, node.height] = [cols, rows];
      pixels = new ImageData(cols, rows);
    }
    const words = new Uint32Array(pixels.data.buffer); // a pixel at once: alpha, blue, green, red from the highest byte
    for (let k = 0; k < data.length; k++) {
      const rgb = colour(data[k], k);
      words[k] = rgb ? (255 << 24) | (rgb[2] << 16) | (rgb[1] << 8) | rgb[0] : 0;
    }
    node.getContext("2d").putImageData(pixels, 0, 0);
  }
  return { node, update };
}

/** A ramp in 256 steps, as a function from low … high to [r, g, b]. */
function lookup(ramp, low, high) {
  const span = high - low || 1;
  const table = Array.from({ length: 256 }, (_, k) => ramp(k / 255));
  return (x) => table[Math.max(0, Math.min(255, Math.round(((x - low) / span) * 255)))];
}

/** Colours for the numbers of an image: black is the lowest or 0, white the highest. */
const greys = (data, ramps) => lookup(ramps.grey, Math.min(0, ...data), Math.max(1e-9, ...data));

/** Colours for numbers with a sign, symmetric about 0. */
function signed(data, ramps) {
  const limit = math.limit(data);
  return (x) => ramps.diverging(x / limit);
}

/** A ramp between its ends: the diverging one, or the grey one from 0. */
function legend() {
  const bar = picture("colour scale");
  const [low, high] = [h("span"), h("span")];
  const node = h("div", { class: "legend" }, low, bar.node, high);
  const steps = { rows: 1, cols: 91, data: Float64Array.from({ length: 91 }, (_, k) => k / 45 - 1) };
  function update(limit, ramps, least = -limit) {
    bar.update(steps, least < 0 ? ramps.diverging : (t) => ramps.grey((t + 1) / 2));
    low.textContent = number(least);
    high.textContent = number(limit);
  }
  return { node, update };
}

Object.assign(cnnmath, { grid, equation, pointing, picture, lookup, greys, signed, legend, cellSize });
})(globalThis.cnnmath);
