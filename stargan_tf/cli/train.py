"""`stargan-tf train`: trains a model, or goes on with a run."""

from pathlib import Path
from typing import Any

from absl import flags

from stargan_tf.cli.quiet_start import start_tensorflow
from stargan_tf.errors import InputError
from stargan_tf.training import resume
from stargan_tf.training.config import RUN_OPTIONS, RunConfig
from stargan_tf.training.families import FAMILIES
from stargan_tf.training.options import Option
from stargan_tf.training.presets import PRESETS
from stargan_tf.training.resolve import resolve
from stargan_tf.training.run_folder import RunFolder

SUMMARY = "Train a model, or go on with a run that stopped."
USAGE = (
    "stargan-tf train --preset NAME --dataset NAME[,NAME] [--data_dir DIR] --run DIR\n"
    "The same command on the same --run goes on where it stopped; '--run DIR' alone "
    "takes\nthe run's own options. A flag is stronger than --config, that is stronger "
    "than --preset."
)


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares one flag for each option of a run.

    Args:
        flag_values: where to.
    """
    define_text = {"flag_values": flag_values, "module_name": "Run"}
    flags.DEFINE_string("run", None, "The run folder.", **define_text)
    flags.DEFINE_string("preset", None, f"One of {', '.join(PRESETS)}.", **define_text)
    flags.DEFINE_string("config", None, "JSON file with option values.", **define_text)
    for option in _options().values():
        _define(option, flag_values)


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Resolves the configuration, trains, and says what to do next.

    Args:
        flag_values: the parsed flags.
        positionals: none are taken.
    """
    if positionals:
        raise InputError(
            f"'stargan-tf train' takes flags only. Received: {' '.join(positionals)}"
        )
    if not flag_values.run:
        raise InputError("Pass --run DIR, the folder that the run is written into.")
    folder = RunFolder(Path(flag_values.run))
    config = _resolve(flag_values, folder)
    resume.check(folder, config)  # Again in `train`; here it spares a slow start.
    start_tensorflow()
    from stargan_tf.training.run import train

    try:
        model = train(config, folder.path)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"'stargan-tf train --run {folder.path}' goes on from the last checkpoint."
        ) from None
    _say_what_is_next(folder, config, model.label_space.datasets[0].domains[0])


def _options() -> dict[str, Option]:
    families = [option for f in FAMILIES.values() for option in f.options]
    return {option.name: option for option in (*RUN_OPTIONS, *families)}


def _define(option: Option, flag_values: flags.FlagValues) -> None:
    # No defaults here: a flag that is not given must not override file or preset.
    define = flags.DEFINE_boolean if option.kind is bool else flags.DEFINE_string
    silent = option.default is None or option.default is False
    shown = "" if silent else f" [{option.default}]"
    define(
        option.name,
        None,
        option.help + shown,
        flag_values=flag_values,
        module_name=option.group,
    )


def _resolve(flag_values: flags.FlagValues, folder: RunFolder) -> RunConfig:
    names = ["preset", *_options()]
    given: dict[str, Any] = {
        name: flag_values[name].value for name in names if flag_values[name].present
    }
    config_file = flag_values.config
    if not config_file and "preset" not in given and folder.config.exists():
        config_file = folder.config
    return resolve(given, config_file)


def _say_what_is_next(folder: RunFolder, config: RunConfig, domain: str) -> None:
    pictures = sorted(folder.samples.glob("step_*.png"))
    print(f"\nStep {config.steps} is done; the model is {folder.path}")
    if pictures:
        print(f"Pictures: {pictures[-1]}")
    print(
        "What to do next:\n"
        f"  stargan-tf translate --model {folder.path} --to {domain} INPUT "
        "--output OUTPUT\n"
        f"  stargan-tf translate --model {folder.path} --all INPUT --output grid.png\n"
        f"  stargan-tf train --run {folder.path} --steps {2 * config.steps}"
    )
