"""Served models with the methods that translation asks of a model.

So what `stargan-tf translate` does with a model in this process it does with one on a
server.
"""

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
    """A served model that is steered by labels.

    Args:
        client: a `Client` of it.
        description: what it says about itself.
        code: functions for the model; it takes none.
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
        """As the model's own `translate`, for images of the model's size."""
        space = self.label_space
        if images.shape[1:] != space.image_shape:
            raise InputError(
                f"This served model takes images of {size_text(space.image_size)}: "
                f"--fit crop or stretch. Received: shape {images.shape}"
            )
        labels = space.embed(labels, dataset, mask)
        labels = np.broadcast_to(labels, (len(images), space.width))
        info = space.datasets[0]
        inputs = {"images": sent(images, info), "labels": labels}
        outputs = predict_all(self._client, "translate", inputs, "images")
        return received(outputs, info)

    def classify(self, images: np.ndarray, dataset: int = 0) -> np.ndarray:
        """As the model's own `classify`."""
        inputs = {"images": sent(images, self.label_space.datasets[0])}
        labels = predict_all(self._client, "classify", inputs, "labels")
        return labels[:, self.label_space.slices[dataset]]


class RemoteStyleModel:
    """A served model that is steered by styles.

    Args:
        client: a `Client` of it.
        description: what it says about itself.
        code: functions for the model, name → `module:name`: its mask provider.

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
        """As the model's own; the server knows its batches."""
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
        """As the model's own."""
        inputs = {
            "domains": np.full(len(latents), self.info.index(domain), np.int32),
            "latents": np.asarray(latents, np.float32),
            "truncation": np.full(len(latents), truncation, np.float32),
        }
        return predict_all(self._client, "map_latents", inputs, "styles")

    def encode_style(self, references: np.ndarray, domain: Sequence[str]) -> np.ndarray:
        """As the model's own."""
        numbers = np.array([self.info.index(name) for name in domain], np.int32)
        inputs = {"references": sent(references, self.info), "domains": numbers}
        return predict_all(self._client, "encode_style", inputs, "styles")


def _mask_provider(name: str | None) -> Callable[[np.ndarray], Any] | None:
    if not name:
        return None
    return explained(f"--{MASKS}", name, mask_provider(name))


def sent(images: np.ndarray, info: DatasetInfo) -> np.ndarray:
    """Images as a server takes them: measured ones in the data's units."""
    return info.intensity.restore(images, np.float32) if info.intensity else images


def received(images: np.ndarray, info: DatasetInfo) -> np.ndarray:
    """The inverse of `sent`."""
    return info.intensity.to_float(images) if info.intensity else images


def predict_all(
    client: Any, signature: str, inputs: Mapping[str, np.ndarray], output: str
) -> np.ndarray:
    """One output of a signature, for any number of rows."""
    count = len(next(iter(inputs.values())))
    parts = []
    # Servers that join requests refuse those which are larger.
    for start in range(0, count, MAX_BATCH):
        rows = {name: v[start : start + MAX_BATCH] for name, v in inputs.items()}
        parts.append(client.predict(rows, signature, [output])[output])
    return np.concatenate(parts)
