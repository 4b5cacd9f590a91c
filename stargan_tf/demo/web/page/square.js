/** The square of a picture that is used: where it is, and its pixels. */

import {resampled} from './resample.js';

const SMALLEST = 16;

/** A square in a picture, in its pixels. */
export class Square {
  /** @param {number} [cropSize] side to begin with, as in the model's training. */
  constructor(cropSize) {
    this.cropSize = cropSize;
    this.picture = null;
  }

  /** Takes another picture; the next frame of a film keeps the place. */
  take(picture, {nextFrame = false} = {}) {
    const same = nextFrame && this.picture
      && this.picture.width === picture.width && this.picture.height === picture.height;
    this.picture = picture;
    if (!same) this.centre();
  }

  centre() {
    this.side = Math.min(this.largest, this.cropSize ?? this.largest);
    this.left = Math.round((this.picture.width - this.side) / 2);
    this.top = Math.round((this.picture.height - this.side) / 2);
  }

  get largest() {
    return Math.min(this.picture.width, this.picture.height);
  }

  get smallest() {
    return Math.min(SMALLEST, this.largest);
  }

  /** @param {number} right pixels of the picture, @param {number} down likewise. */
  move(right, down) {
    this.left = clamp(Math.round(this.left + right), 0, this.picture.width - this.side);
    this.top = clamp(Math.round(this.top + down), 0, this.picture.height - this.side);
  }

  /** From 0, the largest square, to 1, the smallest; the scale is logarithmic. */
  get zoom() {
    const range = Math.log(this.largest / this.smallest);
    return range ? Math.log(this.largest / this.side) / range : 0;
  }

  set zoom(amount) {
    const share = (this.smallest / this.largest) ** clamp(amount, 0, 1);
    const side = Math.max(this.smallest, Math.round(this.largest * share));
    const half = (this.side - side) / 2;
    this.side = side;
    this.move(half, half);
  }

  /** RGB bytes, size × size. */
  pixels(size) {
    const context = this.picture.getContext('2d');
    const {data} = context.getImageData(this.left, this.top, this.side, this.side);
    return resampled(data, this.side, size);
  }

  /** Draws it on a canvas, as large as that is. */
  draw(canvas) {
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(
      this.picture, this.left, this.top, this.side, this.side,
      0, 0, canvas.width, canvas.height);
  }
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
