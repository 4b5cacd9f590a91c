"""A trained model → a folder of LiteRT files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stargan_tf import files
from stargan_tf.export.agreement import Agreement
from stargan_tf.export.sample_images import (
    SampleImages,
    held_out_images,
    training_images,
)
from stargan_tf.litert.check import KerasOutputs, require
from stargan_tf.litert.convert import convert
from stargan_tf.litert.description import describe, file_entry
from stargan_tf.litert.file_metadata import with_metadata
from stargan_tf.litert.modes import FLOAT32, INT8, NONE
from stargan_tf.litert.part import DeviceForm
from stargan_tf.training.checkpoints import State
from stargan_tf.training.evaluated_run import DataChoice
from stargan_tf.training.families.registry import family
from stargan_tf.training.imported import imported
from stargan_tf.training.run_folder import open_checkpoint

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
    return imported(family(state.model).litert)(model)


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
