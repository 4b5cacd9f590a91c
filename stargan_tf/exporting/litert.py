"""A trained model → a folder of LiteRT files."""

import hashlib
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
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
from stargan_tf.exporting.agreement import (
    GREY_LEVEL,
    Agreement,
    Comparison,
    Disagreement,
    Limit,
    SampleImages,
    described_model,
    held_out_images,
    training_images,
)
from stargan_tf.exporting.litert_file import (
    Arrays,
    DeviceForm,
    Endpoint,
    Part,
    Runner,
    check_operations,
    names,
    operations,
    signatures,
    unpack,
    with_metadata,
)
from stargan_tf.exporting.modes import DYNAMIC, FLOAT16, FLOAT32, INT8, NONE, UINT8
from stargan_tf.files import temporary_folder
from stargan_tf.models.registry import family
from stargan_tf.native_output import without_lines
from stargan_tf.private_interfaces import calibrated, quantized
from stargan_tf.training.checkpoints import State
from stargan_tf.training.run_folder import open_checkpoint

# How close to Keras each kind of LiteRT file has to be.

LIMITS = {
    NONE: Limit(max=1e-3),
    FLOAT16: Limit(max=1e-2),
    DYNAMIC: Limit(psnr=30.0),
    INT8: Limit(psnr=25.0),
}


def limit(quantize: str, input_type: str) -> Limit:
    """What a file has to keep.

    Args:
        quantize: one of `MODES`.
        input_type: one of `INPUT_TYPES`; rounded to uint8, a value near the middle
            between two grey levels may fall to either.
    """
    found = LIMITS[quantize]
    if input_type == UINT8 and found.max is not None:
        return Limit(max=found.max + GREY_LEVEL)
    return found


# What `model.json` and the files' metadata say about a model.

FORMAT = "stargan_tf.litert/1"


def describe(state: State, quantize: str, input_type: str) -> dict[str, Any]:
    """What holds for every file of an export; JSON-ready.

    Args:
        state: of the checkpoint.
        quantize: how the files are quantized.
        input_type: their pictures' type.
    """
    return {
        "format": FORMAT,
        **described_model(state),
        "range": [0, 255] if input_type == UINT8 else [-1, 1],
        "quantize": quantize,
        "input_type": input_type,
    }


def file_entry(path: Path) -> dict[str, Any]:
    """What `model.json` says about one file.

    Args:
        path: the file.
    """
    content = path.read_bytes()
    return {
        "path": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "signatures": signatures(content),
    }


# Pictures as uint8 at a file's edges.


def signature(endpoint: Endpoint, input_type: str) -> dict[str, tf.TensorSpec]:
    """The inputs of an endpoint as its file takes them.

    Args:
        endpoint: the endpoint.
        input_type: `"float32"` or `"uint8"`.
    """
    types = {name: input_type for name in endpoint.pictures}
    return {
        name: tf.TensorSpec(shape, types.get(name, "float32"), name=name)
        for name, shape in endpoint.shapes.items()
    }


def function(endpoint: Endpoint, input_type: str) -> Callable[..., dict[str, Any]]:
    """What an endpoint's file computes.

    Args:
        endpoint: the endpoint.
        input_type: `"float32"` or `"uint8"`.
    """
    if input_type != UINT8:
        return endpoint.function

    def on_bytes(**inputs):
        for name in set(endpoint.pictures) & set(inputs):
            inputs[name] = tf.cast(inputs[name], tf.float32) * (1 / 127.5) - 1.0
        outputs = endpoint.function(**inputs)
        for name in set(endpoint.pictures) & set(outputs):
            # In [-1, 1]; the cast cuts off, which after + 0.5 is rounding.
            grey = outputs[name] * 127.5 + 128.0
            outputs[name] = tf.cast(grey, tf.uint8)
        return outputs

    return on_bytes


def as_taken(endpoint: Endpoint, arrays: Arrays, input_type: str) -> Arrays:
    """Float arrays as the file takes or gives them.

    Args:
        endpoint: the endpoint.
        arrays: by name of the input or output, pictures in [-1, 1].
        input_type: `"float32"` or `"uint8"`.
    """
    if input_type != UINT8:
        return arrays
    return {
        name: to_uint8(np.asarray(array)) if name in endpoint.pictures else array
        for name, array in arrays.items()
    }


def as_floats(arrays: Arrays) -> Arrays:
    """The opposite: uint8 pictures as float32 in [-1, 1]."""
    return {name: to_float(np.asarray(array)) for name, array in arrays.items()}


# 8-bit integers where they do little harm.

