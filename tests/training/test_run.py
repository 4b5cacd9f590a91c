import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.training.resolve import resolve
from stargan_tf.training.run import build_model

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


def test_options_that_do_not_fit_the_image_are_the_user_s_mistake():
    with pytest.raises(InputError, match="cannot be halved 6 times"):
        build(discriminator_layers=6)
