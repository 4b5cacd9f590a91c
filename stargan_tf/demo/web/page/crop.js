/** The canvas on which the crop is moved and zoomed, by pointer or keys. */

const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};
const STEP = 0.04;

/**
 * @param {object} parts
 * @param {HTMLCanvasElement} parts.canvas
 * @param {HTMLInputElement} parts.slider of the zoom, 0 to 100.
 * @param {import('./square.js').Square} parts.square
 * @param {() => void} parts.changed called after each change by the user.
 * @returns {() => void} redraws the canvas.
 */
export function cropView({canvas, slider, square, changed}) {
  const draw = () => {
    square.draw(canvas);
    slider.value = 100 * square.zoom;
  };
  const change = (action) => {
    if (!square.picture) return;
    action();
    draw();
    changed();
  };
  slider.addEventListener('input', () => change(() => {
    square.zoom = slider.value / 100;
  }));
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    change(() => { square.zoom -= Math.sign(event.deltaY) * STEP; });
  }, {passive: false});
  canvas.addEventListener('keydown', (event) => byKey(event, square, change));
  byPointer(canvas, square, change);
  return draw;
}

function byKey(event, square, change) {
  const arrow = ARROWS[event.key];
  const zoom = {'+': STEP, '=': STEP, '-': -STEP}[event.key];
  if (!arrow && !zoom) return;
  event.preventDefault();
  change(() => {
    if (zoom) square.zoom += zoom;
    else square.move(...arrow.map((way) => way * Math.max(1, STEP * square.side)));
  });
}

/** One pointer drags, two pinch. */
function byPointer(canvas, square, change) {
  const held = new Map();
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, event);
  });
  for (const end of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(end, (event) => held.delete(event.pointerId));
  }
  canvas.addEventListener('pointermove', (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const previous = distance([...held.values()]);
    held.set(event.pointerId, event);
    const across = square.width / canvas.clientWidth;
    const down = square.height / canvas.clientHeight;
    change(() => {
      if (previous) square.zoom += Math.log(distance([...held.values()]) / previous) / 4;
      else square.move(
        (before.clientX - event.clientX) * across, (before.clientY - event.clientY) * down);
    });
  });
}

function distance([a, b]) {
  return b && Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
}
