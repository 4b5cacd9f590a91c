"""StarGAN v2 as LiteRT files: the generator, style networks, and landmark network."""

from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import Arrays, Limit, SampleImages, smooth_noise
from stargan_tf.exporting.litert import FileSignature, LiteRTFile, LiteRTModel
from stargan_tf.models.stargan_v2.layers import AdaINResidualBlock

# Masks have edges, on which rounding switches pixels on or off.
MASKS = Limit(psnr=25.0)


def litert_model(model: Any) -> LiteRTModel:
    """Describes the LiteRT files of the EMA networks: `generator` and `style`.

    A third, `landmarks`, makes masks of images where a landmark network does so in
    Keras.

    Args:
        model: a `StarGANV2` that computes in float32.

    Returns:
        The `LiteRTModel`. The file `style` has the signatures `map_latent` and
        `encode_style`.
    """
    means = [model.mean_style(number) for number in range(model.num_domains)]
    details = {
        "style_dim": model.style_dim,
        "latent_dim": model.latent_dim,
        "high_pass": model.high_pass,
        # Truncation moves styles toward them.
        "mean_styles": np.round(np.stack(means).astype(np.float64), 6).tolist(),
    }
    files = [_generator(model), _style(model)]
    if model.high_pass and model.mask_provider:
        files.append(_landmarks(model))
    return LiteRTModel(files, details)


def _generator(model: Any) -> LiteRTFile:
    network = without_tiling(_copied(model.generator_ema))
    shape = model.info.shape
    shapes = {"images": (1, *shape), "styles": (1, model.style_dim)}
    if model.high_pass:
        shapes["masks"] = (1, *shape[:2], 2)

    def synthesize(images, styles, **masks):
        outputs = network([images, styles, *masks.values()], training=False)
        return {"images": tf.clip_by_value(outputs, model.label_space.lowest, 1.0)}

    def samples(source: SampleImages) -> Arrays:
        """Images with styles that alternate between latents and other images."""
        images, count = to_float(source.images), len(source.images)
        latents, domains = _latents(model, count)
        mapped = model.map_latents(latents, domains)
        encoded = model.encode_style(images, np.argmax(source.labels, axis=1))
        odd = np.arange(count)[:, None] % 2 == 1
        styles = np.where(odd, mapped, np.roll(encoded, 1, axis=0))
        inputs = {"images": images, "styles": styles}
        if model.high_pass:
            # Smooth noise in [0, 1]: the files do not include a mask provider.
            noise = smooth_noise(0, count, (*shape[:2], 3))[..., :2]
            inputs["masks"] = noise.astype(np.float32) / 255
        return inputs

    signature = FileSignature(
        name="synthesize",
        shapes=shapes,
        function=synthesize,
        samples=samples,
        keras=lambda images, **style: model.translate(images, **style),
    )
    return LiteRTFile("generator", [signature], [network])


def _style(model: Any) -> LiteRTFile:
    mapping, encoder = model.mapping_network_ema, model.style_encoder_ema
    trunk, heads = encoder.get_layer("trunk"), encoder.get_layer("style")
    domains = (1, model.num_domains)

    def map_latent(latents, domains):
        return {"styles": mapping([latents, domains], training=False)}

    def encode_style(references, domains):
        if model.label_space.has_gaps:
            references = encoder.get_layer("fill_gaps")(references)
        return {"styles": heads([trunk(references), domains])}

    def latent_samples(source: SampleImages) -> Arrays:
        latents, numbers = _latents(model, len(source.images))
        one_hot = np.eye(model.num_domains, dtype=np.float32)[numbers]
        return {"latents": latents, "domains": one_hot}

    def reference_samples(source: SampleImages) -> Arrays:
        return {"references": to_float(source.images), "domains": source.labels}

    from_latents = FileSignature(
        name="map_latent",
        shapes={"latents": (1, model.latent_dim), "domains": domains},
        function=map_latent,
        samples=latent_samples,
        keras=lambda latents, domains: model.map_latents(latents, domains.argmax(1)),
    )
    from_references = FileSignature(
        name="encode_style",
        shapes={"references": (1, *model.info.shape), "domains": domains},
        function=encode_style,
        samples=reference_samples,
        keras=lambda references, domains: model.encode_style(
            references, domains.argmax(1)
        ),
    )
    return LiteRTFile("style", [from_latents, from_references], [mapping, encoder])


def _landmarks(model: Any) -> LiteRTFile:
    signature = FileSignature(
        name="find_masks",
        shapes={"images": (1, *model.info.shape)},
        function=lambda images: {"masks": model.mask_provider.network.masks(images)},
        samples=lambda source: {"images": to_float(source.images)},
        keras=lambda images: np.asarray(model.mask_provider(images)),
        limit=MASKS,
    )
    return LiteRTFile("landmarks", [signature], [model.mask_provider.network])


def _latents(model: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random latents, and cyclic domains, which differ from those of the images."""
    shape = (count, model.latent_dim)
    latents = np.random.default_rng(0).standard_normal(shape, np.float32)
    return latents, np.arange(1, count + 1) % model.num_domains


def without_tiling(generator: Any) -> Any:
    """Replaces nearest-neighbor doubling in a generator by operations without Tile."""
    for layer in generator.layers:
        if isinstance(layer, AdaINResidualBlock) and not layer.smooth:
            layer.doubling = doubled
    return generator


def doubled(images):
    """Doubles height and width with operations that mobile delegates support.

    Args:
        images: (batch, height, width, channels).

    Returns:
        (batch, 2·height, 2·width, channels), equal to those of `UpSampling2D(2)`.
    """
    return tf.nn.depth_to_space(tf.concat([images] * 4, axis=-1), 2)


def _copied(network: Any) -> Any:
    copy = type(network).from_config(network.get_config())
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
