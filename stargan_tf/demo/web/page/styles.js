/** Style codes of a StarGAN v2, from its mapping network or its style encoder. */

import {toModel} from './pixels.js';
import {normal} from './random.js';

/**
 * @param {import('./engine.js').Engine} engine
 * @param {object} description the content of model.json.
 * @param {number} domain
 * @param {{seed: number}|{pixels: Uint8Array}} source a random style, or that of an image.
 * @returns {Promise<Float32Array>}
 */
export async function styleOf(engine, description, domain, source) {
  const domains = {
    data: Float32Array.from(description.domains, (_, index) => Number(index === domain)),
    shape: [1, description.domains.length],
  };
  const {outputs} = source.pixels
    ? await engine.run('style', 'encode_style', {...reference(description, source), domains})
    : await engine.run('style', 'map_latent', {...latent(description, source), domains});
  return outputs.styles;
}

function reference(description, {pixels}) {
  return {references: toModel(pixels, description)};
}

function latent({latent_dim: width}, {seed}) {
  return {latents: {data: normal(seed, width), shape: [1, width]}};
}

/** Interpolates from `start` (share 0) to `end` (share 1). */
export function blended(start, end, share) {
  return start.map((value, index) => value + share * (end[index] - value));
}
