/* The sheets of cnnmath/worksheet.py: tasks with small integers, drawn by seed, and their answers. */
(function (cnnmath) {
"use strict";
if (cnnmath.worksheet) return;

const TOPICS = ["convolution", "pooling", "backward", "momentum", "adam"];
const DRAWS = 64; // random numbers that a sheet may use
const CONVOLUTIONS = [[3, 3, 1, 0], [3, 4, 1, 0], [4, 3, 1, 0], [4, 4, 2, 0], [2, 2, 2, 1]]; // H, W, S, P
const POOLINGS = [[4, 4, 2], [4, 6, 2], [3, 3, 1]]; // H, W, S
const WEIGHTS = [-2, -1, 1, 2];
const RATES = [0.1, 0.5, 0.01];
const MOMENTA = [0.5, 0.9];
const PAIR = [0, 1];
const CELLS = [[0, 0], [0, 1], [1, 0], [1, 1]];

/** At most six decimals and a real minus. */
const text = (x) => String(Number(x.toFixed(6)) + 0).replace("-", "−");
const factor = (x) => (x < 0 ? `(${text(x)})` : text(x));
const pair = (a, b) => `(${text(a)})(${text(b)})`;
const sum = (x) => x.reduce((a, b) => a + b, 0);
const range = (count) => Array.from({ length: count }, (_, k) => k);

const line = (label, work, total, terms = []) => ({ label, work, terms, total, answers: [...terms, total] });
function products(label, pairs) {
  const all = pairs.map(([a, b]) => a * b);
  return line(label, pairs.map(([a, b]) => pair(a, b)).join(" + "), sum(all), all.length > 1 ? all : []);
}

function dice(seed, place) {
  let drawn = DRAWS * place;
  const roll = (low, high) => low + Math.floor(cnnmath.uniform(seed, drawn++) * (high - low + 1));
  const rows = (height, width, low, high) => range(height).map(() => range(width).map(() => roll(low, high)));
  const choice = (options) => options[roll(0, options.length - 1)];
  /** The weights in some order, as 2 × 2: all differ, so that it matters which is met where. */
  function shuffled() {
    const left = [...WEIGHTS];
    const order = WEIGHTS.map(() => left.splice(roll(0, left.length - 1), 1)[0]);
    return [order.slice(0, 2), order.slice(2)];
  }
  return { rows, choice, shuffled };
}

function convolution({ rows, choice, shuffled }) {
  const [height, width, stride, padding] = choice(CONVOLUTIONS);
  const [image, kernel] = [rows(height, width, 0, 5), shuffled()];
  const sizes = [height, width].map((size) => Math.floor((size + 2 * padding - 2) / stride) + 1);
  const at = (i, j) => image[i - padding]?.[j - padding] ?? 0;
  return ["Convolution, as layers compute it", [["image I", image], ["kernel K", kernel], ["stride S", [[stride]]], ["padding P, on each side", [[padding]]]], [
    ["The size of the output", "H_out = ⌊(H + 2P − K_h)/S⌋ + 1, and W_out alike.",
      ["H_out", "W_out"].map((name, k) => line(name, `⌊(${[height, width][k]} + ${2 * padding} − 2)/${stride}⌋ + 1`, sizes[k]))],
    ["The output", "O(i, j) is the sum of I(S i + m − P, S j + n − P) K(m, n) over m and n, row by row. The kernel is not turned. Pixels outside the image are 0.",
      range(sizes[0]).flatMap((i) => range(sizes[1]).map((j) => products(`O(${i}, ${j})`, CELLS.map(([m, n]) => [at(stride * i + m, stride * j + n), kernel[m][n]]))))],
  ]];
}

function pooling({ rows, choice }) {
  const [height, width, stride] = choice(POOLINGS);
  const image = rows(height, width, 0, 9);
  const windows = range(Math.floor((height - 2) / stride) + 1).flatMap((i) => range(Math.floor((width - 2) / stride) + 1)
    .map((j) => [`(${i}, ${j})`, CELLS.map(([m, n]) => image[stride * i + m][stride * j + n])]));
  return ["Pooling", [["image I", image], ["window K", [[2, 2]]], ["stride S", [[stride]]]], [
    ["Maximum", "M(i, j) is the largest entry of the window that begins at row S i, column S j.",
      windows.map(([place, x]) => line(`M${place}`, `largest of ${x.join(", ")}`, Math.max(...x)))],
    ["Average", "A(i, j) is the sum of the same four entries, divided by 4.",
      windows.map(([place, x]) => line(`A${place}`, `(${x.join(" + ")})/4 = ${sum(x)}/4`, sum(x) / 4))],
  ]];
}

function backward({ rows, shuffled }) {
  const [image, kernel, delta] = [rows(3, 3, 0, 4), shuffled(), shuffled()];
  const pixels = range(3).flatMap((a) => range(3).map((b) => products(`∂L/∂I(${a}, ${b})`,
    CELLS.filter(([i, j]) => kernel[a - i]?.[b - j] !== undefined).map(([i, j]) => [delta[i][j], kernel[a - i][b - j]]))));
  return ["Backward pass of a convolution", [["image I", image], ["kernel K", kernel], ["δ = ∂L/∂O", delta]], [
    ["The kernel", "O = I ⋆ K + b. ∂L/∂K(m, n) is the sum of δ(i, j) I(i + m, j + n) over i and j, row by row.",
      CELLS.map(([m, n]) => products(`∂L/∂K(${m}, ${n})`, CELLS.map(([i, j]) => [delta[i][j], image[i + m][j + n]])))],
    ["The image", "∂L/∂I(a, b) is the sum of δ(i, j) K(a − i, b − j) over all i and j for which K has such an entry.", pixels],
    ["The bias", "∂L/∂b is the sum of all δ(i, j).", [line("∂L/∂b", delta.flat().map(factor).join(" + "), sum(delta.flat()))]],
  ]];
}

function momentum({ rows, choice }) {
  const [rate, mu] = [choice(RATES), choice(MOMENTA)];
  const [start, ...gradients] = [rows(1, 2, -3, 3)[0], rows(1, 2, -5, 5)[0], rows(1, 2, -5, 5)[0]];
  const [theta, velocity] = [[...start], [0, 0]];
  return ["Two steps of SGD with momentum", [["θ at the start", [start]], ["v at the start", [[0, 0]]], ["η", [[rate]]], ["μ", [[mu]]]],
    gradients.map((gradient, step) => [`Step ${step + 1}, gradient (${gradient.map(text).join(", ")})`, "v becomes μ v + g, and then θ becomes θ − η v.", PAIR.flatMap((k) => {
      const [kept, old] = [mu * velocity[k], theta[k]];
      const moved = kept + gradient[k];
      const lines = [line(`v(${k})`, `${pair(mu, velocity[k])} + ${factor(gradient[k])}`, moved, [kept, gradient[k]]),
        line(`θ(${k})`, `${text(old)} − ${pair(rate, moved)}`, old - rate * moved, [old, -rate * moved])];
      [theta[k], velocity[k]] = [old - rate * moved, moved];
      return lines;
    })])];
}

function adam({ rows, choice }) {
  const rate = choice(RATES);
  const theta = rows(1, 2, -3, 3)[0];
  const gradient = PAIR.map(() => choice([-8, -4, -3, -2, 2, 3, 4, 8]));
  return ["The first step of Adam", [["θ at the start", [theta]], ["gradients", [gradient]], ["η", [[rate]]], ["β₁, β₂", [[0.9, 0.999]]], ["ε", [[0]]]],
    gradient.map((g, k) => [`Weight ${k}, gradient ${text(g)}`,
      "m = β₁ · 0 + (1 − β₁) g, s = β₂ · 0 + (1 − β₂) g², m̂ = m/(1 − β₁), ŝ = s/(1 − β₂), and θ becomes θ − η m̂/√ŝ.", [
        line("m", `(0.9)(0) + (0.1)(${text(g)})`, g / 10), line("s", `(0.999)(0) + (0.001)(${text(g * g)})`, (g * g) / 1000),
        line("m̂", `${text(g / 10)}/(1 − 0.9)`, g), line("ŝ", `${text((g * g) / 1000)}/(1 − 0.999)`, g * g), line("√ŝ", "", Math.abs(g)),
        line("θ", `${text(theta[k])} − (${text(rate)})(${text(g)})/${text(Math.abs(g))}`, theta[k] - rate * Math.sign(g)),
      ]])];
}

/** What is given, as [name, rows], and the parts, each with a title, a rule and lines. */
function worksheet(topic, seed) {
  const place = TOPICS.indexOf(topic);
  const [title, given, parts] = [convolution, pooling, backward, momentum, adam][place](dice(seed, place));
  return { title, given, parts: parts.map(([name, rule, lines]) => ({ name, rule, lines })), answers: parts.flatMap(([, , lines]) => lines.flatMap((one) => one.answers)) };
}

const NUMBER = "[-+−–]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)";
const TYPED = new RegExp(`^(${NUMBER})(?:/(${NUMBER}))?$`);

/** 1 where the text is the answer, 0 where it is not, −1 where there is none. */
function mark(typed, answer) {
  const written = typed.trim();
  if (!written) return -1;
  const [above, below] = (TYPED.exec(written.replace(/,/g, "."))?.slice(1) ?? ["0", "0"]).map((part) => Number((part ?? "1").replace(/[−–]/, "-")));
  return Number(below !== 0 && Math.abs(above / below - answer) <= 1e-9 + 1e-6 * Math.abs(answer));
}

/** A line of the key, with the points of its steps. */
function solved({ label, work, terms, total }) {
  const steps = [label, work, terms.map((x, k) => (k ? factor(x) : text(x))).join(" + "), text(total)].filter(Boolean).join(" = ");
  return `${steps}   [${terms.length ? `${terms.length} for the terms, 1 for the sum` : "1"}]`;
}

cnnmath.worksheet = { TOPICS, worksheet, mark, solved };
})(globalThis.cnnmath);
