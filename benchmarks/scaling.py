"""Estimated speedup on several GPUs, from multiply-adds, gradient bytes, and links.

    python benchmarks/scaling.py                  # models and batches of both papers
    python benchmarks/scaling.py --rate 30e12     # multiply-adds per second of a GPU
    python benchmarks/scaling.py --seconds_v1 0.05 --seconds_v2 0.8  # measured times

Multiply-adds are counted in the graph of a training step, and gradient bytes in the
optimizers' variables in float32. The rate is an assumption: NVIDIA's published rate of
training ResNet-50, also a convolutional network, on an A100. Measured seconds per batch
(batch size divided by `images_per_second` in `metrics.jsonl`) are more accurate.

A ring all-reduce over n devices transfers 2 (n - 1) / n times the bytes over each link,
in 2 (n - 1) hops per message. The gradients of a network are a single message, which is
sent after the backward pass, without overlap. The estimate does not include waiting for
the slowest device or for data.
"""

import argparse
from typing import NamedTuple

from step_cost import step_multiply_adds

# NVIDIA/DeepLearningExamples, TensorFlow, ResNet-50 v1.5, one A100, TF32 and XLA: 909
# images per second, each with 4.1 billion multiply-adds forward and twice that
# backward. This is a seventh of the A100's 78e12 (TF32). 8 A100 are 7.70 times as fast.
RATE = 909 * 3 * 4.1e9
RESNET_SECONDS, RESNET_BYTES = 256 / 909, 4 * 25.6e6
# Assumed time of a hop within a machine and between two machines.
HOP_S, FAR_HOP_S = 5e-6, 20e-6


class Link(NamedTuple):
    """Args: machines: number of machines with 8 devices. rate: bytes per second.

    The rate is that of the slowest link in one direction. The ring enters each machine
    once, so the 8 devices do not share its link.
    """

    machines: int
    rate: float

    @property
    def devices(self) -> int:
        return 8 * self.machines

    def seconds(self, size: float, messages: float) -> float:
        """Returns the time of an all-reduce of `size` bytes in a number of messages."""
        far = 0 if self.machines == 1 else self.machines
        lap = far * FAR_HOP_S + (self.devices - 1 - far) * HOP_S
        moved = 2 * (self.devices - 1) / self.devices * size
        return moved / self.rate + 2 * messages * lap


LINKS = {
    "8 GPUs, NVLink (A100: 300 GB/s)": Link(1, 300e9),
    "8 GPUs, PCIe 4 x16 (25 GB/s)": Link(1, 25e9),
    "8 machines of 8, 400 Gbit/s between them": Link(8, 50e9),
    "8 machines of 8, 100 Gbit/s between them": Link(8, 12.5e9),
    "8 machines of 8, 10 Gbit/s between them": Link(8, 1.25e9),
}


class Cost(NamedTuple):
    """Cost of a batch. Args: multiply_adds, size (gradient bytes), messages."""

    multiply_adds: float
    size: float
    messages: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seconds_v1", type=float)
    parser.add_argument("--seconds_v2", type=float)
    arguments = parser.parse_args()
    resnet = LINKS["8 GPUs, NVLink (A100: 300 GB/s)"].seconds(RESNET_BYTES, 1)
    resnet = 8 * RESNET_SECONDS / (RESNET_SECONDS + resnet)
    print(f"check: ResNet-50, 8 A100: {resnet:.2f}x estimated, 7.70x measured (NVIDIA)")
    rate = arguments.rate
    report("v1, 128 px, batch 16, n_critic 5", cost_v1(), rate, arguments.seconds_v1)
    report("v2, 256 px, batch 8", cost_v2(), rate, arguments.seconds_v2)


def cost_v1() -> Cost:
    import tensorflow as tf

    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.stargan.model import StarGAN

    model = StarGAN(DatasetInfo("celeba", tuple("abcde"), "binary", 128))
    model.compile()
    batch = tf.TensorSpec((16, 128, 128, 3)), tf.TensorSpec((16, 5))
    critic, both = (
        step_multiply_adds(model, batch, update=update)
        for update in model.update_functions()
    )
    updates = {"discriminator": 1, "generator": 1 / 5}
    # The labels, which are shuffled over the global batch, and the losses.
    return Cost(4 / 5 * critic + both / 5, *gradients(model, updates, others=2))


def cost_v2() -> Cost:
    import tensorflow as tf

    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.stargan_v2.model import StarGANV2

    model = StarGANV2(DatasetInfo("afhq", tuple("abc"), "one_hot", 256))
    model.compile()
    image, domain = tf.TensorSpec((8, 256, 256, 3)), tf.TensorSpec((8,), tf.int32)
    count = step_multiply_adds(model, (image, domain, image, image, domain))
    twice = {"discriminator": 2, "generator": 2}
    updates = {**twice, "mapping_network": 1, "style_encoder": 1}
    return Cost(count, *gradients(model, updates, others=1))


def gradients(model, updates: dict[str, float], others: int) -> tuple[float, float]:
    """Returns the gradient bytes and the number of messages of a batch.

    Args:
        model: the model.
        updates: {network: number of updates per batch}.
        others: number of other, small messages.
    """
    sizes = {
        name: sum(v.shape.num_elements() for v in trainable(model, name))
        for name in updates
    }
    size = sum(4 * times * sizes[name] for name, times in updates.items())
    return size, sum(updates.values()) + others


def trainable(model, name):
    return [variable.value for variable in getattr(model, name).trainable_variables]


def report(name: str, cost: Cost, rate: float, measured: float | None) -> None:
    """Prints the assumptions and the table of a model.

    Args:
        name: title of the table.
        cost: cost of a batch on one device.
        rate: multiply-adds per second of a device.
        measured: measured seconds per batch, or None to compute them from the rate.
    """
    seconds = measured or cost.multiply_adds / rate
    print(
        f"\n{name}\n{cost.multiply_adds / 1e9:,.0f} billion multiply-adds per batch; "
        + ("measured: " if measured else f"at {rate / 1e12:.1f}e12 per second: ")
        + f"{seconds:.3f} s\n{cost.size / 1e6:.0f} MB of gradients per batch, "
        f"{cost.messages:.1f} messages\n\n{'link':45}{'all-reduce':>12}{'speedup':>9}"
    )
    for link, ring in LINKS.items():
        all_reduce = ring.seconds(cost.size, cost.messages)
        speedup = ring.devices * seconds / (seconds + all_reduce)
        print(f"{link:45}{all_reduce * 1000:9.1f} ms{speedup:8.1f}x")


if __name__ == "__main__":
    main()
