"""The real `model.fit` of both models on whatever device TensorFlow finds.

    python benchmarks/gpu_fit.py                  # 128 px, batch 16; 256 px, batch 8
    python benchmarks/gpu_fit.py --tiny           # does it run? On a CPU

A hundred steps each as a graph and with XLA, in float32 and mixed_bfloat16; `--eager`
adds TensorFlow's eager execution. Every row runs in a process of its own: one step to
build everything, then the hundred, on random batches that are on the device already.
`peak` is the memory that TensorFlow had allocated on the GPU at most (on a CPU: the
process' own).
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
    if arguments.way:
        print(json.dumps(measure(arguments)))
        return
    ways = ["graph", "xla"] + ["eager"] * arguments.eager
    print("| model | way | type | device | ms a step | first step, s | peak MiB |")
    print("|---|---|---|---|---:|---:|---:|")
    for model in arguments.models:
        for way in ways:
            for policy in POLICIES:
                print_row(model, way, policy, alone(model, way, policy, arguments))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=SIZES, default=list(SIZES))
    for model, sizes in SIZES.items():
        parser.add_argument(
            f"--{model}", nargs=2, type=int, metavar=("PIXELS", "BATCH"), default=sizes
        )
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--eager", action="store_true", help="run_eagerly, too")
    parser.add_argument("--tiny", action="store_true", help=f"as {TINY}")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--policy", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for name, value in TINY.items() if arguments.tiny else ():
        setattr(arguments, name, value)
    return arguments


def alone(model, way, policy, arguments) -> dict:
    """One row, measured in a process of its own."""
    command = [sys.executable, __file__, "--models", model, "--way", way]
    command += ["--policy", policy, "--steps", str(arguments.steps)]
    command += [f"--{model}", *map(str, getattr(arguments, model))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return {"failed": last[0][:200]}
    return json.loads(done.stdout.splitlines()[-1])


def print_row(model, way, policy, row) -> None:
    start = f"| {model} | {way} | {policy} | "
    if "failed" in row:
        print(f"{start}{row['failed']} |", flush=True)
        return
    print(
        f"{start}{row['device']} | {row['seconds'] * 1e3:.1f} | {row['first']:.0f} | "
        f"{row['peak']:.0f} |",
        flush=True,
    )


def measure(arguments) -> dict:
    """Seconds of a step in `fit`, of the first one, and the peak memory."""
    import tensorflow as tf

    model, batch = make(arguments)
    model.compile(
        jit_compile=arguments.way == "xla", run_eagerly=arguments.way == "eager"
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
    """The model of the paper's sizes, and a random batch."""
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
