"""What a model is asked for besides the picture: a label, or a style."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.pictures import square_pixels
from stargan_tf.demo.device_model import DeviceModel
from stargan_tf.errors import InputError, near_names
from stargan_tf.exporting.litert_file import Runner
from stargan_tf.steering.labels import apply_target, parse_target

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Wish:
    """What the user wants, in words.

    Args:
        to: StarGAN: the domains that are on, `NAME,NAME`; StarGAN v2: one domain.
        seed: of a random style (v2), as `stargan-tf translate` counts them.
        reference: a picture whose style to take instead (v2), or None.
    """

    to: str
    seed: int = 0
    reference: Path | None = None


def generator_inputs(model: DeviceModel, wish: Wish, threads: int) -> Arrays:
    """The generator's inputs that stay the same from picture to picture.

    Args:
        model: an exported model.
        wish: what to translate to.
        threads: for the style networks.

    Returns:
        `labels` or `styles`, with a batch of 1.

    Raises:
        InputError: for names that the model does not know, or a reference that it
            cannot use.
    """
    if model.has_styles:
        return {"styles": _style(model, wish, threads)}
    if wish.reference is not None:
        raise InputError("--reference is for StarGAN v2; this model has no styles.")
    return {"labels": _label(model, wish)[None]}


def _label(model: DeviceModel, wish: Wish) -> np.ndarray:
    """The named domains are on, all others off: what the camera sees has no label."""
    space = LabelSpace(model.description["datasets"])
    target = parse_target(wish.to, space)
    info = space.datasets[target.dataset]
    none = np.zeros(len(info.domains), np.float32)
    return space.embed(apply_target(info, none, target.changes), target.dataset)


def _style(model: DeviceModel, wish: Wish, threads: int) -> np.ndarray:
    names = model.description["domains"]
    if wish.to not in names:
        raise InputError(
            f"The model has no domain '{wish.to}'. {near_names(wish.to, names)}"
        )
    domains = np.eye(len(names), dtype=np.float32)[[names.index(wish.to)]]
    runner = Runner(model.files["style"].read_bytes(), threads)
    if wish.reference is None:
        draw = np.random.default_rng(wish.seed)
        latents = draw.standard_normal((1, model.description["latent_dim"]))
        inputs = {"latents": latents.astype(np.float32), "domains": domains}
        return runner.run("map_latent", inputs)["styles"]
    picture = square_pixels(
        wish.reference,
        model.image_size,
        model.description["crop_size"],
        model.description["fit"],
    )
    inputs = {"references": model.to_input(picture), "domains": domains}
    return runner.run("encode_style", inputs)["styles"]
