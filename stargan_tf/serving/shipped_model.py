"""The models that come with the package, as SavedModels.

Those are several times larger than the models themselves, so that they are made when
they are first served, and kept in the cache.
"""

from pathlib import Path

from stargan_tf import shipped
from stargan_tf.data.cache import cache_folder
from stargan_tf.version import __version__


def served_folder(folder: Path) -> Path:
    """A folder with versions; a shipped model's is exported if need be.

    Args:
        folder: what the user typed: a folder, or the name of a shipped model.

    Returns:
        `folder` itself if something is there or no model has that name.

    Raises:
        InputError: if the cache cannot be written.
        ImportError: without the extra `serving`.
    """
    source = shipped.named_or(folder)
    if source == folder:
        return folder
    made = cache_folder() / "served" / __version__ / folder.name
    if not (made / "1").is_dir():
        print(f"Exporting {folder} once, to {made}", flush=True)
        _export(source, made)
    return made


def _export(source: Path, made: Path) -> None:
    from stargan_tf.serving.export import SavedModelOptions, export_saved_model
    from stargan_tf.training.run_folder import find_checkpoint

    export_saved_model(*find_checkpoint(source), made, SavedModelOptions(check=False))
