"""Exports of models whose images are measured, and not square."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import stargan_tf
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.intensity import Intensity
from stargan_tf.exporting.litert import Runner
from tests.models.conftest import tiny

INFO = DatasetInfo(
    "cells",
    ("control", "treated"),
    ONE_HOT,
    (64, 96),
    num_channels=5,
    intensity=Intensity((0, 0, 0, 0, 100), (800, 800, 800, 800, 500)),
)


@pytest.fixture(scope="module")
def values():
    """Two images in the data's units."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, 900, (2, 64, 96, 5)).astype(np.float32)


@pytest.fixture(scope="module")
def v1():
    model = tiny(INFO)
    return model


@pytest.fixture(scope="module")
def v2():
    return stargan_tf.StarGANV2(
        INFO, base_filters=4, max_filters=8, style_dim=4, hidden_dim=8
    )


@pytest.mark.filterwarnings("ignore:Compared on random images")
def test_a_saved_model_takes_and_gives_the_datas_units(v1, values, tmp_path):
    v1.export(tmp_path / "cells", "saved_model")
    loaded = tf.saved_model.load(str(tmp_path / "cells/1")).signatures
    assert set(loaded) == {"serving_default", "translate", "classify", "describe"}
    labels = np.array([[0, 1], [1, 0]], np.float32)
    answer = loaded["translate"](images=tf.constant(values), labels=tf.constant(labels))
    scaled = INFO.intensity.to_float(values)
    drawn = v1.translate(scaled, labels)
    expected = INFO.intensity.restore(drawn, np.float32)
    np.testing.assert_allclose(answer["images"], expected, atol=0.05)
    seen = loaded["classify"](images=tf.constant(values))["labels"]
    np.testing.assert_allclose(seen, v1.classify(scaled), atol=1e-4)


@pytest.mark.filterwarnings("ignore:Compared on random images")
def test_styles_in_a_saved_model(v2, values, tmp_path):
    v2.export(tmp_path / "cells", "saved_model")
    loaded = tf.saved_model.load(str(tmp_path / "cells/1")).signatures
    styles = np.ones((2, 4), np.float32)
    sent = {"images": tf.constant(values), "styles": tf.constant(styles)}
    answer = loaded["synthesize"](**sent)["images"]
    drawn = v2.translate(INFO.intensity.to_float(values), styles=styles)
    expected = INFO.intensity.restore(drawn, np.float32)
    np.testing.assert_allclose(answer, expected, atol=0.5)


@pytest.mark.filterwarnings("ignore:Compared on random images")
@pytest.mark.parametrize("family", ["v1", "v2"])
def test_litert_files(family, request, values, tmp_path):
    model = request.getfixturevalue(family)
    model.export(tmp_path / "phone", "litert")
    runner = Runner((tmp_path / "phone/generator.tflite").read_bytes())
    image = INFO.intensity.to_float(values[:1])
    if family == "v1":
        labels = np.array([[0, 1]], np.float32)
        drawn = runner.run("translate", {"images": image, "labels": labels})
        expected = model.translate(image, labels)
    else:
        styles = np.ones((1, 4), np.float32)
        drawn = runner.run("synthesize", {"images": image, "styles": styles})
        expected = model.translate(image, styles=styles)
    np.testing.assert_allclose(drawn["images"], expected, atol=1e-3)


@pytest.mark.filterwarnings("ignore:Compared on random images")
def test_gaps_in_the_file_of_styles(values, tmp_path):
    window = replace(INFO.intensity, invalid="-9999")
    model = stargan_tf.StarGANV2(
        replace(INFO, intensity=window),
        base_filters=4,
        max_filters=8,
        style_dim=4,
        hidden_dim=8,
    )
    model.export(tmp_path / "phone", "litert")
    runner = Runner((tmp_path / "phone/style.tflite").read_bytes())
    values[:, 5:20, 30:40] = -9999
    image, domain = window.to_float(values[:1]), np.array([[0, 1]], np.float32)
    found = runner.run("encode_style", {"references": image, "domains": domain})
    expected = model.encode_style(image, INFO.domains[1])
    np.testing.assert_allclose(found["styles"], expected, atol=1e-4)


@pytest.mark.filterwarnings("ignore:Compared on random images")
@pytest.mark.parametrize("invalid", ["-9999", "nan"])
def test_gaps_in_a_saved_model(values, invalid, tmp_path):
    window = replace(INFO.intensity, invalid=invalid)
    info = replace(INFO, intensity=window)
    model = tiny(info)
    model.export(tmp_path / "cells", "saved_model")
    loaded = tf.saved_model.load(str(tmp_path / "cells/1")).signatures["translate"]
    values = values.copy()
    values[:, 5:20, 30:40] = float(invalid)
    labels = np.array([[0, 1], [1, 0]], np.float32)
    answer = loaded(images=tf.constant(values), labels=tf.constant(labels))["images"]
    drawn = model.translate(window.to_float(values), labels)
    np.testing.assert_allclose(answer, window.restore(drawn, np.float32), atol=0.05)
    np.testing.assert_array_equal(window.gaps(answer.numpy()), window.gaps(values))
