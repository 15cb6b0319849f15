/* ConvolutionMatrix: correlation as a matrix product, banded (M · vec I) or over im2col (vec K · columns). */
(function (cnnmath) {
  "use strict";
  const { check, controls, h, math, number, rowsText } = cnnmath;
  const LABEL = "ConvolutionMatrix";
  const PRESETS = ["vertical_edge", "horizontal_edge", "box_blur", "sharpen", "laplacian", "identity"];
  const CHOICES = { form: ["banded", "im2col"], stride: [1, 2, 3], padding: [0, 1, 2] };
  const TALLEST = 400; // px of an array in the product
  const LARGEST = 24; // px of its cells

  const times = (a, b) => `(${number(a)})(${number(b)})`;
  const size = ({ rows, cols }) => `${rows} × ${cols}`;
  const place = (k, cols) => `[${Math.floor(k / cols)}, ${k % cols}]`;

  /** The tap with which window `row` reads pixel `column`, or −1. */
  function tapOf({ sources }, row, column) {
    if (column < 0) return -1;
    for (let k = 0; k < sources.rows; k++) if (sources.data[k * sources.cols + row] === column) return k;
    return -1;
  }

  function pixelText({ image, kernel }, values) {
    const { row, column, readers, output } = values;
    if (column < 0) return "";
    const k = tapOf(values, row, column);
    const text = ` Pixel ${place(column, image[0].length)} is entry ${column} of vec(I), read by ${readers.length} of ${output.data.length} outputs`;
    if (k < 0) return `${text}, not by this one: M[${row}, ${column}] = 0.`;
    const [pixel, weight] = [values.vec_image[column], kernel.flat()[k]];
    return `${text}: M[${row}, ${column}] = K${place(k, kernel[0].length)}, ${times(pixel, weight)} = ${number(pixel * weight)}.`;
  }

  class ConvolutionMatrix extends cnnmath.Figure {
    static tag = "cnnmath-convolution-matrix";
    static label = LABEL;
    static css = `${cnnmath.kernelCss}
.product { gap: 0.5rem; margin-top: 1rem; }
.product .grid { padding: 2px; }
.product .cell { width: var(--w); font-size: min(12px, calc(var(--cell) * 0.72)) !important; border-radius: 1px; contain: strict; }
.bare .cell { font-size: 0 !important; }
.cell.none { border-color: transparent; }
.cell.col { box-shadow: 0 0 0 2px var(--cm-ink); z-index: 1; }
.product .lit { box-shadow: 0 0 0 2px var(--cm-accent); z-index: 1; }
.product .frame::before, .product .frame::after { display: none; }`;
    static defaults = { image: cnnmath.RIDGE, kernel: cnnmath.kernels.vertical_edge, stride: 1, padding: 0, form: "banded", row: 0, column: -1 };

    static check(s) {
      const state = {
        image: check.matrix(LABEL, "image", s.image, 6, 6),
        kernel: check.matrix(LABEL, "kernel", s.kernel, 4, 4),
        stride: check.integer(LABEL, "stride", s.stride, 1, 3),
        padding: check.integer(LABEL, "padding", s.padding, 0, 2),
        form: check.choice(LABEL, "form", s.form, CHOICES.form),
        row: check.integer(LABEL, "row", s.row, 0, 99),
        column: check.integer(LABEL, "column", s.column, -1, 35),
      };
      cnnmath.checkFits(LABEL, cnnmath.shapeOf(state.image), cnnmath.shapeOf(state.kernel), state.padding, 1);
      return state;
    }

    static values(s) {
      const [image, kernel] = [math.fromRows(s.image), math.fromRows(s.kernel)];
      const output = math.correlate2d(image, kernel, s.stride, s.padding);
      const [pixels, taps, outputs] = [image, kernel, output].map(({ data }) => data.length);
      const matrix = math.matrix(outputs, pixels);
      const columns = math.matrix(taps, outputs);
      const sources = math.matrix(taps, outputs, new Float64Array(taps * outputs).fill(-1));
      for (let k = 0; k < taps; k++) {
        for (let r = 0; r < outputs; r++) {
          const a = Math.floor(r / output.cols) * s.stride + Math.floor(k / kernel.cols) - s.padding;
          const b = (r % output.cols) * s.stride + (k % kernel.cols) - s.padding;
          if (a < 0 || b < 0 || a >= image.rows || b >= image.cols) continue;
          const p = (sources.data[k * outputs + r] = a * image.cols + b);
          columns.data[k * outputs + r] = image.data[p];
          matrix.data[r * pixels + p] = kernel.data[k];
        }
      }
      const [row, column] = [Math.min(s.row, outputs - 1), Math.min(s.column, pixels - 1)];
      const products = kernel.data.map((weight, k) => weight * columns.data[k * outputs + row]);
      return {
        matrix, columns, sources, vec_image: image.data, vec_output: output.data, output,
        structural: sources.data.filter((p) => p >= 0).length, nonzeros: matrix.data.filter(Boolean).length,
        banded_multiply_adds: outputs * pixels, im2col_multiply_adds: taps * outputs,
        row, products, total: products.reduce((sum, x) => sum + x, 0),
        column, readers: [...output.data.keys()].filter((r) => tapOf({ sources }, r, column) >= 0),
      };
    }

    static describe(s, v) {
      const [shape, product] = s.form === "banded"
        ? [`M is ${size(v.matrix)}: ${v.structural} of its ${v.matrix.data.length} entries hold a weight, ${v.nonzeros} are not 0`, `Row ${v.row} times vec(I)`]
        : [`im2col(I) is ${size(v.columns)}: ${v.columns.data.length} numbers from ${v.vec_image.length} pixels`, `vec(K) times column ${v.row}`];
      return `${shape}. ${product} is ${number(v.total)}, output ${place(v.row, v.output.cols)}.${pixelText(s, v)}`;
    }

    static python({ image, kernel, stride, padding }) {
      const { row, column } = this.held;
      return ``;
    }
  }

  cnnmath.register(ConvolutionMatrix);
})(globalThis.cnnmath);
