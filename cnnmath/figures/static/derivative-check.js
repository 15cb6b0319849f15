/* A check of a gradient by central differences with the step `h`. */
(function (cnnmath) {
"use strict";
if (cnnmath.DerivativeCheck) return;
const { each, number } = cnnmath;

class DerivativeCheck extends cnnmath.FormulaCheck {
  static how(state) { return `central differences, h = ${number(Number(state.h))}`; }
}

/** `cnnmath.gradcheck.numerical_gradient` of a function of a list or of rows. */
const central = (loss, x, step) => each(x, (at, ...place) => {
  const f = (y) => loss(each(x, (z, ...here) => (`${here}` === `${place}` ? y : z)));
  return (f(at + step) - f(at - step)) / (at + step - (at - step));
});

Object.assign(cnnmath, { DerivativeCheck, central });
})(globalThis.cnnmath);
