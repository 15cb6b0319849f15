/* The reader's own picture: picked, dropped or pasted; read by this page's script and sent nowhere. */
(function (cnnmath) {
"use strict";
if (cnnmath.ownPicture) return;
const { controls, h, later, on } = cnnmath;

/** Let a figure take a picture, {size: grey matrix whose `colour` is [red, green, blue]}, numbers 0 to 1. Unless take(own) puts it
 *  elsewhere it stands in figure.own, null before, never in a state. forget() goes back; `fate` is what the reader is told. */
function ownPicture(figure, sizes, take = (own) => { figure.own = own; figure.recompute(); }, fate = "it never leaves this page") {
const { signal } = figure;
let turn;
figure.own ??= null;

async function load(file) {
  const mine = (turn = {});
  const read = await later("readPicture", "read-picture.js").catch(() => null);
  const [own, problem] = (await read?.(file, sizes)) ?? [null, "this page cannot reach its script read-picture.js"];
  if (turn !== mine || signal.aborted) return; // overtaken
  figure.refuse(own ? "" : `${figure.constructor.label}: ${problem}. The last picture stays.`);
  if (own) take(own);
}

const file = h("input", { type: "file", accept: "image/*", hidden: true });
on(file, "change", () => load(file.files[0]), signal);
const given = (event) => {
  const [first] = (event.dataTransfer ?? event.clipboardData).files;
  if (!first) return;
  event.preventDefault();
  load(first);
};
on(figure, "drop", given, signal);
on(figure, "paste", given, signal);
on(figure, "dragover", (event) => event.preventDefault(), signal);
const pick = controls.button("Your own picture…", () => { file.value = ""; file.click(); }, signal);
return {
  nodes: [file, pick.node, h("span", { class: "muted" }, `or drop or paste it here: ${fate}`)],
  forget: () => { turn = figure.own = null; figure.recompute(); },
};
}

cnnmath.ownPicture = ownPicture;
})(globalThis.cnnmath);
