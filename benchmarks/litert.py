"""Size, speed and error of a model's LiteRT files: a table in Markdown.

    python benchmarks/litert.py --model runs/demo --model runs/demo_v2

Every model is exported with each `--quantize` and compared with Keras on 20 held-out
images, whether or not it would pass `stargan-tf export --check`. Milliseconds are the
median of single images after a few to warm up, with ai-edge-litert's interpreter on 1
and 2 threads; threads and quantizations take turns. PSNR and the largest difference
are on the scale of [-1, 1]; for styles the PSNR refers to their own range. *file*: the
whole file, which for styles holds two networks. `--part generator` leaves styles out.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stargan_tf.cli.command import start_tensorflow

MODES = ("none", "float16", "dynamic", "int8")
PARTS = ("generator", "style")
THREADS = (1, 2)
WARM_UP = 3
KIBIBYTE = 1 << 10


@dataclass
class File:
    """A converted file."""

    quantize: str
    content: bytes
    agreement: dict[str, Any]


def main() -> None:
    arguments = parse()
    start_tensorflow()
    header = ("model", "signature", "quantize", "file", "1 thread", "2 threads")
    lines = [row((*header, "PSNR", "max error")), row(["---"] * 3 + ["---:"] * 5)]
    for model in arguments.model:
        lines += table(model, arguments)
    print("\n".join(lines))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="append", required=True, help="run folder")
    parser.add_argument("--quantize", nargs="*", default=MODES, choices=MODES)
    parser.add_argument("--part", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--calibration_images", type=int, default=50)
    parser.add_argument("--dataset", help="else the run's own")
    parser.add_argument("--runs", type=int, default=30, help="images that are timed")
    return parser.parse_args()


def table(folder: str, arguments: argparse.Namespace) -> list[str]:
    """The rows of one model."""
    from stargan_tf.evaluation.job import DataChoice
    from stargan_tf.exporting.agreement import held_out_images, training_images
    from stargan_tf.exporting.litert import litert_model, sample_rows
    from stargan_tf.training.run_folder import find_checkpoint

    found = find_checkpoint(Path(folder))
    choice = DataChoice(arguments.dataset)
    pictures = held_out_images(*found, choice)
    calibration = None
    if "int8" in arguments.quantize:
        calibration = training_images(*found, choice, arguments.calibration_images)
    lines = []
    for part in litert_model(*found).files:
        if part.role not in arguments.part:
            continue
        files = converted(part, arguments.quantize, pictures, calibration)
        for signature in part.signatures:
            inputs = next(sample_rows(signature, "float32", pictures))
            times = timed(files, signature.name, inputs, arguments.runs)
            lines += [
                described(Path(folder).name, signature.name, file, times[file.quantize])
                for file in files
            ]
    return lines


def converted(part: Any, modes: Any, pictures: Any, calibration: Any) -> list[File]:
    from stargan_tf.exporting.litert import KerasOutputs, convert

    expected = KerasOutputs(part, "float32", pictures)
    files = []
    for quantize in modes:
        content = convert(part, quantize, "float32", calibration)
        files.append(File(quantize, content, expected.compare(content)))
    return files


def timed(
    files: list[File], signature: str, inputs: Any, runs: int
) -> dict[str, list[float]]:
    """Quantization → median milliseconds, a number for each of `THREADS`."""
    from stargan_tf.exporting.litert_file import Runner

    runners = {
        (file.quantize, threads): Runner(file.content, threads)
        for file in files
        for threads in THREADS
    }
    seconds = {key: [] for key in runners}
    for turn in range(WARM_UP + runs):
        for key, runner in runners.items():
            since = time.perf_counter()
            runner.run(signature, inputs)
            if turn >= WARM_UP:
                seconds[key].append(time.perf_counter() - since)
    return {
        file.quantize: [
            1e3 * statistics.median(seconds[file.quantize, threads])
            for threads in THREADS
        ]
        for file in files
    }


def described(model: str, signature: str, file: File, times: list[float]) -> str:
    found = file.agreement[signature]
    size = f"{len(file.content) / KIBIBYTE:,.0f} KiB"
    milliseconds = [f"{value:.2f} ms" for value in times]
    errors = (f"{found.psnr:.1f} dB", f"{found.max:.2g}")
    return row((model, signature, file.quantize, size, *milliseconds, *errors))


def row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
