"""The SavedModel agrees with Keras and refuses what does not fit."""

import json

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.pixels import to_float
from stargan_tf.errors import InputError
from stargan_tf.export.disagreement import Disagreement
from stargan_tf.serving.check import compare
from stargan_tf.serving.versions import next_version, versions

ARRAYS_V1 = {"translate", "classify"}
V1 = {
    "serving_default",
    *ARRAYS_V1,
    *(f"{name}_float" for name in ARRAYS_V1),
    "translate_encoded",
}
ARRAYS_V2 = {
    "translate_latent",
    "translate_seed",
    "translate_reference",
    "encode_style",
    "synthesize",
}
V2 = {
    "serving_default",
    *ARRAYS_V2,
    *(f"{name}_float" for name in ARRAYS_V2),
    "map_latents",
    "translate_seed_encoded",
    "translate_reference_encoded",
}


@pytest.fixture(scope="module")
def v1(served_v1):
    return tf.saved_model.load(str(served_v1[1])).signatures


@pytest.fixture(scope="module")
def v2(served_v2):
    return tf.saved_model.load(str(served_v2[1])).signatures


def call(signature, **inputs):
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    return {name: value.numpy() for name, value in signature(**tensors).items()}


def test_signatures_are_the_documented_ones(v1, v2):
    assert set(v1) == V1 | {"describe"}
    assert set(v2) == V2 | {"describe"}


def test_names_and_types(v1, v2):
    inputs = v1["serving_default"].structured_input_signature[1]
    assert {n: (s.dtype.name, s.shape.as_list()) for n, s in inputs.items()} == {
        "images": ("uint8", [None, 16, 16, 3]),
        "labels": ("float32", [None, 7]),
    }
    inputs = v2["translate_latent_float"].structured_input_signature[1]
    assert {n: (s.dtype.name, s.shape.as_list()) for n, s in inputs.items()} == {
        "images": ("float32", [None, 64, 64, 3]),
        "domains": ("int32", [None]),
        "latents": ("float32", [None, 3]),
        "truncation": ("float32", [None]),
        "masks": ("float32", [None, 64, 64, 2]),
    }
    for signatures in (v1, v2):
        for signature in signatures.values():
            for name, spec in signature.structured_outputs.items():
                assert (spec.dtype == tf.string) == name.endswith("_bytes")


def test_all_forms_agree_with_keras(served_v1, served_v2):
    """The check of the export itself, which stops at the first that does not."""
    assert set(served_v1[2]) == {"translate", "translate_float", "translate_encoded"}
    assert len(served_v2[2]) == 7
    for _, _, agreement in (served_v1, served_v2):
        for name, found in agreement.items():
            assert found.max <= (1e-3 if name.endswith("_float") else 1.001 / 127.5)


def test_another_model_is_noticed(served_v1):
    from stargan_tf.export.sample_images import random_images
    from tests.serving.conftest import FACES, label_model

    model, folder, _ = served_v1
    other = label_model(model.label_space.datasets)
    with pytest.raises(Disagreement, match="'translate_float' differs too much"):
        compare(folder, other, "labels", random_images(FACES, 3))


def test_a_failed_check_leaves_nothing(served_v1, monkeypatch, tmp_path):
    from stargan_tf.serving.export import SavedModelOptions, export_saved_model
    from stargan_tf.training.run_folder import find_checkpoint

    def disagree(*_):
        raise Disagreement("no")

    monkeypatch.setattr("stargan_tf.serving.export.compare", disagree)
    checkpoint, state = find_checkpoint(served_v1[1].parents[1])
    with (
        pytest.raises(Disagreement),
        pytest.warns(UserWarning, match="random images"),
    ):
        export_saved_model(checkpoint, state, tmp_path / "out", SavedModelOptions())
    assert not list((tmp_path / "out").iterdir())


