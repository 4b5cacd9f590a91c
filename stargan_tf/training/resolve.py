"""Flags, a JSON file, a preset and defaults become one `RunConfig`."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.files import read_json, user_path
from stargan_tf.shipped import named_or
from stargan_tf.training.config import NESTED, RUN_OPTIONS, RunConfig
from stargan_tf.training.families.model_family import ModelFamily
from stargan_tf.training.families.registry import (
    DEFAULT,
    check_option_names,
    family,
    preset,
)
from stargan_tf.training.options import Option

# Keys that a run folder's config.json has beside the options.
_RECORD_KEYS = ("versions",)
# Options of earlier versions, which decided nothing about the weights.
_FORMER_OPTIONS = ("data_service",)
# Options with a path for each data set.
_PATHS = ("data_dir", "labels")
_LONGEST = 100  # Characters of a name in a message.


def resolve(
    overrides: Mapping[str, Any],
    config_file: str | Path | None = None,
    trust_code: bool = False,
) -> RunConfig:
    """Resolves a run's configuration.

    Args:
        overrides: option name → value, text or JSON value; the strongest.
        config_file: a JSON file with option names as keys, weaker than `overrides`
            and stronger than the preset that either of them names. The `config.json`
            of a run folder is such a file. Between the two stands what the networks
            of the `init_from` model are like.
        trust_code: whether functions that `config_file` names may be used, which
            executes them. Those of `overrides` always are.

    Returns:
        The configuration; what nobody gave has its default.

    Raises:
        InputError: unknown option or preset, a value that does not fit, no data set,
            code that is not trusted.
    """
    filed = read_config_file(config_file) if config_file else {}
    given = filed | dict(overrides)
    name = given.get("preset")
    initial = _initial(given)
    values = (preset(name).values if name else {}) | initial | given
    chosen = family(values.get("model", DEFAULT))
    options = {option.name: option for option in (*RUN_OPTIONS, *chosen.options)}
    check_option_names(values, {"preset", *options}, chosen)
    coded = (name for name in chosen.code_options if name not in overrides)
    check_trusted({n: filed[n] for n in coded if filed.get(n)}, config_file, trust_code)
    read = {
        name: option.read(values.get(name, chosen.default(option)))
        for name, option in options.items()
    }
    _check_initial(given.get("init_from"), initial, read)
    if config_file:
        warn_of_relative_paths(config_file, overrides)
    return _assemble(name, read, chosen)


def warn_of_relative_paths(config_file: str | Path, given: Mapping[str, Any]) -> None:
    """Says where data of a run of version 0.1.0 is looked for: it has paths as typed.

    Args:
        config_file: a run's `config.json`; in one that a user wrote, paths may be
            relative.
        given: options that the user gives in place of the file's.
    """
    values = read_json(user_path(config_file))
    if not all(key in values for key in _RECORD_KEYS):
        return
    for name in _PATHS:
        paths = None if name in given else values.get(name)
        for path in [paths] if isinstance(paths, str) else paths or ():
            if path and _from_anywhere(path) != path:
                warnings.warn(
                    f"{config_file} has {name}={path}, taken from the current folder "
                    f"as {_from_anywhere(path)}. If it is elsewhere, pass --{name}.",
                    stacklevel=3,
                )


def _initial(given: Mapping[str, Any]) -> dict[str, Any]:
    if not given.get("init_from"):
        return {}
    # Here, not above: opening a model reads its run's configuration by this module.
    from stargan_tf.training.initial_model import initial_options

    return initial_options(given)


def _check_initial(
    folder: str | None, initial: Mapping[str, Any], read: Mapping[str, Any]
) -> None:
    """Refuses a run that builds other networks than those it starts from."""
    for name, value in initial.items():
        if read[name] != value:
            raise InputError(
                f"The model {folder} has {name}={value}; a run with --init_from keeps "
                f"that. Received: {name}={read[name]}. Leave it out."
            )


def read_config_file(path: str | Path) -> dict[str, Any]:
    """The option values in a JSON file.

    Args:
        path: the file.

    Raises:
        InputError: if it is missing, no JSON, or no JSON object.
    """
    try:
        values = read_json(user_path(path))
    except (OSError, ValueError) as error:
        raise InputError(f"The configuration {path} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise InputError(
            f"The configuration {path} must be a JSON object such as "
            f'{{"preset": "demo", "steps": 100}}. Received: {type(values).__name__}'
        )
    ignored = {*_RECORD_KEYS, *_FORMER_OPTIONS}
    if set(_RECORD_KEYS) <= values.keys() and not _is_preset(values.get("preset")):
        ignored.add("preset")  # Of an earlier version; a run's record has its values.
    return {name: value for name, value in values.items() if name not in ignored}


def _is_preset(name: Any) -> bool:
    try:
        return name is not None and bool(preset(name))
    except InputError:
        return False


def check_trusted(
    named: Mapping[str, Any], config: str | Path | None, trust_code: bool
) -> None:
    """Refuses to run what a configuration names, unless the user trusts it.

    Args:
        named: option → the code that the configuration names for it.
        config: the configuration.
        trust_code: whether the user trusts it.

    Raises:
        InputError: if it names any and the user does not.
    """
    if trust_code:
        return
    for option, code in named.items():
        raise InputError(
            f"{config} names code to run, {option}={str(code)[:_LONGEST]}, and code "
            f"that comes with a file is not run unasked. Pass your own --{option} (in "
            f"Python {option}=…), or, if you trust the file, --trust_code "
            "(trust_code=True)."
        )


def _assemble(name: str | None, read: dict[str, Any], chosen: ModelFamily) -> RunConfig:
    datasets = tuple(dataset for dataset in read["dataset"] if dataset)
    if not datasets:
        raise InputError(
            "No data set is given. Pass --dataset NAME (or NAME,NAME); "
            "'stargan-tf datasets' lists them."
        )
    read["dataset"] = datasets
    for option in (*RUN_OPTIONS, *chosen.options):
        if option.separator:
            read[option.name] = _per_dataset(option, read[option.name], datasets)
    for paths in _PATHS:
        read[paths] = tuple(map(_from_anywhere, read[paths]))
    source = read["init_from"]
    # Not the name of a model that comes with the package.
    if source and user_path(source).exists() and named_or(Path(source)) == Path(source):
        read["init_from"] = _from_anywhere(source)
    for code in chosen.code_options:
        read[code] = _code_from_anywhere(read[code])
    chosen.check(read)
    nested = {field: _take(read, getattr(chosen, field)) for field in NESTED}
    return RunConfig(preset=name, **nested, **read)


def _from_anywhere(path: str | None) -> str | None:
    """A path that is found from every folder; addresses such as gs://… stay."""
    if path is None or "://" in path:
        return path
    return os.path.abspath(user_path(path))


def _code_from_anywhere(code: str | None) -> str | None:
    """FILE.py:FUNCTION with a path that is found from every folder."""
    file, colon, function = (code or "").rpartition(":")
    if not (colon and file.endswith(".py")):
        return code
    return f"{_from_anywhere(file)}:{function}"


def _take(read: dict[str, Any], options: tuple[Option, ...]) -> dict[str, Any]:
    return {option.name: read.pop(option.name) for option in options}


def _per_dataset(option: Option, values: tuple, datasets: tuple[str, ...]) -> tuple:
    if len(values) == 1:
        return values * len(datasets)
    if len(datasets) == 1 and option.kind is str and not option.many:
        # One folder whose name has a comma.
        return (option.separator.join(value or "" for value in values),)
    if len(values) != len(datasets):
        raise InputError(
            f"{option.name} has {len(values)} values for {len(datasets)} data sets "
            f"({', '.join(datasets)}). Give one for all or one each, separated by "
            f"'{option.separator}'. Received: {list(values)}"
        )
    return values
