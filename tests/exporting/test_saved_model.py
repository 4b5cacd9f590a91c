"""What an export writes, and that it agrees with Keras."""

import json
from dataclasses import replace

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from stargan_tf.exporting import AgreementError
from stargan_tf.exporting import label_model as labels
from stargan_tf.exporting.agreement import random_images
from stargan_tf.exporting.saved_model import (
    compare,
    export_saved_model,
    images_to_compare,
)
from stargan_tf.models.stargan_v2 import serving as stargan_v2
from stargan_tf.training.run_folder import find_checkpoint
from tests.exporting.asking import ask
from tests.exporting.tiny import ANIMALS, FACES, exported, label_model, style_model

ARRAYS_V1 = {"translate", "classify"}
V1 = {
    "serving_default",
    *ARRAYS_V1,
    *(f"{name}_encoded" for name in ARRAYS_V1),
}
ARRAYS_V2 = {"translate_latent", "translate_reference", "encode_style", "synthesize"}
V2 = {
    "serving_default",
    *ARRAYS_V2,
    *(f"{name}_encoded" for name in ARRAYS_V2),
    "map_latents",
}


def test_signatures_are_the_documented_ones(v1, v2):
    for loaded, names, module in ((v1, V1, labels), (v2, V2, stargan_v2)):
        assert set(loaded.signatures) == names | {"describe"}
        text = module.__doc__
        assert all(f"`{name}`" in text for name in names)


def shapes(specs):
    return {
        name: (spec.dtype.name, spec.shape.as_list()) for name, spec in specs.items()
    }


def inputs(loaded, signature):
    return shapes(loaded.signatures[signature].structured_input_signature[1])


def test_names_and_types(v1, v2):
    assert inputs(v1, "serving_default") == {
        "images": ("uint8", [None, 16, 16, 3]),
        "labels": ("float32", [None, 7]),
    }
    assert inputs(v2, "translate_latent") == {
        "images": ("uint8", [None, 64, 64, 3]),
        "domains": ("int32", [None]),
        "latents": ("float32", [None, 3]),
        "truncation": ("float32", [None]),
        "masks": ("float32", [None, 64, 64, 2]),
    }
    assert inputs(v2, "translate_reference_encoded") == {
        "encoded": ("string", [None]),
        "references": ("string", [None]),
        "names": ("string", [None]),
        "masks": ("float32", [None, 64, 64, 2]),
    }
    for loaded in (v1, v2):
        for signature in loaded.signatures.values():
            for name, (kind, shape) in shapes(signature.structured_outputs).items():
                assert (kind == "string") == name.endswith("_bytes")
                assert shape[:1] == [None]


def test_all_forms_agree_with_keras(served_v1, served_v2):
    """The check of the export itself, which stops at the first that does not."""
    assert set(served_v1[2]) == V1 - {"serving_default"}
    assert set(served_v2[2]) == V2 - {"serving_default"}
    for _, _, agreement in (served_v1, served_v2):
        for name, found in agreement.items():
            assert found.images == 20
            of_floats = name.startswith(("classify", "encode_style", "map_latents"))
            assert found.max <= (1e-3 if of_floats else 1.001 / 127.5)


def test_another_model_is_noticed(served_v1):
    model, folder, _ = served_v1
    other = label_model(model.label_space.datasets)
    with pytest.raises(AgreementError, match="'translate' differs too much"):
        description = {"fit": "crop", "crop_size": None}
        served = labels.served_model(other, description)
        compare(folder, served, random_images(FACES, 3))


def test_three_images_show_a_difference_in_any_signature(served_v2):
    other = style_model(high_pass=1.0)
    for network in (
        other.generator_ema,
        other.mapping_network_ema,
        other.style_encoder_ema,
    ):
        network.set_weights([1.2 * weight for weight in network.get_weights()])
    served = stargan_v2.served_model(other, {"fit": "crop", "crop_size": None})
    images = random_images(ANIMALS, images_to_compare({"image_size": 256}))
    assert len(images.images) == 3
    for signature in served.signatures:
        alone = replace(served, signatures=[signature])
        with pytest.raises(AgreementError, match=f"'{signature.full_name}' differs"):
            compare(served_v2[1], alone, images)


def test_a_failed_check_leaves_nothing(served_v1, monkeypatch, tmp_path):
    def disagree(*_):
        raise AgreementError("no")

    monkeypatch.setattr("stargan_tf.exporting.saved_model.compare", disagree)
    checkpoint, state = find_checkpoint(served_v1[1].parents[1])
    with (
        pytest.raises(AgreementError),
        pytest.warns(UserWarning, match="random images"),
    ):
        export_saved_model(checkpoint, state, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_what_travels_inside(served_v1, v1):
    extra = served_v1[1] / "assets.extra"
    description = json.loads((extra / "model.json").read_text())
    assert description["format"] == "stargan_tf.saved_model/1"
    assert description["domains"] == ["Black", "Blond", "Male", "happy", "sad"]
    assert description["label_width"] == 7
    answer = ask(v1, "describe", names=["a", "b"])["description_bytes"]
    shown = json.loads(answer[1])
    assert shown == {n: v for n, v in description.items() if n != "agreement"}
    assert "allowed_batch_sizes: 8" in (extra / "batching.config").read_text()
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((extra / "models.config").read_text(), config)
    (one,) = config.model_config_list.config
    assert (one.name, one.base_path) == ("tiny", "/models/tiny")
    records = tf.data.TFRecordDataset(str(extra / "tf_serving_warmup_requests"))
    asked = set()
    for record in records:
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        assert request.model_spec.name == "tiny"
        asked.add(request.model_spec.signature_name)
        inputs = {n: tf.make_ndarray(t) for n, t in request.inputs.items()}
        ask(v1, request.model_spec.signature_name, **inputs)
    assert asked == V1 | {"describe"}


def test_bfloat16_models_are_exported_in_float32(tmp_path):
    model = label_model(dtype="mixed_bfloat16")
    _, _, agreement = exported(tmp_path, model, "stargan")
    assert agreement["classify"].max < 1e-5
