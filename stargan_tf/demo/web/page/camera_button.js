/** The button that starts the camera, and freezes its image when pressed again. */

import {Camera} from './camera.js';

/**
 * @param {HTMLButtonElement} button
 * @param {object} parts
 * @param {(video: HTMLVideoElement) => void} parts.frame
 * @param {() => void} parts.started
 * @param {(error: Error) => void} parts.failed
 * @returns {{stop: () => void}}
 */
export function cameraButton(button, {frame, started, failed}) {
  const text = button.textContent;
  let camera = null;
  const stop = () => {
    camera?.close();
    camera = null;
    button.textContent = text;
    button.setAttribute('aria-pressed', 'false');
  };
  button.setAttribute('aria-pressed', 'false');
  button.addEventListener('click', async () => {
    if (camera) return stop();
    button.disabled = true;
    try {
      camera = await Camera.open(frame);
      button.textContent = 'Keep this image';
      button.setAttribute('aria-pressed', 'true');
      started();
    } catch (error) {
      failed(error);
    } finally {
      button.disabled = false;
    }
  });
  return {stop};
}
