import os
import random
import signal
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.python.framework.config import is_op_determinism_enabled

from stargan_tf import interruption
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.training import run
from stargan_tf.training.config import resolve
from stargan_tf.training.run import build_model, open_data, spans
from stargan_tf.training.run_folder import load_model

SPACE = LabelSpace(DatasetInfo("toy", ("Red",), "binary", 32))


def build(**options):
    return build_model(resolve({"preset": "demo", "image_size": 32, **options}), SPACE)


def test_the_model_has_the_configured_options():
    model = build(
        base_filters=4,
        num_residual_blocks=1,
        discriminator_filters=4,
        learning_rate=0.5,
        lr_decay="none",
        critic_steps=3,
        identity=2,
        seed=7,
    )
    assert model.get_config()["base_filters"] == 4
    arguments = model.get_compile_config()
    assert arguments["total_steps"] == resolve({"preset": "demo"}).steps
    assert (arguments["critic_steps"], arguments["seed"]) == (3, 7)
    assert arguments["loss_weights"]["identity"] == 2.0
    assert float(model.generator_optimizer.learning_rate) == 0.5


def test_a_run_of_another_length_says_what_becomes_of_the_rates():
    model = build(base_filters=2, discriminator_filters=2, steps=400, critic_steps=2)
    model.discriminator_optimizer.iterations.assign(300)
    model.generator_optimizer.iterations.assign(150)
    # Of 0.0006, half is left halfway through the second half.
    assert run._rates_text(model).endswith("generator 0.0003, discriminator 0.0003.")
    model = build(base_filters=2, discriminator_filters=2, lr_decay="none")
    assert run._rates_text(model) == "The learning rates are constant."


def test_options_that_do_not_fit_the_image_are_the_user_s_mistake():
    with pytest.raises(InputError, match="cannot be halved 6 times"):
        build(discriminator_layers=6)


def test_a_defect_is_no_mistake_of_the_users(monkeypatch):
    def broken(*arguments, **options):
        raise ValueError("Shapes () and (3,) are incompatible")

    monkeypatch.setattr("stargan_tf.models.stargan.model.GeneratorV1", broken)
    with pytest.raises(ValueError, match="incompatible") as raised:
        build()
    assert not isinstance(raised.value, InputError)


def settings():
    """Everything global that a run may change, without changing it."""
    return {
        "path": [*sys.path],
        "environment": dict(os.environ),
        "filters": [*warnings.filters],
        "handlers": [signal.getsignal(number) for number in interruption.SIGNALS],
        "policy": keras.config.dtype_policy().name,
        "floatx": keras.config.floatx(),
        "data format": keras.config.image_data_format(),
    }


def seed():
    """Seeds every global generator, and draws from each."""
    keras.utils.clear_session()  # Keras 3.10 only seeds a generator that is new.
    keras.utils.set_random_seed(3)
    draws()


def draws():
    """What is drawn next from every global generator."""
    return [
        random.random(),
        np.random.random(),
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
    ]


def test_a_run_and_a_loaded_model_leave_everything_global_as_it_was(
    monkeypatch, tmp_path
):
    def build_and_draw(config, *_):
        assert is_op_determinism_enabled()
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # As TensorFlow's cluster does.
        return build_model(config, SPACE), draws()

    monkeypatch.setattr(run, "_train", build_and_draw)
    options = {"preset": "demo", "image_size": 32, "deterministic": True}
    options |= {"base_filters": 4, "num_residual_blocks": 1, "discriminator_filters": 4}
    config = resolve(options | {"precision": "mixed_bfloat16"})
    seed()
    expected = draws()
    seed()
    before = settings()
    run.train(config, tmp_path / "run")
    load_model("toon_attributes")
    assert settings() == before
    assert not is_op_determinism_enabled()
    assert draws() == expected


# The data sets of a run, through the folder data set.


@pytest.fixture
def domains(tmp_path):
    """Writes sub-folders with six pictures each; returns the folder."""

    def write(folder, *names):
        for name in names:
            place = tmp_path / folder / name
            place.mkdir(parents=True)
            for number in range(6):
                Image.new("RGB", (16, 16), (40 * number, 0, 0)).save(
                    place / f"{number}.png"
                )
        return str(tmp_path / folder)

    return write


def test_two_folders_are_two_data_sets(domains):
    pets, moods = (
        domains("pets", "cat", "dog"),
        domains("moods", "calm", "happy", "sad"),
    )
    config = resolve(
        {"dataset": "folder,folder", "data_dir": f"{pets},{moods}", "image_size": 16}
    )
    data = open_data(config)
    space = data.label_space
    assert [info.name for info in space.datasets] == ["folder", "folder_2"]
    assert space.width == 2 + 3 + 2 and space.find("folder_2.happy") == (1, "happy")
    assert data.counts == [len(data.train[0]), len(data.train[1])]
    assert data.train[1].enlarge().info.name == "folder_2"
    assert data.held_out[1].info == data.train[1].info
    assert data.train[1].load(0).dtype == np.uint8


def test_one_domain_is_nothing_to_train_on(domains):
    config = resolve({"dataset": "folder", "data_dir": domains("pets", "cat")})
    with pytest.raises(
        InputError, match="two domains. Received: data set 'folder' with cat"
    ):
        open_data(config)


@pytest.mark.parametrize(
    ("start", "stop", "every", "expected"),
    [
        (0, 60, 20, [(20, 0, 3)]),
        (20, 60, 20, [(20, 1, 3)]),
        (0, 50, 20, [(20, 0, 2), (10, 2, 3)]),
        (30, 70, 20, [(10, 1, 2), (20, 2, 3), (10, 3, 4)]),
        (30, 35, 20, [(5, 1, 2)]),
        (0, 5, 20, [(5, 0, 1)]),
        (40, 40, 20, []),
    ],
)
def test_epochs_end_at_multiples_of_the_interval(start, stop, every, expected):
    assert list(spans(start, stop, every)) == expected
    lengths = [steps * (last - first) for steps, first, last in expected]
    assert sum(lengths) == stop - start
