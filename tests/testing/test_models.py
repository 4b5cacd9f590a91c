"""Each promise that a model family can break is found."""

import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.discovery import MODELS, STEERINGS
from stargan_tf.models.base import StarGANBase
from stargan_tf.models.registry import family
from stargan_tf.plugin import NETWORKS, make_option
from stargan_tf.steering import steering
from stargan_tf.testing import NotConforming, check_model
from stargan_tf.testing import models as promises
from stargan_tf.testing.datasets import guarded

# A stranger's family, steered in its own way: by changes of the labels.
DEFINITION = """
from dataclasses import replace

from stargan_tf.plugin import NETWORKS, OPTIMIZATION, LabelSteering, ModelFamily
from stargan_tf.plugin import loss_weight, make_option

SHIFT = ModelFamily(
    api_version=1,
    name="shift",
    target="shift_model:ShiftGAN",
    uses=("--to {domain} --strength 0.5 INPUT --output OUTPUT",),
    translated_by="changes",
    model_options=(make_option(NETWORKS, "filters", 4, "Width."),),
    compile_options=(make_option(OPTIMIZATION, "learning_rate", 1e-3, "Rate."),),
    loss_weights=(loss_weight("classification", 1.0, "Domain classification."),),
)


class Changes(LabelSteering):
    name = title = "changes"
    usage = ("--model DIR --to NAME --strength NUMBER INPUT --output PATH",)
    tasks = "shift_model:change_tasks"

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--strength", type=float)

    def plan(self, args, state, fitting):
        from shift_model import Changing

        plan = super().plan(args, state, fitting)
        strength = 1.0 if args.strength is None else args.strength
        return replace(plan, work=lambda model: plan.work(Changing(model, strength)))


CHANGES = Changes()
"""
MODEL = """
from dataclasses import replace

import keras
import tensorflow as tf
from keras import layers

from stargan_tf.plugin import LabelModel, LabelSpace, tape_over
from stargan_tf.steering.tasks import label_tasks


def halved(filters, x):
    return layers.LeakyReLU()(layers.Conv2D(filters, 4, 2, "same")(x))


@keras.saving.register_keras_serializable("shift")
class ShiftGAN(LabelModel):
    def __init__(self, datasets, filters=4, **kwargs):
        super().__init__(**kwargs)
        self.label_space = space = LabelSpace(datasets)
        self.arguments = {"filters": filters}
        image, change = keras.Input((None, None, 3)), keras.Input((space.width,))
        shift = layers.Reshape((1, 1, filters))(layers.Dense(filters)(change))
        x = layers.Add()([halved(filters, image), shift])
        x = layers.Conv2DTranspose(3, 4, 2, "same", activation="tanh")(x)
        self.generator = keras.Model([image, change], x)
        image = keras.Input((space.image_size, space.image_size, 3))
        x = halved(filters, halved(filters, image))
        logits = layers.Dense(space.num_domains)(layers.Flatten()(x))
        self.discriminator = keras.Model(image, [layers.Conv2D(1, 3)(x), logits])
        self.built = True

    def compile(self, learning_rate=1e-3, loss_weights=None, seed=0, **kwargs):
        self.compile_training(
            optimizers={
                "generator": keras.optimizers.Adam(learning_rate),
                "discriminator": keras.optimizers.Adam(learning_rate),
            },
            options={"learning_rate": learning_rate},
            loss_weights={"classification": 1.0} | (loss_weights or {}),
            seed=seed,
            log_names=("generator_loss", "discriminator_loss"),
            **kwargs,
        )

    def noise(self, image):
        return 0.1 * tf.random.stateless_normal(tf.shape(image), self.random_seed(1))

    def train_step(self, data):
        image, label = self.unpack_batch(data)
        target = tf.random.experimental.stateless_shuffle(label, self.random_seed(0))
        weight = self.loss_weights["classification"]
        binary = tf.nn.sigmoid_cross_entropy_with_logits
        with tape_over(self.discriminator) as d, tape_over(self.generator) as g:
            fake = self.generator([image, target - label], training=True)
            real_score, real_logits = self.discriminator(image + self.noise(image))
            score, logits = self.discriminator(fake)
            losses = {
                "discriminator": tf.reduce_mean((real_score - 1) ** 2 + score**2)
                + weight * tf.reduce_mean(binary(label, real_logits)),
                "generator": tf.reduce_mean((score - 1) ** 2)
                + weight * tf.reduce_mean(binary(target, logits)),
            }
        for network, tape in (("discriminator", d), ("generator", g)):
            variables = getattr(self, network).trainable_variables
            self.apply_gradients(network, tape.gradient(losses[network], variables))
        self.log({f"{name}_loss": loss for name, loss in losses.items()})
        self.step.assign_add(1)
        return self.get_metrics_result()


class Changing:
    '''A model that is given target labels, and takes the change to them.'''

    def __init__(self, model, strength=1.0):
        self.model, self.strength = model, strength
        self.label_space, self.classify = model.label_space, model.classify

    def translate(self, images, labels, dataset=0, mask=None):
        change = self.strength * (labels - (self.classify(images) > 0.5))
        return self.model.translate(images, change, dataset, mask)


def change_tasks(subject, options):
    return label_tasks(replace(subject, model=Changing(subject.model)), options)
"""
SMALL = {"dataset": "toon_expressions", "image_size": 32, "batch_size": 2}


