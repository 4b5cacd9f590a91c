"""Export of a model to LiteRT files for phones, browsers, and small boards.

A family's adapter (`ModelFamily.litert`) creates a `LiteRTModel` with files and
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

from stargan_tf import files
from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.evaluation.job import DataChoice
from stargan_tf.exporting import (
    DESCRIPTION,
    DYNAMIC,
    FLOAT16,
    FLOAT32,
    INT8,
    LITERT_FORMAT,
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
from stargan_tf.progress import Progress
from stargan_tf.training.checkpoints import State

IMAGES = ("images", "references")  # Inputs and outputs that are images in [-1, 1].
LIMITS = {
    NONE: Limit(max=1e-3),
    FLOAT16: Limit(max=1e-2),
    DYNAMIC: Limit(psnr=30.0),
    INT8: Limit(psnr=25.0),
}
# Operations to quantize. Instance normalization computes differences of nearly equal
# numbers; in 8 bits, it would lose more accuracy than all products together.
# DEPTHWISE_CONV_2D has few weights, and made a light 128 px generator four times slower
# in int8 (ai-edge-litert 2.3, x86).
PRODUCTS = ("CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
# Mean squared error relative to the squared range: 38 dB. At lower PSNR, uniform colors
# show speckles, although `LIMITS` would accept them.
TARGET_ERROR = 10**-3.8
PROBED = 3  # Images on which the error of each quantized product is measured.


@dataclass(frozen=True)
class FileSignature:
    """A signature of a file, with batch size 1 and float32 tensors.

    Args:
        name: its name.
        shapes: input → shape, including the batch.
        function: tensors by input name → {output: tensor}, one output, with builtin
            operations of LiteRT. `IMAGES` are uint8 in uint8 files.
        samples: sample images → {input: one row for each image}.
        keras: the same inputs by name, all rows → the output of Keras.
        limit: how close to Keras it has to be, whatever the quantization; None for the
            limit of the quantization.
    """

    name: str
    shapes: Mapping[str, tuple[int, ...]]
    function: Callable[..., dict[str, Any]]
    samples: Callable[[SampleImages], Arrays]
    keras: Callable[..., np.ndarray]
    limit: Limit | None = None


@dataclass(frozen=True)
class LiteRTFile:
    """A LiteRT file.

    Args:
        role: `"generator"`, `"style"`, or `"landmarks"`; the file's name without its
            extension.
        signatures: its signatures.
        networks: the Keras layers whose weights they use.
    """

    role: str
    signatures: Sequence[FileSignature]
    networks: Sequence[Any]

    @property
    def file_name(self) -> str:
        """Its name in the folder of an export."""
        return f"{self.role}.tflite"


@dataclass(frozen=True)
class LiteRTModel:
    """A model as LiteRT files.

    Args:
        files: the files.
        details: additional entries of `model.json`.
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
    """Writes `model.json` and the `.tflite` files atomically.

    Args:
        checkpoint: the checkpoint of the model.
        state: its state.
        output: the folder to write.
        quantize: one of `exporting.MODES`.
        input_type: type of images, `"float32"` or `"uint8"`.
        calibration_images: number of training images for int8.
        check: whether to compare the files with Keras.
        data: the data set for calibration and comparison.
        overwrite: whether to replace an existing folder.

    Returns:
        The files, {signature: agreement with Keras} (empty without `check`), and a
        description of the images of the comparison.

    Raises:
        AgreementError: if a file differs too much from Keras.
        InputError: for int8, if the training data are not available.
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
                measured = KerasOutputs(file, input_type, samples).compare(content)
                _check(file, measured, quantize, input_type, samples.described)
                agreement |= measured
            (folder / file.file_name).write_bytes(content)
            entries[file.role] = {
                "path": file.file_name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                "signatures": signatures(content),
            }
        if samples:
            description["measured_on"] = samples.described
        shown = {name: measured.to_dict() for name, measured in agreement.items()}
        description |= {"agreement": shown, "files": entries}
        files.write_json(folder / DESCRIPTION, description)
    measured_on = samples.described if samples else ""
    return sorted(output.iterdir()), agreement, measured_on


def litert_model(checkpoint: Path, state: State) -> LiteRTModel:
    """The files and signatures for a trained model."""
    model = open_for_export(checkpoint, state)
    return resolve_name(family(state.model).litert)(model)


def describe(state: State, quantize: str, input_type: str) -> dict[str, Any]:
    """The content of `model.json` and of each file's metadata, for JSON."""
    return {
        "format": LITERT_FORMAT,
        **described_model(state),
        "range": [0, 255] if input_type == UINT8 else [-1, 1],
        "quantize": quantize,
        "input_type": input_type,
    }


