/* Two plots beside each other: the loss by step, and the share of images that are right. */
(function (cnnmath) {
"use strict";
if (cnnmath.learningCurves) return;
const { h, number, plot } = cnnmath;

const EVERY = 20; // steps from one measurement of the accuracies to the next
const SPANS = [50, 100, 200, 500, 1000, 2000]; // of the plots, in steps
const LOW = -3; // the power of ten at which the losses are cut off below

const css = `${plot.css}
.plot .thin { stroke-width: 1; }
.key { display: inline-block; width: 24px; border-top: 2px solid var(--cm-link); margin: 0 0.4em 0 0.8em; vertical-align: middle; }
.key.test { border-top: 2px dashed var(--cm-accent); }`;

/** `onpick(x)` is told of a press at step x. update(values, known, images, room) draws the values of a run whose losses up to the
 *  step that it has reached are `known`, with the accuracies as counts of so many images. */
function learningCurves(onpick, signal) {
  const axes = { x: [0, SPANS[0]], xlabel: "steps", ratio: 0.52, onpick };
  const power = (y) => (Number.isInteger(y) ? number(10 ** y) : "");
  const losses = plot({ ...axes, label: "loss by step", y: [LOW, 1], ylabel: "loss of a batch", ytext: power }, signal);
  const shares = plot({ ...axes, label: "accuracy by step", y: [80, 100], ylabel: "right, %" }, signal);
  const ahead = losses.curve("quiet thin dash"), batches = losses.curve("quiet thin"), mean = losses.curve("second");
  const now = losses.segment("quiet thin"), goal = shares.segment("quiet dash"), label = shares.text("quiet");
  const train = shares.curve("second"), test = shares.curve("accent dash"), at = shares.segment("quiet thin"), spot = shares.spot("accent");
  const node = h("div", {}, h("div", { class: "sides" }, losses.node, shares.node),
    h("div", { class: "muted" }, h("i", { class: "key" }), "training: mean of 20 batches, and images",
      h("i", { class: "key test" }), "test images"));

  const height = (loss) => Math.log10(Math.max(loss, 1e-6));
  const points = (list) => list.map((loss, t) => [t, height(loss)]);

  function update({ loss, train_right, test_right, right }, known, images, room) {
    const width = room > 560 ? Math.min(420, (room - 24) / 2) : room;
    const taken = loss.length;
    const span = [0, SPANS.find((most) => most >= known.length)];
    const high = Math.ceil(height(known.reduce((a, b) => Math.max(a, b), 2)));
    losses.frame(width, span, [LOW, high]);
    if (known.length > taken) ahead.update(points(known));
    else ahead.hide();
    batches.update(points(loss));
    const sum = (t) => loss.slice(t, t + EVERY).reduce((a, b) => a + b);
    mean.update(Array.from({ length: Math.floor(taken / EVERY) }, (_, k) => [EVERY * (k + 0.5), height(sum(EVERY * k) / EVERY)]));
    now.update([taken, LOW], [taken, high]);

    const percent = (counts) => counts.map((count, k) => [k * EVERY, (100 * count) / images]);
    const end = [taken, (100 * right) / images];
    const bottom = Math.max(...test_right, right) < 0.8 * images ? 0 : 80;
    shares.frame(width, span, [bottom, 100]);
    goal.update([0, 98], [span[1], 98]);
    label.update(0, 98, "98 %", 4, -4);
    train.update(percent(train_right));
    test.update([...percent(test_right), end]);
    at.update([taken, bottom], [taken, 100]);
    spot.update(...end, 4);
  }
  return { node, update };
}

cnnmath.learningCurves = Object.assign(learningCurves, { css });
})(globalThis.cnnmath);
