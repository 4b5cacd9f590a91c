/** The webcam, frame by frame. */

const REASONS = {
  NotAllowedError: 'Access to the camera was denied. Allow it in the address bar and try again.',
  NotFoundError: 'No camera was found. Choose an image instead.',
  NotReadableError: 'Another program is using the camera. Close it and try again.',
};

/** A running camera. */
export class Camera {
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
    await camera.video.play();
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
