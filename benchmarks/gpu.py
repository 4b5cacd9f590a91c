"""StarGAN on a GPU that has JAX and PyTorch: checked, timed, trained.

    python benchmarks/gpu.py --check                 # against tests/goldens
    python benchmarks/gpu.py --time v1 v2            # beside plain PyTorch
    python benchmarks/gpu.py --train v1 --minutes 9 --data DIR --output RUN
    python benchmarks/gpu.py --load RUN              # with TensorFlow: the same output?
    python benchmarks/gpu.py --time v1 v2 --tiny     # does it run? On a CPU

The package's networks and loss terms run on Keras' JAX backend, in the iterations of
`benchmarks/jax_training`. TensorFlow is needed for `--load` only. See the section "GPU"
of benchmarks/README.md for how this gets to a machine that cannot download anything.
"""

import argparse
import json
import os
import sys
from pathlib import Path

# The package and tests/, from which the goldens are read.
sys.path.insert(0, str(Path(__file__).parents[1]))


SIZES = {"v1": (128, 16), "v2": (256, 8)}
TINY = {"v1": (64, 2), "v2": (64, 1), "steps": 1, "matrix": 512}


def main() -> int:
    arguments = parse()
    os.environ["KERAS_BACKEND"] = "tensorflow" if arguments.load else "jax"
    # Programs that are measured in turns must not keep memory from each other.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if arguments.check:
        from jax_training.check import check

        return 0 if check(arguments.goldens) else 1
    if arguments.load:
        from jax_training.run_files import compare

        return 0 if compare(Path(arguments.load)) else 1
    if arguments.train:
        from jax_training.train import train

        train(arguments)
    else:
        time_all(arguments)
    return 0


def time_all(arguments: argparse.Namespace) -> None:
    from jax_training import timing

    if arguments.contender:
        found = timing.contend(arguments.contender, arguments.time[0], arguments)
        print(json.dumps(found))
        return
    arguments.contenders = arguments.contenders or timing.CONTENDERS
    found = {model: timing.compare(model, arguments) for model in arguments.time}
    if arguments.output:
        path = Path(arguments.output) / "times.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=2))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="against tests/goldens")
    mode.add_argument("--time", nargs="+", choices=SIZES, help="beside PyTorch")
    mode.add_argument("--train", choices=SIZES, help="weights and a grid")
    mode.add_argument("--load", metavar="RUN", help="what --train wrote, in TensorFlow")
    for model, sizes in SIZES.items():
        parser.add_argument(
            f"--{model}", nargs=2, type=int, metavar=("PIXELS", "BATCH"), default=sizes
        )
    parser.add_argument("--goldens", default="v", help="of --check, how they begin")
    parser.add_argument("--tiny", action="store_true", help=f"as {TINY}")
    parser.add_argument("--output", metavar="DIR", help="of --train and --time")
    timed = parser.add_argument_group("--time")
    timed.add_argument("--steps", type=int, default=20, help="iterations")
    timed.add_argument("--matrix", type=int, default=8192, help="side, for the rate")
    timed.add_argument("--contenders", nargs="+", metavar="LIBRARY:PRECISION")
    timed.add_argument("--contender", help=argparse.SUPPRESS)
    trained = parser.add_argument_group("--train")
    trained.add_argument("--data", metavar="DIR")
    trained.add_argument("--minutes", type=float, default=9.0)
    trained.add_argument("--precision", default="tf32", help="float32, tf32, bfloat16")
    trained.add_argument("--total_steps", type=int, help="for the rate's or λ_ds' end")
    trained.add_argument("--max_filters", type=int, default=512, help="of v2")
    arguments = parser.parse_args()
    if arguments.train and not (arguments.data and arguments.output):
        parser.error("--train needs --data DIR and --output DIR")
    for name, value in TINY.items() if arguments.tiny else ():
        setattr(arguments, name, value)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
