"""`stargan-tf doctor`: checks data before hours are spent on it."""

from pathlib import Path

from absl import flags

from stargan_tf.cli.data_flags import data_options, define_data_flags
from stargan_tf.errors import InputError

SUMMARY = "Check a data set before training on it."
USAGE = (
    "stargan-tf doctor DATASET [--data_dir DIR] [--labels FILE] [--output FILE.json]\n"
    "Exit status: 0 all is well or nearly so, 1 errors were found, 2 wrong usage."
)
UNHEALTHY = 1


def define_flags(flag_values: flags.FlagValues) -> None:
    """Registers the flags of `stargan-tf doctor`.

    Args:
        flag_values: where to.
    """
    define_data_flags(flag_values)
    where = {"flag_values": flag_values, "module_name": "Report"}
    flags.DEFINE_string("output", None, "JSON file to write the report to.", **where)
    flags.DEFINE_boolean(
        "near_duplicates",
        False,
        "Also look for pictures that are nearly equal: resized or edited copies.",
        **where,
    )


def run(flag_values: flags.FlagValues, positionals: list[str]) -> int:
    """Checks the data set and prints what was found.

    Args:
        flag_values: as `define_flags` made them.
        positionals: the data set's name.

    Returns:
        0, or 1 if there are errors.

    Raises:
        InputError: wrong usage, or a report that cannot be written.
    """
    if len(positionals) != 1:
        raise InputError(
            "'stargan-tf doctor' takes one data set, such as 'stargan-tf doctor folder "
            f"--data_dir photos'. Received: {' '.join(positionals) or 'none'}"
        )
    options = data_options(flag_values)
    # Here, not above: the help must not wait for Pillow.
    from stargan_tf.data.options import DatasetOptions
    from stargan_tf.doctor.diagnose import diagnose
    from stargan_tf.doctor.report import report_text, write_report
    from stargan_tf.files import check_file

    output = Path(flag_values.output) if flag_values.output else None
    if output:
        check_file(output)
    report = diagnose(
        positionals[0],
        flag_values.image_size,
        DatasetOptions(**options),
        flag_values.near_duplicates,
    )
    # Kept before it is printed, and printed if it cannot be kept.
    try:
        if output:
            write_report(report, output)
    finally:
        print(report_text(report))
    if output:
        print(f"Report: {output}")
    return UNHEALTHY if report.has_errors else 0
