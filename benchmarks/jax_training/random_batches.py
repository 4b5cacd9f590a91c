"""Random batches and training iterations on them, for JAX and for PyTorch.

An iteration is what the released code does between two updates of the generator: 5
critic updates and 1 of the generator (v1), the four updates and the averages (v2).
"""

import numpy as np

LABELS, DOMAINS = 5, 3


def arrays(model: str, size: int, batch: int) -> dict[str, np.ndarray]:
    """What both libraries compute on; images are NHWC.

    Args:
        model: v1 or v2.
        size: side of the images in pixels.
        batch: number of images.
    """
    random = np.random.default_rng(0)
    images = random.uniform(-1, 1, (3, batch, size, size, 3)).astype("float32")
    label = random.integers(0, 2, (batch, LABELS)).astype("float32")
    latents = random.standard_normal((2, batch, 16)).astype("float32")
    alpha = random.uniform(0, 1, (batch, 1, 1, 1)).astype("float32")
    domain = np.arange(batch, dtype="int32")
    if model == "v1":
        return {"image": images[0], "label": label, "alpha": alpha}
    return {
        "images": images,
        "latents": latents,
        "domain": domain % DOMAINS,
        "target": (domain + 1) % DOMAINS,
    }


def jax_iteration(model: str, size: int, batch: int, dtype: str):
    """The iteration in JAX.

    Args:
        model: v1 or v2.
        size: side of the images in pixels.
        batch: number of images.
        dtype: Keras' dtype policy.

    Returns:
        (jitted steps of one iteration, each (state, batch) → (state, terms), in order;
        the first state; the batch).
    """
    import jax

    from jax_training.build import CRITIC_STEPS, build_v1, build_v2
    from jax_training.phases_v1 import BatchV1
    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.stargan_v2.model import Batch

    def compiled(step):
        return jax.jit(step, donate_argnums=0)

    given = jax.device_put(arrays(model, size, batch))
    if model == "v1":
        info = DatasetInfo("faces", tuple("abcde"), "binary", size)
        phases, state = build_v1(info, dtype)
        label = given["label"]
        data = BatchV1(given["image"], label, label[::-1], given["alpha"])
        critic = compiled(phases.critic_only)
        return [critic] * (CRITIC_STEPS - 1) + [compiled(phases.both)], state, data
    info = DatasetInfo("animals", tuple("abc"), "one_hot", size)
    phases, state = build_v2(info, dtype)
    image, reference, reference_2 = given["images"]
    data = Batch(
        image,
        given["domain"],
        reference,
        reference_2,
        given["target"],
        *given["latents"],
        None,
    )
    return [compiled(phases.iteration)], state, data


def torch_iteration(model: str, size: int, batch: int, device: str, autocast):
    """The same iteration of `benchmarks/peer`, as a function without arguments.

    Args:
        model: v1 or v2.
        size: side of the images in pixels.
        batch: number of images.
        device: where.
        autocast: a type for `torch.autocast`, or None.
    """
    import torch
    from peer import stargan_v1, stargan_v2

    def tensor(array):
        tensor = torch.tensor(array, device=device)
        channels_first = tensor.ndim > 3 and tensor.shape[-1] == 3
        return tensor.movedim(-1, -3).contiguous() if channels_first else tensor

    given = {name: tensor(array) for name, array in arrays(model, size, batch).items()}
    if model == "v1":
        training = stargan_v1.Training(size, LABELS, device, autocast)
        image, label = given["image"], given["label"]

        def iteration():
            for _ in range(5):
                training.critic_step(image, label, label.flip(0))
            training.generator_step(image, label, label.flip(0))

        return iteration
    training = stargan_v2.Training(size, DOMAINS, device, autocast)
    image, *references = given["images"]
    domain, target = given["domain"].long(), given["target"].long()
    latents = list(given["latents"])
    return lambda: training.iteration(image, domain, references, target, latents)
