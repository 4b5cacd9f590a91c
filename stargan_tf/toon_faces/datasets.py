"""The embedded data sets `toon_attributes`, `toon_expressions` and `toon_people`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import PIL

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.labels import binary, one_hot
from stargan_tf.data.options import (
    HELD_OUT,
    TRAIN,
    DatasetOptions,
    check_split,
)
from stargan_tf.data.registry import DESCRIPTIONS
from stargan_tf.data.source import LabeledImages, choose_domains
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError, near_names
from stargan_tf.toon_faces.drawing import HAIR_COLORS
from stargan_tf.toon_faces.people import (
    EXPRESSIONS,
    KINDS,
    Identity,
    Look,
    draw_identity,
    draw_person,
    mood,
)
from stargan_tf.toon_faces.render import (
    LARGEST,
    RENDERER_VERSION,
    check_drawable,
    render,
)

SPLIT_SIZES = {TRAIN: 4000, HELD_OUT: 400}
# Held-out people are other people: their numbers start behind all training ones.
FIRST_PERSON = {TRAIN: 0, HELD_OUT: 1_000_000}
_LABELS, _OTHER_LABELS = 1, 2


@dataclass(frozen=True, kw_only=True)
class ToonFaces(Dataset):
    """One data set of drawn faces.

    Args:
        seed: what the people and their labels are drawn from.
        draw: seed, number of a person, and a possible label (domains,) → who that
            is, and with which look.
    """

    license: str = "Apache-2.0, as stargan_tf"
    citation: str = "the drawn faces of stargan_tf"
    obtain: str = "Nothing to obtain: stargan_tf draws the pictures."
    seed: int
    draw: Callable[[int, int, np.ndarray], tuple[Identity, Look]]

    takes_crop_size = False

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split; an image is drawn when it is asked for.

        Args:
            split: `"train"` (4000 images) or `"held_out"` (400, of other people).
            image_size: side in pixels, a multiple of 4 from 32 to 256.
            options: only `attributes`, a choice of domains, has a meaning here. A
                choice of one-hot domains leaves only the images that show one of
                them. The images are square for any `fit`.

        Returns:
            The images with their labels.

        Raises:
            InputError: for a size, split, option or attribute that does not fit.
        """
        _check_options(self.name, options)
        check_drawable(image_size)
        check_split(split)
        size, labels = SPLIT_SIZES[split], self._draw_labels(split)

        def draw(index: int, side: int = image_size) -> np.ndarray:
            return self.render(split, index, labels[index], side)

        images = LabeledImages(
            info=self.labels.info(self.name, image_size),
            labels=labels,
            names=tuple(f"{split}_{number:06d}" for number in range(size)),
            load=draw,
            fingerprint=f"{self.name}/renderer {RENDERER_VERSION}/"
            f"Pillow {PIL.__version__}/numpy {np.__version__}/{split}/{image_size} px/"
            f"{size} of {','.join(sorted(self.labels.names))}",
            native_side=lambda: LARGEST,
            version=f"renderer {RENDERER_VERSION}",
        )
        return choose_domains(images, options.attributes)

    @property
    def _exclusive(self) -> tuple[str, ...]:
        """The domains of which exactly one is on."""
        return next(iter(self.labels.exclusive_groups), self.labels.names)

    def _draw_labels(self, split: str) -> np.ndarray:
        """The exclusive domains equally frequent; the ones behind are coin flips."""
        # One stream for the labels of a split, apart from every person's own stream:
        # labels are independent of who is drawn.
        rng = np.random.default_rng([self.seed, FIRST_PERSON[split], _LABELS])
        size, classes = SPLIT_SIZES[split], len(self._exclusive)
        one_of = np.eye(classes)[rng.permutation(size) % classes]
        coins = rng.integers(2, size=(size, len(self.labels.names) - classes))
        return np.concatenate([one_of, coins], axis=1).astype(np.float32)

    def render(
        self, split: str, index: int, label: np.ndarray, image_size: int
    ) -> np.ndarray:
        """Draws person `index` of `split` with any `label`; see `true_translation`."""
        check_split(split)
        if not 0 <= index < SPLIT_SIZES[split]:
            raise InputError(
                f"'{self.name}' has pictures 0 to {SPLIT_SIZES[split] - 1} in "
                f"'{split}'. Received: index={index}"
            )
        label = np.asarray(label, dtype=np.float32)
        domains, names = self.labels.names, self._exclusive
        fits = label.shape == (len(domains),) and np.isin(label, (0, 1)).all()
        if not fits or sum(label[domains.index(name)] for name in names) != 1:
            raise InputError(
                f"A label of '{self.name}' has {len(domains)} values, 0 or 1, for "
                f"{', '.join(domains)}, with exactly one of {', '.join(names)} "
                f"on. Received: {label.tolist()}"
            )
        person, look = self.draw(self.seed, FIRST_PERSON[split] + index, label)
        return render(person, look, image_size)


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


