/** Selects the accelerator that runs the model. */

import {segments} from './elements.js';
import {Engine} from './engine.js';
import {accelerators} from './support.js';

/**
 * Starts the best accelerator that works, and shows buttons for the others.
 *
 * @param {object} parts
 * @param {object} parts.description the content of model.json.
 * @param {HTMLElement} parts.place for the buttons.
 * @param {HTMLElement} parts.note for what is missing.
 * @param {(engine: Engine|null, title: string) => void} parts.started null while starting.
 * @param {(error: Error) => void} parts.failed
 */
export async function acceleratorChoice({description, place, note, started, failed}) {
  const all = await accelerators();
  const usable = all.filter(({missing}) => !missing);
  note.textContent = all.map(({missing}) => missing).filter(Boolean).join(' ');
  let engine = null;
  let wanted = 0;
  const start = async (name) => {
    wanted += 1;
    const mine = wanted;
    engine?.close();
    engine = null;
    started(null, '');
    try {
      const made = await Engine.start(description, name);
      if (mine !== wanted) return made.close();
      engine = made;
      buttons.set(name);
      started(engine, title(name, engine));
    } catch (error) {
      if (mine === wanted) await fallBack(name, error);
    }
  };
  const fallBack = async (name, error) => {
    const next = usable.find((other) => other.name !== name && other.name === 'wasm');
    failed(error, next?.title);
    if (next) await start(next.name);
  };
  const buttons = segments({
    legend: 'Accelerator',
    options: all.map(({name, title: text, missing}) => (
      {value: name, title: text, disabled: Boolean(missing)})),
    value: usable[0].name,
    chosen: start,
  });
  place.replaceWith(buttons.root);
  await start(usable[0].name);
}

function title(name, engine) {
  if (name === 'threads') return `WebAssembly, ${engine.threads} threads`;
  if (name === 'wasm') return 'WebAssembly, 1 thread';
  return engine.complete ? 'WebGPU' : 'WebGPU, partly WebAssembly';
}