def limit(quantize: str, input_type: str) -> Limit:
    """The required agreement of a file with Keras.

    Args:
        quantize: one of `exporting.MODES`.
        input_type: one of `exporting.INPUT_TYPES`; with uint8, values halfway between
            two gray levels may be rounded to either.
    """
    required = LIMITS[quantize]
    if input_type == UINT8 and required.max is not None:
        return Limit(max=required.max + GRAY_LEVEL)
    return required


def _check(
    file: LiteRTFile,
    agreement: Mapping[str, Agreement],
    quantize: str,
    input_type: str,
    described: str,
) -> None:
    own = {signature.name: signature.limit for signature in file.signatures}
    for name, measured in agreement.items():
        required = own[name] or limit(quantize, input_type)
        if not required.allows(measured):
            raise AgreementError(
                f"'{name}' differs too much from Keras on {described}: {measured}; "
                f"--quantize {quantize} needs {required}. Nothing was written. Choose "
                "another --quantize, or pass --nocheck to write it anyway."
            )


class KerasOutputs:
    """Outputs of Keras for sample images, to compare files with.

    Args:
        file: the file to compare.
        input_type: type of the file's images, `"float32"` or `"uint8"`.
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
            Signature → agreement, for images on the scale of [-1, 1].

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
    """Yields a signature's inputs for each image, as its file takes them.

    Args:
        signature: the signature.
        input_type: type of the file's images, `"float32"` or `"uint8"`.
        samples: the images.
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
    """Converts the networks of one file.

    Args:
        file: the file to create.
        quantize: one of `exporting.MODES`.
        input_type: type of images, `"float32"` or `"uint8"`.
        calibration: training images for int8.

    Returns:
        The content of the file, with builtin operations and static shapes only.

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
    """A signature's function of positional tensors, with images in the file's type."""
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
            # In [-1, 1]; the cast truncates, which after + 0.5 is rounding.
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
            title = f"Calibrating {signature.name}"
            for row in Progress(rows, title, total=count):
                yield signature.name, row

    converter.representative_dataset = representative_dataset
    with warnings.catch_warnings():
        # TensorFlow calibrates with an interpreter that it declares deprecated.
        for start in ("tf.lite.Interpreter", "Please use the LiteRT interpreter"):
            warnings.filterwarnings("ignore", rf"\s*Warning: {start}")
        content = calibrated(converter)
    expected = KerasOutputs(file, input_type, calibration.first(PROBED))

    def error(content: bytes) -> float:
        agreement = expected.compare(content).values()
        return max(10 ** (-measured.psnr / 10) for measured in agreement)

    return quantize_selectively(content, error)


def quantize_selectively(calibrated: bytes, error: Callable[[bytes], float]) -> bytes:
    """Quantizes as many products as the error permits.

    A few products near the output cause most of the error, because their outputs are
    not normalized; errors are nearly additive. Therefore, the error of each product is
    measured, and the worst ones stay float until the sum of the others is small enough.

    Args:
        calibrated: a calibrated float file.
        error: a file → its mean squared error against Keras, relative to the squared
            range.

    Returns:
        The content of the file.
    """
    whole = _quantized(calibrated, set())
    if error(whole) <= TARGET_ERROR:
        return whole
    products = outputs_of(calibrated, PRODUCTS)
    errors = {
        name: error(_quantized(calibrated, set(products) - {name}))
        for name in Progress(products, "Quantizing", "operation")
    }
    return _quantized(calibrated, worst(errors))


def worst(errors: Mapping[str, float]) -> set[str]:
    """The products to keep float, so that the sum of the others' errors is small.

    Args:
        errors: product → the error from quantizing it alone.
    """
    kept, left = set(), sum(errors.values())
    for name in sorted(errors, key=errors.__getitem__, reverse=True):
        if left <= TARGET_ERROR:
            break
        kept.add(name)
        left -= errors[name]
    return kept


def _quantized(calibrated: bytes, float_products: set[str]) -> bytes:
    others = set(operations(calibrated)) - set(PRODUCTS)
    with without_lines(re.compile(rb"fully_quantize: ")):
        return quantized(calibrated, others, float_products)
