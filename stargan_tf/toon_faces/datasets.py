"""The built-in data sets `toon_attributes`, `toon_expressions`, and `toon_people`."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import PIL
from PIL import Image, ImageDraw

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import binary, one_hot
from stargan_tf.data.options import (
    FILE_OPTIONS,
    HELD_OUT,
    TRAIN,
    DatasetOptions,
    check_split,
    refuse_options,
)
from stargan_tf.data.registry import DESCRIPTIONS
from stargan_tf.data.source import Known, LabeledImages, choose_domains
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError
from stargan_tf.toon_faces import face
from stargan_tf.toon_faces.drawing import (
    HAIR_COLORS,
    Pen,
    mix,
    shadow,
    shine,
    smooth,
)
from stargan_tf.toon_faces.hair import draw_back_hair, draw_front_hair
from stargan_tf.toon_faces.people import (
    EXPRESSIONS,
    GROUPS,
    Identity,
    Look,
    Portrait,
    draw_identity,
    draw_person,
    mood,
)

# In the key of caches: increment whenever any pixel changes.
RENDERER_VERSION = 7
SMALLEST, LARGEST = 32, 256
_CANVAS = 384
_ZOOM = 1.32
_CHILD_SHOULDERS = 0.84
_SHOULDERS = np.concatenate(
    [
        smooth([(-0.95, 1.3), (-0.8, 0.92), (-0.5, 0.78), (-0.2, 0.7)]),
        smooth([(0.2, 0.7), (0.5, 0.78), (0.8, 0.92), (0.95, 1.3)]),
    ]
)
_CHIN_SHADOW = smooth([(-0.2, 0.6), (0, 0.74), (0.2, 0.6)])


def render(person: Identity, look: Look, image_size: int) -> np.ndarray:
    """Renders a person with a look: background, body, face, and hair.

    Args:
        person: who is drawn.
        look: the attributes.
        image_size: side of the image in pixels, from 32 to 256.

    Returns:
        uint8 array (image_size, image_size, 3), RGB. The result is deterministic.

    Raises:
        InputError: if the image size is out of range.
    """
    check_drawable(image_size)
    # Pillow does not antialias shapes, so they are drawn larger and then averaged.
    factor = max(2, math.ceil(_CANVAS / image_size))
    canvas = _blank(person, image_size * factor)
    half = canvas.width / 2
    pen = Pen(
        draw=ImageDraw.Draw(canvas),
        matrix=np.eye(2) * half,
        offset=np.array((half - 0.5, half - 0.5)),
        tint=person.tint,
        light=person.light,
    )
    _draw_layers(pen, Portrait(person, look))
    return np.asarray(canvas.reduce(factor))


def check_drawable(image_size: int) -> None:
    """Raises InputError unless `image_size` is an integer in [32, 256]."""
    if not isinstance(image_size, int) or not SMALLEST <= image_size <= LARGEST:
        raise InputError(
            f"image_size must be one number from {SMALLEST} to {LARGEST} for generated "
            f"faces. Received: image_size={image_size}"
        )


def _draw_layers(pen: Pen, portrait: Portrait) -> None:
    person = portrait.person
    _draw_background(pen, person)
    pen = pen.turned(0, _ZOOM)
    shoulders = _CHILD_SHOULDERS if portrait.look.child else 1.0
    body = pen.moved(0.7 * person.dx, person.dy).turned(0, shoulders)
    head = pen.moved(person.dx, person.dy).turned(person.roll, person.scale)
    features = head.moved(0.035 * person.yaw, 0.015 * person.pitch + person.drop)
    draw_back_hair(head, portrait)
    _draw_body(body, portrait)
    face.draw_ears(head, portrait)
    face.draw_skin(head, portrait)
    face.draw_cheeks(features, portrait)
    face.draw_age(features, portrait)
    face.draw_beard(head, features, portrait)
    face.draw_mouth(features, portrait)
    face.draw_nose(features, portrait)
    face.draw_eyes(features, portrait)
    draw_front_hair(head, portrait)
    # Brows and glasses are drawn over the hair, so that expressions stay visible.
    face.draw_brows(features, portrait)
    face.draw_glasses(features, portrait)
    face.draw_marks(features, portrait)


def _blank(person: Identity, side: int) -> Image.Image:
    """Creates a canvas with the base color or gradient of the background."""
    tint = np.array(person.tint)
    color = np.array(shine(person.back, 0.25)) * tint
    if person.background != "gradient":
        fill = np.minimum(color, 255).astype(int).tolist()
        return Image.new("RGB", (side, side), tuple(fill))
    end = np.array(mix(person.back, person.back_accent, 0.6)) * tint
    share = np.linspace(0, 1, side)[:, None, None]
    rows = np.minimum(color * (1 - share) + end * share, 255).astype(np.uint8)
    return Image.fromarray(rows).resize((side, side), Image.Resampling.NEAREST)


def _draw_background(pen: Pen, person: Identity) -> None:
    """Draws the pattern of the background, if it has one."""
    color = mix(shine(person.back, 0.25), person.back_accent, 0.4)
    match person.background:
        case "halo":
            pen.ellipse(0, 0, 0.86, 0.86, color)
        case "stripes":
            bar = np.array([(-0.1, -1.05), (0.1, -1.05), (-0.5, 1.05), (-0.7, 1.05)])
            for x in np.arange(-1.0, 1.8, 0.45):
                pen.polygon(bar + np.array((x, 0)), color)
        case "dots":
            for row, y in enumerate(np.arange(-0.9, 0.8, 0.3)):
                shift = 0.17 * (row % 2)
                for x in (-0.95, -0.61, 0.44, 0.78):
                    pen.ellipse(x + shift, y, 0.06, 0.06, color)
        case "hills":
            pen.ellipse(-0.75, 0.85, 0.8, 0.75, color)
            pen.ellipse(0.8, 0.95, 0.7, 0.65, shine(color, 0.25))
        case "rays":
            for angle in np.arange(0, 2 * np.pi, np.pi / 5):
                edges = angle + np.array((0, 0.3))
                ends = 2 * np.stack([np.cos(edges), np.sin(edges)], axis=1)
                pen.polygon(np.concatenate([[(0, 0)], ends]), color)


def _draw_body(pen: Pen, portrait: Portrait) -> None:
    """Draws shoulders, neck, and collar, all behind the head."""
    person = portrait.person
    cloth, accent = person.cloth, person.cloth_accent
    pen.polygon(_SHOULDERS, cloth)
    match person.clothes:
        case "round" | "stripes":
            if person.clothes == "stripes":
                bar = np.array([(-0.66, 0.84), (0.66, 0.84), (0.74, 0.9), (-0.74, 0.9)])
                pen.polygon(bar, accent)
                pen.polygon(bar * (1.16, 1) + (0, 0.11), accent)
            pen.ellipse(0, 0.72, 0.29, 0.2, shadow(cloth))
            _draw_neck(pen, portrait, 0.14)
        case "v_neck":
            opening = np.array([(-0.26, 0.68), (0.26, 0.68), (0, 1.02)])
            pen.polygon(opening * (1.2, 1.03), shadow(cloth))
            pen.polygon(opening, portrait.skin)
            _draw_neck(pen, portrait, 0.1)
        case "collar":
            _draw_neck(pen, portrait, 0.16)
            flap = np.array([(0.2, 0.66), (0.34, 0.74), (0.2, 1.0), (0.02, 0.86)])
            for side in (-1, 1):
                pen.polygon(flap * (side, 1), shine(accent, 0.35))
        case "turtleneck":
            _draw_neck(pen, portrait, 0.1)
            pen.ellipse(0, 0.8, 0.25, 0.14, cloth)
            pen.ellipse(0, 0.72, 0.235, 0.06, shadow(cloth))
        case "hoodie":
            pen.ellipse(0, 0.78, 0.44, 0.2, shadow(cloth, 0.2))
            _draw_neck(pen, portrait, 0.15)
            for x in (-0.13, 0.13):
                pen.ribbon([(x, 0.86), (x * 1.1, 1.05)], 0.03, shine(accent, 0.5))


def _draw_neck(pen: Pen, portrait: Portrait, depth: float) -> None:
    neck = np.array([(-0.19, 0.3), (0.19, 0.3), (0.21, 0.74), (-0.21, 0.74)])
    pen.ellipse(0, 0.72, 0.23, depth, portrait.skin)
    pen.polygon(neck, portrait.skin)
    chin = np.concatenate([[(0.2, 0.3), (-0.2, 0.3)], _CHIN_SHADOW])
    pen.polygon(chin, portrait.shade)


SPLIT_SIZES = {TRAIN: 4000, HELD_OUT: 400}
# Held-out people differ from training people: their numbers do not overlap.
FIRST_PERSON = {TRAIN: 0, HELD_OUT: 1_000_000}
_LABELS, _OTHER_LABELS = 1, 2


@dataclass(frozen=True, kw_only=True)
class ToonFaces(Dataset):
    """A data set of generated faces.

    Args:
        seed: seed of the people and their labels.
        draw: function (seed, number of a person, label (domains,)) → identity and look
            of the person.
        one_identity: whether the identity does not depend on the label.
    """

    license: str = "Apache-2.0, like stargan_tf"
    citation: str = "the generated faces of stargan_tf"
    obtain: str = "No files are needed: stargan_tf generates the images."
    seed: int
    draw: Callable[[int, int, np.ndarray], tuple[Identity, Look]]
    one_identity: bool = True

    takes_crop_size = False

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Loads a split; images are generated on use.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side in pixels, a multiple of 4 from 32 to 256.
            options: options of the data set, of which `attributes` is used.

        Raises:
            InputError: if an option is not supported, or the image size is out of
                range.
        """
        refuse_options(self.name, options, *FILE_OPTIONS, "num_channels", "intensity")
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
        chosen = choose_domains(images, options.attributes)
        if not self.one_identity:
            return chosen
        truth = partial(self._truth, split, labels, chosen.info)
        return replace(chosen, known=Known(truth=truth))

    def _truth(
        self,
        split: str,
        labels: np.ndarray,
        info: DatasetInfo,
        name: str,
        label: np.ndarray,
        image_size: int,
    ) -> np.ndarray | None:
        """Renders a person with a label that has a subset of the domains."""
        row = int(name.rpartition("_")[2])
        whole = self.labels.info(self.name, image_size)
        # Other domains keep their values.
        after = labels[row].copy()
        for domain, value in zip(info.domains, label, strict=True):
            rivals = whole.rivals(domain) if value else ()
            after[[whole.index(rival) for rival in rivals]] = 0.0
            after[whole.index(domain)] = value
        try:
            return self.render(split, row, after, image_size)
        except InputError:  # An impossible label, such as no hair color.
            return None

    @property
    def _exclusive(self) -> tuple[str, ...]:
        """Names of the domains of which exactly one applies."""
        return next(iter(self.labels.exclusive_groups), self.labels.names)

    def _draw_labels(self, split: str) -> np.ndarray:
        """Generates labels: uniform over exclusive domains, others with p = 0.5."""
        # Labels have a separate random stream, so they do not depend on identities.
        rng = np.random.default_rng([self.seed, FIRST_PERSON[split], _LABELS])
        size, classes = SPLIT_SIZES[split], len(self._exclusive)
        one_of = np.eye(classes)[rng.permutation(size) % classes]
        coins = rng.integers(2, size=(size, len(self.labels.names) - classes))
        return np.concatenate([one_of, coins], axis=1).astype(np.float32)

    def render(
        self, split: str, index: int, label: np.ndarray, image_size: int
    ) -> np.ndarray:
        """Renders person `index` of `split` with any label.

        Args:
            split: `"train"` or `"held_out"`.
            index: index of the person in the split.
            label: (number of domains,), 0 or 1.
            image_size: side in pixels, from 32 to 256.

        Returns:
            uint8 array (image_size, image_size, 3), RGB.

        Raises:
            InputError: if an argument is unknown or out of range.
        """
        check_split(split)
        if not 0 <= index < SPLIT_SIZES[split]:
            raise InputError(
                f"index must be from 0 to {SPLIT_SIZES[split] - 1} for '{split}' of "
                f"'{self.name}'. Received: index={index}"
            )
        label = np.asarray(label, dtype=np.float32)
        domains, names = self.labels.names, self._exclusive
        fits = label.shape == (len(domains),) and np.isin(label, (0, 1)).all()
        if not fits or sum(label[domains.index(name)] for name in names) != 1:
            raise InputError(
                f"A label of '{self.name}' must have {len(domains)} values, 0 or 1, "
                f"for {', '.join(domains)}, with exactly one 1 among "
                f"{', '.join(names)}. Received: {label.tolist()}"
            )
        person, look = self.draw(self.seed, FIRST_PERSON[split] + index, label)
        return render(person, look, image_size)


def _with_attributes(
    seed: int, number: int, label: np.ndarray
) -> tuple[Identity, Look]:
    *hair, male, young = label
    look = Look(HAIR_COLORS[int(np.argmax(hair))], male=bool(male), young=bool(young))
    return draw_identity(seed, number), look


def _with_expression(
    seed: int, number: int, label: np.ndarray
) -> tuple[Identity, Look]:
    """The label determines the expression; hair, sex, and age depend on the person."""
    rng = np.random.default_rng([seed, number, _OTHER_LABELS])
    look = Look(
        hair_color=HAIR_COLORS[int(rng.integers(len(HAIR_COLORS)))],
        male=bool(rng.integers(2)),
        young=bool(rng.integers(2)),
        expression=EXPRESSIONS[int(label.argmax())],
    )
    return draw_identity(seed, number), look


def _with_group(seed: int, number: int, label: np.ndarray) -> tuple[Identity, Look]:
    group = tuple(GROUPS)[int(label.argmax())]
    expression = mood(seed, number)
    look = Look(male=group == "man", child=group == "child", expression=expression)
    return draw_person(seed, number, group), look


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
    labels=one_hot(*GROUPS),
    seed=7103,
    draw=_with_group,
    one_identity=False,
)
