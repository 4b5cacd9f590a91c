/** The controls of a StarGAN v2: a domain, and two styles with their interpolation. */

import {element, percentSlider, segments} from './elements.js';
import {readable} from './labels.js';
import {StyleCard} from './style_card.js';
import {blended, styleOf} from './styles.js';

/** Controls for a style code. */
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

  suggest() {
    const {domains} = this.description;
    this.show([domains[(this.domain + 1) % domains.length]]);
  }

  /** The generator's inputs besides the image. */
  async inputs(engine) {
    const {description, domain} = this;
    const styles = [];
    for (const card of this.cards) {
      styles.push(await this.remembered(engine, card, () => (
        styleOf(engine, description, domain, card.source))));
    }
    const mixed = blended(...styles, this.share);
    const mean = description.mean_styles?.[domain] ?? mixed;
    const data = Float32Array.from(blended(Float32Array.from(mean), mixed, this.variety));
    return {styles: {data, shape: [1, data.length]}};
  }

  /** Caches styles, since sliders move faster than the style networks run. */
  async remembered(engine, card, compute) {
    const {source, last} = card;
    const same = last && last.source === source && last.domain === this.domain
      && last.engine === engine;
    if (!same) card.last = {source, domain: this.domain, engine, style: await compute()};
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
