"""A trained model → a folder of LiteRT files for phones, browsers and small boards.

A family's adapter (`ModelFamily.litert`) makes a `LiteRTModel`: which files, with which
signatures. This module converts them, quantizes them, and compares them with Keras.
"""

import hashlib
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stargan_tf import files
from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.evaluation.job import DataChoice
from stargan_tf.exporting import (
    DYNAMIC,
    FLOAT16,
    FLOAT32,
    INT8,
    NONE,
    UINT8,
    AgreementError,
)
from stargan_tf.exporting.agreement import (
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
    training_images,
)
from stargan_tf.exporting.litert_file import (
    Runner,
    check_operations,
    operations,
    outputs_of,
    signatures,
    with_metadata,
)
from stargan_tf.models.registry import family
from stargan_tf.native_output import without_lines
from stargan_tf.private_interfaces import calibrated, quantized
from stargan_tf.training.checkpoints import State

FORMAT = "stargan_tf.litert/1"
DESCRIPTION = "model.json"
IMAGES = ("images", "references")  # inputs and outputs that are images in [-1, 1]
LIMITS = {
    NONE: Limit(max=1e-3),
    FLOAT16: Limit(max=1e-2),
    DYNAMIC: Limit(psnr=30.0),
    INT8: Limit(psnr=25.0),
}
# Operations that become 8-bit. Instance normalization takes differences of near
# numbers, and an 8-bit norm costs more than all products together. DEPTHWISE_CONV_2D
# has few weights, and a light 128 px generator took four times as long with it in int8
# (ai-edge-litert 2.3, x86).
PRODUCTS = ("CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
# Mean squared error over the squared range: 38 dB. Below, flat colors of the demos'
# faces are speckled, though `LIMITS` would let them pass.
WANTED_ERROR = 10**-3.8
PROBED = 3  # images that show how much harm a quantized product does


@dataclass(frozen=True)
class FileSignature:
    """One signature of a file; the batch is 1, everything float32.

    Args:
        name: of the signature.
        shapes: input → shape with the batch.
        function: tensors by input name → {output: tensor}, one output, in operations
            that LiteRT has built in. `IMAGES` are uint8 in uint8 files.
        samples: sample images → {input: one row for each image}.
        keras: the same inputs by name, all rows → what Keras' own networks give.
        limit: how close to Keras it has to be in files of any quantization; None for
            that of the quantization.
    """

    name: str
    shapes: Mapping[str, tuple[int, ...]]
    function: Callable[..., dict[str, Any]]
    samples: Callable[[SampleImages], Arrays]
    keras: Callable[..., np.ndarray]
    limit: Limit | None = None


@dataclass(frozen=True)
class LiteRTFile:
    """One file.

    Args:
        role: `"generator"`, `"style"`, or `"landmarks"`; the file's name without its
            extension.
        signatures: what it can be asked for.
        networks: the Keras layers whose weights they use.
    """

    role: str
    signatures: Sequence[FileSignature]
    networks: Sequence[Any]

    @property
    def file_name(self) -> str:
        """Its name in an export's folder."""
        return f"{self.role}.tflite"


@dataclass(frozen=True)
class LiteRTModel:
    """A model as LiteRT files.

    Args:
        files: the files.
        details: what `model.json` says beyond what it says of every family.
    """

    files: Sequence[LiteRTFile]
    details: Mapping[str, Any] = field(default_factory=dict)


def export_litert(
    checkpoint: Path,
    state: State,
    output: Path,
    quantize: str = NONE,
    input_type: str = FLOAT32,
    calibration_images: int = 50,
    check: bool = True,
    data: DataChoice = OWN_DATA,
    overwrite: bool = False,
) -> tuple[list[Path], dict[str, Agreement], str]:
    """Writes `model.json` and the `.tflite` files; all of them, or nothing.

    Args:
        input_type: of images, `"float32"` or `"uint8"`.

    Returns:
        The files, {signature: how it agrees with Keras} (empty without `check`), and
        the images of that comparison in words.

    Raises:
        AgreementError: if a file differs too much from Keras.
        InputError: for int8, if the training data is not there.
        ImportError: with `check` or int8, without ai-edge-litert.
    """
    model = litert_model(checkpoint, state)
    description = {**describe(state, quantize, input_type), **model.details}
    calibration = samples = None
    if quantize == INT8:
        calibration = training_images(checkpoint, state, data, calibration_images)
    if check:
        samples = held_out_images(checkpoint, state, data)
    agreement: dict[str, Agreement] = {}
    entries = {}
    with files.new_folder(output, "export", replace=overwrite) as folder:
        for file in model.files:
            content = convert(file, quantize, input_type, calibration)
            content = with_metadata(content, description)
            if samples:
                found = KerasOutputs(file, input_type, samples).compare(content)
                _check(file, found, quantize, input_type, samples.described)
                agreement |= found
            (folder / file.file_name).write_bytes(content)
            entries[file.role] = {
                "path": file.file_name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                "signatures": signatures(content),
            }
        if samples:
            description["measured_on"] = samples.described
        shown = {name: found.to_dict() for name, found in agreement.items()}
        description |= {"agreement": shown, "files": entries}
        files.write_json(folder / DESCRIPTION, description)
    measured_on = samples.described if samples else ""
    return sorted(output.iterdir()), agreement, measured_on


def litert_model(checkpoint: Path, state: State) -> LiteRTModel:
    """A trained model's networks as they go into LiteRT files."""
    model = open_for_export(checkpoint, state)
    return resolve_name(family(state.model).litert)(model)


def describe(state: State, quantize: str, input_type: str) -> dict[str, Any]:
    """What `model.json` and every file's metadata say; JSON-ready."""
    return {
        "format": FORMAT,
        **described_model(state),
        "range": [0, 255] if input_type == UINT8 else [-1, 1],
        "quantize": quantize,
        "input_type": input_type,
    }


def limit(quantize: str, input_type: str) -> Limit:
    """How close to Keras a file has to be.

    Args:
        input_type: one of `exporting.INPUT_TYPES`; rounded to uint8, a value near the
            middle between two gray levels may become either.
    """
    found = LIMITS[quantize]
    if input_type == UINT8 and found.max is not None:
        return Limit(max=found.max + GRAY_LEVEL)
    return found


def _check(
    file: LiteRTFile,
    agreement: Mapping[str, Agreement],
    quantize: str,
    input_type: str,
    described: str,
) -> None:
    own = {signature.name: signature.limit for signature in file.signatures}
    for name, found in agreement.items():
        wanted = own[name] or limit(quantize, input_type)
        if not wanted.allows(found):
            raise AgreementError(
                f"'{name}' differs too much from Keras on {described}: {found}; "
                f"--quantize {quantize} needs {wanted}. Nothing was written. Choose "
                "another --quantize, or pass --nocheck to write it all the same."
            )


class KerasOutputs:
    """What Keras gives for sample images, to compare files with.

    Args:
        file: what is compared.
        input_type: of the files' images, `"float32"` or `"uint8"`.
        samples: the images.
    """

    def __init__(self, file: LiteRTFile, input_type: str, samples: SampleImages):
        self._examples = {}
        for signature in file.signatures:
            rows = list(sample_rows(signature, input_type, samples))
            expected = signature.keras(**signature.samples(samples))
            self._examples[signature.name] = rows, expected

    def compare(self, content: bytes) -> dict[str, Agreement]:
        """Runs a file on the same inputs.

        Returns:
            Signature → how they agree, images on the scale of [-1, 1].

        Raises:
            ImportError: without ai-edge-litert.
        """
        runner, agreement = Runner(content), {}
        for name, (rows, expected) in self._examples.items():
            received = []
            for row in rows:
                ((output, values),) = runner.run(name, row).items()
                received.append(values)
            received = np.concatenate(received)
            if received.dtype == np.uint8:
                expected, received = to_float(to_uint8(expected)), to_float(received)
            span = PIXEL_SPAN if output in IMAGES else None
            agreement[name] = measure(expected, received, span)
        return agreement


def sample_rows(
    signature: FileSignature, input_type: str, samples: SampleImages
) -> Iterator[Arrays]:
    """A signature's inputs for one image after another, as its file takes them.

    Args:
        input_type: of the file's images, `"float32"` or `"uint8"`.
    """
    inputs = signature.samples(samples)
    for i in range(len(samples.images)):
        row = {name: array[i : i + 1] for name, array in inputs.items()}
        for name in IMAGES if input_type == UINT8 else ():
            if name in row:
                row[name] = to_uint8(row[name])
        yield row


def convert(
    file: LiteRTFile,
    quantize: str,
    input_type: str,
    calibration: SampleImages | None = None,
) -> bytes:
    """Converts one file's networks.

    Args:
        input_type: of images, `"float32"` or `"uint8"`.

    Returns:
        The file: builtin operations only, static shapes.

    Raises:
        ImportError: for int8, without ai-edge-litert.
    """
    with files.temporary_folder() as folder:
        archive = keras.export.ExportArchive()
        for network in file.networks:
            archive.track(network)
        for signature in file.signatures:
            function, inputs = _typed(signature, input_type)
            archive.add_endpoint(signature.name, function, inputs)
        archive.write_out(str(folder), verbose=False)
        names = [signature.name for signature in file.signatures]
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), names)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantize != NONE:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantize == FLOAT16:
            converter.target_spec.supported_types = [tf.float16]
        if quantize == INT8:
            content = _in_integers(converter, file, input_type, calibration)
        else:
            content = bytes(converter.convert())
    check_operations(content)
    return content


