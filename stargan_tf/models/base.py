"""What every StarGAN shares: several optimizers, a step counter, their storage."""

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

# Among a saved model's own variables, which Keras numbers.
_SET_RATE = "learning_rate"


class StarGANBase(BuiltModel):
    """A `keras.Model` trained by one optimizer per network.

    It keeps what Keras' own `compile` would not: optimizers that are built at once
    (an unbuilt one is silently restarted when a saved model is loaded), the compile
    arguments, and `step`, the number of training batches seen. Everything random is
    a function of (seed, step), so a resumed run repeats the uninterrupted one.

    A subclass sets `label_space`, `arguments` (those of its constructor besides the
    data sets) and its networks. Its `compile` calls `compile_training`. Its
    `train_step` draws with `tf.random.stateless_*` and `random_seed`, calls
    `apply_gradients` for each network, and `weigh` or `log`, adds 1 to `step`, and
    returns `get_metrics_result()`.
    """

    # How images become its inputs, a `Preparation`; set where a saved model says it.
    preparation = None
    # Updates after which schedules give a rate of zero, if `compile` sets an end.
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
            # With several replicas: each has counted the same step.
            aggregation="only_first_replica",
        )

    # === Saved models ===

    @classmethod
    def from_preset(cls, preset, load_weights=True, **kwargs):
        """Makes a model with the architecture, and the weights, of a preset.

        Args:
            preset: what `stargan_tf.load_model` opens: a run or its checkpoint, a
                folder of `save_to_preset`, a `.keras` file, an address such as
                `hf://user/model`, or the name of a model that comes with the package.
                Or the name of a recipe, which has an architecture and no weights;
                `stargan-tf presets` lists them.
            load_weights: whether to load the weights; with `False` they are fresh.
            **kwargs: arguments of the constructor, in place of the preset's. With
                weights only `dtype`, `name` and functions such as `mask_provider`.
                A recipe that names no labels needs `domains`, `num_domains` or
                `datasets`.

        Returns:
            The model. With weights it is compiled as it was saved, so that `fit`
            continues its training; one that was saved uncompiled needs `compile`.

        Raises:
            InputError: if there is no such preset, it is of another class, a recipe has
                no weights, or an argument does not fit the weights.
        """
        from stargan_tf.training.run_folder import model_from_preset

        return model_from_preset(cls, preset, load_weights, kwargs)

    def save_to_preset(self, folder):
        """Saves the model in a folder that `from_preset` and every command open.

        The folder is a checkpoint, as those in a run: `model.keras` (architecture,
        weights, labels, optimizers if compiled) and `state.json` (family, step,
        preparation of images, a checksum). It is written whole or not at all.

        Args:
            folder: the folder; a preset that is there is replaced.

        Raises:
            InputError: if something else is there, it cannot be written, or the class
                belongs to no installed family.
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
        """Writes the model in another program's format, as `stargan-tf export` does.

        Args:
            filepath: the folder to make.
            format: `"saved_model"` (also `"tf_saved_model"`): for TF Serving and
                `stargan-tf serve`, in `filepath/1`, then `filepath/2` and so on;
                `"litert"`: LiteRT files for phones and browsers; `"torch"`: checkpoints
                for the authors' PyTorch code.
            verbose: whether to print what was written.
            input_signature: of Keras' method; the formats have signatures of their own,
                so only `None` is accepted.
            **options: of `"saved_model"` and `"litert"`: `check=False` leaves out the
                comparison with Keras. Of `"litert"`: `quantize` (`"none"`,
                `"float16"`, `"dynamic"`, or `"int8"`), `input_type` (`"float32"` or
                `"uint8"`), `calibration_images`.

        Returns:
            The folder that was written, a `pathlib.Path`.

        Raises:
            InputError: for another format, or if `filepath` cannot be written.
            AgreementError: if the exported model differs too much from Keras.
            ImportError: without the packages that a format needs.
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
        default_weights,
        seed,
        log_names,
        **kwargs,
    ):
        """What the `compile` of every model does.

        Args:
            optimizers: {network attribute: its optimizer by default}; they are built
                and attached.
            options: arguments of the subclass' `compile`, to be saved with the model.
            loss_weights: {term: weight} of the terms that the user weighs, or None.
            default_weights: {term: weight} of all terms.
            seed: of everything random.
            log_names: names of the logs, each a running mean. Those that end in `_loss`
                are the networks' losses.
            **kwargs: of `keras.Model.compile`; besides, `optimizer` for all networks
                and `<network>_optimizer` for one, each an optimizer, its name or its
                config; None for the default.

        Raises:
            InputError: for an unknown term, or what the model cannot be trained with.
        """
        loss_weights = loss_weights or {}
        unknown = set(loss_weights) - set(default_weights)
        if unknown:
            raise InputError(
                f"loss_weights takes {sorted(default_weights)}. Received: {unknown}"
            )
        _check_policy(self.dtype_policy)
        _check_keras_arguments(kwargs)
        shared = kwargs.pop("optimizer", None)
        for network, default in optimizers.items():
            given = kwargs.pop(f"{network}_optimizer", None)
            optimizers[network] = given or shared or default
        optimizers = _separate_optimizers(optimizers)
        check_compilation(self.distribute_strategy, kwargs.get("jit_compile"))
        # None: Keras would attach an RMSprop that nothing uses and that then warns
        # when the model is loaded.
        super().compile(optimizer=None, **kwargs)
        # Before schedules are replaced below, and rates set by callbacks: a loaded
        # model compiles like this one, then loads the rates with the weights.
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
        self.loss_weights = {**default_weights, **loss_weights}
        self.seed = seed
        # Not in keras.config.floatx(), which may be less.
        full = at_least_float32(self.dtype_policy)
        self._means = {name: keras.metrics.Mean(name, full) for name in log_names}

    def get_compile_config(self):
        """Arguments of `compile`, optimizers included; None before `compile`."""
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
        """Compiles as `get_compile_config` described it (used by `load_model`)."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def get_config(self):
        """Constructor arguments, the data sets' descriptions included."""
        return {
            **super().get_config(),
            **self.arguments,
            "datasets": self.label_space.to_list(),
        }

    @classmethod
    def from_config(cls, config):
        """Rebuilds a model from what `get_config` returned, also in version 0.1.0.

        Args:
            config: the dictionary.

        Raises:
            InputError: for a model of depthwise-separable convolutions, which version
                0.1.0 could make.
        """
        config = dict(config)
        if config.pop("separable", False):
            raise InputError(
                "Expected a model of ordinary convolutions. Received: separable=True, "
                "which only version 0.1.0 of stargan_tf supports. Use that version, or "
                "train a generator with few base_filters."
            )
        return super().from_config(config)

    def _optimizers(self):
        names = [f"{network}_optimizer" for network in self.trained_networks]
        return {name: getattr(self, name) for name in names}

    @property
    def training_state(self):
        """All variables of a checkpoint: weights, `step` and the optimizers' own."""
        optimizers = self._optimizers().values()
        moments = (v for o in optimizers for v in o.variables)
        return [*self.weights, *moments, self.optimizer.replacement]

    def save_own_variables(self, store):
        """Stores the counts, and the learning rate if a callback has set one.

        Args:
            store: where Keras keeps the variables of this model itself.
        """
        super().save_own_variables(store)
        if self.compiled and self.optimizer.replacement >= 0:
            store[_SET_RATE] = self.optimizer.replacement.numpy()

    def load_own_variables(self, store):
        """Loads them.

        Args:
            store: what Keras stored of this model itself.
        """
        # The list of names, as older Keras' stores (seen with 3.6) answer no `in`.
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
            kwargs["shuffle"] = False  # Keras warns that it ignores its default, True.
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
                "Models are saved as .keras files, which HDF5 files cannot replace. "
                f"Received: {filepath}. Write model.save('model.keras'), or for the "
                "weights alone model.save_weights('model.weights.h5')."
            )
        return super().save(filepath, *args, **kwargs)

    def make_train_function(self, force=False):
        """What `fit` calls for each batch."""
        _check_floatx(self._optimizers().values())
        make = super().make_train_function
        self._set_step_function("train_function", make, force, self._train_variants)

    def make_test_function(self, force=False):
        """What `evaluate` calls for each batch."""
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
        """A train or test function that checks the first batch of each `fit`.

        It also warns when training passes the end of the learning rates' schedule.
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
        """Refuses a batch, of tensors with values, that is wrong but would train."""

    def _calls_with_a_rate(self):
        """Calls of the train function before the schedule ends, None without an end."""
        if self.total_steps is None:
            return None
        done = max(o.iterations.numpy() for o in self._optimizers().values())
        return -(-max(0, self.total_steps - done) // self.steps_per_execution)

    def _warn_past_schedule(self):
        # A callback, or the user's own optimizer, may have set another rate.
        if all(o.learning_rate.numpy() for o in self._optimizers().values()):
            return
        warnings.warn(
            f"The learning rate has fallen to 0 after the {self.total_steps} "
            "total_steps of compile: training changes nothing any more. To train "
            "longer, compile again with more total_steps, or with lr_decay='none'.",
            stacklevel=2,
        )
        self.total_steps = None  # Once is enough.

    def _float_images(self, images):
        """Images as `fit` takes them, uint8 or float, as float in [-1, 1]."""
        images = tf.convert_to_tensor(images)
        floats = tf.cast(images, at_least_float32(self.dtype_policy))
        return floats / 127.5 - 1.0 if images.dtype == tf.uint8 else floats

    def _train_variants(self, data):
        """The train steps there are, and the index of the one for `data`."""
        return [self.train_step], None

    def random_seed(self, purpose, number=None):
        """Seed for `tf.random.stateless_*`; another for each batch and purpose.

        (XLA draws other numbers from it: `jit_compile` changes the random stream.)

        Args:
            purpose: what is drawn, below 16.
            number: of the batch; by default the step.
        """
        if number is None:
            number = tf.convert_to_tensor(self.step.value)
        return tf.stack([tf.constant(self.seed, tf.int64), number * 16 + purpose])

    def evaluation_number(self):
        """Number of a batch of an evaluation: -1, -2, … and so again in the next."""
        # The running means start anew with each evaluation.
        seen = next(iter(self._means.values())).count
        return -1 - tf.cast(tf.convert_to_tensor(seen.value), tf.int64)

    def apply_gradients(self, network, gradients, variables=None):
        """One update of a network's variables, by default all, by its optimizer."""
        if variables is None:
            variables = getattr(self, network).trainable_variables
        # All gradients first: a weight that is still being read would be copied, which
        # takes time and, for the largest layers, a lot of memory.
        with tf.control_dependencies([g for g in gradients if g is not None]):
            gradients = [g if g is None else tf.identity(g) for g in gradients]
        optimizer = getattr(self, f"{network}_optimizer")
        optimizer.apply(scale_for_replicas(gradients), variables)

    def update_averages(self, networks, decay):
        """Moves the averages of networks' weights, which `<network>_ema` holds.

        Args:
            networks: names of networks.
            decay: share of the averages that stays.
        """

        def move(average, weight):
            average.assign_add((weight - average) * (1.0 - decay))

        for name in networks:
            averages = getattr(self, f"{name}_ema").weights
            update_copies(averages, move, getattr(self, name).weights)

    # === Losses and logs ===

    def weigh(self, prefix, values, table, weights):
        """The `weighted_sum` of a loss's terms, logged with each of them.

        Args:
            prefix: of the logs' names.
            values, table, weights: as of `weighted_sum`.
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
        """The logs: running means, and `loss`, the sum of the networks' losses.

        The networks work against each other, so `loss` says nothing about progress. It
        is for callbacks that look at it, such as `TerminateOnNaN`.
        """
        logs = super().get_metrics_result()
        losses = [value for name, value in logs.items() if name.endswith("_loss")]
        return {"loss": sum(losses), **logs}

    @property
    def metrics(self):
        """The running means, which Keras resets each epoch."""
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
    """The labels and the image size that a model's constructor was given.

    Args:
        datasets: one `DatasetInfo`, or several; excludes everything else.
        num_domains: how many domains there are, which get numbers as names.
        domains: their names instead.
        default_type: the label type unless `described`.
        default_size: the side of the images unless `described`.
        **described: `label_type`, `image_size`, `num_channels` and
            `exclusive_groups` of a `DatasetInfo`; None where they were not given.

    Returns:
        The `LabelSpace`.

    Raises:
        InputError: if the domains are given in no way or in several.
    """
    given = {"num_domains": num_domains, "domains": domains, **described}
    given = {name: value for name, value in given.items() if value is not None}
    if datasets is not None:
        if given:
            raise InputError(
                "datasets describes domains, label type and image size. Received in "
                f"addition: {', '.join(given)}. Leave these out, or datasets."
            )
        one = isinstance(datasets, DatasetInfo | Mapping)
        if not one and not isinstance(datasets, list | tuple):
            raise InputError(
                "datasets is a DatasetInfo, such as load_dataset(…).info, or a list of "
                f"several. Received: {type(datasets).__name__}. For a number of "
                "domains write num_domains=…"
            )
        return LabelSpace(datasets)
    described = {name: given[name] for name in described if name in given}
    label_type = described.setdefault("label_type", default_type)
    described.setdefault("image_size", default_size)
    if (num_domains is None) == (domains is None):
        raise InputError(
            "A model needs its domains: datasets=… (a DatasetInfo), domains=[…] (their "
            f"names), or num_domains=…. Received: {', '.join(given) or 'none of them'}."
        )
    if domains is None:
        if not isinstance(num_domains, int | np.integer) or num_domains < 1:
            raise InputError(
                f"num_domains must be a whole number from 1. Received: {num_domains!r}"
            )
        prefix = "attribute" if label_type == BINARY else "domain"
        domains = [f"{prefix}_{index}" for index in range(num_domains)]
    names = not isinstance(domains, str) and list(domains)
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(
            "domains must be a list of names, such as ['cat', 'dog']. "
            f"Received: {domains!r}"
        )
    return LabelSpace(DatasetInfo("images", tuple(names), **described))


@contextlib.contextmanager
def tape_over(*networks):
    """A tape that records only the weights of these networks."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for network in networks:
            tape.watch([variable.value for variable in network.trainable_variables])
        yield tape


