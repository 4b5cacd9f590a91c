"""The package's networks, with the papers' optimizers."""

from jax_training.phases_v1 import PhasesV1
from jax_training.phases_v2 import AVERAGED, PhasesV2
from jax_training.state import Network, start
from stargan_tf.data.labels import LabelSpace
from stargan_tf.models.stargan.networks import DiscriminatorV1, GeneratorV1
from stargan_tf.models.stargan_v2.model import make_networks
from stargan_tf.optimizers import LinearDecay, TorchAdam

CRITIC_STEPS = 5


def build_v1(datasets, dtype=None, total_steps=None, **options):
    """StarGAN v1 as the package's `StarGAN` builds and compiles it.

    Args:
        datasets: one `DatasetInfo`, or several.
        dtype: the generator's dtype policy; the discriminator stays in float32.
        total_steps: length of the training for the paper's decay of the rate.
        **options: sizes, as `StarGAN` names them.

    Returns:
        (phases, state).
    """
    space = LabelSpace(datasets)
    generator = GeneratorV1(
        space.width,
        options.get("base_filters", 64),
        options.get("num_residual_blocks", 6),
        dtype=dtype,
        name="generator",
    )
    discriminator = DiscriminatorV1(
        space.image_size,
        space.num_domains,
        options.get("discriminator_filters", 64),
        options.get("discriminator_layers", 6),
        dtype="float32",
        name="discriminator",
    )
    networks = {
        "generator": Network(generator, _adam_v1(total_steps, CRITIC_STEPS)),
        "discriminator": Network(discriminator, _adam_v1(total_steps)),
    }
    kinds = [info.label_type for info in space.datasets]
    parts = tuple(zip(space.slices, kinds, strict=True))
    return PhasesV1(networks, parts), start(networks)


def _adam_v1(total_steps, steps_per_update=1):
    rate = 1e-4
    if total_steps:
        rate = LinearDecay(rate, total_steps, steps_per_update=steps_per_update)
    return TorchAdam(rate, beta_1=0.5, beta_2=0.999)


def build_v2(info, dtype=None, diversity_steps=100_000, **options):
    """StarGAN v2 as the package's `StarGANV2` builds and compiles it.

    Args:
        info: the `DatasetInfo`.
        dtype: the networks' dtype policy.
        diversity_steps: the iteration at which λ_ds has fallen to zero.
        **options: sizes, as `StarGANV2` names them.

    Returns:
        (phases, state).
    """
    sizes = {
        "style_dim": 64,
        "latent_dim": 16,
        "hidden_dim": 512,
        "base_filters": None,
        "max_filters": 512,
        "high_pass": 0.0,
        "generator_filters": None,
        "separable": False,
        **options,
    }
    models = make_networks(
        image_size=info.image_size, num_domains=len(info.domains), dtype=dtype, **sizes
    )
    networks = {}
    for name, model in models._asdict().items():
        rate = 1e-6 if name == "mapping_network" else 1e-4
        networks[name] = Network(model, TorchAdam(rate, 0.0, 0.99, l2=1e-4))
    return PhasesV2(networks, diversity_steps), start(networks, AVERAGED)
