/* The numbers of OptimizerRace: losses of two weights and the optimisers' rules, operation by operation as in Python. A run near
 * its limit of stability doubles the last bit of rounding again and again, so both languages must compute the very same bits. */
(function (cnnmath) {
"use strict";
if (cnnmath.race) return;
const { literal, number, rowsText, told } = cnnmath;

const SIGNALS = [[3, 3, 2, 2, 2], [2, 1, 0, 2, 0], [3, 1, 2, 0, 3], [0, 2, 1, 2, 2]];
const LABELS = [1, 1, 1, 0];
const EPS = 1e-8;
const REACH = 3; // the largest weight of a start
const BOUND = 100; // a path ends beyond it
const TERMS = ["gradient", "velocity", "square", "mean", "mean_hat", "square_hat", "direction", "decay", "change"];
const MEMORIES = ["velocity", "square", "mean"];

/** exp(x) for x ≤ 0 by sums and products, since Math.exp is not the same everywhere. */
function exp(x) {
  const k = Math.floor(x / 0.6931471803691238 + 0.5);
  const rest = x - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
  let series = 1;
  for (let n = 14; n > 0; n--) series = 1 + (series * rest) / n;
  return series * 2 ** k;
}

function sigmoid(s) {
  const e = exp(-Math.abs(s));
  return s >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/** A fold over the four signals: each with its label, its score and the score's derivatives. */
function overSignals(x, y, sums, add) {
  SIGNALS.forEach((signal, n) => {
    let [score, byX, byY] = [-1, 0, 0];
    for (let i = 0; i + 1 < signal.length; i++) {
      const z = signal[i] * x + signal[i + 1] * y;
      if (z > 0) [score, byX, byY] = [score + z, byX + signal[i], byY + signal[i + 1]];
    }
    add(sums, LABELS[n], score, byX, byY);
  });
  return sums;
}

const addGradient = (sums, label, score, byX, byY) => {
  const error = sigmoid(score) - label;
  sums[0] += error * byX;
  sums[1] += error * byY;
};

const addHessian = (sums, label, score, byX, byY) => {
  const p = sigmoid(score);
  const weight = (p * (1 - p)) / 4;
  sums[0] += weight * byX * byX;
  sums[1] += weight * byX * byY;
  sums[2] += weight * byY * byY;
};

const addLoss = (sums, label, score) => {
  const s = label ? -score : score;
  sums[0] += Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s)));
};

/** loss, gradient and the Hessian's entries xx, xy, yy at (x, y). */
const surfaces = {
  bowl: { title: "Bowl", minima: [[0, 0]], quadratic: true,
    loss: (x, y) => 0.5 * (x * x + y * y), gradient: (x, y) => [x, y], hessian: () => [1, 0, 1] },
  valley: { title: "Narrow valley", minima: [[0, 0]], quadratic: true,
    loss: (x, y) => 0.5 * (x * x + 20 * y * y), gradient: (x, y) => [x, 20 * y], hessian: () => [1, 0, 20] },
  tilted_valley: { title: "Tilted valley", minima: [[0, 0]], quadratic: true,
    loss: (x, y) => 5.25 * (x * x + y * y) - 9.5 * x * y, gradient: (x, y) => [10.5 * x - 9.5 * y, 10.5 * y - 9.5 * x],
    hessian: () => [10.5, -9.5, 10.5] },
  saddle: { title: "Saddle", minima: [[0, -1], [0, 1]],
    loss: (x, y) => 0.5 * x * x + 0.25 * (y * y - 1) * (y * y - 1), gradient: (x, y) => [x, y * y * y - y],
    hessian: (x, y) => [1, 0, 3 * y * y - 1] },
  rosenbrock: { title: "Rosenbrock's valley", minima: [[1, 1]],
    loss: (x, y) => (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x),
    gradient: (x, y) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
    hessian: (x, y) => [2 - 400 * (y - x * x) + 800 * x * x, -400 * x, 200] },
  cnn: { title: "Loss of a small CNN", minima: [[-0.14017785706068145, 0.3962474360123561], [0.9334450318575441, -0.7656136097867096]],
    loss: (x, y) => overSignals(x, y, [0], addLoss)[0] / 4,
    gradient: (x, y) => overSignals(x, y, [0, 0], addGradient).map((sum) => sum / 4),
    hessian: (x, y) => overSignals(x, y, [0, 0, 0], addHessian) },
};

