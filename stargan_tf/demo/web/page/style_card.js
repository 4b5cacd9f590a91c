/** A style: a random one, given by a seed, or that of an image. */

import {element} from './elements.js';
import {show} from './pixels.js';

const SEEDS = 10000;

/** Controls for one style. `source` is {seed} or {pixels}, a new object for each choice. */
export class StyleCard {
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
    try {
      const pixels = await load();
      show(this.picture, pixels, Math.sqrt(pixels.length / 3));
      this.picture.hidden = false;
      this.seed.value = '';
      this.choose({pixels}, title);
    } catch (error) {
      this.pictures.failed(error);
    }
  }

  choose(source, title) {
    Object.assign(this, {source, title});
    this.changed();
  }
}
