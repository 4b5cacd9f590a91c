"""A loss term is an entry of its objective's table; its weight, of its family."""

from dataclasses import replace

import pytest
from keras import ops

from stargan_tf.models.family import loss_weight
from stargan_tf.models.stargan import STARGAN
from stargan_tf.models.stargan import objective as stargan
from stargan_tf.models.stargan_v2 import STARGAN_V2
from stargan_tf.models.stargan_v2 import objective as stargan_v2
from tests.models.conftest import tiny

PAPERS = {
    "stargan": (
        STARGAN,
        (stargan.CRITIC_TERMS, stargan.GENERATOR_TERMS, stargan.IDENTITY_TERMS),
    ),
    "stargan_v2": (
        STARGAN_V2,
        (stargan_v2.DISCRIMINATOR_TERMS, stargan_v2.GENERATOR_TERMS),
    ),
}


@pytest.mark.parametrize("paper", PAPERS)
def test_terms_are_weighed_by_the_family_s_options(paper):
    family, tables = PAPERS[paper]
    named = {weight for table in tables for _, weight in table.values()} - {None}
    assert named == {option.name for option in family.loss_weights}
    assert family.weights() == {o.name: o.default for o in family.loss_weights}
    assert all(option.help for option in family.loss_weights)


def test_a_new_term_is_weighed_and_logged(monkeypatch, batch):
    brightness = (lambda seen: ops.mean(seen.fake), "brightness")
    monkeypatch.setitem(stargan.GENERATOR_TERMS, "brightness", brightness)
    weights = (*STARGAN.loss_weights, loss_weight("brightness", 0.5, "Mean pixel."))
    family = replace(STARGAN, loss_weights=weights)
    monkeypatch.setattr("stargan_tf.models.stargan.model.STARGAN", family)
    model = tiny()
    model.compile(loss_weights={"reconstruction": 2.0})
    image, label = batch
    logs = model.evaluate(image, label, batch_size=4, verbose=0, return_dict=True)
    expected = (
        logs["g_adversarial"]
        + logs["g_classification"]
        + 2.0 * logs["g_reconstruction"]
        + 0.5 * logs["g_brightness"]
    )
    assert logs["g_loss"] == pytest.approx(expected, rel=1e-6)
    assert logs["g_brightness"] != 0.0
