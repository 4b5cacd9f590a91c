"""Tiny models, and exports of them."""

import warnings

import keras

from stargan_tf.data.info import DatasetInfo
from stargan_tf.exporting.saved_model import export_saved_model
from stargan_tf.models.stargan.model import StarGAN
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.training import checkpoints
from stargan_tf.training.run_folder import find_checkpoint

HAIR = ("Black", "Blond")
FACES = DatasetInfo("faces", (*HAIR, "Male"), "binary", 16, (HAIR,))
MOODS = DatasetInfo("moods", ("happy", "sad"), "one_hot", 16)
ANIMALS = DatasetInfo("animals", ("cat", "dog", "fox"), "one_hot", 64)


def label_model(datasets=FACES, dtype="float32"):
    return StarGAN(
        datasets,
        base_filters=2,
        num_residual_blocks=1,
        discriminator_filters=4,
        discriminator_layers=2,
        dtype=dtype,
    )


def joint_model():
    """A StarGAN of two data sets."""
    keras.utils.set_random_seed(1)
    return label_model([FACES, MOODS])


def style_model(**kwargs):
    """A StarGAN v2 whose EMA networks differ from the others."""
    # Some random networks of two filters have a channel that is nearly constant; the
    # norms would blow up its rounding errors.
    keras.utils.set_random_seed(1)
    sizes = {"style_dim": 4, "latent_dim": 3, "hidden_dim": 5}
    model = StarGANV2(ANIMALS, base_filters=2, max_filters=4, **sizes, **kwargs)
    for network in (model.generator_ema, model.style_encoder_ema):
        network.set_weights([1.1 * w for w in network.get_weights()])
    return model


def exported(folder, model, family, check=True):
    """(the Keras model, its SavedModel's folder, how they agree)."""
    infos = model.label_space.to_list()
    state = checkpoints.State(7, family, infos, [0] * len(infos), {})
    checkpoints.save(folder / "checkpoints", model, state, keep=1)
    saved, state = find_checkpoint(folder)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Compared on random images")
        output = folder / "tiny"
        version, agreement = export_saved_model(saved, state, output, check)
    return model, version, agreement
