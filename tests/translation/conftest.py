"""A model that needs no TensorFlow: its translations show what it was asked for."""

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace

HAIR = ("Black_Hair", "Blond_Hair")
FACES = DatasetInfo("faces", (*HAIR, "Male"), "binary", 16, (HAIR,))
MOODS = DatasetInfo("moods", ("happy", "sad"), "one_hot", 16)


class FakeModel:
    """Paints each picture in the colour (100 + label); remembers its calls."""

    def __init__(self, *datasets):
        self.label_space = LabelSpace(datasets)
        self.batches = []

    def translate(self, images, labels, dataset=0, mask=None):
        self.batches.append(images.shape)
        labels = np.asarray(labels)
        assert labels.shape == (
            len(images),
            len(self.label_space.datasets[dataset].domains),
        )
        colours = np.zeros((len(images), 3), np.uint8)
        colours[:, : labels.shape[1]] = 100 + labels
        if mask is not None:
            colours[:, 2] = 200 + mask
        return np.broadcast_to(colours[:, None, None], images.shape)

    def classify(self, images, dataset=0):
        # Bright pictures are blond men, dark ones black-haired women.
        side = self.label_space.image_size
        assert images.shape[1:] == (side, side, 3)
        bright = (images.mean(axis=(1, 2, 3)) > 128).astype(np.float32)
        return np.stack([0.9 - 0.8 * bright, 0.1 + 0.7 * bright, bright], axis=1)


@pytest.fixture
def model():
    return FakeModel(FACES)


@pytest.fixture
def joint():
    return FakeModel(FACES, MOODS)


class FakeStyleModel:
    """Paints each picture in its style's colour; remembers its calls."""

    style_dim, latent_dim, family = 3, 4, "stargan_v2"

    def __init__(self):
        self.info = DatasetInfo("animals", ("cat", "dog", "fox"), "one_hot", 16)
        self.calls = []

    def translate(self, images, styles, batch_size):
        assert images.dtype == np.uint8
        self.calls.append(len(images))
        colours = np.broadcast_to(np.asarray(styles), (len(images), 3))
        colours = np.clip(100 + 20 * colours, 0, 255).astype(np.uint8)
        return np.broadcast_to(colours[:, None, None], images.shape)

    def map_latents(self, latents, domain, truncation=1.0):
        assert latents.shape[1:] == (4,)
        return (truncation * latents[:, :3] + self.info.index(domain)).astype("f4")

    def encode_style(self, references, domain):
        numbers = [self.info.index(name) for name in domain]
        bright = references.mean(axis=(1, 2, 3)) / 255
        return np.stack([bright, bright, numbers], axis=1).astype(np.float32)


@pytest.fixture
def animals():
    return FakeStyleModel()


@pytest.fixture
def paint(tmp_path):
    """paint("a/b.png", size=(w, h), value=0): writes a plain picture below tmp_path."""

    def _paint(name, size=(24, 24), value=0):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (value,) * 3).save(path)
        return path

    return _paint


def read(path):
    """A picture file as an array."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture
def pixels():
    return read
