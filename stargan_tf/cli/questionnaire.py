"""`stargan-tf questionnaire`: a page on which people compare models."""

import argparse
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stargan_tf.cli.command import (
    PROGRAM,
    Command,
    CommandParser,
    Switch,
    add_overwrite,
    number,
    start_tensorflow,
)
from stargan_tf.cli.model_flags import add_mask_provider, add_trust_code
from stargan_tf.cli.translate import TRANSLATE, flags_of, make_fitting
from stargan_tf.errors import InputError
from stargan_tf.files import (
    check_ending,
    check_file,
    check_new,
    check_writable,
    temporary_folder,
)
from stargan_tf.models.registry import family
from stargan_tf.steering import Plan, Steering, steering

if TYPE_CHECKING:
    import numpy as np

    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.evaluation.questionnaire import Row
    from stargan_tf.training.checkpoints import State
    from stargan_tf.translation.pictures import Fitting, InputPicture

_USAGES = (
    "questionnaire --models RUN,RUN[,…] INPUT [INPUT …] --to TARGET[;TARGET] "
    "--output DIR",
    "questionnaire --collect VOTES.csv [VOTES.csv …] --key DIR/questionnaire.json",
)
# Flags of only one of the two usages.
_PAGE_FLAGS = ("models", "to", "reference", "question", "checks", "mask_provider")
_VOTES_FLAGS = ("key", "allow")
_RESULTS = (".json", ".csv")
MAX_MODELS = 9  # A digit key selects each.
# A semicolon outside quotes: an even number of quotes follows it.
_SEMICOLON = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')


def _add_arguments(parser: CommandParser) -> None:
    help = "Image files and folders to translate; with --collect, files of votes."
    parser.add_argument("inputs", nargs="*", metavar="INPUT", help=help)
    help = "Folder for the page. With --collect: .json or .csv file for the result."
    parser.add_argument("--output", metavar="PATH", help=help)
    add_overwrite(parser.add_argument)
    help = "Seed for orders and random styles; with --collect, for the intervals."
    parser.add_argument("--seed", type=number(int, 0), default=0, help=help)
    group = parser.add_argument_group("Page")
    add = group.add_argument
    help = (
        "Two to nine models, A,B[,C]: run folders, or any other models that "
        "'translate' takes. Images are prepared as in the training of the first one."
    )
    add("--models", metavar="NAMES", help=help)
    help = "Target, as in 'translate'; several targets are separated by semicolons."
    add("--to", metavar="TARGETS", help=help)
    add(
        "--reference",
        action="append",
        metavar="PATH",
        help="For style models: image, or folder of images, whose styles to apply; may "
        "be repeated. Every input is combined with every reference.",
    )
    add(
        "--question",
        choices=("best", "quality", "style"),
        help="best: realism, target, and identity together. quality: image quality "
        "only. style: similarity to the style of --reference. [best]",
    )
    help = "Number of attention checks. [1 in 10 questions, at least 2]"
    add("--checks", type=number(int, 0), help=help)
    add_mask_provider(group)
    add_trust_code(group)
    add = parser.add_argument_group("Votes").add_argument
    help = "Count the votes in files from raters."
    add("--collect", action=Switch, default=False, help=help)
    add("--key", metavar="FILE", help="questionnaire.json of the page.")
    help = "Failed attention checks to accept from a rater. [0]"
    add("--allow", type=number(int, 0), help=help)


def _run(args: argparse.Namespace) -> None:
    refused, needed = _VOTES_FLAGS, ("models", "to", "output")
    if args.collect:
        refused, needed = _PAGE_FLAGS, ("key",)
    usage = f"Usage: {PROGRAM} {_USAGES[args.collect]}"
    for name in refused:
        if getattr(args, name) is not None:
            mode = "with" if args.collect else "without"
            raise InputError(
                f"--{name} cannot be used {mode} --collect. Drop it. {usage}"
            )
    for name in needed:
        if not getattr(args, name):
            raise InputError(f"--{name} is missing. {usage}")
    if not args.inputs:
        what = "files of votes" if args.collect else "images to translate"
        raise InputError(f"Expected {what}. Received: none. {usage}")
    _collect(args) if args.collect else _make(args)


