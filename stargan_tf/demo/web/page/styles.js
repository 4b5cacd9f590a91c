/** StarGAN v2: style codes, and their controls. */

import {clearWarning, element, percentSlider, segments} from './elements.js';
import {show, toModel} from './image.js';
import {readable} from './labels.js';

// === Reproducible random numbers ===

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

// === Style codes, from the mapping network or the style encoder ===

/**
 * @param {import('./model.js').Engine} engine
 * @param {object} description the content of model.json.
 * @param {number} domain
 * @param {{seed: number}|{pixels: Uint8Array}} source a random style, or that of an image.
 * @returns {Promise<Float32Array>}
 */
async function styleOf(engine, description, domain, source) {
  const {latent_dim: width} = description;
  const domains = {
    data: Float32Array.from(description.domains, (_, index) => Number(index === domain)),
    shape: [1, description.domains.length],
  };
  const {outputs} = source.pixels
    ? await engine.run('style', 'encode_style',
      {references: toModel(source.pixels, description), domains})
    : await engine.run('style', 'map_latent',
      {latents: {data: normal(source.seed, width), shape: [1, width]}, domains});
  return outputs.styles;
}

/** Interpolates from `start` (share 0) to `end` (share 1). */
function blended(start, end, share) {
  return start.map((value, index) => value + share * (end[index] - value));
}

// === Controls of a style ===

const SEEDS = 10000;

/** Controls for one style, random or of an image. `source` is {seed} or {pixels}, a new object for each choice. */
class StyleCard {
  constructor(name, seed, pictures, changed) {
    Object.assign(this, {name, pictures, changed, source: {seed}, title: `seed ${seed}`});
    this.seed = element('input', {
      type: 'number', min: 0, max: 2 ** 32 - 1, step: 1, value: seed,
      aria: {label: `Seed of style ${name}`},
    });
    this.seed.addEventListener('change', () => this.randomly(Number(this.seed.value) || 0));
    this.picture = element('canvas', {width: 64, height: 64, hidden: true, aria: {hidden: true}});
    this.root = element('fieldset', {className: 'style-card'},
      element('legend', {}, `Style ${name}`),
      element('div', {className: 'row'}, this.picture, this.randomButton(), this.seed,
        this.fileButton()),
      element('div', {className: 'faces small'}, ...pictures.faces.map(
        (face) => this.faceButton(face))));
  }

  randomButton() {
    const button = element('button', {type: 'button', className: 'random'}, 'Random');
    button.setAttribute('aria-label', `Random style ${this.name}`);
    button.addEventListener('click', () => this.randomly(Math.floor(SEEDS * Math.random())));
    return button;
  }

  randomly(seed) {
    this.awaited = null;
    this.seed.value = seed;
    this.picture.hidden = true;
    this.choose({seed}, `seed ${seed}`);
  }

  fileButton() {
    const input = element('input', {
      type: 'file', accept: 'image/*', className: 'unseen',
      aria: {label: `Picture for style ${this.name}`},
    });
    input.addEventListener('change', () => {
      const [file] = input.files;
      // The same file may be chosen again.
      if (file) this.byPicture(() => this.pictures.fromFile(file, file.name), file.name);
      input.value = '';
    });
    return element('label', {className: 'button'}, input, 'Image');
  }

  faceButton(face) {
    const button = element('button', {
      type: 'button', className: 'face', title: face.title,
      aria: {label: `Style ${this.name} of ${face.title}`},
    }, element('img', {src: face.url, alt: ''}));
    button.addEventListener('click', () => this.byPicture(face.pixels, face.title));
    return button;
  }

  async byPicture(load, title) {
    const mine = this.awaited = {};
    try {
      const pixels = await load();
      if (this.awaited !== mine) return; // Another style was chosen meanwhile.
      show(this.picture, pixels, Math.sqrt(pixels.length / 3));
      this.picture.hidden = false;
      this.seed.value = '';
      this.choose({pixels}, title);
    } catch (error) {
      if (this.awaited === mine) this.pictures.failed(error);
    }
  }

  choose(source, title) {
    clearWarning();
    Object.assign(this, {source, title});
    this.changed();
  }
}

// === Controls ===

/** Controls for a style code: a domain, and two styles with their interpolation. */
export class StyleChoice {
  /**
   * @param {object} description the content of model.json.
   * @param {() => void} changed called after each change by the user.
   * @param {object} images
   * @param {(blob: Blob, name: string) => Promise<Uint8Array>} pictures.fromFile
   * @param {{title: string, url: string, pixels: () => Promise<Uint8Array>}[]} pictures.faces
   * @param {(error: Error) => void} pictures.failed
   */
  constructor(description, changed, pictures) {
    Object.assign(this, {description, domain: 0, share: 0, variety: 1});
    this.cards = ['A', 'B'].map(
      (name, index) => new StyleCard(name, index + 1, pictures, changed));
    this.domains = this.domainButtons(changed);
    const blend = percentSlider({
      title: 'A → B', label: 'Interpolation between the styles, from A to B', value: 0,
      changed: (value) => { this.share = value; changed(); },
    });
    const variety = percentSlider({
      title: 'Variety', label: 'Variety: lower values are closer to the domain’s mean style', value: 1,
      changed: (value) => { this.variety = value; changed(); },
    });
    this.root = element('div', {}, this.domains.root, ...this.cards.map((card) => card.root),
      element('div', {className: 'choice'}, blend.root, variety.root));
  }

  domainButtons(changed) {
    const {domains} = this.description;
    return segments({
      legend: 'Domain',
      options: domains.map((domain) => ({value: domain, title: readable(domain)})),
      value: domains[0],
      chosen: (value) => { this.domain = domains.indexOf(value); changed(); },
    });
  }

  /** Selects the domain of an image, so that only its style changes. */
  show([domain]) {
    const index = this.description.domains.indexOf(domain);
    if (index < 0) return;
    this.domain = index;
    this.domains.set(domain);
  }

  /** Selects the next domain and, for style A, a sample face of that domain. */
  async suggest() {
    const {domains} = this.description;
    const next = domains[(this.domain + 1) % domains.length];
    this.show([next]);
    const [card] = this.cards;
    const face = card.pictures.faces.find((other) => other.domains.includes(next));
    if (face) await card.byPicture(face.pixels, face.title);
  }

  /** The generator's inputs besides the image. */
  async inputs(engine) {
    const {description, domain} = this;
    const styles = [];
    for (const card of this.cards) {
      styles.push(await this.remembered(engine, card, domain, () => (
        styleOf(engine, description, domain, card.source))));
    }
    const mixed = blended(...styles, this.share);
    const mean = description.mean_styles?.[domain] ?? mixed;
    const data = Float32Array.from(blended(Float32Array.from(mean), mixed, this.variety));
    return {styles: {data, shape: [1, data.length]}};
  }

  /** Caches styles, since sliders move faster than the style networks run. */
  async remembered(engine, card, domain, compute) {
    const {source, last} = card;
    const same = last && last.source === source && last.domain === domain
      && last.engine === engine;
    if (!same) card.last = {source, domain, engine, style: await compute()};
    return card.last.style;
  }

  summary() {
    const [first, second] = this.cards.map((card) => card.title);
    const name = readable(this.description.domains[this.domain]);
    if (this.share === 0) return `${name}, style of ${first}`;
    if (this.share === 1) return `${name}, style of ${second}`;
    return `${name}, between the styles of ${first} and ${second}`;
  }
}
