"""`stargan-tf env`, `presets` and `cache`: what is installed, known and kept."""

import argparse
import json
import platform
import time
from importlib.metadata import PackageNotFoundError, version

from stargan_tf.cli.command import Command, CommandParser, Switch, start_tensorflow
from stargan_tf.errors import InputError, near_names
from stargan_tf.models.registry import installed_families, preset, presets

_PACKAGES = ("numpy", "Pillow", "absl-py", "tensorboard")


def _show_environment(args: argparse.Namespace) -> None:
    del args
    start_tensorflow()
    import tensorflow as tf

    from stargan_tf.distribution.devices import this_machine, why_no_gpu
    from stargan_tf.training.run_folder import versions

    machine = this_machine()
    facts = {
        **versions(),
        **{name: _version(name) for name in _PACKAGES},
        "python": platform.python_version(),
        "system": platform.platform(),
        "CUDA build": tf.test.is_built_with_cuda(),
        "devices": ", ".join(map(_device, tf.config.list_physical_devices())),
        "CPU threads": machine.threads,
    }
    if why := why_no_gpu(machine):
        facts["no GPU"] = why
    for name, fact in facts.items():
        print(f"{name:<13}{fact}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _device(device: object) -> str:
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(device)
    return f"{device.device_type} {details.get('device_name', '')}".strip()


ENV = Command(
    summary="Print versions and devices, for bug reports.",
    usage="env",
    add_arguments=lambda parser: None,
    run=_show_environment,
)


def _add_preset_names(parser: CommandParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="Presets to show.")


def _show_presets(args: argparse.Namespace) -> None:
    for name in args.names:
        print(f"{name}: {preset(name).description}")
        print(json.dumps(preset(name).values, indent=2))
    if args.names:
        return
    known_presets = presets(installed_families())
    width = max(map(len, known_presets)) + 2
    for name, known in known_presets.items():
        print(f"{name:<{width}}{known.description}")
    print("\n'stargan-tf presets NAME' shows what one sets.")


SHOW_PRESETS = Command(
    summary="List the presets, or show what one sets.",
    usage="presets [NAME …]",
    add_arguments=_add_preset_names,
    run=_show_presets,
)


def _add_cache_arguments(parser: CommandParser) -> None:
    help = "What to list; by default everything."
    parser.add_argument("kinds", metavar="KIND", nargs="*", help=help)
    help = "Remove what would be listed, except images that running processes use."
    parser.add_argument("--clear", action=Switch, default=False, help=help)


def _show_cache(args: argparse.Namespace) -> None:
    from stargan_tf.data import cache

    for kind in args.kinds:
        if kind not in cache.KINDS:
            raise InputError(
                f"KIND must be one of {', '.join(cache.KINDS)}. "
                f"{near_names(kind, cache.KINDS)}"
            )
    entries = cache.kept(tuple(args.kinds) or cache.KINDS)
    if args.clear:
        _clear(entries)
        return
    for entry in reversed(entries):
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.last_use))
        size = _megabytes(entry.num_bytes)
        print(f"{entry.kind:<12} {size:>12}  {day}  {entry.title}")
    print(f"{len(entries)} entries, {_total(entries)}, in {cache.cache_folder()}")
    print(
        f"Images may take {_megabytes(cache.limit_bytes())} ({cache.LIMIT_VARIABLE}); "
        "the longest unused ones leave first."
    )


def _clear(entries: list) -> None:
    from stargan_tf.data import cache

    left = [entry for entry in entries if not cache.remove(entry)]
    removed = [entry for entry in entries if entry not in left]
    print(f"Removed {len(removed)} of {len(entries)} entries, {_total(removed)}.")
    if left:
        names = ", ".join(f"{entry.kind} {entry.title}" for entry in left[:3])
        raise InputError(
            f"{len(left)} entries are in use, or you may not remove them: {names}"
            f"{', …' if len(left) > 3 else ''}. Try again when nothing runs."
        )


def _megabytes(num_bytes: float) -> str:
    return f"{num_bytes / 2**20:,.1f} MB"


def _total(entries: list) -> str:
    return _megabytes(sum(entry.num_bytes for entry in entries))


CACHE = Command(
    summary="List or remove what is kept between runs, such as decoded images.",
    usage="cache [KIND …] [--clear]",
    add_arguments=_add_cache_arguments,
    run=_show_cache,
)
