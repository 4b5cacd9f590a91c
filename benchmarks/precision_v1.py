"""Quality of StarGAN v1 in float32 and mixed bfloat16 for several seeds.

    python benchmarks/precision_v1.py --steps 3600 --folder runs/precision
    python benchmarks/precision_v1.py --steps 20 --seeds 0 1 --count 4   # a quick test

Trains the preset `demo` (generated faces, 64 px) with each type and seed, for the same
number of steps, and evaluates every run with the same classifier. Compare the
difference between the means of the types with the range over the seeds. Complete runs
are not repeated.
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
    results = {}
    # Both types of a seed in sequence, so an interrupted benchmark has complete pairs.
    for seed in arguments.seeds:
        for precision in TYPES:
            means = run(precision, seed, arguments)
            results.setdefault(precision, []).append(means)
            print(f"seed {seed}, {precision}: {means}", file=sys.stderr, flush=True)
    print_table(results)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("runs/precision"))
    parser.add_argument("--steps", type=int, default=3600, help="steps per training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--count", type=int, default=100, help="images per target")
    parser.add_argument("--classifier", default="tiny")
    return parser.parse_args()


def run(precision: str, seed: int, arguments) -> dict[str, float]:
    """Trains and evaluates a model; returns {metric: mean over the targets}."""
    folder = arguments.folder / f"{precision}_{seed}"
    results = folder / "results.json"
    options = ["--precision", precision, "--seed", seed, "--steps", arguments.steps]
    measure = ["--classifier", arguments.classifier, "--count", arguments.count]
    # Returns immediately if the run is complete.
    stargan("train", "--preset", "demo", "--run", folder, *options)
    if not results.exists():
        stargan("evaluate", "--model", folder, "--output", results, *measure)
    means = json.loads(results.read_text())["means"]
    return {name: mean["value"] for name, mean in means.items()}


def stargan(*words) -> None:
    """Runs `stargan-tf`."""
    line = [sys.executable, "-m", "stargan_tf.cli.main", *map(str, words)]
    subprocess.run(line, check=True, stdout=sys.stderr)


def print_table(results: dict[str, list[dict]]) -> None:
    """Prints mean and range over the seeds of each metric, with a column per type."""
    print(f"| mean (lowest-highest seed) | {' | '.join(TYPES)} |")
    print("|---" + "|---:" * len(TYPES) + "|")
    for name in results[TYPES[0]][0]:
        cells = []
        for precision in TYPES:
            values = [means[name] for means in results[precision]]
            mean = statistics.mean(values)
            cells.append(f"{mean:.4g} ({min(values):.4g}-{max(values):.4g})")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
