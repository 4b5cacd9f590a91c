/** Runs the model after every change, one run at a time. */

import {toBytes, toModel} from './pixels.js';

const KEPT = 9;

/** Keeps the translation up to date. */
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
