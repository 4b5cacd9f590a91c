"""Served models with the methods that `stargan-tf translate` needs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from stargan_tf.data.info import DatasetInfo, size_text
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.pictures import to_float
from stargan_tf.errors import InputError
from stargan_tf.faces.opening import mask_provider
from stargan_tf.serving.tf_serving import MAX_BATCH
from stargan_tf.user_code import explained

MASKS = "mask_provider"


class RemoteLabelModel:
    """A served label model.

    Args:
        client: a `Client` of the model.
        description: its description, see `Client.describe`.
        code: not used.
    """

    def __init__(self, client: Any, description: Mapping[str, Any], code: Any = None):
        self._client = client
        self.label_space = LabelSpace(description["datasets"])

    def translate(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        dataset: int = 0,
        mask: int | None = None,
    ) -> np.ndarray:
        """See `LabelModel.translate`; images must have the model's size."""
        space = self.label_space
        if images.shape[1:] != space.image_shape:
            raise InputError(
                f"The served model takes images of {size_text(space.image_size)}. "
                f"Received: shape {images.shape}. Pass --fit crop or stretch."
            )
        labels = space.embed(labels, dataset, mask)
        labels = np.broadcast_to(labels, (len(images), space.width))
        info = space.datasets[0]
        inputs = {"images": sent(images, info), "labels": labels}
        outputs = predict_all(self._client, "translate", inputs, "images")
        return received(outputs, info)

    def classify(self, images: np.ndarray, dataset: int = 0) -> np.ndarray:
        """See `LabelModel.classify`."""
        inputs = {"images": sent(images, self.label_space.datasets[0])}
        labels = predict_all(self._client, "classify", inputs, "labels")
        return labels[:, self.label_space.slices[dataset]]


class RemoteStyleModel:
    """A served style model.

    Args:
        client: a `Client` of the model.
        description: its description, see `Client.describe`.
        code: `mask_provider` → `module:name`, for a model with high-pass skips.

    Raises:
        InputError: if the function cannot be imported.
    """

    def __init__(
        self,
        client: Any,
        description: Mapping[str, Any],
        code: Mapping[str, str | None] | None = None,
    ):
        self._client = client
        self.mask_provider = _mask_provider((code or {}).get(MASKS))
        (self.info,) = LabelSpace(description["datasets"]).datasets
        self.family = description["family"]
        self.style_dim = description["style_dim"]
        self.latent_dim = description["latent_dim"]
        # Servers with a landmark network make the masks themselves.
        makes_masks = not description.get("needs_masks", True)
        self.high_pass = 0.0 if makes_masks else description["high_pass"]

    def translate(
        self, images: np.ndarray, *, styles: np.ndarray, batch_size: int = MAX_BATCH
    ) -> np.ndarray:
        """See `StarGANV2.translate`; `batch_size` is not used."""
        styles = np.broadcast_to(styles, (len(images), self.style_dim))
        inputs = {"images": sent(images, self.info), "styles": styles}
        if self.high_pass:
            masks = self.mask_provider(to_float(images))
            inputs["masks"] = np.asarray(masks, np.float32)
        outputs = predict_all(self._client, "synthesize", inputs, "images")
        return received(outputs, self.info)

    def map_latents(
        self, latents: np.ndarray, domain: str, truncation: float = 1.0
    ) -> np.ndarray:
        """See `StarGANV2.map_latents`."""
        inputs = {
            "domains": np.full(len(latents), self.info.index(domain), np.int32),
            "latents": np.asarray(latents, np.float32),
            "truncation": np.full(len(latents), truncation, np.float32),
        }
        return predict_all(self._client, "map_latents", inputs, "styles")

    def encode_style(self, references: np.ndarray, domain: Sequence[str]) -> np.ndarray:
        """See `StarGANV2.encode_style`."""
        numbers = np.array([self.info.index(name) for name in domain], np.int32)
        inputs = {"references": sent(references, self.info), "domains": numbers}
        return predict_all(self._client, "encode_style", inputs, "styles")


def _mask_provider(name: str | None) -> Callable[[np.ndarray], Any] | None:
    if not name:
        return None
    return explained(f"--{MASKS}", name, mask_provider(name))


def sent(images: np.ndarray, info: DatasetInfo) -> np.ndarray:
    """Images as sent to a server: measured images in the data's units."""
    return info.intensity.restore(images, np.float32) if info.intensity else images


def received(images: np.ndarray, info: DatasetInfo) -> np.ndarray:
    """The inverse of `sent`."""
    return info.intensity.to_float(images) if info.intensity else images


def predict_all(
    client: Any, signature: str, inputs: Mapping[str, np.ndarray], output: str
) -> np.ndarray:
    """An output of a signature, for any number of rows."""
    count = len(next(iter(inputs.values())))
    results = []
    # Servers that batch requests reject larger ones.
    for start in range(0, count, MAX_BATCH):
        rows = {name: v[start : start + MAX_BATCH] for name, v in inputs.items()}
        results.append(client.predict(rows, signature, [output])[output])
    return np.concatenate(results)
