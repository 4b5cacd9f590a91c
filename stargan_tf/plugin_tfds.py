'''Builders for TensorFlow Datasets (TFDS) from manually downloaded files.

A builder is in a package of its name, as TFDS requires. For `flowers`:

    flowers/__init__.py                     from .flowers_dataset_builder import Builder
    flowers/flowers_dataset_builder.py      the class `Builder`, below
    flowers/README.md, CITATIONS.bib        its description and citation

    class Builder(PictureBuilder):
        """Two kinds of flowers."""

        VERSION = tfds.core.Version("1.0.0")
        MANUAL_DOWNLOAD_INSTRUCTIONS = "Put flowers.zip, or the folder, here."
        SOURCES = ("flowers.zip", "flowers")

        def features(self):
            return {"label": tfds.features.ClassLabel(names=["rose", "tulip"])}

        def rows(self, tree):
            folders = {"train": "train", "test": "val"}
            return rows_of_folders(tree, folders, ("rose", "tulip"))

`tfds.load("flowers")` (after `import flowers`) and `tfds build` find it. Images are
copied one by one from the folder or zip file, with a progress bar; nothing is unpacked
or decoded. Prepared files get their name only when they are complete: a killed
preparation leaves no incomplete data set, and the next one removes its files.

With Beam options (`tfds build --beam_pipeline_options=…`, or `beam_runner` of
`tfds.download.DownloadConfig`), Beam's workers read the images; the files must have the
same path for all of them.
'''

import functools
import io
import shutil
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stargan_tf.data.folder import split_files
from stargan_tf.data.picture_tree import PictureTree, picture_tree
from stargan_tf.data.streams import tfds_module
from stargan_tf.errors import InputError

tfds = tfds_module()

__all__ = ["PictureBuilder", "PictureTree", "Row", "rows_of_folders", "tfds"]

# An image's name in the tree, and its features.
Row = tuple[str, Mapping[str, Any]]


class PictureBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A builder for images in a folder or zip file in TFDS' `manual_dir`.

    Derive a class and define `VERSION`, `MANUAL_DOWNLOAD_INSTRUCTIONS`, `SOURCES`,
    `features`, and `rows`.
    """

    SOURCES: tuple[str, ...] = ()
    ENCODING: str | None = None
    _on_beam = False

    @abstractmethod
    def features(self) -> Mapping[str, Any]:
        """TFDS features of an example besides `image` and `name`, by name."""

    @abstractmethod
    def rows(self, tree: PictureTree) -> Iterable[tuple[str, Iterable[Row]]]:
        """The rows of each split.

        Args:
            tree: the images.

        Returns:
            (split, rows) for each split.
        """

    def sources(self) -> tuple[str, ...]:
        """Folders or zip files in `manual_dir`; the first existing one is used."""
        return self.SOURCES

    def _info(self) -> tfds.core.DatasetInfo:
        image = tfds.features.Image(encoding_format=self.ENCODING)
        features = {"image": image, "name": tfds.features.Text(), **self.features()}
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features)
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        tree = picture_tree(self._source(Path(dl_manager.manual_dir)))
        return {
            split: self._generate_examples(tree, rows)
            for split, rows in self.rows(tree)
        }

    def _source(self, manual: Path) -> Path:
        places = [manual / name for name in self.sources()]
        for place in places:
            if place.exists():
                return place
        raise InputError(
            f"Expected one of {', '.join(map(str, places))}. Received: none. "
            f"{' '.join(self.MANUAL_DOWNLOAD_INSTRUCTIONS.split())}"
        )

    def _generate_examples(self, tree: PictureTree, rows: Iterable[Row]) -> Any:
        example = functools.partial(_example, tree)
        if not self._on_beam:
            return map(example, rows)
        try:
            import apache_beam as beam
        except ImportError as error:
            raise ImportError(
                "Beam options need apache-beam: pip install apache-beam"
            ) from error
        return beam.Create(list(rows)) | beam.Map(example)

    def _download_and_prepare(self, dl_manager: Any, download_config: Any) -> None:
        asked = download_config.beam_options or download_config.beam_runner
        self._on_beam = bool(asked)
        super()._download_and_prepare(dl_manager, download_config)

    def _post_download_and_prepare_hook(self) -> None:
        """Removes files of killed preparations, once the data set is complete."""
        whole = Path(self.data_dir)
        for remains in whole.parent.glob(f"incomplete.*_{whole.name}"):
            shutil.rmtree(remains, ignore_errors=True)


def rows_of_folders(
    tree: PictureTree, folders: Mapping[str, str], domains: Sequence[str]
) -> Iterator[tuple[str, list[Row]]]:
    """The rows of images in `FOLDER/DOMAIN/…`, with the domain as `label`.

    Args:
        tree: the images.
        folders: split → name of its folder.
        domains: names of the domains' folders.

    Yields:
        (split, rows) for each split.
    """
    for split, folder in folders.items():
        names, classes = split_files(tree, folder, domains)
        pairs = zip(names, classes, strict=True)
        yield split, [(name, {"label": number}) for name, number in pairs]


def _example(tree: PictureTree, row: Row) -> tuple[str, dict[str, Any]]:
    name, values = row
    picture = tree.read(name)
    image = io.BytesIO(picture) if isinstance(picture, bytes) else picture
    return name, {"image": image, "name": name, **values}
