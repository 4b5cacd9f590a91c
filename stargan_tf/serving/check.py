"""A written SavedModel against the Keras model it was made of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stargan_tf.data.pixels import to_float
from stargan_tf.export.agreement import GREY_LEVEL, Agreement, Comparison, Limit
from stargan_tf.export.disagreement import Disagreement
from stargan_tf.export.sample_images import SampleImages, smooth_noise
from stargan_tf.training.families.model_family import LABELS

FLOATS = Limit(max=1e-3)
# What is rounded may fall on the other side.
LEVELS = Limit(max=GREY_LEVEL * 1.001)

Case = tuple[str, str, dict[str, Any], np.ndarray]


def compare(
    folder: Path, model: Any, steered: str, pictures: SampleImages
) -> dict[str, Agreement]:
    """Loads an export and asks it what Keras is asked.

    Args:
        folder: of the SavedModel.
        model: the Keras model.
        steered: what it is translated by, `"labels"` or `"styles"`.
        pictures: what is translated.

    Returns:
        Signature → how it agrees, pictures on the scale of [-1, 1].

    Raises:
        Disagreement: if one is too far from Keras.
    """
    loaded = tf.saved_model.load(str(folder))
    cases = _label_cases if steered == LABELS else _style_cases
    found = {}
    total = 3 if steered == LABELS else 7
    for name, output, inputs, expected in tqdm(
        cases(model, pictures), "Comparing with Keras", total
    ):
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        received = loaded.signatures[name](**tensors)[output].numpy()
        found[name] = _agreement(name, expected, _as_floats(received))
    return found


def _agreement(name: str, expected: np.ndarray, received: np.ndarray) -> Agreement:
    comparison = Comparison()
    comparison.add(_as_floats(expected), received)
    agreement = comparison.result()
    limit = FLOATS if name.endswith("_float") else LEVELS
    if not limit.kept(agreement):
        raise Disagreement(
            f"Signature '{name}' differs too much from Keras: {agreement}; it needs "
            f"{limit}. Nothing was written. Pass --nocheck to write it all the same."
        )
    return agreement


def _as_floats(values: np.ndarray) -> np.ndarray:
    """Pictures, as files or uint8, as floats in [-1, 1]; floats as they are."""
    if values.dtype == object:
        values = np.stack([tf.io.decode_png(file).numpy() for file in values])
    return to_float(values)


def _label_cases(model: Any, pictures: SampleImages) -> Iterator[Case]:
    images, own = pictures.images, np.roll(pictures.labels, 1, axis=0)
    labels = model.label_space.embed(own, pictures.dataset)
    floats = to_float(images)
    drawn = model.translate(floats, own, dataset=pictures.dataset)
    yield "translate_float", "images", {"images": floats, "labels": labels}, drawn
    drawn = model.translate(images, own, dataset=pictures.dataset)
    yield "translate", "images", {"images": images, "labels": labels}, drawn
    yield _named_case(model, images, pictures.dataset)


def _named_case(model: Any, images: np.ndarray, dataset: int) -> Case:
    """Every label in turn switched on by name; the rest is what the model sees."""
    from stargan_tf.translation.source_labels import source_labels
    from stargan_tf.translation.targets import apply_target

    info = model.label_space.datasets[dataset]
    names = [info.domains[i % len(info.domains)] for i in range(len(images))]
    source = source_labels(model, images, dataset, None)
    labels = np.stack(
        [apply_target(info, s, {n: 1.0}) for s, n in zip(source, names, strict=True)]
    )
    expected = model.translate(images, labels, dataset=dataset)
    full = [f"{info.name}.{name}" for name in names]
    inputs = {"encoded": _files(images), "names": np.array(full, object)}
    return "translate_encoded", "encoded_bytes", inputs, expected


def _style_cases(model: Any, pictures: SampleImages) -> Iterator[Case]:
    images, count = pictures.images, len(pictures.images)
    floats = to_float(images)
    domains = (np.arange(count) % model.num_domains).astype(np.int32)
    latents = np.random.default_rng(0).standard_normal(
        (count, model.latent_dim), np.float32
    )
    half = np.full(count, 0.5, np.float32)
    masks = _masks(model, count)
    styles = model.map_latents(latents, domains, 0.5)
    numbers = domains.tolist()
    for suffix, source in (("_float", floats), ("", images)):
        drawn = model.translate(source, styles=styles, **masks)
        common = {"images": source, **masks}
        latent = {"domains": domains, "latents": latents, "truncation": half}
        yield f"translate_latent{suffix}", "images", {**common, **latent}, drawn
        yield f"synthesize{suffix}", "images", {**common, "styles": styles}, drawn
    references = floats[::-1].copy()
    encoded = model.encode_style(references, numbers)
    guided = {"references": references, "domains": domains}
    yield "encode_style_float", "styles", guided, encoded
    drawn = model.translate(floats, styles=encoded, **masks)
    given = {"images": floats, **guided, **masks}
    yield "translate_reference_float", "images", given, drawn
    names = np.array([model.info.domains[i] for i in numbers], object)
    files = {"encoded": _files(images), "references": _files(images[::-1])}
    encoded = model.encode_style(images[::-1], numbers)
    drawn = model.translate(images, styles=encoded, **masks)
    given = {**files, "names": names, **masks}
    yield "translate_reference_encoded", "encoded_bytes", given, drawn


def _masks(model: Any, count: int) -> dict[str, np.ndarray]:
    if not model.high_pass:
        return {}
    noise = smooth_noise(0, count, model.image_size)[..., :2]
    return {"masks": noise.astype(np.float32) / 255}


def _files(images: np.ndarray) -> np.ndarray:
    return np.array([tf.io.encode_png(image).numpy() for image in images], object)
