/** StarGAN: the label vector, and its controls. */

import {element, percentSlider, segments} from './elements.js';

// === The label vector: c~ = [c_1, …, c_n, m], in [0, 1] ===

/**
 * Groups of domains, in the order of the label vector.
 *
 * @param {object} dataset an entry of `datasets` in model.json.
 * @returns {{name: string, domains: string[], optional: boolean}[]} in a group with
 *   several domains, at most one is on; exactly one if it is not optional.
 */
function groups(dataset) {
  if (dataset.label_type === 'one_hot') {
    return [{name: groupName(dataset.domains), domains: dataset.domains, optional: false}];
  }
  const exclusive = (dataset.exclusive_groups ?? []).map(
    (domains) => ({name: groupName(domains), domains, optional: true}));
  const grouped = new Set(exclusive.flatMap((group) => group.domains));
  const alone = dataset.domains.filter((domain) => !grouped.has(domain))
    .map((domain) => ({name: readable(domain), domains: [domain], optional: true}));
  return [...exclusive, ...alone];
}

/** Black_Hair, Blond_Hair → Hair; without a common last word: "One of". */
function groupName(domains) {
  const last = domains.map((domain) => domain.split('_').at(-1));
  const common = domains.every((domain) => domain.includes('_'))
    && last.every((word) => word === last[0]);
  return common ? last[0] : 'One of';
}

/** Blond_Hair → Blond hair; within the group Hair: Blond. */
export function readable(domain, group = '') {
  const words = domain.split('_');
  if (words.length > 1 && words.at(-1) === group) words.pop();
  const text = words.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1).replaceAll(/ \p{Lu}(?=\p{Ll})/gu,
    (letter) => letter.toLowerCase());
}

/**
 * @param {object} description the content of model.json.
 * @param {number} dataset whose labels `values` are.
 * @param {Object<string, number>} values domain → 0 to 1, or as a change -1 to 1; others
 *   are 0.
 * @returns {Float32Array} of `label_width`; zero for other data sets.
 */
function labelVector(description, dataset, values) {
  const vector = new Float32Array(description.label_width);
  const {datasets} = description;
  const widths = datasets.map((info) => info.domains.length);
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const start = sum(widths.slice(0, dataset));
  datasets[dataset].domains.forEach((domain, index) => {
    vector[start + index] = values[domain] ?? 0;
  });
  if (datasets.length > 1) vector[sum(widths) + dataset] = 1;
  return vector;
}

// === Controls ===

const NONE = '';

/** Buttons and sliders for a label vector: the domains, each with a strength. */
export class LabelChoice {
  /**
   * @param {object} description the content of model.json.
   * @param {() => void} changed called after each change by the user.
   */
  constructor(description, changed) {
    this.description = description;
    this.changed = changed;
    this.known = [];
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
    for (const part of this.parts) part.show(this.known);
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

  /** Sets the controls to the domains of an image that are known; none, one, or more. */
  show(domains) {
    this.known = domains;
    // A model may have only some of the domains.
    const counts = this.description.datasets.map(
      (dataset) => domains.filter((domain) => dataset.domains.includes(domain)).length);
    const most = Math.max(...counts);
    if (counts[this.dataset] < most) this.switchTo(counts.indexOf(most));
    else for (const part of this.parts) part.show(domains);
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
    Object.assign(this, {
      domains, optional, on: optional ? NONE : domains[0], strength: 1, changed,
    });
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
    this.showSlider();
    this.changed();
  }

  /** A strength needs a start, the image's domain or none, that is not the target. */
  showSlider() {
    const start = this.known ?? (this.optional ? NONE : this.on);
    this.slider.root.hidden = this.on === start;
  }

  show(domains) {
    this.known = this.domains.find((domain) => domains.includes(domain));
    this.set(this.known ?? this.on);
  }

  set(value) {
    this.on = value;
    this.strength = 1;
    this.buttons.set(value);
    this.slider.set(1);
    this.showSlider();
  }

  next() {
    this.set(this.domains[(this.domains.indexOf(this.on) + 1) % this.domains.length]);
  }

  /** Between the image's domain and the selected one. */
  values() {
    const values = this.known ? {[this.known]: 1 - this.strength} : {};
    if (this.on !== NONE) values[this.on] = (values[this.on] ?? 0) + this.strength;
    return values;
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
