/* Chips for the named kernels. */
(function (cnnmath) {
"use strict";
const { controls, kernels } = cnnmath;

const spoken = (name) => name.replaceAll("_", " ");

/** The name of the kernel with just these weights, or undefined. */
const nameOf = (rows) => Object.keys(kernels).find((name) => JSON.stringify(kernels[name]) === JSON.stringify(rows));

/** Chips for the named kernels; update(rows) marks the one in force. */
function kernelPresets(names, onpick, signal) {
  const chips = controls.presets("kernel presets", names.map(spoken), (text) => onpick(kernels[text.replaceAll(" ", "_")]), signal);
  return { node: chips.node, update: (rows) => chips.set(spoken(nameOf(rows) ?? "")) };
}

cnnmath.kernelPresets = kernelPresets;
})(globalThis.cnnmath);
