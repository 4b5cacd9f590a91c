"""Demos of exported models: a web page, and a camera without TensorFlow."""
