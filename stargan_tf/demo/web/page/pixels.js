/** Converts bytes to the model's input and back: float32 in [-1, 1], or bytes. */

/**
 * An image as the model's input.
 * @param {Uint8Array} rgb
 * @param {object} description the content of model.json.
 * @returns {{data: Float32Array|Uint8Array, shape: number[]}}
 */
export function toModel(rgb, description) {
  const {image_size: size, input_type: dtype, num_channels: channels = 3} = description;
  const bytes = channels === 1 ? gray(rgb) : rgb;
  const data = dtype === 'uint8'
    ? bytes : new Float32Array(bytes).map((value) => value / 127.5 - 1);
  return {data, shape: [1, size, size, channels]};
}

/** The brightness of each pixel, with the weights of ITU-R 601-2, as in Pillow. */
function gray(rgb) {
  return Uint8Array.from({length: rgb.length / 3}, (_, pixel) => {
    const [red, green, blue] = rgb.subarray(3 * pixel, 3 * pixel + 3);
    return (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
  });
}

/**
 * @param {Float32Array|Uint8Array} values the model's output.
 * @param {object} description the content of model.json.
 * @returns {Uint8Array|Uint8ClampedArray} RGB.
 */
export function toBytes(values, {num_channels: channels = 3}) {
  const bytes = values instanceof Uint8Array
    ? values : new Uint8ClampedArray(values.map((value) => (value + 1) * 127.5));
  if (channels === 3) return bytes;
  return Uint8Array.from({length: 3 * bytes.length}, (_, index) => bytes[Math.floor(index / 3)]);
}

/** Shows RGB bytes on a canvas, which is resized. */
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
