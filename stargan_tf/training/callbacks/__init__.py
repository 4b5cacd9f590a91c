"""Keras callbacks of a training run, one concept per file."""
