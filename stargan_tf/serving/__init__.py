"""Trained models for TF Serving: the export, a client, and a development server.

Signatures of an export (`stargan-tf export --format saved_model`). n is the batch, free
and at least 1; s the model's image size; c the width of its label vector; d and k the
widths of latent and style codes. Images are uint8 in [0, 255]; every signature of arrays
has a twin with the suffix `_float`, whose images are float32 in [-1, 1].

StarGAN (v1):

| signature | inputs | outputs |
|---|---|---|
| `translate`, also `serving_default` | `images` [n,s,s,3], `labels` float32 [n,c] | `images` |
| `classify` | `images` | `labels` float32 [n, all labels]: probabilities |
| `translate_encoded` | `encoded` string [n], `names` string [n] | `encoded_bytes` [n] |
| `classify_encoded` | `encoded` | `labels` |

StarGAN v2:

| signature | inputs | outputs |
|---|---|---|
| `translate_latent`, also `serving_default` | `images`, `domains` int32 [n], `latents` float32 [n,d], `truncation` float32 [n] | `images` |
| `translate_seed` | `images`, `domains`, `seeds` int64 [n], `truncation` | `images` |
| `translate_reference` | `images`, `references` [n,s,s,3], `domains` | `images` |
| `map_latents` (no `_float`) | `domains`, `latents`, `truncation` | `styles` float32 [n,k] |
| `encode_style` | `references`, `domains` | `styles` float32 [n,k] |
| `synthesize` | `images`, `styles` | `images` |
| `translate_latent_encoded` | `encoded`, `names`, `latents`, `truncation` | `encoded_bytes` |
| `translate_seed_encoded` | `encoded`, `names`, `seeds`, `truncation` | `encoded_bytes` |
| `translate_reference_encoded` | `encoded`, `references` string [n], `names` | `encoded_bytes` |
| `encode_style_encoded` | `references`, `names` | `styles` |
| `synthesize_encoded` | `encoded`, `styles` | `encoded_bytes` |

Both have `describe`: `names` string [n] in, whatever it says, `description_bytes` [n]
out, the content of `model.json`: a client learns labels and sizes from the server.

- `encoded` and `references` of the `_encoded` forms are whole JPEG, PNG, GIF, BMP or
  WebP files of any size. They are turned as EXIF says, cut and resized as in training;
  the result is PNG.
- `names` are target labels as after `--to` on the command line: `Blond_Hair,Young`,
  `Male=0`; what they do not name stays as the discriminator sees it. In StarGAN v2, the
  name of a domain.
- `seeds` stand for latents: `tf.random.stateless_normal` with [seed, 0] (philox).
- `truncation` is ψ in [0, 1], for each image.
- Models with high-pass skips take `masks` float32 [n,s,s,2] wherever `images` or `encoded`
  are translated.
- A request that does not fit is INVALID_ARGUMENT with a sentence.
- Only the averaged networks of StarGAN v2 are inside; all compute in float32, whatever
  they were trained in.

From Python, without TensorFlow: `stargan_tf.serving.Client`, `AsyncClient`, and `Retries`
and `Tls` for their options; what a server refuses is a `ServingError`.
"""  # noqa: E501

from importlib import import_module

_HOMES = {
    "Client": "stargan_tf.serving.client",
    "AsyncClient": "stargan_tf.serving.client",
    "Retries": "stargan_tf.serving.client",
    "Tls": "stargan_tf.serving.client",
    "ServingError": "stargan_tf.serving.client",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'stargan_tf.serving' has no attribute {name!r}")
    # When it is asked for: the export needs no gRPC.
    return getattr(import_module(_HOMES[name]), name)
