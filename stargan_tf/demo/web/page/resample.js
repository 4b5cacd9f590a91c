/**
 * Pillow's antialiased bilinear resize, so that the page prepares pictures as training did.
 *
 * A browser's own drawImage smooths in its own way, and a small model sees the difference.
 */

/** For each output position: where its window begins, and the weights in it. */
function windows(from, to) {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({length: to}, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const last = Math.min(from, Math.trunc(centre + reach + 0.5));
    const weights = [];
    for (let at = first; at < last; at += 1) {
      weights.push(Math.max(0, 1 - Math.abs((at - centre + 0.5) / reach)));
    }
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return {first, weights: weights.map((weight) => weight / total)};
  });
}

/** One pass: `count` rows of `from` pixels, each pixel `step` values after the last. */
function pass(source, target, from, to, count, step, jump, targetStep, targetJump) {
  windows(from, to).forEach(({first, weights}, index) => {
    for (let row = 0; row < count; row += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        let at = row * jump + first * step + channel;
        let sum = 0;
        for (const weight of weights) {
          sum += weight * source[at];
          at += step;
        }
        // Pillow rounds to whole values after each pass; the array clamps and truncates.
        target[row * targetJump + index * targetStep + channel] = sum + 0.5;
      }
    }
  });
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
