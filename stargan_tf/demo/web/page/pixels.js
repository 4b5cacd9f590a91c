/** Between bytes and what the model takes: float32 in [-1, 1], or the bytes themselves. */

/**
 * @param {Uint8Array} rgb
 * @param {string} dtype of the model's input: "float32" or "uint8".
 */
export function toModel(rgb, dtype) {
  return dtype === 'uint8' ? rgb : new Float32Array(rgb).map((value) => value / 127.5 - 1);
}

/** @param {Float32Array|Uint8Array} values RGB as the model gives them. */
export function toBytes(values) {
  if (values instanceof Uint8Array) return values;
  return new Uint8ClampedArray(values.map((value) => (value + 1) * 127.5));
}

/** Puts RGB bytes on a canvas, which takes their size. */
export function show(canvas, rgb, size) {
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const image = new ImageData(size, size);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    image.data[to] = rgb[from];
    image.data[to + 1] = rgb[from + 1];
    image.data[to + 2] = rgb[from + 2];
    image.data[to + 3] = 255;
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
}
