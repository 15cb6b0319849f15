/* The namespace that every other file adds to: text of numbers, and the one error format.
 * Classic scripts without a build step: the same text runs from a <script> tag on file:// and in a notebook's module. */
globalThis.cnnmath ??= { data: {} };

(function (cnnmath) {
"use strict";
if (cnnmath.StateError) return;

const MINUS = "\u2212";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** The shortest decimal that reads back as the number, spelled as Python's `_check.literal`. */
function literal(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x === 0) return "0";
  const size = Math.abs(x);
  return size >= 1e-6 && size < 1e15 ? String(x) : x.toExponential();
}

/** Nested rows of numbers as Python source, spelled as Python's `_text.rows_text`. */
const rowsText = (rows) => (Array.isArray(rows) ? `[${rows.map(rowsText).join(", ")}]` : literal(rows));

/** A number as a figure prints it: integers whole, others to three decimals, a real minus, no −0. */
function number(x) {
  const size = Math.abs(x);
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "not a number" : `${x < 0 ? MINUS : ""}∞`;
  const sign = x < 0 ? MINUS : "";
  if (size === 0 || (Number.isInteger(x) && size < 1e7)) return size === 0 ? "0" : sign + size;
  if (size >= 1e7 || size < 1e-4) {
    const [digits, exponent] = size.toExponential(2).split("e");
    const power = [...exponent.replace("+", "")].map((c) => (c === "-" ? "⁻" : SUPERSCRIPTS[c])).join("");
    return `${sign}${strip(digits)}×10${power}`;
  }
  return sign + strip(size < 0.1 ? Number(size.toPrecision(3)).toFixed(6) : size.toFixed(3));
}

/** A sum as a figure prints it, rounded first: its last digits depend on the order of the terms. */
const told = (x) => number(Math.floor(x * 1e9 + 0.5) / 1e9);

const strip = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** A value as an error message prints it, spelled as Python's `_check.show`. */
function show(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return Math.abs(value) >= 1e300 ? (value > 0 ? "inf" : "-inf") : literal(value);
  if (typeof value === "string") return short(JSON.stringify(value), 40);
  if (Array.isArray(value)) return short(`[${value.map(show).join(", ")}]`, 60);
  return "a value of type dict";
}

function short(text, length) {
  const points = [...text];
  return points.length <= length ? text : points.slice(0, length - 1).join("") + "…";
}

/** A refused state: the message is for the reader, and the last good picture stays. */
class StateError extends Error {}

function refuse(figure, name, rule, value) {
  throw new StateError(`${figure}: ${name} must ${rule}; got ${show(value)}.`);
}

/** Checks of single fields. Each takes (figure, name, value, …) and returns the value to keep. */
const check = {
  integer(figure, name, value, minimum, maximum) {
    return keep(Number.isInteger(value) && value >= minimum && value <= maximum, figure, name, `be an integer from ${minimum} to ${maximum}`, value);
  },
  real(figure, name, value, minimum, maximum) {
    const good = typeof value === "number" && value >= minimum && value <= maximum;
    return keep(good, figure, name, `be a number from ${literal(minimum)} to ${literal(maximum)}`, value);
  },
  flag: (figure, name, value) => keep(typeof value === "boolean", figure, name, "be True or False", value),
  choice: (figure, name, value, options) => keep(options.includes(value), figure, name, `be one of ${options.map(show).join(", ")}`, value),
  text(figure, name, value, maximum) {
    const good = typeof value === "string" && [...value].length <= maximum && !/\p{Cs}/u.test(value); // no half surrogate pairs
    return keep(good, figure, name, `be text of at most ${maximum} characters`, value);
  },
  /** An array of arrays, rows × cols, of finite numbers no larger than `limit`; `given` is what a refusal shows. */
  matrix(figure, name, value, maxRows, maxCols, limit = 1e6, given = value,
    rule = `be a matrix of 1 to ${maxRows} rows and 1 to ${maxCols} columns`) {
    const rows = Array.isArray(value) && value.every(Array.isArray) ? value : refuse(figure, name, rule, given);
    const good = rows.length >= 1 && rows.length <= maxRows && rows[0].length >= 1 && rows[0].length <= maxCols;
    if (!good || rows.some((row) => row.length !== rows[0].length)) refuse(figure, name, rule, given);
    return rows.map((row) => row.map((x) => entry(figure, name, x, limit)));
  },
  /** A number, an array of numbers or a matrix: it keeps its number of dimensions. */
  array(figure, name, value, maxRows, maxCols, limit) {
    if (typeof value === "number") return entry(figure, name, value, limit);
    const flat = Array.isArray(value) && !value.some(Array.isArray);
    const rule = `be a number, 1 to ${maxCols} numbers or a matrix of up to ${maxRows} × ${maxCols} numbers`;
    const rows = check.matrix(figure, name, flat ? [value] : value, maxRows, maxCols, limit, value, rule);
    return flat ? rows[0] : rows;
  },
  /** An array of at most `maximum` items, each as the check called `kind` wants it. */
  list(figure, name, value, maximum, kind, ...limits) {
    if (!Array.isArray(value) || value.length > maximum) refuse(figure, name, `be a list of at most ${maximum} items`, value);
    return value.map((x, k) => check[kind](figure, `${name} must fit item by item: item ${k}`, x, ...limits));
  },
  /** A dict of just these `fields`: {name: [a check's name, …limits]}. */
  record(figure, name, value, fields) {
    const names = Object.keys(fields);
    const good = value && typeof value === "object" && String(Object.keys(value).sort()) === String([...names].sort());
    if (!good) refuse(figure, name, `be a dict of ${names.join(" and ")}`, value);
    return Object.fromEntries(Object.entries(fields).map(([key, [kind, ...limits]]) => [key, check[kind](figure, `${name}'s ${key}`, value[key], ...limits)]));
  },
  /** An array of `length` integers, each from minimum to maximum. */
  integers(figure, name, value, length, minimum, maximum) {
    const good = Array.isArray(value) && value.length === length && value.every((x) => Number.isInteger(x) && x >= minimum && x <= maximum);
    return [...keep(good, figure, name, `be ${length} integers from ${minimum} to ${maximum}`, value)];
  },
};

const keep = (good, figure, name, rule, value) => (good ? value : refuse(figure, name, rule, value));

const entry = (figure, name, x, limit) =>
  keep(typeof x === "number" && Math.abs(x) <= limit, figure, name, `hold only numbers from ${literal(-limit)} to ${literal(limit)}`, x);

/** A DOM node: h("button", {class: "chip"}, "text", child). Text is never parsed as HTML. */
const h = (tag, attributes, ...children) => made(document.createElement(tag), attributes, children);

/** The same in an SVG: svg("path", {d: "M0 0H9"}). */
const svg = (tag, attributes, ...children) => made(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

function made(node, attributes = {}, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const on = (node, type, act, signal) => node.addEventListener(type, act, { signal });

const HOME = document.currentScript?.src; // where a page keeps its scripts; "" or none where one text holds them all

/** cnnmath[part], of a script that a page loads when it is first wanted; notebooks and saved pages have it in their text. */
async function later(part, script) {
  if (!cnnmath[part]) {
    await new Promise((resolve, reject) => {
      const node = h("script", { src: new URL(script, HOME) });
      on(node, "load", resolve);
      on(node, "error", reject);
      document.head.append(node);
    });
  }
  return cnnmath[part];
}

Object.assign(cnnmath, { later, on, literal, rowsText, number, told, show, StateError, refuse, check, h, svg });
})(globalThis.cnnmath);
