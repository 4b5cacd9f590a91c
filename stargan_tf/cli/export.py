"""`stargan-tf export`, `import`, `serve`, and `demo`: models in other formats."""

import argparse
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from stargan_tf import interruption
from stargan_tf import pretrained as shipped
from stargan_tf.cli.command import (
    PROGRAM,
    Command,
    CommandParser,
    Switch,
    add_overwrite,
    number,
    print_next_steps,
    start_tensorflow,
)
from stargan_tf.cli.model_flags import (
    DATA_FLAGS,
    MODEL_HELP,
    add_model_data_arguments,
    data_choice,
)
from stargan_tf.convert.names import PRESETS
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.exporting import (
    FLOAT32,
    FORMATS,
    INPUT_TYPES,
    INT8,
    MODES,
    MODES_HELP,
    NONE,
    AgreementError,
    check_format,
)
from stargan_tf.files import check_new, check_writable
from stargan_tf.models.registry import family
from stargan_tf.native_output import note

_LITERT_FLAGS = ("quantize", "input_type", "calibration_images")
_COMPARED = ("saved_model", "litert")  # with Keras, by --check
_DISAGREES = 1  # exit status


def _add_export_arguments(parser: CommandParser) -> None:
    add = parser.add_argument_group("Model").add_argument
    add("--model", required=True, help=MODEL_HELP)
    add = parser.add_argument_group("Output").add_argument
    add(
        "--format",
        required=True,
        choices=list(_EXPORTERS),
        help="saved_model: SavedModel for TF Serving: OUTPUT/1, then OUTPUT/2 and so "
        "on. litert: LiteRT (TFLite) files for phones, browsers, and small boards. "
        "torch: checkpoints for the authors' PyTorch code.",
    )
    add("--output", required=True, metavar="DIR", help="Folder to write.")
    add_overwrite(add)
    add(
        "--check",
        action=Switch,
        help=f"{' and '.join(_COMPARED)}: compare with Keras on held-out images. An "
        "export that fails the check is not written; the exit status is then 1. [true]",
    )
    add_model_data_arguments(parser)
    add = parser.add_argument_group("Format litert").add_argument
    add("--quantize", choices=MODES, help=f"{MODES_HELP} [{NONE}]")
    help = f"Type of input and output images; {FLOAT32} is in [-1, 1]. [{FLOAT32}]"
    add("--input_type", choices=INPUT_TYPES, help=help)
    help = "For int8: number of training images to calibrate ranges with. [50]"
    add("--calibration_images", type=number(int, 1), help=help)


def _export(args: argparse.Namespace) -> int:
    _refuse_flags_of_other_formats(args)
    # Imported here: NumPy is slow to start.
    from stargan_tf.training.run_folder import find_checkpoint

    checkpoint, state = find_checkpoint(args.model)
    check_format(args.format, state.model)
    try:
        for line in _EXPORTERS[args.format](args, checkpoint, state):
            print(line)
    except AgreementError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return _DISAGREES
    return 0


def _refuse_flags_of_other_formats(args: argparse.Namespace) -> None:
    for flag in _LITERT_FLAGS if args.format != "litert" else ():
        if getattr(args, flag) is not None:
            raise InputError(f"--{flag} is for --format litert. Drop it.")
    for flag in ("check", *DATA_FLAGS) if args.format not in _COMPARED else ():
        if getattr(args, flag) is not None:
            raise InputError(
                f"--{flag} is for formats that are compared with Keras: "
                f"{' and '.join(_COMPARED)}. Drop it."
            )


def _export_saved_model(
    args: argparse.Namespace, checkpoint: Path, state: Any
) -> list[str]:
    from stargan_tf.serving.tf_serving import check_installed, next_version

    output = Path(args.output)
    if args.overwrite:
        raise InputError(
            "--format saved_model adds a version and never replaces one. Drop "
            "--overwrite."
        )
    check_installed()
    next_version(output)
    choice = data_choice(args, state.datasets[0]["image_size"])
    start_tensorflow()
    from stargan_tf.exporting.saved_model import export_saved_model

    check = args.check is not False
    version, agreement = export_saved_model(checkpoint, state, output, check, choice)
    lines = [f"{name}: {measured}" for name, measured in agreement.items()]
    return [*lines, f"Wrote {version}", f"Next: {PROGRAM} serve --model {output}"]


