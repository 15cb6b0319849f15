/* What TrainNetwork computes and says: the same numbers and texts as cnnmath/figures/train_network.py. */
(function (cnnmath) {
"use strict";
if (cnnmath.trainNetwork) return;
const { literal, math, network, number, rowsText, told } = cnnmath;
const { EVERY, Run } = network;

const TESTS = 449;
const TIE = 1e-9; // probabilities this close are one: rounding decides nothing
const OPTIMIZERS = { SGD: "SGD(network.parameters(), lr)", momentum: "SGD(network.parameters(), lr, momentum=0.9)",
  Adam: "Adam(network.parameters(), lr)" };

const scaled = (rows, by) => rows.map((row) => row.map((x) => x * by));

/** 8 rows of the levels 0 to 16 that are read. */
const levels = ({ digit, drawing }) => (drawing.length ? drawing : scaled(math.toRows(network.test(digit).image), 16));

/** The image that is read, as a matrix of numbers from 0 to 1. */
const seen = (state) => math.fromRows(scaled(levels(state), 1 / 16));

/** `run` may be anywhere; it is brought to the state's step. */
function values(state, run = new Run(state)) {
  const { C, places: { b }, theta } = run.at(state.steps);
  const next_loss = run.look();
  const kernels = (vector) => Array.from({ length: C }, (_, c) => math.matrix(3, 3, vector.slice(9 * c, 9 * c + 9)));
  const marks = Math.floor(state.steps / EVERY) + 1;
  const read = run.read(seen(state));
  const least = Math.max(...read.probabilities) - TIE;
  return { loss: run.loss.slice(0, state.steps), train_right: run.train_right.slice(0, marks), test_right: run.test_right.slice(0, marks),
    right: run.now, next_loss, filters: kernels(theta), bias: theta.slice(b, b + C), gradient: kernels(run.grad), ...read,
    predicted: read.probabilities.findIndex((p) => p >= least) };
}

function describe({ filters, optimizer, lr, batch_size, seed, steps, digit, drawing }, { right, next_loss, probabilities, predicted }) {
  return `${filters} filter${filters === 1 ? "" : "s"}, ${optimizer}, η = ${number(lr)}, batches of ${batch_size}, seed ${seed}. ` +
    `After ${steps} step${steps === 1 ? "" : "s"} ${right} of ${TESTS} test images are right; ` +
    `the next batch has the loss ${told(next_loss)}. ` +
    `${drawing.length ? "The drawing" : `Test image ${digit}, a ${network.test(digit).label},`} is read as ${predicted} ` +
    `with probability ${told(probabilities[predicted])}.`;
}

function python({ filters, optimizer, lr, batch_size, seed, steps, digit, drawing }) {
  return `import numpy as np
from cnnmath.activations import softmax
from cnnmath.datasets import load_digits
from cnnmath.figures._random import uniform
from cnnmath.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD, Adam

C, lr, batch_size, seed, steps = ${filters}, ${literal(lr)}, ${batch_size}, ${seed}, ${steps}
images, labels = load_digits()
kept = np.arange(len(images)) % 4 == 3  # every fourth image is for testing
x, y, x_test, y_test = images[~kept], labels[~kept], images[kept], labels[kept]

network = Sequential(Conv2d(1, C, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(16 * C, 10))
# as he_uniform draws them, with numbers that JavaScript draws too
network[0].weight.data = (2 * uniform(seed, (C, 1, 3, 3)) - 1) * np.sqrt(6 / 9)
network[4].weight.data = (2 * uniform(seed, (10, 16 * C), 9 * C) - 1) * np.sqrt(6 / (16 * C))
optimizer = ${OPTIMIZERS[optimizer]}

def batch(step):
    epoch, part = divmod(step, -(-len(x) // batch_size))
    order = np.argsort(uniform(seed, len(x), 4096 + epoch * len(x)), kind="stable")
    chosen = order[part * batch_size :][:batch_size]
    return x[chosen], y[chosen]

def count_right(x, y):
    return np.count_nonzero(network.forward(x).argmax(axis=1) == y)

loss, train_right, test_right = [], [], []
for step in range(steps + 1):
    if step % ${EVERY} == 0:
        train_right.append(count_right(x[:${TESTS}], y[:${TESTS}]))
        test_right.append(count_right(x_test, y_test))
    inputs, targets = batch(step)
    scores = network.forward(inputs)
    next_loss = cross_entropy(scores, targets)
    network.backward(cross_entropy_backward(scores, targets), needs_dx=False)
    if step == steps:
        break
    loss.append(next_loss)
    optimizer.step()
filters, bias, gradient = network[0].weight.data[:, 0], network[0].bias.data, network[0].weight.grad[:, 0]
right = count_right(x_test, y_test)

image = ${drawing.length ? `np.array(${rowsText(drawing)}) / 16` : `x_test[${digit}, 0]`}
maps, pooled, logits = (network[:depth].forward(image[None, None])[0] for depth in (1, 3, 5))
probabilities = softmax(logits)
predicted = np.argmax(probabilities >= probabilities.max() - 1e-9)`;
}

cnnmath.trainNetwork = { TESTS, OPTIMIZERS, levels, seen, values, describe, python };
})(globalThis.cnnmath);
