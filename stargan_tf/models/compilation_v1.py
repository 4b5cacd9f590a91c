"""How a StarGAN v1 is set up for training."""

from stargan_tf.models.compile_checks import check_at_least_one, complete_weights
from stargan_tf.optimizers import TorchAdam
from stargan_tf.schedules import LinearDecay

LOSS_WEIGHTS = {
    "classification": 1.0,
    "reconstruction": 10.0,
    "gradient_penalty": 10.0,
    "identity": 10.0,
}
CRITIC_LOGS = ("d_loss", "d_real", "d_fake", "d_classification", "d_penalty")
GENERATOR_LOGS = ("g_loss", "g_adversarial", "g_classification", "g_reconstruction")


class CompilationV1:
    """The `compile` of `StarGAN`."""

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        learning_rate=1e-4,
        lr_decay="paper",
        total_steps=200_000,
        loss_weights=None,
        critic_steps=5,
        rectified=False,
        seed=0,
        jit_compile=False,
        **kwargs,
    ):
        """Prepares training; without arguments, as the paper trains.

        Args:
            generator_optimizer: a Keras optimizer; defaults to the paper's Adam.
            discriminator_optimizer: likewise.
            learning_rate: rate of the default optimizers.
            lr_decay: how it falls: `"paper"`, `"official"` (see `LinearDecay`) or
                `"none"`.
            total_steps: length of the training in batches, for the decay.
            loss_weights: any of `classification` (λ_cls, 1), `reconstruction`
                (λ_rec, 10), `gradient_penalty` (λ_gp, 10), `identity` (10, used
                only if `rectified`).
            critic_steps: critic updates per generator update (n_critic); in joint
                training each data set counts its own.
            rectified: the generator's objective of Fixed-Point GAN as released: every
                term over target and own label, and an identity loss.
            seed: of everything random in training.
            jit_compile: XLA; it makes a CPU several times slower.
            **kwargs: further arguments of `keras.Model.compile`, such as
                `run_eagerly` and `steps_per_execution`.

        Raises:
            InputError: unknown loss weight or decay, `critic_steps` below 1.
        """
        loss_weights = complete_weights(loss_weights, LOSS_WEIGHTS)
        check_at_least_one("critic_steps", critic_steps)
        self.critic_steps, self.rectified = critic_steps, rectified
        rate = {
            "learning_rate": learning_rate,
            "lr_decay": lr_decay,
            "total_steps": total_steps,
        }
        identity = ("g_identity",) if rectified else ()
        self._compile_training(
            {
                "generator": generator_optimizer
                or _paper_optimizer(**rate, steps_per_update=critic_steps),
                "discriminator": discriminator_optimizer or _paper_optimizer(**rate),
            },
            {**rate, "critic_steps": critic_steps, "rectified": rectified},
            loss_weights,
            seed,
            (*CRITIC_LOGS, *GENERATOR_LOGS, *identity),
            jit_compile=jit_compile,
            **kwargs,
        )


def _paper_optimizer(learning_rate, lr_decay, total_steps, steps_per_update=1):
    if lr_decay != "none":
        learning_rate = LinearDecay(
            learning_rate, total_steps, lr_decay, steps_per_update
        )
    return TorchAdam(learning_rate, beta_1=0.5, beta_2=0.999)
