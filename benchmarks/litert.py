"""Size, speed, and error of a model's LiteRT files as a Markdown table.

    python benchmarks/litert.py --model runs/demo --model runs/demo_v2

Every model is exported with each `--quantize` and compared with Keras on 20 held-out
images, even if it does not pass `stargan-tf export --check`. Times are medians of
single images after a warm-up, with the interpreter of ai-edge-litert on 1 and 2
threads; threads and quantizations take turns. PSNR and the maximum error are relative
to the range [-1, 1]; for styles, PSNR is relative to the range of the styles. *file* is
the size of the file, which for styles contains two networks. `--part generator` omits
styles.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stargan_tf.cli.command import start_tensorflow

MODES = ("none", "float16", "dynamic", "int8")
ROLES = ("generator", "style")
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
    parser.add_argument("--part", nargs="*", default=ROLES, choices=ROLES)
    parser.add_argument("--calibration_images", type=int, default=50)
    parser.add_argument("--dataset", help="default: that of the run")
    parser.add_argument("--runs", type=int, default=30, help="number of timed images")
    return parser.parse_args()


def table(folder: str, arguments: argparse.Namespace) -> list[str]:
    """Returns the rows of a model."""
    from stargan_tf.evaluation.job import DataChoice
    from stargan_tf.exporting.agreement import held_out_images, training_images
    from stargan_tf.exporting.litert import litert_model, sample_rows
    from stargan_tf.training.run_folder import find_checkpoint

    checkpoint, state = find_checkpoint(Path(folder))
    choice = DataChoice(arguments.dataset)
    images = held_out_images(checkpoint, state, choice)
    calibration = None
    if "int8" in arguments.quantize:
        count = arguments.calibration_images
        calibration = training_images(checkpoint, state, choice, count)
    lines = []
    for litert_file in litert_model(checkpoint, state).files:
        if litert_file.role not in arguments.part:
            continue
        files = converted(litert_file, arguments.quantize, images, calibration)
        for signature in litert_file.signatures:
            inputs = next(sample_rows(signature, "float32", images))
            times = timed(files, signature.name, inputs, arguments.runs)
            lines += [
                described(Path(folder).name, signature.name, file, times[file.quantize])
                for file in files
            ]
    return lines


def converted(file: Any, modes: Any, images: Any, calibration: Any) -> list[File]:
    from stargan_tf.exporting.litert import KerasOutputs, convert

    expected = KerasOutputs(file, "float32", images)
    files = []
    for quantize in modes:
        content = convert(file, quantize, "float32", calibration)
        files.append(File(quantize, content, expected.compare(content)))
    return files


def timed(
    files: list[File], signature: str, inputs: Any, runs: int
) -> dict[str, list[float]]:
    """Returns {quantization: median milliseconds for each of `THREADS`}."""
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
    agreement = file.agreement[signature]
    size = f"{len(file.content) / KIBIBYTE:,.0f} KiB"
    milliseconds = [f"{value:.2f} ms" for value in times]
    errors = (f"{agreement.psnr:.1f} dB", f"{agreement.max:.2g}")
    return row((model, signature, file.quantize, size, *milliseconds, *errors))


def row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
