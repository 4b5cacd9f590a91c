"""Runs commands in children of one process that has imported TensorFlow already.

Each child has its own folder, home, and cache, and no privileges. It is killed after a
while, and its memory is measured.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import stargan_tf
import stargan_tf.cli.main
from stargan_tf.errors import ExpectedError

DEADLINE_S = 90
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """What one command did.

    Args:
        status: its exit status; negative: the signal that ended it.
        output: what it printed, both streams.
        errors: the lines of its standard error.
        seconds: of a processor that it took; other work on the machine adds none.
        mebibytes: its peak of memory.
    """

    status: int
    output: str
    errors: tuple[str, ...]
    seconds: float
    mebibytes: float


class Sandbox:
    """The process that the children are forked from."""

    def __init__(self):
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "default",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.robustness.sandbox"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def run(self, arguments, folder, environment=()):
        """Runs `stargan-tf ARGUMENTS` in a folder."""
        request = {
            "arguments": list(map(str, arguments)),
            "folder": str(folder),
            "environment": dict(environment),
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        errors = tuple(line for line in answer.pop("errors").splitlines() if line)
        return Outcome(errors=errors, **answer)

    def close(self):
        """Ends the process."""
        self._process.communicate()


def serve():
    """Answers one line with one line, until there is none."""
    stargan_tf.StarGAN  # noqa: B018  Imports TensorFlow and Keras.
    import h5py  # noqa: F401
    import PIL.Image

    PIL.Image.init()
    for package in ("nibabel", "pydicom", "tifffile", "torch", "safetensors.numpy"):
        with contextlib.suppress(ImportError):
            __import__(package)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


def answer(arguments, folder, environment):
    """Runs one command in a child."""
    place = Path(folder)
    streams = [place.parent / f"{place.name}.{name}" for name in ("out", "err")]
    start = time.monotonic()
    child = os.fork()
    if not child:
        become(arguments, place, environment, streams)
    status, usage = None, None
    while usage is None:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if not done:
            usage = None
            if time.monotonic() - start > DEADLINE_S:
                os.killpg(child, signal.SIGKILL)
            time.sleep(0.01)
    output, errors = (path.read_text("utf-8", "replace") for path in streams)
    return {
        "status": os.waitstatus_to_exitcode(status),
        "output": output + errors,
        "errors": errors,
        "seconds": usage.ru_utime + usage.ru_stime,
        "mebibytes": usage.ru_maxrss / 1024,
    }


def become(arguments, place, environment, streams):
    """Turns this process into the command; does not return."""
    status = 1
    try:
        os.setsid()
        os.chdir(place)
        home = place.parent / f"{place.name}.home"
        home.mkdir(exist_ok=True)
        for number, path in enumerate(streams, 1):
            stream = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            os.dup2(stream, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(
            HOME=str(home),
            TMPDIR=str(home),
            STARGAN_TF_CACHE=str(home / "cache"),
            **environment,
        )
        give_up_privileges()
        if arguments[0].startswith("python:"):
            status = called(arguments[0].removeprefix("python:"))
        else:
            status = stargan_tf.cli.main.main(arguments)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def called(name):
    """Calls a function of the table; what it raises is reported as by a command."""
    from tests.robustness import readers

    try:
        getattr(readers, name)()
    except ExpectedError as error:
        print(f"stargan-tf: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def give_up_privileges():
    """Permissions of files count for root, too."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    none = (ctypes.c_uint32 * 6)()
    if sys.platform == "linux":
        assert ctypes.CDLL(None).capset(header, none) == 0


if __name__ == "__main__":
    serve()
