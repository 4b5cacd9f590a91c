"""What a user has set for all of Keras changes none of our networks."""

import keras
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation.classifier import build_residual_network
from stargan_tf.evaluation.inception import build_inception
from stargan_tf.evaluation.lpips import build_trunk
from stargan_tf.layers.precision import keras_settings
from stargan_tf.models.stargan.model import StarGAN
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.models.stargan_v2.networks import GeneratorV2

MOODS = DatasetInfo("moods", ("happy", "sad"), "one_hot", 64)
V1 = {
    "base_filters": 2,
    "num_residual_blocks": 1,
    "discriminator_filters": 2,
    "discriminator_layers": 3,
}
V2 = {
    "style_dim": 3,
    "latent_dim": 2,
    "hidden_dim": 4,
    "base_filters": 2,
    "max_filters": 4,
}
GENERATOR_V2 = {
    "image_size": 64,
    "style_dim": 3,
    "base_filters": 2,
    "max_filters": 4,
    "high_pass": 1.0,
}
DESCRIPTIONS = {
    "v1": (StarGAN, V1),
    "v1 blocks": (StarGAN, V1 | {"conditioning": "blocks"}),
    "v1 blend": (StarGAN, V1 | {"output": "blend"}),
    "v2": (StarGANV2, V2),
    "v2 generator": (GeneratorV2, GENERATOR_V2),
}


@pytest.fixture
def settings():
    """settings(policy, floatx, data_format): as a user sets them, until the end."""

    def choose(policy, floatx="float32", data_format="channels_last"):
        keras.config.set_dtype_policy(policy)
        keras.config.set_floatx(floatx)
        keras.config.set_image_data_format(data_format)

    with keras_settings(keras.config.dtype_policy()):
        yield choose


def unpacked(values):
    return values[0] if len(values) == 1 else values


def outputs(model):
    """What all networks of a model make of the same inputs."""
    rng = np.random.default_rng(1)
    inputs = {}
    networks = [network for network in model.layers if hasattr(network, "inputs")]
    for network in networks or [model]:
        for one in network.inputs:
            shape = [side or 64 for side in one.shape[1:]]
            if one.name not in inputs:
                inputs[one.name] = rng.uniform(-1, 1, (2, *shape)).astype("float32")
            if one.dtype == "int32":
                inputs[one.name] = np.array([0, 1], np.int32)
    return [
        keras.ops.convert_to_numpy(array)
        for network in networks or [model]
        for array in keras.tree.flatten(
            network(unpacked([inputs[one.name] for one in network.inputs]))
        )
    ]


@pytest.mark.parametrize("kind", DESCRIPTIONS)
def test_a_model_is_the_same_in_any_settings(settings, kind):
    model_class, options = DESCRIPTIONS[kind]
    datasets = () if model_class is GeneratorV2 else (MOODS,)
    plain = model_class(*datasets, **options)
    expected = outputs(plain)
    settings("mixed_bfloat16", "float16", "channels_first")
    model = model_class(*datasets, **options, dtype="float32")
    model.set_weights(plain.get_weights())
    for ours, theirs in zip(outputs(model), expected, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_logs_and_moments_are_float32_in_any_settings(settings, policy):
    settings("float32", "float16", "channels_first")
    model = StarGAN(MOODS, **V1, dtype=policy)
    model.compile()
    assert {metric.dtype for metric in model.metrics} == {"float32"}
    moments = model.generator_optimizer.variables[2:]
    assert {moment.dtype for moment in moments} == {"float32"}


def test_a_policy_that_the_user_chose_is_the_models_and_no_saved_models(
    settings, tmp_path
):
    StarGAN(MOODS, **V1).save(tmp_path / "plain.keras")
    settings("mixed_bfloat16")
    assert StarGAN(MOODS, **V1).dtype_policy.name == "mixed_bfloat16"
    before = keras.config.dtype_policy()
    loaded = keras.models.load_model(tmp_path / "plain.keras")
    networks = loaded.generator.layers + loaded.discriminator.layers
    layers = [layer for layer in networks if layer.weights]
    assert [n for n in (loaded, *layers) if n.dtype_policy.name != "float32"] == []
    assert keras.config.dtype_policy() == before


@pytest.mark.parametrize("when", ["compiled", "trained"])
def test_training_in_half_of_float32_is_refused(settings, when):
    model = StarGAN(MOODS, **V1, dtype="float32")
    settings("float32", "float16")
    if when == "compiled":
        model.compile(lr_decay="none")
        settings("float32")
    else:
        settings("float32")
        model.compile()
        settings("float32", "float16")
    batch = np.zeros((1, 64, 64, 3), np.float32), np.eye(2, dtype=np.float32)[:1]
    with pytest.raises(InputError, match=r"set_floatx\('float32'\) before compile"):
        model.train_on_batch(*batch)


def test_a_model_in_the_default_type_float16_is_refused(settings):
    settings("float16", "float16")
    with pytest.raises(InputError, match="dtype=float16"):
        StarGAN(MOODS, **V1).compile()


@pytest.mark.parametrize(
    "build",
    [
        lambda: build_trunk("alex"),
        lambda: build_trunk("vgg"),
        lambda: build_inception(True),
        lambda: build_inception(False),
        lambda: build_residual_network((96, 96, 3), 2, "tiny"),
    ],
    ids=["alexnet", "vgg", "inception", "inception of PyTorch", "classifier"],
)
def test_evaluation_networks_are_the_same_in_any_settings(settings, build):
    expected = build()
    settings("mixed_bfloat16", "float16", "channels_first")
    network = build()
    assert keras.config.floatx() == "float16"
    for ours, theirs in zip(network.layers, expected.layers, strict=True):
        assert ours.dtype_policy.name == "float32"
        config, other = ours.get_config(), theirs.get_config()
        assert config.get("data_format") == other.get("data_format")
        assert ours.output.shape == theirs.output.shape
    assert network.inputs[0].dtype == "float32"
