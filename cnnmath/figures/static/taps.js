/* Which weight meets which pixel, window by window. */
(function (cnnmath) {
"use strict";
const { math } = cnnmath;

/** Call visit(r, k, p) wherever window r reads pixel p with weight k: places in vec(O), vec(K) and vec(I). */
function eachTap(image, kernel, stride, padding, visit) {
  const cols = math.outputSize(image.cols, kernel.cols, stride, padding);
  const outputs = cols * math.outputSize(image.rows, kernel.rows, stride, padding);
  for (let r = 0; r < outputs; r++) {
    for (let k = 0; k < kernel.data.length; k++) {
      const a = Math.floor(r / cols) * stride + Math.floor(k / kernel.cols) - padding;
      const b = (r % cols) * stride + (k % kernel.cols) - padding;
      if (a >= 0 && b >= 0 && a < image.rows && b < image.cols) visit(r, k, a * image.cols + b);
    }
  }
}

math.eachTap = eachTap;
})(globalThis.cnnmath);
