/** The theme: light, dark, or that of the system; stored in the browser. */

const NAMES = {'': 'Theme: system', light: 'Theme: light', dark: 'Theme: dark'};
const KEY = 'stargan-theme';

/**
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