/** The Hessian's eigenvalues, the smaller first. */
function curvatures(surface, point) {
  const [xx, xy, yy] = surface.hessian(...point);
  const [mean, half] = [(xx + yy) / 2, (xx - yy) / 2];
  const radius = Math.sqrt(half * half + xy * xy);
  return [mean - radius, mean + radius];
}

/** Momentum, SGD where momentum is 0. */
const heavyBall = (momentum, nesterov) => ({ lr }, gradient, weight, before) => {
  const velocity = momentum && before ? momentum * before.velocity + gradient : gradient;
  const direction = nesterov ? gradient + momentum * velocity : velocity;
  return { gradient, velocity, direction, change: -lr * direction };
};

const adam = (decoupled) => ({ adaptive_lr: lr, beta1, beta2, weight_decay }, gradient, weight, before, step) => {
  const mean = beta1 * (before?.mean ?? 0) + (1 - beta1) * gradient;
  const square = beta2 * (before?.square ?? 0) + (1 - beta2) * (gradient * gradient);
  const mean_hat = mean / (1 - beta1 ** step);
  const square_hat = square / (1 - beta2 ** step);
  const direction = mean_hat / (Math.sqrt(square_hat) + EPS);
  const terms = { gradient, mean, square, mean_hat, square_hat, direction, change: -lr * direction };
  if (!decoupled) return terms;
  const decay = -lr * weight_decay * weight;
  return { ...terms, decay, change: terms.change + decay };
};

/** name: rule(settings, gradient, weight, terms of the step before, step) → the terms of one weight. */
const rules = {
  SGD: () => heavyBall(0, false),
  momentum: ({ momentum }) => heavyBall(momentum, false),
  Nesterov: ({ momentum }) => heavyBall(momentum, momentum > 0),
  RMSprop: () => ({ adaptive_lr, beta2 }, gradient, weight, before) => {
    const square = beta2 * (before?.square ?? 0) + (1 - beta2) * (gradient * gradient);
    const direction = gradient / (Math.sqrt(square) + EPS);
    return { gradient, square, direction, change: -adaptive_lr * direction };
  },
  Adam: () => adam(false),
  AdamW: () => adam(true),
};

/** The path from `start`, which ends with its first point beyond ±bound, and for each step the terms of both weights. */
function descend(surface, start, name, settings, steps, bound) {
  const rule = rules[name](settings);
  const [path, terms] = [[start], []];
  while (terms.length < steps && Math.max(...path.at(-1).map(Math.abs)) <= bound) {
    const weights = path.at(-1);
    const before = terms.at(-1);
    const both = surface.gradient(...weights).map((g, k) => rule(settings, g, weights[k], before?.[k], terms.length + 1));
    path.push(weights.map((weight, k) => weight + both[k].change));
    terms.push(both);
  }
  return { path, terms };
}

const optimizers = Object.keys(rules);
const list = (numbers) => numbers.map(told).join(", ");
/** Below what the steps on a quadratic of this curvature shrink: for SGD, momentum and Nesterov. */
const limitsOf = (curvature, mu) => (curvature > 0 ? [1, 1 + mu, (1 + mu) / (1 + 2 * mu)].map((factor) => (2 * factor) / curvature) : null);
/** The optimisers whose η is not below their limit. */
const above = ({ lr }, limits) => optimizers.filter((_, k) => lr >= limits?.[k]);

function values(state) {
  const surface = surfaces[state.surface];
  const { start, steps, optimizer, momentum } = state;
  const runs = optimizers.map((name) => descend(surface, start, name, state, steps, BOUND));
  const taken = runs.map(({ terms }) => terms.length);
  const paths = runs.map(({ path }) => Array.from({ length: steps + 1 }, (_, t) => path[Math.min(t, path.length - 1)]));
  const { path, terms } = runs[optimizers.indexOf(optimizer)];
  const step = Math.min(state.step, terms.length);
  const [point, now, before] = [path[step - 1], terms[step - 1], terms[step - 2]];
  const pair = (name) => (name in now[0] && (name !== "velocity" || optimizer !== "SGD") ? now.map((one) => one[name]) : null);
  const shown = Object.fromEntries(TERMS.map((name) => [name, pair(name)]));
  const kept = MEMORIES.map((name) => [`${name}_before`, shown[name] && [0, 1].map((k) => before?.[k][name] ?? 0)]);
  const bends = curvatures(surface, point);
  return { paths, losses: paths.map((one) => one.map(([x, y]) => surface.loss(x, y))), taken,
    left: runs.map((run) => Number(Math.max(...run.path.at(-1).map(Math.abs)) > BOUND)), minima: surface.minima,
    step, point, ...Object.fromEntries(kept), ...shown, curvatures: bends, limits: limitsOf(bends[1], momentum) };
}

