"""Inference with StarGAN v2: styles, and translation of images.

These functions are the methods of `StarGANV2` of the same names. They use its EMA
networks.
"""

import weakref
import zlib

import numpy as np
import tensorflow as tf

from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.data.targets import parse_target
from stargan_tf.errors import InputError
from stargan_tf.models.base import in_batches
from stargan_tf.models.inputs import check_masks

MEAN_STYLE_LATENTS = 10_000
# Cache: model → {(domain, checksum of F's weights): mean style}.
_MEAN_STYLES = weakref.WeakKeyDictionary()


def translate(
    model,
    images,
    domain=None,
    latents=None,
    references=None,
    styles=None,
    truncation=1.0,
    seed=None,
    masks=None,
    batch_size=16,
    source=None,
):
    """Translates images to a domain, in given or random styles, with the EMA networks.

    Styles come from `latents`, `references`, or `styles`; if none of these is given,
    from random latents.

    Example:

    ```python
    model = stargan_tf.load_model("toon_people")
    model.translate(images, model.info.domains[0], seed=7)
    ```

    Args:
        model: the `StarGANV2`, `self` of the method.
        images: array (n, height, width, channels), uint8 or float in [-1, 1].
        domain: target domain, a name or an index, or a list of n; not needed with
            `styles`. A name may have a strength below 1, such as `"dog:0.5"` (see
            docs/targets.md); the style is then interpolated between the style of the
            image and the target style.
        latents: latent codes z, (n, latent_dim), or (1, latent_dim) for all images.
        references: images of `domain` whose styles are used; n or 1, like `images`.
        styles: style codes s from `encode_style` or `map_latents`, (n, style_dim), or
            (1, style_dim) for all images.
        truncation: ψ in [0, 1]. Below 1, styles of latents are moved toward the
            domain's mean style, which gives fewer artifacts and less diversity.
        seed: seed of the random latents; `None` for different latents in each call.
        masks: high-pass masks (n, height, width, 2) in [0, 1]. Defaults to the output
            of the mask provider.
        batch_size: number of images per call of the generator.
        source: domain of the images, like `domain`; required if a strength is below 1.

    Returns:
        Array (n, height, width, channels): uint8 if `images` is uint8, otherwise
        float32, clipped to [-1, 1].

    Raises:
        InputError: if a domain is unknown, shapes do not match, or arguments contradict
            each other.
    """
    images = np.asarray(images)
    _check_shape(images, model.label_space.image_shape, "images")
    sources = {"latents": latents, "references": references, "styles": styles}
    given = [name for name, value in sources.items() if value is not None]
    domain, strengths = _targets(model, domain)
    _check_style_source(model, given, domain, truncation, seed)
    if masks is not None and not model.high_pass:
        raise InputError(
            "A model without high-pass skips (high_pass=0) takes no masks. Received: "
            f"masks of shape {np.shape(masks)}. Remove masks."
        )
    if not given:
        rng = np.random.default_rng(seed)
        latents = rng.standard_normal((len(images), model.latent_dim))
    if references is not None:
        styles = model.encode_style(references, domain, batch_size)
    elif styles is None:
        styles = model.map_latents(latents, domain, truncation)
    styles = np.asarray(styles, np.float32)
    _check_shape(styles, (model.style_dim,), "style codes")
    styles = _broadcast_rows(styles, len(images), "styles")
    if (strengths < 1.0).any():
        if source is None:
            raise InputError(
                "A strength below 1 needs the domain of the images, to encode their "
                f"styles. Received: strength {strengths.min():g} without source. Pass "
                f"source=…, one of {list(model.info.domains)}."
            )
        source_styles = model.encode_style(images, source, batch_size)
        strengths = _broadcast_rows(strengths, len(images), "domain")
        styles = source_styles + strengths * (styles - source_styles)
    if masks is not None:
        masks = np.asarray(masks, np.float32)
        check_masks(model.info, masks)
        masks = _broadcast_rows(masks, len(images), "masks")

    def generate(rows):
        batch = tf.constant(to_float(images[rows]))
        batch_masks = model._masks(batch) if masks is None else masks[rows]
        return model._translate(batch, styles[rows], batch_masks)

    outputs = in_batches(generate, len(images), batch_size, images.shape[1:])
    outputs = np.clip(outputs, model.label_space.lowest, 1.0)
    return to_uint8(outputs) if images.dtype == np.uint8 else outputs


def encode_style(model, references, domain, batch_size=16):
    """Computes the style codes of images, E_y(x), with the EMA style encoder.

    Args:
        model: the `StarGANV2`, `self` of the method.
        references: array (n, height, width, channels), uint8 or float in [-1, 1].
        domain: domain of the images, a name or an index, or a list of n.
        batch_size: number of images per call of the style encoder.

    Returns:
        float32 array (n, style_dim).

    Raises:
        InputError: if a domain is unknown, or shapes do not match.
    """
    references = np.asarray(references)
    _check_shape(references, model.label_space.image_shape, "references")
    references, domain = _paired(model, references, domain, "references")

    def encode(rows):
        return model._encode(to_float(references[rows]), domain[rows])

    return in_batches(encode, len(references), batch_size, (model.style_dim,))


