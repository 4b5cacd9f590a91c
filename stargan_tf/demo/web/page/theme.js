/** Light, dark, or as the system says; remembered. */

const NAMES = {'': 'Theme: system', light: 'Theme: light', dark: 'Theme: dark'};
const KEY = 'stargan-theme';

/**
 * @param {HTMLButtonElement} button turns to the next theme.
 * @param {HTMLElement} name where its name is shown.
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

// Browsers may forbid storage; the page works without.
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
  } catch { /* It lasts as long as the page. */ }
}
