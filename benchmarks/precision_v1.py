"""StarGAN v1 in float32 and in mixed bfloat16: equal steps, several seeds.

    python benchmarks/precision_v1.py --steps 3600 --folder runs/precision
    python benchmarks/precision_v1.py --steps 20 --seeds 0 1 --count 4   # does it run?

Trains the preset `demo` (drawn faces, 64 px) with each type and seed and measures every
run as `stargan-tf evaluate` does, with the same classifier. A type changes nothing if
its mean lies within what the seeds alone move. Runs that are complete are not repeated.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

TYPES = ("float32", "mixed_bfloat16")


def main() -> None:
    arguments = parse()
    found = {}
    # Type by type within a seed: an interrupted benchmark has whole pairs.
    for seed in arguments.seeds:
        for precision in TYPES:
            means = run(precision, seed, arguments)
            found.setdefault(precision, []).append(means)
            print(f"seed {seed}, {precision}: {means}", file=sys.stderr, flush=True)
    print_table(found)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("runs/precision"))
    parser.add_argument("--steps", type=int, default=3600, help="of each training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--count", type=int, default=100, help="images of each target")
    parser.add_argument("--classifier", default="tiny")
    return parser.parse_args()


def run(precision: str, seed: int, arguments) -> dict[str, float]:
    """Trains and measures one model; returns {number: mean over the targets}."""
    folder = arguments.folder / f"{precision}_{seed}"
    results = folder / "results.json"
    options = ["--precision", precision, "--seed", seed, "--steps", arguments.steps]
    measure = ["--classifier", arguments.classifier, "--count", arguments.count]
    # It ends at once where it is complete.
    stargan("train", "--preset", "demo", "--run", folder, *options)
    if not results.exists():
        stargan("evaluate", "--model", folder, "--output", results, *measure)
    means = json.loads(results.read_text())["means"]
    return {name: mean["value"] for name, mean in means.items()}


def stargan(*words) -> None:
    """Runs `stargan-tf`."""
    line = [sys.executable, "-m", "stargan_tf.cli.main", *map(str, words)]
    subprocess.run(line, check=True, stdout=sys.stderr)


def print_table(found: dict[str, list[dict]]) -> None:
    """Mean and range over the seeds of each number, types side by side."""
    print(f"| mean (lowest-highest seed) | {' | '.join(TYPES)} |")
    print("|---" + "|---:" * len(TYPES) + "|")
    for name in found[TYPES[0]][0]:
        cells = []
        for precision in TYPES:
            values = [means[name] for means in found[precision]]
            mean = statistics.mean(values)
            cells.append(f"{mean:.4g} ({min(values):.4g}-{max(values):.4g})")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
