/** Starts, runs, and closes the model in a worker. */

const MAX_THREADS = 4;

/** The number of threads: half of the logical cores, which include hyper-threads. */
export function usefulThreads() {
  const cores = navigator.hardwareConcurrency ?? 2;
  return Math.max(2, Math.min(MAX_THREADS, Math.floor(cores / 2)));
}

/** A model on an accelerator, in a separate worker. */
export class Engine {
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
    });
    engine.complete = started.complete;
    return engine;
  }

  constructor() {
    this.waiting = new Map();
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
    const id = crypto.getRandomValues(new Uint32Array(1))[0];
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