def _typed(
    signature: FileSignature, input_type: str
) -> tuple[Callable[..., dict[str, Any]], list[tf.TensorSpec]]:
    """A signature's function of positional tensors, images as the file has them."""
    uint8 = IMAGES if input_type == UINT8 else ()
    inputs = [
        tf.TensorSpec(shape, tf.uint8 if name in uint8 else tf.float32, name=name)
        for name, shape in signature.shapes.items()
    ]

    def function(*tensors):
        given = dict(zip(signature.shapes, tensors, strict=True))
        for name in set(uint8) & set(given):
            given[name] = tf.cast(given[name], tf.float32) * (1 / 127.5) - 1.0
        outputs = signature.function(**given)
        for name in set(uint8) & set(outputs):
            # In [-1, 1]; the cast cuts off, which after + 0.5 is rounding.
            outputs[name] = tf.cast(outputs[name] * 127.5 + 128.0, tf.uint8)
        return outputs

    return function, inputs


def _in_integers(
    converter: Any, file: LiteRTFile, input_type: str, calibration: SampleImages
) -> bytes:
    def representative_dataset():
        for signature in file.signatures:
            rows = sample_rows(signature, input_type, calibration)
            count = len(calibration.images)
            for row in tqdm(rows, f"calibrating {signature.name}", count, disable=None):
                yield signature.name, row

    converter.representative_dataset = representative_dataset
    with warnings.catch_warnings():
        # It calibrates with an interpreter of its own that it calls deprecated.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        content = calibrated(converter)
    expected = KerasOutputs(file, input_type, calibration.first(PROBED))

    def error(content: bytes) -> float:
        agreement = expected.compare(content).values()
        return max(10 ** (-found.psnr / 10) for found in agreement)

    return quantize_selectively(content, error)


