"""StarGAN v2 as a SavedModel: the averaged networks."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import tensorflow as tf

from stargan_tf.serving.domain_names import domain_numbers
from stargan_tf.serving.endpoint import Endpoint, ServedForm, row_spec
from stargan_tf.serving.samples_v2 import cases
from stargan_tf.serving.styles_in_graph import StylesInGraph
from stargan_tf.serving.transport import transports


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
