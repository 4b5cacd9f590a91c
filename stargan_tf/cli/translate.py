"""`stargan-tf translate` and `detect`: a trained model applied to images.

The model's family is read from its checkpoint before TensorFlow starts, or requested
from the server; the family's steering adds its flags and plans the translation.
"""

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from stargan_tf.cli.align import LANDMARKS_HELP, open_aligner
from stargan_tf.cli.command import (
    PROGRAM,
    VERBOSITY,
    Command,
    CommandParser,
    Switch,
    add_overwrite,
    number,
    start_tensorflow,
)
from stargan_tf.cli.model_flags import GROUP_HELP, MODEL_HELP, add_trust_code
from stargan_tf.data.info import as_infos, sides, size_text
from stargan_tf.data.options import CROP_SIZE_HELP, Preparation
from stargan_tf.detection import MAXIMUM, REDUCTIONS
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family
from stargan_tf.steering import Steering, steering, steerings
from stargan_tf.version import __version__

if TYPE_CHECKING:
    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.faces.align import Aligner
    from stargan_tf.training.checkpoints import State
    from stargan_tf.translation.pictures import Fitting

# Functions for the model, as `load_model` takes them → the model.
Opener = Callable[[Mapping[str, str | None]], Any]
SERVED = "--server HOST:PORT --model NAME …  (with the same flags)"


def _add_arguments(parser: CommandParser) -> None:
    group = parser.add_argument_group("Model")
    add = group.add_argument
    text = f"{MODEL_HELP} With --server: the name of a served model."
    add("--model", required=True, help=text)
    text = (
        "Address of TF Serving or 'stargan-tf serve', which runs the model; TensorFlow "
        "is then not loaded here."
    )
    add("--server", metavar="HOST:PORT", help=text)
    add_trust_code(group)
    text = "Seconds to wait for a response of --server. [60]"
    add("--timeout", type=number(float, 0.001), help=text)
    add("--batch_size", type=number(int, 1), default=16, help="Images per batch.")
    add = parser.add_argument_group("Target").add_argument
    add(
        "--to",
        metavar="NAME",
        help="Label models: labels to switch on, NAME[,NAME]; -NAME switches a label "
        "off, NAME:0.5 applies half the change. Other labels stay as they are. Style "
        "models: the domain. Quote names that contain commas or colons; write "
        "DATASET.NAME if two data sets of the model share a name.",
    )
    add(
        "--from",
        dest="from_",
        metavar="NAME",
        help="Label models: labels of the inputs, NAME[,NAME]; all others are off. "
        "[predicted by the discriminator] Style models: their domain, needed for a "
        "strength in --to.",
    )
    add(
        "--all",
        action=Switch,
        default=False,
        help="Write a grid as in the paper. Label models: the input, then every "
        "domain; mutually exclusive ones (hair colors) are switched on, others are "
        "flipped. Style models: random styles of every domain.",
    )
    # A steering that derives from another one may repeat its flags.
    parser.conflict_handler = "resolve"
    for steered in steerings():
        steered.add_arguments(parser)
    add = parser.add_argument_group("Images").add_argument
    add(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="Image files, folders, and tables (.csv) of them.",
    )
    add(
        "--output",
        metavar="PATH",
        help="Folder to write or, for a single INPUT or a grid, a file. File names, "
        "subfolders, and the extensions .png .jpg .jpeg .webp .bmp are kept; other "
        "formats become .png. Inputs are never overwritten.",
    )
    add_overwrite(add)
    add(
        "--fit",
        choices=["crop", "keep", "stretch"],
        help="crop: the centered square. keep: the whole image at its aspect ratio "
        "(label models). stretch: the whole image, stretched to a square. [as in "
        "training]",
    )
    text = f"{CROP_SIZE_HELP} [as in training; depends on --fit if that is given]"
    add("--crop_size", type=number(int, 1), help=text)
    add(
        "--size",
        choices=["model", "original"],
        default="model",
        help="model: the model's output size. original: the output is scaled up and "
        "pasted back into the input image.",
    )
    text = "Find the largest face of each photo, and align it as in CelebA-HQ."
    add("--align", action=Switch, default=False, help=text)
    text = f"For --align. {LANDMARKS_HELP} [the model's own]"
    add("--landmarks", metavar="NAME", help=text)


