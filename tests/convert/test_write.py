"""Official checkpoints become models that compute the same, and back, bit for bit."""

import json
from dataclasses import replace

import numpy as np
import pytest

from stargan_tf.convert.files import write_torch
from stargan_tf.convert.mapping import (
    NetworkState,
    entries,
    put_weights,
    take_weights,
    to_ours,
)
from stargan_tf.convert.write import (
    check_exportable,
    export_checkpoint,
    import_checkpoint,
    put_moments,
)
from stargan_tf.errors import InputError
from stargan_tf.models.stargan_v2.networks import MappingNetwork
from stargan_tf.models.stargan_v2.official import mapping_network
from stargan_tf.optimizers import TorchAdam
from stargan_tf.training import checkpoints
from stargan_tf.training.run_folder import find_checkpoint, load_model
from tests.convert import official_shapes
from tests.convert.conftest import flat, golden_states, v2_states
from tests.models.golden import nhwc

try:
    import torch
except ImportError:
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="needs PyTorch")
# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")


def save_torch(path, content, is_zip=True):
    if torch is None:
        pytest.skip("needs PyTorch")

    def tensors(value):
        if isinstance(value, dict):
            return {key: tensors(part) for key, part in value.items()}
        return torch.from_numpy(value)

    torch.save(tensors(content), path, _use_new_zipfile_serialization=is_zip)
    return path


def close(ours, theirs, tolerance):
    np.testing.assert_allclose(ours, theirs, atol=tolerance, rtol=0)


@pytest.mark.parametrize(
    ("name", "names", "form"),
    [
        ("v1_attributes", {"preset": "celeba"}, "zip"),
        ("v1_expressions", {"preset": "rafd"}, "legacy"),
        ("v1_joint", {"preset": "celeba_rafd"}, "npz"),
    ],
)
def test_v1(tmp_path, name, names, form):
    golden, states = golden_states(name)
    paths = []
    for letter, state in zip("GD", states.values(), strict=True):
        paths.append(tmp_path / f"200000-{letter}.ckpt")
        if form == "npz":
            with paths[-1].open("wb") as file:
                np.savez(file, **state)
        else:
            save_torch(paths[-1], state, form == "zip")
    imported = import_checkpoint(paths, tmp_path / "model", **names)
    assert imported.fresh == ["the optimizers"]
    model = load_model(tmp_path / "model")
    assert int(model.step.numpy()) == 200_000
    kind = golden.json["steps"][0]["dataset"].lower()
    image = golden.image("x_real", 4, 32)
    label = golden.arrays[f"{kind}_c_trg"]
    fake = golden.arrays[f"{kind}_fake"]
    close(model.generator([image, label]), nhwc(fake), 1e-5)
    patches, classes = model.discriminator(image)
    close(patches, nhwc(golden.arrays[f"{kind}_d_src_real"]), 1e-5)
    close(classes, golden.arrays[f"{kind}_d_cls_real"], 1e-5)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("v2_latent_reference", "zip"),
        ("v2_latent_reference", "npz"),
        ("v2_high_pass", "legacy"),
    ],
)
def test_v2(tmp_path, name, form):
    golden, states = golden_states(name)
    path = tmp_path / "100000_nets.ckpt"
    if form == "npz":
        with path.open("wb") as file:
            np.savez(file, **flat(states))
    else:
        # The landmark network of the masks is not ours to import.
        save_torch(path, states | {"fan": {"a": np.ones(1)}}, form == "zip")
    imported = import_checkpoint([path], tmp_path / "model")
    assert imported.fresh == [
        "the EMA networks of generator, mapping network and style encoder (replaced by "
        "the trained ones)",
        "the optimizers",
    ]
    check_v2(load_model(tmp_path / "model"), golden)


