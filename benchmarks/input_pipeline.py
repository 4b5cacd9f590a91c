"""How many images a second the input pipeline delivers, beside what training needs.

    python benchmarks/input_pipeline.py                      # measures a step too
    python benchmarks/input_pipeline.py --step_images_per_s 1500
    python benchmarks/input_pipeline.py --images 4096 --image_size 256 --seconds 20

It makes JPEG files of CelebA's size (178 x 218) in a temporary folder, reads them as a
user's data set (`folder`: decode, crop, resize, flip, batch), without and with the
cache, and prints a table. `needed` is the number of images a second that a StarGAN v1
training step consumes on this machine's fastest device.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 178, 218
DOMAINS = ("one", "two")


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["STARGAN_TF_CACHE"] = str(Path(temporary, "cache"))
        make_pictures(Path(temporary, "images"), arguments.images)
        rows = measure(Path(temporary, "images"), arguments)
    print_table(rows)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--image_size", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0, help="per measurement")
    parser.add_argument(
        "--step_images_per_s",
        type=float,
        help="images a training step needs per second; measured if not given",
    )
    return parser.parse_args()


def make_pictures(folder: Path, count: int) -> None:
    """Smooth random pictures: they compress, and cost to decode, as photos do."""
    random = np.random.default_rng(0)
    for number in range(count):
        small = random.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
        picture = Image.fromarray(small).resize((WIDTH, HEIGHT), Image.BICUBIC)
        path = folder / DOMAINS[number % len(DOMAINS)] / f"{number:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, quality=90)


def measure(folder: Path, arguments: argparse.Namespace) -> list[tuple[str, float]]:
    from stargan_tf.data.pipeline import training_batches
    from stargan_tf.data.registry import load_dataset

    source = load_dataset("folder", "train", arguments.image_size, data_dir=str(folder))
    size = arguments.batch_size

    def rate(cache: str) -> float:
        batches = iter(training_batches(source, size, cache=cache))
        return size * per_second(lambda: next(batches), arguments.seconds)

    uncached = rate("never")
    start = time.perf_counter()
    training_batches(source, size, cache="always")
    first_pass = len(source) / (time.perf_counter() - start)
    needed = arguments.step_images_per_s or step_rate(source, size, arguments.seconds)
    return [
        ("decoded every time", uncached),
        ("first pass into the cache", first_pass),
        ("from the cache", rate("always")),
        ("needed by a training step", needed),
    ]


def step_rate(source, batch_size: int, seconds: float) -> float:
    """Images a second of StarGAN v1's training step, data given."""
    from stargan_tf.data.pipeline import training_batches
    from stargan_tf.models.stargan import StarGAN

    model = StarGAN(source.info)
    model.compile()
    batch = next(iter(training_batches(source, batch_size)))

    def batches() -> Iterator:
        while True:
            yield batch

    model.make_train_function()
    endless = batches()
    return batch_size * per_second(lambda: model.train_function(endless), seconds)


def per_second(call, seconds: float) -> float:
    """Calls per second, after a few to warm up."""
    for _ in range(5):
        call()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        call()
        count += 1
    return count / (time.perf_counter() - start)


def print_table(rows: list[tuple[str, float]]) -> None:
    needed = rows[-1][1]
    print(f"{'':28}{'images/s':>10}{'x needed':>10}")
    for name, rate in rows:
        print(f"{name:28}{rate:10.0f}{rate / needed:10.1f}")


if __name__ == "__main__":
    main()
