/* Worksheet: a seeded task to be done by hand; blanks are filled and marked in the page, and the sheet is printed alone. */
(function (cnnmath) {
"use strict";
const { controls, h, literal, on } = cnnmath;
const { TOPICS, worksheet, mark, solved } = cnnmath.worksheet;

const SIGNS = ["wrong", "right"];
const aside = new CSSStyleSheet(); // what stands beside a sheet that is printed alone
aside.replaceSync("@media print { [data-cnnmath-aside] { display: none !important; } }");

/** Print one element of the page and nothing else. */
function printAlone(node, signal) {
  const others = [];
  for (let at = node; at.parentElement; at = at.parentElement) others.push(...[...at.parentElement.children].filter((one) => one !== at && one !== document.head));
  others.forEach((one) => one.toggleAttribute("data-cnnmath-aside", true));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, aside];
  const restore = () => {
    others.forEach((one) => one.removeAttribute("data-cnnmath-aside"));
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== aside);
  };
  addEventListener("afterprint", restore, { once: true, signal });
  signal.addEventListener("abort", restore, { once: true });
  print();
}

class Worksheet extends cnnmath.Figure {
  static tag = "cnnmath-worksheet";
  static label = "Worksheet";
  static css = `
h2 { margin: 0.2rem 0; font-size: 1.15rem; } h3 { margin: 1rem 0 0; font-size: 1rem; } p { margin: 0.1rem 0 0.4rem; }
.given { display: flex; flex-wrap: wrap; gap: 0.6rem 1.6rem; align-items: end; }
table { border-collapse: collapse; } caption { text-align: left; color: var(--cm-muted); font-size: 0.9rem; white-space: nowrap; }
td { min-width: 2em; padding: 0.1rem 0.4rem; border: 1px solid var(--cm-edge); text-align: center; }
.line { display: flex; flex-wrap: wrap; gap: 0.3rem 0.4rem; align-items: center; margin: 0.35rem 0; }
.line label { white-space: nowrap; } .line input { width: 3.6em; } .mark { display: inline-block; width: 1em; }
[data-mark="1"] { color: var(--cm-good); } [data-mark="0"] { color: var(--cm-accent); }
.solved { flex-basis: 100%; margin: 0; color: var(--cm-muted); } .paper { display: none; }
@media print { .paper { display: block; } .line { break-inside: avoid; } .line input { min-width: 3.6em; border-bottom: 1px solid !important; border-radius: 0; } .live, .row.controls.row { display: none; } }`;
  static fields = { topic: ["choice", "convolution", TOPICS], seed: ["integer", 7, 0, 999999], typed: ["list", [], 64, "text", 12], key: ["flag", false] };

  static values({ topic, seed, typed }) {
    const { given, answers } = worksheet(topic, seed);
    const marks = answers.map((answer, k) => mark(typed[k] ?? "", answer));
    return { given: given.flatMap(([, rows]) => rows.flat()), answers, marks, score: marks.filter((one) => one > 0).length, points: answers.length };
  }

  static describe({ topic, seed, key }, { marks, score, points }) {
    const count = (which) => marks.filter((one) => one === which).length;
    return `${worksheet(topic, seed).title}, sheet ${seed}: ${score} of ${points} points; ${count(0)} wrong, ${count(-1)} empty.${key ? " The key is shown." : ""}`;
  }

  static python({ topic, seed, typed, key }) {
    return `from cnnmath.worksheet import worksheet

sheet = worksheet("${topic}", seed=${seed})
given, answers = sheet.numbers, sheet.answers
marks = sheet.mark([${typed.map((one) => JSON.stringify(one)).join(", ")}])
score, points = marks.count(1), sheet.points
print(sheet.text(answers=${key ? "True" : "False"}))`;
  }

  build() {
    const { signal } = this;
    const fresh = (fields) => this.update({ typed: [], key: false, ...fields });
    this.topics = controls.segmented("topic", TOPICS, (topic) => fresh({ topic }), signal);
    this.seeds = controls.field("seed", { min: 0, max: 999999, step: 1, oninput: (seed) => fresh({ seed }), onrefuse: (text) => this.refuseText("seed", text) }, signal);
    const next = controls.button("Another", () => fresh({ seed: (this.state.seed + 1) % 1000000 }), signal);
    this.keys = controls.button("Show key", () => this.update({ key: !this.state.key }), signal);
    const paper = controls.button("Print this sheet", () => printAlone(this, signal), signal);
    this.sheet = h("div", { class: "sheet" });
    return [controls.row(this.topics.node, h("label", { class: "pair" }, h("span", {}, "seed"), this.seeds.node), next.node), this.sheet,
      controls.row(this.keys.node, paper.node)];
  }

  /** The nodes of a sheet: made once for a topic and a seed, so that what is being typed stays. */
  lay({ title, given, parts, answers }, seed) {
    this.blanks = [];
    const blank = (label) => {
      const k = this.blanks.length;
      const node = h("input", { type: "text", "aria-label": label, autocomplete: "off", maxlength: 12 });
      on(node, "keydown", (event) => event.stopPropagation(), this.signal);
      on(node, "change", () => this.update({ typed: Array.from(answers, (_, at) => (at === k ? node.value : this.state.typed[at] ?? "")) }), this.signal);
      this.blanks.push({ node, sign: h("span", { class: "mark" }) });
      return [node, this.blanks.at(-1).sign];
    };
    this.solutions = [];
    const row = (one) => {
      const terms = one.terms.flatMap((_, k) => [...(k ? ["+"] : []), ...blank(`${one.label}, term ${k + 1}`)]);
      const solution = h("p", { class: "solved", hidden: true }, solved(one));
      this.solutions.push(solution);
      return h("div", { class: "line" }, h("span", {}, `${one.label} =`), ...terms, ...(terms.length ? ["="] : []), ...blank(one.label), solution);
    };
    const table = ([name, rows]) => h("table", {}, h("caption", {}, name), ...rows.map((numbers) => h("tr", {}, ...numbers.map((x) => h("td", {}, literal(x).replace("-", "−"))))));
    this.sheet.replaceChildren(h("h2", {}, `${title}: sheet ${seed}`), h("p", { class: "paper" }, `Name: ${"_".repeat(30)}   Points: ____ of ${answers.length}`),
      h("div", { class: "given" }, ...given.map(table)),
      ...parts.flatMap(({ name, rule, lines }, k) => [h("h3", {}, `${k + 1}. ${name}`), h("p", {}, rule), ...lines.map(row)]));
  }

  paint({ topic, seed, typed, key }, { marks }) {
    this.topics.set(topic);
    this.seeds.set(seed);
    this.keys.set(key);
    if (this.laid !== `${topic} ${seed}` || !this.sheet.hasChildNodes()) {
      this.laid = `${topic} ${seed}`;
      this.lay(worksheet(topic, seed), seed);
    }
    this.blanks.forEach(({ node, sign }, k) => {
      const text = typed[k] ?? "";
      if (node.kept !== text) node.value = node.kept = text;
      sign.textContent = "✗✓"[marks[k]] ?? "";
      sign.dataset.mark = marks[k];
      node.setAttribute("aria-invalid", String(marks[k] === 0));
      node.title = SIGNS[marks[k]] ?? "";
    });
    this.solutions.forEach((node) => (node.hidden = !key));
  }
}

cnnmath.register(Worksheet);
})(globalThis.cnnmath);