def check_v2(model, golden):
    """Both fakes of the golden, by the averaged networks, and D's verdicts."""
    from tests.goldens.reference_weights import reference_array

    seed, size = golden.json["seed"], golden.json["image_size"]
    domains = {n: golden.arrays[n].astype(np.int32) for n in ("y_org", "y_trg")}
    latent = reference_array("z_trg", (2, golden.json["latent_dim"]), seed)
    styles = {
        "latent": model.mapping_network_ema([latent, domains["y_trg"]]),
        "reference": model.style_encoder_ema(
            [golden.image("x_ref", 2, size), domains["y_trg"]]
        ),
    }
    image = golden.image("x_real", 2, size)
    for source, style in styles.items():
        close(style, golden.arrays[f"style_from_{source}"], 1e-4)
        inputs = [image, np.asarray(style), *masks(golden)]
        fake = nhwc(golden.arrays[f"fake_{source}"])
        close(model.generator_ema(inputs), fake, 1e-4)
    verdicts = model.discriminator([image, domains["y_org"]])
    close(verdicts, golden.arrays["d_real"], 1e-4)


def masks(golden):
    """The masks as the golden file draws them; none without high-pass skips."""
    if not golden.json["w_hpf"]:
        return []
    rng = np.random.default_rng([golden.json["seed"], 99])
    for _ in range(2):
        rng.integers(0, golden.json["num_domains"], (2,))
    size = golden.json["image_size"]
    drawn = [rng.uniform(0, 1, (2, 1, size, size)) for _ in range(2)]
    return [nhwc(np.concatenate(drawn, axis=1).astype(np.float32))]


def test_averages_alone(tmp_path, ema_file):
    imported = import_checkpoint([ema_file], tmp_path / "model", preset="afhq")
    assert imported.fresh == [
        "the discriminator",
        "the trained generator, mapping network and style encoder (replaced by the EMA "
        "networks)",
        "the optimizers",
    ]
    model = load_model(tmp_path / "model")
    assert model.info.domains == ("cat", "dog", "wild")
    pairs = zip(model.generator.weights, model.generator_ema.weights, strict=True)
    for trained, average in pairs:
        np.testing.assert_array_equal(trained, average)
    # Fresh, not zero as the file's weights.
    assert np.any(model.discriminator.weights[0].numpy())
    record = json.loads((tmp_path / "model/import.json").read_text())
    assert record["options"]["max_filters"] == 4
    assert record["checkpoints"] == [str(ema_file)]
    assert record["not_in_the_checkpoint"] == imported.fresh


def test_an_existing_folder_is_left_alone(tmp_path, ema_file):
    (tmp_path / "model").mkdir()
    with pytest.raises(InputError, match="exists already. Choose another --output"):
        import_checkpoint([ema_file], tmp_path / "model")
    assert not list((tmp_path / "model").iterdir())


def test_a_generator_alone_at_a_size_that_its_discriminator_cannot_have(
    tmp_path, v1_files
):
    with pytest.raises(InputError, match="32 pixels cannot be halved 6 times"):
        import_checkpoint(v1_files[:1], tmp_path / "model", image_size=32)
    imported = import_checkpoint(v1_files[:1], tmp_path / "model", image_size=64)
    assert imported.fresh == ["the discriminator", "the optimizers"]
    assert imported.infos[0].image_size == 64


def test_a_shape_that_does_not_fit_leaves_nothing(tmp_path, ema_file):
    with np.load(ema_file) as arrays:
        states = dict(arrays)
    states["generator.encode.0.conv1.weight"] = np.zeros((3, 3, 3, 3), np.float32)
    np.savez(ema_file, **states)
    with pytest.raises(InputError) as caught:
        import_checkpoint([ema_file], tmp_path / "model")
    assert "encode.0.conv1.weight must have the shape (256, 256" in str(caught.value)
    assert "Received: (3, 3, 3, 3)" in str(caught.value)
    assert list(tmp_path.iterdir()) == [ema_file]


RUNNING = ("running_mean", "running_var", "num_batches_tracked")


def export(model, output, **options):
    return export_checkpoint(*find_checkpoint(model), output, **options)


def load(path):
    return torch.load(path, weights_only=True)


def check_equal(ours, theirs):
    """The same keys, in the same order, with the same bits."""
    assert list(ours) == list(theirs)
    for key, array in theirs.items():
        assert ours[key].dtype == torch.float32
        np.testing.assert_array_equal(ours[key].numpy(), array, err_msg=key)


