"""Sharpness of StarGAN v2's translations of generated people.

    python benchmarks/sharpness.py --model toon_people

For each domain, the high frequencies of translations in random styles and in styles of
references are divided by those of real images of the domain: 1 means equally sharp.
High frequencies are the mean absolute differences between pixels and the mean of the
2 x 2 pixels that they belong to.
"""

import argparse

import numpy as np

from stargan_tf import load_dataset, load_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    model = load_model(arguments.model, compile=False)
    source = load_dataset("toon_people", "held_out", model.info.image_size)
    domains = source.labels.argmax(1)
    images = np.stack([source.load(index) for index in range(arguments.count)])
    print(f"{'':<10}{'real':>8}{'random styles':>16}{'references':>13}")
    for domain, name in enumerate(model.info.domains):
        members = np.flatnonzero(domains == domain)[: arguments.count]
        real = np.stack([source.load(index) for index in members])
        references = np.resize(real, images.shape)
        random = model.translate(images, name, seed=0)
        referenced = model.translate(images, name, references=references)
        detail = high_frequencies(real)
        print(
            f"{name:<10}{detail:>8.2f}{high_frequencies(random) / detail:>16.2f}"
            f"{high_frequencies(referenced) / detail:>13.2f}"
        )


def high_frequencies(images: np.ndarray) -> float:
    """Returns the high frequencies of images (n, height, width, 3), in gray levels."""
    n, height, width, channels = images.shape
    blocks = images.reshape(n, height // 2, 2, width // 2, 2, channels).astype("f")
    return float(np.abs(blocks - blocks.mean((2, 4), keepdims=True)).mean())


if __name__ == "__main__":
    main()
