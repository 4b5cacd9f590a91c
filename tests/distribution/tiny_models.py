"""Ten steps of the smallest models, for tests that compare ways of training them."""

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.models import stargan_v2
from stargan_tf.models.stargan.model import StarGAN
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.optimizers import TorchAdam

STEPS, BATCH = 10, 4
# v2 has fewer layers the smaller its images; so small they are of no other use.
stargan_v2.SMALLEST_IMAGE = 16
HAIR = DatasetInfo("hair", ("Black", "Blond", "Male"), "binary", 16)
MOOD = DatasetInfo("mood", ("happy", "sad"), "one_hot", 16)
ANIMALS = DatasetInfo("animals", ("cat", "dog", "fox"), "one_hot", 16)


def adam(rate=1e-3):
    """Adam whose ε is far above rounding, which it would turn into whole steps."""
    return TorchAdam(rate, epsilon=1e-2, l2=1e-4)


def make_v1(options=(), training=()):
    model = StarGAN(
        [HAIR, MOOD],
        base_filters=2,
        num_residual_blocks=1,
        discriminator_filters=4,
        discriminator_layers=2,
        **dict(options),
    )
    model.compile(
        generator_optimizer=adam(),
        discriminator_optimizer=adam(),
        critic_steps=2,
        **dict(training),
    )
    return model


def make_v1_with_additions():
    return make_v1(
        {
            "output": "additive",
            "skips": True,
            "separate_classifier": True,
            "ema_decay": 0.9,
        },
        {
            "adversarial": "non_saturating",
            "targets": "asked",
            "augment": True,
            "noise": True,
            "label_smoothing": 0.2,
            "loss_weights": {"reconstruction": 0.0, "change": 1.0, "unchanged": 5.0},
        },
    )


def make_v2(**options):
    sizes = {"style_dim": 4, "latent_dim": 3, "hidden_dim": 5}
    model = StarGANV2(ANIMALS, **sizes, base_filters=2, max_filters=4, **options)
    networks = ("generator", "mapping_network", "style_encoder", "discriminator")
    optimizers = {f"{network}_optimizer": adam() for network in networks}
    model.compile(**optimizers, diversity_steps=20, ema_decay=0.9)
    return model


def batches_v1(rng):
    """Two batches of the first data set, then one of the second, and so on."""
    count = (STEPS + 1) * BATCH
    image = rng.uniform(-1, 1, (count, 16, 16, 3)).astype(np.float32)
    hair = rng.integers(0, 2, (count, 3)).astype(np.float32)
    mood = np.eye(2, dtype=np.float32)[rng.integers(0, 2, count)]
    second = (np.arange(count) // BATCH % 3 == 2)[:, np.newaxis]
    space = LabelSpace([HAIR, MOOD])
    return image, np.where(second, space.embed(mood, 1), space.embed(hair, 0))


def batches_v2(rng):
    count = (STEPS + 1) * BATCH
    image, reference, reference_2 = (
        rng.uniform(-1, 1, (count, 16, 16, 3)).astype(np.float32) for _ in range(3)
    )
    domain, target = (rng.integers(0, 3, count).astype(np.int32) for _ in range(2))
    return image, domain, reference, reference_2, target


WAYS = {
    "v1": (make_v1, batches_v1),
    "v1_with_additions": (make_v1_with_additions, batches_v1),
    "v2": (make_v2, batches_v2),
}


def train(version, strategy=None):
    """Trains on the same images however many replicas there are.

    Returns:
        {name: array} of the weights at the start, of weights and moments at the end,
        and of the logged losses.
    """
    make, draw = WAYS[version]
    data = tf.data.Dataset.from_tensor_slices(draw(np.random.default_rng(0)))
    data = data.batch(BATCH, drop_remainder=True).repeat()
    keras.utils.set_random_seed(1)
    with strategy.scope() if strategy else tf.device("CPU:0"):
        model = make()
    start = arrays_of(model, "start")
    history = model.fit(data, steps_per_epoch=STEPS, shuffle=False, verbose=0).history
    logs = {f"log/{name}": np.array(value) for name, value in history.items()}
    return {**start, **arrays_of(model, "end"), **logs}


def arrays_of(model, prefix):
    # Numbered, because names count the models of a process.
    names = [
        f"{prefix}/{i}/{v.path.split('/')[-1]}"
        for i, v in enumerate(model.training_state)
    ]
    values = [variable.numpy() for variable in model.training_state]
    return dict(zip(names, values, strict=True))
