"""Where pictures in several styles, grids and films go; refused before any work."""

from collections.abc import Sequence
from pathlib import Path

from stargan_tf.errors import InputError
from stargan_tf.files import check_file
from stargan_tf.translation import outputs
from stargan_tf.translation.film import check_film
from stargan_tf.translation.film_frames import check_sources
from stargan_tf.translation.inputs import InputPicture

Pictures = Sequence[InputPicture]


def plan_files(
    inputs: Pictures, pictures: Pictures, output: str, names: Sequence[str]
) -> list[list[Path]]:
    """A file for each picture in each style.

    Args:
        inputs: what must not be overwritten: the pictures and the references.
        pictures: what is to be translated.
        output: as in `outputs.plan_outputs`.
        names: what to call the styles; used if there are several.

    Returns:
        For each style, paths in the order of `pictures`.

    Raises:
        InputError: if an input would be overwritten, two pictures would share an
            output, or `output` cannot be written to.
    """
    plain = outputs.plan_outputs(pictures, output)
    planned = [plain]
    if len(names) > 1:
        planned = [[p.with_stem(f"{p.stem}_{name}") for p in plain] for name in names]
    everything = [path for paths in planned for path in paths]
    _refuse_sharing(everything)
    outputs.refuse_overwriting(inputs, everything)
    return planned


def plan_pages(
    inputs: Pictures, pictures: Pictures, output: str, rows: int
) -> list[Path]:
    """As `outputs.plan_pages`; `inputs` must not be overwritten either."""
    pages = outputs.plan_pages(pictures, output, rows)
    outputs.refuse_overwriting(inputs, pages)
    return pages


def plan_film(path: str, fps: int, pictures: Pictures) -> Path:
    """The film's path; InputError or ImportError if it cannot be made.

    Args:
        path: where to.
        fps: frames per second.
        pictures: what the film shows side by side.
    """
    check_sources(len(pictures))
    return check_film(path, fps)


def check_new_file(path: Path, inputs: Pictures) -> Path:
    """`path`; InputError if it is a folder or an input, or cannot be written."""
    check_file(path)
    outputs.refuse_overwriting(inputs, [path])
    return path


def _refuse_sharing(paths: Sequence[Path]) -> None:
    seen: set[Path] = set()
    for path in paths:
        if path in seen:
            raise InputError(
                f"Two outputs would be called '{path}'. Translate with one style at a "
                "time, to several outputs."
            )
        seen.add(path)
