"""Version folders of a served model: `NAME/1`, `NAME/2`, …"""

from pathlib import Path

from stargan_tf.errors import InputError


def versions(folder: Path) -> list[int]:
    """The version numbers in a model's folder, in order; it need not exist.

    Args:
        folder: the model's.
    """
    found = (path.name for path in folder.glob("*/") if path.name.isdigit())
    return sorted(int(name) for name in found)


def next_version(folder: Path) -> Path:
    """Where the next version goes.

    Args:
        folder: the model's; it need not exist.

    Raises:
        InputError: if `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            f"--output must be a folder, such as saved_models/faces. Received the file "
            f"{folder}"
        )
    return folder / str(max(versions(folder), default=0) + 1)


def served_version(folder: Path) -> int:
    """The newest version in a model's folder.

    Args:
        folder: the model's.

    Raises:
        InputError: if it has no version.
    """
    command = (
        "Make one with: stargan-tf export --model DIR --format saved_model "
        f"--output {folder}"
    )
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}. {command}")
    found = versions(folder)
    if found:
        return found[-1]
    if (folder / "saved_model.pb").exists():
        raise InputError(
            f"{folder} is one version. Name the folder it lies in: "
            f"{folder.resolve().parent}"
        )
    raise InputError(f"{folder} holds no version (a folder 1, 2, …). {command}")
