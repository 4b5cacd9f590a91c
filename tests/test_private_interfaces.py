"""Each private interface of Keras and TensorFlow alone: which one has changed?"""

import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.backend.common.global_state import set_global_attribute
from tensorflow.python.framework.config import is_op_determinism_enabled

from stargan_tf import private_interfaces
from stargan_tf.errors import ExpectedError
from stargan_tf.private_interfaces import ChangedInterface

# The converter calibrates with an interpreter of its own that it calls deprecated.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:\s*Warning. tf.lite.Interpreter", "ignore:Statistics for quantized inputs"
)
PACKAGE = Path(private_interfaces.__file__).parent
PRIVATE = re.compile(
    r"tensorflow(\.lite|\.compiler)?\.python|keras\.src"
    r"|\b(tf|keras|optimizer|converter|variable|layer)\._[a-z]"
    # Methods that Keras' classes call or define, by their private names.
    r"|\b(_backend_update_step|_maybe_symbolic_build|_symbolic_build|_momentums"
    r"|_velocities|_velocity_hats|_learning_rate|_get_variable_index)\b"
)


class Counting(private_interfaces.AdamWithSharedScalars):
    """Counts how often its scalars are asked for, and keeps what its steps get."""

    def _shared_scalars(self, learning_rate, dtype):
        self.asked = [*getattr(self, "asked", []), dtype]
        return learning_rate * 2.0, learning_rate * 3.0

    def update_step(self, gradient, variable, learning_rate):
        self.got = [*getattr(self, "got", []), tuple(map(float, learning_rate))]


def test_adams_scalars_are_computed_once_an_update():
    variables = [keras.Variable(np.ones(2, np.float32)) for _ in range(3)]
    optimizer = Counting(0.5)
    optimizer.build(variables)
    optimizer.apply([np.ones(2, np.float32)] * 3)
    assert optimizer.asked == ["float32"] and optimizer.got == [(1.0, 1.5)] * 3


def test_scalars_reach_the_replicas_of_a_strategy():
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        variable = keras.Variable(np.zeros(2, np.float32))
        optimizer = Doubling(0.5)
        optimizer.build([variable])
    strategy.run(lambda: optimizer.apply([tf.ones(2)], [variable]))
    np.testing.assert_array_equal(variable.numpy(), [-1.0, -1.0])


class Doubling(private_interfaces.AdamWithSharedScalars):
    def _shared_scalars(self, learning_rate, dtype):
        return keras.ops.cast(learning_rate, dtype), 2.0

    def update_step(self, gradient, variable, learning_rate):
        rate, factor = learning_rate
        variable.assign_sub(gradient * rate * factor)


def test_moments_are_those_of_the_variable():
    variables = [keras.Variable(np.zeros(size, np.float32)) for size in (2, 3)]
    optimizer = keras.optimizers.Adam(beta_1=0.5, beta_2=0.75)
    optimizer.build(variables)
    optimizer.apply([np.full(2, 2.0, np.float32), np.full(3, 4.0, np.float32)])
    mean, square = private_interfaces.moments(optimizer, variables[1])
    np.testing.assert_allclose(mean, [2.0] * 3)  # (1 - β₁) · g
    np.testing.assert_allclose(square, [4.0] * 3)  # (1 - β₂) · g²


def test_a_schedule_is_no_fixed_rate():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    assert private_interfaces.rate_schedule(keras.optimizers.Adam(0.1)) is None
    adam = keras.optimizers.Adam(schedule)
    assert private_interfaces.rate_schedule(adam) is schedule


def test_onednn_is_on_where_the_package_is_imported_first():
    # TensorFlow for macOS is built without it.
    assert private_interfaces.onednn_is_on() is (sys.platform != "darwin")


