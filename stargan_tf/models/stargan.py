"""StarGAN v1: one generator for all domains."""

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.data.label_space import LabelSpace
from stargan_tf.data.pixels import to_float, to_uint8
from stargan_tf.models.base import StarGANBase, watching
from stargan_tf.models.discriminator_v1 import DiscriminatorV1
from stargan_tf.models.generator_v1 import GeneratorV1
from stargan_tf.models.objective_v1 import critic_terms, generator_terms
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


@keras.saving.register_keras_serializable(package="stargan_tf")
class StarGAN(StarGANBase):
    """StarGAN v1 as a Keras model: `compile`, `fit`, `translate`, `save`.

    Args:
        datasets: one `DatasetInfo`, or several for joint training with the mask
            vector; they give the image size and the labels.
        base_filters: first width of the generator (`g_conv_dim`).
        num_residual_blocks: bottleneck depth of the generator (`g_repeat_num`).
        discriminator_filters: first width of the discriminator (`d_conv_dim`).
        discriminator_layers: its number of halvings (`d_repeat_num`).
        attention: whether the generator blends its drawing into the input by a
            learned mask (not in the paper; see `GeneratorV1`).
        conditioning: `"input"` as in the paper, or `"blocks"` (see `GeneratorV1`).

    `fit` takes batches (image, label): float32 (batch, size, size, 3) in [-1, 1] and
    float32 (batch, `label_space.width`).

    Example:

    ```python
    import stargan_tf

    faces = stargan_tf.load_dataset("toon_attributes", image_size=64)
    model = stargan_tf.StarGAN(faces.info, base_filters=16, discriminator_layers=4)
    model.compile(total_steps=1000)
    model.fit(stargan_tf.training_batches(faces), steps_per_epoch=100, epochs=10)
    ```

    With `dtype="mixed_bfloat16"` the generator runs in bfloat16; the discriminator,
    all losses and the penalty stay in float32.

    Reference: StarGAN (Choi et al. 2018), https://arxiv.org/abs/1711.09020
    """

    def __init__(
        self,
        datasets,
        base_filters=64,
        num_residual_blocks=6,
        discriminator_filters=64,
        discriminator_layers=6,
        attention=False,
        conditioning="input",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.label_space = LabelSpace(datasets)
        self._config = {
            "base_filters": base_filters,
            "num_residual_blocks": num_residual_blocks,
            "discriminator_filters": discriminator_filters,
            "discriminator_layers": discriminator_layers,
            "attention": attention,
            "conditioning": conditioning,
        }
        self.generator = GeneratorV1(
            self.label_space.width,
            base_filters,
            num_residual_blocks,
            attention,
            conditioning,
            dtype=self.dtype_policy,
            name="generator",
        )
        self.discriminator = DiscriminatorV1(
            self.label_space.image_size,
            self.label_space.num_domains,
            discriminator_filters,
            discriminator_layers,
            # Its slope is what the penalty differentiates: bfloat16 would put that
            # off by a tenth, for a small share of the work.
            dtype="float32",
            name="discriminator",
        )
        self._parts = tuple(
            (part, info.label_type)
            for part, info in zip(
                self.label_space.slices, self.label_space.datasets, strict=True
            )
        )
        self.built = True

    def call(self, inputs):
        """G(x, c): inputs [image, label] → image, float32 in [-1, 1]."""
        return self.generator(inputs)

    # --- compile -----------------------------------------------------------------

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
            critic_steps: critic updates per generator update (n_critic).
            rectified: the Fixed-Point GAN objective; see `generator_terms`.
            seed: of everything random in training.
            jit_compile: XLA; it makes a CPU several times slower.
            **kwargs: further arguments of `keras.Model.compile`, such as
                `run_eagerly` and `steps_per_execution`.

        Raises:
            ValueError: unknown loss weight or decay, `critic_steps` below 1.
        """
        unknown = set(loss_weights or {}) - set(LOSS_WEIGHTS)
        if unknown:
            raise ValueError(
                f"loss_weights takes {sorted(LOSS_WEIGHTS)}. Received: {unknown}"
            )
        if critic_steps < 1:
            raise ValueError(
                f"critic_steps must be at least 1. Received: {critic_steps}"
            )
        self.loss_weights = {**LOSS_WEIGHTS, **(loss_weights or {})}
        self.critic_steps = critic_steps
        self.rectified = rectified
        self.seed = seed
        self._compile_arguments = {
            "learning_rate": learning_rate,
            "lr_decay": lr_decay,
            "total_steps": total_steps,
        }
        arguments = (learning_rate, lr_decay, total_steps)
        self._compile_optimizers(
            {
                "generator": generator_optimizer
                or _paper_optimizer(*arguments, critic_steps),
                "discriminator": discriminator_optimizer
                or _paper_optimizer(*arguments),
            },
            jit_compile=jit_compile,
            **kwargs,
        )
        identity = ("g_identity",) if rectified else ()
        self._track((*CRITIC_LOGS, *GENERATOR_LOGS, *identity))

    def get_compile_config(self):
        """Arguments of `compile`, optimizers included; None before `compile`."""
        if not self.compiled:
            return None
        serialize = keras.saving.serialize_keras_object
        return {
            **self._compile_arguments,
            "generator_optimizer": serialize(self.generator_optimizer),
            "discriminator_optimizer": serialize(self.discriminator_optimizer),
            "loss_weights": self.loss_weights,
            "critic_steps": self.critic_steps,
            "rectified": self.rectified,
            "seed": self.seed,
            "jit_compile": self.jit_compile,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
        }

    # --- training ----------------------------------------------------------------

    def train_step(self, data):
        """One critic update and, every `critic_steps`-th round, one of the generator.

        A round is one batch of each data set; the target labels are the batch's own,
        shuffled.
        """
        image, label = self._unpack(data)
        target, alpha = self._draw(label)
        rounds = tf.convert_to_tensor(self.step.value) // len(self._parts) + 1

        def critic_only():
            fake = self.generator([image, target], training=True)
            self._update_critic(image, label, fake, alpha)

        def critic_and_generator():
            self._update_both(image, label, target, alpha)

        if self.critic_steps == 1:
            critic_and_generator()
        else:
            tf.cond(rounds % self.critic_steps == 0, critic_and_generator, critic_only)
        self.step.assign_add(1)
        return self._results()

    def test_step(self, data):
        """The losses, without an update."""
        image, label = self._unpack(data)
        target, alpha = self._draw(label)
        fake = self.generator([image, target])
        self._log_critic(self._critic_terms(image, label, fake, alpha))
        self._log_generator(self._generator_terms(image, label, target, fake))
        return self._results()

    def predict_step(self, data):
        """G(x, c) for [image, label] or a batch of (image, label)."""
        if isinstance(data, tuple) and len(data) == 1:
            data = data[0]
        return self.generator(list(data))

    def _unpack(self, data):
        image, label = data
        if label.shape[-1] != self.label_space.width:
            raise ValueError(
                f"Labels must have {self.label_space.width} columns "
                f"{[info.domains for info in self.label_space.datasets]}"
                f"{' and the mask' if self.label_space.mask_width else ''}. "
                f"Received: label.shape={label.shape}. Use LabelSpace.embed()."
            )
        return image, tf.cast(label, tf.float32)

    def _draw(self, label):
        """Target labels and the penalty's positions for this step."""
        order = tf.random.stateless_uniform(tf.shape(label)[:1], self._random_seed(0))
        target = tf.gather(label, tf.argsort(order))
        shape = (tf.shape(label)[0], 1, 1, 1)
        return target, tf.random.stateless_uniform(shape, self._random_seed(1))

    def _critic_terms(self, image, label, fake, alpha):
        return critic_terms(self.discriminator, image, label, fake, alpha, self._parts)

    def _generator_terms(self, image, label, target, fake):
        return generator_terms(
            self.generator,
            self.discriminator,
            image,
            label,
            target,
            fake,
            self._parts,
            self.rectified,
        )

    def _update_critic(self, image, label, fake, alpha):
        """One discriminator update; returns its gradients."""
        with watching(self.discriminator) as tape:
            terms = self._critic_terms(image, label, tf.stop_gradient(fake), alpha)
            loss = self._log_critic(terms)
        gradients = tape.gradient(loss, self.discriminator.trainable_variables)
        self._apply("discriminator", gradients)
        return gradients

    def _update_both(self, image, label, target, alpha):
        """One update of each network, D first; returns both networks' gradients.

        The fake is computed once: D sees it as data, G then goes on from it.
        """
        with watching(self.generator) as tape:
            fake = self.generator([image, target], training=True)
            with tape.stop_recording():
                d_gradients = self._update_critic(image, label, fake, alpha)
            terms = self._generator_terms(image, label, target, fake)
            loss = self._log_generator(terms)
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        self._apply("generator", gradients)
        return d_gradients, gradients

    def _log_critic(self, terms):
        """Weighs the critic's terms (equation 5), logs them; returns the loss."""
        weights = self.loss_weights
        loss = (
            terms["real"]
            + terms["fake"]
            + weights["classification"] * terms["classification"]
            + weights["gradient_penalty"] * terms["penalty"]
        )
        self._log({"d_loss": loss, **{f"d_{name}": v for name, v in terms.items()}})
        return loss

    def _log_generator(self, terms):
        """Weighs the generator's terms (equation 6), logs them; returns the loss."""
        loss = sum(self.loss_weights.get(n, 1.0) * value for n, value in terms.items())
        self._log({"g_loss": loss, **{f"g_{name}": v for name, v in terms.items()}})
        return loss

    # --- use ---------------------------------------------------------------------

    def translate(self, images, labels, dataset=0, mask=None, batch_size=16):
        """Redraws images so that they show the labels.

        Args:
            images: (n, height, width, 3), uint8 or float in [-1, 1]; sides are
                multiples of 4.
            labels: (n, c_i) of data set `dataset`, or (c_i,) for all images.
            dataset: which data set the labels belong to (joint models).
            mask: which data set the mask claims; another than `dataset` gives the
                paper's wrong mask (figure 7).
            batch_size: images at a time.

        Returns:
            (n, height, width, 3), uint8 if `images` were, else float32 in [-1, 1].

        Raises:
            ValueError: if shapes do not fit.
        """
        images = np.asarray(images)
        labels = self.label_space.embed(labels, dataset, mask)
        if (
            images.ndim != 4
            or images.shape[-1] != 3
            or any(side % 4 for side in images.shape[1:3])
        ):
            raise ValueError(
                "images must be (n, height, width, 3) with sides that are multiples "
                f"of 4. Received: shape {images.shape}"
            )
        if labels.ndim == 2 and len(labels) != len(images):
            raise ValueError(
                f"Give one label per image. Received: {len(images)} images, "
                f"{len(labels)} labels"
            )
        labels = np.broadcast_to(labels, (len(images), self.label_space.width))
        outputs = self._in_batches(
            lambda i: self._generate(to_float(images[i]), labels[i]),
            len(images),
            batch_size,
        )
        outputs = np.concatenate(outputs) if outputs else to_float(images)
        return to_uint8(outputs) if images.dtype == np.uint8 else outputs

    def classify(self, images, dataset=0, batch_size=16):
        """The labels that the discriminator sees.

        Args:
            images: (n, image_size, image_size, 3), uint8 or float in [-1, 1].
            dataset: which data set's labels.
            batch_size: images at a time.

        Returns:
            float32 (n, c_i): probabilities, per attribute (binary) or summing to 1.
        """
        images = np.asarray(images)
        logits = self._in_batches(
            lambda i: self._class_logits(to_float(images[i])), len(images), batch_size
        )
        logits = np.concatenate(logits)[:, self.label_space.slices[dataset]]
        if self._parts[dataset][1] == "one_hot":
            return tf.nn.softmax(logits).numpy()
        return tf.math.sigmoid(logits).numpy()

    @staticmethod
    def _in_batches(function, count, batch_size):
        starts = range(0, count, batch_size)
        return [np.asarray(function(slice(i, i + batch_size))) for i in starts]

    @tf.function(reduce_retracing=True, autograph=False)
    def _generate(self, images, labels):
        return self.generator([images, labels], training=False)

    @tf.function(reduce_retracing=True, autograph=False)
    def _class_logits(self, images):
        return self.discriminator(images, training=False)[1]

    def get_config(self):
        """Constructor arguments, the data sets' descriptions included."""
        return {
            **super().get_config(),
            **self._config,
            "datasets": self.label_space.to_list(),
        }


def _paper_optimizer(learning_rate, lr_decay, total_steps, steps_per_update=1):
    if lr_decay != "none":
        learning_rate = LinearDecay(
            learning_rate, total_steps, lr_decay, steps_per_update
        )
    return TorchAdam(learning_rate, beta_1=0.5, beta_2=0.999)
