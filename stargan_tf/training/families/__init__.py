"""The model families that `stargan-tf train` can build."""