# Not DEPTHWISE_CONV_2D: it has few weights, and a light 128 px generator took four
# times as long with it in int8 (ai-edge-litert 2.3, x86).
PRODUCTS = ("CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
# Mean squared error over the squared range: 38 dB. Below, flat colours of the demos'
# faces are speckled, though `limits.LIMITS` would let them pass.
WANTED_ERROR = 10**-3.8

Error = Callable[[bytes], float]


def quantize_selectively(calibrated: bytes, error: Error) -> bytes:
    """Quantizes as many products as keep the file's error small.

    Args:
        calibrated: a float file with the ranges that the converter has seen.
        error: a file → its mean squared error against Keras over the squared range.

    Returns:
        The file.
    """
    whole = _quantized(calibrated, ())
    if error(whole) <= WANTED_ERROR:
        return whole
    products = product_names(calibrated)
    errors = {
        name: error(_quantized(calibrated, set(products) - {name}))
        for name in tqdm(products, "trying products in int8")
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


def product_names(content: bytes) -> list[str]:
    """The products of a file, by the names of what they give.

    Args:
        content: the file.
    """
    model = unpack(content)
    kinds = names(model)
    return [
        graph.tensors[operator.outputs[0]].name.decode()
        for graph in model.subgraphs
        for operator in graph.operators
        if kinds[operator.opcodeIndex] in PRODUCTS
    ]


def _quantized(calibrated: bytes, float_products) -> bytes:
    others = set(operations(calibrated)) - set(PRODUCTS)
    with without_lines(re.compile(rb"fully_quantize: ")):
        return quantized(calibrated, others, set(float_products))


# A LiteRT file against the Keras networks it was made of.


class KerasOutputs:
    """What Keras gives for pictures, to compare files with.

    Args:
        part: what the files are made of.
        input_type: the files' type of pictures, `"float32"` or `"uint8"`.
        pictures: what is drawn.
    """

    def __init__(self, part: Part, input_type: str, pictures: SampleImages):
        self._spans = {endpoint.name: endpoint.span for endpoint in part.endpoints}
        self._rows = {
            endpoint.name: _rows(endpoint, input_type, pictures)
            for endpoint in part.endpoints
        }

    def compare(self, content: bytes) -> dict[str, Agreement]:
        """Runs a file on the same inputs.

        Args:
            content: the file.

        Returns:
            Signature → how they agree, pictures on the scale of [-1, 1].

        Raises:
            ImportError: without ai-edge-litert.
        """
        runner = Runner(content)
        return {name: self._compare(name, runner) for name in self._rows}

    def _compare(self, name: str, runner: Runner) -> Agreement:
        comparison = Comparison(self._spans[name])
        for inputs, expected in self._rows[name]:
            received = as_floats(runner.run(name, inputs))
            for output, array in expected.items():
                comparison.add(array, received[output])
        return comparison.result()


def _rows(
    endpoint: Endpoint, input_type: str, pictures: SampleImages
) -> list[tuple[Arrays, Arrays]]:
    """Pairs: the inputs as the file takes them, Keras' outputs as floats."""
    reference = tf.function(endpoint.reference, autograph=False)
    samples = endpoint.samples(pictures)
    rows = []
    for inputs in tqdm(samples, f"Keras: {endpoint.name}", len(pictures.images)):
        given = as_taken(endpoint, inputs, input_type)
        expected = as_taken(endpoint, reference(**inputs), input_type)
        rows.append((given, as_floats(expected)))
    return rows


def require(
    agreements: dict[str, Agreement], quantize: str, input_type: str, described: str
) -> None:
    """Raises Disagreement if a signature is too far from Keras.

    Args:
        agreements: signature → measured.
        quantize: how the file is quantized.
        input_type: its pictures' type.
        described: what it was measured on.
    """
    wanted = limit(quantize, input_type)
    for name, found in agreements.items():
        if not wanted.kept(found):
            raise Disagreement(
                f"'{name}' differs too much from Keras on {described}: {found}; "
                f"--quantize {quantize} needs {wanted}. Nothing was written. Choose "
                "another --quantize, or pass --nocheck to write it all the same."
            )


# Keras networks → the bytes of a LiteRT file.

# Pictures that show how much harm a quantized product does.
PROBED = 3


def convert(
    part: Part, quantize: str, input_type: str, calibration: SampleImages | None = None
) -> bytes:
    """Converts one file's networks.

    Args:
        part: the file.
        quantize: see `modes.MODES`.
        input_type: of pictures, `"float32"` or `"uint8"`.
        calibration: pictures of the training data, for int8.

    Returns:
        The file: builtin operations only, static shapes, one signature an endpoint.

    Raises:
        ImportError: for int8, without ai-edge-litert.
    """
    with temporary_folder() as folder:
        _save(part, input_type, folder)
        names = [endpoint.name for endpoint in part.endpoints]
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), names)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantize == INT8:
            content = _in_integers(converter, part, input_type, calibration)
        else:
            content = _in_floats(converter, quantize)
    check_operations(content)
    return content


