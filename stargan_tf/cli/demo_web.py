"""`stargan-tf demo web`: a page on which a model runs in the browser."""

from pathlib import Path

from absl import flags

USAGE = "stargan-tf demo web [--model LITERT_DIR] [--port 8000] [--output DIR]"


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the demo's own flags.

    Args:
        flag_values: where to declare them.
    """
    web = {"flag_values": flag_values, "module_name": "Demo web"}
    flags.DEFINE_integer(
        "port", 8000, "On this machine only; 0 takes a free one.", **web
    )
    flags.DEFINE_boolean("serve", True, "--noserve only writes --output.", **web)
    flags.DEFINE_string(
        "runtime",
        None,
        "Folder in which 'npm install @litertjs/core' was run; by default it is "
        "fetched once (12 MB) and kept in the cache.",
        **web,
    )


def run(flag_values: flags.FlagValues, model: Path) -> None:
    """Writes the page and serves it.

    Args:
        flag_values: the parsed flags.
        model: folder of an export.

    Raises:
        InputError: if what the user gave cannot be used.
    """
    # Here, not above: NumPy is slow to start.
    from stargan_tf.demo.web import run_web_demo

    output, runtime = flag_values.output, flag_values.runtime
    try:
        run_web_demo(
            model,
            port=flag_values.port if flag_values.serve else None,
            output=Path(output) if output else None,
            runtime=Path(runtime) if runtime else None,
        )
    except KeyboardInterrupt:
        # Ctrl-C is how this command ends.
        print()
