"""The base class of all models: an optimizer per network, a step counter, saving."""

import contextlib
import functools
import inspect
import itertools
import warnings
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from stargan_tf.data.info import BINARY, DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.distribution.replicas import (
    check_compilation,
    distributed_function,
    scale_for_replicas,
    update_copies,
)
from stargan_tf.errors import InputError
from stargan_tf.layers.precision import at_least_float32
from stargan_tf.models.inputs import check_arguments, with_checked_first
from stargan_tf.optimizers import SharedLearningRate
from stargan_tf.private_interfaces import BuiltModel

# Key in a saved model's store, next to the model's own variables, which Keras numbers.
_SET_RATE = "learning_rate"


class StarGANBase(BuiltModel):
    """A `keras.Model` with one optimizer per network.

    It adds what Keras' own `compile` does not provide: optimizers that are built
    immediately (Keras silently resets an unbuilt optimizer when a saved model is
    loaded), saved compile arguments, and `step`, the number of training batches seen.
    All random numbers are a function of (seed, step), so a resumed run repeats the
    uninterrupted one.

    A subclass sets `label_space`, `arguments` (the constructor arguments other than
    the data sets), and its networks. Its `compile` calls `compile_training`. Its
    `train_step` generates random numbers with `tf.random.stateless_*` and
    `random_seed`, calls `apply_gradients` for each network and `weigh` or `log` for
    each loss, adds 1 to `step`, and returns `get_metrics_result()`.

    Raises:
        InputError: if the backend of Keras is not TensorFlow.
    """

    # How image files become inputs, a `Preparation`; set if the saved model records it.
    preparation = None
    # Updates after which the learning rate is zero, or None if it never is.
    total_steps = None

    def __init__(self, **kwargs):
        if keras.backend.backend() != "tensorflow":
            raise InputError(
                "Models of stargan_tf need TensorFlow as the backend of Keras. "
                f"Received: {keras.backend.backend()}. Set KERAS_BACKEND=tensorflow "
                "before Keras is imported. The networks alone, such as GeneratorV1, "
                "run on any backend."
            )
        super().__init__(**kwargs)
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            # All replicas count the same steps.
            aggregation="only_first_replica",
        )

    # === Saved models ===

    @classmethod
    def from_preset(cls, preset, load_weights=True, **kwargs):
        """Creates a model with the architecture and the weights of a preset.

        Example:

        ```python
        model = stargan_tf.StarGAN.from_preset("toon_attributes")
        model.translate(images, "Blond_Hair")
        ```

        Args:
            preset: anything that `stargan_tf.load_model` opens: a run or one of its
                checkpoints, a folder written by `save_to_preset`, a `.keras` file, an
                address such as `hf://user/model`, or the name of a pretrained model
                that comes with the package. Alternatively the name of a training
                configuration, which has an architecture but no weights;
                `stargan-tf presets` lists these.
            load_weights: whether to load the weights. If `False`, the weights are
                newly initialized.
            **kwargs: constructor arguments that replace those of the preset. If weights
                are loaded, only `dtype`, `name`, and functions such as `mask_provider`
                are accepted. A configuration without labels needs `domains`,
                `num_domains`, or `datasets`.

        Returns:
            The model. If weights are loaded, the model is compiled as it was when it
            was saved, so `fit` resumes its training; a model that was saved uncompiled
            needs `compile` first.

        Raises:
            InputError: if there is no such preset, the preset belongs to another
                class, a configuration has no weights to load, or an argument does not
                fit the weights.
        """
        from stargan_tf.training.run_folder import model_from_preset

        return model_from_preset(cls, preset, load_weights, kwargs)

    def save_to_preset(self, folder):
        """Saves the model in a folder that `from_preset` and every command can open.

        The folder has the format of a run's checkpoints: `model.keras` (architecture,
        weights, labels, and optimizers if compiled) and `state.json` (family, step,
        image preprocessing, checksum). It is written atomically.

        Args:
            folder: path of the folder. An existing preset is replaced.

        Raises:
            InputError: if the path is occupied by anything other than a preset or
                cannot be written, or if the class belongs to no installed family.
        """
        from stargan_tf.training.run_folder import save_preset

        save_preset(self, folder)

    def export(
        self,
        filepath,
        format="saved_model",
        verbose=True,
        input_signature=None,
        **options,
    ):
        """Exports the model to another format, like `stargan-tf export`.

        Args:
            filepath: path of the output folder.
            format: `"saved_model"` or its alias `"tf_saved_model"`, for TF Serving and
                `stargan-tf serve`, written to `filepath/1`, then `filepath/2`, and so
                on; `"litert"`, LiteRT files for phones and browsers; or `"torch"`,
                checkpoints for the authors' PyTorch code.
            verbose: whether to print the path of the output.
            input_signature: accepted for compatibility with `keras.Model.export`. It
                must be `None`, because each format has fixed signatures.
            **options: for `"saved_model"` and `"litert"`: `check`, whether to compare
                the outputs with those of Keras (the default is `True`). For `"litert"`
                only: `quantize` (`"none"`, `"float16"`, `"dynamic"`, or `"int8"`),
                `input_type` (`"float32"` or `"uint8"`), and `calibration_images`.

        Returns:
            `pathlib.Path` of the folder that was written.

        Raises:
            InputError: if the format is unknown or `filepath` cannot be written.
            AgreementError: if outputs of the exported model differ too much from those
                of Keras.
            ImportError: if a package that the format needs is not installed.
        """
        from stargan_tf.exporting import export_model

        if input_signature is not None:
            raise InputError(
                "The exported signatures are fixed: images, labels or styles, in every "
                f"format. Received: input_signature={input_signature!r}. Leave it out."
            )
        written = export_model(self, filepath, format, **options)
        if verbose:
            print(f"Wrote {written}")
        return written

    # === Compilation ===

    def compile_training(
        self,
        *,
        optimizers,
        options,
        loss_weights,
        seed,
        log_names,
        **kwargs,
    ):
        """Compiles the model; called by the `compile` method of each subclass.

        Args:
            optimizers: {name of a network: default optimizer}. The optimizers are built
                and attached to the model.
            options: arguments of the subclass's `compile`, to save with the model.
            loss_weights: {name: weight} of all weights, from `ModelFamily.weights`.
            seed: integer seed of all random numbers in training.
            log_names: names of the logged values, each a running mean. Names of the
                networks' losses end in `_loss`.
            **kwargs: arguments of `keras.Model.compile`, and additionally `optimizer`
                for all networks or `<network>_optimizer` for one network. Each is an
                optimizer, a name, a config, or None for the default.

        Raises:
            InputError: if the model cannot be trained with the dtype, an optimizer, or
                an argument that was given.
        """
        _check_policy(self.dtype_policy)
        _check_keras_arguments(kwargs)
        shared = kwargs.pop("optimizer", None)
        for network, default in optimizers.items():
            given = kwargs.pop(f"{network}_optimizer", None)
            optimizers[network] = given or shared or default
        optimizers = _separate_optimizers(optimizers)
        check_compilation(self.distribute_strategy, kwargs.get("jit_compile"))
        # By default Keras would attach an unused RMSprop, which causes a warning when
        # the model is loaded.
        super().compile(optimizer=None, **kwargs)
        # Recorded before schedules are replaced below and callbacks set rates: a
        # loaded model is compiled like this one, then loads the rates with the weights.
        self._optimizer_configs = {
            f"{network}_optimizer": keras.saving.serialize_keras_object(optimizer)
            for network, optimizer in optimizers.items()
        }
        for network, optimizer in optimizers.items():
            optimizer.build(getattr(self, network).trainable_variables)
            setattr(self, f"{network}_optimizer", optimizer)
        self.optimizer = SharedLearningRate([*optimizers.values()], self.step)
        self.trained_networks = tuple(optimizers)
        self._compile_options = options
        self.loss_weights = loss_weights
        self.seed = seed
        # Not keras.config.floatx(), which may have a lower precision.
        full = at_least_float32(self.dtype_policy)
        self._means = {name: keras.metrics.Mean(name, full) for name in log_names}

    def get_compile_config(self):
        """Returns the arguments of `compile`, or None if the model is not compiled."""
        if not self.compiled:
            return None
        return {
            **self._compile_options,
            **self._optimizer_configs,
            "loss_weights": self.loss_weights,
            "seed": self.seed,
            "jit_compile": self.jit_compile,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        """Compiles the model with a config from `get_compile_config`."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def get_config(self):
        """Returns the constructor arguments, with descriptions of the data sets."""
        return {
            **super().get_config(),
            **self.arguments,
            "datasets": self.label_space.to_list(),
        }

    @classmethod
    def from_config(cls, config):
        """Creates a model from a config, including configs of version 0.1.0.

        Args:
            config: dictionary from `get_config`.

        Raises:
            InputError: if the model has depthwise-separable convolutions, which only
                version 0.1.0 supports.
        """
        config = dict(config)
        if config.pop("separable", False):
            raise InputError(
                "Expected a model with standard convolutions. Received: "
                "separable=True, which only version 0.1.0 of stargan_tf supports. Use "
                "that version, or train a small generator by lowering base_filters."
            )
        return super().from_config(config)

    def _optimizers(self):
        names = [f"{network}_optimizer" for network in self.trained_networks]
        return {name: getattr(self, name) for name in names}

    @property
    def training_state(self):
        """All variables of a checkpoint: weights, `step`, and optimizer variables."""
        optimizers = self._optimizers().values()
        moments = (v for o in optimizers for v in o.variables)
        return [*self.weights, *moments, self.optimizer.replacement]

    def save_own_variables(self, store):
        """Saves the counters, and the learning rate if a callback has set it.

        Args:
            store: the store that Keras provides for variables of the model itself.
        """
        super().save_own_variables(store)
        if self.compiled and self.optimizer.replacement >= 0:
            store[_SET_RATE] = self.optimizer.replacement.numpy()

    def load_own_variables(self, store):
        """Loads what `save_own_variables` saved.

        Args:
            store: the store that Keras provides for variables of the model itself.
        """
        # Stores of Keras 3.6 do not support `in`.
        stored = {name: store[name] for name in list(store.keys())}
        rate = stored.pop(_SET_RATE, -1.0)
        super().load_own_variables(stored)
        if self.compiled:
            self.optimizer.replacement.assign(rate)

    # === Steps ===

    @functools.wraps(keras.Model.fit)
    def fit(self, *args, **kwargs):
        given = inspect.signature(keras.Model.fit).bind(self, *args, **kwargs).arguments
        check_arguments(
            given, {"x": "steps_per_epoch", "validation_data": "validation_steps"}
        )
        datasets = tf.data.Dataset | tf.distribute.DistributedDataset
        if isinstance(given.get("x"), datasets) and "shuffle" not in given:
            # The default, True, makes Keras warn that shuffle is ignored.
            kwargs["shuffle"] = False
        return super().fit(*args, **kwargs)

    @functools.wraps(keras.Model.evaluate)
    def evaluate(self, *args, **kwargs):
        bound = inspect.signature(keras.Model.evaluate).bind(self, *args, **kwargs)
        check_arguments(bound.arguments, {"x": "steps"})
        return super().evaluate(*args, **kwargs)

    @functools.wraps(keras.Model.train_on_batch)
    def train_on_batch(self, *args, **kwargs):
        signature = inspect.signature(keras.Model.train_on_batch)
        check_arguments(signature.bind(self, *args, **kwargs).arguments, {})
        return super().train_on_batch(*args, **kwargs)

    @functools.wraps(keras.Model.save)
    def save(self, filepath, *args, **kwargs):
        if str(filepath).endswith((".h5", ".hdf5")):
            raise InputError(
                "Models are saved as .keras files; HDF5 is not supported. "
                f"Received: {filepath}. Call model.save('model.keras'), or "
                "model.save_weights('model.weights.h5') to save only the weights."
            )
        return super().save(filepath, *args, **kwargs)

    def make_train_function(self, force=False):
        """Creates the function that `fit` calls for each batch."""
        _check_floatx(self._optimizers().values())
        make = super().make_train_function
        self._set_step_function("train_function", make, force, self._train_variants)

    def make_test_function(self, force=False):
        """Creates the function that `evaluate` calls for each batch."""
        make = super().make_test_function
        self._set_step_function(
            "test_function", make, force, lambda data: ([self.test_step], None)
        )

    def _set_step_function(self, name, make, force, variants):
        before = getattr(self, name)
        if self.distribute_strategy.num_replicas_in_sync == 1:
            make(force)
        elif before is None or force:
            setattr(self, name, distributed_function(self, variants))
        made = getattr(self, name)
        if made is not before:
            made = self._watched(made, training=name == "train_function")
            setattr(self, name, made)
        made.calls = itertools.count()

    def _watched(self, function, training):
        """Wraps a train or test function to check the first batch of each `fit`.

        It also warns when training passes the end of the learning rate schedule.
        """

        def watched(iterator):
            call = next(watched.calls)
            if call == 0:
                steps = self.steps_per_execution
                iterator = with_checked_first(iterator, self._check_batch, steps)
                watched.last = self._calls_with_a_rate() if training else None
            if call == watched.last:
                self._warn_past_schedule()
            return function(iterator)

        return watched

    def _check_batch(self, data):
        """Raises InputError for a batch with wrong values that would train anyway."""

    def _calls_with_a_rate(self):
        """Number of train function calls until the schedule ends, or None."""
        if self.total_steps is None:
            return None
        done = max(o.iterations.numpy() for o in self._optimizers().values())
        return -(-max(0, self.total_steps - done) // self.steps_per_execution)

    def _warn_past_schedule(self):
        # A callback or a user-defined optimizer may have set another rate.
        if all(o.learning_rate.numpy() for o in self._optimizers().values()):
            return
        warnings.warn(
            f"The learning rate reached 0 after total_steps={self.total_steps}, so "
            "further training does not change the weights. To train longer, compile "
            "again with a larger total_steps or with lr_decay='none'.",
            stacklevel=2,
        )
        self.total_steps = None  # Warn once only.

    def _float_images(self, images):
        """Converts images, uint8 or float in [-1, 1], to float in [-1, 1]."""
        images = tf.convert_to_tensor(images)
        floats = tf.cast(images, at_least_float32(self.dtype_policy))
        return floats / 127.5 - 1.0 if images.dtype == tf.uint8 else floats

    def _train_variants(self, data):
        """Returns the possible train steps, and the index of the one for `data`."""
        return [self.train_step], None

    def random_seed(self, purpose, number=None):
        """Returns a seed for `tf.random.stateless_*`, unique to a batch and a purpose.

        XLA generates other numbers from the same seed, so `jit_compile` changes the
        random stream.

        Args:
            purpose: integer from 0 to 15 that identifies what the numbers are for.
            number: number of the batch. Defaults to the step.

        Returns:
            int64 tensor (2,).
        """
        if number is None:
            number = tf.convert_to_tensor(self.step.value)
        return tf.stack([tf.constant(self.seed, tf.int64), number * 16 + purpose])

    def evaluation_number(self):
        """Number of an evaluation batch: -1, -2, …, the same in every evaluation."""
        # Keras resets the running means at the start of each evaluation.
        seen = next(iter(self._means.values())).count
        return -1 - tf.cast(tf.convert_to_tensor(seen.value), tf.int64)

    def apply_gradients(self, network, gradients, variables=None):
        """Updates the weights of a network with its optimizer.

        Args:
            network: name of the network.
            gradients: list of gradients, one per variable; None for no gradient.
            variables: the variables to update. Defaults to all trainable variables of
                the network.
        """
        if variables is None:
            variables = getattr(self, network).trainable_variables
        # Compute all gradients first: a weight that is still being read would be
        # copied, which costs time and, for the largest layers, a lot of memory.
        with tf.control_dependencies([g for g in gradients if g is not None]):
            gradients = [g if g is None else tf.identity(g) for g in gradients]
        optimizer = getattr(self, f"{network}_optimizer")
        optimizer.apply(scale_for_replicas(gradients), variables)

    def update_averages(self, networks, decay):
        """Updates the exponential moving averages, the weights of `<network>_ema`.

        Args:
            networks: names of networks.
            decay: decay of the averages, in [0, 1).
        """

        def move(average, weight):
            average.assign_add((weight - average) * tf.cast(1.0 - decay, weight.dtype))

        for name in networks:
            averages = getattr(self, f"{name}_ema").weights
            update_copies(averages, move, getattr(self, name).weights)

    # === Losses and logs ===

    def weigh(self, prefix, values, table, weights):
        """Computes the `weighted_sum` of loss terms; logs the sum and each term.

        Args:
            prefix: prefix of the logged names, such as `"g"` for `"g_loss"`.
            values: {term: scalar}.
            table: {term: (function, name of its weight, or None for a weight of 1)}.
            weights: {name: weight}.

        Returns:
            The loss, a scalar.
        """
        loss = weighted_sum(values, table, weights)
        logs = {"loss": loss, **values}
        self.log({f"{prefix}_{name}": value for name, value in logs.items()})
        return loss

    def log(self, values):
        """Adds {name: scalar} to the running means."""
        for name, value in values.items():
            self._means[name].update_state(value)

    def get_metrics_result(self):
        """Returns the logs: running means, and `loss`, the sum of the networks' losses.

        The networks are adversaries, so `loss` does not measure progress. It exists for
        callbacks that read it, such as `TerminateOnNaN`.
        """
        logs = super().get_metrics_result()
        losses = [value for name, value in logs.items() if name.endswith("_loss")]
        return {"loss": sum(losses), **logs}

    @property
    def metrics(self):
        """The running means of the logged values; Keras resets them each epoch."""
        return list(getattr(self, "_means", {}).values())


def make_label_space(
    datasets=None,
    *,
    num_domains=None,
    domains=None,
    default_type,
    default_size,
    **described,
):
    """Builds the label space from the arguments of a model's constructor.

    Args:
        datasets: one `DatasetInfo` or a list of them. Excludes all other arguments.
        num_domains: number of domains, which are then named by number.
        domains: names of the domains, instead of `num_domains`.
        default_type: label type if `label_type` is not given.
        default_size: image size if `image_size` is not given.
        **described: `label_type`, `image_size`, `num_channels`, and
            `exclusive_groups` of a `DatasetInfo`; None if not given.

    Returns:
        The `LabelSpace`.

    Raises:
        InputError: if the domains are given in no way or in more than one.
    """
    given = {"num_domains": num_domains, "domains": domains, **described}
    given = {name: value for name, value in given.items() if value is not None}
    if datasets is not None:
        if given:
            raise InputError(
                "datasets already describes domains, label type, and image size. "
                f"Received in addition: {', '.join(given)}. Pass either datasets or "
                "the other arguments."
            )
        if not isinstance(datasets, DatasetInfo | Mapping | list | tuple):
            raise InputError(
                "datasets must be a DatasetInfo, such as load_dataset(…).info, or a "
                f"list of them. Received: {type(datasets).__name__}. To give only the "
                "number of domains, pass num_domains=…"
            )
        return LabelSpace(datasets)
    described = {name: given[name] for name in described if name in given}
    label_type = described.setdefault("label_type", default_type)
    described.setdefault("image_size", default_size)
    if (num_domains is None) == (domains is None):
        raise InputError(
            "Pass exactly one of datasets=… (a DatasetInfo), domains=[…] (names), and "
            f"num_domains=…. Received: {', '.join(given) or 'none of them'}."
        )
    if domains is None:
        if not isinstance(num_domains, int | np.integer) or num_domains < 1:
            raise InputError(
                f"num_domains must be a positive integer. Received: {num_domains!r}"
            )
        prefix = "attribute" if label_type == BINARY else "domain"
        domains = [f"{prefix}_{index}" for index in range(num_domains)]
    names = isinstance(domains, list | tuple) and list(domains)
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(
            "domains must be a list of names, such as ['cat', 'dog']. "
            f"Received: {domains!r}"
        )
    return LabelSpace(DatasetInfo("images", tuple(names), **described))


@contextlib.contextmanager
def tape_over(*networks):
    """Context manager: a gradient tape that records only these networks' weights."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for network in networks:
            tape.watch([variable.value for variable in network.trainable_variables])
        yield tape


def weighted_sum(values, table, weights):
    """Sums the terms of a loss with their weights.

    Args:
        values: {term: scalar}.
        table: {term: (function, name of its weight, or None for a weight of 1)}.
        weights: {name: weight}.

    Returns:
        The loss, a scalar.
    """
    loss = 0.0
    for term, value in values.items():
        name = table[term][1]
        loss += value if name is None else weights[name] * value
    return loss


def value_and_slope(function, x):
    """Returns `function(x)` and the gradient of its sum with respect to `x`."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        value = function(x)
    return value, tape.gradient(value, x)


def in_batches(function, count, batch_size, shape):
    """Computes an array batch by batch.

    Args:
        function: slice of rows → array (rows, *shape).
        count: total number of rows.
        batch_size: number of rows per call.
        shape: shape of a row.

    Returns:
        Array (count, *shape).
    """
    starts = range(0, count, batch_size)
    batches = [np.asarray(function(slice(i, i + batch_size))) for i in starts]
    return np.concatenate(batches) if batches else np.zeros((0, *shape), np.float32)


def untrained_copy(network):
    """Copies a network, as `<name>_ema`, to hold moving averages of its weights."""
    config = {**network.get_config(), "name": f"{network.name}_ema"}
    copy = type(network).from_config(config)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


def _check_policy(policy):
    weights, computed = policy.variable_dtype, policy.compute_dtype
    if weights in ("float16", "bfloat16") or computed == "float16":
        raise InputError(
            "Models train in float32, float64 or mixed_bfloat16. "
            f"Received: dtype={policy.name}, in which gradients or updates would "
            "underflow to zero. Build the model with dtype='mixed_bfloat16'."
        )


def _separate_optimizers(given):
    """Converts {network: optimizer, name, or config} to {network: optimizer}.

    An optimizer keeps moments of the variables that it was built for, so networks that
    were given the same optimizer get a copy each.
    """
    optimizers = {}
    for network, value in given.items():
        try:
            optimizer = keras.optimizers.get(value)
        except (ValueError, TypeError, KeyError):
            raise InputError(
                f"{network}_optimizer must be a Keras optimizer, its name such as "
                f"'adam', or its config. Received: {value!r}"
            ) from None
        _check_optimizer(f"{network}_optimizer", optimizer)
        if sum(other is value for other in given.values()) > 1:
            optimizer = type(optimizer).from_config(optimizer.get_config())
        optimizers[network] = optimizer
    return optimizers


def _check_optimizer(name, optimizer):
    """Raises InputError for optimizer settings that would be ignored or do harm."""
    scaled = keras.optimizers.LossScaleOptimizer
    if isinstance(optimizer, scaled) or optimizer.loss_scale_factor:
        raise InputError(
            f"{name} must not scale the loss, which only float16 needs. Received: "
            f"{type(optimizer).__name__} with loss scaling. Pass the inner optimizer, "
            "without loss_scale_factor."
        )
    if optimizer.use_ema and not optimizer.ema_overwrite_frequency:
        raise InputError(
            f"{name} with use_ema=True needs ema_overwrite_frequency. Received: "
            "use_ema=True without ema_overwrite_frequency. Pass both or neither."
        )


def _check_floatx(optimizers):
    """Raises InputError if Keras' default dtype would round learning rates."""
    rates = [keras.backend.standardize_dtype(o.learning_rate.dtype) for o in optimizers]
    for dtype in (keras.config.floatx(), *rates):
        if dtype in ("float16", "bfloat16"):
            raise InputError(
                "Training needs 'float32' or 'float64' as Keras' default dtype, which "
                f"holds learning rates and batches. Received: '{dtype}'. Call "
                "keras.config.set_floatx('float32') before compile, and check "
                "~/.keras/keras.json."
            )


def _check_keras_arguments(given):
    """Raises InputError for arguments of Keras' `compile` that are not used."""
    for name in ("loss", "metrics", "weighted_metrics"):
        if given.get(name):
            raise InputError(
                "The losses are those of the paper; weigh them with loss_weights and "
                "compute metrics in callbacks. "
                f"Received: {name}={given[name]!r}. Remove {name}."
            )
