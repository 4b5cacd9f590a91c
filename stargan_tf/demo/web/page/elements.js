/** Creates elements. */

/**
 * @param {string} tag
 * @param {object} properties of the element; `data` and `aria` hold attributes.
 * @param {(Node|string)[]} children
 */
export function element(tag, {aria = {}, ...properties} = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  made.append(...children);
  return made;
}

let count = 0;

/**
 * Radio buttons that look like a segmented control.
 *
 * @param {object} parts
 * @param {string} parts.legend
 * @param {{value: string, title: string, disabled?: boolean}[]} parts.options
 * @param {string} parts.value the selected value.
 * @param {(value: string) => void} parts.chosen
 * @returns {{root: HTMLFieldSetElement, set: (value: string) => void}}
 */
export function segments({legend, options, value, chosen}) {
  const root = element('fieldset', {className: 'segments'}, element('legend', {}, legend));
  const inputs = options.map((option) => segment(root, option, `segments-${count}`, chosen));
  count += 1;
  const set = (now) => {
    for (const input of inputs) input.checked = input.value === now;
  };
  set(value);
  return {root, set};
}

function segment(root, {value, title, disabled = false}, name, chosen) {
  const input = element('input', {type: 'radio', name, value, disabled});
  input.addEventListener('change', () => chosen(value));
  root.append(element('label', {}, input, element('span', {}, title)));
  return input;
}

/**
 * A slider from 0 to 100 % with its value beside it.
 *
 * @param {object} parts
 * @param {string} parts.title
 * @param {number} parts.value 0 to 1.
 * @param {(value: number) => void} parts.changed
 * @param {string} [parts.label] for screen readers, if the title is not sufficient.
 * @returns {{root: HTMLElement, set: (value: number) => void}}
 */
export function percentSlider({title, value, changed, label = title, min = 0}) {
  const input = element(
    'input', {type: 'range', min: 100 * min, max: 100, step: 1, aria: {label}});
  const output = element('output');
  const set = (now) => {
    input.value = Math.round(100 * now);
    output.textContent = `${input.value} %`;
    input.setAttribute('aria-valuetext', output.textContent);
  };
  input.addEventListener('input', () => {
    set(input.value / 100);
    changed(input.value / 100);
  });
  set(value);
  const root = element(
    'div', {className: 'slider with-value'}, element('span', {}, title), input, output);
  return {root, set};
}
