/* A figure as a picture file. A page loads this script when a picture is first asked for (`cnnmath.later`). */
(function (cnnmath) {
"use strict";
if (cnnmath.savePicture) return;
const { h } = cnnmath;

const MARGIN = 16; // px around the figure
const LARGEST = 8192; // px of a side of a canvas, in every browser
const INHERITED = ["color", "color-scheme", "direction", "font-family", "font-size", "font-style", "font-weight", "letter-spacing",
  "text-align", "word-spacing"];
const NO_XML = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu; // characters that an XML file may not hold

/** The figure's nodes as they stand: properties become attributes, a canvas its own picture, the foot a caption. */
function twinOf(figure) {
  const body = figure.shadowRoot.querySelector(".figure");
  const twin = body.cloneNode(true);
  const each = (selector, change) => {
    const copies = twin.querySelectorAll(selector);
    body.querySelectorAll(selector).forEach((node, k) => change(copies[k], node));
  };
  each("input", (copy, { value, checked }) => { copy.setAttribute("value", value); copy.toggleAttribute("checked", checked); });
  each("textarea", (copy, { value }) => (copy.textContent = value));
  each("option", (copy, { selected }) => copy.toggleAttribute("selected", selected));
  each("canvas", (copy, node) => {
    if (!node.checkVisibility()) return;
    const { width, height } = getComputedStyle(node);
    Object.assign(copy.style, { width, height, background: `url("${node.toDataURL()}") 0 0 / 100% 100%` });
  });
  twin.querySelectorAll(".actions, .code, input[type=file]").forEach((node) => node.remove());
  const foot = twin.querySelector(".foot");
  foot.querySelector(".live")?.replaceChildren(h("b", {}, `${figure.constructor.label}.`), ` ${figure.description}`);
  return twin;
}

/** The style sheets of a figure, for nodes outside of a shadow root. */
const styleOf = ({ shadowRoot }) => shadowRoot.adoptedStyleSheets.flatMap(({ cssRules }) => [...cssRules]).map(({ cssText }) => cssText)
  .join("\n").replace(/:host\(([^)]*)\)/g, ".host$1").replaceAll(":host", ".host");

/** How high nodes are under the figure's styles, in px; the margin of the first of them, which lies outside of a figure, is taken away. */
function heightOf(twin, figure, width) {
  const host = h("div");
  host.attachShadow({ mode: "open" }).adoptedStyleSheets = figure.shadowRoot.adoptedStyleSheets;
  host.shadowRoot.append(twin);
  host.style.cssText = `position: absolute; visibility: hidden; width: ${width}px; margin: 0`;
  figure.after(host);
  const { top, height } = twin.getBoundingClientRect();
  twin.style.marginTop = `${host.getBoundingClientRect().top - top}px`;
  host.remove();
  return height;
}

/** The figure as the text of an SVG file that needs no other, and its size. */
function svgOf(figure) {
  const { width } = figure.getBoundingClientRect();
  const twin = twinOf(figure);
  const [wide, high] = [width, heightOf(twin, figure, width)].map((x) => Math.ceil(x + 2 * MARGIN));
  const sheet = h("div", { class: "host", "data-scheme": figure.dataset.scheme },
    h("style", {}, styleOf(figure), "* { scrollbar-width: none; transition: none !important; }"), twin);
  const style = getComputedStyle(figure);
  sheet.style.cssText = INHERITED.map((name) => `${name}: ${style.getPropertyValue(name)};`).join(" ") +
    `width: ${width + 2 * MARGIN}px; height: ${high}px; margin: 0; padding: ${MARGIN}px; background: var(--cm-paper)`;
  const rem = getComputedStyle(document.documentElement).fontSize;
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}" style="font-size: ${rem}">` +
    `<foreignObject width="${wide}" height="${high}">${new XMLSerializer().serializeToString(sheet)}</foreignObject></svg>`;
  return { text: text.replace(NO_XML, "\uFFFD"), wide, high };
}

/** Two pixels for each of the screen's. */
async function pngOf({ text, wide, high }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`; // a blob would taint the canvas
  await image.decode();
  const scale = Math.min(2 * devicePixelRatio, LARGEST / Math.max(wide, high));
  const canvas = h("canvas", { width: Math.round(wide * scale), height: Math.round(high * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve));
}

/** Give the reader a figure as a file, kind "png" or "svg"; returns its name. A browser that keeps a drawn SVG from being read gives the SVG. */
async function savePicture(figure, kind) {
  const svg = svgOf(figure);
  let blob = kind === "png" && (await pngOf(svg).catch(() => null));
  if (!blob) [blob, kind] = [new Blob([svg.text], { type: "image/svg+xml" }), "svg"];
  const name = `${figure.key.replace(/[^\w-]+/g, "-")}.${kind}`;
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
  return name;
}

cnnmath.savePicture = savePicture;
})(globalThis.cnnmath);
