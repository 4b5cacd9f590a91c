"""What `--landmarks` and `--mask_provider` name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stargan_tf.discovery import LANDMARKS
from stargan_tf.errors import InputError, near_names
from stargan_tf.files import temporary_folder, user_path
from stargan_tf.pretrained import is_official
from stargan_tf.user_code import imported_by_user, is_code

if TYPE_CHECKING:
    from stargan_tf.faces.providers import LandmarkProvider, NetworkProvider

_TORCH_ENDINGS = (".ckpt", ".pth", ".pt", ".safetensors")


def landmark_provider(name: str) -> "LandmarkProvider":
    """Opens a landmark provider.

    Args:
        name: of an installed provider, or what `stargan_tf.load_model` opens as a
            landmark network, such as the folder of an import of `wing.ckpt`, or the
            folder of a model with a landmark network, or `wing.ckpt` itself.

    Raises:
        InputError: if there is none of that name (near ones are named), its package is
            broken, or a path holds something else.
        ImportError: for `wing.ckpt` without PyTorch.
    """
    installed = LANDMARKS.installed()
    if name in installed:
        return LANDMARKS.load(name)
    if needs_tensorflow(name):
        return _network_provider(name, user_path(name))
    advice = near_names(name, installed)
    if not installed:
        advice = "None is installed. The package stargan-tf-mediapipe contains one."
    raise InputError(
        f"There is no landmark provider '{name}'. Expected the name of an installed "
        "one, the folder of 'stargan-tf import wing.ckpt', or wing.ckpt itself. "
        + advice
    )


def mask_provider(name: str) -> Callable[[Any], Any]:
    """What makes masks of images: a landmark provider, or code that the user names.

    Args:
        name: as `landmark_provider` takes it, or MODULE:FUNCTION or FILE.py:FUNCTION.

    Raises:
        InputError: if there is none of that name, or it cannot be imported.
    """
    if is_code(name):
        return imported_by_user("mask_provider", name)
    return landmark_provider(name)


def check_mask_provider(name: str) -> None:
    """Raises InputError unless `mask_provider` has something to open."""
    if not (is_code(name) or needs_tensorflow(name)):
        landmark_provider(name)


def needs_tensorflow(name: str) -> bool:
    """Whether `landmark_provider` opens a network."""
    is_elsewhere = "://" in name or is_official(name)
    is_place = is_elsewhere or os.path.exists(user_path(name))
    return is_place and name not in LANDMARKS.installed()


def _network_provider(name: str, path: Path) -> "NetworkProvider":
    from stargan_tf.faces.network import LandmarkNetwork
    from stargan_tf.faces.providers import NetworkProvider
    from stargan_tf.training.run_folder import LANDMARKS_FILE, load_model

    if path.suffix.lower() in _TORCH_ENDINGS:
        from stargan_tf.convert.write import import_checkpoint

        with temporary_folder() as folder:
            import_checkpoint([path], folder / "landmarks")
            return _network_provider(name, folder / "landmarks")
    if (path / LANDMARKS_FILE).is_file():  # Beside a model, or alone.
        path = path / LANDMARKS_FILE
    found = load_model(path if path.exists() else name)
    if not isinstance(found, LandmarkNetwork):
        raise InputError(
            f"Expected a network that finds landmarks. Received: {name}, which holds a "
            f"{type(found).__name__} without one. Give an installed landmark provider, "
            "or the folder of 'stargan-tf import wing.ckpt'."
        )
    return NetworkProvider(found, name)