def _collect(args: argparse.Namespace) -> None:
    from stargan_tf.evaluation.votes import (
        count_votes,
        read_key,
        read_votes,
        votes_table,
        write_votes,
    )

    output = Path(args.output) if args.output else None
    if output:
        check_ending(output, "the result", _RESULTS)
        check_file(output, args.overwrite)
    key = read_key(Path(args.key))
    votes = read_votes([Path(path) for path in args.inputs], key)
    record = count_votes(votes, key, args.allow or 0, args.seed)
    try:
        if output:
            write_votes(record, output)
    finally:
        print(votes_table(record))
    if output:
        print(f"\nResults: {output}")


# === The page ===


@dataclass(frozen=True)
class _Model:
    """One of the models, not yet opened; `path` is as the user gave it."""

    path: str
    checkpoint: Path
    state: "State"
    steering: Steering

    @property
    def info(self) -> "DatasetInfo":
        from stargan_tf.data.info import as_infos

        return as_infos(self.state.datasets)[0]


@dataclass(frozen=True)
class _Target:
    """A target for each input; `reference` is the prepared image, if any."""

    text: str
    wanted: str
    reference: Path | None = None
    reference_name: str | None = None


def _make(args: argparse.Namespace) -> None:
    """Translates and writes; all checks come before TensorFlow starts."""
    from stargan_tf.data.info import sides
    from stargan_tf.evaluation.questionnaire import KEY, write_questionnaire
    from stargan_tf.training.checkpoints import model_digest
    from stargan_tf.translation.pictures import Fitting, find_inputs

    models = _find_models(args)
    output = Path(args.output)
    check_new(output, args.overwrite, KEY)
    check_writable(output)
    pictures = find_inputs(args.inputs, args.output)
    references = args.reference and find_inputs(args.reference, what="reference")
    first = next(iter(models.values()))
    prepared = first.state.preparation
    fitting = Fitting(first.info, prepared.fit, crop_size=prepared.crop_size)
    with temporary_folder() as work:
        staged = _stage(pictures, work / "inputs", fitting)
        targets = _targets(args, first, references, work / "references", fitting)
        plans = {
            name: [
                _plan(args, model, target, work / "inputs", work / f"{number}_{place}")
                for place, target in enumerate(targets)
            ]
            for number, (name, model) in enumerate(models.items())
        }
        start_tensorflow()
        from stargan_tf.training.run_folder import load_model

        for name, model in models.items():
            code = {"trust_code": args.trust_code, **plans[name][0].code}
            loaded = load_model(model.checkpoint, compile=False, **code)
            for plan in plans[name]:
                plan.work(loaded)
        # Inputs are shown at the size of the model with the largest images.
        infos = [model.info for model in models.values()]
        largest = max(infos, key=lambda info: math.prod(sides(info.image_size)))
        rows = _rows(pictures, staged, targets, plans, Fitting(largest, "stretch"))
        about = {
            name: {"model": model.path, "sha256": model_digest(model.checkpoint)}
            for name, model in models.items()
        }
        questions = write_questionnaire(
            rows,
            about,
            output,
            args.question or "best",
            args.checks,
            args.seed,
            args.overwrite,
        )
    print(f"Wrote {questions} questions to {output}")
    print(f"Give raters all files but {KEY}, which identifies the models.")
    print(f"Then: {PROGRAM} questionnaire --collect VOTES.csv --key {output / KEY}")


def _find_models(args: argparse.Namespace) -> dict[str, _Model]:
    """Name → model; InputError if they cannot be compared."""
    from stargan_tf.evaluation.report import distinct_names
    from stargan_tf.training.run_folder import find_checkpoint

    paths = [path.strip() for path in args.models.split(",") if path.strip()]
    if not 2 <= len(paths) <= MAX_MODELS:
        raise InputError(
            f"--models takes 2 to {MAX_MODELS} models, separated by commas. Received: "
            f"{len(paths)}"
        )
    models = {}
    for name, path in zip(distinct_names(list(map(Path, paths))), paths, strict=True):
        checkpoint, state = find_checkpoint(path)
        steered = steering(family(state.model).translated_by)
        models[name] = _Model(path, checkpoint, state, steered)
        if models[name].info.intensity is not None:
            raise InputError(
                "A questionnaire takes models of 8-bit images. Received: a model of "
                f"measured images, {path}. Drop it."
            )
    styled = any("reference" in flags_of(model.steering) for model in models.values())
    if args.reference and not styled:
        raise InputError("--reference needs a style model among --models. Drop it.")
    if args.question == "style" and not args.reference:
        raise InputError("--question style needs a --reference. Add one.")
    return models