function describe(state, { losses, taken, left, limits, step, gradient, change }) {
  const { surface, start, steps, lr, optimizer } = state;
  const fates = optimizers.map((name, k) =>
    (left[k] ? `${name} left ±${BOUND} at step ${taken[k]}` : `${name} ${number(losses[k][steps])}`));
  let text = `${surfaces[surface].title} from (${list(start)}), loss after ${steps} step${steps > 1 ? "s" : ""}: ${fates.join(", ")}.`;
  if (surfaces[surface].quadratic) {
    const over = above(state, limits);
    text += ` η = ${number(lr)} is ${over.length ? `not below the limit of ${over.join(", ")}` : "below every limit"}: ` +
      `2/λₘₐₓ = ${told(limits[0])} for SGD, ${told(limits[1])} with momentum, ${told(limits[2])} for Nesterov.`;
  }
  return `${text} Step ${step} of ${optimizer}: gradient (${list(gradient)}), change (${list(change)}).`;
}

function python(state) {
  const [lr, adaptive, mu, beta1, beta2, decay] =
    ["lr", "adaptive_lr", "momentum", "beta1", "beta2", "weight_decay"].map((name) => literal(state[name]));
  return `import numpy as np
from cnnmath.optimizers import SGD, Adam, AdamW, RMSprop
from cnnmath.surfaces import descend, surface

L = surface("${state.surface}")
rules = {
    "SGD": lambda p: SGD(p, ${lr}),
    "momentum": lambda p: SGD(p, ${lr}, momentum=${mu}),
    "Nesterov": lambda p: SGD(p, ${lr}, momentum=${mu}, nesterov=${state.momentum > 0 ? "True" : "False"}),
    "RMSprop": lambda p: RMSprop(p, ${adaptive}, alpha=${beta2}),
    "Adam": lambda p: Adam(p, ${adaptive}, betas=(${beta1}, ${beta2})),
    "AdamW": lambda p: AdamW(p, ${adaptive}, betas=(${beta1}, ${beta2}), weight_decay=${decay}),
}
start, steps = ${rowsText(state.start)}, ${state.steps}
runs = {name: descend(L, start, rule, steps, bound=${BOUND}) for name, rule in rules.items()}
taken = [len(terms) for _, terms in runs.values()]
left = [int(np.abs(path[-1]).max() > ${BOUND}) for path, _ in runs.values()]
paths = np.array([path[np.minimum(np.arange(steps + 1), len(path) - 1)] for path, _ in runs.values()])
losses, minima = L.loss(paths), L.minima

optimizer = "${state.optimizer}"
path, terms = runs[optimizer]
step = min(${state.step}, len(terms))
point, now, before = path[step - 1], terms[step - 1], (terms[step - 2] if step > 1 else {})
gradient, square, mean, mean_hat, square_hat, direction, decay, change = (
    now.get(name) for name in "gradient square mean mean_hat square_hat direction decay change".split())
velocity = now["velocity"] if optimizer in ("momentum", "Nesterov") else None
velocity_before, square_before, mean_before = (
    None if term is None else before.get(name, np.zeros(2))
    for name, term in (("velocity", velocity), ("square", square), ("mean", mean)))

curvatures, mu = L.curvatures(point), ${mu}
limits = [2 * factor / curvatures[1] for factor in (1, 1 + mu, (1 + mu) / (1 + 2 * mu))] if curvatures[1] > 0 else None`;
}

cnnmath.race = { REACH, BOUND, surfaces, optimizers, list, above, values, describe, python };
})(globalThis.cnnmath);
