"""Imports functions that users name, such as `my_masks:face_masks`.

Functions that a file names, such as a run's configuration, are imported only if the
user trusts the file.
"""

import functools
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from stargan_tf.errors import InputError

_MAX_LENGTH = 100  # Characters of a name in a message.


def imported_by_user(option: str, name: str) -> Callable[..., Any]:
    """Imports the callable that a user named.

    A module that is not on `sys.path` is searched in the current folder. `sys.path` is
    not changed: such a module finds others beside it only by PYTHONPATH.

    Args:
        option: the option that names it, for messages.
        name: `module:name` or `path/to/file.py:name`.

    Raises:
        InputError: if it cannot be imported, or is not callable.
    """
    check_form(option, name)
    module, _, attribute = name.rpartition(":")
    try:
        if module.endswith(".py"):
            function = getattr(_file_module(Path(module)), attribute)
        else:
            _import_here(module)
            function = pkgutil.resolve_name(name)
    # A user's module may fail in any way, even by exiting.
    except (Exception, SystemExit) as error:
        raise InputError(
            f"{option} {name} cannot be imported: {_described(error)}"
        ) from error
    if not callable(function):
        received = f"{name}, a {type(function).__name__}"
        raise InputError(f"{option} must name a function. Received: {received}")
    return function


def check_trusted(
    named: Mapping[str, Any], config: str | Path | None, trust_code: bool
) -> None:
    """Raises `InputError` for code that a configuration names, unless it is trusted.

    Args:
        named: option → what the configuration names, code or something else.
        config: the file, for the message.
        trust_code: whether the user trusts it.
    """
    for option, code in named.items():
        if trust_code or not is_code(str(code)):
            continue
        raise InputError(
            f"{config} names code to run: {option}={str(code)[:_MAX_LENGTH]}. Code "
            f"from a file is not run by default. Pass --{option} (in Python, "
            f"{option}=…) or, if you trust the file, --trust_code (trust_code=True)."
        )


def explained(option: str, name: str, function: Callable[..., Any]) -> Callable:
    """Wraps a user's function, so that exceptions become an `InputError`.

    It must be called with NumPy arrays, not in TensorFlow graphs.
    """

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            raise InputError(f"{option} {name} failed: {_described(error)}") from error

    return call


def is_code(name: str) -> bool:
    """Whether a text is `module:name` or `file.py:name`."""
    module, colon, attribute = name.rpartition(":")
    named = module.endswith(".py") or all(p.isidentifier() for p in module.split("."))
    return bool(colon) and attribute.isidentifier() and named


def check_form(option: str, name: str) -> None:
    """Raises InputError unless `is_code`."""
    if not is_code(name):
        raise InputError(
            f"{option} must be MODULE:FUNCTION or FILE.py:FUNCTION, such as "
            f"my_masks:face_masks. Received: {name}"
        )


def _import_here(module: str) -> None:
    """Loads a module's top-level package from the current folder if needed."""
    root = module.partition(".")[0]
    if root in sys.modules or importlib.util.find_spec(root):
        return
    spec = PathFinder.find_spec(root, [os.getcwd()])
    if spec is not None:
        _loaded(root, spec)


def _file_module(path: Path) -> ModuleType:
    # Named by its path, so that it is run once, and shadows no other module.
    name = str(path.expanduser().resolve())
    if name in sys.modules:
        return sys.modules[name]
    if not Path(name).is_file():
        raise ImportError(f"There is no file {path}")
    return _loaded(name, spec_from_file_location(name, name))


def _loaded(name: str, spec: ModuleSpec) -> ModuleType:
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        if spec.loader is not None:  # None: a folder without __init__.py
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _described(error: BaseException) -> str:
    """The error and, for code of the user, its location."""
    text = str(error) or type(error).__name__
    if isinstance(error, ImportError | AttributeError | SyntaxError):
        return text
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {text} ({last.filename}, line {last.lineno})"