@needs_torch
def test_v1_there_and_back(tmp_path):
    _, states = golden_states("v1_joint")
    paths = [tmp_path / "7-G.ckpt", tmp_path / "7-D.ckpt"]
    for path, state in zip(paths, states.values(), strict=True):
        write_torch(path, state)
    import_checkpoint(paths, tmp_path / "model", preset="celeba_rafd")
    files = export(tmp_path / "model", tmp_path / "out")
    assert [file.name for file in files] == ["7-D.ckpt", "7-G.ckpt"]
    check_equal(load(files[0]), states["discriminator"])
    generator = load(files[1])
    # The official norms want their unused statistics.
    statistics = [key for key in generator if key.endswith(RUNNING)]
    assert len(statistics) == 3 * 9
    assert torch.equal(generator["main.1.running_var"], torch.ones(8))
    assert generator["main.1.num_batches_tracked"].shape == ()
    for key in statistics:
        del generator[key]
    check_equal(generator, states["generator"])


@needs_torch
@pytest.mark.parametrize("name", ["v2_latent_reference", "v2_high_pass"])
def test_v2_there_and_back(tmp_path, name):
    golden, states = golden_states(name)
    rng = np.random.default_rng(0)
    averages = {
        network: {k: rng.normal(size=v.shape).astype(np.float32) for k, v in s.items()}
        for network, s in states.items()
        if network != "discriminator"
    }
    paths = [tmp_path / "001000_nets.ckpt", tmp_path / "001000_nets_ema.ckpt"]
    write_torch(paths[0], states)
    write_torch(paths[1], averages)
    import_checkpoint(paths, tmp_path / "model")
    output = tmp_path / "out"
    files = export(tmp_path / "model", output)
    assert [file.name for file in files] == [path.name for path in paths]
    for file, originals in zip(files, (states, averages), strict=True):
        content = load(file)
        kernel = content["generator"].pop("hpf.filter", None)
        assert (kernel is not None) == bool(golden.json["w_hpf"])
        assert content.keys() == originals.keys()
        for network, state in originals.items():
            check_equal(content[network], state)
    if kernel is not None:
        np.testing.assert_array_equal(kernel[0], [-1, -1, -1])
        assert kernel[1, 1] == 8


@needs_torch
def test_optimizers_there_and_back(tmp_path):
    states = v2_states(domains=2, high_pass=True)
    keys = {n: [k for k in s if k != "hpf.filter"] for n, s in states.items()}
    parameters = {
        name: [torch.nn.Parameter(torch.from_numpy(state[key])) for key in keys[name]]
        for name, state in states.items()
    }
    moments = {name: stepped(values) for name, values in parameters.items()}
    paths = [tmp_path / "000003_nets.ckpt", tmp_path / "000003_optims.ckpt"]
    write_torch(paths[0], states)
    torch.save(moments, paths[1])
    imported = import_checkpoint(paths, tmp_path / "model")
    assert "the optimizers" not in imported.fresh
    export(tmp_path / "model", tmp_path / "out")
    again = load(tmp_path / "out" / paths[1].name)
    for name, theirs in moments.items():
        ours = again[name]["state"]
        unused = theirs["state"].keys() - ours.keys()
        # Nothing trains the unused convolutions: PyTorch has no state of them either.
        names = [keys[name][i] for i in unused]
        assert all("decode" in key and "conv1x1" in key for key in names)
        for i, state in ours.items():
            for key in ("exp_avg", "exp_avg_sq", "step"):
                assert torch.equal(state[key], theirs["state"][i][key]), (name, i, key)
        # PyTorch takes it up.
        torch.optim.Adam(parameters[name]).load_state_dict(again[name])


def stepped(parameters):
    """State dict of PyTorch's Adam after three steps."""
    generator = torch.Generator().manual_seed(0)
    adam = torch.optim.Adam(parameters, betas=(0.0, 0.99), weight_decay=1e-4)
    for _ in range(3):
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        adam.step()
    return adam.state_dict()


