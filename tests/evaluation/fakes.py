"""Models, images and networks small enough to check by hand."""

from types import SimpleNamespace

import numpy as np

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.evaluation.fid import FeatureSummary
from stargan_tf.evaluation.tasks import Subject

SIDE = 16
HAIR = ("Black", "Blond")
FACES = DatasetInfo("faces", (*HAIR, "Male"), "binary", SIDE, (HAIR,))
PETS = DatasetInfo("pets", ("cat", "dog", "fox"), "one_hot", SIDE)
# Two black-haired women, a blond woman, a black-haired and two blond men.
FACE_LABELS = np.array(
    [[1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1], [0, 1, 1]], np.float32
)
# Three cats, two dogs, two foxes.
PET_LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2, 0]]


def make_source(info, labels, unreadable=(), fingerprint="fake"):
    """Image i is plain, of grey level 20 i."""

    def load(index):
        if index in unreadable:
            raise UnreadableImage(f"image {index} is broken.")
        return np.full((info.image_size, info.image_size, 3), 20 * index, np.uint8)

    names = tuple(f"{i:03d}.png" for i in range(len(labels)))
    return LabeledImages(info, labels, names, load, fingerprint)


class LabelModel:
    """Makes an image brighter by 0.1 for a blond, by 0.2 for a man."""

    def translate(self, images, labels, dataset=0):
        assert images.dtype == np.float32 and dataset == 0
        bright = np.asarray(labels) @ [0.0, 0.1, 0.2]
        return np.clip(images + bright[:, None, None, None], -1, 1).astype(np.float32)


class StyleModel:
    """Adds a tenth of the style's first number."""

    latent_dim = style_dim = 2

    def map_latents(self, latents, domain):
        assert latents.shape[1:] == (2,)
        return (latents + domain).astype(np.float32)

    def encode_style(self, images, domain):
        images = to_uint8(to_float(images))
        return np.stack([images.mean(axis=(1, 2, 3)) / 255] * 2, axis=1)

    def translate(self, images, styles):
        assert len(images) == len(styles)
        bright = 0.1 * np.asarray(styles)[:, 0]
        return np.clip(images + bright[:, None, None, None], -1, 1).astype(np.float32)


def faces(**changes):
    parts = {"model": LabelModel(), "translated_by": "labels"}
    source = make_source(FACES, FACE_LABELS)
    return Subject(**{**parts, "held_out": source, "train": source, **changes})


def pets(**changes):
    parts = {"model": StyleModel(), "translated_by": "styles"}
    source = make_source(PETS, PET_LABELS)
    return Subject(**{**parts, "held_out": source, "train": source, **changes})


class Extractor:
    """Features: mean and spread of an image, and one at random from its mean."""

    def __init__(self, protocol="fake", weights=1.0):
        self.protocol = protocol
        self.network = SimpleNamespace(get_weights=lambda: [np.array([weights])])
        self.seen = 0

    def summary(self, seed=0):
        return FeatureSummary(self.protocol, 3, seed=seed)

    def __call__(self, images):
        assert images.dtype == np.uint8
        self.seen += len(images)
        images = images.astype(np.float32).reshape(len(images), -1)
        mean = images.mean(axis=1)
        return np.stack([mean, images.std(axis=1), np.sin(mean)], axis=1)


class Lpips:
    """Absolute difference of the means."""

    protocol = "fake_lpips"

    def __init__(self, network="alex"):
        self.network = network

    def distance(self, first, second):
        first, second = (x.reshape(len(x), -1).mean(axis=1) for x in (first, second))
        return np.abs(first - second)

    def diversity(self, outputs):
        assert outputs.dtype == np.float32 and outputs.shape[1] > 1
        return outputs.reshape(*outputs.shape[:2], -1).mean(axis=2).std(axis=1)


class Classifier:
    """Sure that dark images are of the first label, bright ones of the second."""

    def logits(self, images):
        bright = images.reshape(len(images), -1).mean(axis=1) / 255
        return np.stack([0.5 - bright, bright - 0.5, np.zeros_like(bright)], axis=1)
