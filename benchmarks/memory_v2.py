"""Peak memory of a StarGAN v2 iteration with each memory-saving option.

    python benchmarks/memory_v2.py                         # 128 px, on this machine
    python benchmarks/memory_v2.py --image_size 256 --presets stargan_v2_afhq_256

Each row runs in a separate process: the model of the preset on random images, with a
first iteration for initialization and a second one that is timed. `peak` is the peak
resident memory of the process, or the peak memory that TensorFlow allocates on a GPU.
`iteration` excludes the memory before the first iteration: networks, moments, EMA
weights, and TensorFlow. Percentages are relative to the first row.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import stargan_tf  # noqa: F401  Before TensorFlow: it turns on oneDNN.

# Presets with changed options.
PRESETS = (
    "stargan_v2_afhq_256",
    "stargan_v2_afhq_256 accumulate=4",
    "stargan_v2_afhq_256 remat=true",
    "stargan_v2_afhq_256 precision=mixed_bfloat16",
    "stargan_v2_afhq_256_low_memory",
    "stargan_v2_celeba_hq_256",
    "stargan_v2_celeba_hq_256_low_memory",
    "stargan_v2_128",
    "stargan_v2_64",
    "demo_v2",
)
# At 256 px, a batch of 8 requires about 20 GB in float32.
SIZE = 128
MIB = 2**20


def main() -> None:
    arguments = parse()
    if arguments.measure:
        print(json.dumps(measure(arguments)))
        return
    first = None
    print(f"{'preset':46}{'px':>5}{'peak':>10}{'iteration':>16}{'seconds':>15}")
    for name in arguments.presets:
        row = run_row(name, arguments)
        first = first or row
        print_row(name, row, first)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="*", default=PRESETS)
    parser.add_argument(
        "--image_size", type=int, default=SIZE, help="replaces the presets' 256"
    )
    parser.add_argument("--jit_compile", action="store_true")
    parser.add_argument("--untimed", action="store_true", help="measure memory only")
    parser.add_argument("--measure", metavar="PRESET", help=argparse.SUPPRESS)
    return parser.parse_args()


def run_row(preset: str, arguments: argparse.Namespace) -> dict:
    """Measures a preset in a separate process."""
    command = [sys.executable, __file__, "--measure", preset]
    command += ["--image_size", str(arguments.image_size)]
    command += ["--jit_compile"] if arguments.jit_compile else []
    command += ["--untimed"] if arguments.untimed else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return {"failed": f"exit {done.returncode}: {last[0][:60]}"}
    return json.loads(done.stdout.splitlines()[-1])


def measure(arguments: argparse.Namespace) -> dict:
    import tensorflow as tf

    model, batch = prepare(arguments)
    before = peak_bytes()
    batches = tf.data.Dataset.from_tensors(batch)
    model.fit(batches, shuffle=False, verbose=0)
    seconds = None if arguments.untimed else timed(model, batches)
    peak = peak_bytes()
    return {
        "image_size": model.image_size,
        "peak_mib": peak / MIB,
        "iteration_mib": (peak - before) / MIB,
        "seconds": seconds,
    }


def timed(model, batches) -> float:
    start = time.perf_counter()
    model.fit(batches, shuffle=False, verbose=0)
    return time.perf_counter() - start


def prepare(arguments: argparse.Namespace):
    """Returns the preset's model and a batch."""
    import tensorflow as tf

    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.training.config import resolve
    from stargan_tf.training.run import build_model

    config = resolve(options(arguments))
    domains = (
        ("female", "male") if config.model_options["high_pass"] else ("a", "b", "c")
    )
    info = DatasetInfo("random", domains, "one_hot", config.image_size)
    model = build_model(config, LabelSpace(info))
    shape = (config.batch_size, config.image_size, config.image_size, 3)
    image, *references = tf.unstack(tf.random.uniform((3, *shape), -1.0, 1.0))
    domain = tf.range(config.batch_size) % len(domains)
    return model, (image, domain, *references, domain)


def options(arguments: argparse.Namespace) -> dict:
    from stargan_tf.models.registry import preset

    name, *changes = arguments.measure.split()
    values = preset(name).values
    given = {
        "preset": name,
        "dataset": "random",
        "jit_compile": arguments.jit_compile,
        **dict(change.split("=") for change in changes),
    }
    if values.get("image_size", 256) == 256:
        # Widths depend on the image size by default; use those of 256 px.
        given |= {"image_size": arguments.image_size, "base_filters": 64}
    if values.get("high_pass"):
        given["mask_provider"] = f"{MODULE}:whole_image"
    return given


MODULE = "memory_v2"


def whole_image(image):
    """Mask provider that returns masks of ones."""
    import tensorflow as tf

    return tf.ones_like(image[..., :2])


def peak_bytes() -> int:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def print_row(name: str, row: dict, first: dict) -> None:
    if "failed" in row:
        print(f"{name:46}  {row['failed']}", flush=True)
        return
    seconds = ""
    if row["seconds"] is not None:
        seconds = f"{row['seconds']:7.1f} s {share(row, first, 'seconds')}"
    print(
        f"{name:46}{row['image_size']:5}{row['peak_mib']:6.0f} MiB"
        f"{row['iteration_mib']:6.0f} MiB {share(row, first, 'iteration_mib')}"
        + seconds,
        flush=True,
    )


def share(row: dict, first: dict, key: str) -> str:
    return f"{row[key] / first[key]:5.0%}" if key in first else " " * 5


if __name__ == "__main__":
    main()