def quantize_selectively(calibrated: bytes, error: Callable[[bytes], float]) -> bytes:
    """Quantizes as many products as keep the file's error small.

    Of the products, a few near the output do most of the harm, because what they draw
    is not normalized any more; harm adds up nearly as a sum. So each product's own is
    measured, and the worst ones stay float until the rest is small enough.

    Args:
        error: a file → its mean squared error against Keras over the squared range.
    """
    whole = _quantized(calibrated, set())
    if error(whole) <= WANTED_ERROR:
        return whole
    products = outputs_of(calibrated, PRODUCTS)
    errors = {
        name: error(_quantized(calibrated, set(products) - {name}))
        for name in tqdm(products, "trying products in int8", disable=None)
    }
    return _quantized(calibrated, worst(errors))


def worst(errors: Mapping[str, float]) -> set[str]:
    """The products to keep float, so that the sum of the others' errors is small.

    Args:
        errors: product → the error that it causes alone.
    """
    kept, left = set(), sum(errors.values())
    for name in sorted(errors, key=errors.__getitem__, reverse=True):
        if left <= WANTED_ERROR:
            break
        kept.add(name)
        left -= errors[name]
    return kept


def _quantized(calibrated: bytes, float_products: set[str]) -> bytes:
    others = set(operations(calibrated)) - set(PRODUCTS)
    with without_lines(re.compile(rb"fully_quantize: ")):
        return quantized(calibrated, others, float_products)
