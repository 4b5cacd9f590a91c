"""The embedded data sets `toon_attributes`, `toon_expressions` and `toon_people`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import PIL

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.info import BINARY, ONE_HOT, DatasetInfo
from stargan_tf.data.labels import Labels
from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions
from stargan_tf.data.registry import DESCRIPTIONS
from stargan_tf.data.source import LabelledImages
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError, near_names
from stargan_tf.toon_faces.drawing import HAIR_COLOURS
from stargan_tf.toon_faces.identity import (
    EXPRESSIONS as EXPRESSION_NAMES,
)
from stargan_tf.toon_faces.identity import (
    Identity,
    Look,
    draw_identity,
)
from stargan_tf.toon_faces.people import KINDS, draw_person, mood
from stargan_tf.toon_faces.render import (
    LARGEST,
    RENDERER_VERSION,
    check_drawable,
    render,
)

# Who is in a data set, with which label: people and looks by number.

SPLIT_SIZES = {TRAIN: 4000, HELD_OUT: 400}
# Held-out people are other people: their numbers start behind all training ones.
FIRST_PERSON = {TRAIN: 0, HELD_OUT: 1_000_000}
LOOKS = 1


@dataclass(frozen=True)
class Population(ABC):
    """People by number, and what their labels mean.

    Args:
        name: the data set's name.
        domains: all domains, in the order of the label vector.
        label_type: `"binary"` or `"one_hot"`.
        groups: exclusive groups, as in `DatasetInfo`.
        seed: what the people and their looks are drawn from.
    """

    name: str
    domains: tuple[str, ...]
    label_type: str
    groups: tuple[tuple[str, ...], ...]
    seed: int

    @abstractmethod
    def labels(self, split: str) -> np.ndarray:
        """All labels of `split`, float32 (people, domains), values 0 or 1."""

    @abstractmethod
    def look(self, split: str, index: int, label: np.ndarray) -> Look:
        """How person `index` looks with `label` (domains,), a possible one."""

    @abstractmethod
    def rows(self, labels: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """The numbers of the people that can be described by these domains only."""

    def draw(
        self, split: str, index: int, label: np.ndarray, image_size: int
    ) -> np.ndarray:
        """Draws person `index` of `split` with any `label`.

        Args:
            split: `"train"` or `"held_out"`.
            index: the person's number in the split.
            label: (domains,), values 0 or 1.
            image_size: side in pixels, from 32 to 256.

        Returns:
            uint8 array (image_size, image_size, 3), RGB.
        """
        _check_index(self.name, split, index)
        label = self._checked(label)
        person = self.identity(split, index, label)
        return render(person, self.look(split, index, label), image_size)

    def identity(self, split: str, index: int, label: np.ndarray) -> Identity:
        """Who person `index` is: the same with any `label`, unless overridden."""
        return draw_identity(self.seed, FIRST_PERSON[split] + index)

    def _checked(self, label: np.ndarray) -> np.ndarray:
        label = np.asarray(label, dtype=np.float32)
        names = self.groups[0] if self.groups else self.domains
        fits = label.shape == (len(self.domains),) and np.isin(label, (0, 1)).all()
        if not fits or sum(label[self.domains.index(name)] for name in names) != 1:
            raise InputError(
                f"A label of '{self.name}' has {len(self.domains)} values, 0 or 1, for "
                f"{', '.join(self.domains)}, with exactly one of {', '.join(names)} "
                f"on. Received: {label.tolist()}"
            )
        return label

    def looks(self, split: str) -> np.random.Generator:
        """The random stream that the labels of `split` are drawn from."""
        # One stream for all looks of a split, apart from every person's own stream:
        # labels are independent of who is drawn.
        _check_split(split)
        return np.random.default_rng([self.seed, FIRST_PERSON[split], LOOKS])


def balanced(rng: np.random.Generator, size: int, classes: int) -> np.ndarray:
    """Class numbers (size,) in random order, as equally frequent as can be."""
    return (
        rng.permutation(size) % classes if size > 1 else rng.integers(classes, size=1)
    )


def _check_split(split: str) -> None:
    if split not in SPLIT_SIZES:
        raise InputError(
            f"split must be '{TRAIN}' or '{HELD_OUT}'. Received: split={split!r}"
        )


def _check_index(name: str, split: str, index: int) -> None:
    _check_split(split)
    if not 0 <= index < SPLIT_SIZES[split]:
        raise InputError(
            f"'{name}' has pictures 0 to {SPLIT_SIZES[split] - 1} in '{split}'. "
            f"Received: index={index}"
        )


# People labelled with hair colour, sex and age.


class AttributePopulation(Population):
    """People labelled with hair colour, sex and age."""

    def labels(self, split: str) -> np.ndarray:
        """Exactly one hair colour each, equally frequent; the others are coin flips."""
        return attribute_labels(self.looks(split), SPLIT_SIZES[split])

    def look(self, split: str, index: int, label: np.ndarray) -> Look:
        """The look that the label describes, with the face at rest."""
        return attribute_look(label)

    def rows(self, labels: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """Everyone: binary domains that were not chosen are simply not said."""
        return np.arange(len(labels))


def attribute_labels(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws labels (size, 5) of hair colour, sex and age."""
    hair = np.eye(len(HAIR_COLOURS))[balanced(rng, size, len(HAIR_COLOURS))]
    coins = rng.integers(2, size=(size, 2))
    return np.concatenate([hair, coins], axis=1).astype(np.float32)


