"""Ours beside its peers: processes that take turns at the same work.

Each contender is a process of its own, so that no library's threads, allocator or
settings touch another's, and so that its peak memory is its own. All get ready and do
the work once; then, in every round, each does it once while the others wait. The ratios
are taken within rounds: what else the machine does then meets both sides.

A benchmark is a script that starts itself again for every contender:

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
    """What a contender did.

    Args:
        seconds: of each round.
        peak: the process' peak memory in MiB.
        imported: its memory in MiB once the framework was imported, before the work.
        facts: whatever else it reported when it was ready.
    """

    seconds: list[float]
    peak: float
    imported: float
    facts: dict


class Contender:
    """A process that does its work whenever it is told.

    Args:
        command: arguments of Python.
        environment: further environment variables.
    """

    def __init__(self, command: list[str], environment: dict | None = None):
        # TensorFlow talks at every start. Shown if the contender dies.
        self.said = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            env={"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ, **(environment or {})},
            text=True,
        )

    def answer(self) -> dict:
        """Its next message; ends the benchmark if it died."""
        line = self.process.stdout.readline()
        if not line:
            self.said.seek(0)
            sys.stderr.write(self.said.read())
            self._release()
            raise SystemExit(f"A contender ended: {' '.join(self.process.args)}")
        return json.loads(line)

    def work(self) -> float:
        """Seconds of one round."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.answer()["seconds"]

    def close(self) -> dict:
        """Ends it; returns its memory."""
        self.process.stdin.close()
        memory = self.answer()
        self._release()
        return memory

    def _release(self) -> None:
        for file in (self.process.stdin, self.process.stdout, self.said):
            file.close()
        self.process.wait()


def take_turns(framework: str, setup: Callable) -> None:
    """What a contender's process does.

    Args:
        framework: the module whose import is not counted as the work's memory.
        setup: () → a function that does the work once, or (that, facts to report). A
            function that the work returns is called after the clock has stopped, to
            tidy up before it is the next one's turn.
    """
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print is no message

    def tell(**message) -> None:
        print(json.dumps(message), file=channel, flush=True)

    importlib.import_module(framework)
    imported = peak_memory()
    work = setup()
    work, facts = work if isinstance(work, tuple) else (work, {})
    timed(work)
    tell(facts=facts)
    for _ in sys.stdin:
        tell(seconds=timed(work))
    tell(peak=peak_memory(), imported=imported)


def timed(work: Callable) -> float:
    """Seconds that the work takes, without what it leaves to do after it."""
    start = time.perf_counter()
    rest = work()
    seconds = time.perf_counter() - start
    if callable(rest):
        rest()
    return seconds


def peak_memory() -> float:
    """This process' peak in MiB."""
    # Of the status file, since getrusage hands on the peak of the parent process.
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
    """Lets contenders take turns.

    Args:
        commands: {name: arguments of Python}.
        rounds: how often each works.
        environments: {name: further environment variables}.
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
    """Median, and the whole range."""
    low, high = shown(min(values)), shown(max(values))
    return f"{shown(statistics.median(values))} ({low}-{high})"


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def print_table(
    title: str,
    results: dict[str, Result],
    peer: str,
    per: float = 1.0,
    rate: str = "",
    columns: dict[str, dict[str, str]] | None = None,
):
    """One Markdown table, a row for each contender.

    Args:
        title: of the first column.
        results: of `run`.
        peer: name of the contender that the others are measured by; the first one if
            it did not take part.
        per: how many things a round makes; seconds are given for one.
        rate: name of what to give in place of seconds: things in a second.
        columns: {heading: {name: text}} of further columns.
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
    """Runs contenders in turns and prints the table; see `run` and `print_table`."""
    results = run(commands, rounds, environments)
    print_table(title, results, peer, **table)
    return results
