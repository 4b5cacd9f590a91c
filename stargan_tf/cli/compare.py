"""`stargan-tf compare`: runs side by side."""

from pathlib import Path

from absl import flags

from stargan_tf.errors import InputError
from stargan_tf.files import check_file

SUMMARY = "Put runs side by side: evaluations, losses, plots."
USAGE = "stargan-tf compare RUN RUN [RUN …] [--output plots.png]"
PLOTS = (".png", ".svg", ".pdf")


def define_flags(flag_values: flags.FlagValues) -> None:
    """Registers the flags of `stargan-tf compare`.

    Args:
        flag_values: where to.
    """
    flags.DEFINE_string(
        "output",
        None,
        "File for the plots, .png, .svg or .pdf; needs stargan_tf[eval].",
        flag_values=flag_values,
        module_name="Output",
    )


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Prints the table and draws the plots.

    Args:
        flag_values: as `define_flags` made them.
        positionals: run folders, or files of `stargan-tf evaluate`.

    Raises:
        InputError: fewer than two runs, or nothing to compare.
    """
    from stargan_tf.evaluation.compare import (
        check_plotting,
        comparison_table,
        read_contenders,
        write_plot,
    )

    output = flag_values.output and Path(flag_values.output)
    if output:
        if output.suffix.lower() not in PLOTS:
            raise InputError(
                f"--output must end in {', '.join(PLOTS)}. Received: {output.name}"
            )
        check_file(output)
        check_plotting()
    contenders = read_contenders(positionals)
    try:
        if output:
            write_plot(contenders, output)
    finally:
        print(comparison_table(contenders))
    if output:
        print(f"\nPlots: {output}")
