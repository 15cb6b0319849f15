/* A stack of layers cut along one axis, the input on top: every cell stands under the middle of the pixels that it sees. */
(function (cnnmath) {
"use strict";
if (cnnmath.layerStack) return;
const { h, math, number, svg } = cnnmath;

const [GUTTER, BARS, HIGH, STEP] = [66, 54, 22, 54]; // px: names at the left, paths above, a cell, a layer
const LARGEST = 40; // px of a pixel

const css = `
.stack { cursor: crosshair; touch-action: pan-y; user-select: none; -webkit-user-select: none; width: fit-content; }
svg { display: block; fill: none; stroke: var(--cm-line); }
text { fill: var(--cm-ink); stroke: none; font-size: 12px; text-anchor: middle; }
.name { text-anchor: start; } .quiet { fill: var(--cm-muted); }
.part, .bar { fill: var(--cm-accent-soft); stroke: var(--cm-accent); }
.gap, .out { fill: url(#hatch); stroke: var(--cm-edge); stroke-dasharray: 3 2; }
.out { stroke: var(--cm-accent); }
.at { fill: var(--cm-accent-soft); stroke: var(--cm-accent); stroke-width: 3; }
.ways { stroke: var(--cm-accent); opacity: 0.45; }
.cone { fill: var(--cm-accent); opacity: 0.1; stroke: none; }
.span { stroke: var(--cm-accent); stroke-width: 2; }`;

/** The cells that cell i of a layer reads, those beyond the border too. */
const taps = ({ kernel, stride, padding, dilation }, i) => Array.from({ length: kernel }, (_, m) => stride * i - padding + dilation * m);

/** The picture of a stack. find(event) gives {layer, cell}; near(layer, cell, other) the cell of another layer in the same place. */
function layerStack(label) {
const art = svg("svg", { role: "img", "aria-label": "the layers, input on top" });
const node = h("div", { class: "stack", role: "application", tabindex: "0", "aria-label": label }, art);
let [low, unit, sizes, fields] = [0, 1, [], []];

/** The middle of a cell's field, in pixels, and the cell that has its own nearest to x. */
const centre = (l, i) => fields[l][2] + i * fields[l][1] + fields[l][0] / 2;
const nearest = (l, x) => math.held(Math.round((x - centre(l, 0)) / fields[l][1]), sizes[l]);
const near = (layer, cell, other) => nearest(other, centre(layer, cell));

function find(event) {
  const box = art.getBoundingClientRect();
  const layer = math.held(Math.floor((event.clientY - box.top - BARS + (STEP - HIGH) / 2) / STEP), sizes.length);
  return { layer, cell: nearest(layer, low + (event.clientX - box.left - GUTTER) / unit) };
}

/** Draw layers and the values of a cell in them; the field has grown back to layer `lowest`. */
function update(layers, view, lowest, room) {
  ({ sizes, fields } = view);
  const { layer, cell, pixels, paths, most } = view;
  const size = sizes[0];
  const ends = sizes.map((count, l) => [centre(l, 0) - fields[l][1] / 2, centre(l, count - 1) + fields[l][1] / 2]);
  const [seen, jump, start] = fields.at(-1);
  const beyond = Math.max(4, size / 2); // pixels drawn on either side, at most
  low = Math.min(...ends.map((end) => end[0]), Math.max(-beyond, start));
  const high = Math.max(...ends.map((end) => end[1]), Math.min(size + beyond, start + (sizes.at(-1) - 1) * jump + seen));
  const wide = Math.min(room - 8, GUTTER + LARGEST * (high - low));
  unit = (wide - GUTTER) / (high - low);

  const edge = (place) => Math.max(GUTTER, Math.min(wide, place));
  const x = (place) => GUTTER + (place - low) * unit;
  const y = (l) => BARS + l * STEP;
  const at = (l, i) => x(centre(l, i));
  const rows = sizes.map((count, l) => paths.slice(...[l, l + 1].map((k) => sizes.slice(0, k).reduce((a, b) => a + b, 0))));
  const nodes = [svg("pattern", { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("path", { d: "M0 0V5", stroke: "var(--cm-edge)", "stroke-width": 1.5 }))];
  const write = (text, place, top, kind = "") => nodes.push(svg("text", { x: place, y: top, class: kind }, text));
  const path = (kind, d) => nodes.push(svg("path", { class: kind, d }));
  const half = (l) => Math.max(1, Math.min((fields[l][1] * unit) / 2, HIGH) - 1); // px of a box
  const box = (l, i, kind, text = "") => {
    if (at(l, i) < GUTTER || at(l, i) > wide) return;
    nodes.push(svg("rect", { x: at(l, i) - half(l), y: y(l), width: 2 * half(l), height: HIGH, rx: 3, class: kind }));
    if (text.length * 8 + 4 < 2 * half(l)) write(text, at(l, i), y(l) + 15);
  };

  const spans = []; // first and last cell of each layer on the way back
  for (let [l, span] = [layer, [cell, cell]]; l >= 0; l--) {
    spans[l] = l < lowest ? [0, -1] : span;
    if (l) span = [taps(layers[l - 1], span[0])[0], taps(layers[l - 1], span[1]).at(-1)];
  }
  for (let l = layer; l > lowest; l--) {
    const corner = (k, end, sign) => edge(at(k, spans[k][end]) + sign * (half(k) + 1));
    const [top, foot] = [y(l), y(l - 1) + HIGH];
    path("cone", `M${corner(l, 0, -1)} ${top}L${corner(l - 1, 0, -1)} ${foot}H${corner(l - 1, 1, 1)}L${corner(l, 1, 1)} ${top}Z`);
    const way = (i) => taps(layers[l - 1], i).map((p) => `M${at(l, i)} ${top}L${edge(at(l - 1, p))} ${foot}`);
    path("ways", rows[l].flatMap((count, i) => (count ? way(i) : [])).join(""));
  }
  sizes.forEach((count, l) => {
    write(l ? `${l} ${layers[l - 1].kind} ${layers[l - 1].kernel}` : "input", 0, y(l) + 10, "name");
    write(`sees ${fields[l][0]}`, 0, y(l) + 23, "name quiet");
    const [first, last] = spans[l] ?? [0, -1];
    rows[l].forEach((ways, i) => {
      const lit = ways && l >= lowest;
      const kind = lit ? "part" : i >= first && i <= last ? "gap" : "";
      box(l, i, l === layer && i === cell ? "at" : kind, lit ? number(ways) : "");
    });
    for (let i = first; i <= last; i++) if (i < 0 || i >= count) box(l, i, "out");
  });
  if (lowest === 0 && layer > 0) {
    rows[0].forEach((ways, i) => {
      const height = ((BARS - 26) * ways) / most;
      if (ways) nodes.push(svg("rect", { class: "bar", x: x(i) + 1, y: BARS - 4 - height, width: Math.max(1, unit - 2), height }));
    });
    path("span", `M${edge(x(pixels[0]))} ${BARS - 2}H${edge(x(pixels[1] + 1))}`);
    const middle = x((pixels[0] + pixels[1] + 1) / 2);
    write(`pixels ${pixels.map(number).join(" to ")}`, Math.max(GUTTER + 60, Math.min(wide - 70, middle)), 12);
  }
  art.setAttribute("width", wide);
  art.setAttribute("height", y(sizes.length - 1) + HIGH + 4);
  art.replaceChildren(...nodes);
}
return { node, update, find, near };
}

Object.assign(layerStack, { css, taps });
cnnmath.layerStack = layerStack;
})(globalThis.cnnmath);
