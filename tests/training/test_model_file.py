import errno
import json
import zipfile

import keras
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family
from stargan_tf.training.checkpoints import (
    CONFIG,
    WEIGHTS,
    load_weights,
    open_model,
    read_model_config,
)

FACES = DatasetInfo("faces", ("young", "male"), "binary", 16)


@pytest.fixture
def trained(tmp_path):
    """A model after an update, and its file."""
    model = made(seed=1)
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    model.save(tmp_path / "model.keras")
    return model, tmp_path / "model.keras"


def made(seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def assert_equal(model, other):
    pairs = zip(
        [*model.weights, *model.optimizer.variables],
        [*other.weights, *other.optimizer.variables],
        strict=True,
    )
    for one, two in pairs:
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_weights_and_moments_are_loaded(trained):
    model, file = trained
    other = made(seed=2)
    load_weights(other, file)
    assert_equal(model, other)


def test_without_room_for_the_copy_keras_reads_the_archive(trained, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    model, file = trained
    monkeypatch.setattr(zipfile.ZipFile, "extract", full)
    other = made(seed=2)
    load_weights(other, file)
    assert_equal(model, other)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small StarGAN and its file."""
    from stargan_tf.models.stargan.model import StarGAN

    model = StarGAN(
        FACES, base_filters=2, num_residual_blocks=1, discriminator_layers=2
    )
    model.compile()
    file = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(file)
    return model, file


def changed(saved, target, changes, compress=zipfile.ZIP_STORED):
    """The file with other members: name → content, None to leave it out."""
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(target, "w", compress) as new:
        for name in {*old.namelist(), *changes}:
            content = changes[name] if name in changes else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return target


def test_a_model_is_opened_as_keras_opens_it(saved):
    model, file = saved
    for compile in (False, True):
        opened = open_model(file, family("stargan"), compile)
        assert opened.compiled == compile
        for one, two in zip(model.weights, opened.weights, strict=True):
            np.testing.assert_array_equal(one.numpy(), two.numpy())
    assert read_model_config(file, family("stargan"))["base_filters"] == 2


def altered(config, path, value):
    config = json.loads(json.dumps(config))
    *places, last = path
    place = config
    for name in places:
        place = place[name]
    place[last] = value
    return json.dumps(config).encode()


def test_what_is_no_model_of_the_family_is_one_line(saved, tmp_path):
    with zipfile.ZipFile(saved[1]) as archive:
        config = json.loads(archive.read(CONFIG))
        weights = archive.read(WEIGHTS)
    evil = {"module": "os", "class_name": "system", "config": "touch canary"}
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {}}
    arguments = config["config"]
    broken = {
        "cut": saved[1].read_bytes()[:-400],
        "garbage": b"garbage" * 100,
        "empty": b"",
        "no config": {CONFIG: None},
        "no weights": {WEIGHTS: None},
        "no JSON": {CONFIG: b"{"},
        "a list": {CONFIG: b"[1]"},
        "deep": {CONFIG: b"[" * 200_000},
        "a Lambda layer": {CONFIG: json.dumps(layer).encode()},
        "other code": {CONFIG: json.dumps(evil).encode()},
        "code inside": {CONFIG: altered(config, ["config", "datasets"], [evil])},
        "code at the end": {CONFIG: altered(config, ["compile_config"], evil)},
        "wrong type": {CONFIG: altered(config, ["config", "base_filters"], "many")},
        "no arguments": {CONFIG: altered(config, ["config"], None)},
        "an unknown one": {CONFIG: altered(config, ["config", "speed"], 3)},
        "too wide": {CONFIG: altered(config, ["config", "base_filters"], 100_000)},
        "wider than it is": {CONFIG: altered(config, ["config", "base_filters"], 2000)},
        "too deep": {CONFIG: altered(config, ["config", "num_residual_blocks"], 10**6)},
        "other sizes": {CONFIG: altered(config, ["config", "base_filters"], 3)},
        "no HDF5": {WEIGHTS: b"no weights"},
        "cut weights": {WEIGHTS: weights[: len(weights) // 2]},
    }
    assert arguments["base_filters"] == 2
    for name, content in broken.items():
        file = tmp_path / "model.keras"
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            changed(saved[1], file, content)
        with pytest.raises(InputError) as caught:
            open_model(file, family("stargan"), compile=True)
        text = str(caught.value)
        assert "model.keras" in text, name
        assert "\n" not in text and len(text) < 500, name
    assert not (tmp_path / "canary").exists()


def test_weights_that_claim_more_than_there_is(saved, tmp_path):
    import h5py

    for number, options in enumerate(
        ({"shape": (10**10,), "dtype": "f"}, {"data": h5py.ExternalLink("a.h5", "/b")})
    ):
        source = tmp_path / f"{number}.h5"
        with h5py.File(source, "w") as weights:
            if "data" in options:
                weights["a"] = options["data"]
            else:
                weights.create_dataset("a", chunks=(1000,), **options)
        file = tmp_path / "model.keras"
        changed(saved[1], file, {WEIGHTS: source.read_bytes()})
        with pytest.raises(InputError, match="larger than the file|lie elsewhere"):
            open_model(file, family("stargan"))
        with pytest.raises(InputError, match="larger than the file|lie elsewhere"):
            load_weights(saved[0], file)


def test_a_bomb_is_not_unpacked(saved, tmp_path):
    zeros = bytes(65 << 20)
    file = tmp_path / "model.keras"
    changed(saved[1], file, {WEIGHTS: zeros}, zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="more than 100 times its size"):
        open_model(file, family("stargan"))
