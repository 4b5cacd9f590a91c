/** Images from files and URLs: upright, on white, and limited in size. */

// Larger images are reduced, so that moving the crop is smooth on a phone.
const LARGEST = 1024;

/**
 * @param {Blob} blob
 * @param {string} name for the message.
 * @returns {Promise<HTMLCanvasElement>}
 */
export async function readPhoto(blob, name) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, {imageOrientation: 'from-image'});
  } catch {
    throw new Error(
      `${name} is not an image that this browser can read. `
      + 'Try a JPEG, PNG, WebP or GIF file.');
  }
  const canvas = drawn(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  return canvas;
}

/** The image as a canvas; transparent parts are laid on white. */
export function drawn(image, width, height, {mirrored = false} = {}) {
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (mirrored) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  return canvas;
}

/** @param {string} url */
export async function fetchPhoto(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} could not be loaded (${response.status}).`);
  return readPhoto(await response.blob(), url);
}
