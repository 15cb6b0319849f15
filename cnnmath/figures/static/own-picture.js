/* The reader's own picture: picked, dropped or pasted; read by this page's script and sent nowhere. */
(function (cnnmath) {
"use strict";
if (cnnmath.ownPicture) return;
const { controls, h, math, on, show } = cnnmath;

const MOST = 1e8; // bytes of a file, and pixels of its picture
const LARGEST = 4096; // px of a canvas in every browser

/** RGBA bytes (side, side, 4) as size × size luminances 0 to 1: means over equal areas. */
function areaMeans(rgba, side, size) {
const out = math.matrix(size, size);
const border = (k) => (k * side) / size;
const share = (x, k) => Math.min(x + 1, border(k + 1)) - Math.max(x, border(k));
for (let k = 0; k < out.data.length; k++) {
  const [i, j] = [Math.floor(k / size), k % size];
  for (let y = Math.floor(border(i)); y < border(i + 1); y++) {
    for (let x = Math.floor(border(j)); x < border(j + 1); x++) {
      const p = 4 * (y * side + x);
      out.data[k] += share(y, i) * share(x, j) * (0.299 * rgba[p] + 0.587 * rgba[p + 1] + 0.114 * rgba[p + 2]);
    }
  }
  out.data[k] /= 255 * border(1) ** 2;
}
return out;
}

/** The centre square of a bitmap as {size: grey matrix}; what is transparent lies on white. */
function squares(bitmap, sizes) {
const crop = Math.min(bitmap.width, bitmap.height);
const side = Math.min(crop, LARGEST);
const context = h("canvas", { width: side, height: side }).getContext("2d", { willReadFrequently: true });
context.fillStyle = "#fff";
context.fillRect(0, 0, side, side);
context.drawImage(bitmap, (bitmap.width - crop) >> 1, (bitmap.height - crop) >> 1, crop, crop, 0, 0, side, side);
const rgba = context.getImageData(0, 0, side, side).data;
return Object.fromEntries(sizes.map((size) => [size, areaMeans(rgba, side, size)]));
}

/** Let a figure take a picture into figure.own, {size: grey matrix} or null, never into its state; forget() goes back. */
function ownPicture(figure, sizes) {
const { signal } = figure;
let turn;
figure.own ??= null;

async function load(file) {
  const mine = (turn = {});
  let bitmap, own;
  try {
    bitmap = file.size <= MOST ? await createImageBitmap(file) : null;
    own = bitmap.width * bitmap.height <= MOST && squares(bitmap, sizes);
  } catch { /* no image, a broken or an empty one: refused below */ }
  bitmap?.close();
  if (turn !== mine || signal.aborted) return; // overtaken
  figure.own = own || figure.own;
  figure.refuse(own ? "" : `${figure.constructor.label}: your picture must be an image that this browser can read, of at most ` +
    `${MOST / 1e6} million pixels; got ${show(file.name)}. The last picture stays.`);
  figure.recompute();
}

const file = h("input", { type: "file", accept: "image/*", hidden: true });
on(file, "change", () => load(file.files[0]), signal);
const take = (event) => {
  const [given] = (event.dataTransfer ?? event.clipboardData).files;
  if (!given) return;
  event.preventDefault();
  load(given);
};
on(figure, "drop", take, signal);
on(figure, "paste", take, signal);
on(figure, "dragover", (event) => event.preventDefault(), signal);
const pick = controls.button("Your own picture…", () => { file.value = ""; file.click(); }, signal);
return {
  nodes: [file, pick.node, h("span", { class: "muted" }, "or drop or paste it here: it never leaves this page")],
  forget: () => { turn = figure.own = null; figure.recompute(); },
};
}

cnnmath.ownPicture = ownPicture;
})(globalThis.cnnmath);