def _with_attributes(
    seed: int, number: int, label: np.ndarray
) -> tuple[Identity, Look]:
    *hair, male, young = label
    look = Look(HAIR_COLORS[int(np.argmax(hair))], male=bool(male), young=bool(young))
    return draw_identity(seed, number), look


def _with_expression(
    seed: int, number: int, label: np.ndarray
) -> tuple[Identity, Look]:
    """Hair color, sex and age are the person's own, with the label's expression."""
    rng = np.random.default_rng([seed, number, _OTHER_LABELS])
    look = Look(
        hair_color=HAIR_COLORS[int(rng.integers(len(HAIR_COLORS)))],
        male=bool(rng.integers(2)),
        young=bool(rng.integers(2)),
        expression=EXPRESSIONS[int(label.argmax())],
    )
    return draw_identity(seed, number), look


def _of_kind(seed: int, number: int, label: np.ndarray) -> tuple[Identity, Look]:
    kind = tuple(KINDS)[int(label.argmax())]
    expression = mood(seed, number)
    look = Look(male=kind == "man", child=kind == "child", expression=expression)
    return draw_person(seed, number, kind), look


def true_translation(
    dataset_name: str, split: str, index: int, label: np.ndarray, image_size: int = 128
) -> np.ndarray:
    """What a perfect translator would answer: the same person with another label.

    Args:
        dataset_name: `"toon_attributes"`, `"toon_expressions"` or `"toon_people"`,
            where a person of another kind keeps content and style.
        split: `"train"` or `"held_out"`.
        index: the image's number, as in its name (`held_out_000123` has 123).
        label: values 0 or 1, one for each of the data set's default domains.
        image_size: side in pixels, from 32 to 256.

    Returns:
        uint8 array (image_size, image_size, 3), RGB.

    Raises:
        InputError: for an unknown name or split, an index outside the split, or a
            label that no image has (two hair colors, no expression).
    """
    if dataset_name not in _BY_NAME:
        raise InputError(
            f"There is no drawn data set '{dataset_name}'. "
            + near_names(dataset_name, _BY_NAME)
        )
    return _BY_NAME[dataset_name].render(split, index, label, image_size)


TOON_ATTRIBUTES = ToonFaces(
    api_version=API_VERSION,
    name="toon_attributes",
    description=DESCRIPTIONS["toon_attributes"],
    labels=binary(*HAIR_COLORS, "Male", "Young", exclusive=[HAIR_COLORS]),
    seed=7101,
    draw=_with_attributes,
)
TOON_EXPRESSIONS = ToonFaces(
    api_version=API_VERSION,
    name="toon_expressions",
    description=DESCRIPTIONS["toon_expressions"],
    labels=one_hot(*EXPRESSIONS),
    seed=7102,
    draw=_with_expression,
)
TOON_PEOPLE = ToonFaces(
    api_version=API_VERSION,
    name="toon_people",
    description=DESCRIPTIONS["toon_people"],
    labels=one_hot(*KINDS),
    seed=7103,
    draw=_of_kind,
)
_BY_NAME = {
    faces.name: faces for faces in (TOON_ATTRIBUTES, TOON_EXPRESSIONS, TOON_PEOPLE)
}
