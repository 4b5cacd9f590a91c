"""What the mobile preset costs at 128 px: a table in Markdown.

    python benchmarks/mobile.py

The teachers are the paper's networks for 128 px, untrained: neither multiply-adds nor
milliseconds depend on the weights. Students are those of `stargan-tf distill --preset
mobile`. Milliseconds are the median of 20 single images by ai-edge-litert's interpreter
with 2 threads, all files taking turns.
"""

import argparse
import statistics
import time
from pkgutil import resolve_name
from typing import Any

from stargan_tf.cli.command import start_tensorflow

MODES = ("none", "dynamic")
THREADS = 2
WARM_UP = 3
SIZE = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    start_tensorflow()
    rows = [row for name in ("stargan", "stargan_v2") for row in networks(name)]
    times = timed([row["runner"] for row in rows], arguments.runs)
    print("| model | quantize | million multiply-adds | KiB | 2 threads |")
    print("|---|---|---:|---:|---:|")
    for row, milliseconds in zip(rows, times, strict=True):
        print(
            f"| {row['model']} | {row['quantize']} | {row['cost'] / 1e6:,.0f} | "
            f"{row['bytes'] / 1024:,.0f} | {milliseconds:.1f} ms |"
        )


def networks(name: str) -> list[dict[str, Any]]:
    """Teacher and student of a family, in each quantization."""
    from stargan_tf.distillation.distiller import mobile_student
    from stargan_tf.models.registry import family
    from stargan_tf.steering import steering

    teacher = untrained(name)
    lessons = resolve_name(steering(family(name).translated_by).lessons)()
    student = mobile_student(teacher, lessons)
    return [
        *files(f"{name}, the paper's", name, teacher, student.teacher_cost),
        *files(f"{name}, mobile ({width(student.model, lessons)} channels)", name,
               student.model, student.cost),
    ]  # fmt: skip


def width(model: Any, lessons: Any) -> int:
    return model.get_config()[lessons.width]


def untrained(name: str) -> Any:
    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.registry import family

    domains = ("a", "b", "c", "d", "e")
    label_type = "binary" if name == "stargan" else "one_hot"
    info = DatasetInfo("faces", domains, label_type, SIZE)
    return family(name).model_class()(info)


def files(title: str, name: str, model: Any, cost: int) -> list[dict[str, Any]]:
    from stargan_tf.exporting.litert import convert
    from stargan_tf.exporting.litert_file import Runner
    from stargan_tf.models.registry import family

    part = resolve_name(family(name).litert)(model).files[0]
    signature = part.signatures[0]
    found = []
    for quantize in MODES:
        content = convert(part, quantize, "float32", None)
        runner = Runner(content, THREADS), signature.name, zeros(signature)
        found.append(
            {
                "model": title,
                "quantize": quantize,
                "cost": cost,
                "bytes": len(content),
                "runner": runner,
            }
        )
    return found


def zeros(signature: Any) -> dict[str, Any]:
    import numpy as np

    return {n: np.zeros(shape, np.float32) for n, shape in signature.shapes.items()}


def timed(runners: list[Any], runs: int) -> list[float]:
    """Median milliseconds of each."""
    seconds = [[] for _ in runners]
    for turn in range(WARM_UP + runs):
        for taken, (runner, signature, inputs) in zip(seconds, runners, strict=True):
            since = time.perf_counter()
            runner.run(signature, inputs)
            if turn >= WARM_UP:
                taken.append(time.perf_counter() - since)
    return [1e3 * statistics.median(taken) for taken in seconds]


if __name__ == "__main__":
    main()
