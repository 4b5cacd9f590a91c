"""Our numbers against the official code's (yunjey/stargan at 94dd002)."""

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.info import DatasetInfo
from stargan_tf.models.stargan import StarGAN
from tests.models.golden import Golden, nhwc
from tests.models.parity import by_variable, norm_errors, weight_errors

ATTRIBUTES = DatasetInfo("celeba", tuple("abcde"), "binary", 32)
EXPRESSIONS = DatasetInfo("rafd", tuple("fghijklm"), "one_hot", 32)
CASES = {
    "v1_attributes": [ATTRIBUTES],
    "v1_expressions": [EXPRESSIONS],
    "v1_joint": [ATTRIBUTES, EXPRESSIONS],
}


@pytest.fixture(params=CASES)
def case(request):
    golden = Golden(request.param)
    model = StarGAN(CASES[request.param], **golden.options)
    model.compile(critic_steps=1, lr_decay="none")
    golden.load(model)
    return golden, model


def test_every_step_computes_what_the_official_code_computed(case):
    golden, model = case
    for step in golden.json["steps"]:
        check_step(golden, model, step)


def check_step(golden, model, step):
    prefix = step["dataset"].lower()
    image = tf.constant(golden.image("x_real", 4, 32))
    arrays = {
        name: golden.arrays[f"{prefix}_{name}"]
        for name in ("c_org", "c_trg", "alpha", "fake", "d_src_real", "d_cls_real")
    }
    label, target = tf.constant(arrays["c_org"]), tf.constant(arrays["c_trg"])
    alpha = tf.constant(arrays["alpha"])

    close(model.generator([image, target]), nhwc(arrays["fake"]), 1e-5)
    patches, classes = model.discriminator(image)
    close(patches, nhwc(arrays["d_src_real"]), 1e-5)
    close(classes, arrays["d_cls_real"], 1e-5)

    model.reset_metrics()
    d_gradients, g_gradients = model._update_both(image, label, target, alpha)
    check_losses(model, step)
    both = {"discriminator": d_gradients, "generator": g_gradients}
    for name, gradients in both.items():
        network = getattr(model, name)
        weights = golden.weights(network)
        trained = by_variable(network, gradients)
        recorded = step[f"{name[0]}_gradient_norms"]
        for key, error in norm_errors(weights, trained, recorded, 1e-3):
            assert error <= 1, key
        for key, error in weight_errors(weights, step[f"{name}_after_step"], free=1):
            assert error <= 1, key


def check_losses(model, step):
    logs = {name: float(value) for name, value in model._results().items()}
    theirs = {
        "d_real": "d_loss_real",
        "d_fake": "d_loss_fake",
        "d_classification": "d_loss_cls",
        "d_penalty": "d_loss_gp",
        "g_adversarial": "g_loss_fake",
        "g_classification": "g_loss_cls",
        "g_reconstruction": "g_loss_rec",
    }
    for our_name, their_name in theirs.items():
        assert logs[our_name] == pytest.approx(step[their_name], rel=1e-4), our_name


def close(ours, theirs, tolerance):
    np.testing.assert_allclose(ours, theirs, atol=tolerance, rtol=0)
