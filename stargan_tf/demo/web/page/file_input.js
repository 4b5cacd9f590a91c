/** Images from the file dialog, dropped, or pasted. */

/**
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
