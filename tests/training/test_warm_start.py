"""`stargan-tf train --init_from`, as a user starts it."""

import json
import shutil

import keras
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.models.stargan.model import StarGAN
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.training import checkpoints
from stargan_tf.training.config import resolve
from stargan_tf.training.warm_start import matches, warm_start
from tests.training.conftest import EAGER, PREPARED

# Labels of one model found again in another.


def info(name, *domains):
    return DatasetInfo(name, domains, "one_hot", 64)


def test_by_name_whatever_the_data_set():
    ours = LabelSpace(info("mine", "wolf", "dog", "cat"))
    theirs = LabelSpace(info("afhq", "cat", "dog", "wild"))
    assert matches(ours, theirs) == [None, 1, 0]
    assert matches(theirs, theirs) == [0, 1, 2]


def test_mask_entries_follow_their_labels():
    hair, mood = info("hair", "black", "blond"), info("mood", "happy", "sad", "angry")
    both, turned = LabelSpace([hair, mood]), LabelSpace([mood, hair])
    assert matches(turned, both) == [2, 3, 4, 0, 1, 6, 5]
    # One data set has no mask; a new one finds none.
    assert matches(LabelSpace(mood), both) == [2, 3, 4]
    assert matches(both, LabelSpace(mood)) == [None, None, 0, 1, 2, None, None]


def test_names_that_two_data_sets_share():
    one, other = info("one", "a", "same"), info("other", "same", "b")
    both = LabelSpace([one, other])
    assert matches(LabelSpace([other, one]), both)[:4] == [2, 3, 0, 1]


# A run that starts from another model.

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

V2 = {
    "style_dim": 4,
    "latent_dim": 3,
    "hidden_dim": 5,
    "base_filters": 2,
    "max_filters": 4,
}
V1 = {
    "base_filters": 2,
    "num_residual_blocks": 1,
    "discriminator_filters": 4,
    "discriminator_layers": 2,
}


def v2(*domains, seed=0):
    keras.utils.set_random_seed(seed)
    model = StarGANV2(DatasetInfo("animals", domains, "one_hot", 64), **V2)
    model.compile()
    return model


def v1(*domains, seed=0, **options):
    keras.utils.set_random_seed(seed)
    info = DatasetInfo("faces", domains, "binary", 16)
    model = StarGAN(info, **V1, **options)
    model.compile()
    return model


def save(model, folder, family):
    state = checkpoints.State(9, family, model.label_space.to_list(), [1], {})
    checkpoints.save(folder / "checkpoints", model, state, keep=1)
    return folder


def weights(network):
    return {v.path: v.numpy() for v in network.weights}


def test_v2_keeps_what_domains_share_and_the_heads_of_the_same_name(tmp_path):
    source, model = v2("cat", "dog", "wild"), v2("fox", "dog", "cat", seed=1)
    source.discriminator_optimizer.iterations.assign(7)
    fresh = weights(model.discriminator)["verdict/kernel"]
    told = warm_start(model, save(source, tmp_path, "stargan_v2"))
    assert told == (
        f"Starting from {tmp_path} (step 9). Newly initialized: the weights of fox; "
        "the optimizers. Not copied: wild."
    )
    for name in ("generator", "generator_ema"):
        ours, theirs = (weights(getattr(m, name)) for m in (model, source))
        for path, array in theirs.items():
            np.testing.assert_array_equal(ours[path], array)
    for name, path in (
        ("mapping_network", "hidden_2/kernel"),
        ("mapping_network_ema", "style/kernel"),
        ("style_encoder", "style/kernel"),
        ("discriminator", "verdict/kernel"),
    ):
        ours, theirs = (weights(getattr(m, name))[path] for m in (model, source))
        np.testing.assert_array_equal(ours[1:], theirs[[1, 0]])
        assert not np.array_equal(ours[0], theirs[0])
    ours = weights(model.discriminator)
    np.testing.assert_array_equal(ours["verdict/kernel"][0], fresh[0])
    np.testing.assert_array_equal(
        ours["trunk/last/kernel"], weights(source.discriminator)["trunk/last/kernel"]
    )
    # New heads would be moved tenfold by moments that do not know them.
    assert int(model.discriminator_optimizer.iterations.numpy()) == 0
    assert int(model.step.numpy()) == 0