def _run(args: argparse.Namespace) -> None:
    """Translates; all checks come before the first file is written."""
    state, open_model = _on_server(args) if args.server else _in_folder(args)
    chosen = steering(family(state.model).translated_by)
    _refuse_flags_of_others(args, chosen)
    chosen.check(args)
    args.record = _record(args, state)
    plan = chosen.plan(args, state, make_fitting(args, state))
    model = open_model(plan.code)
    multiple = getattr(model, "side_multiple", 4)
    if args.fit == "keep" and (multiple is None or 4 % multiple):
        raise InputError(
            f"The generator of {args.model} translates only images of certain sizes. "
            "Received: --fit keep. Use --fit crop or stretch."
        )
    written = plan.work(model)
    if len(written) == 1:
        print(f"Wrote {written[0]}")
    elif written:
        print(f"Wrote {len(written)} images to {plan.place}")
    stream, failures = plan.stream, []
    if stream and stream.unreadable:
        failures.append(
            f"{stream.unreadable} of {len(stream.pictures)} images could not be read. "
            f"The first: {stream.problem}"
        )
    if stream and stream.faceless:
        failures.append(
            f"{stream.faceless} of {len(stream.pictures)} images show no face."
        )
    if stream and stream.unwritten:
        outputs = len(written) + stream.unwritten
        failures.append(
            f"{stream.unwritten} of {outputs} output files could not be written."
        )
    if failures:
        raise InputError(" ".join(failures))


# Flags that do not change the translations.
_NOT_RECORDED = (
    "inputs",
    "output",
    "overwrite",
    "batch_size",
    "timeout",
    "trust_code",
    *VERBOSITY,
)


def _record(args: argparse.Namespace, state: "State") -> dict[str, Any]:
    """Settings of the translations, for the manifest of their folder."""
    flags = {
        name.rstrip("_"): str(value)
        for name, value in sorted(vars(args).items())
        if name not in _NOT_RECORDED and value not in (None, False)
    }
    shown = {"step": state.step, "datasets": state.datasets}
    return {"stargan_tf": __version__, **flags, **shown}


def _in_folder(args: argparse.Namespace) -> "tuple[State, Opener]":
    """The model's state, and a function that opens it; InputError if there is none."""
    if args.timeout is not None:
        raise InputError("--timeout is for --server. Add it, or drop --timeout.")
    from stargan_tf.training.checkpoints import model_digest
    from stargan_tf.training.run_folder import LANDMARKS_FILE, find_checkpoint, run_of

    checkpoint, state = find_checkpoint(args.model)
    args.sha256 = model_digest(checkpoint)
    own = run_of(checkpoint).config.with_name(LANDMARKS_FILE)
    if args.align and not args.landmarks and own.is_file():
        args.landmarks = str(own)

    def load(code: Mapping[str, str | None]) -> Any:
        start_tensorflow()
        from stargan_tf.training.run_folder import load_model

        return load_model(checkpoint, compile=False, trust_code=args.trust_code, **code)

    return state, load


def _on_server(args: argparse.Namespace) -> "tuple[State, Opener]":
    """As `_in_folder`; ImportError without the extra `serving`."""
    from stargan_tf.serving.client import Client
    from stargan_tf.training.checkpoints import State

    client = Client(args.server, args.model, timeout=args.timeout or 60.0)
    description = client.describe()
    state = State(
        step=description["step"],
        model=description["family"],
        datasets=description["datasets"],
        num_images=[],
        versions={},
        preparation=Preparation.of(description),
    )
    chosen = steering(family(state.model).translated_by)
    return state, partial(resolve_name(chosen.remote_model), client, description)


def _refuse_flags_of_others(args: argparse.Namespace, chosen: Steering) -> None:
    supported = flags_of(chosen)
    for other in steerings():
        for name, default in flags_of(other).items():
            if name not in supported and getattr(args, name) != default:
                raise InputError(
                    f"--{name.rstrip('_')} is for {other.title} models; {args.model} "
                    f"is a {chosen.title} model. Drop the flag. Usage: stargan-tf "
                    f"translate {chosen.usage[0]}"
                )


def flags_of(steered: Steering) -> dict[str, Any]:
    """The flags of `translate` that a steering adds, and their defaults."""
    parser = argparse.ArgumentParser(add_help=False)
    steered.add_arguments(parser)
    return vars(parser.parse_args([]))


def make_fitting(args: argparse.Namespace, state: "State") -> "Fitting":
    """The preparation of input images: by default as in training."""
    from stargan_tf.translation.pictures import Fitting

    trained, crop_size = state.preparation, args.crop_size
    if args.fit is None and crop_size is None:
        crop_size = trained.crop_size
    info = as_infos(state.datasets)[0]
    return Fitting(
        info=info,
        fit=args.fit or trained.fit,
        size=args.size,
        crop_size=crop_size,
        aligner=_aligner(args, info),
    )


