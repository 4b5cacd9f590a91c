"""The package that `stargan-tf new-plugin` writes."""
