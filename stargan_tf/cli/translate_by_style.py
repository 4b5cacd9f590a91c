"""`stargan-tf translate` with a StarGAN v2 model: a domain, and a style in it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from stargan_tf.cli.absl_flags import FLAG, check_masks
from stargan_tf.cli.style_choice import choose_styles
from stargan_tf.cli.style_flags import FLAGS, check_flags, define_flags
from stargan_tf.cli.translate_job import (
    Job,
    find_pictures,
    make_fitting,
    need_output,
)

if TYPE_CHECKING:
    from stargan_tf.steering.styles import StyleSource
    from stargan_tf.training.checkpoints import State
    from stargan_tf.translation.pictures import InputPicture, PictureStream

__all__ = ["FLAGS", "TITLE", "USAGE", "define_flags", "plan"]

TITLE = "StarGAN v2"
USAGE = (
    "stargan-tf translate --model DIR --to DOMAIN [--seed N | --reference FILE | "
    "--style FILE] INPUT [INPUT …] --output PATH",
    "stargan-tf translate --model DIR --to DOMAIN [--seed N] --film FILE INPUT",
    "stargan-tf translate --model DIR --to DOMAIN --reference FILE --save_style FILE",
)
Pictures = Sequence["InputPicture"]
# (model, styles, pictures) → files written
Write = Callable[[Any, "StyleSource", "PictureStream"], list[Path]]


def plan(flag_values: flags.FlagValues, positionals: list[str], state: "State") -> Job:
    """Checks all that can be checked without the model.

    Args:
        flag_values: the parsed flags.
        positionals: the inputs, files and folders.
        state: of the model's checkpoint.

    Raises:
        InputError: if what the user gave cannot be used.
        ImportError: for an MP4 without the `video` extra.
    """
    check_flags(flag_values)
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.translation.pictures import PictureStream

    space = LabelSpace(state.datasets)
    fitting = make_fitting(flag_values, state)
    masks = {FLAG: flag_values.mask_provider}
    source = choose_styles(flag_values, state.model, space, fitting)
    save = _plan_saving(flag_values, getattr(source, "pictures", ()))
    if save and not (positionals or flag_values.output or flag_values.film):
        return Job(partial(_only_save, save, source), "", code=masks)
    pictures = find_pictures(flag_values, positionals)
    write, place = _plan_pictures(flag_values, source, pictures, space.image_size)
    stream = PictureStream(pictures, fitting)
    work = partial(_save_and_write, masks[FLAG], save, write, source, stream)
    return Job(work, place, stream, masks)


def _plan_saving(flag_values: flags.FlagValues, references: Pictures) -> Path | None:
    if not flag_values.save_style:
        return None
    from stargan_tf.steering.styles import check_style_path
    from stargan_tf.translation.interpolation import check_new_file

    return check_new_file(check_style_path(flag_values.save_style), references)


def _only_save(path: Path, source: "StyleSource", model: Any) -> list[Path]:
    from stargan_tf.steering.styles import save_styles

    return [save_styles(path, source.codes(model), source.domains, model)]


def _save_and_write(
    masks: str | None,
    save: Path | None,
    write: Write,
    source: "StyleSource",
    stream: "PictureStream",
    model: Any,
) -> list[Path]:
    check_masks(masks, model)
    if save:
        print(f"Wrote {_only_save(save, source, model)[0]}")
    return write(model, source, stream)


def _plan_pictures(
    flag_values: flags.FlagValues,
    source: "StyleSource",
    pictures: Pictures,
    image_size: int,
) -> tuple[Write, str]:
    """What writes the pictures in the form that was asked for, and where to."""
    from stargan_tf.translation import (
        interpolation as style_outputs,
    )
    from stargan_tf.translation import (
        translate as write_styles,
    )
    from stargan_tf.translation.pictures import names_a_file, rows_per_page

    inputs = [*getattr(source, "pictures", ()), *pictures]
    if flag_values.film:
        path = style_outputs.plan_film(flag_values.film, flag_values.fps, pictures)
        style_outputs.check_new_file(path, inputs)
        film = (path, flag_values.frames, flag_values.fps, flag_values.batch_size)
        return partial(write_styles.film, *film), str(path)
    need_output(flag_values, USAGE[0])
    output, max_pixels = flag_values.output, flag_values.batch_size * image_size**2
    if flag_values.all or flag_values.grid or flag_values.strip:
        steps = flag_values.strip
        rows = rows_per_page(1 + (steps or len(source.domains)), image_size)
        pages = style_outputs.plan_pages(inputs, pictures, output, rows)
        # A page at a time: each picture is held in every style.
        max_pixels = min(max_pixels, rows * image_size**2)
        return partial(write_styles.grid, pages, rows, steps, max_pixels), output
    paths = style_outputs.plan_files(inputs, pictures, output, source.names)
    place = Path(output).parent if names_a_file(output) else output
    return partial(write_styles.files, paths, max_pixels), str(place)
