"""`stargan-tf serve`: a small server with TF Serving's protocol."""

import signal
import threading
from pathlib import Path
from typing import Any

from absl import flags

from stargan_tf.cli.quiet_start import start_tensorflow
from stargan_tf.errors import InputError
from stargan_tf.interruption import SIGNALS
from stargan_tf.shipped import named_or

SUMMARY = "Serve an exported SavedModel over gRPC, on laptops and in tests."
USAGE = (
    "stargan-tf serve saved_models/NAME [--port 8500]\n"
    "       or toon_attributes, toon_people, which come with the package\n"
    "       Production is TF Serving itself, with the same folder: docs/serving.md"
)
ADVICE = "A small server for laptops and tests; in production use TF Serving."


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the command's flags.

    Args:
        flag_values: where to declare them.
    """
    server = {"flag_values": flag_values, "module_name": "Server"}
    flags.DEFINE_integer(
        "port", 8500, "0 takes a free one.", lower_bound=0, upper_bound=65535, **server
    )
    flags.DEFINE_string(
        "host",
        "127.0.0.1",
        "Address to listen at; the default is reached from this machine only. There is "
        "neither encryption nor a password.",
        **server,
    )
    flags.DEFINE_float(
        "poll_seconds",
        1.0,
        "Looks so often for a new version; it replaces the old one without failing a "
        "request.",
        lower_bound=0.05,
        **server,
    )
    _define_limits(flag_values)


def _define_limits(flag_values: flags.FlagValues) -> None:
    limits = {"flag_values": flag_values, "module_name": "Limits"}
    flags.DEFINE_bool(
        "batching",
        True,
        "Compute requests together that come together, as the export's batching.config "
        "says.",
        **limits,
    )
    flags.DEFINE_string(
        "batching_config", None, "Another batching file of TF Serving.", **limits
    )
    flags.DEFINE_integer(
        "max_requests",
        64,
        "Requests at once; more are RESOURCE_EXHAUSTED.",
        lower_bound=1,
        **limits,
    )
    flags.DEFINE_integer(
        "max_megabytes",
        256,
        "Of a request; larger ones are RESOURCE_EXHAUSTED.",
        lower_bound=1,
        upper_bound=2047,
        **limits,
    )
    flags.DEFINE_float(
        "grace",
        10.0,
        "Seconds that running requests have to finish after SIGTERM or Ctrl-C.",
        lower_bound=0.0,
        **limits,
    )


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Args:
        flag_values: the parsed flags.
        positionals: the model's folder.

    Raises:
        InputError: if the folder holds no version, or the port is in use.
        ImportError: without the extra `serving`.
    """
    if len(positionals) != 1:
        raise InputError(
            f"Name one folder. Received: {' '.join(positionals) or 'none'}. Usage: "
            f"{USAGE.splitlines()[0]}"
        )
    from stargan_tf.serving.needs import check_installed

    check_installed()
    server = _make(flag_values, _folder(Path(positionals[0])))
    stop = _stop_on_signals()
    start_tensorflow()
    server.start()
    print(f"Serving {server.name}, version {server.version}, at {server.address}")
    print(ADVICE, flush=True)
    stop.wait()
    print("Finishing requests.", flush=True)
    server.stop(flag_values.grace)


def _folder(named: Path) -> Path:
    if named_or(named) == named:
        return named
    start_tensorflow()
    from stargan_tf.serving.shipped_model import served_folder

    return served_folder(named)


def _make(flag_values: flags.FlagValues, folder: Path) -> Any:
    from stargan_tf.serving.batching_config import read_batching
    from stargan_tf.serving.server import FROM_EXPORT, Server, ServerOptions

    batching = FROM_EXPORT if flag_values.batching else None
    if flag_values.batching_config:
        batching = read_batching(Path(flag_values.batching_config))
    names = ("host", "port", "poll_seconds", "max_requests", "max_megabytes")
    options = {name: flag_values[name].value for name in names}
    return Server(folder, ServerOptions(batching=batching, **options))


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # As under nohup.
            signal.signal(number, lambda *_: stop.set())
    return stop
