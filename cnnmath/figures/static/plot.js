/* Plots on SVG: axes with ticks, curves, arrows, hatched areas, and points to drag. */
(function (cnnmath) {
"use strict";
if (cnnmath.plot) return;
const { h, number, on, svg } = cnnmath;

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1], PageDown: [0, -10], PageUp: [0, 10],
  Home: [-Infinity, 0], End: [Infinity, 0] };

const css = `
.plot { position: relative; width: fit-content; user-select: none; -webkit-user-select: none; }
.plot svg { display: block; fill: none; stroke: currentColor; stroke-width: 2; touch-action: pan-y; }
.plot text { fill: currentColor; stroke: none; font-size: 12px; }
.plot .axes { stroke: var(--cm-line); stroke-width: 1; color: var(--cm-muted); }
.plot .zero { stroke: var(--cm-edge); }
.plot .accent { color: var(--cm-accent); }
.plot .second { color: var(--cm-link); }
.plot .quiet { color: var(--cm-edge); }
.plot .dash { stroke-dasharray: 6 4; }
.plot .solid { fill: currentColor; }
.plot .handle { position: absolute; inset: -16px auto auto -16px; width: 32px; height: 32px; border-radius: 50%; }
.plot .handle { cursor: grab; touch-action: none; }
.plot .handle::before { content: ""; position: absolute; inset: 8px; border: 3px solid var(--cm-accent); border-radius: 9px; }
.plot .handle.second::before { border-color: var(--cm-link); border-radius: 3px; }`;

let serial = 0;

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

const held = (x, [low, high]) => Math.max(low, Math.min(high, x));

/** Round numbers from low to high, at most `most` + 1, in steps of 1, 2 or 5 times a power of ten. */
function ticks([low, high], most) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10].find((one) => one * power * most >= (high - low) * (1 - 1e-9)) * power;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)) + 0);
}

/** Axes for x and y, [low, high] each. Options: label (spoken), xlabel, ylabel, `equal` (one scale for both), else `ratio`, height by
 *  width; xtext and ytext(value) write a tick; onpick(x, y): a press or drag on the plot. Make marks in build(); in paint()
 *  frame(width, x, y), then update them. A figure's css begins with cnnmath.plot.css. */
