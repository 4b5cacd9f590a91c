"""`python -m stargan_tf_cyclegan.pairs`: trains a CycleGAN per pair of domains.

A CycleGAN has two domains, so k domains require k·(k - 1) / 2 models with k·(k - 1)
generators. The command prints a table that compares their size with that of a StarGAN.

Reference: StarGAN (Choi et al. 2018), figure 2.
"""

import argparse
import itertools
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import stargan_tf

PROGRAM = "python -m stargan_tf_cyclegan.pairs"
USER_ERROR = 2
STARGAN_LAYERS = 6  # layers of StarGAN's discriminator in the paper


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains a model per pair of domains in RUN/A-B and prints their sizes.

    The same command resumes an interrupted training.

    Args:
        arguments: command-line arguments. Defaults to those of the process.

    Returns:
        The exit status: 0, 2 for a usage error, or the status of the first training
        that fails; later trainings are then not started.
    """
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        usage=f"{PROGRAM} --domains A,B,C --run DIR [any flags of stargan-tf train]",
        description="Train a CycleGAN for each pair of domains, in sequence, and "
        "compare their number of weights with that of a StarGAN. The same command "
        "resumes an interrupted training.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--run", required=True, metavar="DIR", help="Folder of all trainings."
    )
    parser.add_argument(
        "--domains", required=True, metavar="A,B,C", help="Names of the domains."
    )
    options, flags = parser.parse_known_args(arguments)
    domains = [name.strip() for name in options.domains.split(",")]
    if len(domains) < 2 or len({*domains}) < len(domains) or not all(domains):
        print(
            f"{PROGRAM}: --domains requires at least two different names. Received: "
            f"{options.domains}. Use, for example, --domains A,B,C",
            file=sys.stderr,
        )
        return USER_ERROR
    runs = {
        pair: Path(options.run, "-".join(pair))
        for pair in itertools.combinations(domains, 2)
    }
    for pair, run in runs.items():
        print(f"\n{' and '.join(pair)}", flush=True)
        words = ["--family", "cyclegan", *flags, "--attributes", ",".join(pair)]
        # A process per training, so that its memory is released.
        command = [sys.executable, "-m", "stargan_tf.cli.main", "train"]
        status = subprocess.run([*command, "--run", str(run), *words]).returncode
        if status:
            return status
    print(f"\n{costs(domains, runs.values())}")
    return 0


def costs(domains: Sequence[str], runs: Sequence[Path]) -> str:
    """Compares the number of networks and weights of all pairs and one StarGAN.

    Args:
        domains: names of all domains.
        runs: folders of the trained pairs.

    Returns:
        A text table.
    """
    models = [stargan_tf.load_model(run) for run in runs]
    size, arguments = models[0].label_space.image_size, models[0].arguments
    shorter = size if isinstance(size, int) else min(size)
    layers = min(STARGAN_LAYERS, shorter.bit_length() - 1)
    shared = ("base_filters", "num_residual_blocks", "discriminator_filters")
    stargan = stargan_tf.StarGAN(
        domains=list(domains),
        image_size=size,
        discriminator_layers=layers,
        **{name: arguments[name] for name in shared},
    )
    header = ("models", "generators", "weights of generators", "weights in all")
    rows = {
        "one pair": (1, 2, *_weights(models[:1])),
        "all pairs": (len(models), 2 * len(models), *_weights(models)),
        "one StarGAN": (1, 1, *_weights([stargan])),
    }
    lines = [
        f"{len(domains)} domains: {', '.join(domains)}",
        f"{'':<12}" + "".join(f"{name:>23}" for name in header),
    ]
    for name, cells in rows.items():
        lines.append(f"{name:<12}" + "".join(f"{cell:>23,}" for cell in cells))
    lines.append(
        f"StarGAN has the same widths and residual blocks, and {layers} layers in its "
        "discriminator."
    )
    return "\n".join(lines)


def _weights(models: Sequence) -> tuple[int, int]:
    """Returns the number of trainable weights of the generators and of all networks."""
    generators, discriminators = (
        sum(
            math.prod(variable.shape)
            for model in models
            for variable in getattr(model, network).trainable_variables
        )
        for network in ("generator", "discriminator")
    )
    return generators, generators + discriminators


if __name__ == "__main__":
    sys.exit(main())
