"""The models without TensorFlow that the tests of translation use, too."""

from tests.translation.conftest import animals, joint, model, paint, pixels

__all__ = ["animals", "joint", "model", "paint", "pixels"]