function plot({ label, x, y, xlabel = "", ylabel = "", equal, ratio = 0.6, xtext = number, ytext = number, onpick }, signal) {
  const id = `cm-plot-${++serial}`;
  const clip = svg("rect", {}), axes = svg("g", { class: "axes" }), art = svg("g", { "clip-path": `url(#${id})` });
  const picture = svg("svg", { role: "img", "aria-label": label }, svg("clipPath", { id }, clip),
    svg("pattern", { id: `${id}-hatch`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { width: 1, height: 6, class: "quiet solid", stroke: "none" })), axes, art);
  const node = h("div", { class: "plot" }, picture);
  const marks = [];
  let key = "", left, top, wide, high;

  const far = (z) => held(z, [-1e4, 1e4]); // px, beyond which a path is not drawn truly
  const px = (value) => far(left + ((value - x[0]) / (x[1] - x[0])) * wide);
  const py = (value) => far(top + ((y[1] - value) / (y[1] - y[0])) * high);
  const there = (across, down) => [x[0] + ((across - left) / wide) * (x[1] - x[0]), y[1] - ((down - top) / high) * (y[1] - y[0])];

  /** Fit `width` px, and the ranges where they changed; the marks follow. */
  function frame(width, newX = x, newY = y) {
    if (key === (key = String([width, newX, newY]))) return;
    [x, y] = [newX, newY];
    const shape = equal ? (y[1] - y[0]) / (x[1] - x[0]) : ratio;
    const rows = ticks(y, Math.max(2, (width * shape) / 44)).map((value) => [value, ytext(value)]);
    left = 12 + 7 * Math.max(...rows.map(([, text]) => text.length));
    top = ylabel ? 24 : 10;
    wide = width - left - 12;
    high = wide * shape;
    const [right, bottom] = [left + wide, top + high];
    const line = (d, value) => svg("path", { d, class: value ? "" : "zero" });
    const word = (across, down, anchor, text) => svg("text", { x: across, y: down, "text-anchor": anchor }, text);
    set(clip, { x: left, y: top, width: wide, height: high });
    axes.replaceChildren(
      ...rows.flatMap(([value, text]) => [line(`M${left} ${py(value)}H${right}`, value), word(left - 6, py(value) + 4, "end", text)]),
      ...ticks(x, Math.max(2, wide / 48)).flatMap((value) =>
        [line(`M${px(value)} ${top}V${bottom}`, value), word(px(value), bottom + 16, "middle", xtext(value))]),
      word((left + right) / 2, bottom + 33, "middle", xlabel), word(2, 14, "start", ylabel));
    set(picture, { width, height: bottom + (xlabel ? 40 : 22) });
    marks.forEach((redraw) => redraw());
  }

  /** A mark keeps what it was last given: update(…) draws it, hide() takes it away. */
  function mark(what, draw, home = art) {
    let last = null;
    const give = (given) => { last = given; redraw(); };
    const redraw = () => {
      what.toggleAttribute("hidden", !last);
      if (last && key) draw(...last);
    };
    home.append(what);
    marks.push(redraw);
    redraw();
    return { node: what, update: (...given) => give(given), hide: () => give(null) };
  }

  /** "M… L…" through points [x, y]; a y that is not finite breaks the line. */
  const path = (points) => points.map(([across, up], k) => (Number.isFinite(up)
    ? `${Number.isFinite(points[k - 1]?.[1]) ? "L" : "M"}${px(across).toFixed(2)} ${py(up).toFixed(2)}` : "")).join("");
  const shape = (tag, attributes, draw) => { const one = svg(tag, attributes); return mark(one, (...given) => set(one, draw(...given))); };

  // The marks; `look` is any of "accent", "second", "quiet", "dash".
  /** update([[x, y], …]) */
  const curve = (look = "") => shape("path", { class: look }, (points) => ({ d: path(points) }));
  /** A hatched polygon: update([[x, y], …]) */
  const area = () => shape("path", { fill: `url(#${id}-hatch)`, stroke: "none" }, (points) => ({ d: `${path(points)}Z` }));
  /** update(x, y, radius in px) */
  const spot = (look = "") => shape("circle", { class: `solid ${look}` }, (across, up, r = 5) => ({ cx: px(across), cy: py(up), r }));
  /** update(x, y, words, dx, dy, anchor): dx and dy in px */
  function text(look = "") {
    const one = svg("text", { class: look });
    return mark(one, (across, up, words, dx = 6, dy = -6, anchor = "start") => {
      set(one, { x: px(across) + dx, y: py(up) + dy, "text-anchor": anchor }).textContent = words;
    }, picture);
  }
  /** update([x, y], [x, y]), with a head at the second where `arrow` */
  function segment(look = "", arrow = false) {
    const [shaft, head] = [svg("path", {}), svg("path", { class: "solid", stroke: "none" })];
    return mark(svg("g", { class: look }, shaft, head), (...ends) => {
      const [[a, b], [c, d]] = ends.map(([across, up]) => [px(across), py(up)]);
      const length = Math.hypot(c - a, d - b) || 1;
      const size = arrow ? Math.min(12, length) : 0;
      const [u, v] = [(size * (c - a)) / length, (size * (d - b)) / length];
      set(shaft, { d: `M${a} ${b}L${c - u} ${d - v}` });
      set(head, { d: `M${c} ${d}L${c - u - 0.4 * v} ${d - v + 0.4 * u}L${c - u + 0.4 * v} ${d - v - 0.4 * u}Z` });
    });
  }

  /** Report presses and drags on `what` as places in data; begin(event) gives what is added to the pointer's place, or null. */
  function drag(what, begin, report) {
    let shift = null;
    const tell = (event) => { if (shift) report(...there(event.clientX + shift[0], event.clientY + shift[1])); };
    on(what, "pointerdown", (event) => {
      if (event.button !== 0) return;
      what.setPointerCapture(event.pointerId);
      shift = begin(event);
      tell(event);
    }, signal);
    on(what, "pointermove", tell, signal);
    on(what, "lostpointercapture", () => (shift = null), signal);
  }

  /** A point to drag, one tab stop. range: {x: [low, high], y: …}; without y it moves along x alone. It keeps to multiples of `step`;
   *  Shift makes `leap` steps of one. onmove(x, y) reports a move; update(x, y, words) draws it and says `words`. */
  function handle({ label: name, range, step = 0.1, leap = 10, look = "", onmove }) {
    const [least, most] = range.x;
    const knob = h("div", { class: `handle ${look}`, role: "slider", tabindex: "0", "aria-label": name });
    set(knob, { "aria-valuemin": least, "aria-valuemax": most });
    const keep = (value, limits) => held(Number((Math.round(value / step) * step).toFixed(9)), limits) + 0;
    let at = [0, 0];
    const go = (across, up) => {
      const next = [keep(across, range.x), range.y ? keep(up, range.y) : at[1]];
      if (String(next) === String(at)) return;
      at = next; // the next key may come before the next paint, which brings what the figure kept
      onmove(...next);
    };
    drag(knob, (event) => [px(at[0]) - event.clientX, py(at[1]) - event.clientY], go);
    on(knob, "keydown", (event) => {
      const by = KEYS[event.key]?.map((k) => k && k * step * (event.shiftKey ? leap : 1));
      if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
      go(at[0] + by[0] + (range.y ? 0 : by[1]), at[1] + by[1]);
      event.preventDefault();
      event.stopPropagation();
    }, signal);
    return mark(knob, (across, up, words) => {
      at = [across, up];
      knob.style.transform = `translate(${px(across)}px, ${py(up)}px)`;
      set(knob, { "aria-valuenow": across, "aria-valuetext": words });
    }, node);
  }

  if (onpick) {
    const corner = () => { const box = picture.getBoundingClientRect(); return [-box.left, -box.top]; };
    drag(picture, corner, (across, up) => onpick(held(across, x), held(up, y)));
  }
  return { node, frame, curve, area, spot, text, segment, handle };
}

cnnmath.plot = Object.assign(plot, { css, ticks });
})(globalThis.cnnmath);