def attribute_look(label: np.ndarray) -> Look:
    """The look that a label (5,) of hair colour, sex and age describes."""
    hair = HAIR_COLOURS[int(label[: len(HAIR_COLOURS)].argmax())]
    return Look(hair, male=bool(label[-2]), young=bool(label[-1]))


ATTRIBUTES = AttributePopulation(
    name="toon_attributes",
    domains=(*HAIR_COLOURS, "Male", "Young"),
    label_type=BINARY,
    groups=(HAIR_COLOURS,),
    seed=7101,
)


# People labelled with their expression.


class ExpressionPopulation(Population):
    """People labelled with their expression; hair, sex and age are any."""

    def labels(self, split: str) -> np.ndarray:
        """One expression each, all equally frequent."""
        rng, size = self.looks(split), SPLIT_SIZES[split]
        return np.eye(len(self.domains), dtype=np.float32)[
            balanced(rng, size, len(self.domains))
        ]

    def look(self, split: str, index: int, label: np.ndarray) -> Look:
        """The person's own hair colour, sex and age with the label's expression."""
        rng = np.random.default_rng([self.seed, FIRST_PERSON[split] + index, LOOKS + 1])
        own = attribute_look(attribute_labels(rng, 1)[0])
        return replace(own, expression=self.domains[int(label.argmax())])

    def rows(self, labels: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """Those that show a chosen expression: a one-hot label must have its one."""
        return np.flatnonzero(labels[:, list(columns)].any(axis=1))


EXPRESSIONS = ExpressionPopulation(
    name="toon_expressions",
    domains=EXPRESSION_NAMES,
    label_type=ONE_HOT,
    groups=(),
    seed=7102,
)


# Women, men and children with all kinds of styles: the domains of StarGAN v2.


class PeoplePopulation(Population):
    """People labelled with their kind; the style of each is any."""

    def labels(self, split: str) -> np.ndarray:
        """One kind each, all equally frequent."""
        rng, size = self.looks(split), SPLIT_SIZES[split]
        return np.eye(len(self.domains), dtype=np.float32)[
            balanced(rng, size, len(self.domains))
        ]

    def identity(self, split: str, index: int, label: np.ndarray) -> Identity:
        """Content and style of the person, with the structure of the label's kind."""
        number = FIRST_PERSON[split] + index
        return draw_person(self.seed, number, self._kind(label))

    def look(self, split: str, index: int, label: np.ndarray) -> Look:
        """The label's kind with the person's own expression."""
        kind = self._kind(label)
        return Look(
            male=kind == "man",
            child=kind == "child",
            expression=mood(self.seed, FIRST_PERSON[split] + index),
        )

    def rows(self, labels: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """Those of a chosen kind: a one-hot label must have its one."""
        return np.flatnonzero(labels[:, list(columns)].any(axis=1))

    def _kind(self, label: np.ndarray) -> str:
        return self.domains[int(label.argmax())]


PEOPLE = PeoplePopulation(
    name="toon_people",
    domains=tuple(KINDS),
    label_type=ONE_HOT,
    groups=(),
    seed=7103,
)


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
