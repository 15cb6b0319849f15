/* AnswerBox: a reader types a number or a small array and is answered at once, without a kernel. */
(function (cnnmath) {
"use strict";
const { controls, h, math, number, refuse, show, on } = cnnmath;
const LARGEST = 1e12;
const NUMBER = /^[-+.\de]+(\/[-+.\de]+)?$/i; // of these, Number() refuses what is none
const [NONE, UNREAD, RIGHT, MISTAKE, SHAPE, ROUNDED, WRONG] = Array(7).keys();

const rowsOf = (value) => (Array.isArray(value[0]) ? value : [[value].flat()]);
const size = (rows) => `${rows.length} × ${rows[0].length}`;
/** 1 where an entry is right, else 0; no rows where the shape is wrong. */
const mask = (rows, wanted, tolerance) => (size(rows) === size(wanted) ? rows : [])
  .map((row, i) => row.map((x, j) => Number(Math.abs(x - wanted[i][j]) <= 1e-9 + tolerance * Math.abs(wanted[i][j]))));
const equal = (...given) => Math.min(...mask(...given).flat()) === 1;
const find = (rows, mistakes, tolerance) => mistakes.findIndex(({ value }) => equal(rows, rowsOf(value), tolerance));

/** The rows of numbers that a text holds, or what is wrong with it. */
function parse(response) {
  const text = `\n${response}\n`.replace(/[−–]/g, "-").replace(/[\t\r\xa0]/g, " ").replace(/ *([\n;,/]) */g, "$1")
    .replace(/[ \n]*([[\]])[ \n]*/g, "$1").replace(/\][,;]?\[/g, ";").replace(/^\[\[([^[\]]*)\]\]$|^\[([^[\]]*)\]$/, "$1$2");
  const rows = text.split(/[;\n]/).filter(Boolean).map((line) => line.split(/,| +/));
  const read = (token) => (NUMBER.test(token) ? token.split("/").map(Number).reduce((above, below) => above / below) : NaN);
  if (rows.flat().length > 256) return "more than 256 numbers.";
  const bad = rows.flat().find((token) => !(Math.abs(read(token)) <= LARGEST));
  if (bad !== undefined) return `${show(bad || ",")} is no number up to 10¹². Write it like −6, 0.5 or 1/9.`;
  const odd = rows.find((row) => row.length !== rows[0].length);
  return odd ? `rows of length ${rows[0].length} and ${odd.length}.` : rows.map((row) => row.map(read));
}

/** The values of the figure, and the sentence for the reader. */
function judge({ answer, mistakes, tolerance, response }) {
  const values = { typed: [], verdict: NONE, mistake: -1, right: [] };
  const say = (verdict, sentence) => [{ ...values, verdict }, sentence];
  const comma = /\d,\d/.test(response) ? " A comma separates entries: write 0.5 with a point, 1000 without a comma." : "";
  const read = parse(response);
  if (!Array.isArray(read)) return say(UNREAD, `Not read: ${read}${comma}`);
  if (!read.length) return say(NONE, "No answer yet.");
  const wanted = rowsOf(answer);
  const typed = (values.typed = wanted === answer ? read : [read.flat()]); // rows matter to a matrix alone
  values.right = mask(typed, wanted, tolerance);
  const count = wanted.flat().length;
  const score = count > 1 ? `${values.right.flat().filter(Boolean).length} of ${count} entries.` : `${number(typed[0][0])}.`;
  if (equal(typed, wanted, tolerance)) return say(RIGHT, `Right: ${score}`);

  const known = [...mistakes, { reason: "axes swapped", value: wanted[0].map((_, j) => wanted.map((row) => row[j])) },
    { reason: "opposite sign", value: wanted.map((row) => row.map((x) => -x)) }];
  values.mistake = find(typed, known, tolerance);
  if (values.mistake >= 0) return say(MISTAKE, `Not right. This is what a known mistake gives: ${known[values.mistake].reason}.`);
  if (!values.right.length) {
    const same = equal([typed.flat()], [wanted.flat()], tolerance);
    return say(SHAPE, `The shape is not ${size(typed)}.${same ? ` The numbers are right: arrange them as ${size(wanted)}.` : comma}`);
  }
  if (equal(typed, wanted, 10 * tolerance)) return say(ROUNDED, "Close, but rounded too far: give more digits.");
  return say(WRONG, `${count > 1 ? "Right so far" : "Not right"}: ${score}`);
}

class AnswerBox extends cnnmath.Figure {
static tag = "cnnmath-answer-box";
static label = "AnswerBox";
static css = `
p { white-space: pre-line; overflow-wrap: anywhere; }
textarea { width: 14rem; resize: none; }
.actions { margin-left: auto; }
.live { color: inherit; }
.live[data-verdict="2"] { color: var(--cm-good); }`;
static fields = {
  question: ["text", "What is 1 − 3?", 2000],
  answer: ["array", -2, 16, 16, LARGEST],
  mistakes: ["list", [], 12, "record", { reason: ["text", 200], value: ["array", 16, 16, LARGEST] }],
  hints: ["list", [], 8, "text", 1000],
  solution: ["text", "", 4000],
  tolerance: ["real", 0.005, 0, 0.5],
  response: ["text", "", 2000],
  shown_hints: ["integer", 0, 0, 8],
  revealed: ["flag", false],
};

static fits({ answer, mistakes, tolerance }) {
  mistakes.forEach(({ reason, value }, k) => {
    const first = find(rowsOf(value), [{ value: answer }, ...mistakes], tolerance);
    if (first <= k) refuse(this.label, "mistakes", "differ from the answer and from each other by more than the tolerance", reason);
  });
}

static values(state) { return judge(state)[0]; }
static describe(state) { return judge(state)[1]; }

static python({ shown_hints, revealed, ...given }) {
  const source = JSON.stringify(given, null, 1).replace(/,\n {2,}/g, ", ").replace(/\n {2,}|\n (?=[\]}])/g, "");
  return `from cnnmath.figures import AnswerBox\n\nbox = AnswerBox(**${source})\ntyped, verdict, mistake, right = box.values().values()`;
}

build() {
  const { signal } = this;
  const button = (text, change) => controls.button(text, () => this.update(change(this.state)), signal);
  const check = button("Check", () => ({ response: this.entry.value })).node;
  this.hint = button("", ({ shown_hints }) => ({ shown_hints: shown_hints + 1 })).node;
  this.open = button("Solution", ({ revealed }) => ({ revealed: !revealed }));
  [this.question, this.hints, this.solution] = ["off", "polite", "off"].map((live) => h("p", { "aria-live": live }));
  this.grid = cnnmath.grid({ label: "answer" }, signal);
  this.panel = cnnmath.equation(this.grid.node);
  this.ask = h("span");
  this.entry = h("textarea", { autocomplete: "off" });
  on(this.entry, "keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" || (this.entry.rows > 1 && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    check.click();
  }, signal);
  return [this.question, h("div", { class: "row" }, h("label", { class: "pair" }, this.ask, this.entry), check, this.hint, this.open.node),
    this.live, this.panel.node, this.solution, this.hints];
}

restart() { this.sent = null; }

paint({ question, answer, hints, solution, response, shown_hints, revealed }, { typed, verdict, right }) {
  const tell = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const scalar = !Array.isArray(answer);
  tell(this.question, question);
  tell(this.ask, scalar ? "your number" : "your array, a row a line; Ctrl+Enter checks");
  if (this.spoken !== this.description) this.live.textContent = this.spoken = this.description;
  tell(this.hints, hints.slice(0, shown_hints).map((text, k) => `${k + 1}. ${text}`).join("\n"));
  tell(this.hint, `Hint ${shown_hints + 1} of ${hints.length}`);
  tell(this.solution, revealed ? solution : "");
  if (this.sent !== response) this.sent = this.entry.value = response;
  this.entry.rows = scalar ? 1 : Math.max(3, rowsOf(answer).length);
  this.live.dataset.verdict = verdict;
  if (shown_hints >= hints.length && this.shadowRoot.activeElement === this.hint) this.entry.focus(); // before the button goes
this.hint.hidden = shown_hints >= hints.length;
  this.open.node.hidden = verdict <= UNREAD && shown_hints < (hints.length || 1); // after a try, or all hints
  this.open.set(revealed);
  const [name, rows, marks] = revealed ? ["right answer", rowsOf(answer), []] : ["your answer", scalar ? [] : typed, right];
  if ((this.panel.node.hidden = !rows.length)) return;
  const array = math.fromRows(rows);
  this.panel.tell(0, name, array);
  this.grid.update(array.rows, array.cols, (i, j, mark = marks[i]?.[j]) => ({ text: number(rows[i][j]) + ("✗✓"[mark] ?? ""), marks: ["at"][mark] }));
}
}

cnnmath.register(AnswerBox);
})(globalThis.cnnmath);
