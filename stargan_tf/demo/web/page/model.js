/** Runs the model on an accelerator, and keeps the translation up to date. */

import {segments} from './elements.js';
import {toBytes, toModel} from './image.js';

// === What this browser can do ===

// A function that uses one SIMD instruction: (v128.const … i8x16.popcnt drop).
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0,
  65, 0, 253, 15, 253, 98, 11,
]);

/** Why the page cannot run here, or null. */
export function obstacle() {
  if (window.location.protocol === 'file:') {
    return 'Browsers do not let pages opened from files load models. Serve this folder, '
      + 'for example with: python3 -m http.server';
  }
  if (typeof WebAssembly !== 'object') {
    return 'This browser has no WebAssembly, which the model needs. '
      + 'Please update it, or try Chrome, Edge, Firefox or Safari.';
  }
  if (!WebAssembly.validate(SIMD)) {
    return 'This browser has WebAssembly without SIMD, which the model needs. '
      + 'Please update it: Chrome and Edge 91, Firefox 89 and Safari 16.4 have it.';
  }
  return null;
}

/**
 * The accelerators, best first.
 *
 * @returns {Promise<{name: string, title: string, missing: string|null}[]>}
 */
async function accelerators() {
  return [
    {name: 'threads', title: 'CPU, threads', missing: missingThreads()},
    {name: 'wasm', title: 'CPU', missing: null},
    {name: 'webgpu', title: 'GPU', missing: await missingGpu()},
  ];
}

function missingThreads() {
  if (window.crossOriginIsolated) return null;
  return 'Threads need the headers Cross-Origin-Opener-Policy: same-origin and '
    + 'Cross-Origin-Embedder-Policy: require-corp from this page’s server.';
}

async function missingGpu() {
  if (!navigator.gpu) return 'This browser has no WebGPU.';
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter ? null : 'WebGPU found no usable graphics card.';
}

// === The worker ===

const MAX_THREADS = 4;

/** The number of threads: half of the logical cores, which include hyper-threads. */
function usefulThreads() {
  const cores = navigator.hardwareConcurrency ?? 2;
  return Math.max(2, Math.min(MAX_THREADS, Math.floor(cores / 2)));
}

/** A model on an accelerator, in a separate worker. */
class Engine {
  /**
   * @param {object} description the content of model.json.
   * @param {"threads"|"wasm"|"webgpu"} accelerator
   * @returns {Promise<Engine>}
   */
  static async start(description, accelerator) {
    const engine = new Engine();
    const files = Object.entries(description.files).map(
      ([role, file]) => [role, new URL(`model/${file.path}`, document.baseURI).href]);
    engine.threads = accelerator === 'threads' ? usefulThreads() : 1;
    const started = await engine.ask('start', {
      runtime: new URL('runtime/', document.baseURI).href,
      accelerator,
      threads: engine.threads,
      files: Object.fromEntries(files),
    }).catch((error) => {
      engine.close(); // Its memory is needed by the next one.
      throw error;
    });
    engine.complete = started.complete;
    return engine;
  }

  constructor() {
    this.waiting = new Map();
    this.asked = 0;
    this.worker = new Worker(new URL('worker.js', import.meta.url));
    this.worker.onmessage = ({data}) => this.settle(data.id, data.error, data.answer);
    this.worker.onerror = (event) => {
      for (const id of this.waiting.keys()) this.settle(id, event.message || 'the worker stopped');
    };
  }

  settle(id, error, answer) {
    const {resolve, reject} = this.waiting.get(id) ?? {};
    this.waiting.delete(id);
    if (error) reject?.(new Error(error));
    else resolve?.(answer);
  }

  ask(task, given) {
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, {resolve, reject});
      this.worker.postMessage({id, task, ...given});
    });
  }

  /**
   * @param {string} role of the file: "generator" or "style".
   * @param {string} signature
   * @param {Object<string, {data: Float32Array|Uint8Array, shape: number[]}>} inputs
   * @returns {Promise<{outputs: Object<string, Float32Array>, milliseconds: number}>}
   */
  run(role, signature, inputs) {
    return this.ask('run', {role, signature, inputs});
  }

  close() {
    this.worker.terminate();
    for (const id of this.waiting.keys()) this.settle(id, 'closed');
  }
}

// === The choice of an accelerator ===

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

// === Translation ===

const KEPT = 9;

/** Keeps the translation up to date: runs the model after every change, one run at a time. */
export class Translator {
  /**
   * @param {object} parts
   * @param {object} parts.description the content of model.json.
   * @param {() => Uint8Array|null} parts.pixels the image, RGB, or null.
   * @param {{inputs: function}} parts.choice
   * @param {(pixels: Uint8Array, result: Uint8Array) => void} parts.done
   * @param {(error: Error) => void} parts.failed
   * @param {(busy: boolean) => void} parts.busy
   */
  constructor(parts) {
    Object.assign(this, parts, {running: false, stale: false});
    this.signature = Object.keys(this.description.files.generator.signatures)[0];
    this.loading = 0;
    this.use(null);
  }

  /** Switches to an engine; null stops. */
  use(engine) {
    this.engine = engine;
    this.times = [];
    this.report();
    if (engine) this.update();
  }

  /** Translates again. Any number of changes during a run cause one more run. */
  async update() {
    this.stale = true;
    if (this.running) return;
    this.running = true;
    this.report();
    while (this.stale && this.engine) {
      this.stale = false;
      await this.once();
    }
    this.running = false;
    this.report();
  }

  /** Marks the translation as outdated until a promise is settled. */
  async after(promise) {
    this.loading += 1;
    this.report();
    try {
      return await promise;
    } finally {
      this.loading -= 1;
      this.report();
    }
  }

  report() {
    this.busy(!this.engine || this.running || this.loading > 0);
  }

  async once() {
    const {engine} = this;
    try {
      const pixels = this.pixels();
      if (!pixels) return;
      const images = toModel(pixels, this.description);
      const inputs = {images, ...await this.choice.inputs(engine)};
      const {outputs, milliseconds} = await engine.run('generator', this.signature, inputs);
      if (engine !== this.engine) return;
      this.times = [...this.times, milliseconds].slice(-KEPT);
      this.done(pixels, toBytes(outputs.images, this.description));
    } catch (error) {
      // Errors of a closed engine are ignored.
      if (engine === this.engine) this.failed(error);
    }
  }

  /** The median of the last times per image, in milliseconds. */
  get median() {
    return [...this.times].sort((a, b) => a - b)[this.times.length >> 1];
  }
}
