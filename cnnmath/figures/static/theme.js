/* Colours, light and dark, and the style sheet that all figures share. */
(function (cnnmath) {
  "use strict";
  if (cnnmath.theme) return;

  // Ends of the ramps as sRGB; the diverging ramp is symmetric about 0 and told apart by blue and orange.
  const RAMPS = {
    light: { black: [52, 52, 56], white: [252, 252, 252], negative: [58, 112, 196], zero: [255, 255, 255], positive: [236, 138, 58] },
    dark: { black: [44, 44, 48], white: [236, 236, 236], negative: [84, 142, 230], zero: [27, 33, 42], positive: [224, 130, 52] },
  };

  const CSS = `
:host { display: block; margin: 1.25rem 0; color: inherit; font: inherit; line-height: 1.5; font-variant-numeric: tabular-nums;
  --cm-accent: #b84a00; --cm-accent-soft: #fff0e4; --cm-line: #d5dae1; --cm-edge: #858d99; --cm-muted: #5a6472; --cm-paper: #fff; --cm-ink: #16181d; --cm-link: #245fae; --cm-good: #1a6b3c; }
:host([data-scheme="dark"]) { --cm-accent: #ff9e4a; --cm-accent-soft: #3a2413; --cm-line: #39414d; --cm-edge: #7c8796; --cm-muted: #a3adba; --cm-paper: #14181e; --cm-ink: #e8eaee; --cm-link: #8cb9f5; --cm-good: #6fcf97; }
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }
.figure { max-width: 100%; color: var(--cm-ink); font-size: 0.95rem; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1.1rem; margin: 0.7rem 0; }
.equation { display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem 0.9rem; }
.break { flex-basis: 100%; }
.operator { font-size: 1.35rem; color: var(--cm-muted); }
.panel { min-width: 0; max-width: 100%; overflow-x: auto; padding: 3px; }
.caption { margin-top: 0.3rem; color: var(--cm-muted); font-size: 0.88rem; }
.caption b { color: var(--cm-ink); }
.muted { color: var(--cm-muted); }
.grid { position: relative; display: inline-grid; gap: 2px; outline-offset: 3px; touch-action: pan-y; user-select: none; -webkit-user-select: none; }
.grid > [role="row"] { display: contents; }
.cell { position: relative; display: flex; align-items: center; justify-content: center; height: var(--high, var(--cell)); width: var(--cell); border-radius: 3px; border: 1px solid var(--cm-line); font-size: calc(var(--cell) * 0.38); line-height: 1; overflow: hidden; white-space: nowrap; }
.cell.pad { border-style: dashed; border-color: var(--cm-edge); background-image: repeating-linear-gradient(45deg, transparent 0 5px, color-mix(in srgb, var(--cm-edge) 45%, transparent) 5px 6px); }
.cell.erased { background-image: repeating-linear-gradient(45deg, transparent 0 4px, var(--cm-edge) 4px 5px); }
.cell.tap { border-color: var(--cm-accent); }
.cell.at { box-shadow: inset 0 0 0 2px var(--cm-accent); border-color: var(--cm-accent); }
.cell.lit { box-shadow: inset 0 0 0 max(2px, calc(var(--high, var(--cell)) / 10)) var(--cm-accent); border-color: var(--cm-accent); }
.bare .cell { font-size: 0 !important; border-radius: 1px; contain: strict; }
.bare .at, .bare .lit { box-shadow: 0 0 0 2px var(--cm-accent); }
.bare .frame::before, .bare .frame::after { display: none; }
.cell .badge { position: absolute; right: 1px; bottom: 1px; padding: 0 2px; border-radius: 2px; font-size: 10px; line-height: 12px; background: var(--cm-paper); color: var(--cm-accent); }
.frame { position: absolute; pointer-events: none; border: 2px solid var(--cm-accent); border-radius: 4px; transition: transform 180ms ease-out; }
.frame::before, .frame::after { content: ""; position: absolute; width: 11px; height: 11px; border: solid var(--cm-accent); }
.frame::before { top: -4px; left: -4px; border-width: 4px 0 0 4px; border-top-left-radius: 4px; }
.frame::after { right: -4px; bottom: -4px; border-width: 0 4px 4px 0; border-bottom-right-radius: 4px; }
.pane { position: relative; width: fit-content; touch-action: pan-y; cursor: crosshair; user-select: none; -webkit-user-select: none; }
.pane canvas { width: 100%; image-rendering: pixelated; box-shadow: 0 0 0 1px var(--cm-line); }
.pane .hatch { position: absolute; inset: 0; -webkit-mask-image: repeating-linear-gradient(45deg, #000 0 2px, transparent 2px 5px); }
.pane .frame { top: 0; left: 0; pointer-events: auto; touch-action: none; transition: none; box-shadow: 0 0 0 1px var(--cm-paper); }
.pane .frame::before { top: -10px; left: -10px; }
.pane .frame::after { right: -10px; bottom: -10px; }
.pane .handle { position: absolute; inset: -12px; }
.formula { margin: 0.8rem 0; line-height: 1.9; overflow-wrap: anywhere; }
.formula .term { padding: 1px 3px; border-radius: 4px; border: 1px solid transparent; white-space: nowrap; }
.formula .term.lit { border-color: var(--cm-accent); background: var(--cm-accent-soft); }
button, input, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
.chip { padding: 0.15rem 0.8rem; border: 1px solid var(--cm-edge); border-radius: 999px; background: transparent; font-size: 0.9rem; min-height: 28px; }
.chip:hover { border-color: var(--cm-accent); }
.chip[aria-pressed="true"] { border-color: var(--cm-accent); background: var(--cm-accent-soft); box-shadow: inset 0 -2px 0 var(--cm-accent); }
.plain { padding: 0 0.1rem; min-height: 26px; border: 0; border-bottom: 1px solid var(--cm-edge); background: none; font-size: 0.9rem; }
.plain:hover { border-color: var(--cm-accent); color: var(--cm-accent); }
fieldset { display: inline-flex; align-items: center; gap: 0.5rem; margin: 0; padding: 0; border: 0; min-width: 0; }
legend { float: left; padding: 0; margin-right: 0.5rem; color: var(--cm-muted); font-size: 0.9rem; }
.choices { display: inline-flex; flex-wrap: wrap; border: 1px solid var(--cm-edge); border-radius: 6px; overflow: hidden; }
.choices label { position: relative; padding: 0.1rem 0.65rem; min-width: 28px; min-height: 28px; text-align: center; cursor: pointer; font-size: 0.9rem; }
.choices label:has(:checked) { background: var(--cm-accent-soft); box-shadow: inset 0 -2px 0 var(--cm-accent); }
.choices input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
.choices label:has(:focus-visible) { outline: 2px solid var(--cm-link); outline-offset: -2px; }
.pair { display: inline-flex; align-items: center; gap: 0.5rem; }
.pair > span { color: var(--cm-muted); font-size: 0.9rem; }
input[type="number"], input[type="text"], textarea, select { border: 1px solid var(--cm-edge); border-radius: 4px; background: var(--cm-paper); padding: 0.1rem 0.35rem; min-height: 26px; }
input[type="number"] { width: 5.2em; }
input[type="range"] { accent-color: var(--cm-accent); min-width: 0; }
:focus-visible { outline: 2px solid var(--cm-link); outline-offset: 2px; }
.problem { margin: 0.5rem 0; padding: 0.25rem 0.6rem; border-left: 3px solid var(--cm-accent); background: var(--cm-accent-soft); }
.problem:empty { display: none; }
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.3rem 1.2rem; margin-top: 0.6rem; padding-top: 0.5rem; border-top: 1px solid var(--cm-line); }
.live { flex: 1 1 18rem; color: var(--cm-muted); font-size: 0.9rem; min-height: 1.5em; }
.actions { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; align-items: start; }
.code { margin: 0.6rem 0 0; padding: 0.6rem 0.8rem; border: 1px solid var(--cm-line); border-radius: 4px; overflow-x: auto; font-size: 0.82rem; line-height: 1.45; background: var(--cm-paper); color: var(--cm-ink); }
.legend { display: inline-flex; align-items: center; gap: 0.4rem; font-size: 0.8rem; color: var(--cm-muted); }
.legend canvas { width: 90px; height: 8px; border: 1px solid var(--cm-line); }
canvas { display: block; max-width: 100%; }
@media (prefers-reduced-motion: reduce) { *, *::before, *::after { transition: none !important; animation: none !important; } }
@media print { .row.controls, .actions, .code { display: none; } .figure { break-inside: avoid; } }
`;

  let sheet;
  /** Give a shadow root the shared style sheet and a figure's own. */
  function dress(root, ownCss) {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
    }
    const own = new CSSStyleSheet();
    own.replaceSync(ownCss);
    root.adoptedStyleSheets = [sheet, own];
  }

  /** "dark" where the text around the node is light: holds in any theme, book or notebook. */
  function scheme(node) {
    const [r, g, b] = getComputedStyle(node.parentElement ?? document.body).color.match(/[\d.]+/g).map(Number);
    return 0.299 * r + 0.587 * g + 0.114 * b > 127 ? "dark" : "light";
  }

  const followers = new Set();
  const media = matchMedia("(prefers-color-scheme: dark)");
  let watcher = null;
  const tell = () => requestAnimationFrame(() => followers.forEach((follower) => follower()));

  /** Call `follower` when the page's theme may have changed, until `signal` aborts. */
  function follow(follower, signal) {
    followers.add(follower);
    if (!watcher) {
      watcher = new MutationObserver(tell);
      const options = { attributes: true, attributeFilter: ["class", "data-theme", "data-mode", "data-jp-theme-light", "data-bs-theme"] };
      watcher.observe(document.documentElement, options);
      if (document.body) watcher.observe(document.body, options);
      else addEventListener("DOMContentLoaded", () => watcher?.observe(document.body, options), { once: true });
      media.addEventListener("change", tell);
    }
    signal.addEventListener("abort", () => {
      followers.delete(follower);
      if (followers.size) return;
      media.removeEventListener("change", tell);
      watcher?.disconnect();
      watcher = null;
    });
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

  cnnmath.theme = { dress, scheme, follow, ramps, ink, css, followers };
})(globalThis.cnnmath);
