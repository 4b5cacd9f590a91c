/** The webcam, frame by frame. */

const REASONS = {
  NotAllowedError: 'The camera was not allowed. Allow it in the address bar and try again.',
  NotFoundError: 'No camera was found. Choose a picture instead.',
  NotReadableError: 'The camera is used by another program. Close that and try again.',
};

/** A running camera. */
export class Camera {
  /**
   * Opens the camera that looks at the user, and calls `frame` with each picture.
   *
   * @param {(video: HTMLVideoElement) => void} frame
   * @throws {Error} whose message says why there is no camera.
   */
  static async open(frame) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(window.isSecureContext
        ? 'This browser gives pages no camera. Choose a picture instead.'
        : 'Browsers give the camera to https:// pages and to localhost only.');
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
