/* What figures with a kernel share: named kernels, and whether a kernel fits. */
(function (cnnmath) {
"use strict";
if (cnnmath.kernels) return;
const { StateError } = cnnmath;

/** `cnnmath.image.RIDGE`, the book's running example. */
const RIDGE = [[1, 2, 3, 2, 1], [4, 5, 6, 5, 4], [7, 8, 9, 8, 7], [4, 5, 6, 5, 4], [1, 2, 3, 2, 1]];

/** The same arrays as `cnnmath.kernels.kernel(name)`; correlation, no flip. */
const kernels = {
  identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  vertical_edge: [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
  horizontal_edge: [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
  sobel_x: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  sobel_y: [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
  laplacian: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
  box_blur: [0, 1, 2].map(() => [1 / 9, 1 / 9, 1 / 9]),
  gaussian: [1, 2, 1].map((x) => [x / 16, x / 8, x / 16]),
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  emboss: [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
};

/** Refuse a kernel that does not fit the padded image, in the words of `cnnmath.windows.geometry`. */
function checkFits(figure, { image, kernel, padding, dilation = 1 }) {
  const sides = [["height", "H", image, kernel], ["width", "W", image[0], kernel[0]]];
  for (const [name, symbol, { length: size }, { length: taps }] of sides) {
    const extent = dilation * (taps - 1) + 1;
    if (extent <= size + 2 * padding) continue;
    const what = dilation > 1 ? `dilated kernel ${name} ${extent} (K_${symbol.toLowerCase()}=${taps}, dilation=${dilation})` : `kernel ${name} ${taps}`;
    throw new StateError(`${figure}: ${what} must not exceed padded ${name} ${size + 2 * padding} ` +
      `(${symbol}=${size}, padding=${padding}). Use padding >= ${Math.ceil((extent - size) / 2)} or ` +
      `a smaller kernel${dilation > 1 ? " or dilation" : ""}.`);
  }
}

Object.assign(cnnmath, { RIDGE, kernels, checkFits });
})(globalThis.cnnmath);