@pytest.fixture
def shift(installed_package):
    """The stranger's family and steering, installed."""
    entries = {
        MODELS.name: {"shift": "shift:SHIFT"},
        STEERINGS.name: {"changes": "shift:CHANGES"},
    }
    place = installed_package("shift", DEFINITION, entries)
    (place / "shift_model.py").write_text(MODEL)
    yield family("shift")
    for cached in (family, steering):
        cached.cache_clear()
    for name in ("shift", "shift_model"):
        sys.modules.pop(name, None)


def broken(check, subject, **changes):
    """What a check finds in a family with changed fields."""
    changed = replace(subject, family=replace(subject.family, **changes))
    return "; ".join(guarded(check, changed))


def test_a_stranger_keeps_every_promise_and_each_that_it_breaks_is_found(
    shift, tmp_path, monkeypatch
):
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")  # draws only what it needs
    subject = promises.Subject(shift, SMALL, tmp_path)
    assert list(promises.broken_promises(subject)) == []

    found = broken(promises.check_code, subject, sampler="shift_model:Nobody")
    assert "sampler must name code. Received: 'shift_model:Nobody': Attrib" in found
    wider = (make_option(NETWORKS, "filters", 5, "Width."),)
    found = broken(promises.check_options, subject, model_options=wider)
    assert found.endswith("filters=5, as in model_options. Received: 4")
    found = broken(promises.check_translates, subject, uses=("INPUT --output OUTPUT",))
    assert "'INPUT --output OUTPUT' in uses must work. Received: " in found

    model = subject.model
    monkeypatch.setattr(
        type(model), "noise", lambda self, image: tf.random.normal(tf.shape(image))
    )
    shutil.rmtree(tmp_path / "resumed")
    assert "A resumed run must equal" in broken(promises.check_resumes, subject)
    model.generator.set_weights([w + np.nan for w in model.generator.get_weights()])
    assert "A loaded model must equal the saved" in broken(
        promises.check_saves, subject
    )
    assert "must be finite. Received: NaN" in broken(promises.check_evaluates, subject)


def test_a_network_that_does_not_learn(shift, tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")
    monkeypatch.setattr(promises, "STEPS", 1)
    monkeypatch.setattr(shift.model_class(), "apply_gradients", lambda *_: None)
    subject = promises.Subject(shift, SMALL, tmp_path)
    found = list(promises.check_trains(subject))
    assert [failure.partition(". ")[0] for failure in found] == [
        "1 steps must update generator",
        "1 steps must update discriminator",
    ]


def test_an_unknown_one():
    with pytest.raises(NotConforming, match="'none_such': There is no model family"):
        check_model("none_such")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (
            "stargan",
            {
                **SMALL,
                "base_filters": 4,
                "num_residual_blocks": 1,
                "discriminator_filters": 4,
                "discriminator_layers": 2,
                "critic_steps": 1,
            },
        ),
        (
            "stargan_v2",
            {
                "dataset": "toon_people",
                "base_filters": 4,
                "max_filters": 4,
                "style_dim": 4,
                "latent_dim": 4,
                "hidden_dim": 4,
            },
        ),
    ],
)
def test_our_own_keep_every_promise(name, options, monkeypatch):
    # These take long; tests/exporting looks at them in detail.
    monkeypatch.setattr(promises, "EXPORT_CHECKS", ())
    compile_training = StarGANBase.compile_training

    def compile_eager(self, **given):
        # As graphs, two steps take twice as long as everything else together.
        compile_training(self, **{**given, "run_eagerly": True})

    monkeypatch.setattr(StarGANBase, "compile_training", compile_eager)
    check_model(name, **options)
