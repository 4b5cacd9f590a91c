"""A grid of held-out pictures, and a sample of what each network computes."""

import keras
import numpy as np

from jax_training.device_images import HAIR, pixels
from stargan_tf.translation.grid import save_grid

ROWS = 6
LATENTS = 2


def pictures_v1(networks, held_out, path):
    """Each picture with each attribute.

    Args:
        networks: {name: Keras network}.
        held_out: `LabelledImages`.
        path: of the grid.

    Returns:
        (inputs, outputs) of the networks, by name.
    """
    images = pixels(held_out)[:ROWS]
    labels = held_out.labels[: len(images)]
    columns, names = [images], held_out.info.domains
    for name in names:
        inputs = [_floats(images), _changed(labels, names, name)]
        outputs = _run(networks["generator"], inputs)
        columns.append(_bytes(outputs))
    save_grid(list(zip(*columns, strict=True)), ["input", *names], path)
    return {"generator": inputs}, {"generator": outputs}


def _changed(labels, names, name):
    """The labels with one attribute turned; another hair colour goes."""
    labels = labels.copy()
    if name in HAIR:
        labels[:, [names.index(colour) for colour in HAIR]] = 0.0
        labels[:, names.index(name)] = 1.0
    else:
        labels[:, names.index(name)] = 1.0 - labels[:, names.index(name)]
    return labels


def pictures_v2(networks, held_out, path):
    """Each picture in random styles of each domain, and in a reference's style.

    Args:
        networks: {name: Keras network}.
        held_out: `LabelledImages`.
        path: of the grid.

    Returns:
        (inputs, outputs) of the networks, by name.
    """
    names = held_out.info.domains
    images = pixels(held_out)
    random = np.random.default_rng(0)
    images = images[random.permutation(len(images))[:ROWS]]
    rows = len(images)
    columns, titles = [images], ["input"]
    for domain, name in enumerate(names):
        chosen = np.full(rows, domain, "int32")
        member = int(np.flatnonzero(held_out.labels[:, domain])[0])
        reference = np.repeat(held_out.load(member)[None], rows, 0)
        latents = [
            np.repeat(random.standard_normal((1, 16)), rows, 0) for _ in range(2)
        ]
        ways = [("mapping_network", latent.astype("float32")) for latent in latents]
        ways.append(("style_encoder", _floats(reference)))
        for network, given in ways:
            style = _run(networks[network], [given, chosen])
            drawn = _run(networks["generator"], [_floats(images), style])
            columns.append(_bytes(drawn))
        titles += [f"{name} 1", f"{name} 2", f"{name}, ref."]
    save_grid(list(zip(*columns, strict=True)), titles, path)
    inputs = {
        "mapping_network": [ways[0][1], chosen],
        "style_encoder": [ways[-1][1], chosen],
        "generator": [_floats(images), style],
    }
    outputs = {name: _run(networks[name], given) for name, given in inputs.items()}
    return inputs, outputs


def _run(network, inputs):
    return keras.ops.convert_to_numpy(network(inputs)).astype("float32")


def _floats(images):
    return images.astype("float32") / 127.5 - 1.0


def _bytes(images):
    return np.clip(images * 127.5 + 128.0, 0, 255).astype("uint8")
