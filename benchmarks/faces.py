"""Detection rate and speed of stargan-tf-mediapipe on a folder of photos.

`python benchmarks/faces.py FOLDER [--size PIXELS]`; --size resizes photos to squares.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from PIL import Image
from stargan_tf_mediapipe import PROVIDER

SUFFIXES = (".jpg", ".jpeg", ".png")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, help="side in pixels to resize photos to")
    args = parser.parse_args()
    counts, seconds = [], []
    for path in sorted(args.folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        with Image.open(path) as photo:
            image = photo.convert("RGB")
        if args.size:
            image = image.resize((args.size, args.size))
        since = time.perf_counter()
        counts.append(len(PROVIDER.find(np.asarray(image))))
        seconds.append(time.perf_counter() - since)
    print(
        f"{len(counts)} photos, {sum(n > 0 for n in counts)} with a face, "
        f"{sum(n > 1 for n in counts)} with several; "
        f"{1000 * statistics.median(seconds):.0f} ms per photo"
    )


if __name__ == "__main__":
    main()
