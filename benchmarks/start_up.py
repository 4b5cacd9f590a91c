"""Start-up time and peak memory of new processes, in turns.

    python benchmarks/start_up.py

Each command runs once before the rounds, so that its files are in the operating
system's cache. *beyond import* is the peak memory minus that of an empty Python
process, which is the lower bound.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from side_by_side import Result, print_table

FLOOR, PEER = "python -c pass", "import torch"
IMPORTS = (
    "import torch",
    "import tensorflow",
    "import keras",
    "import stargan_tf",
    "import stargan_tf; stargan_tf.StarGAN",
)
PROGRAM = "stargan-tf"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    commands = {text: [sys.executable, "-c", text] for text in IMPORTS}
    program = str(Path(sys.executable).with_name(PROGRAM))
    for words in (["--help"], ["train", "--help"]):
        commands[" ".join([PROGRAM, *words])] = [program, *words]
    commands[FLOOR] = [sys.executable, "-c", "pass"]
    print_table("a new process", measure(commands, arguments.rounds), PEER)


def measure(commands: dict[str, list[str]], rounds: int) -> dict[str, Result]:
    """Runs the commands in turns and returns {name: result}."""
    seconds = {name: [] for name in commands}
    peaks = dict.fromkeys(commands, 0.0)
    for turn in range(rounds + 1):
        for name, command in commands.items():
            taken, peak = start(command)
            peaks[name] = max(peaks[name], peak)
            if turn:
                seconds[name].append(taken)
    return {n: Result(seconds[n], peaks[n], peaks[FLOOR], {}) for n in commands}


def start(command: list[str]) -> tuple[float, float]:
    """Runs a process and returns its seconds and peak memory in MiB."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    since = time.perf_counter()
    process = subprocess.Popen(command, **quiet)
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - since
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return taken, usage.ru_maxrss * unit / 2**20


if __name__ == "__main__":
    main()
