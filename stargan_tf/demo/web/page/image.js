/** An image: reading it, its crop, and its conversion to the model's input and back. */

// === Files and addresses ===

// Larger images are reduced, so that moving the crop is smooth on a phone.
const LARGEST = 1024;

/**
 * Reads an image: upright, on white, and limited in size.
 *
 * @param {Blob} blob
 * @param {string} name for the message.
 * @returns {Promise<HTMLCanvasElement>}
 */
export async function readPhoto(blob, name) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, {imageOrientation: 'from-image'});
  } catch {
    throw new Error(
      `${name} is not an image that this browser can read. `
      + 'Try a JPEG, PNG, WebP or GIF file.');
  }
  const canvas = drawn(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  return canvas;
}

/** The image as a canvas; transparent parts are laid on white. */
export function drawn(image, width, height, {mirrored = false} = {}) {
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (mirrored) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  canvas.scale = scale;
  return canvas;
}

/** @param {string} url */
export async function fetchPhoto(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} could not be loaded (${response.status}).`);
  return readPhoto(await response.blob(), url);
}

// === The crop ===

const SMALLEST = 16;

/**
 * A crop of an image, in pixels of the reduced image: a square or, for models that were trained on
 * stretched images, a crop with the aspect ratio of the image.
 */
export class Square {
  /**
   * @param {object} description as in model.json
   * @param {string} description.fit 'crop' or 'stretch'
   * @param {?number} description.crop_size initial side in pixels of the original image,
   *   which overrides `fit`.
   */
  constructor({fit, crop_size: cropSize}) {
    this.cropSize = cropSize ?? null;
    this.stretches = fit === 'stretch' && this.cropSize === null;
    this.picture = null;
  }

  /** Takes another image; the next frame of a video keeps the crop. */
  take(picture, {nextFrame = false} = {}) {
    const same = nextFrame && this.picture
      && this.picture.width === picture.width && this.picture.height === picture.height;
    this.picture = picture;
    if (!same) this.center();
  }

  center() {
    const side = Math.round((this.cropSize ?? Infinity) * (this.picture.scale ?? 1));
    this.side = clamp(side, 1, this.largest);
    this.left = half(this.picture.width - this.width);
    this.top = half(this.picture.height - this.height);
  }

  /** `side` is the shorter side of the crop. */
  get width() {
    return this.stretches
      ? Math.round(this.side * this.picture.width / this.largest) : this.side;
  }

  get height() {
    return this.stretches
      ? Math.round(this.side * this.picture.height / this.largest) : this.side;
  }

  get largest() {
    return Math.min(this.picture.width, this.picture.height);
  }

  get smallest() {
    return Math.min(SMALLEST, this.largest);
  }

  /** @param {number} right pixels of the image, @param {number} down likewise. */
  move(right, down) {
    this.left = clamp(Math.round(this.left + right), 0, this.picture.width - this.width);
    this.top = clamp(Math.round(this.top + down), 0, this.picture.height - this.height);
  }

  /** From 0, the largest square, to 1, the smallest; the scale is logarithmic. */
  get zoom() {
    const range = Math.log(this.largest / this.smallest);
    return range ? Math.log(this.largest / this.side) / range : 0;
  }

  set zoom(amount) {
    const share = (this.smallest / this.largest) ** clamp(amount, 0, 1);
    const side = Math.max(this.smallest, Math.round(this.largest * share));
    const {width, height} = this;
    this.side = side;
    this.move((width - this.width) / 2, (height - this.height) / 2);
  }

  /** RGB bytes, size × size. */
  pixels(size) {
    const context = this.picture.getContext('2d');
    const {data} = context.getImageData(this.left, this.top, this.width, this.height);
    return resampled(data, this.width, this.height, size);
  }

  /** Draws the crop on a canvas, scaled to its size. */
  draw(canvas) {
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(
      this.picture, this.left, this.top, this.width, this.height,
      0, 0, canvas.width, canvas.height);
  }
}

/** Half of an integer, rounded to the even neighbor, as by Python. */
function half(value) {
  return value % 2 ? 2 * Math.round(value / 4) : value / 2;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// === Resizing ===

/** The start, the length, and the weights of the window of each output position. */
function windows(from, to) {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const most = Math.ceil(reach) * 2 + 1;
  const firsts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Float64Array(to * most);
  for (let index = 0; index < to; index += 1) {
    const center = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const last = Math.min(from, Math.trunc(center + reach + 0.5));
    const row = weights.subarray(index * most, index * most + last - first);
    for (let at = first; at < last; at += 1) {
      row[at - first] = Math.max(0, 1 - Math.abs((at - center + 0.5) / reach));
    }
    const total = row.reduce((sum, weight) => sum + weight, 0);
    for (let place = 0; place < row.length; place += 1) row[place] /= total;
    firsts[index] = first;
    counts[index] = last - first;
  }
  return {firsts, counts, weights, most};
}

/** One pass: `count` rows of `from` pixels, each pixel `step` values after the last. */
function pass(source, target, from, to, count, step, jump, targetStep, targetJump) {
  // Plain loops, which are fast enough for a camera.
  const {firsts, counts, weights, most} = windows(from, to);
  for (let row = 0; row < count; row += 1) {
    for (let index = 0; index < to; index += 1) {
      const start = row * jump + firsts[index] * step;
      const end = index * most + counts[index];
      const place = row * targetJump + index * targetStep;
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        let at = start + channel;
        for (let weight = index * most; weight < end; weight += 1, at += step) {
          sum += weights[weight] * source[at];
        }
        // Pillow rounds to whole values after each pass; the array clamps and truncates.
        target[place + channel] = sum + 0.5;
      }
    }
  }
}

/**
 * Pillow's antialiased bilinear resize, so that images are prepared as in training.
 *
 * Browsers smooth differently in drawImage, which affects the output of small models.
 *
 * @param {Uint8ClampedArray} pixels RGBA, width × height.
 * @param {number} width
 * @param {number} height
 * @param {number} size side of the result.
 * @returns {Uint8Array} RGB, size × size.
 */
export function resampled(pixels, width, height, size) {
  const narrow = new Uint8Array(height * size * 3);
  pass(pixels, narrow, width, size, height, 4, 4 * width, 3, 3 * size);
  const result = new Uint8Array(size * size * 3);
  pass(narrow, result, height, size, size, 3 * size, 3, 3 * size, 3);
  return result;
}

// === The model's input and output ===

/**
 * An image as the model's input: float32 in [-1, 1], or bytes.
 *
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

// === Moving and zooming ===

const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};
const STEP = 0.04;

/**
 * A canvas on which the crop is moved and zoomed, by pointer or keys.
 *
 * @param {object} parts
 * @param {HTMLCanvasElement} parts.canvas
 * @param {HTMLInputElement} parts.slider of the zoom, 0 to 100.
 * @param {Square} parts.square
 * @param {() => void} parts.changed called after each change by the user.
 * @returns {() => void} redraws the canvas.
 */
export function cropView({canvas, slider, square, changed}) {
  const draw = () => {
    square.draw(canvas);
    slider.value = 100 * square.zoom;
  };
  const change = (action) => {
    if (!square.picture) return;
    action();
    draw();
    changed();
  };
  slider.addEventListener('input', () => change(() => {
    square.zoom = slider.value / 100;
  }));
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    change(() => { square.zoom -= Math.sign(event.deltaY) * STEP; });
  }, {passive: false});
  canvas.addEventListener('keydown', (event) => byKey(event, square, change));
  byPointer(canvas, square, change);
  return draw;
}

function byKey(event, square, change) {
  // Ctrl and + zooms the page, Alt and ← goes back.
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  const zoom = {'+': STEP, '=': STEP, '-': -STEP}[event.key];
  if (!arrow && !zoom) return;
  event.preventDefault();
  change(() => {
    if (zoom) square.zoom += zoom;
    else square.move(...arrow.map((way) => way * Math.max(1, STEP * square.side)));
  });
}

/** One pointer drags, two pinch. */
function byPointer(canvas, square, change) {
  const held = new Map();
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, event);
  });
  for (const end of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(end, (event) => held.delete(event.pointerId));
  }
  canvas.addEventListener('pointermove', (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const previous = distance([...held.values()]);
    held.set(event.pointerId, event);
    const across = square.width / canvas.clientWidth;
    const down = square.height / canvas.clientHeight;
    change(() => {
      if (previous) square.zoom += Math.log(distance([...held.values()]) / previous) / 4;
      else square.move(
        (before.clientX - event.clientX) * across, (before.clientY - event.clientY) * down);
    });
  });
}

function distance([a, b]) {
  return b && Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
}