def _export_litert(args: argparse.Namespace, checkpoint: Path, state: Any) -> list[str]:
    from stargan_tf.evaluation.job import open_evaluation_data
    from stargan_tf.exporting.litert_file import check_installed

    output = Path(args.output)
    check = args.check is not False
    check_new(output, args.overwrite, "model.json")
    if check or args.quantize == INT8:
        check_installed()
    choice = data_choice(args, state.datasets[0]["image_size"])
    if args.quantize == INT8:
        open_evaluation_data(checkpoint, state, choice)
    start_tensorflow()
    from stargan_tf.exporting.litert import export_litert

    files, agreement, measured_on = export_litert(
        checkpoint,
        state,
        output,
        quantize=args.quantize or NONE,
        input_type=args.input_type or FLOAT32,
        calibration_images=args.calibration_images or 50,
        check=check,
        data=choice,
        overwrite=args.overwrite,
    )
    lines = [f"Wrote {file} ({_size(file)})" for file in files]
    for name, measured in agreement.items():
        lines.append(f"'{name}' against Keras on {measured_on}: {measured}")
    return lines


def _size(file: Path) -> str:
    size = file.stat().st_size
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size >> 10} KiB"


def _export_torch(args: argparse.Namespace, checkpoint: Path, state: Any) -> list[str]:
    from stargan_tf.convert.files import import_torch

    output = Path(args.output)
    import_torch()
    check_writable(output)
    start_tensorflow()
    from stargan_tf.convert.write import export_checkpoint

    files = export_checkpoint(checkpoint, state, output, args.overwrite)
    return [f"Wrote {file}" for file in files]


_EXPORTERS = {
    "saved_model": _export_saved_model,
    "litert": _export_litert,
    "torch": _export_torch,
}

EXPORT = Command(
    summary="Export a model to SavedModel, LiteRT, or the official PyTorch format.",
    usage="export --model DIR --format NAME --output DIR",
    add_arguments=_add_export_arguments,
    run=_export,
)


def _add_import_arguments(parser: CommandParser) -> None:
    help = "The files of one model, or a published model, such as official/afhq."
    parser.add_argument("checkpoints", metavar="CHECKPOINT", nargs="+", help=help)
    parser.add_argument(
        "--output", required=True, metavar="DIR", help="Folder to write."
    )
    add_overwrite(parser.add_argument)
    parser.add_argument(
        "--accept_license",
        action=Switch,
        default=False,
        help="For official/NAME: accept the authors' license without a prompt.",
    )
    add = parser.add_argument_group("Names").add_argument
    add("--preset", help=f"Names of the labels: {', '.join(PRESETS)}.")
    add(
        "--domains",
        help="Names of the labels, A,B,C, in the order of training; A,B/C,D for a "
        "joint model.",
    )
    add(
        "--label_type",
        help="binary: each label is on or off. one_hot: exactly one is on. For a "
        "joint model, such as one_hot/binary. [as in the official code]",
    )
    parser.add_argument(
        "--image_size",
        type=number(int, 1),
        help="Side of the images in pixels, for {step}-G.ckpt without {step}-D.ckpt. "
        "[128]",
    )


def _import(args: argparse.Namespace) -> None:
    # Imported here: NumPy is slow to start.
    from stargan_tf.convert.read import read

    output = Path(args.output)
    check_new(output, args.overwrite, "import.json")
    paths, preset, origin = args.checkpoints, args.preset, None
    if any(map(shipped.is_official, paths)):
        file, preset, origin = _fetch_official(args)
        paths = [file]
    elif args.accept_license:
        raise InputError("--accept_license is for official/NAME. Drop it.")
    checkpoint = read(paths, preset, args.domains, args.label_type, args.image_size)
    start_tensorflow()
    from stargan_tf.convert.write import write_model

    imported = write_model(checkpoint, paths, output, args.overwrite, origin)
    if imported.family is None:
        print(f"A landmark network for faces: stargan_tf.load_model({str(output)!r})")
        return
    infos = imported.infos
    labels = " and ".join(f"{info.name} ({', '.join(info.domains)})" for info in infos)
    print(f"A {imported.family} model for {infos[0].image_size} px of {labels}.")
    if imported.fresh:
        print(
            f"Not in the checkpoint, so newly initialized: {', '.join(imported.fresh)}."
        )
    masks = f"--mask_provider {output} " if imported.has_landmarks else ""
    print_next_steps(
        family(imported.family).uses,
        output,
        LabelSpace(infos),
        f"train --init_from {output} {masks}--dataset folder --data_dir PHOTOS "
        "--run runs/mine",
    )
    if imported.has_landmarks:
        print(
            "The checkpoint's landmark network computes the masks for its high-pass "
            "skips."
        )
    elif imported.options.get("high_pass"):
        print(
            "The model has high-pass skips, but the checkpoint has no landmark network "
            "(fan) to compute their masks: import it together with wing.ckpt, or add "
            "--mask_provider to each of these commands."
        )


