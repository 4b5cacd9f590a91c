"""Export of a model as the next version of a SavedModel for TF Serving.

A family's adapter (`ModelFamily.served`) creates a `ServedModel`: signatures as
TensorFlow functions, and Keras' answers for sample images. This module adds checks of
the inputs, writes the signatures, and compares them with Keras.

In all signatures, the batch size n is any number from 1; s is the model's image size.

- Images are uint8 in [0, 255]; measured images are float32 in the data's units. For RGB
  images, every signature that takes images has a variant with the suffix `_encoded`,
  whose images are files.
- `encoded` and `references` in these are JPEG, PNG, GIF, BMP, or still WebP files of
any
  size. They are rotated according to EXIF, and cropped and resized as in training; the
  result is PNG.
- `describe` takes any `names` string [n], and returns `description_bytes` [n], the
  content of `model.json`, from which clients get labels and sizes.
- An invalid request is INVALID_ARGUMENT with an explanation.
- All networks compute in float32, regardless of the precision of training.
"""

import functools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from stargan_tf import files
from stargan_tf.data.info import DatasetInfo, sides
from stargan_tf.data.intensity import GAP, LARGEST_GAP
from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.data.sampling import to_float as images_to_float
from stargan_tf.evaluation.job import DataChoice
from stargan_tf.exporting import AgreementError, pictures_in_graph
from stargan_tf.exporting.agreement import (
    CHECKED,
    GRAY_LEVEL,
    OWN_DATA,
    PIXEL_SPAN,
    Agreement,
    Arrays,
    Limit,
    SampleImages,
    described_model,
    held_out_images,
    measure,
    open_for_export,
)
from stargan_tf.models.registry import family
from stargan_tf.progress import Progress
from stargan_tf.serving.tf_serving import (
    BATCHING_CONFIG,
    DEFAULT_SIGNATURE,
    models_config,
    next_version,
)
from stargan_tf.training.checkpoints import State

FORMAT = "stargan_tf.saved_model/1"
FLOAT_LIMIT = Limit(max=1e-3)
ROUNDED_LIMIT = Limit(max=GRAY_LEVEL * 1.001)  # Rounding may differ.
_ROWS = 4  # Rows per comparison, so that large images fit into memory.


@dataclass(frozen=True)
class ImageFormat:
    """How a signature takes and returns images.

    Args:
        encoded: whether images are files of any size, and targets are names; otherwise
            arrays of the model's size.
        info: the description of the model's images.
        fit: of files, see `Preparation`.
        crop_size: of files, see `Preparation`.
    """

    encoded: bool
    info: DatasetInfo
    fit: str
    crop_size: int | None

    def spec(self, name: str = "images") -> tf.TensorSpec:
        """The input for images; for files, that of sources is named `encoded`."""
        if self.encoded:
            return row_spec("encoded" if name == "images" else name, None, tf.string)
        return tf.TensorSpec((None, *self.info.shape), self.info.dtype, name=name)

    def to_float(self, images: Any) -> Any:
        """Input images as float32 in [-1, 1]."""
        if self.encoded:
            images = pictures_in_graph.decode(
                images, self.info.shape[:2], self.fit, self.crop_size
            )
        if self.info.intensity:
            low, span = self._window()
            scaled = (images - low) * (2.0 / span) - 1.0
            scaled = tf.clip_by_value(scaled, -1.0, 1.0)
            return self._with_gaps(images, scaled)
        return images_to_float(images)

    def result(self, images: Any) -> dict[str, Any]:
        """The outputs for float images in [-1, 1], by name."""
        if self.info.intensity:
            low, span = self._window()
            values = (images + 1.0) * (span / 2.0) + low
            intensity = self.info.intensity
            if intensity.has_gaps:
                invalid = np.float32(intensity.invalid_number)
                values = tf.where(images < LARGEST_GAP, invalid, values)
            return {"images": values}
        levels = pictures_in_graph.to_uint8(images)
        if self.encoded:
            return {"encoded_bytes": pictures_in_graph.encode(levels)}
        return {"images": levels}

    def sample(self, images: np.ndarray) -> np.ndarray:
        """Images in the format that a client sends."""
        if self.info.intensity:
            return self.info.intensity.restore(images, np.float32)
        if not self.encoded:
            return images
        return np.array([tf.io.encode_png(image).numpy() for image in images], object)

    def _with_gaps(self, values: Any, scaled: Any) -> Any:
        """Scaled values, with `GAP` for pixels without data."""
        intensity = self.info.intensity
        if not intensity.has_gaps:
            return scaled
        invalid = intensity.invalid_number
        is_gap = tf.math.is_nan(values)
        if not math.isnan(invalid):
            is_gap = values == np.float32(invalid)
        return tf.where(is_gap, GAP, scaled)

    def _window(self) -> tuple[np.ndarray, np.ndarray]:
        """The value that is mapped to -1, and the width of the window."""
        low, high = np.array([self.info.intensity.low, self.info.intensity.high])
        return low.astype(np.float32), (high - low).astype(np.float32)


