"""Keras networks → the bytes of a LiteRT file."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tqdm import tqdm

from stargan_tf.export.sample_images import SampleImages
from stargan_tf.files import temporary_folder
from stargan_tf.litert.check import KerasOutputs
from stargan_tf.litert.modes import FLOAT16, INT8, NONE
from stargan_tf.litert.operations import check_operations
from stargan_tf.litert.part import Arrays, Part
from stargan_tf.litert.picture_type import as_taken, function, signature
from stargan_tf.litert.selective import quantize_selectively
from stargan_tf.private_interfaces import calibrated

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
