"""`--to` in the graph: the same labels as on the command line."""

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.steering.labels import source_labels
from tests.serving.asking import ask, check_invalid


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
    inputs = {"encoded": [picture()], "names": [names]}
    check_invalid(v1, "translate_encoded", message, **inputs)
