"""Our numbers against the official code's (clovaai/stargan-v2 at 875b70a)."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.info import DatasetInfo
from stargan_tf.models.stargan_v2.model import Batch, StarGANV2
from tests.goldens.reference_weights import reference_array
from tests.models.golden import Golden, nhwc
from tests.models.parity import by_variable, norm_errors, weight_errors

SIZE, BATCH = 64, 2
# Of losses and gradients in float64. In the last phase Adam's first step has turned
# gradients of nearly zero, and their last bits, into whole steps; in float32 that would
# change single norms by up to 6 %.
EXACT, LAST_PHASE = 1e-6, 1e-4
OUR_NAMES = {
    "real": "real",
    "fake": "fake",
    "reg": "r1",
    "adv": "adversarial",
    "sty": "style",
    "ds": "diversity",
    "cyc": "cycle",
}


CASES = ["v2_latent_reference", "v2_high_pass"]


def build(name):
    golden = Golden(name)
    count = golden.json["num_domains"]
    masks = masks_of(golden)
    model = StarGANV2(
        DatasetInfo("animals", tuple("abc"[:count]), "one_hot", SIZE),
        **golden.options,
        mask_provider=lambda images: masks,
    )
    model.compile()
    golden.load(model)
    return golden, model


@pytest.mark.parametrize("name", CASES)
def test_every_network_computes_what_the_official_one_computed(name):
    golden, model = build(name)
    batch = make_batch(golden, model)
    for source in ("latent", "reference"):
        close(model._style(batch, source), golden.arrays[f"style_from_{source}"])
        close(model._fake(batch, source), nhwc(golden.arrays[f"fake_{source}"]))
    close(model.discriminator([batch.image, batch.domain]), golden.arrays["d_real"])


@pytest.mark.parametrize("name", CASES)
def test_every_phase_computes_what_the_official_code_computed(name, float64):
    golden, model = build(name)
    batch = make_batch(golden, model)
    for step, exact in zip(golden.json["steps"], golden.float64, strict=True):
        check_phase(golden, model, batch, step, exact)


def masks_of(golden):
    if not golden.json["w_hpf"]:
        return None
    rng = np.random.default_rng([golden.json["seed"], 99])
    count = golden.json["num_domains"]
    for _ in range(2):
        rng.integers(0, count, (BATCH,))
    masks = [rng.uniform(0, 1, (BATCH, 1, SIZE, SIZE)) for _ in range(2)]
    return nhwc(np.concatenate(masks, axis=1).astype(np.float32))


def make_batch(golden, model):
    arrays = [golden.image(name, BATCH, SIZE) for name in ("x_real", "x_ref", "x_ref2")]
    arrays += [golden.arrays[name].astype(np.int32) for name in ("y_org", "y_trg")]
    arrays += [
        reference_array(name, (BATCH, model.latent_dim), golden.json["seed"])
        for name in ("z_trg", "z_trg2")
    ]
    arrays = [
        a.astype(keras.config.floatx()) if a.dtype.kind == "f" else a for a in arrays
    ]
    image, reference, reference_2, domain, target, *latents = map(tf.constant, arrays)
    masks = model._masks(image)
    return Batch(image, domain, reference, reference_2, target, *latents, masks)


def check_phase(golden, model, batch, step, exact):
    kind, source = step["phase"].split("_")
    tolerance = LAST_PHASE if step["phase"] == "generator_reference" else EXACT
    model.reset_metrics()
    gradients = getattr(model, f"_update_{kind}")(batch, source)
    logs = model.get_metrics_result()
    for theirs, value in exact["losses"].items():
        name = f"{kind[0]}_{source}_{OUR_NAMES[theirs]}"
        assert float(logs[name]) == pytest.approx(value, rel=tolerance), name
    assert gradients.keys() == step["gradient_norms"].keys()
    for name, values in gradients.items():
        network = getattr(model, name)
        trained = by_variable(network, values)
        weights = golden.weights(network)
        expected = exact["gradient_norms"][name]
        # Some norms are nothing but rounding errors: of a bias before a norm.
        for key, error in norm_errors(weights, trained, expected, tolerance, 1e-9):
            assert error <= 1, (key, error * tolerance)
        for key, error in weight_errors(weights, step["after_step"][name], free=2):
            assert error <= 1, key


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=0)
