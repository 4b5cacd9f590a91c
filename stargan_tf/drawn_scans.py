"""The built-in data set `drawn_scans`: healthy and diseased slices of patients.

Each patient has a different anatomy: an outline, organs, and two textures. The images
of a patient are slices that differ in position, size, light, and noise. Half of the
images show one to three lesions: blobs, rings, or warped tissue. Healthy and diseased
images differ only in the lesions. For every image, the healthy twin (the same slice
without lesions) and the mask of the lesions are known. With `--intensity`, images have
values from 0 to 800 instead of 8 bits.

The waves that a disease warps are based on the synthetic data of DeScarGAN (Wolleb et
al. 2020, https://arxiv.org/abs/2007.14118).
"""

from dataclasses import dataclass, replace

import numpy as np

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.intensity import intensity_of
from stargan_tf.data.labels import one_hot
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

# In the key of caches: increment whenever any pixel changes.
VERSION = 1
HEALTHY, ILL = DOMAINS = ("healthy", "ill")
BLOB, RING, WARP = LESION_TYPES = ("blob", "ring", "warp")
PATIENTS = {TRAIN: 500, HELD_OUT: 100}
IMAGES_A_PATIENT = 8
# Range of values with `--intensity`.
LIMITS = (0, 800)
_PATIENTS_LOOKED_AT = 50  # to compute percentiles
SMALLEST, LARGEST = 32, 256
_FIRST_PATIENT = {TRAIN: 0, HELD_OUT: 10_000}
_SEED = 8101
# Purposes of random numbers.
_ILLNESS, _LESIONS, _ANATOMY, _VIEW, _NOISE_OF = range(1, 6)
# Probability that a patient is ill, and that an image of an ill patient shows it.
_ILL_PATIENTS, _ILL_IMAGES = 0.625, 0.8
_NOISE = 0.02  # standard deviation, for gray values from 0 to 1
_REACH = 1.6  # extent of a warp, in units of its radius


@dataclass(frozen=True)
class Lesion:
    """A lesion in a slice.

    Args:
        type: one of `LESION_TYPES`.
        x: horizontal position of the center, from -1 (left) to 1 (right).
        y: vertical position of the center, from -1 (top) to 1 (bottom).
        radius: radius in the same unit.
        strength: change of the gray value; for a warp, its sign is the direction.
    """

    type: str
    x: float
    y: float
    radius: float
    strength: float


@dataclass(frozen=True)
class Slice:
    """An image of a patient.

    Args:
        patient: number of the patient.
        number: number of the image.
        lesions: the lesions.
    """

    patient: int
    number: int
    lesions: tuple[Lesion, ...]


def slice_of(patient: int, number: int) -> Slice:
    """Returns the description of a patient's image, the same in every call."""
    rng = _generator(_LESIONS, patient, number)
    is_ill = _generator(_ILLNESS, patient).random() < _ILL_PATIENTS
    if not is_ill or rng.random() >= _ILL_IMAGES:
        return Slice(patient, number, ())
    lesions = []
    for _ in range(rng.integers(1, 4)):
        lesion_type = LESION_TYPES[rng.integers(len(LESION_TYPES))]
        angle, distance = rng.uniform(0, 2 * np.pi), 0.5 * np.sqrt(rng.random())
        radius = rng.uniform(0.09, 0.14)
        strength = rng.choice((-1.0, 1.0)) * rng.uniform(0.18, 0.3)
        x, y = distance * np.cos(angle), distance * np.sin(angle)
        lesions.append(Lesion(lesion_type, x, y, radius, strength))
    return Slice(patient, number, tuple(lesions))


def _generator(purpose: int, *place: int) -> np.random.Generator:
    # The purpose comes first, because NumPy ignores zeros at the end of a seed.
    return np.random.default_rng([purpose, _SEED, *place])


def draw(shown: Slice, image_size: int, ill: bool = True) -> np.ndarray:
    """Draws a slice.

    Args:
        shown: the slice.
        image_size: side in pixels, from 32 to 256.
        ill: whether to draw the lesions. Without them the result is the healthy twin,
            which has the same noise.

    Returns:
        float32 (image_size, image_size), gray values from 0 to 1.

    Raises:
        InputError: if the image size is out of range.
    """
    if not isinstance(image_size, int) or not SMALLEST <= image_size <= LARGEST:
        raise InputError(
            f"image_size must be one number from {SMALLEST} to {LARGEST} for synthetic "
            f"scans. "
            f"Received: image_size={image_size}"
        )
    clean = _draw_clean(shown, image_size, ill)
    noise = _generator(_NOISE_OF, shown.patient, shown.number)
    noise = _NOISE * noise.standard_normal(clean.shape)
    return np.clip(clean + noise, 0.0, 1.0).astype(np.float32)