def weighted_sum(values, table, weights):
    """A loss.

    Args:
        values: {term: scalar}.
        table: {term: (function, name of its weight or None for 1)}.
        weights: {name: weight}.
    """
    loss = 0.0
    for term, value in values.items():
        name = table[term][1]
        loss += value if name is None else weights[name] * value
    return loss


def value_and_slope(function, x):
    """`function(x)`, a tensor, and the gradient of its sum by `x`."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        value = function(x)
    return value, tape.gradient(value, x)


def in_batches(function, count, batch_size, shape):
    """Calls `function` (slice → array (n, *shape)) on batches of `count` rows."""
    starts = range(0, count, batch_size)
    batches = [np.asarray(function(slice(i, i + batch_size))) for i in starts]
    return np.concatenate(batches) if batches else np.zeros((0, *shape), np.float32)


def untrained_copy(network):
    """A network `<name>_ema` with the same weights, for their moving averages."""
    config = {**network.get_config(), "name": f"{network.name}_ema"}
    copy = type(network).from_config(config)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy


def check_at_least_one(name, value, advice=""):
    """Refuses an argument below 1."""
    if value < 1:
        end = f". {advice}" if advice else ""
        raise InputError(f"{name} must be at least 1. Received: {value}{end}")


def check_decay(name, value):
    """Refuses an argument outside of [0, 1)."""
    if not 0.0 <= value < 1.0:
        raise InputError(f"{name} must be in [0, 1). Received: {value}")


def _check_policy(policy):
    weights, computed = policy.variable_dtype, policy.compute_dtype
    if weights in ("float16", "bfloat16") or computed == "float16":
        raise InputError(
            "Models train in float32, float64 or mixed_bfloat16. "
            f"Received: dtype={policy.name}, in which gradients or updates would round "
            "to zero. Build the model with dtype='mixed_bfloat16'."
        )


def _separate_optimizers(given):
    """{network: its optimizer} from {network: optimizer, its name or its config}.

    An optimizer keeps moments of the variables that it was built for: if several
    networks were given the same one, each gets a copy.
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
    """Refuses settings that would be ignored, or do harm."""
    scaled = keras.optimizers.LossScaleOptimizer
    if isinstance(optimizer, scaled) or optimizer.loss_scale_factor:
        raise InputError(
            f"{name} must be an optimizer without a loss scale, which is for float16. "
            f"Received: {type(optimizer).__name__} with one. Pass the optimizer itself "
            "without loss_scale_factor."
        )
    if optimizer.use_ema and not optimizer.ema_overwrite_frequency:
        raise InputError(
            f"{name} must say when its averages become the weights. Received: "
            "use_ema=True without ema_overwrite_frequency. Pass both, or neither."
        )


def _check_floatx(optimizers):
    """Refuses to train where Keras' default type rounds learning rates and batches."""
    rates = [keras.backend.standardize_dtype(o.learning_rate.dtype) for o in optimizers]
    for dtype in (keras.config.floatx(), *rates):
        if dtype in ("float16", "bfloat16"):
            raise InputError(
                "Training needs 'float32' or 'float64' as Keras' default type, in "
                f"which it keeps learning rates and batches. Received: '{dtype}'. Call "
                "keras.config.set_floatx('float32') before compile; "
                "~/.keras/keras.json may have set another."
            )


def _check_keras_arguments(given):
    """Refuses arguments of Keras' `compile` that these models do not use."""
    for name in ("loss", "metrics", "weighted_metrics"):
        if given.get(name):
            raise InputError(
                "Losses and logs are those of the paper; compile takes loss_weights, "
                "and callbacks compute metrics. "
                f"Received: {name}={given[name]!r}. Leave {name} out."
            )
