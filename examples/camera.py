"""Translates a webcam's images, or those of a video file, with an exported model.

    pip install ai-edge-litert opencv-python
    stargan-tf export --model runs/demo --format litert --output phone
    python examples/camera.py --model phone --to Blond_Hair
    python examples/camera.py --model phone --to Male --source in.mp4 --output out.mp4

It needs neither TensorFlow nor stargan_tf. Without --output it shows input and
translation side by side in a window, until Q is pressed; the window needs
opencv-python in place of opencv-python-headless. docs/on_device.md describes the files.
"""

import argparse
import json
import os
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="folder with LiteRT files")
    help_of_to = "domains that are on, NAME,NAME; for models with styles one domain"
    parser.add_argument("--to", required=True, help=help_of_to)
    parser.add_argument("--source", default="0", help="number of a camera, or a video")
    parser.add_argument("--output", help="video to write, .mp4, in place of the window")
    parser.add_argument("--seed", type=int, default=0, help="of a random style")
    parser.add_argument("--count", type=int, help="stop after so many images")
    args = parser.parse_args()

    model = Model(Path(args.model))
    condition = model.condition(args.to.split(","), args.seed)
    source = cv2.VideoCapture(
        int(args.source) if args.source.isdigit() else args.source
    )
    if not source.isOpened():
        parser.error(f"--source {args.source} cannot be opened")
    show = Window() if args.output is None else Video(args.output, source)
    images = 0
    while images != args.count:
        arrived, frame = source.read()
        if not arrived:
            break
        square = model.square(frame[..., ::-1])  # OpenCV has BGR, the model RGB.
        if not show(np.hstack([square, model(square, condition)])[..., ::-1]):
            break
        images += 1
    show.close()
    print(f"{images} images")


class Model:
    """An exported StarGAN or StarGAN v2."""

    def __init__(self, folder):
        self.description = json.loads((folder / "model.json").read_text())
        self.has_styles = "style" in self.description["files"]
        self.size = self.description["image_size"]
        self.interpreters = {
            role: Interpreter(
                str(folder / entry["path"]), num_threads=min(os.cpu_count() or 1, 4)
            )
            for role, entry in self.description["files"].items()
        }
        generator = self.interpreters["generator"]
        self.run = generator.get_signature_runner(
            "synthesize" if self.has_styles else "translate"
        )

    def condition(self, names, seed):
        """What the generator is told: a label vector, or a random style of a domain."""
        domains = self.description["domains"]
        unknown = sorted(set(names) - set(domains))
        if unknown or (self.has_styles and len(names) > 1):
            raise SystemExit(f"--to must name some of (a style: one of) {domains}")
        on = np.float32([[name in names for name in domains]])
        if not self.has_styles:
            return {"labels": np.hstack([on, self.mask(names)])}
        shape = (1, self.description["latent_dim"])
        latents = np.random.default_rng(seed).standard_normal(shape)
        style = self.interpreters["style"].get_signature_runner("map_latent")
        output = style(latents=latents.astype(np.float32), domains=on)
        return {"styles": output["styles"]}

    def mask(self, names):
        """Which data set of a joint model the names are of; empty for others."""
        datasets = self.description["datasets"]
        if len(datasets) == 1:
            return np.zeros((1, 0), np.float32)
        return np.float32([[names[0] in one["domains"] for one in datasets]])

    def square(self, image):
        """The part of an image that the model was trained on, at the model's size."""
        height, width = image.shape[:2]
        if self.description["fit"] == "crop" or self.description["crop_size"]:
            side = min(self.description["crop_size"] or height, height, width)
            top, left = (height - side) // 2, (width - side) // 2
            image = image[top : top + side, left : left + side]
        return cv2.resize(image, (self.size, self.size), interpolation=cv2.INTER_AREA)

    def __call__(self, square, condition):
        """Translates one image: uint8 (size, size, 3), RGB."""
        images = square[None]
        as_bytes = self.description["input_type"] == "uint8"
        if not as_bytes:
            images = images.astype(np.float32) / 127.5 - 1
        images = self.run(images=images, **condition)["images"]
        if not as_bytes:
            images = np.clip(np.round((images + 1) * 127.5), 0, 255).astype(np.uint8)
        return images[0]


class Window:
    """Shows images until Q is pressed."""

    def __call__(self, image):
        cv2.imshow("StarGAN", image)
        return cv2.waitKey(1) & 0xFF != ord("q")

    def close(self):
        cv2.destroyAllWindows()


class Video:
    """Writes images into a file, at the speed of their source."""

    def __init__(self, path, source):
        self.path, self.rate = path, source.get(cv2.CAP_PROP_FPS) or 25
        self.writer = None

    def __call__(self, image):
        if self.writer is None:
            code, size = cv2.VideoWriter_fourcc(*"mp4v"), image.shape[1::-1]
            self.writer = cv2.VideoWriter(self.path, code, self.rate, size)
        self.writer.write(image)
        return True

    def close(self):
        if self.writer is not None:
            self.writer.release()


if __name__ == "__main__":
    main()