def lesion_mask(shown: Slice, image_size: int) -> np.ndarray:
    """Returns the mask of the lesions, uint8 (image_size, image_size).

    The mask is 0 in healthy tissue, and 1, 2, or 3 in a blob, a ring, or warped tissue.
    Like a radiologist's annotation, it includes the interior of a ring.
    """
    x, y = _places(image_size)
    mask = np.zeros(x.shape, np.uint8)
    for lesion in shown.lesions:
        reach = lesion.radius * (_REACH if lesion.type == WARP else 1.0)
        inside = np.hypot(x - lesion.x, y - lesion.y) <= reach
        mask[inside] = LESION_TYPES.index(lesion.type) + 1
    return mask


def _draw_clean(shown: Slice, image_size: int, ill: bool) -> np.ndarray:
    anatomy = _generator(_ANATOMY, shown.patient)
    view = _generator(_VIEW, shown.patient, shown.number)
    x, y = _places(image_size)
    lesions = shown.lesions if ill else ()
    # A warp moves coordinates, and thereby everything that is drawn there.
    for lesion in lesions:
        if lesion.type == WARP:
            near = _bump(x - lesion.x, y - lesion.y, _REACH * lesion.radius)
            pull = np.sign(lesion.strength) * 0.9 * near
            x, y = (
                x + pull * (x - lesion.x),
                y + pull * (y - lesion.y),
            )
    # === The slice: position and scale of the patient ===
    turn, zoom = view.normal(0, 0.12), view.normal(1, 0.07)
    dx, dy = view.normal(0, 0.04, 2)
    u = (np.cos(turn) * (x - dx) + np.sin(turn) * (y - dy)) * zoom
    v = (np.cos(turn) * (y - dy) - np.sin(turn) * (x - dx)) * zoom
    level = view.uniform(-1, 1)  # depth in the patient
    edge = 3.0 / image_size
    # === The body and its texture ===
    wide, high = anatomy.uniform(0.68, 0.8), anatomy.uniform(0.76, 0.9)
    body = _inside(u, v, 0, 0, wide, high, edge)
    waves = np.zeros_like(u)
    for frequency in anatomy.uniform(17, 26, 2):
        cx, cy = anatomy.uniform(-0.8, 0.8, 2)
        radius = np.hypot(u - cx, v - cy + 0.2 * level)
        waves += np.sin(frequency * radius + anatomy.uniform(0, 2 * np.pi))
    depth = view.uniform(0.04, 0.09)
    image = body * (anatomy.uniform(0.42, 0.55) + depth * waves)
    # === Organs, in both halves of the body ===
    for _ in range(anatomy.integers(3, 6)):
        cx, cy = anatomy.uniform(-0.42, 0.42), anatomy.uniform(-0.5, 0.5)
        a, b = anatomy.uniform(0.12, 0.26, 2) * (1 + 0.15 * level)
        tilt, shade = anatomy.uniform(0, np.pi), anatomy.uniform(-0.16, 0.2)
        shade *= view.uniform(0.6, 1.4)
        p = np.cos(tilt) * (u - cx) + np.sin(tilt) * (v - cy)
        q = np.cos(tilt) * (v - cy) - np.sin(tilt) * (u - cx)
        image += shade * _inside(p, q, 0, 0, a, b, edge) * body
    # A bright rim, like skin or bone.
    rim = body - _inside(u, v, 0, 0, wide - 0.06, high - 0.06, edge)
    image += view.uniform(0.05, 0.45) * rim
    for lesion in lesions:
        if lesion.type == WARP:
            continue
        px, py = x - lesion.x, y - lesion.y
        shape = _inside(px, py, 0, 0, lesion.radius, lesion.radius, edge)
        if lesion.type == RING:
            inner = 0.55 * lesion.radius
            shape -= _inside(px, py, 0, 0, inner, inner, edge)
        image += lesion.strength * shape
    # Random light hides the effect of a lesion on mean and standard deviation.
    light, bias = view.uniform(0.7, 1.2), view.normal(0, 0.05)
    return np.clip(image * light + bias * body, 0.0, 1.0)


