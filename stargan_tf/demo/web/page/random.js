/** Reproducible random numbers. */

/**
 * Normal numbers with mean 0 and variance 1.
 *
 * @param {number} seed an integer from 0.
 * @param {number} count
 * @returns {Float32Array}
 */
export function normal(seed, count) {
  const uniform = mulberry32(seed);
  return Float32Array.from({length: count}, () => {
    // Box-Muller; 1 - u, because u may be 0.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  });
}

/** The generator of that name: 32 bits of state, uniform in [0, 1). */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
