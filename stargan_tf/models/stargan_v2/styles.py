"""How a trained StarGAN v2 is used: styles in, pictures out."""

import weakref
import zlib

import numpy as np
import tensorflow as tf

from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.errors import InputError
from stargan_tf.models.base import in_batches

# Where a trained StarGAN v2's styles come from: latents and references.

MEAN_STYLE_LATENTS = 10_000
# Model → {domain: (checksum of the weights, mean style)}.
_MEAN_STYLES = weakref.WeakKeyDictionary()


class StylesV2:
    """Style codes of the averaged networks; a part of `StarGANV2`."""

    def encode_style(self, references, domain, batch_size=16):
        """The style codes of images, E_y(x), by the averaged style encoder.

        Args:
            references: (n, size, size, 3), uint8 or float in [-1, 1].
            domain: their domain: its name or number, or n of them.
            batch_size: images at a time.

        Returns:
            float32 (n, style_dim).

        Raises:
            InputError: unknown domain, or shapes that do not fit.
        """
        references = self._check_images(references, "references")
        references, domain = self._pair(references, domain, "references")

        def encode(part):
            return self._encode(to_float(references[part]), domain[part])

        return in_batches(encode, len(references), batch_size, (self.style_dim,))

    def map_latents(self, latents, domain, truncation=1.0):
        """The style codes of latent codes, F_y(z), by the averaged mapping network.

        Args:
            latents: (n, latent_dim), of a standard normal distribution.
            domain: the styles' domain: its name or number, or n of them.
            truncation: ψ in [0, 1]; below 1, towards the domain's mean style.

        Returns:
            float32 (n, style_dim).

        Raises:
            InputError: unknown domain, truncation outside of [0, 1], or shapes that
                do not fit.
        """
        check_truncation(truncation)
        latents = self._check_codes(latents, "latent")
        latents, domain = self._pair(latents, domain, "latents")
        styles = self._map(latents[:, None], domain).numpy()[:, 0]
        if truncation == 1.0:
            return styles
        means = {int(index): self.mean_style(int(index)) for index in set(domain)}
        mean = np.stack([means[int(index)] for index in domain])
        return mean + np.float32(truncation) * (styles - mean)

    def mean_style(self, domain):
        """The center of a domain's styles: the mean over 10,000 latent codes.

        It is kept until the averaged mapping network's weights change.

        Args:
            domain: name or number.

        Returns:
            float32 (style_dim,).
        """
        (number,) = self._domain_numbers(domain)
        known = _MEAN_STYLES.setdefault(self, {})
        checksum = self._mapping_checksum(number)
        if number not in known or known[number][0] != checksum:
            shape = (1, MEAN_STYLE_LATENTS, self.latent_dim)
            latents = np.random.default_rng(0).standard_normal(shape, np.float32)
            # One sample of 10,000 rows: the domain's heads are gathered once.
            styles = self._map(latents, np.array([number]))
            known[number] = (checksum, styles.numpy()[0].mean(axis=0))
        return known[number][1].copy()

    def _mapping_checksum(self, domain):
        """Of the weights that a domain's styles depend on."""
        network = self.mapping_network_ema
        shared = [weight.value for layer in network.shared for weight in layer.weights]
        heads = (*network.hidden, network.style)
        own = [weight.value[domain] for layer in heads for weight in layer.weights]
        checksum = 0
        for weight in (*shared, *own):
            checksum = zlib.crc32(tf.convert_to_tensor(weight).numpy(), checksum)
        return checksum

    @tf.function(reduce_retracing=True, autograph=False)
    def _encode(self, images, domain):
        return self.style_encoder_ema([images, domain])

    @tf.function(reduce_retracing=True, autograph=False)
    def _map(self, latents, domain):
        # Latents always (b, n, latent_dim), so that the rank does not vary.
        return self.mapping_network_ema([latents, domain])

    def _domain_numbers(self, domain):
        """Names or numbers, one or several, as int32 (k,)."""
        names = np.atleast_1d(domain).tolist()
        numbers = [
            self.info.index(name) if isinstance(name, str) else name for name in names
        ]
        for number in numbers:
            if not isinstance(number, int) or not 0 <= number < self.num_domains:
                raise InputError(
                    f"A domain is a name or a number from 0 to {self.num_domains - 1} "
                    f"{list(self.info.domains)}. Received: {number!r}"
                )
        return np.array(numbers, np.int32)

    def _pair(self, array, domain, name):
        """Both as long as the longer one; a single one serves all."""
        domain = self._domain_numbers(domain)
        count = len(domain) if len(array) == 1 else len(array)
        return match(array, count, name), match(domain, count, "domains")

    def _check_images(self, images, name):
        images = np.asarray(images)
        shape = (self.image_size, self.image_size, 3)
        if images.shape[1:] == shape:
            return images
        raise InputError(
            f"{name} must be (n, {', '.join(map(str, shape))}), as in "
            f"training. Received: shape {images.shape}"
        )

    def _check_codes(self, codes, name):
        """Latent or style codes as float32 (n, width)."""
        codes = np.asarray(codes, np.float32)
        width = getattr(self, f"{name}_dim")
        if codes.ndim == 2 and codes.shape[1] == width:
            return codes
        raise InputError(
            f"{name} codes must be (n, {width}) for this model ({name}_dim={width}). "
            f"Received: shape {codes.shape}"
        )


