"""A model before a camera, by LiteRT and without TensorFlow."""