def test_seeds_and_determinism_are_put_back():
    def draws():
        return [float(tf.random.uniform(())), float(keras.random.uniform(()))]

    def seed(number):
        keras.utils.set_random_seed(number)
        # Before 3.13, Keras keeps its generator.
        set_global_attribute("global_seed_generator", None)

    seed(1)
    draws()
    expected = draws()
    seed(1)
    draws()
    with private_interfaces.random_state_restored():
        seed(2)
        tf.config.experimental.enable_op_determinism()
        assert draws() != expected
    assert draws() == expected
    with private_interfaces.random_state_restored():
        assert not is_op_determinism_enabled()


def test_fit_does_not_build_a_built_model():
    class Model(private_interfaces.BuiltModel):
        traced = 0

        def call(self, inputs):
            self.traced += 1
            return inputs

        def train_step(self, data):
            return {"loss": tf.zeros(())}

    model = Model()
    model.compile()
    model.fit(np.zeros((2, 1)), verbose=0)
    # Keras calls a model that it takes for unbuilt.
    assert model.traced == 0


@pytest.fixture(scope="module")
def ranged():
    """A calibrated file of two convolutions with a tanh between them."""
    images = keras.Input((8, 8, 3), batch_size=1)
    network = keras.layers.Conv2D(4, 3, name="first")(images)
    network = keras.layers.Conv2D(4, 3, name="second")(keras.ops.tanh(network))
    model = keras.Model(images, network)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    rng = np.random.default_rng(0)
    pictures = [[rng.normal(size=(1, 8, 8, 3)).astype(np.float32)] for _ in range(2)]
    converter.representative_dataset = lambda: iter(pictures)
    return private_interfaces.calibrated(converter)


def kinds(content):
    """[(operation, type of its first output, its name)] of a file."""
    schema = private_interfaces.litert_schema()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    graph = model.subgraphs[0]
    return [
        (
            names[model.operatorCodes[operator.opcodeIndex].builtinCode],
            graph.tensors[operator.outputs[0]].type,
            graph.tensors[operator.outputs[0]].name.decode(),
        )
        for operator in graph.operators
    ]


def test_a_calibrated_file_is_quantized_but_for_what_is_denied(ranged):
    schema = private_interfaces.litert_schema()
    found = kinds(ranged)
    assert [kind for kind, *_ in found] == ["CONV_2D", "TANH", "CONV_2D"]
    assert {type_ for _, type_, _ in found} == {schema.TensorType.FLOAT32}
    deny = {found[2][2]}
    mixed = kinds(private_interfaces.quantized(ranged, {"TANH"}, deny))
    types = {name: type_ for _, type_, name in mixed}
    assert types[found[1][2]] == types[found[2][2]] == schema.TensorType.FLOAT32
    assert schema.TensorType.INT8 in types.values()


def test_tensorflows_schema_stands_in_for_litert(monkeypatch, ranged):
    expected = kinds(ranged)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.schema_py_generated", None)
    schema = private_interfaces.litert_schema()
    assert schema.__name__.startswith("tensorflow.") and kinds(ranged) == expected


def test_what_is_missing_is_named():
    assert issubclass(ChangedInterface, ExpectedError)  # One line for users.
    with pytest.raises(ChangedInterface, match=r"Adam\._none, which Tensor.*Keras"):
        private_interfaces._attribute(keras.optimizers.Adam, "_none")
    with pytest.raises(ChangedInterface, match="stargan_tf needs keras.none"):
        private_interfaces._module("keras.none")


def test_no_other_module_uses_what_is_private():
    allowed = {Path(private_interfaces.__file__)}
    files = {*PACKAGE.rglob("*.py"), *PACKAGE.parent.glob("plugins/*/src/**/*.py")}
    wrong = [
        f"{file}: {found[0]}"
        for file in sorted(files - allowed)
        if (found := PRIVATE.search(file.read_text(encoding="utf-8")))
    ]
    assert not wrong


def test_variables_without_memory_stay_without():
    with private_interfaces.variables_without_memory():
        keras.Variable("zeros", shape=(10**7, 10**7))  # 400 TB
    with keras.StatelessScope():
        pass
