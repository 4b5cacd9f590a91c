"""Keras networks → the bytes of a LiteRT file."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tqdm import tqdm

from stargan_tf.export.sample_images import SampleImages
from stargan_tf.litert.operations import check_operations
from stargan_tf.litert.part import Arrays, Part
from stargan_tf.litert.picture_type import as_taken, function, signature
from stargan_tf.litert.quantization import quantized


def convert(
    part: Part, quantize: str, input_type: str, calibration: SampleImages | None = None
) -> bytes:
    """Converts one file's networks.

    Args:
        part: the file.
        quantize: see `quantization.MODES`.
        input_type: of pictures, `"float32"` or `"uint8"`.
        calibration: pictures of the training data, for int8.

    Returns:
        The file: builtin operations only, static shapes, one signature an endpoint.
    """
    with tempfile.TemporaryDirectory() as folder:
        _save(part, input_type, Path(folder))
        names = [endpoint.name for endpoint in part.endpoints]
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, names)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        samples = partial(_samples, part, input_type, calibration)
        content = bytes(quantized(converter, quantize, samples))
    check_operations(content)
    return content


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