def test_v2_with_the_same_domains_keeps_the_optimizers(tmp_path):
    source, model = v2("cat", "dog"), v2("cat", "dog", seed=1)
    optimizer = source.style_encoder_optimizer
    optimizer.iterations.assign(7)
    for i, moment in enumerate(optimizer._velocities):
        moment.assign(np.full(moment.shape, i, np.float32))
    told = warm_start(model, save(source, tmp_path, "stargan_v2"))
    assert told == f"Starting from {tmp_path} (step 9)."
    ours = model.style_encoder_optimizer
    assert int(ours.iterations.numpy()) == 7
    assert float(np.max(ours._velocities[3])) == 3.0


def test_stand_ins_of_an_import_are_told(tmp_path):
    save(v2("cat", "dog"), tmp_path, "stargan_v2")
    record = {"not_in_the_checkpoint": ["the discriminator", "the optimizers"]}
    (tmp_path / "import.json").write_text(json.dumps(record))
    told = warm_start(v2("cat", "fox"), tmp_path)
    assert "Newly initialized: the weights of fox; the discriminator; the optim" in told


def test_optimizers_of_another_package_are_not_needed(tmp_path):
    source = v2("cat", "dog")

    @keras.saving.register_keras_serializable(package="elsewhere")
    class Foreign(keras.optimizers.SGD):
        pass

    Foreign.__module__ = "elsewhere.optimizers"
    source.compile(optimizer=Foreign())
    told = warm_start(v2("cat", "dog"), save(source, tmp_path, "stargan_v2"))
    assert "Newly initialized: the optimizers." in told


@pytest.mark.parametrize("conditioning", ["input", "blocks"])
def test_v1_labels_are_found_by_name(tmp_path, conditioning):
    source = v1("Black", "Male", "Young", conditioning=conditioning)
    model = v1("Young", "Smile", seed=1, conditioning=conditioning)
    told = warm_start(model, save(source, tmp_path, "stargan"))
    assert "the weights of Smile; the optimizers. Not copied: Black, Male." in told
    ours, theirs = (weights(m.generator)["stem/kernel"] for m in (model, source))
    np.testing.assert_array_equal(ours[:, :, :3], theirs[:, :, :3])
    np.testing.assert_array_equal(ours[:, :, 3], theirs[:, :, 5])
    assert not np.array_equal(ours[:, :, 4], theirs[:, :, 4])
    ours, theirs = (weights(m.discriminator)["classes/kernel"] for m in (model, source))
    np.testing.assert_array_equal(ours[..., 0], theirs[..., 2])
    if conditioning == "blocks":
        path = "residual_1/norm_2/affine/kernel"
        ours, theirs = (weights(m.generator)[path] for m in (model, source))
        np.testing.assert_array_equal(ours[0], theirs[2])


def one_hot_v1(*domains, seed=0, **options):
    keras.utils.set_random_seed(seed)
    model = StarGAN(DatasetInfo("kinds", domains, "one_hot", 16), **V1, **options)
    model.compile()
    return model


def test_v1_labels_of_adain_are_found_by_name(tmp_path):
    options = {"conditioning": "adain", "multi_task": True}
    names = "abcdefgh"
    source = one_hot_v1(*names, **options)
    model = one_hot_v1(*names[::-1], seed=1, **options)
    warm_start(model, save(source, tmp_path, "stargan"))
    ours, theirs = (weights(m.generator) for m in (model, source))
    np.testing.assert_array_equal(ours["stem/kernel"], theirs["stem/kernel"])
    path = "residual_1/norm_2/affine/kernel"
    np.testing.assert_array_equal(ours[path], theirs[path][::-1])
    path = "patches/kernel"
    ours, theirs = (weights(m.discriminator)[path] for m in (model, source))
    np.testing.assert_array_equal(ours, theirs[..., ::-1])


def test_v2_with_latent_injection_keeps_what_domains_share(tmp_path, monkeypatch):
    monkeypatch.setitem(V2, "latent_injection", True)
    source, model = v2("cat", "dog", "wild"), v2("dog", "cat", "wild", seed=1)
    warm_start(model, save(source, tmp_path, "stargan_v2"))
    for name in ("style_encoder", "style_encoder_ema"):
        ours, theirs = (weights(getattr(m, name)) for m in (model, source))
        for path, array in theirs.items():
            np.testing.assert_array_equal(ours[path], array)
    ours, theirs = (weights(m.generator_ema) for m in (model, source))
    affine = [path for path in theirs if path.endswith("affine/kernel")]
    assert affine
    for path in affine:
        np.testing.assert_array_equal(ours[path], theirs[path][[0, 1, 2, 4, 3, 5]])


