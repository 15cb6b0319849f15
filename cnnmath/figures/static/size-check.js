/* SizeCheck: sizes and costs by formula and counted. */
(function (cnnmath) {
"use strict";
const { math, refuse } = cnnmath;

/** Cells of a box, one by one. */
function count(side, ...others) {
  let total = 0;
  for (let k = 0; k < side; k++) total += others.length ? count(...others) : 1;
  return total;
}

function positions(H, K, S, P, D = 1) {
  let found = 0;
  while (S * found + D * (K - 1) < H + 2 * P) found += 1;
  return [math.outputSize(H, K, S, P, D), found];
}

function field(K1, S1, K2, S2, K3) {
  let cells = [0];
  for (const [K, S] of [[K3, 1], [K2, S2], [K1, S1]]) cells = cells.flatMap((cell) => Array.from({ length: K }, (_, k) => S * cell + k));
  return [K1 + (K2 - 1) * S1 + (K3 - 1) * S1 * S2, Math.max(...cells) - Math.min(...cells) + 1];
}

const formulas = {};
for (const [name, title, letters, most, numbers, sides] of [
  ["output", "⌊(H + 2P − D(K − 1) − 1)/S⌋ + 1 positions", "H, K, S, P, D", 256, [7, 3, 2, 1, 1], positions],
  ["pooling", "⌊(H + 2P − K)/S⌋ + 1 windows", "H, K, S, P", 256, [7, 2, 2, 0], positions],
  ["parameters", "C_out (C_in K_h K_w + 1) parameters", "C_in, C_out, K_h, K_w", 12, [3, 8, 3, 3], (a, b, c, d) => [b * (a * c * d + 1), count(b, a, c, d) + count(b)]],
  ["multiply_adds", "C_out H_out W_out C_in K_h K_w multiply–adds", "C_in, C_out, K_h, K_w, H_out, W_out", 12, [3, 8, 3, 3, 6, 6],
    (...all) => [all.reduce((a, b) => a * b), count(...all)]],
  ["field", "receptive field 1 + Σ (K − 1) Π S of three layers", "K1, S1, K2, S2, K3", 6, [3, 1, 2, 2, 3], field],
]) formulas[name] = { title, letters, most, example: { numbers }, sides: (state) => sides(...state.numbers) };

class SizeCheck extends cnnmath.FormulaCheck {
static tag = "cnnmath-size-check";
static label = "SizeCheck";
static formulas = formulas;
static fields = { formula: ["choice", "output", Object.keys(formulas)], numbers: ["list", formulas.output.example.numbers, 6, "integer", 0, 256] };
static names = ({ formula }) => ({ numbers: formulas[formula].letters });
static verdict = (error) => (error === 0 ? "They are equal." : "They differ.");

static fits({ formula, numbers }) {
  const { letters, most } = formulas[formula];
  const names = letters.split(", ");
  if (numbers.length !== names.length) refuse(this.label, "numbers", `be the ${names.length} of ${letters}`, numbers);
  names.forEach((name, k) => cnnmath.check.integer(this.label, name, numbers[k], Number(name !== "P"), most));
  const [size, kernel, , padding, dilation = 1] = numbers;
  const reach = dilation * (kernel - 1) + 1, padded = size + 2 * padding;
  if (names[0] === "H" && reach > padded) refuse(this.label, "H + 2P", `be at least ${reach}, the span of the window`, padded);
}
}

cnnmath.register(SizeCheck);
})(globalThis.cnnmath);
