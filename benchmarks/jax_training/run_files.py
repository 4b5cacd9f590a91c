"""What a training on JAX leaves behind, and the same networks in TensorFlow."""

import json
from pathlib import Path

import keras
import numpy as np

from stargan_tf.data.info import DatasetInfo

NETWORKS = {
    "v1": ("generator",),
    "v2": ("generator", "mapping_network", "style_encoder"),
}
LARGEST_DIFFERENCE = 1e-4


def write(folder: Path, model: str, info, options, networks, inputs, outputs) -> None:
    """Writes what translates pictures, with a sample of what it computes.

    Args:
        folder: where to.
        model: v1 or v2.
        info: the `DatasetInfo`.
        options: the sizes, as `StarGAN` or `StarGANV2` names them.
        networks: {name: Keras network}.
        inputs: {network: list of arrays}.
        outputs: {network: what it computed from them}.
    """
    folder.mkdir(parents=True, exist_ok=True)
    description = {
        "model": model,
        "domains": list(info.domains),
        "label_type": info.label_type,
        "image_size": info.image_size,
        "options": options,
    }
    (folder / "networks.json").write_text(json.dumps(description, indent=2))
    sample = {}
    for name in NETWORKS[model]:
        networks[name].save_weights(folder / f"{name}.weights.h5")
        sample |= {f"{name}_in_{i}": array for i, array in enumerate(inputs[name])}
        sample[f"{name}_out"] = outputs[name]
    np.savez(folder / "sample.npz", **sample)


def compare(folder: Path) -> bool:
    """Prints how far the networks are off in this backend; whether that is little.

    Args:
        folder: of `write`.
    """
    backend = keras.backend.backend()
    sample = np.load(folder / "sample.npz")
    largest = 0.0
    for name, network in networks_of(folder).items():
        network.load_weights(folder / f"{name}.weights.h5")
        keys = sorted(key for key in sample if key.startswith(f"{name}_in_"))
        ours = np.asarray(network([sample[key] for key in keys]))
        difference = float(np.abs(ours - sample[f"{name}_out"]).max())
        print(f"{name} in {backend}: largest difference {difference:.2g}")
        largest = max(largest, difference)
    return largest <= LARGEST_DIFFERENCE


def networks_of(folder: Path) -> dict:
    """The networks that translate, of the package's model, not yet loaded.

    Args:
        folder: of `write`.
    """
    from stargan_tf import StarGAN, StarGANV2

    read = json.loads((folder / "networks.json").read_text())
    info = DatasetInfo(
        "images", tuple(read["domains"]), read["label_type"], read["image_size"]
    )
    if read["model"] == "v1":
        return {"generator": StarGAN(info, **read["options"]).generator}
    model = StarGANV2(info, **read["options"])
    return {name: getattr(model, f"{name}_ema") for name in NETWORKS["v2"]}
