/** The sample faces. */

import {element} from './elements.js';

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
