from setuptools import find_namespace_packages, find_packages, setup
from setuptools.command.build_py import build_py

# The trained models lie beside the package in the repository, and inside of it in a
# wheel (see stargan_tf/pretrained.py); pyproject.toml says which of their files.
MODELS = "stargan_tf.saved_models"
# Folders of data: setuptools prints a page of warnings for each that is not listed.
DATA = [
    *find_namespace_packages(
        include=["stargan_tf.demo.web*", "stargan_tf.*.templates"]
    ),
    *(f"{MODELS}.{name}" for name in find_namespace_packages("saved_models")),
]


class BuildWithoutTools(build_py):
    """Leaves out the script that makes the models: it is for the repository."""

    def find_package_modules(self, package, package_dir):
        """The modules to build: none of the folder of models."""
        if package == MODELS:
            return []
        return super().find_package_modules(package, package_dir)


setup(
    packages=[*find_packages(include=["stargan_tf*"]), MODELS, *DATA],
    package_dir={MODELS: "saved_models"},
    cmdclass={"build_py": BuildWithoutTools},
)
