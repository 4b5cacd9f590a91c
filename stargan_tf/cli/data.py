"""`stargan-tf datasets`, `doctor`, `new-plugin`, `presets`, `cache` and `env`.

They inspect data before training, and list what is installed and cached.
"""

import argparse
import json
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from stargan_tf.cli.command import (
    Command,
    CommandParser,
    Switch,
    add_overwrite,
    number,
    start_tensorflow,
)
from stargan_tf.cli.model_flags import add_data_arguments, data_options
from stargan_tf.data.options import HELD_OUT, SPLITS, DatasetOptions
from stargan_tf.data.registry import DESCRIPTIONS
from stargan_tf.discovery import DATASETS, Plugin
from stargan_tf.errors import InputError, near_names
from stargan_tf.files import check_ending, check_file
from stargan_tf.models.registry import installed_families, preset, presets

if TYPE_CHECKING:
    from stargan_tf.doctor.opened import Opened


_HAS_ERRORS = 1  # exit status of `doctor`


def _add_datasets_arguments(parser: CommandParser) -> None:
    help = "describe: print information about --dataset. save: write its images."
    parser.add_argument("words", metavar="describe|save", nargs="*", help=help)
    parser.add_argument("--dataset", metavar="NAME", help="Name of the data set.")
    help = "save: folder for the images. describe: file for a contact sheet."
    parser.add_argument("--output", metavar="PATH", help=help)
    add_overwrite(parser.add_argument)
    add = parser.add_argument_group("Images to save").add_argument
    add("--split", choices=SPLITS, default=HELD_OUT, help="Split of the data.")
    add("--count", type=number(int, 1), default=10, help="Number of images.")
    add_data_arguments(parser)


def _datasets(args: argparse.Namespace) -> None:
    first, *others = args.words or [""]
    if first in _ACTIONS:
        # Earlier versions took the name as a positional argument.
        names = [args.dataset] if args.dataset else others
        if len(names) != 1 or (args.dataset and others):
            raise InputError(
                f"'stargan-tf datasets {first}' takes one --dataset NAME. "
                f"Received: {' '.join([*names, *others]) or 'none'}"
            )
        _ACTIONS[first](names[0], args)
    elif args.dataset or args.output:
        raise InputError(
            "An action is missing: use 'stargan-tf datasets describe' or 'stargan-tf "
            "datasets save'."
        )
    elif first:
        for name in args.words:
            print(f"{name}: {DATASETS.load(name).description}")
    else:
        _list()


def _list() -> None:
    plugins = DATASETS.installed()
    width = max(map(len, plugins), default=0) + 2
    for name, plugin in plugins.items():
        print(f"{name:<{width}}{_summary(plugin)}")
    print("\nFor details, run 'stargan-tf datasets describe --dataset NAME'.")


def _summary(plugin: Plugin) -> str:
    """A description that needs no import: for plugins, their package's summary."""
    if plugin.ambiguous:
        return f"claimed by {' and '.join(plugin.packages)}: cannot be used"
    package = plugin.packages[0]
    about = plugin.summary
    if package.startswith("stargan_tf "):
        about = DESCRIPTIONS.get(plugin.name, about)
    return f"{about} ({package})" if about else package


def _save(name: str, args: argparse.Namespace) -> None:
    # Imported here: listing must not wait for Pillow.
    from stargan_tf.data.registry import load_dataset
    from stargan_tf.translation.pictures import save_pictures

    if not args.output:
        raise InputError("--output DIR is missing: the folder for the images.")
    options = data_options(args)
    folder = options.get("data_dir")
    if folder and Path(folder).resolve() == Path(args.output).resolve():
        raise InputError(
            "--output must not be --data_dir, whose images would be replaced. "
            f"Received: {args.output}. Choose another --output."
        )
    source = load_dataset(name, args.split, args.image_size, **options)
    files = save_pictures(source, args.output, args.count, args.overwrite)
    print(f"{len(files)} images in {args.output}")


def _describe(name: str, args: argparse.Namespace) -> None:
    from stargan_tf.doctor.report import description
    from stargan_tf.translation.grid import contact_sheet
    from stargan_tf.translation.pictures import WRITABLE, write_picture

    output = Path(args.output) if args.output else None
    if output:
        check_ending(output, "an image", WRITABLE)
        check_file(output, args.overwrite)
    opened = _open(name, args.image_size, DatasetOptions(**data_options(args)))
    try:
        if output and not opened.splits:
            raise InputError(f"A contact sheet needs images: {opened.problems[0]}")
        if output:
            write_picture(contact_sheet(dict(opened.splits)), output)
    finally:
        print(description(opened))
    if output:
        print(f"\nContact sheet: {output}")


def _open(name: str, image_size: int, options: DatasetOptions) -> "Opened":
    """The data set; without its files, what is known about it."""
    from stargan_tf.doctor.opened import Opened, open_data

    try:
        return open_data(name, image_size, options)
    except (InputError, ImportError) as error:
        # Without files (or the extra that reads them) there is still something to
        # describe; with a wrong flag there is not.
        given = options.data_dir, options.labels, *options.attributes
        if name not in DATASETS.installed() or any(given):
            raise
        return Opened(name, image_size, options, {}, None, (str(error),))