def _fetch_official(args: argparse.Namespace) -> tuple[Path, str | None, dict]:
    """(file, preset, origin) of the named model, once its license is accepted.

    Label names that the user gave replace the preset.
    """
    if len(args.checkpoints) > 1:
        raise InputError(
            "A published model must be imported alone. Received: "
            f"{' '.join(args.checkpoints)}"
        )
    start_tensorflow()  # Keras downloads the file.
    from stargan_tf.convert.published import fetch, license_text, published

    source = published(args.checkpoints[0])
    if args.accept_license:
        note(license_text(source))
    else:
        _ask_to_accept(license_text(source))
    file, origin = fetch(source)
    named = args.preset or args.domains
    return file, args.preset if named else source.preset, origin


def _ask_to_accept(text: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        one_line = text.replace("\n", " ")
        raise InputError(f"{one_line}. Add --accept_license to accept it.")
    try:
        answer = input(f"{text}\nDo you accept this license? [y/N] ")
    except EOFError:
        print()
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise InputError("The license was not accepted; nothing was downloaded.")


IMPORT = Command(
    summary="Import the authors' PyTorch checkpoints.",
    usage=(
        "import CHECKPOINT [CHECKPOINT …] [--preset NAME] --output DIR\n"
        "CHECKPOINT: files of the authors' code, {step}-G.ckpt and {step}-D.ckpt, or\n"
        "{step}_nets_ema.ckpt (_nets.ckpt, _optims.ckpt), or wing.ckpt; also .npz. Or\n"
        "the name of a model to download from its authors: official/celeba_hq,\n"
        "official/afhq, official/wing."
    ),
    add_arguments=_add_import_arguments,
    run=_import,
)


# === serve: TF Serving if it is installed, or else a development server ===


def _add_arguments(parser: CommandParser) -> None:
    add = parser.add_argument
    help = (
        "Folder that 'export --format saved_model' wrote. Also any model that "
        "'translate' takes; it is exported first."
    )
    parser.add_required("--model", help)
    port = number(int, 0, 65535)
    add("--port", type=port, default=8500, help="Port; 0: any free port.")
    add(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="Address to listen on; 127.0.0.1 accepts connections from this machine "
        "only. Connections are neither encrypted nor authenticated. An installed "
        "tensorflow_model_server ignores this and listens on all addresses.",
    )


def _serve(args: argparse.Namespace) -> None:
    from stargan_tf.serving import tf_serving

    is_bare_ipv6 = ":" in args.host and not args.host.startswith("[")
    host = f"[{args.host}]" if is_bare_ipv6 else args.host
    port = _usable_port(host, args.port)
    folder = _folder(args.model)
    tf_serving.served_version(folder)
    if command := tf_serving.program_command(folder, port):
        _become(command, f"TF Serving ({command[0]}) on all addresses, port {port}")
    if command := tf_serving.docker_command(folder, host, port):
        _become(command, f"TF Serving (Docker's {tf_serving.IMAGE}) on {host}:{port}")
    _serve_here(folder, host, port)


def _become(command: Sequence[str], description: str) -> None:
    """Replaces this process, so that signals and the exit status pass through."""
    note(f"Running {description}")
    sys.stderr.flush()
    os.execv(command[0], command)


def _serve_here(folder: Path, host: str, port: int) -> None:
    from stargan_tf.serving.tf_serving import check_installed

    check_installed()
    start_tensorflow()
    from stargan_tf.serving.dev_server import DevServer

    server = DevServer(folder, host, port)
    try:
        server.start()
        print(
            f"Running the development server, since TF Serving is not installed: "
            f"{server.name}, version {server.version}, on {server.address}",
            flush=True,
        )
        # Polled: another thread may receive the signal, or the interrupt may be raised
        # in a finalizer, where Python drops it.
        while not interruption.received():
            time.sleep(1)
    except KeyboardInterrupt:
        pass
    note("Finishing open requests.")
    server.stop()


def _folder(model: str) -> Path:
    """The folder of an exported model; any other model is exported first."""
    from stargan_tf.serving.tf_serving import versions

    folder = Path(model)
    is_export = versions(folder) or (folder / "saved_model.pb").exists()
    return folder if is_export else _exported(model, "saved_model", "1")


def _exported(model: str, format: str, content: str) -> Path:
    """The folder of a model's export, which is created once and cached.

    Args:
        content: a file or folder that a complete export contains.
    """
    from stargan_tf.data.cache import cache_folder
    from stargan_tf.training.checkpoints import model_digest
    from stargan_tf.training.run_folder import beside, find_checkpoint
    from stargan_tf.version import __version__

    checkpoint, state = find_checkpoint(model)
    check_format(format, state.model)
    # Named after the model, since clients request it by that name.
    key = f"{format}-{model_digest(checkpoint)[:16]}"
    folder = cache_folder() / "served" / __version__ / key / beside(model, "").name
    if not (folder / content).exists():
        note(f"Exporting {model} to the cache, {folder}")
        start_tensorflow()
        resolve_name(FORMATS[format][1])(checkpoint, state, folder, check=False)
    return folder


def _usable_port(host: str, port: int) -> int:
    """The port, or a free one for 0; InputError if it is not available."""
    try:
        infos = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        family, socket_type, protocol, _, address = infos[0]
        with socket.socket(family, socket_type, protocol) as trial:
            if os.name == "posix":
                # A port that a server has just closed is free.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            return trial.getsockname()[1]
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"Cannot listen on {host}:{port}: the port is in use, or the address is "
            "not this machine's. Pass another --port; 0 takes any free port."
        ) from error


