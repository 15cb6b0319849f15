/* What the small checks share: both sides of a formula, and their difference. */
(function (cnnmath) {
"use strict";
if (cnnmath.FormulaCheck) return;
const { controls, h, literal, number, told, rowsText, on } = cnnmath;

const rowsOf = (x) => (Array.isArray(x[0]) ? x : [[x].flat()]);
const list = (x) => rowsOf(x).map((row) => row.map(told).join(", ")).join("; ");
/** f(entry, …place) of each entry. */
const each = (x, f, ...at) => (Array.isArray(x) ? x.map((y, k) => each(y, f, ...at, k)) : f(x, ...at));

/** A subclass has formulas {name: {title, example, sides(state) → [formula, measured]}} and names(state) → {field: label}. */
class FormulaCheck extends cnnmath.Figure {
static css = `
.row { margin: 0.3rem 0; } .sides { align-items: start; } .pair { max-width: 100%; white-space: nowrap; }
select, input { min-width: 0; }
caption { color: var(--cm-muted); text-align: left; white-space: nowrap; } td { padding-right: 0.8em; }
.live { color: inherit; }`;

static values(state) {
  const [formula, measured] = this.formulas[state.formula].sides(state);
  return { formula, measured, difference: each(formula, (x, ...at) => x - at.reduce((y, k) => y[k], measured)) };
}

static describe(state, { formula, measured, difference }) {
  const error = Math.max(...rowsOf(difference).flat().map(Math.abs));
  return `By the formula: ${list(formula)}. By ${this.how(state)}: ${list(measured)}. ${this.verdict(error, state)}`;
}

static how() { return "counting"; }

/** Below 10⁻⁸ is rounding. */
static verdict(error) {
  let bound = 1e-8;
  while (error >= bound) bound *= 10;
  return `They differ by less than ${number(bound)}.`;
}

static python(state) {
  const given = Object.entries(state).map(([name, x]) => `${name}=${typeof x === "string" ? `"${x}"` : rowsText(x)}`);
  return `from cnnmath.figures import ${this.label}

check = ${this.label}(${given.join(", ")})
formula, measured, difference = check.values().values()
print(check.steps())`;
}

build() {
  const { formulas, fields, defaults } = this.constructor;
  this.menu = h("select", { "aria-label": "formula" }, ...Object.entries(formulas).map(([value, { title }]) => h("option", { value }, title)));
  on(this.menu, "change", () => this.update({ ...defaults, formula: this.menu.value, ...formulas[this.menu.value].example }), this.signal);
  this.texts = Object.entries(fields).filter(([, [kind]]) => kind !== "choice").map(([name, [kind]]) => {
    const node = h("input", { type: "text", autocomplete: "off" });
    on(node, "keydown", (event) => event.stopPropagation(), this.signal);
    on(node, "change", () => {
      const rows = node.value.replace(/[−–]/g, "-").split(";").map((row) => (row.match(/[^\s,]+/g) ?? ["none"]).map(Number));
      node.kept = null;
      if (rows.flat().some(Number.isNaN)) this.refuseText(name, cnnmath.show(node.value));
      else this.update({ [name]: { matrix: rows, list: rows.flat() }[kind] ?? rows[0][0] });
    }, this.signal);
    return { name, node, label: h("span") };
  });
  this.steps = fields.h && controls.choices(this, { h: fields.h[2] });
  this.sides = h("div", { class: "row sides" });
  return [h("div", { class: "row" }, h("label", { class: "pair" }, h("b", {}, "Check it"), this.menu),
    ...this.texts.map(({ label, node }) => h("label", { class: "pair" }, label, node)), ...(this.steps?.nodes ?? [])), this.sides];
}

paint(state, values) {
  const { names, how } = this.constructor;
  this.menu.value = state.formula;
  this.steps?.set(state);
  for (const { name, node, label } of this.texts) {
    const text = rowsOf(state[name]).map((row) => row.map(literal).join(" ")).join("; ");
    label.textContent = names(state)[name];
    node.parentNode.hidden = !label.textContent;
    if (node.kept !== text) node.value = node.kept = text;
    node.size = Math.max(5, text.length);
  }
  const shown = [(x) => literal(Number(x.toFixed(6))).replace("-", "−"), number];
  this.sides.replaceChildren(...["formula", how(state), "difference"].map((caption, k) => h("table", {}, h("caption", {}, caption),
    ...rowsOf(Object.values(values)[k]).map((row) => h("tr", {}, ...row.map((x) => h("td", {}, (row.length > 3 ? told : shown[k >> 1])(x))))))));
  if (this.spoken !== this.description) this.live.textContent = this.spoken = this.description;
}
}

Object.assign(cnnmath, { FormulaCheck, each });
})(globalThis.cnnmath);
