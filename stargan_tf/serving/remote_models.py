"""Served models with the methods that translation asks of a model.

So what `stargan-tf translate` does with a model in this process it does with one on a
server: `RemoteLabelModel` is a `translation.source_labels.LabelModel`,
`RemoteStyleModel` a `translation.by_style.StyleModel`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.pictures import to_float
from stargan_tf.errors import InputError
from stargan_tf.exporting.saved_model import MAX_BATCH
from stargan_tf.user_code import explained, imported_by_user

MASKS = "mask_provider"


class RemoteLabelModel:
    """A served StarGAN.

    Args:
        client: a `Client` of it.
        description: what it says about itself.
    """

    def __init__(self, client: Any, description: Mapping[str, Any]):
        self._client = client
        self.label_space = LabelSpace(description["datasets"])

    def translate(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        dataset: int = 0,
        mask: int | None = None,
    ) -> np.ndarray:
        """As `StarGAN.translate`, for uint8 squares of the model's size."""
        _check_squares(images, self.label_space.image_size)
        labels = self.label_space.embed(labels, dataset, mask)
        labels = np.broadcast_to(labels, (len(images), self.label_space.width))
        inputs = {"images": images, "labels": labels}
        return in_chunks(self._client, "translate", inputs, "images")

    def classify(self, images: np.ndarray, dataset: int = 0) -> np.ndarray:
        """As `StarGAN.classify`."""
        found = in_chunks(self._client, "classify", {"images": images}, "labels")
        return found[:, self.label_space.slices[dataset]]


class RemoteStyleModel:
    """A served StarGAN v2.

    Args:
        client: a `Client` of it.
        description: what it says about itself.
        mask_provider: for high-pass models, float images in [-1, 1] → masks.
    """

    def __init__(
        self,
        client: Any,
        description: Mapping[str, Any],
        mask_provider: Callable[[np.ndarray], Any] | None = None,
    ):
        self._client, self.mask_provider = client, mask_provider
        (self.info,) = LabelSpace(description["datasets"]).datasets
        self.family = description["family"]
        self.style_dim = description["style_dim"]
        self.latent_dim = description["latent_dim"]
        self.high_pass = description["high_pass"]

    def translate(
        self, images: np.ndarray, *, styles: np.ndarray, batch_size: int = MAX_BATCH
    ) -> np.ndarray:
        """As `StarGANV2.translate`, for uint8 squares; the server knows its batches."""
        styles = np.broadcast_to(styles, (len(images), self.style_dim))
        inputs = {"images": images, "styles": styles, **self._masks(images)}
        return in_chunks(self._client, "synthesize", inputs, "images")

    def map_latents(
        self, latents: np.ndarray, domain: str, truncation: float = 1.0
    ) -> np.ndarray:
        """As `StarGANV2.map_latents`."""
        inputs = {
            "domains": np.full(len(latents), self.info.index(domain), np.int32),
            "latents": np.asarray(latents, np.float32),
            "truncation": np.full(len(latents), truncation, np.float32),
        }
        return in_chunks(self._client, "map_latents", inputs, "styles")

    def encode_style(self, references: np.ndarray, domain: Sequence[str]) -> np.ndarray:
        """As `StarGANV2.encode_style`."""
        numbers = np.array([self.info.index(name) for name in domain], np.int32)
        inputs = {"references": references, "domains": numbers}
        return in_chunks(self._client, "encode_style", inputs, "styles")

    def _masks(self, images: np.ndarray) -> dict[str, np.ndarray]:
        if not self.high_pass:
            return {}
        masks = self.mask_provider(to_float(images))
        return {"masks": np.asarray(masks, np.float32)}


def label_model(
    client: Any, description: Mapping[str, Any], code: Mapping[str, str | None]
) -> RemoteLabelModel:
    """The model that is translated with by labels.

    Args:
        client: a `Client` of it.
        description: what it says about itself.
        code: functions for the model; it takes none.
    """
    return RemoteLabelModel(client, description)


def style_model(
    client: Any, description: Mapping[str, Any], code: Mapping[str, str | None]
) -> RemoteStyleModel:
    """The model that is translated with by styles.

    Args:
        client: a `Client` of it.
        description: what it says about itself.
        code: functions for the model, name → `module:name`: its mask provider.

    Raises:
        InputError: if the function cannot be imported.
    """
    name = code.get(MASKS)
    provider = imported_by_user(f"--{MASKS}", name) if name else None
    provider = provider and explained(f"--{MASKS}", name, provider)
    return RemoteStyleModel(client, description, provider)


def in_chunks(
    client: Any, signature: str, inputs: Mapping[str, np.ndarray], output: str
) -> np.ndarray:
    """One output of a signature, for any number of rows.

    Args:
        client: a `Client`.
        signature: its name.
        inputs: {input: array}, as many rows in each.
        output: its name.
    """
    count = len(next(iter(inputs.values())))
    parts = [
        client.predict(
            {k: v[at : at + MAX_BATCH] for k, v in inputs.items()}, signature, [output]
        )[output]
        # Servers that join requests refuse those which are larger.
        for at in range(0, count, MAX_BATCH)
    ]
    return np.concatenate(parts)


def _check_squares(images: np.ndarray, side: int) -> None:
    if images.shape[1:3] != (side, side):
        raise InputError(
            f"A served model takes squares of {side} pixels: --fit crop or stretch. "
            f"Received: {images.shape[2]}x{images.shape[1]}"
        )
