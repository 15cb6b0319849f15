/* Random numbers that Python and JavaScript draw alike: the twin of cnnmath/figures/_random.py. */
(function (cnnmath) {
"use strict";
if (cnnmath.uniform) return;

/** Number k, from 0, of the stream that `seed` names: in [0, 1), by mulberry32, from its place alone. */
function uniform(seed, k) {
  const a = (seed + Math.imul(k + 1, 0x6d2b79f5)) | 0;
  let t = Math.imul(a ^ (a >>> 15), a | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

cnnmath.uniform = uniform;
})(globalThis.cnnmath);
