"""Time and memory of `model.fit` of both models on a GPU or CPU.

    python benchmarks/gpu_fit.py                  # 128 px, batch 16; 256 px, batch 8
    python benchmarks/gpu_fit.py --tiny           # a quick test, also on a CPU

Measures a hundred steps each as a graph and with XLA, in float32 and mixed_bfloat16;
`--eager` adds eager execution. Every row runs in a separate process, with a first step
for initialization and then a hundred steps on random batches in device memory. `peak`
is the peak memory that TensorFlow allocates on the GPU, or the peak memory of the
process on a CPU.
"""

import argparse
import json
import subprocess
import sys
import time

from side_by_side import peak_memory

SIZES = {"v1": (128, 16), "v2": (256, 8)}
TINY = {"v1": (64, 2), "v2": (64, 1), "steps": 2}
POLICIES = ("float32", "mixed_bfloat16")
MIB = 2**20


def main() -> None:
    arguments = parse()
    if arguments.mode:
        print(json.dumps(measure(arguments)))
        return
    modes = ["graph", "xla"] + ["eager"] * arguments.eager
    print("| model | mode | type | device | ms per step | first step, s | peak MiB |")
    print("|---|---|---|---|---:|---:|---:|")
    for model in arguments.models:
        for mode in modes:
            for policy in POLICIES:
                row = run_row(model, mode, policy, arguments)
                print_row(model, mode, policy, row)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=SIZES, default=list(SIZES))
    for model, sizes in SIZES.items():
        parser.add_argument(
            f"--{model}", nargs=2, type=int, metavar=("PIXELS", "BATCH"), default=sizes
        )
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--eager", action="store_true", help="also run_eagerly")
    parser.add_argument("--tiny", action="store_true", help=f"use {TINY}")
    parser.add_argument("--mode", help=argparse.SUPPRESS)
    parser.add_argument("--policy", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for name, value in TINY.items() if arguments.tiny else ():
        setattr(arguments, name, value)
    return arguments


def run_row(model, mode, policy, arguments) -> dict:
    """Measures a row in a separate process."""
    command = [sys.executable, __file__, "--models", model, "--mode", mode]
    command += ["--policy", policy, "--steps", str(arguments.steps)]
    command += [f"--{model}", *map(str, getattr(arguments, model))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return {"failed": last[0][:200]}
    return json.loads(done.stdout.splitlines()[-1])


def print_row(model, mode, policy, row) -> None:
    start = f"| {model} | {mode} | {policy} | "
    if "failed" in row:
        print(f"{start}{row['failed']} |", flush=True)
        return
    print(
        f"{start}{row['device']} | {row['seconds'] * 1e3:.1f} | {row['first']:.0f} | "
        f"{row['peak']:.0f} |",
        flush=True,
    )


def measure(arguments) -> dict:
    """Returns seconds per step of `fit` and of the first step, and peak memory."""
    import tensorflow as tf

    model, batch = make(arguments)
    model.compile(
        jit_compile=arguments.mode == "xla", run_eagerly=arguments.mode == "eager"
    )
    batches = tf.data.Dataset.from_tensors(batch).repeat()
    first = timed(model, batches, 1)
    seconds = timed(model, batches, arguments.steps) / arguments.steps
    devices = tf.config.list_physical_devices("GPU")
    peak = peak_memory()
    if devices:
        peak = tf.config.experimental.get_memory_info("GPU:0")["peak"] / MIB
    device = "GPU" if devices else "CPU"
    return {"seconds": seconds, "first": first, "peak": peak, "device": device}


def timed(model, batches, steps) -> float:
    start = time.perf_counter()
    model.fit(batches, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)
    return time.perf_counter() - start


def make(arguments):
    """Returns a model of the paper's size and a random batch."""
    import keras
    import tensorflow as tf

    import stargan_tf

    keras.utils.set_random_seed(0)
    model = arguments.models[0]
    size, count = getattr(arguments, model)
    image, *references = tf.unstack(
        tf.random.uniform((3, count, size, size, 3), -1.0, 1.0)
    )
    if model == "v1":
        info = stargan_tf.DatasetInfo("faces", tuple("abcde"), "binary", size)
        label = tf.cast(tf.random.uniform((count, 5)) > 0.5, tf.float32)
        return stargan_tf.StarGAN(info, dtype=arguments.policy), (image, label)
    info = stargan_tf.DatasetInfo("animals", tuple("abc"), "one_hot", size)
    domain = tf.range(count) % 3
    target = (domain + 1) % 3
    batch = (image, domain, *references, target)
    return stargan_tf.StarGANV2(info, dtype=arguments.policy), batch


if __name__ == "__main__":
    main()
