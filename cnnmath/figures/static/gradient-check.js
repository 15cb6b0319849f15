/* GradientCheck: the gradients of a correlation and of a dense layer, by formula and by central differences. */
(function (cnnmath) {
"use strict";
const { central, each, refuse } = cnnmath;

/** Calls visit(δ, weight's place, pixel's place) for every product; the dense layer takes each row of x with each row of w. */
const walk = (dense, { w, delta }, visit) => each(delta, (d, i, j) => each(w, (_, m, n) => {
  if (!dense) visit(d, [m, n], [i + m, j + n]);
  else if (m === j) visit(d, [m, n], [i, n]);
}));

const of = (letter, dense) => (state) => {
  const loss = (one) => { // the sum of the products of δ and the output
    const { x, w } = { ...state, [letter]: one };
    let total = 0;
    walk(dense, state, (d, [m, n], [a, b]) => (total += d * x[a][b] * w[m][n]));
    return total;
  };
  const gradient = each(state[letter], () => 0);
  walk(dense, state, (d, [m, n], [a, b]) => {
    if (letter === "w") gradient[m][n] += d * state.x[a][b];
    else gradient[a][b] += d * state.w[m][n];
  });
  return [gradient, central(loss, state[letter], Number(state.h))];
};

const IMAGE = { x: [[1, 2, 3], [4, 5, 6], [7, 8, 9]], w: [[1, 2], [3, 4]], delta: [[1, 0], [2, -1]] };
const ROWS = { x: [[1, -2, 3]], w: [[1, 0, 2], [-1, 1, 0]], delta: [[2, -1]] };
const formulas = {
  kernel: { title: "correlation: ∂L/∂K = I ⋆ δ", example: IMAGE, sides: of("w") },
  image: { title: "correlation: ∂L/∂I = δ ∗ K, full", example: IMAGE, sides: of("x") },
  weights: { title: "dense layer: ∂L/∂W = δ xᵀ", example: ROWS, sides: of("w", true) },
  inputs: { title: "dense layer: ∂L/∂x = Wᵀ δ", example: ROWS, sides: of("x", true) },
};

class GradientCheck extends cnnmath.DerivativeCheck {
  static tag = "cnnmath-gradient-check";
  static label = "GradientCheck";
  static formulas = formulas;
  static names = ({ formula }) => (formulas[formula].example === ROWS ? { x: "x", w: "W", delta: "δ" } : { x: "I", w: "K", delta: "δ" });
  static fields = {
    formula: ["choice", "kernel", Object.keys(formulas)],
    x: ["matrix", IMAGE.x, 4, 4, 10], w: ["matrix", IMAGE.w, 3, 4, 10], delta: ["matrix", IMAGE.delta, 4, 4, 10],
    h: ["choice", "0.01", ["1", "0.1", "0.01"]],
  };

  static fits({ formula, x, w, delta }) {
    const dense = formulas[formula].example === ROWS;
    const [[rows, cols], [high, wide], given] = [x, w, delta].map((one) => [one.length, one[0].length]);
    if (!dense && (high > rows || wide > cols)) refuse(this.label, "w", `have at most ${rows} rows and ${cols} columns`, [high, wide]);
    if (dense && wide !== cols) refuse(this.label, "w", `have ${cols} columns, as x has`, wide);
    const shape = dense ? [rows, high] : [rows - high + 1, cols - wide + 1];
    if (`${given}` !== `${shape}`) refuse(this.label, "delta", `have the shape of the output, ${shape.join(" × ")}`, given);
  }
}

cnnmath.register(GradientCheck);
})(globalThis.cnnmath);
