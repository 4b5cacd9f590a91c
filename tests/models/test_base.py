"""What both models take from Keras users: constructors, compile, data."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.models.base import make_label_space
from stargan_tf.models.inputs import check_labels, unpack
from stargan_tf.models.stargan.model import StarGAN
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.optimizers import TorchAdam
from tests.models.conftest import HAIR, tiny

SMALL = {
    StarGAN: {"base_filters": 2, "num_residual_blocks": 1, "discriminator_filters": 2},
    StarGANV2: {"base_filters": 1, "max_filters": 2, "hidden_dim": 4},
}


# === Constructors ===


@pytest.mark.parametrize(
    ("model", "arguments", "described"),
    [
        (StarGAN, {"num_domains": 2}, (("attribute_0", "attribute_1"), "binary", 128)),
        (
            StarGAN,
            {
                "domains": ["Black", "Blond", "Male"],
                "exclusive_groups": [["Black", "Blond"]],
                "image_size": 64,
            },
            (("Black", "Blond", "Male"), "binary", 64, (("Black", "Blond"),)),
        ),
        (
            StarGAN,
            {"num_domains": np.int64(2), "label_type": "one_hot"},
            (("domain_0", "domain_1"), "one_hot", 128),
        ),
        (
            StarGANV2,
            {"num_domains": 2, "image_size": 64},
            (("domain_0", "domain_1"), "one_hot", 64),
        ),
        (StarGANV2, {"domains": ("cat", "dog")}, (("cat", "dog"), "one_hot", 256)),
    ],
)
def test_domains_describe_the_labels(model, arguments, described):
    built = model(**arguments, **SMALL[model])
    assert built.label_space.datasets == (DatasetInfo("images", *described),)
    again = model.from_config(built.get_config())
    assert again.label_space.datasets == built.label_space.datasets
    assert [w.shape for w in again.weights] == [w.shape for w in built.weights]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"exactly one of datasets=.*Received: none of them"),
        ({"image_size": 64}, "exactly one of datasets=.*Received: image_size"),
        ({"num_domains": 2, "domains": ["a", "b"]}, "Received: num_domains, domains"),
        ({"datasets": HAIR, "image_size": 16}, "in addition: image_size. Pass"),
        ({"datasets": 5}, "Received: int. To give only the number.*num_domains"),
        ({"domains": "cat,dog"}, "must be a list of names.*Received: 'cat,dog'"),
        ({"domains": [0, 1]}, r"must be a list of names.*Received: \[0, 1\]"),
        ({"num_domains": 0}, "num_domains must be a positive integer. Received: 0"),
        ({"num_domains": 2.0}, "num_domains must be a positive integer"),
        ({"num_domains": 2, "label_type": "multi"}, "'binary', 'one_hot'"),
        (
            {"num_domains": 2, "image_size": "64"},
            "Received: image_size='64'",
        ),
        (
            {"domains": ["a", "b"], "exclusive_groups": [["a", "c"]]},
            "has no domain 'c'",
        ),
    ],
)
def test_labels_given_wrongly_say_what_is_expected(arguments, message):
    with pytest.raises(InputError, match=message):
        make_label_space(**arguments, default_type="binary", default_size=128)


# === Optimizers ===


NETWORKS = {
    StarGAN: ("generator", "discriminator"),
    StarGANV2: ("generator", "mapping_network", "style_encoder", "discriminator"),
}


@pytest.fixture(params=NETWORKS, ids=lambda model: model.__name__)
def model(request):
    return request.param(num_domains=2, image_size=64, **SMALL[request.param])


def optimizers(model):
    return [getattr(model, f"{name}_optimizer") for name in NETWORKS[type(model)]]


@pytest.mark.parametrize(
    "given",
    [
        "rmsprop",
        keras.optimizers.RMSprop(),
        {"class_name": "RMSprop", "config": {"learning_rate": 0.001}},
    ],
    ids=["name", "instance", "config"],
)
def test_optimizer_gives_each_network_a_copy(model, given):
    model.compile(given)
    found = optimizers(model)
    assert {type(optimizer) for optimizer in found} == {keras.optimizers.RMSprop}
    assert len({id(optimizer) for optimizer in [*found, given]}) == len(found) + 1
    for network, optimizer in zip(NETWORKS[type(model)], found, strict=True):
        # iterations, learning rate, and one moment of each variable
        trained = getattr(model, network).trainable_variables
        assert len(optimizer.variables) == 2 + len(trained)
    again = type(model).from_config(model.get_config())
    again.compile_from_config(model.get_compile_config())
    assert {type(optimizer) for optimizer in optimizers(again)} == {type(found[0])}


def test_a_network_may_have_an_optimizer_of_its_own(model):
    mine = keras.optimizers.SGD()
    model.compile(keras.optimizers.RMSprop(), discriminator_optimizer=mine)
    *others, last = optimizers(model)
    assert last is mine
    assert {type(optimizer) for optimizer in others} == {keras.optimizers.RMSprop}
    model.compile(discriminator_optimizer="sgd")
    *others, last = optimizers(model)
    assert isinstance(last, keras.optimizers.SGD)
    assert {type(optimizer) for optimizer in others} == {TorchAdam}


@pytest.mark.parametrize("given", ["adamm", 5, keras.optimizers.Adam, {"name": "x"}])
def test_what_is_no_optimizer_is_refused(model, given):
    with pytest.raises(InputError, match="generator_optimizer must be a Keras opt"):
        model.compile(generator_optimizer=given)


@pytest.mark.parametrize("policy", ["mixed_float16", "float16"])
def test_float16_is_refused_before_gradients_round_to_zero(policy):
    model = StarGAN(num_domains=2, image_size=64, dtype=policy, **SMALL[StarGAN])
    with pytest.raises(InputError, match="Build the model with dtype='mixed_bfloat16'"):
        model.compile()


# === Batches ===


FIELDS = {
    StarGAN: ("image", "label"),
    StarGANV2: ("image", "domain", "reference", "reference_2", "reference_domain"),
}


@pytest.mark.parametrize("fields", FIELDS.values(), ids=["StarGAN", "StarGANV2"])
def test_batches_have_many_forms(fields):
    values = list(range(len(fields)))
    data = dict(zip(fields, values, strict=True))
    empty = tf.experimental.Optional.empty(tf.TensorSpec(()))
    for form in (values, tuple(values), data, (data,), (data, None, None)):
        assert unpack(form, fields) == values
    for form in ((*values, None), (*values, empty), (tuple(values), None, None)):
        assert unpack(form, fields) == values
    for form in ((*values, 1.0), (data, None, 1.0), (data, 5)):
        with pytest.raises(InputError, match="sample weights.*loss_weights"):
            unpack(form, fields)
    for form in (values[0], values[:1], {"image": 0}, ({"image": 0}, None, None)):
        message = f"dictionaries of {', '.join(fields)}. Received: 1 of them"
        with pytest.raises(InputError, match=message):
            unpack(form, fields)


@pytest.fixture(scope="module")
def trained():
    model = tiny()
    model.compile(critic_steps=1)
    return model


@pytest.fixture
def data(batch):
    return dict(zip(("image", "label"), batch, strict=True))


def losses(logs):
    return {name: float(value) for name, value in logs.items()}


def test_keras_hands_over_what_it_was_given(trained, data):
    expected = losses(trained.test_on_batch(data, return_dict=True))
    assert np.isfinite(list(expected.values())).all()
    image, label = data.values()
    pixels = np.rint((image + 1) * 127.5).astype(np.uint8)
    one = tf.data.Dataset.from_tensors
    for form, precision in (
        ({"x": image, "y": label}, 1e-5),
        ({"x": data}, 1e-5),
        ({"x": [image, label.astype(int)]}, 1e-5),
        ({"x": one((image.astype(np.float64), label > 0.5))}, 1e-5),
        # Of pixels rounded to 1/127.5; losses near zero need an absolute bound.
        ({"x": one({"image": pixels, "label": label})}, 1e-2),
    ):
        found = trained.evaluate(**form, verbose=0, return_dict=True)
        assert losses(found) == pytest.approx(expected, rel=precision, abs=precision**2)


def test_train_on_batch_is_a_step_of_fit(trained, data):
    again = StarGAN.from_config(trained.get_config())
    again.set_weights(trained.get_weights())
    again.compile(critic_steps=1)
    again.step.assign(trained.step)
    trained.reset_metrics()  # Older Keras (seen with 3.6) leaves that to the caller.
    logs = trained.train_on_batch(*data.values(), return_dict=True)
    batches = tf.data.Dataset.from_tensors(data)
    history = again.fit(batches, validation_data=batches, verbose=0).history
    assert losses(logs) == pytest.approx({name: history[name][0] for name in logs})
    assert {f"val_{name}" for name in logs} <= set(history)
    assert int(again.step) == int(trained.step)
    assert np.shape(trained.train_on_batch(data)) == (len(logs),)


@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_the_first_batch_is_used_in_its_turn(steps_per_execution, data):
    """Each batch is used once, in order, by a step that is traced once."""
    model = tiny()
    model.compile(steps_per_execution=steps_per_execution)
    traces, seen = [], []

    def train_step(data):
        traces.append(data)
        mark = data["image"][0, 0, 0, 0]
        tf.numpy_function(lambda x: seen.append(float(x)), [mark], [])
        return {"loss": mark}

    model.train_step = train_step
    image, label = (np.concatenate([value] * 2) for value in data.values())
    image[::2, 0, 0, 0] = [0.125, 0.25, 0.5, 1.0]
    batches = tf.data.Dataset.from_tensor_slices({"image": image, "label": label})
    model.fit(batches.batch(2), epochs=2, verbose=0)  # batches of unknown size
    assert seen == [0.125, 0.25, 0.5, 1.0] * 2
    assert len(traces) == 1


def with_nan(value):
    value = np.array(value, np.float32)
    value.flat[0] = np.nan
    return value


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("image", lambda x: x * 127.5 + 127.5, r"Received: float32 from 0.* to 25"),
        ("image", lambda x: np.int32(x * 100 + 100), "or uint8. Received: int32"),
        ("image", with_nan, "Received: float32 with NaN"),
        ("image", lambda x: x[:, :8], r"image must be \(batch, 16, 16, 3\)"),
        ("label", lambda x: x[:, :1], r"3 columns, Black, Blond, Male\. "),
        ("label", lambda x: x[:, 0], r"Received: shape \(4,\).*to_categorical"),
        ("label", lambda x: 2 * x - 1, r"\[0, 1\]. Received: float32 from -1 "),
        ("label", with_nan, r"Labels must be in \[0, 1\]. Received: float32 with N"),
    ],
)
def test_wrong_values_are_refused_before_a_step(trained, data, field, change, message):
    before = int(trained.step)
    data[field] = change(data[field])
    dataset = tf.data.Dataset.from_tensors(data)
    for use in (
        lambda: trained.fit(dataset, verbose=0),
        lambda: trained.evaluate(dataset, verbose=0),
        lambda: trained.train_on_batch(data),
        lambda: trained.test_on_batch(data),
    ):
        with pytest.raises(InputError, match=message):
            use()
    assert int(trained.step) == before


def test_what_rounding_leaves_outside_is_taken(trained, data):
    image = np.arange(256, dtype=np.float32)[: 16 * 16].reshape(1, 16, 16, 1)
    data["image"] = np.tile(image / 127 - 1, (4, 1, 1, 3))
    trained.test_on_batch(data)


def test_labels_of_several_data_sets_say_which_one():
    infos = [HAIR, dataclasses.replace(HAIR, name="other")]
    space = make_label_space(infos, default_type="binary", default_size=16)
    labels = space.embed(np.ones((2, 3)), 1)
    check_labels(labels, space)
    for mask in (0.0, 1.0, 0.5):
        labels[0, -2:] = mask
        with pytest.raises(InputError, match="must be one-hot"):
            check_labels(labels, space)


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("image", lambda x: x / 100 + 1.5, "image must be float in"),
        ("reference", lambda x: x + 128, "reference must be float in"),
        ("reference_2", lambda x: x[..., :1], "reference_2 must be "),
        ("domain", lambda x: x + 1, "domain must be domain indices, .* 0 to 1, "),
        ("reference_domain", lambda x: x - 2, "reference_domain must be domain ind"),
        ("domain", lambda x: x + 0.5, "Received: float64 from 0.5 to 1.5"),
        ("domain", with_nan, "Received: float32 with NaN"),
        ("domain", lambda x: np.eye(2)[x], r"Received: shape \(2, 2\)"),
    ],
)
def test_wrong_domains_and_references_are_refused(style_model, field, change, message):
    image, domain = np.zeros((2, 64, 64, 3), np.uint8), np.arange(2)
    fields = (image, domain, np.float32(image), image, domain)
    data = dict(zip(FIELDS[StarGANV2], fields, strict=True))
    style_model._check_batch(data)
    with pytest.raises(InputError, match=message):
        style_model._check_batch({**data, field: change(data[field])})


@pytest.fixture(scope="module")
def style_model():
    model = StarGANV2(num_domains=2, image_size=64, **SMALL[StarGANV2])
    model.compile()
    return model


def test_style_models_scale_uint8_images(style_model):
    pixels, domain = np.full((2, 64, 64, 3), 255, np.uint8), np.arange(2)
    batch = style_model._unpack((pixels, domain, pixels, pixels, domain))
    for image in (batch.image, batch.reference, batch.reference_2):
        assert image.dtype == tf.float32 and np.all(image == 1.0)


# === Refusals ===


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"class_weight": {0: 2.0}}, "compile.loss_weights.*Remove class_weight"),
        ({"sample_weight": np.ones(4)}, "Remove sample_weight"),
        ({"x": "endless"}, "x is an endless tf.data.Dataset.*Pass steps_per_epoch=…"),
        ({"validation_data": "endless"}, "validation_data is.*Pass validation_steps"),
    ],
)
def test_fit_refuses_what_would_be_ignored_or_never_end(
    trained, data, arguments, message
):
    batches = tf.data.Dataset.from_tensors(data)
    arguments = {
        name: batches.repeat() if isinstance(value, str) else value
        for name, value in arguments.items()
    }
    with pytest.raises(InputError, match=message):
        trained.fit(**{"x": batches, **arguments}, verbose=0)


@pytest.mark.parametrize("weights", ["class_weight", "sample_weight"])
def test_train_on_batch_refuses_weights(trained, data, weights):
    with pytest.raises(InputError, match=f"Remove {weights}"):
        trained.train_on_batch(data, **{weights: {0: 2.0}})


def test_evaluate_refuses_batches_without_end(trained, data):
    with pytest.raises(InputError, match="Pass steps=…"):
        trained.evaluate(tf.data.Dataset.from_tensors(data).repeat(), verbose=0)


def test_hdf5_is_refused(trained, tmp_path):
    with pytest.raises(InputError, match=r"Call model\.save\('model\.keras'\)"):
        trained.save(tmp_path / "model.h5")


def test_steps_after_the_schedule_warn_once(data):
    model = tiny()
    model.compile(critic_steps=1, total_steps=2)
    batches = tf.data.Dataset.from_tensors(data).repeat(2)
    model.fit(batches, verbose=0)
    weights = model.get_weights()
    with pytest.warns(UserWarning, match="after total_steps=2.*compile again"):
        model.fit(batches, verbose=0)
    moved = [(a != b).any() for a, b in zip(weights, model.get_weights(), strict=True)]
    assert moved == [True] + [False] * (len(moved) - 1)  # only the step
    model.fit(batches, verbose=0)


def test_the_end_of_the_schedule_within_fit_warns(data):
    model = tiny()
    batches = tf.data.Dataset.from_tensors(data).repeat(6)
    model.train_step = lambda data: {"loss": model.step.assign_add(1)}
    model.compile(critic_steps=1, total_steps=3, learning_rate=0.0)
    with pytest.warns(UserWarning, match="after total_steps=3"):
        model.fit(batches, verbose=0)
    model.compile(critic_steps=1, total_steps=3, learning_rate=0.0, lr_decay="none")
    model.fit(batches, verbose=0)


def test_models_refuse_another_backend(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(InputError, match=r"Received: torch\. Set KERAS_BACKEND=tensor"):
        StarGAN(num_domains=2)
