"""`stargan-tf datasets describe NAME`: what is in it, whose it is, how it looks."""

from pathlib import Path

from absl import flags

from stargan_tf.cli.data_flags import data_options
from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.registry import available
from stargan_tf.doctor.description import description
from stargan_tf.doctor.opened import Opened, open_data
from stargan_tf.errors import InputError
from stargan_tf.files import check_file
from stargan_tf.translation.contact_sheet import contact_sheet
from stargan_tf.translation.picture_file import check_extension, write_picture


def describe(names: list[str], flag_values: flags.FlagValues) -> None:
    """Prints the description and, with `--output`, writes the contact sheet.

    Args:
        names: of data sets; exactly one is taken.
        flag_values: those of `stargan-tf datasets`.

    Raises:
        InputError: wrong usage, or a contact sheet is asked for without pictures.
    """
    if len(names) != 1:
        raise InputError(
            "'stargan-tf datasets describe' takes one name, such as 'stargan-tf "
            f"datasets describe toon_people'. Received: {' '.join(names) or 'none'}"
        )
    if flag_values.output:
        check_extension(Path(flag_values.output))
        check_file(Path(flag_values.output))
    options = DatasetOptions(**data_options(flag_values))
    opened = _open(names[0], flag_values.image_size, options)
    try:
        if flag_values.output:
            _draw(opened, Path(flag_values.output))
    finally:
        print(description(opened))
    if flag_values.output:
        print(f"\nContact sheet: {flag_values.output}")


def _open(name: str, image_size: int, options: DatasetOptions) -> Opened:
    """The data set, as far as it is there."""
    try:
        return open_data(name, image_size, options)
    except (InputError, ImportError) as error:
        # Without files (or the extra that reads them) there is still much to say; with
        # a wrong flag there is not.
        said = options.data_dir, options.labels, *options.attributes
        if name not in available() or any(said):
            raise
        return Opened(name, image_size, options, {}, None, (str(error),))


def _draw(opened: Opened, output: Path) -> None:
    if not opened.splits:
        raise InputError(
            f"There is no contact sheet without pictures: {opened.problems[0]}"
        )
    write_picture(contact_sheet(dict(opened.splits)), output)