def _in_floats(converter: Any, quantize: str) -> bytes:
    if quantize != NONE:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def _in_integers(
    converter: Any, part: Part, input_type: str, calibration: SampleImages
) -> bytes:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = partial(_samples, part, input_type, calibration)
    with warnings.catch_warnings():
        # It calibrates with an interpreter of its own that it calls deprecated.
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter")
        ranged = calibrated(converter)
    expected = KerasOutputs(part, input_type, calibration.first(PROBED))

    def error(content):
        found = expected.compare(content).values()
        return max(10 ** (-agreement.psnr / 10) for agreement in found)

    return quantize_selectively(ranged, error)


def _save(part: Part, input_type: str, folder: Path) -> None:
    archive = keras.export.ExportArchive()
    for network in part.networks:
        archive.track(network)
    for endpoint in part.endpoints:
        inputs = signature(endpoint, input_type)
        called = _positional(function(endpoint, input_type), list(inputs))
        archive.add_endpoint(endpoint.name, called, list(inputs.values()))
    archive.write_out(str(folder), verbose=False)


def _positional(
    function: Callable[..., Any], names: Sequence[str]
) -> Callable[..., Any]:
    def called(*tensors):
        return function(**dict(zip(names, tensors, strict=True)))

    return called


def _samples(
    part: Part, input_type: str, calibration: SampleImages
) -> Iterator[tuple[str, Arrays]]:
    for endpoint in part.endpoints:
        rows = endpoint.samples(calibration)
        total = len(calibration.images)
        for inputs in tqdm(rows, f"calibrating {endpoint.name}", total):
            yield endpoint.name, as_taken(endpoint, inputs, input_type)


DESCRIPTION = "model.json"


@dataclass(frozen=True)
class LiteRTOptions:
    """How to export.

    Args:
        quantize: see `modes.MODES`.
        input_type: of pictures, `"float32"` or `"uint8"`.
        calibration_images: for int8: how many training images.
        check: whether to compare with Keras.
        data: what to calibrate and compare with; by default the run's own.
    """

    quantize: str = NONE
    input_type: str = FLOAT32
    calibration_images: int = 50
    check: bool = True
    data: DataChoice = field(default_factory=DataChoice)


@dataclass(frozen=True)
class LiteRTExport:
    """What was written.

    Args:
        files: `model.json` and the LiteRT files.
        agreement: signature → how it agrees with Keras; empty without `check`.
        measured_on: the images of that comparison, in words.
    """

    files: list[Path]
    agreement: dict[str, Agreement]
    measured_on: str


def export_litert(
    checkpoint: Path, state: State, output: Path, options: LiteRTOptions
) -> LiteRTExport:
    """Writes `model.json` and the `.tflite` files; all of them, or nothing.

    Args:
        checkpoint: the checkpoint's folder.
        state: its state file.
        output: the folder to make.
        options: how.

    Returns:
        What was written.

    Raises:
        Disagreement: if a file differs too much from Keras.
        InputError: for int8, if the training data is not there.
        ImportError: with `check` or int8, without ai-edge-litert.
    """
    form = device_form(checkpoint, state)
    description = describe(state, options.quantize, options.input_type)
    description |= form.details
    calibration = pictures = None
    if options.quantize == INT8:
        count = options.calibration_images
        calibration = training_images(checkpoint, state, options.data, count)
    if options.check:
        pictures = held_out_images(checkpoint, state, options.data)
    with files.new_folder(output, "export", replace=False) as folder:
        _write_files(form, folder, description, calibration)
        agreement = _checked(form, folder, options, pictures)
        description["agreement"] = {
            name: it.to_dict() for name, it in agreement.items()
        }
        if pictures:
            description["measured_on"] = pictures.described
        entries = {part.role: file_entry(part.file_in(folder)) for part in form.parts}
        files.write_json(folder / DESCRIPTION, description | {"files": entries})
    measured_on = pictures.described if pictures else ""
    return LiteRTExport(sorted(output.iterdir()), agreement, measured_on)


def device_form(checkpoint: Path, state: State) -> DeviceForm:
    """A trained model's networks as they go into LiteRT files.

    Args:
        checkpoint: the checkpoint's folder.
        state: its state file.
    """
    model = open_checkpoint(checkpoint, state)
    return resolve_name(family(state.model).litert)(model)


def _write_files(
    form: DeviceForm,
    folder: Path,
    description: dict[str, Any],
    calibration: SampleImages | None,
) -> None:
    quantize, input_type = description["quantize"], description["input_type"]
    for part in form.parts:
        content = convert(part, quantize, input_type, calibration)
        part.file_in(folder).write_bytes(with_metadata(content, description))


def _checked(
    form: DeviceForm,
    folder: Path,
    options: LiteRTOptions,
    pictures: SampleImages | None,
) -> dict[str, Agreement]:
    """Compares with Keras."""
    if pictures is None:
        return {}
    found: dict[str, Agreement] = {}
    for part in form.parts:
        expected = KerasOutputs(part, options.input_type, pictures)
        found |= expected.compare(part.file_in(folder).read_bytes())
    require(found, options.quantize, options.input_type, pictures.described)
    return found