def map_latents(model, latents, domain, truncation=1.0):
    """Computes the style codes of latent codes, F_y(z), with the EMA mapping network.

    Args:
        model: the `StarGANV2`, `self` of the method.
        latents: array (n, latent_dim) of standard normal numbers.
        domain: domain of the styles, a name or an index, or a list of n.
        truncation: ψ in [0, 1]. Below 1, styles are moved toward the domain's mean
            style.

    Returns:
        float32 array (n, style_dim).

    Raises:
        InputError: if a domain is unknown, truncation is outside [0, 1], or shapes do
            not match.
    """
    _check_truncation(truncation)
    latents = np.asarray(latents, np.float32)
    _check_shape(latents, (model.latent_dim,), "latent codes")
    latents, domain = _paired(model, latents, domain, "latents")
    styles = model._map(latents[:, None], domain).numpy()[:, 0]
    if truncation == 1.0 or not len(styles):
        return styles
    means = {index: mean_style(model, index) for index in set(domain.tolist())}
    mean = np.stack([means[index] for index in domain.tolist()])
    return mean + np.float32(truncation) * (styles - mean)


def mean_style(model, domain):
    """Computes the mean style of a domain, over 10,000 random latent codes.

    The result is cached until the weights of the EMA mapping network change.

    Args:
        model: the `StarGANV2`, `self` of the method.
        domain: name or index of the domain.

    Returns:
        float32 array (style_dim,).

    Raises:
        InputError: if the domain is unknown.
    """
    (number,) = _domain_numbers(model, domain).tolist()
    checksum = 0
    for weight in model.mapping_network_ema.weights:
        checksum = zlib.crc32(weight.numpy(), checksum)
    known = _MEAN_STYLES.setdefault(model, {})
    if (number, checksum) not in known:
        shape = (1, MEAN_STYLE_LATENTS, model.latent_dim)
        latents = np.random.default_rng(0).standard_normal(shape, np.float32)
        # One sample with 10,000 rows, so that the domain's heads are gathered once.
        styles = model._map(latents, np.array([number]))
        known[number, checksum] = styles.numpy()[0].mean(axis=0)
    return known[number, checksum].copy()


def _targets(model, domain):
    """Returns names or indices of the target domains, and strengths, float32 (k, 1)."""
    if domain is None:
        return None, np.ones((1, 1), np.float32)
    pairs = [
        parse_target(target, model.label_space).chosen
        if isinstance(target, str)
        else (target, 1.0)
        for target in np.atleast_1d(domain).tolist()
    ]
    strengths = np.array([[strength] for _, strength in pairs], np.float32)
    return [name for name, _ in pairs], strengths.reshape(-1, 1)


def _domain_numbers(model, domain):
    """Converts one or more names or indices of domains to indices, int32 (k,)."""
    names = np.atleast_1d(domain).tolist()
    numbers = [
        model.info.index(name) if isinstance(name, str) else name for name in names
    ]
    for number in numbers:
        if not isinstance(number, int) or not 0 <= number < model.num_domains:
            raise InputError(
                f"A domain must be an index from 0 to {model.num_domains - 1}, or one "
                f"of the names {list(model.info.domains)}. Received: {number!r}"
            )
    return np.array(numbers, np.int32)


def _paired(model, array, domain, name):
    """Broadcasts rows and domains to the same number; one row applies to all."""
    domain = _domain_numbers(model, domain)
    count = len(domain) if len(array) == 1 else len(array)
    domain = _broadcast_rows(domain, count, "domains")
    return _broadcast_rows(array, count, name), domain


def _broadcast_rows(array, count, name):
    """Broadcasts an array with `count` rows or one row, called `name` in messages."""
    if len(array) not in (1, count):
        raise InputError(
            f"{name} must have {count} rows, one per image, or a single row for all. "
            f"Received: {len(array)} rows"
        )
    return np.broadcast_to(array, (count, *array.shape[1:]))


def _check_shape(array, shape, name):
    """Raises InputError unless the shape is (n, *shape)."""
    if array.shape[1:] != shape:
        raise InputError(
            f"{name} must be (n, {', '.join(map(str, shape))}) for this model. "
            f"Received: shape {array.shape}"
        )


def _check_truncation(truncation):
    if not 0.0 <= truncation <= 1.0:
        raise InputError(
            "truncation must be in [0, 1], from the mean style (0) to full diversity "
            f"(1). Received: {truncation}"
        )


def _check_style_source(model, given, domain, truncation, seed):
    """Raises InputError if arguments of `translate` contradict each other."""
    if len(given) > 1:
        raise InputError(
            "Pass at most one of latents, references, and styles. "
            f"Received: {' and '.join(given)}"
        )
    if given and seed is not None:
        raise InputError(
            f"seed applies only to random latents. Received: seed={seed} and "
            f"{given[0]}. Remove one of them."
        )
    _check_truncation(truncation)
    if given not in ([], ["latents"]) and truncation != 1.0:
        raise InputError(
            "truncation applies only to styles of latents. Received: "
            f"truncation={truncation} and {given[0]}. Remove one of them."
        )
    if domain is None and given != ["styles"]:
        raise InputError(
            "translate needs a target domain. Received: domain=None. Pass one of "
            f"{list(model.info.domains)}."
        )