def image_formats(
    info: DatasetInfo, description: Mapping[str, Any]
) -> list[ImageFormat]:
    """Arrays and, for RGB images, files."""
    prepared = (info, description["fit"], description["crop_size"])
    return [
        ImageFormat(encoded, *prepared)
        for encoded in ((False, True) if info.is_plain else (False,))
    ]


def row_spec(name: str, width: int | None, dtype: tf.DType) -> tf.TensorSpec:
    """The spec of a row, or of a value, for each image.

    Args:
        name: name of the input.
        width: width of the row; None for single values.
        dtype: type of the values.
    """
    shape = (None,) if width is None else (None, width)
    return tf.TensorSpec(shape, dtype, name=name)


@dataclass(frozen=True)
class Signature:
    """A signature of a SavedModel.

    Args:
        name: its name without the suffix `_encoded`.
        function: tensors in the order of `inputs` → {output: tensor}.
        inputs: `tf.TensorSpec`s with names.
        images: how it takes images; None if it takes none.
        limit: how close to Keras it has to be, if not as close as others.
    """

    name: str
    function: Callable[..., dict[str, Any]]
    inputs: Sequence[tf.TensorSpec]
    images: ImageFormat | None = None
    limit: Limit | None = None

    @property
    def full_name(self) -> str:
        """The name in the SavedModel."""
        return (
            f"{self.name}_encoded" if self.images and self.images.encoded else self.name
        )


@dataclass(frozen=True)
class ServedModel:
    """A model as a SavedModel.

    Args:
        signatures: the signatures, the default one first.
        networks: the Keras layers whose weights they use.
        answers: sample images → ({input: one row for each image}, {signature: function
            that computes Keras' answer}). Images are uint8. A signature's full name
            takes precedence over its name.
    """

    signatures: Sequence[Signature]
    networks: Sequence[Any]
    answers: Callable[
        [SampleImages], tuple[Arrays, Mapping[str, Callable[[], np.ndarray]]]
    ]


def export_saved_model(
    checkpoint: Path,
    state: State,
    output: Path,
    check: bool = True,
    data: DataChoice = OWN_DATA,
) -> tuple[Path, dict[str, Agreement]]:
    """Writes `output/1`, or the next version, atomically.

    A server that watches `output` sees the new version when it is complete.

    Args:
        checkpoint: the checkpoint of the model.
        state: its state.
        output: the folder of all versions; its name is the model's name.
        check: whether to compare the export with Keras.
        data: the data set for the comparison.

    Returns:
        The folder of the version, and {signature: agreement with Keras}.

    Raises:
        AgreementError: if a signature differs too much from Keras.
        InputError: if it cannot be written.
        ImportError: without tensorflow-serving-api.
    """
    model = open_for_export(checkpoint, state)
    description = {"format": FORMAT, **described_model(state)}
    for name in ("style_dim", "latent_dim", "high_pass"):
        if hasattr(model, name):
            description[name] = getattr(model, name)
    if getattr(model, "high_pass", 0):
        description["needs_masks"] = model.mask_provider is None
    served: ServedModel = resolve_name(family(state.model).served)(model, description)
    signatures = _all_signatures(served, description)
    version = next_version(output)
    agreement: dict[str, Agreement] = {}
    try:
        with files.new_folder(version, "export", replace=False) as folder:
            _write(folder, served, signatures)
            if check:
                count = images_to_compare(description)
                samples = held_out_images(checkpoint, state, data, count)
                agreement = compare(folder, served, samples)
            name = output.resolve().name
            _write_extras(folder, name, signatures, description, agreement)
    except tf.errors.OpError as error:
        raise files.NotWritten(version, "export", error) from error
    return version, agreement


def _all_signatures(
    served: ServedModel, description: Mapping[str, Any]
) -> dict[str, Signature]:
    """All signatures by full name, including the default one and `describe`."""
    text = json.dumps(description)

    def describe(names):
        return {"description_bytes": tf.fill(tf.shape(names), text)}

    signatures = {DEFAULT_SIGNATURE: served.signatures[0]}
    signatures |= {each.full_name: each for each in served.signatures}
    names = row_spec("names", None, tf.string)
    return signatures | {"describe": Signature("describe", describe, (names,))}


def _write(
    folder: Path, served: ServedModel, signatures: Mapping[str, Signature]
) -> None:
    archive = keras.export.ExportArchive()
    # Not `track(network)`, which writes every weight twice, for Keras and TensorFlow.
    weights = [v.value for network in served.networks for v in network.variables]
    archive.add_variable_collection("weights", weights)
    for name, signature in signatures.items():
        archive.add_endpoint(
            name, _checked(signature), input_signature=list(signature.inputs)
        )
    archive.write_out(str(folder), verbose=False)


