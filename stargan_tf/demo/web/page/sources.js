/** Where images come from: sample faces, files, and the camera. */

import {element} from './elements.js';

// === Sample faces ===

/**
 * @returns {Promise<{title: string, url: string, domains: string[]}[]>} empty if there
 *   are none.
 */
export async function listFaces() {
  const response = await fetch('faces/faces.json');
  if (!response.ok) return [];
  return (await response.json()).map(({file, title, domains}) => (
    {title, domains, url: new URL(`faces/${file}`, document.baseURI).href}));
}

/**
 * A button for each face.
 *
 * @param {HTMLElement} place
 * @param {{title: string, url: string}[]} faces
 * @param {(face: object) => void} chosen
 */
export function faceButtons(place, faces, chosen) {
  for (const face of faces) {
    const button = element('button', {
      type: 'button', className: 'face', title: face.title, aria: {label: face.title},
    }, element('img', {src: face.url, alt: ''}));
    button.addEventListener('click', () => chosen(face));
    place.append(button);
  }
}

// === Files ===

/**
 * Takes images from the file dialog, dropped, or pasted.
 *
 * @param {object} parts
 * @param {HTMLInputElement} parts.input
 * @param {HTMLElement} parts.curtain shown while something is dragged over the page.
 * @param {(file: File) => void} parts.chosen
 */
export function fileInput({input, curtain, chosen}) {
  const first = ([file]) => file && chosen(file);
  input.addEventListener('change', () => {
    first(input.files);
    // Reset, so that the same file can be chosen again.
    input.value = '';
  });
  window.addEventListener('paste', (event) => first(event.clipboardData.files));
  window.addEventListener('dragover', (event) => {
    event.preventDefault();
    curtain.hidden = false;
  });
  window.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) curtain.hidden = true;
  });
  window.addEventListener('drop', (event) => {
    event.preventDefault();
    curtain.hidden = true;
    first(event.dataTransfer.files);
  });
}

// === The camera ===

const REASONS = {
  NotAllowedError: 'Access to the camera was denied. Allow it in the address bar and try again.',
  NotFoundError: 'No camera was found. Choose an image instead.',
  NotReadableError: 'Another program is using the camera. Close it and try again.',
};

/** A running camera, frame by frame. */
class Camera {
  /**
   * Opens the front camera, and calls `frame` with each image.
   *
   * @param {(video: HTMLVideoElement) => void} frame
   * @throws {Error} if there is no camera; the message says why.
   */
  static async open(frame) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(window.isSecureContext
        ? 'This browser gives pages no camera. Choose an image instead.'
        : 'Browsers allow the camera only on https:// pages and on localhost.');
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia(
        {video: {facingMode: 'user', width: {ideal: 640}, height: {ideal: 480}}});
    } catch (error) {
      throw new Error(REASONS[error.name] ?? `The camera failed: ${error.message}`);
    }
    const camera = new Camera(stream, frame);
    try {
      await camera.video.play();
    } catch (error) {
      camera.close();
      throw error;
    }
    camera.next();
    return camera;
  }

  constructor(stream, frame) {
    this.stream = stream;
    this.frame = frame;
    this.video = document.createElement('video');
    this.video.muted = this.video.playsInline = true;
    this.video.srcObject = stream;
  }

  next() {
    requestAnimationFrame(() => {
      if (!this.stream.active) return;
      if (this.video.videoWidth) this.frame(this.video);
      this.next();
    });
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
  }
}

/**
 * The button that starts the camera, and freezes its image when pressed again.
 *
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
