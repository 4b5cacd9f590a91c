/** What the page says: a line at its foot, or a box that stays. */

const status = document.getElementById('status');
const box = document.getElementById('notice');
let timer;

/** Says something in passing; a screen reader reads it when it has time. */
export function tell(text) {
  clearTimeout(timer);
  // A slider says much within a second; only the last is worth hearing.
  timer = setTimeout(() => { status.textContent = text; }, 400);
}

/** Shows what went wrong, until something goes right. */
export function warn(text) {
  box.textContent = text;
  box.hidden = false;
}

/** Takes the box away. */
export function clearWarning() {
  box.hidden = true;
}
