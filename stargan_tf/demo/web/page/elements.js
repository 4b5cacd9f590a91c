/** Elements of the page. */

// === Controls ===

/**
 * Creates an element.
 *
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

// === Messages ===

const status = document.getElementById('status');
const box = document.getElementById('notice');
let timer;

/** Shows a status message, which screen readers read politely. */
export function tell(text) {
  clearTimeout(timer);
  // A slider causes many messages within a second; only the last one is shown.
  timer = setTimeout(() => { status.textContent = text; }, 400);
}

/** Shows an error until it is cleared. */
export function warn(text) {
  box.textContent = text;
  box.hidden = false;
}

/** Hides the box. */
export function clearWarning() {
  box.hidden = true;
}

// === Saving ===

/** Saves a canvas to a file. @param {HTMLCanvasElement} canvas @param {string} name */
export function savePng(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, 'image/png');
}

// === The theme: light, dark, or that of the system ===

const NAMES = {'': 'Theme: system', light: 'Theme: light', dark: 'Theme: dark'};
const KEY = 'stargan-theme';

/**
 * The theme's button; the browser remembers the theme.
 *
 * @param {HTMLButtonElement} button selects the next theme.
 * @param {HTMLElement} name shows its name.
 */
export function themeButton(button, name) {
  const set = (theme) => {
    document.documentElement.dataset.theme = theme;
    name.textContent = NAMES[theme];
    button.setAttribute('aria-label', NAMES[theme]);
  };
  const order = Object.keys(NAMES);
  let now = remembered();
  set(now);
  button.addEventListener('click', () => {
    now = order[(order.indexOf(now) + 1) % order.length];
    set(now);
    remember(now);
  });
}

// Browsers may forbid storage; the page works without it.
function remembered() {
  try {
    const theme = localStorage.getItem(KEY);
    return theme in NAMES ? theme : '';
  } catch {
    return '';
  }
}

function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch { /* Kept only while the page is open. */ }
}
