"""The `.keras` file of a checkpoint: measured first, then loaded.

The file may come from anywhere. Whatever is wrong with it is an `InputError`; nothing
that it names is imported; and it takes no more memory than its weights do.
"""

import math
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from stargan_tf.archives import check_archive
from stargan_tf.errors import InputError
from stargan_tf.files import parsed_json
from stargan_tf.training.families.model_family import ModelFamily

# What Keras calls the parts of a `.keras` file.
CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
# Those of our largest models have some 100 kB.
_LONGEST_CONFIG = 16 << 20
# A weight has 4 bytes in the file; half of that if Keras ever stores bfloat16.
_SMALLEST_WEIGHT = 2
_DEEPEST_GROUP = 64
_LONGEST_REASON = 200
# Where Keras may look for what a configuration names, beside the family's package.
_PACKAGES = frozenset({"keras", "stargan_tf", "builtins"})


def read_model_config(file: Path, chosen: ModelFamily) -> dict[str, Any]:
    """The arguments that a model was made with; TensorFlow is not needed.

    Args:
        file: what `model.save` wrote.
        chosen: the model's family.

    Raises:
        InputError: if it is damaged, or no model of the family.
    """
    return _read_config(file, chosen, compile=False)["config"]


def open_model(file: Path, chosen: ModelFamily, compile: bool = False) -> Any:
    """Does what `keras.models.load_model` does.

    Args:
        file: what `model.save` wrote.
        chosen: the model's family.
        compile: whether to restore the optimizers too.

    Raises:
        InputError: if it is damaged, or no model of the family.
    """
    config = _read_config(file, chosen, compile)
    model_class = chosen.model_class()  # Registers the classes with Keras.
    import keras

    from stargan_tf.private_interfaces import random_state_restored

    # Fresh weights, which are drawn at first, take their seeds from Python's generator.
    with random_state_restored(), _explained(file), _extracted(file) as weights:
        num_bytes = _check_weights(weights)
        # Without memory: the numbers in the configuration need not be true.
        with keras.StatelessScope(initialize_variables=False):
            model = model_class.from_config(config["config"])
            needed = sum(math.prod(variable.shape) for variable in model.variables)
        if needed * _SMALLEST_WEIGHT > num_bytes:
            raise ValueError(f"it describes {needed:,} weights, and holds fewer")
        if _has_assets(file):  # Vocabularies of a plugin's layers.
            return keras.models.load_model(file, compile=compile, safe_mode=True)
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        model.load_weights(weights)
    return model


def load_weights(model: Any, file: Path) -> None:
    """Does what `model.load_weights` does, several times as fast.

    Keras reads the HDF5 file where it lies, inside of the archive, and seeks to and
    fro in it; each seek backwards reads the archive from its start. It is copied out
    first here.

    Args:
        model: a `keras.Model`, compiled if the optimizers shall be loaded too.
        file: what `model.save` wrote, a `.keras` file.

    Raises:
        InputError: if it is damaged, or of another model.
    """
    with _explained(file), _extracted(file) as weights:
        _check_weights(weights)
        model.load_weights(weights)


def _read_config(file: Path, chosen: ModelFamily, compile: bool) -> dict[str, Any]:
    """The whole configuration, in which nothing is named that is not ours."""
    with _explained(file), zipfile.ZipFile(file) as archive:
        check_archive(archive, file)
        if archive.getinfo(CONFIG).file_size > _LONGEST_CONFIG:
            raise ValueError(f"its {CONFIG} is too long")
        config = parsed_json(archive.read(CONFIG))
        if not compile:  # Optimizers may be of packages that are not here.
            config["compile_config"] = None
        archive.getinfo(WEIGHTS)
        home, _, name = chosen.target.partition(":")
        if config["class_name"] != name or not isinstance(config["config"], dict):
            raise ValueError(f"it holds no {name}, but a {config['class_name']!r}")
        packages = _PACKAGES | {home.partition(".")[0]}
        for module in _modules(config):
            if str(module).partition(".")[0] not in packages:
                raise ValueError(f"it names code of {module!r}, which is not run")
        for option in chosen.model_options:
            value = config["config"].get(option.name)
            if value is not None and not (option.imported or option.separator):
                option.read(value)
    return config


def _modules(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if value.get("module") is not None and "class_name" in value:
            yield value["module"]
        if value.get("class_name") in ("Lambda", "__lambda__"):
            yield "a lambda"
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _modules(part)


def _has_assets(file: Path) -> bool:
    with zipfile.ZipFile(file) as archive:
        return any(name.startswith("assets/") for name in archive.namelist())


@contextmanager
def _extracted(file: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        source = file
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            with zipfile.ZipFile(file) as archive:
                source = Path(archive.extract(WEIGHTS, folder))
        except OSError:  # No room for the copy: slow, but it works.
            pass
        yield source


def _check_weights(source: Path) -> int:
    """The bytes of all arrays, which are no more than the file has."""
    import h5py

    if source.name == WEIGHTS:
        with source.open("rb") as stream, h5py.File(stream) as weights:
            return _num_bytes(weights, source.stat().st_size)
    with (
        zipfile.ZipFile(source) as archive,
        archive.open(WEIGHTS) as stream,
        h5py.File(stream) as weights,
    ):
        return _num_bytes(weights, archive.getinfo(WEIGHTS).file_size)


def _num_bytes(weights: Any, limit: int) -> int:
    import h5py

    def arrays(group: Any, depth: int) -> Iterator[Any]:
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink) or depth > _DEEPEST_GROUP:
                raise ValueError("its weights lie elsewhere")
            entry = group[name]
            if isinstance(entry, h5py.Group):
                yield from arrays(entry, depth + 1)
            elif entry.is_virtual or entry.external:
                raise ValueError("its weights lie elsewhere")
            else:
                yield entry

    total = 0
    for array in arrays(weights, 0):
        total += array.size * array.dtype.itemsize
        if total > limit:
            raise ValueError("its weights are larger than the file")
    return total


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise error if str(file) in str(error) else _refused(file, error) from error
    # Keras, HDF5 and zip files name no set of errors: which one it is depends on the
    # byte that is wrong.
    except Exception as error:
        raise _refused(file, error) from error


def _refused(file: Path, error: Exception) -> InputError:
    lines = str(error).strip().splitlines()
    reason = lines[0][:_LONGEST_REASON] if lines else type(error).__name__
    return InputError(
        f"The model file {file} cannot be loaded: {reason.rstrip('.')}. It is damaged, "
        "or was not written by this package. Copy it again, or use another checkpoint."
    )