_ACTIONS = {"describe": _describe, "save": _save}
DATASETS_COMMAND = Command(
    summary="List the installed data sets, describe one, or save its images.",
    usage=(
        "datasets\n"
        "       stargan-tf datasets describe --dataset NAME [--data_dir DIR] "
        "[--output SHEET.png]\n"
        "       stargan-tf datasets save --dataset NAME --output DIR"
    ),
    add_arguments=_add_datasets_arguments,
    run=_datasets,
    renamed={"--save": "save --dataset"},
)


def _add_doctor_arguments(parser: CommandParser) -> None:
    parser.add_required("--dataset", "Name of the data set to check.")
    add_data_arguments(parser)
    add = parser.add_argument_group("Report").add_argument
    add("--output", metavar="FILE", help="JSON file for the report.")
    add_overwrite(add)
    help = "Also look for nearly equal images, such as resized or edited copies."
    add("--near_duplicates", action=Switch, default=False, help=help)


def _doctor(args: argparse.Namespace) -> int:
    options = DatasetOptions(**data_options(args))
    # Imported here: the help must not wait for Pillow.
    from stargan_tf.doctor import diagnose
    from stargan_tf.doctor.report import report_text, write_report

    output = Path(args.output) if args.output else None
    if output:
        check_file(output, args.overwrite)
    report = diagnose(args.dataset, args.image_size, options, args.near_duplicates)
    # Written before it is printed, and printed even if it cannot be written.
    try:
        if output:
            write_report(report, output)
    finally:
        print(report_text(report))
    if output:
        print(f"Report: {output}")
    return _HAS_ERRORS if report.has_errors else 0


DOCTOR = Command(
    summary="Check a data set before training on it.",
    usage=(
        "doctor --dataset NAME [--data_dir DIR] [--labels FILE] "
        "[--output FILE.json]\n"
        "Exit status: 0: no errors found, 1: errors found, 2: wrong usage."
    ),
    add_arguments=_add_doctor_arguments,
    run=_doctor,
)


def _add_new_plugin_arguments(parser: CommandParser) -> None:
    help = "Name of the data set or the model family."
    parser.add_argument("name", metavar="NAME", help=help)
    help = "What the package provides: a data set, or a model family to train."
    add = parser.add_argument
    add("--kind", choices=("dataset", "model"), default="dataset", help=help)
    add("--output", help="Folder to write. [NAME in the current folder]")


def _new_plugin(args: argparse.Namespace) -> None:
    from stargan_tf.new_plugin import KINDS, write_plugin

    folder = write_plugin(args.name, args.output, args.kind)
    print(
        f"{folder} is a package with the {KINDS[args.kind].group.noun} '{args.name}'. "
        "Install and test it:\n"
        f"  pip install -e '{folder}[test]'\n"
        f"  pytest {folder}\n"
        f"{folder}/README.md explains what to edit and how to train."
    )


NEW_PLUGIN = Command(
    summary="Write an installable package for your own data set or model family.",
    usage="new-plugin NAME [--kind dataset|model] [--output DIR]",
    add_arguments=_add_new_plugin_arguments,
    run=_new_plugin,
)


# === env, presets, cache: what is installed and cached ===

_PACKAGES = ("numpy", "Pillow", "absl-py", "tensorboard")


def _show_environment(args: argparse.Namespace) -> None:
    del args
    start_tensorflow()
    import tensorflow as tf

    from stargan_tf.distribution.devices import onednn, this_machine, why_no_gpu
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
        "oneDNN": onednn(),
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
    print("\nFor the options that a preset sets, run 'stargan-tf presets NAME'.")


SHOW_PRESETS = Command(
    summary="List the presets, or show the options that a preset sets.",
    usage="presets [NAME …]",
    add_arguments=_add_preset_names,
    run=_show_presets,
)


def _add_cache_arguments(parser: CommandParser) -> None:
    help = "Types of entries to list. [all]"
    parser.add_argument("kinds", metavar="KIND", nargs="*", help=help)
    help = "Remove these entries, except images in use by running processes."
    parser.add_argument("--clear", action=Switch, default=False, help=help)


def _show_cache(args: argparse.Namespace) -> None:
    from stargan_tf.data import cache

    for name in args.kinds:
        if name not in cache.KINDS:
            raise InputError(
                f"KIND must be one of {', '.join(cache.KINDS)}. Received: {name}. "
                f"{near_names(name, cache.KINDS)}"
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
        f"Images are limited to {_megabytes(cache.limit_bytes())} "
        f"({cache.LIMIT_VARIABLE}); the least recently used ones are removed first."
    )


def _clear(entries: list) -> None:
    from stargan_tf.data import cache

    left = [entry for entry in entries if not cache.remove(entry)]
    removed = [entry for entry in entries if entry not in left]
    print(f"Removed {len(removed)} of {len(entries)} entries, {_total(removed)}.")
    if left:
        names = ", ".join(f"{entry.kind} {entry.title}" for entry in left[:3])
        raise InputError(
            f"{len(left)} entries are in use, or cannot be removed: {names}"
            f"{', …' if len(left) > 3 else ''}. Try again when no other process runs."
        )


def _megabytes(num_bytes: float) -> str:
    return f"{num_bytes / 2**20:,.1f} MB"


def _total(entries: list) -> str:
    return _megabytes(sum(entry.num_bytes for entry in entries))


CACHE = Command(
    summary="List or remove cached files, such as decoded images.",
    usage="cache [KIND …] [--clear]",
    add_arguments=_add_cache_arguments,
    run=_show_cache,
)
