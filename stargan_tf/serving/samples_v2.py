"""What a StarGAN v2 is asked in both forms, to compare them."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from stargan_tf.data.pixels import to_float, to_uint8
from stargan_tf.export.sample_images import SampleImages, smooth_noise
from stargan_tf.serving.case import Case, as_files
from stargan_tf.serving.styles_in_graph import latents_of_seeds

TRUNCATION = 0.5


def cases(model: Any, pictures: SampleImages) -> list[Case]:
    """One for each signature.

    Args:
        model: a `StarGANV2`.
        pictures: what is translated; the same backwards are the references.
    """
    sample = _Sample(model, pictures.images)
    by_suffix = [
        case
        for suffix, source in (
            ("_float", to_float(pictures.images)),
            ("", pictures.images),
            ("_encoded", as_files(pictures.images)),
        )
        for case in sample.cases(suffix, source)
    ]
    return [*by_suffix, sample.map_latents()]


class _Sample:
    """The pictures with random latents. Keras draws each picture once."""

    def __init__(self, model: Any, images: np.ndarray):
        self._model, self._images, count = model, images, len(images)
        self._floats, self._backwards = to_float(images), to_float(images[::-1])
        self._numbers = (np.arange(count) % model.num_domains).astype(np.int32)
        self._seeds = np.arange(count, dtype=np.int64)
        self._latents = latents_of_seeds(self._seeds, model.latent_dim).numpy()
        self._masks = _masks(model, count)

    def cases(self, suffix: str, source: np.ndarray) -> list[Case]:
        """One for each signature of a suffix.

        Args:
            suffix: of the signatures' names.
            source: the pictures as these take them.
        """
        target = self._target(suffix)
        images = {"encoded" if suffix == "_encoded" else "images": source}
        truncation = np.full(len(source), TRUNCATION, np.float32)
        references = {"references": source[::-1], **target}
        latent = {**target, "truncation": truncation}
        asked: tuple[tuple[str, Mapping[str, Any], str], ...] = (
            ("translate_latent", {**latent, "latents": self._latents}, "by_latent"),
            ("translate_seed", {**latent, "seeds": self._seeds}, "by_latent"),
            ("synthesize", {"styles": self._styles}, "by_latent"),
            ("translate_reference", references, "by_reference"),
        )
        output = "encoded_bytes" if suffix == "_encoded" else "images"
        translating = [
            Case(
                f"{name}{suffix}",
                {**images, **inputs, **self._masks},
                output,
                lambda drawn=drawn: self._drawn(drawn, suffix),
            )
            for name, inputs, drawn in asked
        ]
        encoder = Case(
            f"encode_style{suffix}", references, "styles", lambda: self._encoded
        )
        return [*translating, encoder]

    def map_latents(self) -> Case:
        """The mapping network by itself."""
        inputs = {
            "domains": self._numbers,
            "latents": self._latents,
            "truncation": np.full(len(self._numbers), TRUNCATION, np.float32),
        }
        return Case("map_latents", inputs, "styles", lambda: self._styles)

    def _target(self, suffix: str) -> dict[str, np.ndarray]:
        if suffix != "_encoded":
            return {"domains": self._numbers}
        names = [self._model.info.domains[number] for number in self._numbers]
        return {"names": np.array(names, object)}

    def _drawn(self, name: str, suffix: str) -> np.ndarray:
        floats = getattr(self, f"_{name}")
        return floats if suffix == "_float" else to_uint8(floats)

    @cached_property
    def _styles(self) -> np.ndarray:
        return self._model.map_latents(
            self._latents, self._numbers.tolist(), TRUNCATION
        )

    @cached_property
    def _encoded(self) -> np.ndarray:
        return self._model.encode_style(self._backwards, self._numbers.tolist())

    @cached_property
    def _by_latent(self) -> np.ndarray:
        return self._model.translate(self._floats, styles=self._styles, **self._masks)

    @cached_property
    def _by_reference(self) -> np.ndarray:
        return self._model.translate(self._floats, styles=self._encoded, **self._masks)


def _masks(model: Any, count: int) -> dict[str, np.ndarray]:
    if not model.high_pass:
        return {}
    noise = smooth_noise(0, count, model.image_size)[..., :2]
    return {"masks": noise.astype(np.float32) / 255}
