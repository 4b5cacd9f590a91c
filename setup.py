from setuptools import find_packages, setup

# The trained models lie beside the package in the repository, and inside of it in a
# wheel (see stargan_tf/shipped.py); pyproject.toml says which of their files.
MODELS = "stargan_tf.saved_models"

setup(
    packages=[*find_packages(include=["stargan_tf*"]), MODELS],
    package_dir={MODELS: "saved_models"},
)