def _checked(signature: Signature) -> Callable[..., dict[str, Any]]:
    """The function with checks of input shapes and of equal batch sizes.

    TF Serving checks names and types of a request, but not shapes: wrong ones would be
    broadcast silently, or fail within a kernel. A failed check is INVALID_ARGUMENT with
    an explanation.
    """
    names = ", ".join(spec.name for spec in signature.inputs)

    def function(*inputs):
        sizes = [tf.shape(tensor)[0] for tensor in inputs]
        shaped = [
            # Kept in the graph, although the signature has the same shape.
            tf.ensure_shape(tensor, spec.shape, name=f"shape_of_{spec.name}")
            for tensor, spec in zip(inputs, signature.inputs, strict=True)
        ]
        checks = [
            tf.debugging.assert_equal(
                size, sizes[0], f"Send equal numbers of rows in {names}: one per image"
            )
            for size in sizes[1:]
        ]
        message = f"The batch is empty. Send at least one row in {names}"
        checks.append(tf.debugging.assert_positive(sizes[0], message))
        with tf.control_dependencies(checks):
            return signature.function(*(tf.identity(tensor) for tensor in shaped))

    return function


def images_to_compare(description: Mapping[str, Any]) -> int:
    """Number of images to compare: fewer large ones, since StarGAN v2 is slow.

    A landmark network resizes every image to 256 pixels.
    """
    is_small = min(sides(description["image_size"])) <= 128
    return CHECKED if is_small and description.get("needs_masks", True) else 3


def compare(
    folder: Path, served: ServedModel, samples: SampleImages
) -> dict[str, Agreement]:
    """Loads a SavedModel and compares its signatures with Keras.

    Args:
        folder: the SavedModel.
        served: the model, with Keras' answers.
        samples: the images.

    Returns:
        Signature → agreement, for images on the scale of [-1, 1].

    Raises:
        AgreementError: if a signature differs too much from Keras.
    """
    loaded = tf.saved_model.load(str(folder)).signatures
    inputs, answers = served.answers(samples)
    # A signature and its variant for files often have the same answer.
    answers = {name: functools.cache(answer) for name, answer in answers.items()}
    agreement = {}
    for signature in Progress(served.signatures, "Comparing with Keras", "signature"):
        name = signature.full_name
        sent = _sample_inputs(signature, inputs)
        output, received = _run(loaded[name], sent)
        expected = (answers.get(name) or answers[signature.name])()
        if output == "encoded_bytes":
            received = np.stack([tf.io.decode_png(file).numpy() for file in received])
        limit, span = FLOAT_LIMIT, None
        intensity = signature.images and signature.images.info.intensity
        if output in ("images", "encoded_bytes"):
            span = PIXEL_SPAN
            if intensity:
                received = intensity.to_float(received)
            else:
                limit = ROUNDED_LIMIT
                expected, received = to_float(to_uint8(expected)), to_float(received)
        measured = measure(expected, received, span)
        limit = signature.limit or limit
        if not limit.allows(measured):
            raise AgreementError(
                f"Signature '{name}' differs too much from Keras: {measured}; the "
                f"limit is {limit}. Nothing was written. Pass --nocheck to write it "
                "anyway."
            )
        agreement[name] = measured
    return agreement


def _sample_inputs(signature: Signature, inputs: Arrays) -> Arrays:
    sent = {}
    for spec in signature.inputs:
        name = "images" if spec.name == "encoded" else spec.name
        is_image = name in ("images", "references")
        sent[spec.name] = inputs[name]
        if is_image:
            sent[spec.name] = signature.images.sample(inputs[name])
    return sent


def _run(function: Any, inputs: Arrays) -> tuple[str, np.ndarray]:
    """(name, values) of a signature's only output."""
    count = len(next(iter(inputs.values())))
    results = []
    for start in range(0, count, _ROWS):
        rows = slice(start, start + _ROWS)
        tensors = {name: tf.constant(array[rows]) for name, array in inputs.items()}
        ((output, values),) = function(**tensors).items()
        results.append(values.numpy())
    return output, np.concatenate(results)


def _write_extras(
    folder: Path,
    name: str,
    signatures: Mapping[str, Signature],
    description: Mapping[str, Any],
    agreement: Mapping[str, Agreement],
) -> None:
    extra = folder / "assets.extra"
    extra.mkdir()
    shown = {name: measured.to_dict() for name, measured in agreement.items()}
    files.write_json(extra / "model.json", {**description, "agreement": shown})
    files.write_text(extra / "batching.config", BATCHING_CONFIG)
    files.write_text(extra / "models.config", models_config(name))
    requests = extra / "tf_serving_warmup_requests"
    _write_warmup(requests, name, signatures, description["domains"][0])


def _write_warmup(
    path: Path, model: str, signatures: Mapping[str, Signature], domain: str
) -> None:
    """Writes a warm-up request for each signature, which TF Serving runs at startup.

    Otherwise, the first request is slow, since it selects kernels and allocates memory.
    """
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    png = tf.io.encode_png(tf.zeros((8, 8, 3), tf.uint8)).numpy()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, signature in signatures.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = model
            request.model_spec.signature_name = name
            for spec in signature.inputs:
                if spec.dtype == tf.string:
                    content = domain.encode() if spec.name == "names" else png
                    example = np.array([content], object)
                else:
                    shape = [side or 1 for side in spec.shape]
                    example = np.zeros(shape, spec.dtype.as_numpy_dtype)
                tensor = tf.make_tensor_proto(example)
                request.inputs[spec.name].CopyFrom(tensor)
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())
