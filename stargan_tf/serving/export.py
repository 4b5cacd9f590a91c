"""A trained model → the next version of a SavedModel for TF Serving."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from stargan_tf import files
from stargan_tf.export.agreement import Agreement
from stargan_tf.export.description import described_model
from stargan_tf.export.full_precision import model_in_float32
from stargan_tf.export.sample_images import held_out_images
from stargan_tf.serving import configuration
from stargan_tf.serving.check import compare
from stargan_tf.serving.checks import checked
from stargan_tf.serving.endpoint import Endpoint, ServedForm, row_spec
from stargan_tf.serving.versions import next_version
from stargan_tf.serving.warmup import FILE, write_warmup
from stargan_tf.training.checkpoints import State
from stargan_tf.training.evaluated_run import DataChoice
from stargan_tf.training.families.registry import family
from stargan_tf.training.imported import imported
from stargan_tf.training.run_folder import open_checkpoint

FORMAT = "stargan_tf.saved_model/1"
EXTRA = "assets.extra"
DESCRIPTION = "model.json"
DEFAULT = "serving_default"


@dataclass(frozen=True)
class SavedModelOptions:
    """How to export.

    Args:
        check: whether to compare with Keras.
        data: what to compare on; by default the run's own held-out images.
    """

    check: bool = True
    data: DataChoice = field(default_factory=DataChoice)


def export_saved_model(
    checkpoint: Path, state: State, output: Path, options: SavedModelOptions
) -> tuple[Path, dict[str, Agreement]]:
    """Writes `output/1`, or the next number; whole or not at all.

    A server that watches `output` sees the new version when it is complete.

    Args:
        checkpoint: the checkpoint's folder.
        state: its state file.
        output: the model's folder; its name is the model's name on the server.
        options: how.

    Returns:
        The version's folder, and how the signatures agree with Keras.

    Raises:
        Disagreement: if one differs too much.
        InputError: if it cannot be written, or the family has no such form.
        ImportError: without tensorflow-serving-api.
    """
    model = model_in_float32(open_checkpoint(checkpoint, state))
    description = {"format": FORMAT, **described_model(state)}
    description |= _sizes(model)
    form: ServedForm = imported(family(state.model).served)(model, description)
    endpoints = _checked(form, description)
    version = next_version(output)
    agreement: dict[str, Agreement] = {}
    try:
        with files.new_folder(version, "export", replace=False) as folder:
            _write(folder, form, endpoints)
            if options.check:
                pictures = held_out_images(checkpoint, state, options.data)
                agreement = compare(folder, form.cases(pictures))
            shown = {name: found.to_dict() for name, found in agreement.items()}
            _write_extras(
                folder,
                output.resolve().name,
                endpoints,
                {**description, "agreement": shown},
            )
    except tf.errors.OpError as error:
        raise files.NotWritten(version, "export", error) from error
    return version, agreement


def _checked(form: ServedForm, description: Mapping[str, Any]) -> list[Endpoint]:
    """All signatures behind their checks; the first one under a second name."""
    first = form.endpoints[0]
    default = Endpoint(DEFAULT, first.function, first.inputs)
    every = (default, *form.endpoints, _describe(description))
    return [checked(endpoint) for endpoint in every]


def _sizes(model: Any) -> dict[str, Any]:
    names = ("style_dim", "latent_dim", "high_pass")
    return {name: getattr(model, name) for name in names if hasattr(model, name)}


def _describe(description: Mapping[str, Any]) -> Endpoint:
    text = json.dumps(description)

    def describe(names):
        return {"description_bytes": tf.fill(tf.shape(names), text)}

    return Endpoint("describe", describe, (row_spec("names", None, tf.string),))


def _write(folder: Path, form: ServedForm, endpoints: list[Endpoint]) -> None:
    archive = keras.export.ExportArchive()
    # Not `track(network)`: it writes every weight twice, as Keras' and as TensorFlow's.
    weights = [v.value for network in form.networks for v in network.variables]
    archive.add_variable_collection("weights", weights)
    for endpoint in endpoints:
        archive.add_endpoint(
            endpoint.name, endpoint.function, input_signature=list(endpoint.inputs)
        )
    archive.write_out(str(folder), verbose=False)


def _write_extras(
    folder: Path, name: str, endpoints: list[Endpoint], description: dict[str, Any]
) -> None:
    extra = folder / EXTRA
    extra.mkdir()
    files.write_json(extra / DESCRIPTION, description)
    files.write_text(extra / "batching.config", configuration.batching_config())
    files.write_text(extra / "models.config", configuration.models_config(name))
    write_warmup(extra / FILE, name, endpoints, list(description["domains"]))
