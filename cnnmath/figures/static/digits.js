/* The bundled handwritten digits, as `cnnmath.datasets.load_digits` gives them. */
(function (cnnmath) {
"use strict";
if (cnnmath.digits) return;

let kept;

/** @returns {{count: number, pixels: Float64Array, labels: Uint8Array}} `pixels`: 64 numbers from 0 to 1 for each image, row by row. */
function digits() {
  if (kept) return kept;
  const { shape: [count], bytes, labels } = cnnmath.data["digits-grey-8"];
  const text = atob(bytes);
  const pixels = Float64Array.from({ length: 64 * count }, (_, k) => text.charCodeAt(k) / 16);
  return (kept = { count, pixels, labels: Uint8Array.from(labels) });
}

cnnmath.digits = digits;
})(globalThis.cnnmath);
