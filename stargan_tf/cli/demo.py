"""`stargan-tf demo web`: a page on which an exported model runs in the browser."""

import argparse
from pathlib import Path

from stargan_tf import pretrained as shipped
from stargan_tf.cli.command import (
    Command,
    CommandParser,
    Switch,
    number,
    start_tensorflow,
)

_DEFAULT_MODEL = "toon_attributes"


def _add_arguments(parser: CommandParser) -> None:
    add = parser.add_argument
    add("demo", choices=["web"], help="Which demo.")
    help = "Folder that 'export --format litert' wrote, or a model of this package."
    add("--model", default=_DEFAULT_MODEL, help=help)
    add("--output", help="Folder to make, with the page.")
    help = "Port on this machine; 0 takes a free one."
    add("--port", type=number(int, 0, 65535), default=8000, help=help)
    help = "--noserve only writes --output."
    add("--serve", action=Switch, default=True, help=help)
    add(
        "--runtime",
        help="Folder in which 'npm install @litertjs/core' was run; by default it is "
        "fetched once (12 MB) and kept in the cache.",
    )


def _run(args: argparse.Namespace) -> None:
    # Here, not above: NumPy is slow to start.
    from stargan_tf.demo.litert_js import is_runtime, kept_runtime
    from stargan_tf.demo.web import run_web_demo

    if args.runtime is None and not is_runtime(kept_runtime()):
        start_tensorflow()  # Keras fetches it.
    try:
        run_web_demo(
            _model_folder(args.model),
            port=args.port if args.serve else None,
            output=Path(args.output) if args.output else None,
            runtime=Path(args.runtime) if args.runtime else None,
        )
    except KeyboardInterrupt:
        # Ctrl-C is how this command ends.
        print()


def _model_folder(text: str) -> Path:
    """A model's folder comes before a shipped model of that name."""
    folder = Path(text)
    if shipped.named_or(folder) != folder or (
        text == _DEFAULT_MODEL and not folder.exists()
    ):
        return shipped.litert_folder(text)
    return folder


DEMO = Command(
    summary="Try an exported model in a browser.",
    usage="demo web [--model LITERT_DIR] [--port 8000] [--output DIR]",
    add_arguments=_add_arguments,
    run=_run,
)
