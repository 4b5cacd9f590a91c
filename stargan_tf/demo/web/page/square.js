/** The crop of an image that the model gets. */

import {resampled} from './resample.js';

const SMALLEST = 16;

/**
 * A crop of an image, in its pixels: a square or, for models that were trained on
 * stretched images, a crop with the aspect ratio of the image.
 */
export class Square {
  /**
   * @param {object} description as in model.json
   * @param {string} description.fit 'crop' or 'stretch'
   * @param {?number} description.crop_size initial side, which overrides `fit`.
   */
  constructor({fit, crop_size: cropSize}) {
    this.cropSize = cropSize ?? null;
    this.stretches = fit === 'stretch' && this.cropSize === null;
    this.picture = null;
  }

  /** Takes another image; the next frame of a video keeps the crop. */
  take(picture, {nextFrame = false} = {}) {
    const same = nextFrame && this.picture
      && this.picture.width === picture.width && this.picture.height === picture.height;
    this.picture = picture;
    if (!same) this.center();
  }

  center() {
    this.side = Math.min(this.largest, this.cropSize ?? this.largest);
    this.left = Math.round((this.picture.width - this.width) / 2);
    this.top = Math.round((this.picture.height - this.height) / 2);
  }

  /** `side` is the shorter side of the crop. */
  get width() {
    return this.stretches
      ? Math.round(this.side * this.picture.width / this.largest) : this.side;
  }

  get height() {
    return this.stretches
      ? Math.round(this.side * this.picture.height / this.largest) : this.side;
  }

  get largest() {
    return Math.min(this.picture.width, this.picture.height);
  }

  get smallest() {
    return Math.min(SMALLEST, this.largest);
  }

  /** @param {number} right pixels of the image, @param {number} down likewise. */
  move(right, down) {
    this.left = clamp(Math.round(this.left + right), 0, this.picture.width - this.width);
    this.top = clamp(Math.round(this.top + down), 0, this.picture.height - this.height);
  }

  /** From 0, the largest square, to 1, the smallest; the scale is logarithmic. */
  get zoom() {
    const range = Math.log(this.largest / this.smallest);
    return range ? Math.log(this.largest / this.side) / range : 0;
  }

  set zoom(amount) {
    const share = (this.smallest / this.largest) ** clamp(amount, 0, 1);
    const side = Math.max(this.smallest, Math.round(this.largest * share));
    const {width, height} = this;
    this.side = side;
    this.move((width - this.width) / 2, (height - this.height) / 2);
  }

  /** RGB bytes, size × size. */
  pixels(size) {
    const context = this.picture.getContext('2d');
    const {data} = context.getImageData(this.left, this.top, this.width, this.height);
    return resampled(data, this.width, this.height, size);
  }

  /** Draws the crop on a canvas, scaled to its size. */
  draw(canvas) {
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(
      this.picture, this.left, this.top, this.width, this.height,
      0, 0, canvas.width, canvas.height);
  }
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
