"""Images per second from JPEG files to batches, compared with PyTorch's `DataLoader`.

    python benchmarks/input_pipeline.py
    python benchmarks/input_pipeline.py --images 4096 --image_size 256 --batch_size 8

The benchmark creates JPEG files of CelebA's size (178 x 218) in a temporary folder. All
contenders decode with Pillow, crop the centered square, resize it (antialiased
bilinear), flip it with probability ½, and return shuffled float batches in [-1, 1].
Every round starts with empty buffers.

- torch: `DataLoader(num_workers=2, persistent_workers=True)`. The operations of
  torchvision's `ImageFolder`, `CenterCrop`, `Resize`, `RandomHorizontalFlip`,
  `ToTensor`, and `Normalize` are implemented in this script, so torchvision is not
  required.
- ours_decoded: `training_batches(…, cache="never")`, which decodes every image.
- ours_first_pass: writes all images to an empty cache, once per data set.
- ours_cached: `training_batches` from the cache, the default up to 2 GiB per data set.
- pillow: lower bound of decoding: open, crop, and resize in two processes.
"""

import argparse
import os
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from side_by_side import compare, take_turns

WIDTH, HEIGHT = 178, 218
DOMAINS = ("one", "two")
WORKERS = 2
NAMES = {
    "torch": "torch",
    "ours_decoded": "tensorflow",
    "ours_first_pass": "tensorflow",
    "ours_cached": "tensorflow",
    "pillow": "PIL",
}


def main() -> None:
    arguments = parse()
    if arguments.contender:
        setup = _SETUPS.get(arguments.contender, ours)
        take_turns(NAMES[arguments.contender], lambda: setup(arguments))
        return
    options = [f"--{n}={getattr(arguments, n)}" for n in _OPTIONS]
    with tempfile.TemporaryDirectory() as folder:
        make_images(Path(folder, "images"), arguments.images)
        command = [__file__, *options, f"--folder={folder}", "--contender"]
        commands = {name: [*command, name] for name in arguments.only}
        caches = {n: {"STARGAN_TF_CACHE": f"{folder}/{n}"} for n in commands}
        title = f"{arguments.image_size} px, batch {arguments.batch_size}"
        images = arguments.images // arguments.batch_size * arguments.batch_size
        table = {"per": images, "rate": "images/s"}
        compare(title, commands, "torch", arguments.rounds, caches, **table)


_OPTIONS = ("images", "image_size", "batch_size")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2048)
    parser.add_argument("--image_size", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--contender", choices=NAMES, help=argparse.SUPPRESS)
    return parser.parse_args()


def make_images(folder: Path, count: int) -> None:
    """Writes smooth random images, whose decoding time is similar to photos."""
    generator = np.random.default_rng(0)
    for number in range(count):
        small = generator.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
        image = Image.fromarray(small).resize((WIDTH, HEIGHT), Image.BICUBIC)
        path = folder / DOMAINS[number % len(DOMAINS)] / f"{number:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=90)


def square(path: Path, size: int) -> Image.Image:
    """Reads the centered square of an image and resizes it."""
    with open(path, "rb") as file:
        image = Image.open(file).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    cut = image.crop((left, top, left + side, top + side))
    return cut.resize((size, size), Image.BILINEAR)


class ImageFiles:
    """A map-style data set for `torch.utils.data`."""

    def __init__(self, folder: Path, size: int):
        self.files = sorted(folder.rglob("*.jpg"))
        self.size = size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int):
        import torch

        path = self.files[index]
        image = square(path, self.size)
        if random.random() < 0.5:
            image = image.transpose(Image.FLIP_LEFT_RIGHT)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
        pixels = pixels.to(torch.float32).div(255)
        return pixels.sub_(0.5).div_(0.5), DOMAINS.index(path.parent.name)


def torch_loader(arguments: argparse.Namespace):
    from torch.utils.data import DataLoader

    loader = DataLoader(
        ImageFiles(arguments.folder / "images", arguments.image_size),
        arguments.batch_size,
        shuffle=True,
        num_workers=WORKERS,
        drop_last=True,
        persistent_workers=True,
    )
    return lambda: [None for _ in loader] and None


def ours(arguments: argparse.Namespace):
    from stargan_tf.data.sampling import training_batches

    source, size = opened(arguments), arguments.batch_size
    cache = "never" if arguments.contender == "ours_decoded" else "always"
    batches = training_batches(source, size, cache=cache)

    def work():
        endless = iter(batches)
        for _ in range(arguments.images // size):
            next(endless)

    return work


def first_pass(arguments: argparse.Namespace):
    from stargan_tf.data.store import open_images

    source = opened(arguments)

    def work():
        shutil.rmtree(os.environ["STARGAN_TF_CACHE"], ignore_errors=True)
        open_images(source, "always")

    return work


def opened(arguments: argparse.Namespace):
    from stargan_tf.data.registry import load_dataset

    data_dir = str(arguments.folder / "images")
    # Almost no image is held out, as for PyTorch.
    options = {"data_dir": data_dir, "held_out": 1e-6}
    return load_dataset("folder", "train", arguments.image_size, **options)


def pillow(arguments: argparse.Namespace):
    import multiprocessing

    files = sorted((arguments.folder / "images").rglob("*.jpg"))
    pool = multiprocessing.Pool(WORKERS)
    work = [(path, arguments.image_size) for path in files]
    return lambda: pool.starmap(discarded, work, chunksize=64) and None


def discarded(path: Path, size: int) -> None:
    square(path, size)


_SETUPS = {"torch": torch_loader, "ours_first_pass": first_pass, "pillow": pillow}

if __name__ == "__main__":
    main()
