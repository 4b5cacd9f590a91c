"""StarGAN v2 as a SavedModel: the averaged networks."""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.exporting.agreement import SampleImages, smooth_noise
from stargan_tf.exporting.saved_model import (
    Case,
    Endpoint,
    ServedForm,
    as_files,
    check_between,
    domain_numbers,
    row_spec,
    transports,
)

# Style codes of StarGAN v2's averaged networks, inside of the graph.


class StylesInGraph:
    """Styles of latents, seeds and references.

    Args:
        model: a `StarGANV2` that computes in float32.
    """

    def __init__(self, model: Any):
        self._mapping = model.mapping_network_ema
        self._encoder = model.style_encoder_ema
        self._domains = list(model.info.domains)
        self._latent_dim = model.latent_dim
        count = range(model.num_domains)
        self._means = np.stack([model.mean_style(number) for number in count])

    @tf.function(autograph=False)
    def of_latents(self, latents, domains, truncation):
        """ψ·F_y(z) + (1 − ψ)·the domain's mean style."""
        truncation = check_between(
            truncation, 0.0, 1.0, "truncation is in [0, 1]. Received:"
        )
        domains = self._checked(domains)
        drawn = self._mapping([latents[:, None], domains], training=False)[:, 0]
        mean = tf.gather(self._means, domains)
        return mean + truncation[:, None] * (drawn - mean)

    def of_seeds(self, seeds, domains, truncation):
        """Styles of the latents that follow from one number each."""
        latents = latents_of_seeds(seeds, self._latent_dim)
        return self.of_latents(latents, domains, truncation)

    @tf.function(autograph=False)
    def of_references(self, references, domains):
        """E_y(x)."""
        return self._encoder([references, self._checked(domains)], training=False)

    def _checked(self, domains):
        """Domain numbers, or INVALID_ARGUMENT."""
        names = ", ".join(f"{i} ({name})" for i, name in enumerate(self._domains))
        message = f"An unknown domain. The model has {names}. Received:"
        return check_between(domains, 0, len(self._domains) - 1, message)


def latents_of_seeds(seeds, latent_dim):
    """z of each seed: `tf.random.stateless_normal` with [seed, 0], on any machine.

    Args:
        seeds: int64 (n,).
        latent_dim: width of z.

    Returns:
        float32 (n, latent_dim).
    """

    def draw(seed):
        return tf.random.stateless_normal(
            (latent_dim,), tf.stack([seed, 0]), alg="philox"
        )

    return tf.map_fn(draw, seeds, fn_output_signature=tf.float32)


# What a StarGAN v2 is asked in both forms, to compare them.

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


def served_form(model: Any, description: Mapping[str, Any]) -> ServedForm:
    """All ways to give a style, and the encoder by itself.

    Args:
        model: a `StarGANV2` that computes in float32.
        description: as in `model.json`: `fit` and `crop_size` are used.

    Returns:
        The form; see `stargan_tf.serving`.
    """
    styles, draw = StylesInGraph(model), _drawing(model.generator_ema)
    endpoints = [
        endpoint
        for way in transports(model.image_size, description)
        for endpoint in _Form(model, styles, draw, way).endpoints()
    ]
    endpoints.append(_map_latents(styles, model.latent_dim))
    networks = (
        model.generator_ema,
        model.mapping_network_ema,
        model.style_encoder_ema,
    )
    return ServedForm(tuple(endpoints), networks, partial(cases, model))


def _drawing(generator):
    """The generator as a function that the signatures share."""

    @tf.function(autograph=False)
    def draw(*inputs):
        drawn = generator(list(inputs), training=False)
        return tf.clip_by_value(drawn, -1.0, 1.0)

    return draw


def _map_latents(styles, latent_dim):
    """It has no images, so no twin."""

    def map_latents(domains, latents, truncation):
        return {"styles": styles.of_latents(latents, domains, truncation)}

    latents = row_spec("latents", latent_dim, tf.float32)
    return Endpoint("map_latents", map_latents, (_DOMAINS, latents, _TRUNCATION))


class _Form:
    """The signatures with one suffix."""

    def __init__(self, model: Any, styles: StylesInGraph, draw: Any, way: Any):
        self._model, self._styles, self._draw, self._way = model, styles, draw, way
        self._target = _NAMES if way.by_name else _DOMAINS

    def endpoints(self):
        """The translating ones, the default one first, and the encoder."""
        return (
            self._translating("translate_latent", self._latent_specs(), self._latent),
            self._translating("translate_seed", self._seed_specs(), self._seed),
            self._translating(
                "translate_reference", self._reference_specs(), self._reference
            ),
            self._translating("synthesize", self._style_specs(), lambda style: style),
            Endpoint(
                f"encode_style{self._way.suffix}",
                lambda *inputs: {"styles": self._reference(*inputs)},
                self._reference_specs(),
            ),
        )

    def _translating(self, name, extra, style):
        def translate(images, *others):
            given, masks = others[: len(extra)], others[len(extra) :]
            floats = self._way.floats(images)
            return self._way.result(self._draw(floats, style(*given), *masks))

        specs = (self._way.spec(self._way.images), *extra, *self._mask_specs())
        return Endpoint(f"{name}{self._way.suffix}", translate, specs)

    def _latent(self, target, latents, truncation):
        return self._styles.of_latents(latents, self._domains(target), truncation)

    def _latent_specs(self):
        latents = row_spec("latents", self._model.latent_dim, tf.float32)
        return self._target, latents, _TRUNCATION

    def _seed(self, target, seeds, truncation):
        return self._styles.of_seeds(seeds, self._domains(target), truncation)

    def _seed_specs(self):
        return self._target, row_spec("seeds", None, tf.int64), _TRUNCATION

    def _reference(self, references, target):
        seen = self._way.floats(references)
        return self._styles.of_references(seen, self._domains(target))

    def _reference_specs(self):
        return self._way.spec("references"), self._target

    def _style_specs(self):
        return (row_spec("styles", self._model.style_dim, tf.float32),)

    def _domains(self, target):
        """Numbers; those that are out of range are refused where they are used."""
        by_name = self._way.by_name
        return domain_numbers(self._model.info, target) if by_name else target

    def _mask_specs(self):
        if not self._model.high_pass:
            return ()
        shape = (None, self._model.image_size, self._model.image_size, 2)
        return (tf.TensorSpec(shape, tf.float32, name="masks"),)


_NAMES = row_spec("names", None, tf.string)
_DOMAINS = row_spec("domains", None, tf.int32)
_TRUNCATION = row_spec("truncation", None, tf.float32)
