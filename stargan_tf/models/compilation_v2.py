"""How a StarGAN v2 is set up for training."""

import functools

from stargan_tf.models.compile_checks import (
    check_at_least_one,
    check_share,
    complete_weights,
)
from stargan_tf.models.phases_v2 import SOURCES
from stargan_tf.optimizers import TorchAdam

LOSS_WEIGHTS = {"style": 1.0, "diversity": 1.0, "cycle": 1.0, "r1": 1.0}
DISCRIMINATOR_TERMS = ("loss", "real", "fake", "r1")
GENERATOR_TERMS = ("loss", "adversarial", "style", "diversity", "cycle")
LOGS = (
    *(f"d_{source}_{term}" for source in SOURCES for term in DISCRIMINATOR_TERMS),
    *(f"g_{source}_{term}" for source in SOURCES for term in GENERATOR_TERMS),
    "diversity_weight",
)
NO_DIVERSITY = "For no diversity term use loss_weights={'diversity': 0.0}."


class CompilationV2:
    """The `compile` of `StarGANV2`."""

    def compile(
        self,
        generator_optimizer=None,
        mapping_network_optimizer=None,
        style_encoder_optimizer=None,
        discriminator_optimizer=None,
        learning_rate=1e-4,
        mapping_learning_rate=1e-6,
        beta_1=0.0,
        beta_2=0.99,
        l2=1e-4,
        loss_weights=None,
        diversity_steps=100_000,
        ema_decay=0.999,
        accumulate=1,
        remat=False,
        seed=0,
        jit_compile=False,
        **kwargs,
    ):
        """Prepares training; without arguments, as the paper trains.

        Args:
            generator_optimizer: a Keras optimizer; defaults to the paper's Adam.
            mapping_network_optimizer: likewise.
            style_encoder_optimizer: likewise.
            discriminator_optimizer: likewise.
            learning_rate: rate of the default optimizers of G, E and D.
            mapping_learning_rate: rate of F's.
            beta_1: of the default optimizers.
            beta_2: likewise.
            l2: L2 in the gradients of the default optimizers; see `TorchAdam`.
            loss_weights: any of `style` (λ_sty, 1), `diversity` (λ_ds, 1), `cycle`
                (λ_cyc, 1), `r1` (λ_reg, 1).
            diversity_steps: the step at which λ_ds has fallen to zero.
            ema_decay: of the averaged networks (0.999), once per step.
            accumulate: parts in which each update computes its batch, one after
                another: less memory, the same result.
            remat: whether the networks' inner values are computed again instead of
                stored (not where R1 needs a second derivative): less memory, about
                a third more time, the same result.
            seed: of everything random in training.
            jit_compile: XLA; it makes a CPU several times slower.
            **kwargs: further arguments of `keras.Model.compile`, such as
                `run_eagerly` and `steps_per_execution`.

        Raises:
            InputError: unknown loss weight, `diversity_steps` or `accumulate` below
                1, `ema_decay`, `beta_1` or `beta_2` outside of [0, 1).
        """
        loss_weights = complete_weights(loss_weights, LOSS_WEIGHTS)
        check_at_least_one("diversity_steps", diversity_steps, NO_DIVERSITY)
        check_at_least_one("accumulate", accumulate)
        moments = {"beta_1": beta_1, "beta_2": beta_2}
        for name, share in {"ema_decay": ema_decay, **moments}.items():
            check_share(name, share)
        self.diversity_steps = diversity_steps
        self.ema_decay = ema_decay
        self.accumulate = accumulate
        self.remat = remat
        adam = functools.partial(TorchAdam, **moments, l2=l2)
        self._compile_training(
            {
                "generator": generator_optimizer or adam(learning_rate),
                "mapping_network": mapping_network_optimizer
                or adam(mapping_learning_rate),
                "style_encoder": style_encoder_optimizer or adam(learning_rate),
                "discriminator": discriminator_optimizer or adam(learning_rate),
            },
            {
                "learning_rate": learning_rate,
                "mapping_learning_rate": mapping_learning_rate,
                **moments,
                "l2": l2,
                "diversity_steps": diversity_steps,
                "ema_decay": ema_decay,
                "accumulate": accumulate,
                "remat": remat,
            },
            loss_weights,
            seed,
            LOGS,
            jit_compile=jit_compile,
            **kwargs,
        )
