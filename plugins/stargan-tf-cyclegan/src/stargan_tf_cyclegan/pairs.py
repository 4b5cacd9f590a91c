"""`python -m stargan_tf_cyclegan.pairs`: one CycleGAN per pair of domains.

A CycleGAN knows two domains, so k domains take k·(k - 1) / 2 models with k·(k - 1)
generators. The table that the command prints sets that beside one StarGAN.

Reference: StarGAN (Choi et al. 2018), figure 2.
"""

import argparse
import itertools
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import stargan_tf
from stargan_tf.cli.command import CommandParser
from stargan_tf.cli.main import main as stargan_tf_command
from stargan_tf.cli.train import TRAIN
from stargan_tf.plugin import DatasetInfo, InputError
from stargan_tf.training.config import RUN_OPTIONS, RunConfig, resolve
from stargan_tf_cyclegan import CYCLEGAN

PROGRAM = "python -m stargan_tf_cyclegan.pairs"
USER_ERROR = 2
STARGAN_LAYERS = 6  # of its discriminator, in the paper


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains a model per pair of domains in RUN/A-B, and prints what they cost.

    The same command resumes where it stopped.

    Args:
        arguments: the command line's; by default those of the process.

    Returns:
        The exit status: 0, 2 for an error of the user's, or that of the training that
        failed, after which no other is started.
    """
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        usage=f"{PROGRAM} --run DIR [any flags of stargan-tf train]",
        description="Train one CycleGAN per pair of domains of a data set, one after "
        "the other, and print their number of weights beside that of one StarGAN. The "
        "same command resumes where it stopped.",
        allow_abbrev=False,
    )
    parser.add_argument("--run", required=True, metavar="DIR", help="Folder of all.")
    parser.add_argument(
        "--attributes",
        metavar="A,B,…",
        help="Domains to pair. [all of the data set]",
    )
    given, flags = parser.parse_known_args(arguments)
    flags = ["--family", CYCLEGAN.name, *flags]
    chosen = ["--attributes", given.attributes] if given.attributes else []
    try:
        config = _configuration(["--run", given.run, *flags, *chosen])
        domains = _domains(config)
    except InputError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return USER_ERROR
    for pair in itertools.combinations(domains, 2):
        print(f"\n{' and '.join(pair)}", flush=True)
        run = str(Path(given.run, "-".join(pair)))
        status = stargan_tf_command(
            ["train", "--run", run, *flags, "--attributes", ",".join(pair)]
        )
        if status:
            return status
    print(f"\n{costs(config, domains)}")
    return 0


def _configuration(arguments: list[str]) -> RunConfig:
    args = vars(CommandParser("train", TRAIN, arguments).parse())
    names = {"preset", *(option.name for option in (*RUN_OPTIONS, *CYCLEGAN.options))}
    values = {name: args[name] for name in names if args.get(name) is not None}
    return resolve(values, args["config"])


def _domains(config: RunConfig) -> tuple[str, ...]:
    options = config.dataset_options(0)
    images = stargan_tf.load_dataset(
        config.dataset[0], "train", config.image_size, **options
    )
    domains = images.info.domains
    if len(domains) < 2:
        raise InputError(
            f"Pairs need two domains or more. Received: {domains[0]} of "
            f"'{images.info.name}'. Give several: --attributes A,B,C"
        )
    return domains


def costs(config: RunConfig, domains: Sequence[str]) -> str:
    """The table of networks and weights: one pair, all pairs, and one StarGAN.

    Args:
        config: of the runs; StarGAN gets the same widths and residual blocks.
        domains: names of all domains.

    Returns:
        Lines of text.
    """
    from stargan_tf_cyclegan.model import CycleGAN

    size = config.image_size
    pair = DatasetInfo("pair", tuple(domains[:2]), "one_hot", size)
    cyclegan = CycleGAN(pair, **{**config.model_options, "pool_size": 0})
    shorter = size if isinstance(size, int) else min(size)
    layers = min(STARGAN_LAYERS, shorter.bit_length() - 1)
    shared = ("base_filters", "num_residual_blocks", "discriminator_filters")
    stargan = stargan_tf.StarGAN(
        domains=list(domains),
        image_size=size,
        discriminator_layers=layers,
        **{name: config.model_options[name] for name in shared},
    )
    k = len(domains)
    pairs = k * (k - 1) // 2
    header = ("models", "generators", "weights of generators", "weights in all")
    rows = {
        "one pair": (1, 2, *_weights(cyclegan, 1)),
        "all pairs": (pairs, 2 * pairs, *_weights(cyclegan, pairs)),
        "one StarGAN": (1, 1, *_weights(stargan, 1)),
    }
    lines = [
        f"{k} domains: {', '.join(domains)}",
        f"{'':<12}" + "".join(f"{name:>23}" for name in header),
    ]
    for name, cells in rows.items():
        lines.append(f"{name:<12}" + "".join(f"{cell:>23,}" for cell in cells))
    lines.append(
        f"StarGAN has the same widths and residual blocks, and {layers} layers in its "
        "discriminator."
    )
    return "\n".join(lines)


def _weights(model, count: int) -> tuple[int, int]:
    """Trainable weights of `count` models: of generators, and of all networks."""
    generator, discriminator = (
        count * sum(math.prod(v.shape) for v in network.trainable_variables)
        for network in (model.generator, model.discriminator)
    )
    return generator, generator + discriminator


if __name__ == "__main__":
    sys.exit(main())
