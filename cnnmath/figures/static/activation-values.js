/* The numbers of ActivationExplorer: an activation at a point, on a feature map, and its slopes over layers. */
(function (cnnmath) {
"use strict";
if (cnnmath.activationValues) return;
const { math, number, told, rowsText } = cnnmath;

const NAMES = { relu: "ReLU", leaky_relu: "Leaky ReLU", sigmoid: "Sigmoid", tanh: "Tanh", gelu: "GELU" };
const RIDGE = [1, 4, 7, 4, 1].map((x) => [x, x + 1, x + 2, x + 1, x]);
const K = [1, 0, -1]; // each row of `vertical_edge`
const REACH = 6; // of x, to either side
const LEAST = 1e-300; // beside 0 this is a step to either side; beside any other x it is nothing
const STEP = 1e-5; // of the central difference

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const density = (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Φ(x) = 1/2 + Φ′(x) (x + x³/3 + x⁵/(3·5) + …) */
function normal(x) {
  let [term, sum] = [x, x];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) sum += term *= (x * x) / k;
  return 0.5 + density(x) * sum;
}

/** f, f′, and where f′ is largest. */
const ACTIVATIONS = {
  relu: [(x) => Math.max(x, 0), (x) => Number(x > 0), 1],
  leaky_relu: [(x, a) => Math.max(x, 0) + a * Math.min(x, 0), (x, a) => (x > 0 ? 1 : a), 1],
  sigmoid: [sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x)), 0],
  tanh: [Math.tanh, (x) => 1 - Math.tanh(x) ** 2, 0],
  gelu: [(x) => x * normal(x), (x) => normal(x) + x * density(x), Math.SQRT2],
};

/** f and f′ as functions of x alone. */
const functions = ({ activation, negative_slope: a }) => ACTIVATIONS[activation].slice(0, 2).map((one) => (x) => one(x, a));

let last = { key: "" };
/** The map before and after f; the same arrays as long as nothing of them has changed. */
function maps({ activation, negative_slope, map, negated }, photo = math.photo("coffee-grey-128")[0]) {
  const key = [activation, negative_slope, map, negated].join();
  if (last.key === key && last.photo === photo) return last.values;
  const [f] = functions({ activation, negative_slope });
  const kernel = math.fromRows(Array(3).fill(K.map((x) => (negated ? -x : x))));
  const before = math.correlate2d(map === "ridge" ? math.fromRows(RIDGE) : photo, kernel);
  if (map === "photo") before.data = before.data.map((x) => Math.round(255 * x) / 255); // no rounding near 0
  const after = math.matrix(before.rows, before.cols, before.data.map(f));
  let [zeros_before, zeros, erased] = [0, 0, 0];
  before.data.forEach((x, k) => {
    zeros_before += x === 0;
    zeros += after.data[k] === 0;
    erased += x < 0 && after.data[k] === 0;
  });
  last = { key, photo, values: { before, after, zeros_before, zeros, share: zeros / after.data.length, erased } };
  return last.values;
}

function values(state, photo) {
  const { activation, x, layers, inputs } = state;
  const [f, df] = functions(state);
  const [left, right] = [df(x - LEAST), df(x + LEAST)];
  const z = Array.from({ length: layers }, (_, k) => inputs[k] ?? x);
  const slopes = z.map(df);
  let product = 1;
  const products = slopes.map((slope) => (product *= slope));
  const central = (f(x + STEP) - f(x - STEP)) / (x + STEP - (x - STEP));
  const steepest = df(ACTIVATIONS[activation][2]);
  return { value: f(x), slope: df(x), left, right, kink: Number(left !== right), central, ...maps(state, photo), z, slopes, products, product,
    bounds: z.map((_, k) => steepest ** (k + 1)) };
}

function describe({ activation, x, map, negated, layers }, { value, slope, left, right, kink, central, after, zeros, erased, product }) {
  const here = kink ? `; there is no derivative: the slope is ${number(left)} on the left and ${number(right)} on the right. ` +
    `The convention takes ${number(slope)}, a central difference ${told(central)}.` : `, slope ${number(slope)}.`;
  const lost = erased ? `, ${erased} of them erased negatives` : "";
  return `${NAMES[activation]} at x = ${number(x)}: value ${told(value)}${here} Of the ${after.data.length} numbers of ${negated ? "−K" : "K"} ` +
    `on the ${map}, ${zeros} are 0 after f${lost}. Over ${layers} layers the slopes multiply to ${number(product)}.`;
}

function python({ activation, negative_slope, x, map, negated, layers, inputs }, own) {
  const leak = activation === "leaky_relu" ? `, ${rowsText(negative_slope)}` : "";
  const picture = own ? "image" : 'load_photo("coffee", 128)';
  return `import numpy as np
${own ? "from matplotlib.pyplot import imread\n" : ""}from cnnmath import activations, kernels
from cnnmath.convolution import correlate2d
from cnnmath.gradcheck import numerical_gradient
from cnnmath.image import ${own ? "luminance, square_means, to_uint8" : "RIDGE, load_photo"}

def f(x):
    return activations.${activation}(x${leak})

def df(x):
    return activations.${activation}_backward(np.ones(np.shape(x)), x${leak})

x = ${rowsText(x)}
value, slope, central = f(x), df(x), numerical_gradient(f, x)
left, right = df(x - 1e-300), df(x + 1e-300)
kink = left != right

${own ? `# Your own picture stayed in the page: give its file.
image = to_uint8(luminance(square_means(imread("picture.png"), 128)).round(12))
` : ""}K = kernels.kernel("vertical_edge")${negated ? " * -1" : ""}
before = correlate2d(${map === "ridge" ? "RIDGE, K)" : `${picture}, K) / 255`}
after = f(before)
zeros_before, zeros, share = np.sum(before == 0), np.sum(after == 0), np.mean(after == 0)
erased = np.sum((before < 0) & (after == 0))

layers = ${layers}
z = np.array((${rowsText(inputs)} + [x] * layers)[:layers])
slopes = df(z)
products = np.cumprod(slopes)
product = products[-1]
bounds = df(${{ 0: "0.0", 1: "1.0" }[ACTIVATIONS[activation][2]] ?? "np.sqrt(2.0)"}) ** np.arange(1, layers + 1)`;
}

cnnmath.activationValues = { NAMES, REACH, LEAST, functions, values, describe, python };
})(globalThis.cnnmath);
