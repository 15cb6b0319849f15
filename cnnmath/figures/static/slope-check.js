/* SlopeCheck: the gradient of a function of a few numbers, by its formula and by central differences. */
(function (cnnmath) {
"use strict";
const { central, refuse } = cnnmath;

const sum = (x) => x.reduce((a, b) => a + b, 0);
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const density = (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
/** Φ(x) = 1/2 + φ(x) (x + x³/3 + x⁵/(3·5) + …) */
function normal(x) {
  let [term, total] = [x, x];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(total); k += 2) total += term *= (x * x) / k;
  return 0.5 + density(x) * total;
}

/** exp(x − max) and its sum. */
function exponentials(x) {
  const largest = Math.max(...x);
  const e = x.map((z) => Math.exp(z - largest));
  return { largest, e, total: sum(e) };
}

function normalized(x) {
  const mean = sum(x) / x.length;
  const apart = x.map((z) => z - mean);
  const scale = 1 / Math.sqrt(sum(apart.map((z) => z * z)) / x.length + 1e-5);
  return { hat: apart.map((z) => z * scale), scale };
}

const dot = (a, b) => sum(a.map((z, k) => z * b[k]));
const near = (x, y, h) => Math.abs(x - y) < h;
const atZero = ({ x, h }) => x.some((z) => near(z, 0, h));
const activation = (title, f, slope, x, kink) => [title, { x }, (z) => sum(z.map(f)), (z) => z.map((one) => slope(one)), kink];
const pooled = (title, f, gradient, kink) => [title, { x: [3, 1, 4, 2], y: [1, 2, 3] }, (x, y) => dot(y, y.map((_, k) => f(x[k], x[k + 1]))), gradient, kink];

const formulas = {};
for (const [name, [title, example, loss, gradient, kink]] of Object.entries({
  relu: activation("ReLU: slope 1 for x > 0, else 0", (x) => Math.max(x, 0), (x) => Number(x > 0), [-1, 0, 2], atZero),
  leaky_relu: activation("leaky ReLU: slope 1 for x > 0, else 0.01", (x) => Math.max(x, 0) + 0.01 * Math.min(x, 0), (x) => (x > 0 ? 1 : 0.01), [-1, 0, 2], atZero),
  sigmoid: activation("sigmoid: slope σ(x)(1 − σ(x))", sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x)), [-2, 0, 1]),
  tanh: activation("tanh: slope 1 − tanh² x", Math.tanh, (x) => 1 - Math.tanh(x) ** 2, [-2, 0, 1]),
  gelu: activation("GELU: slope Φ(x) + x φ(x)", (x) => x * normal(x), (x) => normal(x) + x * density(x), [-2, 0, 1]),
  mse_loss: ["mean squared error: gradient 2(x − y)/n", { x: [0.5, 2], y: [1, 0] }, (x, y) => sum(x.map((z, k) => (z - y[k]) * (z - y[k]))) / x.length,
    (x, y) => x.map((z, k) => (z - y[k]) * (2 / x.length))],
  binary_cross_entropy_with_logits: ["binary cross-entropy: gradient (σ(x) − y)/n", { x: [2, -1], y: [1, 0] },
    (x, y) => sum(x.map((z, k) => Math.max(z, 0) - z * y[k] + Math.log1p(Math.exp(-Math.abs(z))))) / x.length,
    (x, y) => x.map((z, k) => (sigmoid(z) - y[k]) / x.length)],
  cross_entropy: ["softmax and cross-entropy: gradient p − y", { x: [2, 1, -1], y: [1, 0, 0] },
    (x, y) => { const { largest, total } = exponentials(x); return Math.log(total) - (x[y.indexOf(1)] - largest); },
    (x, y) => { const { e, total } = exponentials(x); return e.map((z, k) => z / total - y[k]); }],
  l2_penalty: ["L2 penalty with λ = 0.1: gradient λx", { x: [3, -1, 0.5] }, (x) => dot(x, x) * 0.05, (x) => x.map((z) => z * 0.1)],
  max_pool2d: pooled("max pooling: each y goes to its winner", Math.max,
    (x, y) => x.map((z, k) => (k < y.length && z >= x[k + 1] ? y[k] : 0) + (k > 0 && z > x[k - 1] ? y[k - 1] : 0)), ({ x, h }) => x.some((z, k) => near(z, x[k + 1], h))),
  avg_pool2d: pooled("average pooling: each y is shared equally", (a, b) => (a + b) / 2, (x, y) => x.map((_, k) => ((y[k] ?? 0) + (y[k - 1] ?? 0)) / 2)),
  batch_norm: ["batch norm: (y − mean y − x̂ · mean(y x̂))/√(σ² + ε)", { x: [1, 2, 4], y: [1, 0, 0] }, (x, y) => dot(y, normalized(x).hat),
    (x, y) => { const { hat, scale } = normalized(x); const n = x.length; return y.map((d, k) => (d - hat[k] * (dot(y, hat) / n) - sum(y) / n) * scale); }],
})) formulas[name] = { title, example, kink, sides: ({ x, y, h }) => [gradient(x, y), central((one) => loss(one, y), x, Number(h))] };

class SlopeCheck extends cnnmath.DerivativeCheck {
  static tag = "cnnmath-slope-check";
  static label = "SlopeCheck";
  static formulas = formulas;
  static names = ({ formula }) => ({ x: "x", y: formulas[formula].example.y ? "y" : "" });
  static fields = {
    formula: ["choice", "relu", Object.keys(formulas)],
    x: ["list", [-1, 0, 2], 4, "real", -10, 10], y: ["list", [], 4, "real", -10, 10],
    h: ["choice", "0.001", ["0.1", "0.01", "0.001", "0.0001"]],
  };

  static fits({ formula, x, y }) {
    const say = (name, rule, value) => refuse(this.label, name, rule, value);
    const pool = formula.endsWith("pool2d");
    const least = pool || formula === "batch_norm" ? 2 : 1;
    const count = x.length - Number(pool);
    if (x.length < least) say("x", `have ${least} to 4 entries`, x);
    if (formulas[formula].example.y && y.length !== count) say("y", `have ${count} entries, as x has ${x.length}`, y);
    if (formula === "cross_entropy" && String([...y].sort()) !== String([...Array(y.length - 1).fill(0), 1])) say("y", "hold one 1 and otherwise 0", y);
    if (formula.startsWith("binary") && !y.every((t) => t >= 0 && t <= 1)) say("y", "lie from 0 to 1", y);
  }

  static verdict(error, state) {
    if (error > 1e-6 && formulas[state.formula].kink?.(state)) {
      return "They differ: a number lies less than h from a kink. The central difference mixes the slopes of its two " +
        "sides; at the kink itself there is no derivative, and the formula follows a convention.";
    }
    return super.verdict(error) + (error > 1e-5 ? " A smaller h would bring them closer." : "");
  }
}

cnnmath.register(SlopeCheck);
})(globalThis.cnnmath);
