"""`stargan-tf align`: finds faces in photos, and crops them as in CelebA-HQ."""

import argparse
import sys
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
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.faces.align import Aligner

LANDMARKS_HELP = (
    "What finds the faces: an installed landmark provider, such as mediapipe, the "
    "folder of 'import wing.ckpt', or wing.ckpt itself."
)
LARGEST_SIDE = 4096
_NO_FACE_ADVICE = "Give photos with larger, upright faces, or other --landmarks."


def open_aligner(
    landmarks: str, image_size: int, mean_shape: str | None = None
) -> "Aligner":
    """Opens the landmark provider and the reference shape."""
    from stargan_tf.faces.align import MEAN_SHAPE, Aligner, read_shape
    from stargan_tf.faces.opening import landmark_provider, needs_tensorflow

    shape = read_shape(Path(mean_shape or MEAN_SHAPE))
    if needs_tensorflow(landmarks):
        start_tensorflow()
    return Aligner(landmark_provider(landmarks), shape, image_size)


def _add_arguments(parser: CommandParser) -> None:
    add = parser.add_argument
    add(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="Image files, folders, and tables (.csv) of them.",
    )
    parser.add_required("--landmarks", LANDMARKS_HELP)
    parser.add_required(
        "--output",
        "A folder, or for one INPUT a file. Names and sub-folders are kept, and the "
        "extension where it is .png .jpg .jpeg .webp .bmp; other images become .png.",
    )
    help = "Side of the crops."
    add("--image_size", type=number(int, 4, LARGEST_SIDE), default=256, help=help)
    add(
        "--mean_shape",
        metavar="FILE",
        help="Mean landmarks of aligned faces: an .npz file with the array mean, such "
        "as the celeba_lm_mean.npz that belongs to wing.ckpt. [the mean shape that "
        "comes with the package]",
    )
    help = "Write all faces of a photo, as NAME_1.png, NAME_2.png, …, largest first."
    add("--all_faces", action=Switch, default=False, help=help)
    add_overwrite(add)


def _run(args: argparse.Namespace) -> None:
    from stargan_tf.data.pictures import read_picture
    from stargan_tf.data.source import UnreadableImage
    from stargan_tf.faces.align import NoFace, crop_face
    from stargan_tf.progress import Progress
    from stargan_tf.translation.pictures import find_inputs, write_picture
    from stargan_tf.translation.translate import check_outputs, plan_outputs

    pictures = find_inputs(args.inputs, args.output)
    overwrite = args.overwrite or args.all_faces  # It writes under other names.
    (outputs,) = plan_outputs(pictures, args.output, overwrite=overwrite)
    if args.all_faces:
        first = [path.with_stem(f"{path.stem}_1") for path in outputs]
        check_outputs(pictures, first, args.overwrite)
    aligner = open_aligner(args.landmarks, args.image_size, args.mean_shape)
    written, faceless, problems = [], 0, []
    tasks = list(zip(pictures, outputs, strict=True))
    for picture, output in Progress(tasks, "Aligning", delay=1.0):
        try:
            photo = read_picture(picture.path)
            faces = aligner.faces(photo, str(picture.path), args.all_faces)
        except NoFace as error:
            if len(pictures) == 1:
                raise InputError(f"{error} {_NO_FACE_ADVICE}") from error
            faceless += 1
            Progress.write(f"{PROGRAM}: {error} It is left out.", file=sys.stderr)
            continue
        except UnreadableImage as error:
            problems.append(str(error))
            continue
        paths = [output]
        if args.all_faces:
            numbers = range(1, len(faces) + 1)
            paths = [output.with_stem(f"{output.stem}_{n}") for n in numbers]
            check_outputs(pictures, paths, args.overwrite)
        for face, path in zip(faces, paths, strict=True):
            crop = crop_face(photo, face, args.image_size)
            written.append(write_picture(crop, path))
    if len(written) == 1:
        print(f"Wrote {written[0]}")
    elif written:
        print(f"Wrote {len(written)} crops to {args.output}")
    if problems:
        raise InputError(
            f"{len(problems)} of {len(pictures)} images could not be read. The first: "
            f"{problems[0]}"
        )
    if faceless == len(pictures):
        raise InputError(
            f"No face was found in any of {faceless} images. {_NO_FACE_ADVICE}"
        )


ALIGN = Command(
    summary="Find faces in photos, and crop them as in CelebA-HQ.",
    usage="align --landmarks NAME INPUT [INPUT …] --output PATH [--all_faces]",
    add_arguments=_add_arguments,
    run=_run,
)
