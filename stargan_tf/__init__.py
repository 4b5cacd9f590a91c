"""The StarGAN family for TensorFlow and Keras 3.

Names are imported when they are first used, so that `import stargan_tf` alone does
not load TensorFlow.
"""

from importlib import import_module

from stargan_tf.version import __version__

_HOMES = {
    "StarGAN": "stargan_tf.models.stargan",
    "GeneratorV1": "stargan_tf.models.generator_v1",
    "DiscriminatorV1": "stargan_tf.models.discriminator_v1",
    "StarGANV2": "stargan_tf.models.stargan_v2",
    "GeneratorV2": "stargan_tf.models.generator_v2",
    "MappingNetwork": "stargan_tf.models.mapping_network",
    "StyleEncoder": "stargan_tf.models.style_encoder",
    "DiscriminatorV2": "stargan_tf.models.discriminator_v2",
    "LinearDecay": "stargan_tf.schedules",
    "DatasetInfo": "stargan_tf.data.info",
    "LabelSpace": "stargan_tf.data.label_space",
    "LabelledImages": "stargan_tf.data.labelled_images",
    "load_dataset": "stargan_tf.data.registry",
    "training_batches": "stargan_tf.data.pipeline",
    "evaluation_batches": "stargan_tf.data.pipeline",
    "reference_batches": "stargan_tf.data.reference_pipeline",
    "square_pixels": "stargan_tf.data.pictures",
    "load_model": "stargan_tf.training.run_folder",
    "import_checkpoint": "stargan_tf.convert.import_checkpoint",
    "save_grid": "stargan_tf.translation.grid",
    "latent_grid": "stargan_tf.translation.style_grids",
    "reference_grid": "stargan_tf.translation.style_grids",
    "interpolation_strip": "stargan_tf.translation.interpolation_strip",
    "interpolation_film": "stargan_tf.translation.interpolation_film",
    "film_frames": "stargan_tf.translation.film_frames",
    "write_film": "stargan_tf.translation.film",
    "save_styles": "stargan_tf.translation.style_file",
    "load_styles": "stargan_tf.translation.style_file",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'stargan_tf' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
