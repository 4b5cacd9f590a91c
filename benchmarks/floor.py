"""The time below which nobody gets: multiply-adds over the machine's matrix rate.

    python benchmarks/floor.py          # the machine's rates, float32 and bfloat16

The rate is that of the largest product of square matrices that either PyTorch or
TensorFlow manages here. Multiply-adds are those of the networks' convolutions and
matrix products, counted in their graphs, times the passes that an iteration cannot do
without. Norms, activations, losses, weight updates and memory come on top.
"""

import argparse
import sys
from typing import NamedTuple

from side_by_side import Contender, take_turns

SIZE, REPEATS = 2048, 8
TYPES = ("float32", "bfloat16")

# Passes through each network for one iteration, in forward passes of one batch. A pass
# backwards to the input costs one, to the weights another one. The gradient of a
# gradient: forwards, back to the input, and from there forwards and to the weights, 4.
PASSES = {
    # G: 5 fakes, which are shared with the generator's step, and back from the fifth.
    # D: 5 critic steps (real 3, fake 3, penalty 4), then to and fro for the generator.
    "v1": {"generator": 5 + 1 + 4, "discriminator": 5 * 10 + 2},
    # G: 2 fakes for D; twice fake, second image and back image, and two ways back.
    # D: twice real 3 + 3 (R1 shares the real pass), fake 3; to and fro for G twice.
    # E: references for D, and G's two references; twice fake and own image; back.
    "v2": {
        "generator": 2 + 2 * (3 + 4),
        "discriminator": 2 * (6 + 3) + 2 * 2,
        "style_encoder": 1 + 2 + (2 + 4) + (2 + 1),
        "mapping_network": 1 + 1 + 3,
    },
}


class Floor(NamedTuple):
    """Args: seconds: of one iteration. title: how it came about."""

    seconds: float
    title: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        framework, dtype = arguments.contender.split("_")
        take_turns(framework, lambda: _PRODUCTS[framework](dtype))
        return
    for dtype in TYPES:
        print(f"{dtype}: {matrix_rate(dtype) / 1e9:.0f} billion multiply-adds a second")


def matrix_rate(dtype: str = "float32", rounds: int = 5) -> float:
    """Multiply-adds a second of the better library's best of a few rounds."""
    best = float("inf")
    for framework in _PRODUCTS:
        contender = Contender([__file__, "--contender", f"{framework}_{dtype}"])
        contender.answer()
        best = min(best, *(contender.work() for _ in range(rounds)))
        contender.close()
    return REPEATS * SIZE**3 / best


def forward_multiply_adds(model: str, image_size: int) -> dict[str, int]:
    """Multiply-adds of one image through each network, by the network's name."""
    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.distillation.multiply_adds import multiply_adds
    from stargan_tf.models.stargan import StarGAN
    from stargan_tf.models.stargan_v2 import StarGANV2

    kind = {"v1": (StarGAN, "abcde", "binary"), "v2": (StarGANV2, "abc", "one_hot")}
    make, domains, labels = kind[model]
    networks = make(DatasetInfo("images", tuple(domains), labels, image_size))
    image = (image_size, image_size, 3)
    shapes = {
        "generator": [image, (5,) if model == "v1" else (64,)],
        "discriminator": [image] if model == "v1" else [image, ()],
        "style_encoder": [image, ()],
        "mapping_network": [(16,), ()],
    }
    return {
        name: multiply_adds(getattr(networks, name), shapes[name])
        for name in PASSES[model]
    }


def floor_seconds(model: str, image_size: int, batch_size: int, dtype="float32"):
    """The floor of one training iteration, as a `Floor`."""
    forward = forward_multiply_adds(model, image_size)
    count = batch_size * sum(n * forward[k] for k, n in PASSES[model].items())
    return floor_of(count, dtype)


def floor_of(count: int, dtype: str = "float32") -> Floor:
    """The floor of that many multiply-adds."""
    rate = matrix_rate(dtype)
    title = (
        f"floor, {dtype}: {count / 1e9:,.0f} billion multiply-adds at "
        f"{rate / 1e9:.0f} billion a second"
    )
    return Floor(count / rate, title)


def torch_product(dtype: str):
    import torch

    a, b = (torch.rand(SIZE, SIZE).to(getattr(torch, dtype)) for _ in range(2))
    return lambda: [a @ b for _ in range(REPEATS)]


def tensorflow_product(dtype: str):
    import tensorflow as tf

    a, b = (tf.cast(tf.random.uniform((SIZE, SIZE)), dtype) for _ in range(2))
    return lambda: [tf.matmul(a, b) for _ in range(REPEATS)][-1].numpy()


_PRODUCTS = {"torch": torch_product, "tensorflow": tensorflow_product}

if __name__ == "__main__":
    sys.exit(main())
