/**
 * Pillow's antialiased bilinear resize, so that images are prepared as in training.
 *
 * Browsers smooth differently in drawImage, which affects the output of small models.
 */

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
