"""How a trained StarGAN v2 is used: styles in, pictures out.

These functions are the methods of `StarGANV2` of the same names. They use its averaged
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
# Model → {(domain, checksum of F's weights): mean style}.
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
    """Redraws images as images of a domain, in given or random styles.

    The averaged networks are used. The style comes from `latents`, `references`
    or `styles`; without them, from random latents.

    Args:
        model: the `StarGANV2`, `self` of the method.
        images: (n, height, width, channels), uint8 or float in [-1, 1].
        domain: the target domain: its name or number, or n of them; not needed
            with `styles`. A name may have a strength below 1, such as `"dog:0.5"`
            (docs/targets.md): the style then lies between each image's own style and
            the target's.
        latents: z, (n, latent_dim), or (1, latent_dim) for all images.
        references: images whose style is taken, of `domain`: n or 1, like `images`.
        styles: s, from `encode_style` or `map_latents`: (n or 1, style_dim).
        truncation: ψ in [0, 1]; below 1 the styles of latents are drawn towards
            the domain's mean style: safer and less diverse.
        seed: of the random latents; `None` for other ones at each call.
        masks: high-pass masks (n, height, width, 2) in [0, 1]; defaults to what the
            mask provider gives.
        batch_size: images at a time.
        source: the images' own domain, like `domain`; needed for their own styles if a
            strength is below 1.

    Returns:
        (n, height, width, channels), uint8 if `images` were, else float32, clipped
        to [-1, 1].

    Raises:
        InputError: unknown domain; shapes or options that do not fit.
    """
    images = np.asarray(images)
    _check_shape(images, model.label_space.image_shape, "images")
    sources = {"latents": latents, "references": references, "styles": styles}
    given = [name for name, value in sources.items() if value is not None]
    domain, strengths = _targets(model, domain)
    _check_style_source(model, given, domain, truncation, seed)
    if masks is not None and not model.high_pass:
        raise InputError(
            "This model has no high-pass skips (high_pass=0) and takes no masks. "
            "Received masks. Leave them out."
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
                "A strength below 1 starts from the images' own styles, in the domain "
                f"that they show. Give source=, one of {list(model.info.domains)}."
            )
        own = model.encode_style(images, source, batch_size)
        styles = own + _broadcast_rows(strengths, len(images), "domain") * (
            styles - own
        )
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
    """The style codes of images, E_y(x), by the averaged style encoder.

    Args:
        model: the `StarGANV2`, `self` of the method.
        references: (n, height, width, channels), uint8 or float in [-1, 1].
        domain: their domain: its name or number, or n of them.
        batch_size: images at a time.

    Returns:
        float32 (n, style_dim).

    Raises:
        InputError: unknown domain, or shapes that do not fit.
    """
    references = np.asarray(references)
    _check_shape(references, model.label_space.image_shape, "references")
    references, domain = _paired(model, references, domain, "references")

    def encode(rows):
        return model._encode(to_float(references[rows]), domain[rows])

    return in_batches(encode, len(references), batch_size, (model.style_dim,))


def map_latents(model, latents, domain, truncation=1.0):
    """The style codes of latent codes, F_y(z), by the averaged mapping network.

    Args:
        model: the `StarGANV2`, `self` of the method.
        latents: (n, latent_dim), of a standard normal distribution.
        domain: the styles' domain: its name or number, or n of them.
        truncation: ψ in [0, 1]; below 1, towards the domain's mean style.

    Returns:
        float32 (n, style_dim).

    Raises:
        InputError: unknown domain, truncation outside of [0, 1], or shapes that
            do not fit.
    """
    _check_truncation(truncation)
    latents = np.asarray(latents, np.float32)
    _check_shape(latents, (model.latent_dim,), "latent codes")
    latents, domain = _paired(model, latents, domain, "latents")
    styles = model._map(latents[:, None], domain).numpy()[:, 0]
    if truncation == 1.0:
        return styles
    means = {index: mean_style(model, index) for index in set(domain.tolist())}
    mean = np.stack([means[index] for index in domain.tolist()])
    return mean + np.float32(truncation) * (styles - mean)


def mean_style(model, domain):
    """The center of a domain's styles: the mean over 10,000 latent codes.

    It is kept until the averaged mapping network's weights change.

    Args:
        model: the `StarGANV2`, `self` of the method.
        domain: name or number.

    Returns:
        float32 (style_dim,).
    """
    (number,) = _domain_numbers(model, domain).tolist()
    checksum = 0
    for weight in model.mapping_network_ema.weights:
        checksum = zlib.crc32(weight.numpy(), checksum)
    known = _MEAN_STYLES.setdefault(model, {})
    if (number, checksum) not in known:
        shape = (1, MEAN_STYLE_LATENTS, model.latent_dim)
        latents = np.random.default_rng(0).standard_normal(shape, np.float32)
        # One sample of 10,000 rows: the domain's heads are gathered once.
        styles = model._map(latents, np.array([number]))
        known[number, checksum] = styles.numpy()[0].mean(axis=0)
    return known[number, checksum].copy()


def _targets(model, domain):
    """(names or numbers of the targets' domains, strengths, float32 (k, 1))."""
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
    """Domains' names or numbers, one or several, as int32 (k,)."""
    names = np.atleast_1d(domain).tolist()
    numbers = [
        model.info.index(name) if isinstance(name, str) else name for name in names
    ]
    for number in numbers:
        if not isinstance(number, int) or not 0 <= number < model.num_domains:
            raise InputError(
                f"A domain is a name or a number from 0 to {model.num_domains - 1} "
                f"{list(model.info.domains)}. Received: {number!r}"
            )
    return np.array(numbers, np.int32)


def _paired(model, array, domain, name):
    """Rows and their domains, both as many as the longer; one row serves all."""
    domain = _domain_numbers(model, domain)
    count = len(domain) if len(array) == 1 else len(array)
    domain = _broadcast_rows(domain, count, "domains")
    return _broadcast_rows(array, count, name), domain


def _broadcast_rows(array, count, name):
    """`count` rows of an array (count or 1, …), which messages call `name`."""
    if len(array) not in (1, count):
        raise InputError(
            f"Give one of {name} per image, or one for all. "
            f"Received: {len(array)} for {count}"
        )
    return np.broadcast_to(array, (count, *array.shape[1:]))


def _check_shape(array, shape, name):
    """Refuses all but (n, *shape)."""
    if array.shape[1:] != shape:
        raise InputError(
            f"{name} must be (n, {', '.join(map(str, shape))}) for this model. "
            f"Received: shape {array.shape}"
        )


def _check_truncation(truncation):
    """Refuses ψ outside of [0, 1]."""
    if not 0.0 <= truncation <= 1.0:
        raise InputError(
            "truncation must be in [0, 1]: 0 is the mean style, 1 the full variety. "
            f"Received: {truncation}"
        )


def _check_style_source(model, given, domain, truncation, seed):
    """Refuses arguments of `translate` that contradict each other.

    Args:
        model: the `StarGANV2`.
        given: which of latents, references and styles are given.
        domain: None where it is not.
        truncation: ψ.
        seed: None where it is not given.
    """
    if len(given) > 1:
        raise InputError(
            f"The style comes from one of latents, references and styles. "
            f"Received: {' and '.join(given)}. Leave one."
        )
    if given and seed is not None:
        raise InputError(
            f"The seed is that of random latents. Received: seed={seed} and "
            f"{given[0]}. Leave one."
        )
    _check_truncation(truncation)
    if given not in ([], ["latents"]) and truncation != 1.0:
        raise InputError(
            f"Truncation is for the styles of latents. Received: "
            f"truncation={truncation} and {given[0]}. Leave one."
        )
    if domain is None and given != ["styles"]:
        raise InputError(
            "translate needs the target domain, one of "
            f"{list(model.info.domains)}. Received none."
        )