def test_v1_labels_of_averages_are_found_by_name(tmp_path):
    options = {"conditioning": "blocks", "ema_decay": 0.9}
    source = v1("Black", "Male", "Young", **options)
    averages = source.generator_ema
    averages.set_weights([weight + 1.0 for weight in averages.get_weights()])
    model = v1("Young", "Smile", seed=1, **options)
    warm_start(model, save(source, tmp_path, "stargan"))
    for path, axis, first in (
        ("stem/kernel", 2, 3),
        ("residual_1/norm_1/affine/kernel", 0, 0),
    ):
        ours, theirs = (
            np.moveaxis(weights(m.generator_ema)[path], axis, 0)
            for m in (model, source)
        )
        np.testing.assert_array_equal(ours[first], theirs[first + 2])


def test_v1_labels_of_a_projection_are_found_by_name(tmp_path):
    source = v1("Black", "Male", "Young", projection=True)
    model = v1("Young", "Smile", seed=1, projection=True)
    warm_start(model, save(source, tmp_path, "stargan"))
    ours, theirs = (weights(m.discriminator) for m in (model, source))
    np.testing.assert_array_equal(ours["patches/kernel"], theirs["patches/kernel"])
    ours, theirs = (layer["label_patches/kernel"] for layer in (ours, theirs))
    np.testing.assert_array_equal(ours[..., 0], theirs[..., 2])
    assert not np.array_equal(ours[..., 1], theirs[..., 1])


def test_networks_options_come_from_the_model(tmp_path):
    save(v2("cat", "dog"), tmp_path, "stargan_v2")
    given = {"init_from": str(tmp_path), "dataset": "toon_people"}
    config = resolve(given)
    assert config.family == "stargan_v2"
    assert config.image_size == 64
    assert {
        name: value
        for name, value in config.model_options.items()
        if name != "mask_provider"
    } == {
        **V2,
        "high_pass": 0.0,
        "generator_filters": None,
        "upsampling": "nearest",
        "latent_injection": False,
    }
    # A preset yields, a flag must agree, the run's own file needs no model any more.
    assert resolve({**given, "preset": "stargan_v2_afhq_256"}).image_size == 64
    with pytest.raises(
        InputError, match="A run with --init_from must keep style_dim=4"
    ):
        resolve({**given, "style_dim": "8"})
    again = resolve({**config.to_dict(), "init_from": "gone"})
    assert again.model_options == config.model_options
    with pytest.raises(InputError, match="There is no model gone"):
        resolve({**given, "init_from": "gone"})


NETWORKS = ("base_filters", "num_residual_blocks", "discriminator_filters")


def test_a_run_from_another_run(toy_run, tiny):
    first, second = (toy_run(name, PREPARED) for name in ("first", "second"))
    short = ["--steps=2", "--checkpoint_every=2", "--sample_every=100"]
    status, _, errors = first.finish(*tiny, *short, **EAGER)
    assert status == 0, errors

    # The networks' options need not be said again.
    flags = [f"--init_from={first.folder}", "--dataset=toy", "--attributes=Bright"]
    flags += [*short, "--batch_size=4", "--critic_steps=2"]
    status, output, errors = second.finish(*flags, **EAGER)
    assert status == 0, errors
    assert (
        f"Starting from {first.folder} (step 2). Newly initialized: the optimizers. "
        "Not copied: Red.\n"
    ) in output
    configs = [
        json.loads((run.folder / "config.json").read_text()) for run in (first, second)
    ]
    for name in (*NETWORKS, "image_size", "discriminator_layers"):
        assert configs[0][name] == configs[1][name]

    status, _, errors = toy_run("third").finish(*flags, "--base_filters=8")
    assert status == 2
    assert "A run with --init_from must keep base_filters=4" in errors
    assert errors.count("\n") == 1

    # It goes on without the model that it began with.
    shutil.rmtree(first.folder)
    status, output, errors = second.finish("--steps=3", **EAGER)
    assert status == 0, errors
    assert "Resuming from step 2" in output


def test_an_imported_model_is_no_run(toy_run, tiny, tmp_path):
    folder = toy_run("imported").folder
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "import.json").write_text("{}")
    status, _, errors = toy_run("imported").finish(*tiny)
    assert status == 2
    assert f"pass --init_from {folder} and another --run." in errors