def _aligner(args: argparse.Namespace, info: "DatasetInfo") -> "Aligner | None":
    if not args.align:
        if args.landmarks:
            raise InputError("--landmarks is for --align. Add it, or drop --landmarks.")
        return None
    if args.fit or args.crop_size:
        name = "fit" if args.fit else "crop_size"
        raise InputError(
            f"--align crops the face. Received: --{name}, too. Drop one of them."
        )
    height, width = sides(info.image_size)
    if info.intensity is not None or height != width:
        size = size_text(info.image_size)
        images = "measured images" if info.intensity else f"images of {size}"
        raise InputError(
            "--align is for models of square photos. Received: --align for a model of "
            f"{images}. Drop it."
        )
    if not args.landmarks:
        raise InputError(
            f"--align needs landmarks, and {args.model} has no landmark network of its "
            "own. Add --landmarks NAME, such as --landmarks mediapipe."
        )
    return open_aligner(args.landmarks, width)


_USAGES = [usage for steered in steerings() for usage in steered.usage] + [SERVED]
TRANSLATE = Command(
    summary="Translate images with a trained model.",
    usage="\n       stargan-tf ".join(f"translate {usage}" for usage in _USAGES),
    add_arguments=_add_arguments,
    run=_run,
    renamed={
        "--count": "--styles",
        "--style": "--style_file",
        "--film": "--video --output",
    },
)


# === detect: locates lesions with a model trained on image-level labels ===


def _add_detect_arguments(parser: CommandParser) -> None:
    add = parser.add_argument
    add(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="Image files, folders, and tables (.csv) of them.",
    )
    parser.add_required("--model", MODEL_HELP)
    parser.add_required("--output", "Folder for the report, table, and maps.")
    add(
        "--healthy",
        default="healthy",
        metavar="NAME",
        help="The domain of healthy images, or a target such as -Tumor.",
    )
    help = "Minimum difference within a candidate, as a fraction of the value range."
    add("--threshold", type=number(float, 0.0, 1.0), default=0.05, help=help)
    help = "How to reduce a map to the image's score."
    add("--score", choices=REDUCTIONS, default=MAXIMUM, help=help)
    help = "Minimum number of pixels of a candidate."
    add("--least_pixels", type=number(int, 1), default=10, help=help)
    add(
        "--group",
        metavar="REGEX",
        help=f"{GROUP_HELP} A group's score is the highest of its images.",
    )
    add("--batch_size", type=number(int, 1), default=16, help="Images per batch.")
    add_overwrite(add)


def _detect(args: argparse.Namespace) -> None:
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.data.targets import parse_target
    from stargan_tf.detection.report import Job
    from stargan_tf.detection.scores import grouping
    from stargan_tf.files import check_new
    from stargan_tf.training.run_folder import find_checkpoint
    from stargan_tf.translation.pictures import Fitting, find_inputs
    from stargan_tf.translation.translate import plan_outputs

    checkpoint, state = find_checkpoint(args.model)
    if family(state.model).translated_by != "labels":
        raise InputError(
            f"'detect' needs a label model, such as '{PROGRAM} train --preset detect' "
            f"trains. Received: {args.model}, a {state.model} model"
        )
    parse_target(args.healthy, LabelSpace(state.datasets))
    group = grouping(args.group) if args.group else None
    info = as_infos(state.datasets)[0]
    prepared = state.preparation
    fitting = Fitting(info, prepared.fit, crop_size=prepared.crop_size)
    measured = fitting.is_measured
    pictures = find_inputs(args.inputs, args.output, measured=measured)
    if group:
        for picture in pictures:  # Before any is translated.
            group(picture.path.as_posix())
    output = Path(args.output)
    check_new(output, args.overwrite, "detections.csv")
    # Refuses two inputs with the same output.
    plan_outputs(pictures, str(output / "healed"), overwrite=True, measured=measured)
    job = Job(
        pictures=pictures,
        fitting=fitting,
        output=output,
        healthy=args.healthy,
        threshold=args.threshold,
        reduction=args.score,
        least=args.least_pixels,
        group=group,
        overwrite=args.overwrite,
    )
    start_tensorflow()
    from stargan_tf.training.run_folder import load_model

    failures = job.run(load_model(checkpoint, compile=False), args.batch_size)
    print(f"Wrote report.html, detections.csv, and maps to {output}")
    if failures:
        raise InputError(
            f"{len(failures)} of {len(pictures)} inputs could not be read. The first: "
            f"{failures[0]}"
        )


DETECT = Command(
    summary="Locate lesions in images.",
    usage="detect --model RUN --healthy NAME INPUT [INPUT …] --output DIR",
    add_arguments=_add_detect_arguments,
    run=_detect,
)
