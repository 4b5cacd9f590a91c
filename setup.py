from setuptools import find_packages, setup

# The trained models lie beside the package in the repository, and inside of it in a
# wheel (see stargan_tf/shipped.py).
MODELS = "stargan_tf.saved_models"

setup(
    packages=[*find_packages(include=["stargan_tf*"]), MODELS],
    package_dir={MODELS: "saved_models"},
    package_data={
        MODELS: [
            f"*/{kind}"
            for kind in ("checkpoints/*/model.keras", "checkpoints/*/state.json")
        ]
        + ["*/litert/*.json", "*/litert/*.tflite"]
    },
)
