"""Training iterations of JAX and PyTorch, each in a process of its own, in one call."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from side_by_side import peak_memory

from jax_training.precision import (
    PRECISIONS,
    jax_precision,
    policy,
    set_torch_precision,
)
from jax_training.random_batches import jax_iteration, torch_iteration
from jax_training.torch_flops import torch_flops

GPU = Path(__file__).parents[1] / "gpu.py"
CONTENDERS = [f"{who}:{how}" for who in ("torch", "jax") for how in PRECISIONS]
PEER = "torch:float32"
COLUMNS = (
    "ms",
    "slowest",
    "times the peer's speed",
    "peak MiB",
    "TFLOP/s",
    "of the matrix rate",
    "first call, s",
)
MIB = 2**20


def compare(model: str, arguments) -> dict[str, dict]:
    """Runs every contender alone, one after another, and prints the table.

    Args:
        model: v1 or v2.
        arguments: of the command line.

    Returns:
        {contender: what it reported}.
    """
    size, batch = getattr(arguments, model)
    found = {}
    for name in arguments.contenders:
        found[name] = _alone(name, model, size, batch, arguments)
        print(f"{model} {name}: {found[name]}", file=sys.stderr, flush=True)
    rates = _alone("rates", model, size, batch, arguments)
    print(f"\n| {model}, {size} px, batch {batch} | {' | '.join(COLUMNS)} |")
    print("|---" + "|---:" * len(COLUMNS) + "|")
    for name, row in found.items():
        _print_row(name, row, found.get(PEER, {}), rates)
    print(f"\nMatrix rates, TFLOP/s: {rates}")
    return {**found, "rates": rates}


def _alone(name, model, size, batch, arguments) -> dict:
    command = [sys.executable, str(GPU), "--time", model, "--contender", name]
    command += [f"--{model}", str(size), str(batch), "--steps", str(arguments.steps)]
    command += ["--matrix", str(arguments.matrix)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return {"failed": last[0][:200]}
    return json.loads(done.stdout.splitlines()[-1])


def _print_row(name, row, peer, rates):
    if "failed" in row:
        print(f"| {name} | {row['failed']} |")
        return
    seconds = statistics.median(row["seconds"])
    ratio = statistics.median(peer["seconds"]) / seconds if "seconds" in peer else 0
    speed = row["flops"] / seconds / 1e12
    share = speed / rates[name.partition(":")[2]] if "failed" not in rates else 0
    print(
        f"| {name} | {seconds * 1e3:.1f} | {max(row['seconds']) * 1e3:.1f} | "
        f"{ratio:.2f} | {row['peak']:.0f} | {speed:.3g} | {share:.0%} | "
        f"{row['first']:.0f} |"
    )


def contend(name: str, model: str, arguments) -> dict:
    """What a contender's process does; returns its report.

    Args:
        name: one of `CONTENDERS`, or "rates".
        model: v1 or v2.
        arguments: of the command line.
    """
    if name == "rates":
        return matrix_rates(arguments.matrix)
    who, _, how = name.partition(":")
    run = {"jax": run_jax, "torch": run_torch}[who]
    return run(model, *getattr(arguments, model), how, arguments.steps)


def run_jax(model: str, size: int, batch: int, how: str, steps: int) -> dict:
    """Times our iteration.

    Args:
        model: v1 or v2.
        size: side of the images in pixels.
        batch: number of images.
        how: one of `PRECISIONS`.
        steps: number of iterations that are timed.
    """
    import jax

    jitted, state, data = jax_iteration(model, size, batch, policy(how))

    def iteration():
        nonlocal state
        for step in jitted:
            state, terms = step(state, data)
        return terms

    with jax_precision(how):
        flops = sum(s.lower(state, data).cost_analysis()["flops"] for s in jitted)
        report = _timed(iteration, jax.block_until_ready, steps)
    memory = jax.local_devices()[0].memory_stats()
    peak = memory["peak_bytes_in_use"] / MIB if memory else peak_memory()
    return {**report, "flops": flops, "peak": peak}


def run_torch(model: str, size: int, batch: int, how: str, steps: int) -> dict:
    """Times the peer's iteration; see `run_jax`."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    autocast = set_torch_precision(how)
    iteration = torch_iteration(model, size, batch, device, autocast)

    def wait(_):
        if device == "cuda":
            torch.cuda.synchronize()

    report = _timed(iteration, wait, steps)
    on_gpu = device == "cuda"
    peak = torch.cuda.max_memory_allocated() / MIB if on_gpu else peak_memory()
    return {**report, "flops": torch_flops(iteration), "peak": peak}


def _timed(iteration, wait, steps) -> dict:
    """Seconds of each iteration, after a first and a second that are not counted."""
    start = time.perf_counter()
    wait(iteration())
    first = time.perf_counter() - start
    if steps > 1:
        wait(iteration())
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        wait(iteration())
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "first": first}


def matrix_rates(side: int) -> dict[str, float]:
    """TFLOP/s of a product of square matrices in PyTorch, for each of `PRECISIONS`.

    Args:
        side: of the matrices; 8192 fills a large GPU.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    rates = {}
    for how in PRECISIONS:
        dtype = set_torch_precision(how) or torch.float32
        # Random numbers: a product of zeros runs faster.
        a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))

        def products(a=a, b=b):
            for _ in range(10):
                product = a @ b
            return float(product[0, 0])  # waits

        best = min(_timed(products, float, 5)["seconds"])
        rates[how] = 10 * 2 * side**3 / best / 1e12
    return rates
