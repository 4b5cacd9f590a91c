"""The StarGAN family for TensorFlow and Keras 3.

Names are imported on first use, so that `import stargan_tf` does not load TensorFlow.
It enables oneDNN, TensorFlow's faster CPU kernels, unless TensorFlow has already been
imported or `TF_ENABLE_ONEDNN_OPTS` is set.
"""

import os
import sys
import warnings
from importlib import import_module

from stargan_tf.version import __version__

# By default, TensorFlow enables oneDNN only for processors with AVX-512 VNNI. It reads
# the variable once, when it is imported.
if "tensorflow" not in sys.modules:
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

_HOMES = {
    "StarGAN": "stargan_tf.models.stargan.model",
    "GeneratorV1": "stargan_tf.models.stargan.networks",
    "DiscriminatorV1": "stargan_tf.models.stargan.networks",
    "StarGANV2": "stargan_tf.models.stargan_v2.model",
    "GeneratorV2": "stargan_tf.models.stargan_v2.networks",
    "MappingNetwork": "stargan_tf.models.stargan_v2.networks",
    "StyleEncoder": "stargan_tf.models.stargan_v2.networks",
    "DiscriminatorV2": "stargan_tf.models.stargan_v2.networks",
    "LinearDecay": "stargan_tf.optimizers",
    "DatasetInfo": "stargan_tf.data.info",
    "LabelSpace": "stargan_tf.data.labels",
    "LabeledImages": "stargan_tf.data.source",
    "load_dataset": "stargan_tf.data.registry",
    "training_batches": "stargan_tf.data.sampling",
    "evaluation_batches": "stargan_tf.data.sampling",
    "reference_batches": "stargan_tf.models.stargan_v2.batches",
    "square_pixels": "stargan_tf.data.pictures",
    "StopOnNaN": "stargan_tf.callbacks",
    "SampleImages": "stargan_tf.callbacks",
    "Evaluate": "stargan_tf.callbacks",
    "KeepBest": "stargan_tf.callbacks",
    "load_model": "stargan_tf.training.run_folder",
    "landmark_provider": "stargan_tf.faces.opening",
    "detect": "stargan_tf.detection.detect",
    "evaluate": "stargan_tf.evaluation.job",
    "import_checkpoint": "stargan_tf.convert.write",
    "save_grid": "stargan_tf.translation.grid",
    "latent_grid": "stargan_tf.steering.styles",
    "reference_grid": "stargan_tf.steering.styles",
    "interpolation_strip": "stargan_tf.translation.interpolation",
    "interpolation_video": "stargan_tf.translation.interpolation",
    "video_frames": "stargan_tf.translation.interpolation",
    "write_video": "stargan_tf.translation.interpolation",
    "save_styles": "stargan_tf.steering.style_files",
    "load_styles": "stargan_tf.steering.style_files",
}

# The names in version 0.1.0.
_RENAMED = {
    "LabelledImages": "LabeledImages",
    "interpolation_film": "interpolation_video",
    "film_frames": "video_frames",
    "write_film": "write_video",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str):
    if name in _RENAMED:
        text = f"stargan_tf.{name} has been renamed to {_RENAMED[name]}."
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        name = _RENAMED[name]
    if name not in _HOMES:
        raise AttributeError(f"module 'stargan_tf' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
