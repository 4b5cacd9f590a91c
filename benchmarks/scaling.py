"""On paper: what several GPUs would give, from gradient bytes over link speed.

    python benchmarks/scaling.py                           # both papers' models
    python benchmarks/scaling.py --seconds_v1 0.05 --seconds_v2 0.3

Gradient bytes are counted on the models themselves, in float32: what the optimizers
join for one batch, on average. `seconds` is what one GPU takes for its share of a batch
(measure it: one line of `metrics.jsonl`, batch size over `images_per_second`); it is
given, not measured here. A ring all-reduce over n devices moves 2 (n - 1) / n times the
bytes through each link. Nothing is counted as hidden behind the backward pass, so that
the efficiency is a lower bound; latency, and waiting for the slowest, are not counted.
"""

import argparse

from stargan_tf.data.info import DatasetInfo

# The slowest link of the ring, bytes a second and way. Machines of 8 GPUs pass the ring
# on once, so that their one link is not shared by the 8.
LINKS = {
    "8 GPUs, NVLink (450 GB/s)": (8, 450e9),
    "8 GPUs, PCIe 4 x16 (25 GB/s)": (8, 25e9),
    "8 machines of 8, 400 Gbit/s between them": (64, 50e9),
    "8 machines of 8, 100 Gbit/s between them": (64, 12.5e9),
    "8 machines of 8, 10 Gbit/s between them": (64, 1.25e9),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds_v1", type=float, default=0.05)
    parser.add_argument("--seconds_v2", type=float, default=0.3)
    arguments = parser.parse_args()
    report("v1, 128 px, n_critic 5", bytes_v1(), arguments.seconds_v1)
    report("v2, 256 px", bytes_v2(), arguments.seconds_v2)


def bytes_of(model, networks) -> float:
    """Bytes of float32 gradients, each network as often as it is updated a batch."""
    return sum(
        4 * times * sum(v.shape.num_elements() for v in trainable(model, name))
        for name, times in networks.items()
    )


def trainable(model, name):
    return [variable.value for variable in getattr(model, name).trainable_variables]


def bytes_v1() -> float:
    from stargan_tf.models.stargan import StarGAN

    model = StarGAN(DatasetInfo("celeba", tuple("abcde"), "binary", 128))
    return bytes_of(model, {"discriminator": 1, "generator": 1 / 5})


def bytes_v2() -> float:
    from stargan_tf.models.stargan_v2 import StarGANV2

    model = StarGANV2(DatasetInfo("afhq", tuple("abc"), "one_hot", 256))
    twice = {"discriminator": 2, "generator": 2}
    return bytes_of(model, {**twice, "mapping_network": 1, "style_encoder": 1})


def report(name: str, size: float, seconds: float) -> None:
    """Prints the table of one model.

    Args:
        name: its title.
        size: gradient bytes for one batch.
        seconds: computing time for one device's share of it.
    """
    print(f"\n{name}: {size / 1e6:.0f} MB of gradients a batch, {seconds} s computing")
    print(f"{'link':45}{'joining':>10}{'efficiency':>12}{'speed-up':>10}")
    for link, (devices, rate) in LINKS.items():
        joining = 2 * (devices - 1) / devices * size / rate
        efficiency = seconds / (seconds + joining)
        print(
            f"{link:45}{joining * 1000:8.1f} ms{efficiency:11.0%}"
            f"{devices * efficiency:9.1f}x"
        )


if __name__ == "__main__":
    main()
