"""The embedded data sets `toon_attributes`, `toon_expressions` and `toon_people`."""

from dataclasses import dataclass

import numpy as np
import PIL

from stargan_tf.data.built_in import DESCRIPTIONS
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.labels import Labels
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError, near_names
from stargan_tf.toon_faces.attribute_population import ATTRIBUTES
from stargan_tf.toon_faces.expression_population import EXPRESSIONS
from stargan_tf.toon_faces.people_population import PEOPLE
from stargan_tf.toon_faces.population import Population
from stargan_tf.toon_faces.render import LARGEST, RENDERER_VERSION, check_drawable


@dataclass(frozen=True, kw_only=True)
class ToonFaces(Dataset):
    """One data set of drawn faces.

    Args:
        population: the people, and what their labels mean.
    """

    population: Population

    takes_crop_size = False

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabelledImages:
        """Opens one split; a picture is drawn when it is asked for.

        Args:
            split: `"train"` (4000 pictures) or `"held_out"` (400, of other people).
            image_size: side in pixels, a multiple of 4 from 32 to 256.
            options: only `attributes`, a choice of domains, has a meaning here. A
                choice of one-hot domains leaves only the pictures that show one of
                them. The pictures are square for any `fit`.

        Returns:
            The images with their labels.

        Raises:
            InputError: for a size, split, option or attribute that does not fit.
        """
        check_drawable(image_size)
        info = self._info(options, image_size)
        labels = self.population.labels(split)
        columns = [self.population.domains.index(domain) for domain in info.domains]
        rows = self.population.rows(labels, columns)

        def load(index: int, size: int = image_size) -> np.ndarray:
            row = int(rows[index])
            return self.population.draw(split, row, labels[row], size)

        return LabelledImages(
            info=info,
            labels=labels[np.ix_(rows, columns)],
            names=tuple(f"{split}_{row:06d}" for row in rows),
            load=load,
            fingerprint=_fingerprint(info, split, rows),
            native_side=lambda: LARGEST,
            version=f"renderer {RENDERER_VERSION}",
        )

    def _info(self, options: DatasetOptions, image_size: int) -> DatasetInfo:
        people = self.population
        _check_options(people.name, options)
        full = DatasetInfo(
            people.name, people.domains, people.label_type, image_size, people.groups
        )
        chosen = tuple(options.attributes) or people.domains
        for domain in chosen:
            full.index(domain)
        groups = [tuple(d for d in group if d in chosen) for group in people.groups]
        groups = tuple(group for group in groups if len(group) > 1)
        return DatasetInfo(people.name, chosen, people.label_type, image_size, groups)


def _check_options(name: str, options: DatasetOptions) -> None:
    default = DatasetOptions()
    for field in ("data_dir", "labels", "crop_size", "held_out"):
        value = getattr(options, field)
        if value != getattr(default, field):
            raise InputError(
                f"Data set '{name}' is drawn by stargan_tf and takes no {field}. "
                f"Received: {field}={value!r}. Leave it out, or use your own images "
                "with --dataset folder or --dataset attributes."
            )


def _fingerprint(info: DatasetInfo, split: str, rows: np.ndarray) -> str:
    parts = (
        info.name,
        f"renderer {RENDERER_VERSION}",
        f"Pillow {PIL.__version__}",
        f"numpy {np.__version__}",
        split,
        f"{info.image_size} px",
        f"{len(rows)} of " + ",".join(sorted(info.domains)),
    )
    return "/".join(parts)


def true_translation(
    dataset_name: str, split: str, index: int, label: np.ndarray, image_size: int = 128
) -> np.ndarray:
    """What a perfect translator would answer: the same person with another label.

    Args:
        dataset_name: `"toon_attributes"`, `"toon_expressions"` or `"toon_people"`,
            where a person of another kind keeps content and style.
        split: `"train"` or `"held_out"`.
        index: the picture's number, as in its name (`held_out_000123` has 123).
        label: values 0 or 1, one for each of the data set's default domains.
        image_size: side in pixels, from 32 to 256.

    Returns:
        uint8 array (image_size, image_size, 3), RGB.

    Raises:
        InputError: for an unknown name or split, an index outside the split, or a
            label that no picture has (two hair colours, no expression).
    """
    if dataset_name not in _BY_NAME:
        raise InputError(
            f"There is no drawn data set '{dataset_name}'. "
            + near_names(dataset_name, _BY_NAME)
        )
    return _BY_NAME[dataset_name].population.draw(split, index, label, image_size)


def _definition(people: Population) -> ToonFaces:
    return ToonFaces(
        api_version=API_VERSION,
        name=people.name,
        description=DESCRIPTIONS[people.name],
        license="Apache-2.0, as stargan_tf",
        citation="the drawn faces of stargan_tf",
        obtain="Nothing to obtain: stargan_tf draws the pictures.",
        labels=Labels(people.domains, people.label_type, people.groups),
        population=people,
    )


TOON_ATTRIBUTES = _definition(ATTRIBUTES)
TOON_EXPRESSIONS = _definition(EXPRESSIONS)
TOON_PEOPLE = _definition(PEOPLE)
_BY_NAME = {
    definition.population.name: definition
    for definition in (TOON_ATTRIBUTES, TOON_EXPRESSIONS, TOON_PEOPLE)
}
