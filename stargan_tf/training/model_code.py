"""Functions that belong to a model and are not saved in it, such as a mask provider."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.training.families.model_family import ModelFamily
from stargan_tf.training.imported import imported_by_user
from stargan_tf.training.resolve import check_trusted, read_config_file

Code = str | Callable[..., Any]


def attach_code(
    model: Any,
    chosen: ModelFamily,
    config: Path,
    given: Mapping[str, Code | None],
    trust_code: bool = False,
) -> None:
    """Gives a loaded model its functions, by its `set_…` methods.

    Args:
        model: the model.
        chosen: its family; those of its options that name code are looked at.
        config: the run's configuration, which names them; it need not exist.
        given: option name → a function or its `module:name`, in place of what the
            run names; None stands for "not given".
        trust_code: whether what the run names may be imported, and so executed.

    Raises:
        InputError: if a function cannot be imported, the run names one that is not
            trusted, or the family has no such option.
    """
    names = chosen.code_options
    given = {name: code for name, code in given.items() if code is not None}
    for name in given:
        if name not in names:
            raise InputError(f"A {chosen.name} model takes no {name}. Leave it out.")
    recorded = read_config_file(config) if names and config.exists() else {}
    recorded = {name: recorded[name] for name in names if recorded.get(name)}
    recorded = {name: code for name, code in recorded.items() if name not in given}
    check_trusted(recorded, config, trust_code)
    for name, code in given.items():
        function = imported_by_user(name, code) if isinstance(code, str) else code
        getattr(model, f"set_{name}")(function)
    for name, code in recorded.items():
        getattr(model, f"set_{name}")(_recorded(name, code, config))


def _recorded(name: str, code: Any, config: Path) -> Callable[..., Any]:
    try:
        return imported_by_user(name, str(code))
    except InputError as error:
        raise InputError(
            f"{error}. {config} names it: call from the folder of its module, add "
            f"that folder to PYTHONPATH, or give another {name}."
        ) from error