def test_labels_by_name(v1, served_v1, picture):
    """`--to` in the graph: what is named changes, rivals go, the mask follows."""
    model = served_v1[0]
    file = picture((16, 16))
    names = ["Blond", " Blond , Male=0", "faces.Male=0", "sad", "moods.happy"]
    received = call(v1["translate_encoded"], encoded=[file] * 5, names=names)
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
    from stargan_tf.translation.source_labels import source_labels

    return source_labels(model, pixels, 0, None)[0]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("Green", "unknown label name. The model has Black, Blond"),
        ("", "unknown label name"),
        ("Male,Male=0", "both on and off"),
        ("Black,Blond", "exclude each other"),
        ("Male,sad", "one data set at a time"),
        ("sad=0", "name the one to switch to"),
    ],
)
def test_targets_that_make_no_sense(v1, picture, names, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(v1["translate_encoded"], encoded=[picture()], names=[names])


def zeros_v1(count=1, size=16, width=7):
    return {
        "images": np.zeros((count, size, size, 3), np.uint8),
        "labels": np.zeros((count, width), np.float32),
    }


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (zeros_v1(size=12), "shape_of_images|not compatible"),
        (zeros_v1(width=3), "shape_of_labels|not compatible"),
        (zeros_v1(0), "batch is empty"),
        (zeros_v1(2) | {"labels": np.zeros((1, 7), np.float32)}, "one per image"),
    ],
)
def test_arrays_that_do_not_fit(served_v1, inputs, message):
    """Through a session, as TF Serving runs it: nothing else looks at the shapes."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(served_v1[1]))
        signature = meta.signature_def["serving_default"]
        output = signature.outputs["images"].name
        feeds = {signature.inputs[k].name: v for k, v in inputs.items()}
        with pytest.raises((tf.errors.InvalidArgumentError, ValueError)) as raised:
            session.run(output, feeds)
    assert _matches(message, str(raised.value))


def _matches(pattern, text):
    import re

    return re.search(pattern, text) or "Cannot feed value of shape" in text


def test_files_of_every_kind(v1, picture):
    kinds = [("RGB", "JPEG"), ("L", "PNG"), ("LA", "PNG"), ("RGBA", "PNG")]
    kinds += [("RGB", "BMP"), ("RGB", "GIF"), ("L", "JPEG")]
    for mode, kind in kinds:
        inputs = {"encoded": [picture((40, 30), mode, kind)], "names": ["sad"]}
        (png,) = call(v1["translate_encoded"], **inputs)["encoded_bytes"]
        assert tf.io.decode_png(png).shape == (16, 16, 3)
    for junk in (b"", b"no picture", picture()[:40]):
        with pytest.raises(tf.errors.InvalidArgumentError):
            call(v1["translate_encoded"], encoded=[junk], names=["sad"])


def v2_inputs(count=2):
    rng = np.random.default_rng(0)
    return {
        "images": rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8),
        "domains": np.arange(count, dtype=np.int32) % 3,
        "masks": rng.random((count, 64, 64, 2), np.float32),
    }


def test_seeds_decide_latents(v2):
    inputs = v2_inputs() | {"truncation": np.ones(2, np.float32)}
    inputs["images"] = to_float(inputs["images"])
    one, same, other = (
        call(v2["translate_seed_float"], **inputs, seeds=np.array(seeds))["images"]
        for seeds in ([1, 2], [1, 2], [3, 2])
    )
    np.testing.assert_allclose(one, same, atol=1e-6)
    assert np.abs(one[0] - other[0]).max() > 1e-5
    np.testing.assert_allclose(one[1], other[1], atol=1e-6)


def test_unknown_domains_and_truncations(v2):
    inputs = v2_inputs() | {"truncation": np.ones(2, np.float32)}
    inputs["latents"] = np.zeros((2, 3), np.float32)
    for wrong, message in (
        ({"domains": np.array([0, 3], np.int32)}, "0 .cat., 1 .dog., 2 .fox."),
        ({"domains": np.array([0, -1], np.int32)}, "unknown domain"),
        ({"truncation": np.array([0, 1.5], np.float32)}, "truncation is in"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            call(v2["translate_latent"], **{**inputs, **wrong})


def test_encoded_form_with_an_unknown_name(v2, picture):
    inputs = {"encoded": [picture()], "names": ["cow"], "masks": v2_inputs(1)["masks"]}
    inputs |= {"seeds": np.array([1]), "truncation": np.ones(1, np.float32)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="has cat, dog, fox"):
        call(v2["translate_seed_encoded"], **inputs)


def test_float_encoder_takes_floats(v2, served_v2):
    references = to_float(v2_inputs()["images"])
    domains = v2_inputs()["domains"]
    found = call(v2["encode_style_float"], references=references, domains=domains)
    expected = served_v2[0].encode_style(references, domains.tolist())
    np.testing.assert_allclose(found["styles"], expected, atol=1e-5)


def test_what_travels_inside(served_v1, v1):
    from tensorflow_serving.apis import prediction_log_pb2

    extra = served_v1[1] / "assets.extra"
    description = json.loads((extra / "model.json").read_text())
    assert description["format"] == "stargan_tf.saved_model/1"
    assert description["domains"] == ["Black", "Blond", "Male", "happy", "sad"]
    assert description["label_width"] == 7
    answer = call(v1["describe"], names=["a", "b"])["description_bytes"]
    shown = json.loads(answer[1])
    assert shown == {n: v for n, v in description.items() if n != "agreement"}
    assert "allowed_batch_sizes: 8" in (extra / "batching.config").read_text()
    assert 'base_path: "/models/tiny"' in (extra / "models.config").read_text()
    records = tf.data.TFRecordDataset(str(extra / "tf_serving_warmup_requests"))
    asked = set()
    for record in records:
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        assert request.model_spec.name == "tiny"
        asked.add(request.model_spec.signature_name)
        inputs = {n: tf.make_ndarray(t) for n, t in request.inputs.items()}
        call(v1[request.model_spec.signature_name], **inputs)
    assert asked == (V1 - {"serving_default"}) | {"describe"}


def test_versions_count_up(tmp_path):
    assert next_version(tmp_path / "new") == tmp_path / "new/1"
    for name in ("1", "10", "litert", ".unfinished-11"):
        (tmp_path / name).mkdir()
    assert versions(tmp_path) == [1, 10]
    assert next_version(tmp_path) == tmp_path / "11"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="must be a folder"):
        next_version(tmp_path / "file")
