/** Messages: a status line, and a box for errors. */

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
