"""What an export writes, that it agrees with Keras, and which requests it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.targets import source_labels, vectors_of_targets
from stargan_tf.exporting import AgreementError
from stargan_tf.exporting import label_model as labels
from stargan_tf.exporting.agreement import random_images
from stargan_tf.exporting.label_model import labels_by_name
from stargan_tf.exporting.saved_model import (
    compare,
    export_saved_model,
    images_to_compare,
)
from stargan_tf.models.stargan_v2 import serving as stargan_v2
from stargan_tf.training.run_folder import find_checkpoint
from tests.exporting.asking import ask, check_invalid
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


def test_three_images_show_a_difference_in_any_signature(served_v2, v2, monkeypatch):
    # Loading it takes seconds, and there are nine signatures.
    monkeypatch.setattr(tf.saved_model, "load", lambda folder: v2)
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


# What a request may hold: anything else is INVALID_ARGUMENT with a sentence.


def v1_inputs(count=1, size=16, width=7):
    return {
        "images": np.zeros((count, size, size, 3), np.uint8),
        "labels": np.zeros((count, width), np.float32),
    }


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (v1_inputs(size=12), r"\[1,12,12,3\] is not compatible with.*\[\?,16,16,3\]"),
        (v1_inputs(width=3), r"\[1,3\] is not compatible with.*\[\?,7\]"),
        (v1_inputs() | {"labels": np.zeros(7, np.float32)}, r"\[7\] is not compatible"),
        (v1_inputs() | {"labels": np.float32(1)}, r"\[\] is not compatible"),
        (v1_inputs(0), "The batch is empty"),
    ],
)
def test_shapes(v1, inputs, message):
    check_invalid(v1, "serving_default", message, **inputs)


def test_unequal_batches_do_not_broadcast(v1, picture):
    two = v1_inputs(2) | {"labels": v1_inputs(1)["labels"]}
    check_invalid(v1, "translate", "equal numbers of rows in images, labels", **two)
    files = {"encoded": [picture()] * 2, "names": ["sad"]}
    check_invalid(v1, "translate_encoded", "rows in encoded, names", **files)
    none = {"encoded": [], "names": []}
    check_invalid(v1, "translate_encoded", "The batch is empty", **none)


def test_a_bad_request_does_no_lasting_harm(v1, picture):
    files = {"encoded": [picture(), b"no picture"], "names": ["sad"] * 2}
    check_invalid(v1, "translate_encoded", "Unknown image file format", **files)
    files["encoded"][1] = picture()
    assert len(ask(v1, "translate_encoded", **files)["encoded_bytes"]) == 2


def v2_inputs(count=2):
    rng = np.random.default_rng(0)
    return {
        "images": rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8),
        "domains": np.arange(count, dtype=np.int32) % 3,
        "masks": rng.random((count, 64, 64, 2), np.float32),
        "truncation": np.ones(count, np.float32),
    }


def test_unknown_domains_and_truncations(v2):
    inputs = v2_inputs() | {"latents": np.zeros((2, 3), np.float32)}
    for wrong, message in (
        ({"domains": np.array([0, 3], np.int32)}, "0 .cat., 1 .dog., 2 .fox."),
        ({"domains": np.array([0, -1], np.int32)}, "domain must be one of"),
        ({"truncation": np.array([0, 1.5], np.float32)}, "truncation must be in"),
        ({"truncation": np.array([0, np.nan], np.float32)}, "truncation must be in"),
        ({"masks": np.zeros((2, 64, 64, 1), np.float32)}, "64,64,1. is not compatible"),
    ):
        check_invalid(v2, "translate_latent", message, **{**inputs, **wrong})


def test_unknown_names_of_domains(v2, picture):
    inputs = v2_inputs(1)
    inputs = {name: inputs[name] for name in ("masks", "truncation")}
    inputs |= {"encoded": [picture()], "names": ["cow"]}
    inputs["latents"] = np.zeros((1, 3), np.float32)
    check_invalid(v2, "translate_latent_encoded", "one of cat, dog, fox", **inputs)
    inputs = {"references": [picture()], "names": ["cow"]}
    check_invalid(v2, "encode_style_encoded", "one of cat, dog, fox", **inputs)
    # Two requests, since rows of one batch may differ in rounding.
    bare, quoted = (
        ask(v2, "encode_style_encoded", references=[picture()], names=[name])["styles"]
        for name in ("fox", '"fox"')
    )
    np.testing.assert_array_equal(bare, quoted)


def test_labels_by_name(v1, served_v1, picture):
    """`--to` in the graph: what is named changes, rivals go, the mask follows."""
    model = served_v1[0]
    file = picture((16, 16))
    names = ["Blond", " Blond , Male=0", "faces.Male=0", "sad", "moods.happy"]
    received = ask(v1, "translate_encoded", encoded=[file] * 5, names=names)
    pixels = tf.io.decode_png(file).numpy()[None]
    faces = []
    for changes in ({0: 0, 1: 1}, {0: 0, 1: 1, 2: 0}, {2: 0}):
        label = np.array(_binarised(model, pixels))
        for column, value in changes.items():
            label[column] = value
        faces.append(model.translate(pixels, label)[0])
    moods = [model.translate(pixels, x, dataset=1)[0] for x in ([0, 1], [1, 0])]
    for content, expected in zip(
        received["encoded_bytes"], [*faces, *moods], strict=True
    ):
        found = tf.io.decode_png(content).numpy()
        np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)


def _binarised(model, pixels):
    return source_labels(model, pixels, 0)[0]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("Green", "unknown label name. The model has Black, Blond"),
        ("", "unknown label name"),
        ("Male,Male=0", "both on and off"),
        ("Black,Blond", "exclude each other"),
        ("Male,sad", "a single data set"),
        ("sad=0", "name the one to switch to"),
    ],
)
def test_targets_that_make_no_sense(v1, picture, names, message):
    inputs = {"encoded": [picture()], "names": [names]}
    check_invalid(v1, "translate_encoded", message, **inputs)


def test_the_graph_reads_targets_as_the_command_line_does():
    hair = ("Black", "Blond", "Hair, brown")
    names = (*hair, "Male", "-x", '19" rack', "a:0.5")
    faces = DatasetInfo("faces", names, "binary", 16, (hair,))
    moods = DatasetInfo("my, moods", ("happy", "sad", "Male"), "one_hot", 16)
    space = LabelSpace([faces, moods])
    texts = [
        *('"Hair, brown":0.25', "Hair, brown", '"faces"."Male":0.5', "-x", '-"-x"'),
        *('faces."Male"=0, Black', "sad", "sad:0.5", "happy:.25", "Black:0.5,-Blond:1"),
        *('"my, moods".Male:0.5', '19" rack', '"19"" rack":0.5,-x', "a:0.5"),
        *('"a:0.5":0.5', "a:0.5=0", " + Black , - faces.Male ", '"my, moods"."happy"'),
    ]
    probabilities = np.random.default_rng(0).random((len(texts), 10), np.float32)
    rows = iter(probabilities)

    class Model:
        label_space = space

        def classify(self, images, dataset):
            return self.row[None, space.slices[dataset]]

    model, image = Model(), np.zeros((1, 16, 16, 3))
    expected = []
    for text in texts:
        model.row = next(rows)
        expected += vectors_of_targets(model, image, [text]).tolist()
    received = tf.function(labels_by_name)(space, tf.constant(texts), probabilities)
    np.testing.assert_allclose(received, expected, atol=1e-6)
    for text in ('"Black', "Black:2", "Male", "-Black=0", "Black:0.5,Black"):
        with pytest.raises(tf.errors.InvalidArgumentError):
            labels_by_name(space, tf.constant([text]), probabilities[:1])
