/* A picture file as numbers, as `cnnmath.image.square_means` makes them. A page loads this script when a picture comes (`cnnmath.later`). */
(function (cnnmath) {
"use strict";
if (cnnmath.readPicture) return;
const { h, math, show } = cnnmath;

const MOST = 1e8; // bytes of a file, and pixels of its picture
const LARGEST = 4096; // px of a canvas in every browser

const rounded = (x) => Math.round(1e12 * x) / 1e12;

/** RGBA bytes (side, side, 4) as size × size numbers 0 to 1 for each colour: means over equal areas, to 12 decimals. */
function areaMeans(rgba, side, size) {
const planes = [0, 1, 2].map(() => math.matrix(size, size));
const border = (k) => (k * side) / size;
const share = (x, k) => Math.min(x + 1, border(k + 1)) - Math.max(x, border(k));
for (let k = 0; k < size * size; k++) {
  const [i, j] = math.place(k, size);
  for (let y = Math.floor(border(i)); y < border(i + 1); y++) {
    for (let x = Math.floor(border(j)); x < border(j + 1); x++) {
      const [p, part] = [4 * (y * side + x), share(y, i) * share(x, j)];
      for (let c = 0; c < 3; c++) planes[c].data[k] += part * rgba[p + c];
    }
  }
  for (const { data } of planes) data[k] = rounded(data[k] / (255 * border(1) ** 2));
}
return planes;
}

/** The centre square of a bitmap as {size: grey matrix with its `colour`}; what is transparent lies on white. */
function squares(bitmap, sizes) {
const crop = Math.min(bitmap.width, bitmap.height);
const side = Math.min(crop, LARGEST);
const context = h("canvas", { width: side, height: side }).getContext("2d", { willReadFrequently: true });
context.fillStyle = "#fff";
context.fillRect(0, 0, side, side);
context.drawImage(bitmap, (bitmap.width - crop) >> 1, (bitmap.height - crop) >> 1, crop, crop, 0, 0, side, side);
const rgba = context.getImageData(0, 0, side, side).data;
return Object.fromEntries(sizes.map((size) => {
  const colour = areaMeans(rgba, side, size);
  const [red, green, blue] = colour.map(({ data }) => data);
  const grey = red.map((x, k) => rounded(0.299 * x + 0.587 * green[k] + 0.114 * blue[k])); // Rec. 601, as `cnnmath.image.luminance`
  return [size, { ...math.matrix(size, size, grey), colour }];
}));
}

/** [the picture in these sizes] of a file, or [null, what is wrong with it]. */
async function readPicture(file, sizes) {
let bitmap, own;
try {
  bitmap = file.size <= MOST ? await createImageBitmap(file) : null;
  own = bitmap.width * bitmap.height <= MOST && squares(bitmap, sizes);
} catch { /* no image, a broken or an empty one: refused below */ }
bitmap?.close();
return own ? [own] : [null, `your picture must be an image that this browser can read, of at most ${MOST / 1e6} million pixels; got ${show(file.name)}`];
}

cnnmath.readPicture = readPicture;
})(globalThis.cnnmath);
