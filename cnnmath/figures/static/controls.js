/* Controls: native inputs, each with a label, each calling back with a number or an option. */
(function (cnnmath) {
"use strict";
if (cnnmath.controls) return;
const { h, literal, on } = cnnmath;

let serial = 0;

const row = (...nodes) => h("div", { class: "row controls" }, ...nodes);

/** A number field. Text that is no number goes to onrefuse(text); the field keeps what it had. */
function field(label, { min, max, step = "any", oninput, onrefuse }, signal) {
  const node = h("input", { type: "number", "aria-label": label, min, max, step, autocomplete: "off" });
  let typing = false; // a repaint must not take away a number that is only half typed
  on(node, "input", () => (typing = true), signal);
  on(node, "change", () => {
    typing = false;
    if (node.value === "" || node.validity.badInput) {
      onrefuse?.(node.validity.badInput ? "text" : "an empty field");
      node.value = node.kept;
    } else oninput(Number(node.value));
  }, signal);
  on(node, "keydown", (event) => event.stopPropagation(), signal);
  const set = (value) => {
    node.kept = literal(value);
    if (!typing && (node.value === "" || Number(node.value) !== value)) node.value = node.kept;
  };
  return { node, set };
}

/** A range input bound to the same value as a number field. */
function slider(label, { min, max, step, oninput, onrefuse }, signal) {
  const range = h("input", { type: "range", "aria-label": label, min, max, step });
  const box = field(`${label}, as a number`, { min, max, oninput, onrefuse }, signal);
  on(range, "input", () => oninput(Number(range.value)), signal);
  const set = (value) => {
    range.value = value;
    box.set(value);
  };
  return { range, box: box.node, set };
}

/** One of a few options, as native radio buttons: arrow keys move, Tab leaves. */
function segmented(label, options, onpick, signal) {
  const name = `cm-choice-${++serial}`;
  const inputs = options.map((option) => h("input", { type: "radio", name, value: option, "aria-label": `${label} ${option}` }));
  inputs.forEach((input, k) => on(input, "change", () => onpick(options[k]), signal));
  const node = h("fieldset", {}, h("legend", {}, label),
    h("span", { class: "choices" }, ...inputs.map((input, k) => h("label", {}, input, String(options[k])))));
  const set = (value) => inputs.forEach((input, k) => (input.checked = options[k] === value));
  return { node, set };
}

/** Segmented controls for a figure's fields, {field: options}: `nodes`, or one row, `node`; set(state) marks those in force. */
function choices(figure, table) {
  const all = Object.entries(table).map(([name, options]) => [name, segmented(name, options, (value) => figure.update({ [name]: value }), figure.signal)]);
  const nodes = all.map(([, one]) => one.node);
  return { nodes, get node() { return row(...nodes); }, set: (state) => all.forEach(([name, one]) => one.set(state[name])) };
}

/** A button; `look` is "chip" or "plain". Give a boolean to set() to make it a toggle. */
function button(text, onclick, signal, look = "chip") {
  const node = h("button", { type: "button", class: look }, text);
  on(node, "click", onclick, signal);
  const set = (pressed) => node.setAttribute("aria-pressed", String(pressed));
  return { node, set };
}

/** A row of preset buttons; set(name) marks the one in force, or none. */
function presets(label, names, onpick, signal) {
  const buttons = names.map((name) => button(name, () => onpick(name), signal));
  const node = h("div", { class: "row controls", role: "group", "aria-label": label }, ...buttons.map((one) => one.node));
  const set = (name) => buttons.forEach((one, k) => one.set(names[k] === name));
  return { node, set };
}

cnnmath.controls = { row, field, slider, segmented, choices, button, presets };
})(globalThis.cnnmath);