SERVE = Command(
    summary="Serve an exported SavedModel over gRPC.",
    usage=(
        "serve --model saved_models/NAME [--port 8500]\n"
        "Runs tensorflow_model_server if it is installed, or else the Docker image\n"
        "tensorflow/serving if it has been pulled, or else a development server.\n"
        "A model that is not exported yet is exported once, to the cache."
    ),
    add_arguments=_add_arguments,
    run=_serve,
)


# === demo web: a page that runs an exported model in the browser ===

_DEFAULT_MODEL = "toon_attributes"


def _add_demo_arguments(parser: CommandParser) -> None:
    add = parser.add_argument
    add("demo", choices=["web"], help="Which demo.")
    help = (
        "Folder that 'export --format litert' wrote. Also any model that 'translate' "
        "takes; it is exported first."
    )
    add("--model", default=_DEFAULT_MODEL, help=help)
    add("--output", metavar="DIR", help="Folder to write the page to.")
    add_overwrite(add)
    help = "Port; 0: any free port."
    add("--port", type=number(int, 0, 65535), default=8000, help=help)
    help = "Serve the page until Ctrl-C; --noserve only writes it."
    add("--serve", action=Switch, default=True, help=help)
    add(
        "--runtime",
        metavar="DIR",
        help="Folder in which 'npm install @litertjs/core' was run. [a 12 MB download, "
        "which is cached]",
    )


def _run(args: argparse.Namespace) -> None:
    # Imported here: NumPy is slow to start.
    from stargan_tf.demo.litert_js import is_runtime, kept_runtime
    from stargan_tf.demo.web import run_web_demo

    if args.runtime is None and not is_runtime(kept_runtime()):
        start_tensorflow()  # Keras downloads it.
    try:
        run_web_demo(
            _model_folder(args.model),
            port=args.port if args.serve else None,
            output=Path(args.output) if args.output else None,
            runtime=Path(args.runtime) if args.runtime else None,
            overwrite=args.overwrite,
        )
    except KeyboardInterrupt:
        # Ctrl-C is the normal way to end this command.
        print()


def _model_folder(text: str) -> Path:
    """The folder of LiteRT files; any other model is exported first.

    A folder takes precedence over a shipped model of the same name.
    """
    folder = Path(text)
    if shipped.named_or(folder) != folder or (
        text == _DEFAULT_MODEL and not folder.exists()
    ):
        return shipped.litert_folder(text)
    is_export = (folder / "model.json").exists()
    return folder if is_export else _exported(text, "litert", "model.json")


DEMO = Command(
    summary="Try an exported model in a browser.",
    usage="demo web [--model LITERT_DIR] [--port 8000] [--output DIR]",
    add_arguments=_add_demo_arguments,
    run=_run,
)
