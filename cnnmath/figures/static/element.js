/* The base of every figure: state → values → picture, and what a reader and a notebook may ask of it. */
(function (cnnmath) {
"use strict";
if (cnnmath.Figure) return;
const { h, controls, theme, StateError, show } = cnnmath;

const REST = 250; // ms without a change after which the live line speaks
const LONGEST_LINK = 20000;

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Matrices and typed arrays as plain nested arrays, so that values can be compared and sent. */
function plain(value) {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  return value?.data && value.rows ? cnnmath.math.toRows(value) : value;
}

/** A subclass says what is its own:
 *    static tag, label, css, fields {name: [a check's name, default, …limits]}, and fits(state), which refuses what does not fit
 *    static values(state) → {name: number | array | matrix}, pure
 *    static describe(state, values) → one sentence;  static python(state) → runnable code
 *    build() → the nodes of the body, made once;  paint(state, values) → the picture, from values only */
class Figure extends HTMLElement {
static css = "";

static get defaults() { return Object.fromEntries(Object.entries(this.fields).map(([name, [, value]]) => [name, value])); }

static check(state) {
  const kept = Object.fromEntries(Object.entries(this.fields).map(([name, [kind, , ...limits]]) => [name, cnnmath.check[kind](this.label, name, state[name], ...limits)]));
  this.fits?.(kept);
  return kept;
}

#state = null;
#values = null;
#frame = 0;
#rest = 0;
#scope = null;

/** Problems of a state, as text; "" when the last state given was good. */
error = "";

constructor() {
  super();
  this.attachShadow({ mode: "open" });
  this.ready = new Promise((resolve) => (this.resolveReady = resolve));
}

connectedCallback() {
  this.#scope = new AbortController();
  this.signal = this.#scope.signal;
  this.#start();
  theme.dress(this.shadowRoot, this.constructor.css);
  this.shadowRoot.replaceChildren(h("slot")); // the static form, should the next line fail
  this.#assemble();
  theme.follow((now) => this.#dressScheme(now), this.signal);
  const watcher = new ResizeObserver(() => this.repaint());
  watcher.observe(this);
  this.signal.addEventListener("abort", () => watcher.disconnect());
  addEventListener("hashchange", () => this.#readLink(), { signal: this.signal });
  this.#dressScheme();
  this.#readLink();
  this.spoken = undefined;
  this.#paintNow();
}

disconnectedCallback() {
  this.#scope.abort();
  cancelAnimationFrame(this.#frame);
  clearTimeout(this.#rest);
  this.#frame = 0;
  this.stop?.();
  this.shadowRoot.replaceChildren();
}

/** The state as plain JSON; setting it checks it, and a refused state changes nothing. */
get state() {
  this.#start();
  return structuredClone(this.#state);
}
set state(next) { this.update(next); }

/** What the figure shows, as Python's `figure.values()`. */
get values() { return Object.fromEntries(Object.entries(this.computed).map(([name, value]) => [name, plain(value)])); }

/** The same before conversion to plain arrays. */
get computed() { return (this.#values ??= this.compute(this.state)); }

get description() { return this.constructor.describe(this.state, this.computed); }
get code() { return this.constructor.python(this.state); }

compute(state) { return this.constructor.values(state); }

/** Something besides the state has changed. */
recompute() {
  this.#values = null;
  this.repaint();
}

/** Pointing shows: `view` has the values with these fields, until point(null). Picking keeps them. */
point(fields) {
  this.over = fields;
  this.repaint();
}
pick(fields) {
  this.over = null;
  return this.update(fields);
}
get view() { return this.over ? this.compute({ ...this.state, ...this.over }) : this.computed; }

/** Change some fields. Returns whether the state was good; if not, the message is shown. */
update(changes) {
  this.#start();
  let next;
  try {
    next = this.#checked(changes);
  } catch (problem) {
    if (!(problem instanceof StateError)) throw problem;
    this.refuse(problem.message);
    return false;
  }
  this.refuse("");
  const changed = !same(next, this.#state);
  this.#state = next;
  if (changed) this.#values = null;
  this.repaint(); // even when nothing changed: a control may stand on a refused value
  if (changed) this.dispatchEvent(new CustomEvent("change"));
  return true;
}

/** Say what is wrong; the last good picture stays. */
refuse(message) {
  this.error = message;
  if (this.problem) this.problem.textContent = message;
  if (message) this.repaint();
}

refuseText(name, text) {
  this.refuse(`${this.constructor.label}: ${name} must be a number; got ${text}. The figure keeps its last value.`);
}

repaint() {
  if (!this.isConnected || this.#frame) return;
  this.#frame = requestAnimationFrame(() => {
    this.#frame = 0;
    if (this.isConnected) this.#paintNow();
  });
}

/** The width that the body may use, in px. */
get room() { return this.clientWidth || 680; } // on paper figure.css sets it

#start() {
  if (this.#state) return;
  this.#state = this.constructor.check(this.constructor.defaults);
  if (this.hasAttribute("state")) this.#readJson(this.getAttribute("state"), "the state attribute");
  this.initial = this.#state;
}

#checked(changes) {
  const { label, fields } = this.constructor;
  if (changes === null || typeof changes !== "object" || Array.isArray(changes)) cnnmath.refuse(label, "state", "be a dict of fields", changes);
  const stranger = Object.keys(changes).find((name) => !Object.hasOwn(fields, name));
  if (stranger !== undefined) cnnmath.refuse(label, "state", `hold only the fields ${Object.keys(fields).join(", ")}`, stranger);
  return this.constructor.check({ ...this.#state, ...changes });
}

#readJson(text, origin) {
  let changes;
  try {
    changes = JSON.parse(text);
  } catch {
    this.refuse(`${this.constructor.label}: ${origin} must be JSON; got ${show(text)}. The figure keeps its last good state.`);
    return false;
  }
  return this.update(changes);
}

/** `#key=JSON&key2=JSON`: several figures of a page keep apart by their keys. */
get key() {
  const { tag } = this.constructor;
  const name = this.getAttribute("name");
  if (name) return name;
  const place = [...document.querySelectorAll(tag)].filter((one) => !one.getAttribute("name")).indexOf(this);
  return tag.replace("cnnmath-", "") + (place > 0 ? `-${place + 1}` : "");
}

#readLink() {
  const found = location.hash.slice(1).split("&").find((part) => part.startsWith(`${this.key}=`));
  if (!found || this.hasAttribute("notebook")) return;
  let text = "";
  try {
    text = decodeURIComponent(found.slice(this.key.length + 1));
  } catch { /* not percent-encoded: refused below as not JSON */ }
  if (text.length > LONGEST_LINK) text = "";
  if (this.#readJson(text, "the link")) requestAnimationFrame(() => this.scrollIntoView({ block: "center" }));
}

get link() {
  return `${location.href.split("#")[0]}#${this.key}=${encodeURIComponent(JSON.stringify(this.state))}`;
}

#assemble() {
  this.problem = h("div", { class: "problem", role: "alert" }, this.error);
  this.live = h("div", { class: "live", role: "status", "aria-live": "polite" });
  this.output = h("pre", { class: "code", tabindex: "0", "aria-label": "text to copy", hidden: true });
  const action = (text, act) => controls.button(text, act, this.signal, "plain").node;
  const actions = h("div", { class: "actions" },
    action("Reset", () => { this.output.hidden = true; this.restart?.(); this.update(this.initial); }),
    this.hasAttribute("notebook") ? null : action("Link", () => this.#shareLink()),
    action("Copy as Python", () => this.#offer(this.code)),
    action("Save as PNG", () => this.#save("png")), action("SVG", () => this.#save("svg")));
  actions.lastChild.ariaLabel = "Save as SVG";
  const foot = h("div", { class: "foot" }, this.live, actions);
  this.shadowRoot.replaceChildren(h("div", { class: "figure", role: "group", "aria-label": this.constructor.label },
    ...this.build(), this.problem, foot, this.output));
}

#shareLink() {
  try {
    history.replaceState(null, "", new URL(this.link).hash);
  } catch { /* a page that may not change its address still shows the link */ }
  this.#offer(this.link);
}

/** Show text and put it on the clipboard where the browser allows that. */
#offer(text) {
  this.output.hidden = false;
  this.output.textContent = text;
  getSelection()?.selectAllChildren(this.output);
  const done = (copied) => (this.live.textContent = copied ? "Copied." : "Selected below: copy it with Ctrl+C.");
  (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => done(true), () => done(false));
}

/** Say "Saved as kernel-slider.png.", or why not. */
async #save(kind) {
  const save = await cnnmath.later("savePicture", "save-picture.js").catch(() => null);
  this.live.textContent = save ? `Saved as ${await save(this, kind)}.` : "Not saved: this page cannot reach its script save-picture.js.";
}

#dressScheme(now) {
  this.dataset.scheme = theme.scheme(this);
  this.toggleAttribute("data-paper", theme.paper);
  this.ramps = theme.ramps(this.dataset.scheme);
  if (now) this.#paintNow();
  else this.repaint();
}

#paintNow() {
  this.paint(this.#state, this.computed);
  this.resolveReady();
  clearTimeout(this.#rest);
  const speak = () => {
    const text = this.description;
    if (this.spoken !== text) this.live.textContent = this.spoken = text;
  };
  if (theme.paper) speak();
  else this.#rest = setTimeout(speak, this.spoken === undefined ? 0 : REST);
}
}

function register(figure) {
  if (!customElements.get(figure.tag)) customElements.define(figure.tag, figure);
}

Object.assign(cnnmath, { Figure, register });
})(globalThis.cnnmath);
