"""Comparison of contenders: processes that run the same work in turns.

Each contender is a separate process, so that its threads, allocator, settings, and peak
memory are independent of the others. All contenders first run the work once. Then, in
every round, each runs it once while the others wait. Ratios are computed within rounds,
so that other processes affect both times.

A benchmark is a script that starts itself for every contender:

    if arguments.contender:
        take_turns("torch", lambda: function_that_does_the_work_once)
    else:
        compare({name: [__file__, "--contender", name, …] for name in NAMES}, rounds=5)
"""

import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import NamedTuple

import stargan_tf  # noqa: F401  Before TensorFlow: it turns on oneDNN.


class Result(NamedTuple):
    """Result of a contender.

    Args:
        seconds: time of each round.
        peak: peak memory of the process in MiB.
        imported: memory in MiB after the import of the framework, before the work.
        facts: further values that the contender reported before the rounds.
    """

    seconds: list[float]
    peak: float
    imported: float
    facts: dict


class Contender:
    """Process that runs its work on request.

    Args:
        command: arguments of the Python interpreter.
        environment: additional environment variables.
    """

    def __init__(self, command: list[str], environment: dict | None = None):
        # Messages of TensorFlow, which are only shown if the contender fails.
        self.errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ, **(environment or {})},
            text=True,
        )

    def answer(self) -> dict:
        """Returns the next message; ends the benchmark if the process has ended."""
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            sys.stderr.write(self.errors.read())
            self._release()
            raise SystemExit(f"A contender failed: {' '.join(self.process.args)}")
        return json.loads(line)

    def work(self) -> float:
        """Runs a round and returns its seconds."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.answer()["seconds"]

    def close(self) -> dict:
        """Ends the process and returns its memory."""
        self.process.stdin.close()
        memory = self.answer()
        self._release()
        return memory

    def _release(self) -> None:
        for file in (self.process.stdin, self.process.stdout, self.errors):
            file.close()
        self.process.wait()


def take_turns(framework: str, setup: Callable) -> None:
    """Runs in the process of a contender.

    Args:
        framework: module whose import is excluded from the memory of the work.
        setup: function that returns the work, a function, or (work, facts to report).
            If the work returns a function, it is called after the time measurement, to
            clean up before the next contender's turn.
    """
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Output of the libraries is not a message.

    def send(**message) -> None:
        print(json.dumps(message), file=channel, flush=True)

    importlib.import_module(framework)
    imported = peak_memory()
    work = setup()
    work, facts = work if isinstance(work, tuple) else (work, {})
    timed(work)
    send(facts=facts)
    for _ in sys.stdin:
        send(seconds=timed(work))
    send(peak=peak_memory(), imported=imported)


def timed(work: Callable) -> float:
    """Returns the seconds of the work, without its cleanup function."""
    start = time.perf_counter()
    clean_up = work()
    seconds = time.perf_counter() - start
    if callable(clean_up):
        clean_up()
    return seconds


def peak_memory() -> float:
    """Returns the peak memory of this process in MiB."""
    # Not getrusage, whose value includes the peak of the parent process.
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(
    commands: dict[str, list[str]],
    rounds: int,
    environments: dict[str, dict] | None = None,
) -> dict[str, Result]:
    """Runs contenders in turns.

    Args:
        commands: {name: arguments of the Python interpreter}.
        rounds: number of rounds.
        environments: {name: additional environment variables}.

    Returns:
        {name: result}.
    """
    contenders, facts = {}, {}
    for name, command in commands.items():
        contenders[name] = Contender(command, (environments or {}).get(name))
        facts[name] = contenders[name].answer()["facts"]
        print(f"{name}: ready", file=sys.stderr, flush=True)
    seconds = {name: [] for name in contenders}
    for number in range(1, rounds + 1):
        for name, contender in contenders.items():
            seconds[name].append(contender.work())
        last = ", ".join(f"{n} {s[-1]:.4g} s" for n, s in seconds.items())
        print(f"round {number} of {rounds}: {last}", file=sys.stderr, flush=True)
    memory = {name: contender.close() for name, contender in contenders.items()}
    return {n: Result(seconds[n], **memory[n], facts=facts[n]) for n in contenders}


def spread(values: list[float]) -> str:
    """Formats the median and the range."""
    low, high = formatted(min(values)), formatted(max(values))
    return f"{formatted(statistics.median(values))} ({low}-{high})"


def formatted(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def print_table(
    title: str,
    results: dict[str, Result],
    peer: str,
    per: float = 1.0,
    rate: str = "",
    columns: dict[str, dict[str, str]] | None = None,
):
    """Prints a Markdown table with a row per contender.

    Args:
        title: heading of the first column.
        results: results of `run`.
        peer: name of the contender that the others are compared with. If it is not in
            `results`, they are compared with the first.
        per: number of items per round; seconds are per item.
        rate: heading such as `"images/s"` to print items per second instead of seconds.
        columns: {heading: {name: text}} of additional columns.
    """
    others = results.get(peer, next(iter(results.values()))).seconds
    columns = columns or {}
    more = "".join(f" {heading} |" for heading in columns)
    head = f"{rate or 'seconds'} | times the peer's | peak MiB | beyond import |"
    print(f"\n| {title} | {head}{more}")
    print("|---|---:|---:|---:|---:|" + "---:|" * len(columns))
    for name, result in results.items():
        pairs = zip(result.seconds, others, strict=True)
        ratios = [b / a if rate else a / b for a, b in pairs]
        amounts = [per / s if rate else s / per for s in result.seconds]
        more = "".join(f" {texts.get(name, '')} |" for texts in columns.values())
        print(
            f"| {name} | {spread(amounts)} | "
            f"{'1' if result.seconds is others else spread(ratios)} | "
            f"{result.peak:.0f} | {result.peak - result.imported:.0f} |{more}"
        )


def compare(
    title: str,
    commands: dict[str, list[str]],
    peer: str,
    rounds: int,
    environments: dict[str, dict] | None = None,
    **table,
) -> dict[str, Result]:
    """Runs contenders (see `run`) and prints the results (see `print_table`)."""
    results = run(commands, rounds, environments)
    print_table(title, results, peer, **table)
    return results
