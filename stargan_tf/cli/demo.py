"""`stargan-tf demo`: an exported model in a browser, or before a camera.

A demo is a module `stargan_tf.cli.demo_<name>` listed in `DEMOS`, with `SUMMARY`,
`USAGE`, `define_flags(flag_values)` and `run(flag_values, model)`, with the exported
model's folder.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from absl import flags

from stargan_tf import pretrained as shipped
from stargan_tf.errors import InputError, near_names

DEMOS = ("web", "camera")
DEFAULT_MODEL = "toon_attributes"
SUMMARY = "Try an exported model: in a browser, or before a camera."


def _module(name: str) -> ModuleType:
    return import_module(f"stargan_tf.cli.demo_{name}")


USAGE = "\n       ".join(_module(name).USAGE for name in DEMOS)


def define_flags_for(flag_values: flags.FlagValues, arguments: Sequence[str]) -> None:
    """Declares the flags of the demo on the command line; without one, all.

    Args:
        flag_values: where to declare them.
        arguments: of the command line.
    """
    # With all flags declared, a flag's value is told from the demo's name.
    every = flags.FlagValues()
    every.set_gnu_getopt(True)
    _define(every, DEMOS)
    try:
        words = every(["demo", *(word for word in arguments if word != "--help")])[1:]
    except flags.Error:
        words = []  # The error is reported when the command line is read for good.
    _define(flag_values, [word for word in words if word in DEMOS][:1] or DEMOS)


def _define(flag_values: flags.FlagValues, demos: Sequence[str]) -> None:
    model = {"flag_values": flag_values, "module_name": "Model"}
    flags.DEFINE_string(
        "model",
        DEFAULT_MODEL,
        "Folder that 'export --format litert' wrote, or a model of this package.",
        **model,
    )
    flags.DEFINE_string(
        "output",
        None,
        "web: folder to make, with the page. camera: folder for the pictures.",
        flag_values=flag_values,
        module_name="Output",
    )
    for name in demos:
        _module(name).define_flags(flag_values)


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Runs a demo.

    Args:
        flag_values: the parsed flags.
        positionals: the demo's name.

    Raises:
        InputError: if what the user gave cannot be used.
    """
    name = positionals[0] if positionals else ""
    if len(positionals) != 1 or name not in DEMOS:
        raise InputError(
            "'stargan-tf demo' takes one name, web or camera. "
            f"Received: {' '.join(positionals) or 'none'}. {near_names(name, DEMOS)}"
        )
    _module(name).run(flag_values, _model_folder(flag_values.model))


def _model_folder(text: str) -> Path:
    """A model's folder is stronger than a shipped model of that name."""
    folder = Path(text)
    if shipped.named_or(folder) != folder or (
        text == DEFAULT_MODEL and not folder.exists()
    ):
        return shipped.litert_folder(text)
    return folder