def test_additions_of_ours_have_no_official_form(tmp_path):
    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.stargan.model import StarGAN
    from stargan_tf.models.stargan_v2.model import StarGANV2

    info = DatasetInfo("a", ("b", "c"), "binary", 16)
    kinds = DatasetInfo("a", ("b", "c"), "one_hot", 64)
    small = {"num_residual_blocks": 1, "discriminator_layers": 2}
    small["discriminator_filters"] = 2
    small_v2 = {"max_filters": 4, "style_dim": 4, "hidden_dim": 4}
    v1 = ("stargan", StarGAN, info, small)
    v2 = ("stargan_v2", StarGANV2, kinds, small_v2)
    additions = (
        {"output": "blend"},
        {"conditioning": "blocks"},
        {"upsampling": "resize"},
        {"skips": True},
        {"separate_classifier": True},
        {"ema_decay": 0.9},
    )
    additions_to_v2 = (
        {"generator_filters": 4},
        {"upsampling": "bilinear"},
        {"latent_injection": True},
    )
    cases = [(v1, options) for options in additions]
    cases += [(v2, options) for options in additions_to_v2]
    for (family, model_class, info, sizes), options in cases:
        model = model_class(info, base_filters=2, **sizes, **options)
        state = checkpoints.State(1, family, [info.to_dict()], [0], {})
        checkpoint = checkpoints.save(tmp_path, model, state, keep=1)
        with pytest.raises(InputError, match=f"with another {next(iter(options))}"):
            check_exportable(checkpoint, state)
    odd = replace(v1[2], image_size=20)
    model = v1[1](odd, base_filters=2, **{**v1[3], "discriminator_layers": 3})
    state = checkpoints.State(1, v1[0], [odd.to_dict()], [0], {})
    checkpoint = checkpoints.save(tmp_path, model, state, keep=1)
    with pytest.raises(InputError, match="images of this size. Received: 20 px"):
        export_checkpoint(checkpoint, state, tmp_path / "out")
    gray = replace(v1[2], num_channels=1)
    model = v1[1](gray, base_filters=2, **v1[3])
    state = checkpoints.State(1, v1[0], [gray.to_dict()], [0], {})
    checkpoint = checkpoints.save(tmp_path, model, state, keep=1)
    with pytest.raises(InputError, match="with another kind of images"):
        check_exportable(checkpoint, state)


TABLE = mapping_network(2)
SHAPES = official_shapes.mapping_network_v2(2, latent=3, style=4, hidden=5)
KEYS = [entry.key for entry in entries(TABLE)]


@pytest.fixture
def theirs():
    """(parameters, PyTorch's Adam) after two steps."""
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.randn(SHAPES[key])) for key in KEYS]
    adam = torch.optim.Adam(parameters, lr=0.01, betas=(0.5, 0.99), weight_decay=0.1)
    for _ in range(2):
        step(parameters, adam)
    return parameters, adam


def step(parameters, adam):
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape)
    adam.step()


@needs_torch
def test_the_third_step_is_the_same(theirs, tmp_path):
    parameters, adam = theirs
    network = MappingNetwork(2, latent_dim=3, style_dim=4, hidden_dim=5)
    weights = [parameter.detach().numpy().copy() for parameter in parameters]
    part = NetworkState(tmp_path, "F", dict(zip(KEYS, weights, strict=True)))
    put_weights(network, TABLE, part)
    ours = TorchAdam(0.01, beta_1=0.5, beta_2=0.99, l2=0.1)
    ours.build(network.trainable_variables)
    put_moments(ours, network, TABLE, numpy_state(adam))
    assert int(ours.iterations.numpy()) == 2

    step(parameters, adam)
    gradients = {k: p.grad.numpy() for k, p in zip(KEYS, parameters, strict=True)}
    shapes = {v.path: tuple(v.shape) for v in network.weights}
    by_path = dict(to_ours(TABLE, gradients, shapes))
    variables = network.trainable_variables
    ours.apply([by_path[v.path] for v in variables], variables)
    received = take_weights(network, TABLE)
    for key, parameter in zip(KEYS, parameters, strict=True):
        expected = parameter.detach().numpy()
        np.testing.assert_allclose(received[key], expected, atol=2e-6, err_msg=key)


def numpy_state(adam):
    content = adam.state_dict()
    state = {
        i: {name: value.numpy() for name, value in slots.items()}
        for i, slots in content["state"].items()
    }
    return {**content, "state": state}


@needs_torch
def test_moments_of_another_network(theirs):
    network = MappingNetwork(2, latent_dim=7, style_dim=4, hidden_dim=5)
    ours = TorchAdam()
    ours.build(network.trainable_variables)
    with pytest.raises(InputError, match="state of the mapping_network.* must match"):
        put_moments(ours, network, TABLE, numpy_state(theirs[1]))