def check_truncation(truncation):
    """Raises InputError if ψ is outside of [0, 1].

    Args:
        truncation: ψ.
    """
    if not 0.0 <= truncation <= 1.0:
        raise InputError(
            "truncation must be in [0, 1]: 0 is the mean style, 1 the full variety. "
            f"Received: {truncation}"
        )


def match(array, count, name):
    """`count` rows, one per image; a single row serves all.

    Args:
        array: (count or 1, …).
        count: how many are needed.
        name: what the message calls them.

    Raises:
        InputError: for another number of rows.
    """
    if len(array) not in (1, count):
        raise InputError(
            f"Give one of {name} per image, or one for all. "
            f"Received: {len(array)} for {count}"
        )
    return np.broadcast_to(array, (count, *array.shape[1:]))


class TranslationV2(StylesV2):
    """Translation with latents, references or style codes; a part of `StarGANV2`.

    It uses the averaged networks `generator_ema`, `mapping_network_ema` and
    `style_encoder_ema`.
    """

    def translate(
        self,
        images,
        domain=None,
        latents=None,
        references=None,
        styles=None,
        truncation=1.0,
        seed=None,
        masks=None,
        batch_size=16,
    ):
        """Redraws images as images of a domain, in given or random styles.

        The averaged networks are used. The style comes from `latents`, `references`
        or `styles`; without them, from random latents.

        Args:
            images: (n, size, size, 3), uint8 or float in [-1, 1].
            domain: the target domain: its name or number, or n of them; not needed
                with `styles`.
            latents: z, (n, latent_dim), or (1, latent_dim) for all images.
            references: images whose style is taken, of `domain`: n or 1, like `images`.
            styles: s, from `encode_style` or `map_latents`: (n or 1, style_dim).
            truncation: ψ in [0, 1]; below 1 the styles of latents are drawn towards
                the domain's mean style: safer and less diverse.
            seed: of the random latents; `None` for other ones at each call.
            masks: high-pass masks (n, size, size, 2) in [0, 1]; defaults to what the
                mask provider gives.
            batch_size: images at a time.

        Returns:
            (n, size, size, 3), uint8 if `images` were, else float32, clipped to
            [-1, 1].

        Raises:
            InputError: unknown domain; shapes or options that do not fit.
        """
        images = self._check_images(images, "images")
        sources = {"latents": latents, "references": references, "styles": styles}
        given = [name for name, value in sources.items() if value is not None]
        self._check_sources(given, domain, truncation, seed, masks)
        if not given:
            rng = np.random.default_rng(seed)
            latents = rng.standard_normal((len(images), self.latent_dim))
        if references is not None:
            styles = self.encode_style(references, domain, batch_size)
        elif styles is None:
            styles = self.map_latents(latents, domain, truncation)
        styles = match(self._check_codes(styles, "style"), len(images), "styles")
        if masks is not None:
            masks = match(np.asarray(masks, np.float32), len(images), "masks")

        def generate(part):
            batch = tf.constant(to_float(images[part]))
            batch_masks = self._masks(batch) if masks is None else masks[part]
            return self._translate(batch, styles[part], batch_masks)

        outputs = in_batches(generate, len(images), batch_size, images.shape[1:])
        outputs = np.clip(outputs, -1.0, 1.0)
        return to_uint8(outputs) if images.dtype == np.uint8 else outputs

    @tf.function(reduce_retracing=True, autograph=False)
    def _translate(self, images, styles, masks):
        return self.generator_ema(self._generator_inputs(images, styles, masks))

    def _check_sources(self, given, domain, truncation, seed, masks):
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
        check_truncation(truncation)
        if given not in ([], ["latents"]) and truncation != 1.0:
            raise InputError(
                f"Truncation is for the styles of latents. Received: "
                f"truncation={truncation} and {given[0]}. Leave one."
            )
        if domain is None and given != ["styles"]:
            raise InputError(
                "translate needs the target domain, one of "
                f"{list(self.info.domains)}. Received none."
            )
        if masks is not None and not self.high_pass:
            raise InputError(
                "This model has no high-pass skips (high_pass=0) and takes no masks. "
                "Received masks. Leave them out."
            )

    def _generator_inputs(self, image, style, masks):
        return [image, style, masks] if self.high_pass else [image, style]
