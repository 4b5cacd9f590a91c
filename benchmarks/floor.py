"""Lower bound of the computation time: multiply-adds divided by the matrix rate.

    python benchmarks/floor.py          # rates of this machine, float32 and bfloat16

The rate is the highest rate of a product of square matrices that PyTorch or TensorFlow
achieves on this machine. The multiply-adds are those of the convolutions and matrix
products in our graph, which are fewer than those of the papers' networks. The bound
does not include normalization, activations, losses, weight updates, and memory access.
"""

import argparse
import sys
from typing import NamedTuple

from side_by_side import Contender, take_turns

SIZE, REPEATS = 2048, 8
TYPES = ("float32", "bfloat16")


class Floor(NamedTuple):
    """Args: seconds: lower bound. title: its derivation in words."""

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
        print(
            f"{dtype}: {matrix_rate(dtype) / 1e9:.0f} billion multiply-adds per second"
        )


def matrix_rate(dtype: str = "float32", rounds: int = 5) -> float:
    """Returns multiply-adds per second of the faster library in its best round."""
    best = float("inf")
    for framework in _PRODUCTS:
        contender = Contender([__file__, "--contender", f"{framework}_{dtype}"])
        contender.answer()
        best = min(best, *(contender.work() for _ in range(rounds)))
        contender.close()
    return REPEATS * SIZE**3 / best


def made(model: str, image_size: int):
    """Returns a model of the paper's size: v1 with 5 labels, or v2 with 3 domains."""
    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.stargan.model import StarGAN
    from stargan_tf.models.stargan_v2.model import StarGANV2

    models = {"v1": (StarGAN, "abcde", "binary"), "v2": (StarGANV2, "abc", "one_hot")}
    make, domains, labels = models[model]
    return make(DatasetInfo("images", tuple(domains), labels, image_size))


def generator_multiply_adds(model: str, image_size: int) -> int:
    """Returns the multiply-adds of the generator for an image."""
    from step_cost import multiply_adds

    code = (5,) if model == "v1" else (64,)
    image = (image_size, image_size, 3)
    return multiply_adds(made(model, image_size).generator, [image, code])


def iteration_multiply_adds(model: str, image_size: int, batch_size: int) -> int:
    """Returns the multiply-adds of a training iteration."""
    import tensorflow as tf
    from step_cost import step_multiply_adds

    networks = made(model, image_size)
    networks.compile()
    image = tf.TensorSpec((batch_size, image_size, image_size, 3))
    if model == "v1":
        label = tf.TensorSpec((batch_size, 5))
        # Five critic updates and one generator update.
        critic, both = (
            step_multiply_adds(networks, (image, label), update=update)
            for update in networks.update_functions()
        )
        return 4 * critic + both
    domain = tf.TensorSpec((batch_size,), tf.int32)
    return step_multiply_adds(networks, (image, domain, image, image, domain))


def floor_seconds(model: str, image_size: int, batch_size: int, dtype="float32"):
    """Returns the `Floor` of a training iteration."""
    return floor_of(iteration_multiply_adds(model, image_size, batch_size), dtype)


def floor_of(count: int, dtype: str = "float32") -> Floor:
    """Returns the `Floor` of a number of multiply-adds."""
    rate = matrix_rate(dtype)
    title = (
        f"floor, {dtype}: {count / 1e9:,.0f} billion multiply-adds at "
        f"{rate / 1e9:.0f} billion per second"
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