def _places(image_size):
    """Coordinates x and y of the pixels' centers, from -1 to 1."""
    places = (np.arange(image_size) + 0.5) / image_size * 2 - 1
    return np.meshgrid(places, places)


def _inside(x, y, cx, cy, a, b, edge):
    """1 inside an ellipse and 0 outside, with a soft edge of about a pixel."""
    radius = np.hypot((x - cx) / a, (y - cy) / b)
    return np.clip((1 - radius) * min(a, b) / edge + 0.5, 0.0, 1.0)


def _bump(x, y, radius):
    return np.exp(-(x**2 + y**2) / (2 * (radius / 2) ** 2))


def place_of(name: str) -> tuple[int, int]:
    """Returns patient and number of an image with a name such as `p0012_3`."""
    patient, _, number = name.removeprefix("p").partition("_")
    return int(patient), int(number)


@dataclass(frozen=True, kw_only=True)
class DrawnScans(Dataset):
    """Generated scans; images are drawn on use."""

    license: str = "Apache-2.0, like stargan_tf"
    citation: str = "none; stargan_tf generates the images"
    obtain: str = "No files are needed: stargan_tf generates the images."

    takes_crop_size = False

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Loads a split; no patient is in both splits."""
        check_split(split)
        refuse_options(self.name, options, *FILE_OPTIONS)
        info = self.info(image_size, options)
        first = _FIRST_PATIENT[split]
        slices = [
            slice_of(patient, number)
            for patient in range(first, first + PATIENTS[split])
            for number in range(IMAGES_A_PATIENT)
        ]
        ill = np.array([bool(shown.lesions) for shown in slices])

        def load(index: int, size: int = image_size) -> np.ndarray:
            return stored(draw(slices[index], size), info)

        def truth(name: str, label: np.ndarray, size: int) -> np.ndarray | None:
            heals = HEALTHY in chosen.info.domains and label[chosen.info.index(HEALTHY)]
            twin = draw(slice_of(*place_of(name)), size, ill=False)
            return stored(twin, info) if heals else None

        def lesions(name: str, size: int) -> np.ndarray:
            return lesion_mask(slice_of(*place_of(name)), size)

        images = LabeledImages(
            info=info,
            labels=np.stack([~ill, ill], axis=1).astype(np.float32),
            names=tuple(f"p{it.patient:05d}_{it.number}" for it in slices),
            load=load,
            fingerprint=f"{self.name}/{VERSION}/numpy {np.__version__}/{split}/"
            f"{image_size} px{f'/{info.intensity}' if info.intensity else ''}",
            native_side=lambda: LARGEST,
            version=f"version {VERSION}",
            known=Known(lambda name: str(place_of(name)[0]), truth, lesions),
        )
        chosen = choose_domains(images, options.attributes)
        return chosen

    def info(self, image_size: int, options: DatasetOptions) -> DatasetInfo:
        """Returns the description: two domains of grayscale images."""
        if options.num_channels not in (None, 1):
            raise InputError(
                f"num_channels must be 1 for '{self.name}'. Received: "
                f"num_channels={options.num_channels}"
            )
        info = self.labels.info(self.name, image_size, 1)
        if options.intensity is None:
            return info
        first = (
            np.rint(draw(slice_of(patient, 0), image_size) * LIMITS[1])[..., None]
            for patient in range(_PATIENTS_LOOKED_AT)
        )
        intensity = intensity_of(options.intensity, first, LIMITS)
        return replace(info, intensity=intensity)


def stored(image: np.ndarray, info: DatasetInfo) -> np.ndarray:
    """Converts an image with gray values from 0 to 1 to the format of the data set.

    Returns:
        (height, width, 1): uint8; or float32 in [-1, 1], from integers in `LIMITS`, if
        `info` has an intensity.
    """
    if info.intensity is None:
        return np.rint(image * 255).astype(np.uint8)[..., None]
    return info.intensity.to_float(np.rint(image * LIMITS[1])[..., None])


DRAWN_SCANS = DrawnScans(
    api_version=API_VERSION,
    name="drawn_scans",
    description=DESCRIPTIONS["drawn_scans"],
    labels=one_hot(*DOMAINS),
)
