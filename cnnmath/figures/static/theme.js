/* Colours, light and dark, and the style sheet that all figures share. */
(function (cnnmath) {
"use strict";
if (cnnmath.theme) return;

// Ends of the ramps as sRGB; the diverging ramp is symmetric about 0 and told apart by blue and orange.
const RAMPS = {
  light: { black: [52, 52, 56], white: [252, 252, 252], negative: [58, 112, 196], zero: [255, 255, 255], positive: [236, 138, 58] },
  dark: { black: [44, 44, 48], white: [236, 236, 236], negative: [84, 142, 230], zero: [27, 33, 42], positive: [224, 130, 52] },
};

let sheet;
/** Give a shadow root the shared style sheet and a figure's own. */
function dress(root, ownCss) {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(cnnmath.data["figure.css"]);
  }
  const own = new CSSStyleSheet();
  own.replaceSync(ownCss);
  root.adoptedStyleSheets = [sheet, own];
}

/** "dark" where the text around the node is light: holds in any theme, book or notebook. Paper is light. */
function scheme(node) {
  if (paper) return "light";
  const [r, g, b] = getComputedStyle(node.parentElement ?? document.body).color.match(/[\d.]+/g).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b > 127 ? "dark" : "light";
}

const SIGNS = { attributes: true, attributeFilter: ["class", "data-theme", "data-mode", "data-jp-theme-light", "data-bs-theme"] };
const followers = new Set();
const tell = () => requestAnimationFrame(() => followers.forEach((follower) => follower()));
const watcher = new MutationObserver(tell);
let paper = false;
/** Before printing a browser waits for what is done at once, and for nothing else: a follower is told so. */
for (const type of ["beforeprint", "afterprint"]) {
  addEventListener(type, () => {
    paper = type === "beforeprint";
    followers.forEach((follower) => follower(true));
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);

/** Call `follower` when the page's theme may have changed, and follower(true) when it goes to paper or comes back. */
function follow(follower, signal) {
  followers.add(follower);
  for (const node of [document.documentElement, document.body]) watcher.observe(node, SIGNS);
  signal.addEventListener("abort", () => followers.delete(follower));
}

const mix = (a, b, t) => a.map((x, k) => Math.round(x + (b[k] - x) * t));

/** The two ramps of a scheme: grey(t) for t in [0, 1], diverging(t) for t in [−1, 1]; [r, g, b]. */
function ramps(name) {
  const ends = RAMPS[name] ?? RAMPS.light;
  const clamp = (t, low) => Math.min(1, Math.max(low, t));
  return {
    grey: (t) => mix(ends.black, ends.white, clamp(t, 0)),
    diverging: (t) => mix(ends.zero, t < 0 ? ends.negative : ends.positive, Math.abs(clamp(t, -1))),
  };
}

const linear = (c) => (c <= 10 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4);

/** Black or white, whichever stands out more: at least 4.58 : 1 on any colour. */
function ink([r, g, b]) {
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) > 0.179 ? "#000" : "#fff";
}

const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

cnnmath.theme = { dress, scheme, follow, ramps, ink, css, followers, get paper() { return paper; } };
})(globalThis.cnnmath);
