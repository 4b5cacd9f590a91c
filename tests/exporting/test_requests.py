"""What a request may hold: anything else is INVALID_ARGUMENT with a sentence."""

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.targets import source_labels, vectors_of_targets
from stargan_tf.exporting.label_model import labels_by_name
from tests.exporting.asking import ask, check_invalid


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
