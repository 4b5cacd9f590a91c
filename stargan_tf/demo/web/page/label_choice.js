/** The controls of a StarGAN: its domains, each with a strength. */

import {element, percentSlider, segments} from './elements.js';
import {groups, labelVector, readable} from './labels.js';

const NONE = '';

/** Buttons and sliders for a label vector. */
export class LabelChoice {
  /**
   * @param {object} description the content of model.json.
   * @param {() => void} changed called after each change by the user.
   */
  constructor(description, changed) {
    this.description = description;
    this.changed = changed;
    this.dataset = 0;
    this.root = element('div');
    this.switchTo(0);
  }

  /** Shows the controls of one data set, and a choice if there are several. */
  switchTo(dataset) {
    this.dataset = dataset;
    const {datasets} = this.description;
    this.parts = this.description.changes
      ? datasets[dataset].domains.map((domain) => new ChangePart(domain, this.changed))
      : groups(datasets[dataset]).map(
        (group) => (group.domains.length > 1 ? new GroupPart(group, this.changed)
          : new SinglePart(group, this.changed)));
    const chooser = datasets.length > 1 ? [this.chooser(datasets)] : [];
    this.root.replaceChildren(...chooser, ...this.parts.map((part) => part.root));
  }

  chooser(datasets) {
    return segments({
      legend: 'Data set',
      options: datasets.map(({name}, index) => ({value: `${index}`, title: readable(name)})),
      value: `${this.dataset}`,
      chosen: (value) => {
        this.switchTo(Number(value));
        this.root.querySelector('input:checked').focus();
        this.changed();
      },
    }).root;
  }

  /** Sets the controls to a known label, the domains that are on. */
  show(domains) {
    const {datasets} = this.description;
    const dataset = datasets.findIndex(
      (candidate) => domains.every((domain) => candidate.domains.includes(domain)));
    if (dataset < 0) return;
    if (dataset !== this.dataset) this.switchTo(dataset);
    for (const part of this.parts) part.show(domains);
  }

  /** Selects the next domain of the first group, to show a change. */
  suggest() {
    this.parts.find((part) => part.next)?.next();
  }

  /** The generator's inputs besides the image. */
  inputs() {
    const values = Object.assign({}, ...this.parts.map((part) => part.values()));
    const data = labelVector(this.description, this.dataset, values);
    return {labels: {data, shape: [1, data.length]}};
  }

  /** For screen readers, such as "Blond hair, Young 60 %". */
  summary() {
    const on = this.parts.flatMap((part) => Object.entries(part.values()))
      .filter(([, value]) => value !== 0)
      .map(([name, value]) => readable(name) + (value < 1 ? ` ${Math.round(100 * value)} %` : ''));
    return on.join(', ') || 'none of them';
  }
}

/** Mutually exclusive domains. */
class GroupPart {
  constructor({name, domains, optional}, changed) {
    Object.assign(this, {domains, on: optional ? NONE : domains[0], strength: 1, changed});
    const options = domains.map((domain) => ({value: domain, title: readable(domain, name)}));
    if (optional) options.push({value: NONE, title: 'None'});
    this.buttons = segments({
      legend: readable(name), options, value: this.on, chosen: (value) => this.choose(value),
    });
    this.slider = percentSlider({
      title: 'Strength', label: `Strength of ${readable(name)}`, value: 1,
      changed: (value) => { this.strength = value; changed(); },
    });
    this.root = element('div', {className: 'choice'}, this.buttons.root, this.slider.root);
  }

  choose(value) {
    this.on = value;
    this.changed();
  }

  show(domains) {
    const known = this.domains.find((domain) => domains.includes(domain));
    this.set(known ?? (this.domains.includes(this.on) ? this.on : NONE));
  }

  set(value) {
    this.on = value;
    this.strength = 1;
    this.buttons.set(value);
    this.slider.set(1);
  }

  next() {
    this.set(this.domains[(this.domains.indexOf(this.on) + 1) % this.domains.length]);
  }

  values() {
    return this.on === NONE ? {} : {[this.on]: this.strength};
  }
}

/** The change of a domain, from -100 % to 100 %. */
class ChangePart {
  constructor(domain, changed) {
    Object.assign(this, {domain, value: 0});
    this.slider = percentSlider({
      title: readable(domain), value: 0, min: -1,
      changed: (value) => { this.value = value; changed(); },
    });
    this.root = element('div', {className: 'choice'}, this.slider.root);
  }

  set(value) {
    this.value = value;
    this.slider.set(value);
  }

  /** Resets the change for a new image. */
  show() {
    this.set(0);
  }

  next() {
    this.set(1);
  }

  values() {
    return {[this.domain]: this.value};
  }
}

/** A domain with a strength. */
class SinglePart {
  constructor({domains: [domain]}, changed) {
    Object.assign(this, {domain, value: 0});
    this.box = element('input', {type: 'checkbox', role: 'switch'});
    this.box.addEventListener('change', () => {
      this.set(this.box.checked ? 1 : 0);
      changed();
    });
    this.slider = percentSlider({
      title: '', label: `Strength of ${readable(domain)}`, value: 0,
      changed: (value) => { this.set(value); changed(); },
    });
    const label = element('label', {className: 'switch'}, this.box,
      element('span', {}, readable(domain)));
    this.root = element('div', {className: 'choice single'}, label, this.slider.root);
  }

  set(value) {
    this.value = value;
    this.box.checked = value > 0;
    this.slider.set(value);
  }

  show(domains) {
    this.set(domains.includes(this.domain) ? 1 : 0);
  }

  values() {
    return {[this.domain]: this.value};
  }
}
