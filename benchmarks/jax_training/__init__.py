"""StarGAN's training iterations as pure functions for Keras' JAX backend.

For `benchmarks/gpu.py`: the package's networks and loss terms, which are written in
`keras.ops`, on GPUs that have JAX and no TensorFlow.
"""