def _stage(
    pictures: Sequence["InputPicture"], folder: Path, fitting: "Fitting"
) -> list[Path]:
    """Writes the crop of each image that is used, at the original resolution.

    Each model then stretches it to its size, so that all models receive the same crop.
    """
    from stargan_tf.data.options import used_box
    from stargan_tf.data.pictures import read_picture

    folder.mkdir()
    staged = []
    for index, picture in enumerate(pictures):
        image = read_picture(picture.path)
        size = fitting.image_size
        box = used_box(image.size, fitting.fit, fitting.crop_size, size)
        staged.append(folder / f"{index:06d}.png")
        image.crop(box).save(staged[-1], compress_level=1)
    return staged


def _targets(
    args: argparse.Namespace,
    model: _Model,
    references: Sequence["InputPicture"] | None,
    folder: Path,
    fitting: "Fitting",
) -> list[_Target]:
    """Each target, combined with each reference if there are any."""
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.data.targets import parse_target

    texts = [text.strip() for text in _SEMICOLON.split(args.to) if text.strip()]
    space = LabelSpace(model.state.datasets)
    wanted = {text: _in_words(parse_target(text, space).changes) for text in texts}
    if not wanted:
        raise InputError("--to names no target. Pass a domain, as in 'translate'.")
    if not references:
        return [_Target(text, words) for text, words in wanted.items()]
    staged = _stage(references, folder, fitting)
    return [
        _Target(text, words, path, str(picture.name))
        for text, words in wanted.items()
        for path, picture in zip(staged, references, strict=True)
    ]


def _in_words(changes: dict[str, float]) -> str:
    """`{"Blond_Hair": 1.0, "Young": -0.5}` → `Blond Hair, not Young (50 %)`."""
    words = []
    for name, change in changes.items():
        strength = "" if abs(change) == 1 else f" ({abs(change):.0%})"
        words.append(f"{'not ' * (change < 0)}{name.replace('_', ' ')}{strength}")
    return ", ".join(words)


def _plan(
    args: argparse.Namespace, model: _Model, target: _Target, inputs: Path, output: Path
) -> Plan:
    """The plan of `translate` for the same flags."""
    flags = {
        "reference": target.reference,
        "seed": None if target.reference else args.seed,
        "mask_provider": args.mask_provider,
    }
    known = flags_of(model.steering)
    given = {n: flag for n, flag in flags.items() if flag is not None and n in known}
    given |= {"model": model.path, "to": target.text, "output": output}
    words = [f"--{name}={value}" for name, value in given.items()]
    parser = CommandParser(
        "translate", TRANSLATE, [*words, "--fit=stretch", str(inputs)]
    )
    asked = parser.parse()
    model.steering.check(asked)
    return model.steering.plan(asked, model.state, make_fitting(asked, model.state))


def _rows(
    pictures: Sequence["InputPicture"],
    staged: Sequence[Path],
    targets: Sequence[_Target],
    plans: dict[str, list[Plan]],
    fitting: "Fitting",
) -> "list[Row]":
    from stargan_tf.data.pictures import read_picture, shown
    from stargan_tf.evaluation.questionnaire import Row

    def seen(path: Path | None) -> "np.ndarray | None":
        return shown(fitting.read(path)[0].image) if path else None

    import numpy as np

    sources = list(map(seen, staged))
    rows = []
    for place, target in enumerate(targets):
        reference = seen(target.reference)
        for picture, path, source in zip(pictures, staged, sources, strict=True):
            translations = {
                name: np.asarray(read_picture(Path(made[place].place, path.name)))
                for name, made in plans.items()
            }
            row = Row(
                str(picture.name),
                target.text,
                target.wanted,
                source,
                translations,
                reference,
                target.reference_name,
            )
            rows.append(row)
    return rows


QUESTIONNAIRE = Command(
    summary="Ask people which model translates best.",
    usage=f"\n       {PROGRAM} ".join(_USAGES),
    add_arguments=_add_arguments,
    run=_run,
)
