/* SumCheck: a recursion beside its sum, and the mean over masks beside the sum over all masks. */
(function (cnnmath) {
"use strict";
const { refuse } = cnnmath;

const sum = (x) => x.reduce((a, b) => a + b, 0);

/** At each step, Σ base^(steps ago) x; `mean` divides by the sum of the weights. */
const weighted = (x, base, mean) => x.map((_, t) => {
  const weights = x.slice(0, t + 1).map((_, i) => base ** (t - i));
  return sum(weights.map((weight, i) => weight * x[i])) / (mean ? sum(weights) : 1);
});

function momentum({ x, p }) {
  let velocity = 0;
  return [weighted(x, p), x.map((g) => (velocity = p * velocity + g))];
}

function adam({ x, p }) {
  const squares = weighted(x.map((g) => g * g), 0.999, true);
  let [mean, square] = [0, 0];
  const run = x.map((g, t) => {
    mean = p * mean + (1 - p) * g;
    square = 0.999 * square + (1 - 0.999) * g * g;
    return mean / (1 - p ** (t + 1)) / (Math.sqrt(square / (1 - 0.999 ** (t + 1))) + 1e-8);
  });
  return [weighted(x, p, true).map((m, t) => m / (Math.sqrt(squares[t]) + 1e-8)), run];
}

/** Σ over all masks of the chance of the mask times f(y, x). */
const overMasks = (x, p, f) => x.map((z, j) => sum(Array.from({ length: 2 ** x.length }, (_, mask) => {
  const kept = x.map((_, k) => (mask >> k) & 1);
  return kept.reduce((chance, k) => chance * (k ? 1 - p : p), 1) * f((kept[j] * z) / (1 - p), z);
})));

/** Intersection over union of [top, left, bottom, right] and another four, by sides and by counting pixels. */
function iou({ x: n }) {
  const side = (k) => Math.max(0, Math.min(n[k + 2], n[k + 6]) - Math.max(n[k], n[k + 4]));
  const area = (k) => (n[k + 2] - n[k]) * (n[k + 3] - n[k + 1]);
  const shared = side(0) * side(1);
  let [both, any] = [0, 0];
  for (let i = -10; i < 10; i++) {
    for (let j = -10; j < 10; j++) {
      const [one, two] = [0, 4].map((k) => i >= n[k] && i < n[k + 2] && j >= n[k + 1] && j < n[k + 3]);
      both += one && two;
      any += one || two;
    }
  }
  return [[shared / (area(0) + area(4) - shared)], [both / any]];
}

const BOXES = "be top, left, bottom, right of two boxes: integers, top < bottom and left < right";
const [RUN, ALL] = ["running it step by step", "summing over all masks"];
const formulas = {
  momentum: { title: "momentum: v = Σ μ^(steps ago) g", how: RUN, example: { x: [4, 4, 4], p: 0.5 }, sides: momentum },
  adam: { title: "Adam: weighted mean of g / (√(weighted mean of g²) + ε)", how: RUN, example: { x: [4, 2, -1], p: 0.9 }, sides: adam },
  dropout_mean: { title: "dropout: mean x", how: ALL, example: { x: [4, 1, -2], p: 0.5 }, sides: ({ x, p }) => [[...x], overMasks(x, p, (y) => y)] },
  dropout_variance: { title: "dropout: variance p x²/(1 − p)", how: ALL, example: { x: [4, 1, -2], p: 0.5 },
    sides: ({ x, p }) => [x.map((z) => (p / (1 - p)) * z * z), overMasks(x, p, (y, z) => (y - z) ** 2)] },
  iou: { title: "intersection over union of two boxes", how: "counting pixels", example: { x: [0, 0, 4, 4, 1, 2, 5, 6] }, sides: iou },
};

class SumCheck extends cnnmath.FormulaCheck {
  static tag = "cnnmath-sum-check";
  static label = "SumCheck";
  static formulas = formulas;
  static names = ({ formula }) => ({ x: formula === "iou" ? "boxes (t l b r)" : "x", p: formula === "iou" ? "" : "p" });
  static fields = { formula: ["choice", "momentum", Object.keys(formulas)], x: ["list", [4, 4, 4], 8, "real", -10, 10], p: ["real", 0.5, 0, 0.95] };
  static how = ({ formula }) => formulas[formula].how;

  static fits({ formula, x }) {
    if (formula !== "iou" && (!x.length || x.length > 4)) refuse(this.label, "x", "have 1 to 4 entries", x);
    if (formula === "iou" && !(x.length === 8 && x.every(Number.isInteger) && [0, 1, 4, 5].every((k) => x[k] < x[k + 2]))) refuse(this.label, "x", BOXES, x);
  }
}

cnnmath.register(SumCheck);
})(globalThis.cnnmath);
