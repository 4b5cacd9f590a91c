"""Official weights, in and out again, are the same bits under the same keys."""

import numpy as np
import pytest

from stargan_tf.convert.files import write
from stargan_tf.convert.write import (
    check_exportable,
    export_checkpoint,
    import_checkpoint,
    read_fan,
)
from stargan_tf.errors import InputError
from stargan_tf.training import checkpoints
from stargan_tf.training.run_folder import find_checkpoint
from tests.convert.conftest import golden_states, v1_states, v2_states

torch = pytest.importorskip("torch")
# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

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


def test_v1_there_and_back(tmp_path):
    _, states = golden_states("v1_joint")
    paths = [tmp_path / "7-G.ckpt", tmp_path / "7-D.ckpt"]
    for path, state in zip(paths, states.values(), strict=True):
        write(path, state)
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


@pytest.mark.parametrize("name", ["v2_latent_reference", "v2_high_pass"])
def test_v2_there_and_back(tmp_path, name):
    golden, states = golden_states(name)
    rng = np.random.default_rng(0)
    averages = {
        network: {k: rng.normal(size=v.shape).astype(np.float32) for k, v in s.items()}
        for network, s in states.items()
        if network != "discriminator"
    }
    fan = {"fan": {"weight": np.arange(3, dtype=np.float32)}}
    paths = [tmp_path / "001000_nets.ckpt", tmp_path / "001000_nets_ema.ckpt"]
    write(paths[0], states | fan)
    write(paths[1], averages | fan)
    import_checkpoint(paths, tmp_path / "model")
    output = tmp_path / "out"
    files = export(tmp_path / "model", output, fan=read_fan(paths[1]))
    assert [file.name for file in files] == [path.name for path in paths]
    for file, originals in zip(files, (states, averages), strict=True):
        content = load(file)
        check_equal(content.pop("fan"), fan["fan"])
        kernel = content["generator"].pop("hpf.filter", None)
        assert (kernel is not None) == bool(golden.json["w_hpf"])
        assert content.keys() == originals.keys()
        for network, state in originals.items():
            check_equal(content[network], state)
    if kernel is not None:
        np.testing.assert_array_equal(kernel[0], [-1, -1, -1])
        assert kernel[1, 1] == 8


def test_optimizers_there_and_back(tmp_path):
    states = v2_states(domains=2, high_pass=True)
    keys = {n: [k for k in s if k != "hpf.filter"] for n, s in states.items()}
    parameters = {
        name: [torch.nn.Parameter(torch.from_numpy(state[key])) for key in keys[name]]
        for name, state in states.items()
    }
    moments = {name: stepped(values) for name, values in parameters.items()}
    paths = [tmp_path / "000003_nets.ckpt", tmp_path / "000003_optims.ckpt"]
    write(paths[0], states)
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

    info = DatasetInfo("a", ("b", "c"), "binary", 16)
    small = {"base_filters": 2, "num_residual_blocks": 1, "discriminator_layers": 2}
    for options in (
        {"attention": True},
        {"conditioning": "blocks"},
        {"separable": True},
    ):
        model = StarGAN(info, discriminator_filters=2, **small, **options)
        state = checkpoints.State(1, "stargan", [info.to_dict()], [0], {})
        checkpoint = checkpoints.save(tmp_path, model, state, keep=1)
        with pytest.raises(InputError, match="is not in the official code"):
            check_exportable(checkpoint, state)


def test_a_family_without_official_code(tmp_path):
    state = checkpoints.State(1, "stranger", [], [], {})
    with pytest.raises(InputError, match="no official code for stranger models"):
        check_exportable(tmp_path, state)


def test_a_file_without_landmark_network(tmp_path):
    write(tmp_path / "a.ckpt", dict(zip("gd", v1_states(), strict=True)))
    with pytest.raises(InputError, match="has no landmark network"):
        read_fan(tmp_path / "a.ckpt")
