"""Runs all comparisons with PyTorch and writes the results to a Markdown file.

    python benchmarks/all.py                              # runs/benchmarks/<date>.md
    python benchmarks/all.py --only start_up inference_v1 --rounds 3 --output one.md

Each comparison is a separate command, which can also be run alone. This script adds the
machine, the package versions, and the date. The file also lists failed commands.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
INFERENCE = "inference.py --model"
ROWS = {
    "training_v1": "training.py --model v1",
    "training_v1_avx2": "training.py --model v1 --avx2",
    "training_v1_batch_16": "training.py --model v1 --batch_size 16",
    "training_v2": "training.py --model v2",
    "training_v2_256_px": "training.py --model v2 --image_size 256 --batch_size 1",
    "inference_v1": f"{INFERENCE} v1",
    "inference_v1_batch_16": f"{INFERENCE} v1 --batch_size 16",
    "inference_v2": f"{INFERENCE} v2",
    "inference_v2_batch_16": f"{INFERENCE} v2 --batch_size 16",
    "landmarks": "landmarks.py",
    "landmarks_batch_8": "landmarks.py --batch_size 8",
    "input_pipeline": "input_pipeline.py",
    "checkpoint": "checkpoint.py",
    "start_up": "start_up.py",
}
PACKAGES = ("tensorflow", "keras", "torch", "ai-edge-litert", "numpy", "pillow")
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


def main() -> None:
    arguments = parse()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    sections = [f"# Benchmarks\n\n{machine()}\n"]
    for name in arguments.only:
        sections.append(measured(ROWS[name], arguments.rounds))
        # Write after each command, so that an interrupted run keeps its results.
        arguments.output.write_text("\n".join(sections), encoding="utf-8")
    print(f"Written: {arguments.output}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    today = Path("runs", "benchmarks", f"{datetime.date.today()}.md")
    parser.add_argument("--rounds", type=int, help="default: that of each command")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--output", type=Path, default=today)
    return parser.parse_args()


def measured(row: str, rounds: int | None) -> str:
    """Runs a command and returns a section with its output."""
    script, *options = row.split()
    options += [f"--rounds={rounds}"] if rounds else []
    command = [sys.executable, str(HERE / script), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    tables = done.stdout.strip() or "No output."
    if done.returncode:
        tables += f"\n\n**Failed** with exit status {done.returncode}."
    print(f"{row}: exit status {done.returncode}", file=sys.stderr, flush=True)
    return f"## `python benchmarks/{' '.join([script, *options])}`\n\n{tables}\n"


def machine() -> str:
    """Describes the date, the processor, and the package versions in one line."""
    model, flags = processor()
    listed = " ".join(f for f in FLAGS if f in flags) or f"none of {', '.join(FLAGS)}"
    versions = ", ".join(f"{name} {installed(name)}" for name in PACKAGES)
    return (
        f"{datetime.date.today()}. {os.cpu_count()} cores of {model} ({listed}); "
        f"Python {platform.python_version()}, {versions}."
    )


def processor() -> tuple[str, set[str]]:
    """Returns the name of the processor and, on Linux, its instruction sets."""
    facts = {}
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            facts.setdefault(key.strip(), value.strip())
    name = facts.get("model name") or platform.processor() or platform.machine()
    return name, set(facts.get("flags", "").split())


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
