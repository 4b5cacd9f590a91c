"""`stargan-tf train`: trains a model, or goes on with a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from absl import flags

from stargan_tf.cli.data_flags import (
    ACCEPT_CHANGED_DATA,
    define_accept_changed_data,
)
from stargan_tf.cli.model_code import TRUST, define_trust
from stargan_tf.cli.named_model import named_model
from stargan_tf.cli.quiet_start import start_tensorflow
from stargan_tf.errors import InputError
from stargan_tf.interruption import postponed
from stargan_tf.models.family import ModelFamily, Option
from stargan_tf.models.registry import family, known_families, presets
from stargan_tf.training import resume
from stargan_tf.training.config import RUN_OPTIONS, RunConfig, resolve
from stargan_tf.training.run_folder import RunFolder

Families = Mapping[str, ModelFamily]
_NO_OPTIONS = ("run", "config", TRUST, ACCEPT_CHANGED_DATA)

SUMMARY = "Train a model, or go on with a run that stopped."
USAGE = (
    "stargan-tf train --preset NAME --dataset NAME[,NAME] [--data_dir DIR] --run DIR\n"
    "The same command on the same --run goes on where it stopped; '--run DIR' alone "
    "takes\nthe run's own options. A flag is stronger than --config, that is stronger "
    "than --preset."
)


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares one flag for each option of a run of our own models.

    Args:
        flag_values: where to.
    """
    define_flags_for(flag_values, [])


def define_flags_for(flag_values: flags.FlagValues, arguments: Sequence[str]) -> None:
    """As `define_flags`, and the options of the model that the command line names.

    Args:
        flag_values: where to.
        arguments: of the command line.
    """
    define_text = {"flag_values": flag_values, "module_name": "Run"}
    flags.DEFINE_string("run", None, "The run folder.", **define_text)
    families = known_families(named_model(arguments))
    names = ", ".join(presets(families))
    flags.DEFINE_string("preset", None, f"One of {names}.", **define_text)
    flags.DEFINE_string("config", None, "JSON file with option values.", **define_text)
    define_trust(**define_text)
    define_accept_changed_data(flag_values)
    for owners in _options(families).values():
        _define(owners, families, flag_values)


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
    try:
        # A signal that arrives here leaves a checkpoint as well, of step 0.
        with postponed():
            start_tensorflow()
            from stargan_tf.training.run import train

            model = train(config, folder.path, flag_values.accept_changed_data)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(
            f"{interrupt} To resume: stargan-tf train --run {folder.path}"
        ) from None
    if model.distribute_strategy.extended.should_checkpoint:  # One of the workers.
        _say_what_is_next(folder, config, model.label_space.datasets[0].domains[0])


def _options(families: Families) -> dict[str, dict[str, Option]]:
    """Option name → family name → the option as that family has it."""
    options: dict[str, dict[str, Option]] = {}
    for known in families.values():
        for option in (*RUN_OPTIONS, *known.options):
            options.setdefault(option.name, {})[known.name] = option
    return options


def _define(
    owners: Mapping[str, Option], families: Families, flag_values: flags.FlagValues
) -> None:
    option = next(iter(owners.values()))
    # No defaults here: a flag that is not given must not override file or preset.
    define = flags.DEFINE_boolean if option.kind is bool else flags.DEFINE_string
    define(
        option.name,
        None,
        _help(owners, families),
        flag_values=flag_values,
        module_name=option.group,
    )


def _help(owners: Mapping[str, Option], families: Families) -> str:
    """What the option means and defaults to; by family where that differs."""
    defaults = {n: _default(families[n].default(o)) for n, o in owners.items()}
    texts = {n: f"{o.help}{defaults[n]}" for n, o in owners.items()}
    if len(owners) == len(families) and len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    if len({option.help for option in owners.values()}) == 1:
        named = ",".join(f"{default} ({n})" for n, default in defaults.items())
        return f"{next(iter(owners.values())).help}{named}"
    return " ".join(f"{text} ({n})" for n, text in texts.items())


def _default(value: Any) -> str:
    return "" if value is None or value is False else f" [{value}]"


def _resolve(flag_values: flags.FlagValues, folder: RunFolder) -> RunConfig:
    given: dict[str, Any] = {
        name: flag_values[name].value
        for name in flag_values
        if flag_values[name].present and name not in _NO_OPTIONS
    }
    config_file = flag_values.config
    if not config_file and "preset" not in given and folder.config.exists():
        config_file = folder.config
    return resolve(given, config_file, flag_values.trust_code)


def _say_what_is_next(folder: RunFolder, config: RunConfig, domain: str) -> None:
    pictures = sorted(folder.samples.glob("step_*.png"))
    translate = f"stargan-tf translate --model {folder.path}"
    uses = [use.format(domain=domain) for use in family(config.model).uses]
    print(f"\nStep {config.steps} is done; the model is {folder.path}")
    if pictures:
        print(f"Pictures: {pictures[-1]}")
    print(
        "What to do next:\n"
        + "".join(f"  {translate} {use}\n" for use in uses)
        + f"  stargan-tf train --run {folder.path} --steps {2 * config.steps}"
    )
