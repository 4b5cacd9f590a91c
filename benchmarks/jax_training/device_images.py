"""A data set in the device's memory, and batches drawn from it there."""

from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np

from jax_training.phases_v1 import BatchV1
from stargan_tf.data import attributes
from stargan_tf.data.folder import FOLDER
from stargan_tf.data.options import DatasetOptions
from stargan_tf.models.stargan_v2.model import Batch

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")
ATTRIBUTES = (*HAIR, "Male", "Young")


def open_data(model: str, folder, size: int, split: str = "train"):
    """The data set that a model trains on.

    Args:
        model: v1 (CelebA's layout: img_align_celeba, list_attr_celeba.txt) or v2 (a
            folder per domain).
        folder: where it is.
        size: side of the images in pixels.
        split: train or held_out.

    Returns:
        `LabelledImages`.
    """
    # The definitions themselves: by name they are found only once installed.
    if model == "v1":
        options = DatasetOptions(
            data_dir=str(folder / "img_align_celeba"),
            labels=str(folder / "list_attr_celeba.txt"),
            attributes=ATTRIBUTES,
            crop_size=178,
        )
        return attributes.ATTRIBUTES.load(split, size, options)
    options = DatasetOptions(data_dir=str(folder), fit="stretch")
    return FOLDER.load(split, size, options)


def pixels(source) -> np.ndarray:
    """All images, uint8 (n, size, size, 3)."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(source.load, range(len(source)))))


def draw_v1(random, labels, batch: int) -> np.ndarray:
    """Numbers of the images of a batch, (batch,).

    Args:
        random: a NumPy generator.
        labels: of all images.
        batch: number of images.
    """
    return random.integers(0, len(labels), batch)


def draw_v2(random, labels, batch: int) -> np.ndarray:
    """Numbers of images and of two references of one domain each, (3, batch).

    Domains come equally often, as the official sampler has them.
    """
    members = [np.flatnonzero(column) for column in labels.T]
    own, target = random.integers(0, len(members), (2, batch))
    return np.array(
        [[random.choice(members[d]) for d in row] for row in (own, target, target)]
    )


def batch_v1(images, labels, chosen, key) -> BatchV1:
    """A batch, half of it mirrored; the targets are its labels, shuffled.

    Args:
        images: uint8 (n, size, size, 3).
        labels: float32 (n, domains).
        chosen: from `draw_v1`.
        key: of JAX.
    """
    flip, order, position = jax.random.split(key, 3)
    label = labels[chosen]
    alpha = jax.random.uniform(position, (len(chosen), 1, 1, 1))
    target = jax.random.permutation(order, label)
    return BatchV1(_mirrored(_floats(images[chosen]), flip), label, target, alpha)


def batch_v2(images, labels, chosen, key) -> Batch:
    """A batch; every other image is cropped, half of them mirrored.

    Args:
        images: uint8 (n, size, size, 3).
        labels: one-hot (n, domains).
        chosen: from `draw_v2`.
        key: of JAX.
    """
    crop, flip, latent = jax.random.split(key, 3)
    some = _floats(images[chosen.reshape(-1)])
    some = jax.vmap(_cropped)(some, jax.random.split(crop, len(some)))
    some = _mirrored(some, flip).reshape(*chosen.shape, *images.shape[1:])
    domains = labels[chosen].argmax(-1).astype("int32")
    latents = jax.random.normal(latent, (2, chosen.shape[1], 16))
    return Batch(
        some[0], domains[0], some[1], some[2], domains[1], *latents, masks=None
    )


def _floats(images):
    return images.astype("float32") / 127.5 - 1.0


def _mirrored(images, key):
    flip = jax.random.bernoulli(key, shape=(len(images), 1, 1, 1))
    return jnp.where(flip, images[:, :, ::-1], images)


def _cropped(image, key):
    """With probability ½ a crop of 80 to 100 % of the area, enlarged."""
    coin, area, ratio, corner = jax.random.split(key, 4)
    area = jax.random.uniform(area, minval=0.8, maxval=1.0)
    ratio = jax.random.uniform(ratio, minval=0.9, maxval=1.1)
    sides = jnp.minimum(jnp.sqrt(jnp.stack([area / ratio, area * ratio])), 1.0)
    sides = jnp.where(jax.random.bernoulli(coin), sides, 1.0)
    start = jax.random.uniform(corner, (2,)) * (1.0 - sides) * len(image)
    return jax.image.scale_and_translate(
        image, image.shape, (0, 1), 1.0 / sides, -start / sides, "linear"
    )
