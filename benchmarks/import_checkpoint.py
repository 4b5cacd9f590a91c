"""Time and peak memory of importing official checkpoints at full size.

    python benchmarks/import_checkpoint.py

The checkpoints have the official keys and shapes, and random weights. Each import is a
separate process of `stargan-tf import`, including the start of TensorFlow, the check of
all weights, and writing the model folder. `model` is the size of the weights in the
model folder. `memory` is the peak memory of the process, including memory-mapped pages
of the checkpoint, minus that of a process that only imports TensorFlow and PyTorch.
`built` is the same for a process that only builds the model.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stargan_tf.convert.mapping import Sizes
from stargan_tf.convert.read import official_codes

MIB = 2**20
V1 = {
    "base_filters": 64,
    "num_residual_blocks": 6,
    "discriminator_filters": 64,
    "discriminator_layers": 6,
}
V2 = {
    "style_dim": 64,
    "latent_dim": 16,
    "hidden_dim": 512,
    "base_filters": None,
    "max_filters": 512,
}
CHECKPOINTS = {
    "v1, 128 px, 5 labels: G, D": ("stargan", Sizes(128, V1, 5), "-"),
    "v2, 256 px, 3 domains: nets_ema": (
        "stargan_v2",
        Sizes(256, {**V2, "high_pass": 0.0}, 3),
        "nets_ema",
    ),
    "v2, 256 px, 3 domains: nets, nets_ema, optims": (
        "stargan_v2",
        Sizes(256, {**V2, "high_pass": 0.0}, 3),
        "",
    ),
    "v2, 256 px, 2 domains, high-pass: nets_ema": (
        "stargan_v2",
        Sizes(256, {**V2, "high_pass": 1.0}, 2),
        "nets_ema",
    ),
}
IMPORTS = "import tensorflow, keras, torch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", nargs="?", type=int, help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.number is not None:
        checkpoint = list(CHECKPOINTS.values())[arguments.number]
        if arguments.folder:
            make(checkpoint, arguments.folder)
        else:
            build(checkpoint)
        return
    _, _, baseline = run(["-c", IMPORTS])
    columns = ["", "files", "model", "seconds", "CPU seconds", "built", "memory"]
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|", flush=True)
    for number, title in enumerate(CHECKPOINTS):
        with tempfile.TemporaryDirectory() as folder:
            print(row(number, title, Path(folder), baseline), flush=True)


def row(number: int, title: str, folder: Path, baseline: int) -> str:
    run([__file__, str(number), str(folder)])
    files = sorted(folder.glob("*.ckpt"))
    command = ["-m", "stargan_tf.cli.main", "import", *map(str, files)]
    wall, cpu, peak = run([*command, "--output", str(folder / "model")])
    sizes = [sum(file.stat().st_size for file in files)]
    sizes += [model.stat().st_size for model in folder.rglob("model.keras")]
    listed = " | ".join(f"{size / MIB:.0f} MiB" for size in sizes)
    _, _, built = run([__file__, str(number)])
    memory = " | ".join(f"{(p - baseline) / MIB:.0f} MiB" for p in (built, peak))
    return f"| {title} | {listed} | {wall:.1f} | {cpu:.1f} | {memory} |"


def run(arguments: list[str]) -> tuple[float, float, int]:
    """Returns (seconds, CPU seconds, peak resident bytes) of a Python process."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=sys.stderr
    )
    # wait4 returns the peak of this child process.
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments} ended with status {status}")
    seconds = time.perf_counter() - start
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def build(checkpoint: tuple) -> Any:
    """Builds the model of a checkpoint with random weights."""
    import torch  # noqa: F401  # As in the process of the import.

    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.registry import family

    name, sizes, _ = checkpoint
    official = official_codes()[name]
    domains = tuple(f"domain_{i}" for i in range(sizes.label_width))
    info = DatasetInfo("any", domains, official.label_type, sizes.image_size)
    return family(name).model_class()(info, **sizes.options)


def make(checkpoint: tuple, folder: Path) -> None:
    """Writes a checkpoint with random weights."""
    from stargan_tf.convert.files import write_torch
    from stargan_tf.convert.mapping import take_weights
    from stargan_tf.convert.write import take_moments

    name, sizes, pattern = checkpoint
    official = official_codes()[name]
    model = build(checkpoint)
    tables = official.tables(sizes)
    states = {n: take_weights(getattr(model, n), t) for n, t in tables.items()}
    moments = {}
    if not pattern:
        model.compile()
        for name in official.networks:
            network, optimizer = getattr(model, name), f"{name}_optimizer"
            optimizer = getattr(model, optimizer)
            moments[name] = take_moments(optimizer, network, tables[name])
    for name, content in official.files(states, moments, 100_000):
        if pattern in name:
            write_torch(folder / name, content)


if __name__ == "__main__":
    main()
