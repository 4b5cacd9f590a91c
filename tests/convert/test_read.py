"""What a model's options are is told from the shapes; what does not fit is refused."""

import numpy as np
import pytest

from stargan_tf.convert.read import read
from stargan_tf.errors import InputError
from tests.convert.conftest import flat, v1_states, v2_states


def save(path, state):
    np.savez(path, **state)
    return path


def test_v1_from_its_two_files(v1_files):
    found = read(v1_files)
    assert (found.family, found.step) == ("stargan", 200_000)
    assert found.sizes.options == {
        "base_filters": 2,
        "num_residual_blocks": 1,
        "discriminator_filters": 4,
        "discriminator_layers": 2,
    }
    assert (found.sizes.image_size, found.sizes.label_width) == (16, 5)
    assert found.sizes.mask_width == 0
    assert found.sizes.is_size_known


def test_v1_joint_has_a_mask(tmp_path):
    states = v1_states(labels=13, mask=2)
    paths = [save(tmp_path / f"{n}.npz", s) for n, s in zip("GD", states, strict=True)]
    sizes = read(paths, preset="celeba_rafd").sizes
    assert (sizes.label_width, sizes.mask_width) == (15, 2)


def test_v1_generator_alone_leaves_the_image_size_open(v1_files):
    found = read(v1_files[:1])
    assert found.sizes.image_size == 128
    assert found.sizes.mask_width is None
    assert read(v1_files[:1], image_size=64).sizes.image_size == 64


def test_running_statistics_of_old_checkpoints_are_no_weights(tmp_path):
    generator, _ = v1_states()
    for key in ("running_mean", "running_var"):
        generator[f"main.1.{key}"] = np.full(2, np.nan, np.float32)
    generator["main.1.num_batches_tracked"] = np.array(7)
    assert read([save(tmp_path / "1-G.npz", generator)]).step == 1


@pytest.mark.parametrize("high_pass", [False, True])
def test_v2(tmp_path, high_pass):
    states = v2_states(domains=2, high_pass=high_pass)
    found = read([save(tmp_path / "000500_nets.npz", flat(states))])
    assert (found.family, found.step) == ("stargan_v2", 500)
    assert list(found.networks) == list(states)
    assert found.sizes.image_size == 64
    assert found.sizes.label_width == 2
    assert found.sizes.options == {
        "style_dim": 5,
        "latent_dim": 3,
        "hidden_dim": 7,
        "base_filters": 256,
        "max_filters": 4,
        "high_pass": float(high_pass),
    }


def test_v2_averages_are_told_by_the_missing_discriminator(ema_file):
    found = read([ema_file])
    names = ["generator_ema", "mapping_network_ema", "style_encoder_ema"]
    assert list(found.networks) == names
    assert found.step == 100_000


def test_strength_of_the_high_pass_filter(tmp_path):
    states = v2_states(high_pass=True)
    states["generator"]["hpf.filter"] = states["generator"]["hpf.filter"] / 3
    found = read([save(tmp_path / "a.npz", flat(states))])
    assert found.sizes.options["high_pass"] == 3.0
    # Before 2021 the filter was not in the file; the number of blocks still tells.
    del states["generator"]["hpf.filter"]
    path = save(tmp_path / "a.npz", flat(states))
    assert read([path]).sizes.options["high_pass"] == 1.0


def test_unused_convolutions_may_be_missing(tmp_path):
    states = v2_states(high_pass=True)
    unused = [k for k in states["generator"] if "decode" in k and "conv1x1" in k]
    assert unused
    for key in unused:
        del states["generator"][key]
    assert read([save(tmp_path / "a.npz", flat(states))]).family == "stargan_v2"


def test_prefix_of_data_parallel_is_dropped(tmp_path):
    states = [{f"module.{k}": v for k, v in state.items()} for state in v1_states()]
    paths = [save(tmp_path / f"{n}.npz", s) for n, s in zip("GD", states, strict=True)]
    assert "main.0.weight" in read(paths).networks["generator"].weights


def refused(*paths):
    with pytest.raises(InputError) as caught:
        read(paths)
    return str(caught.value)


def test_a_network_twice(v1_files):
    text = refused(v1_files[0], v1_files[0])
    assert "both with a generator" in text
    assert "one {step}-D.ckpt" in text


def test_a_discriminator_alone(v1_files):
    assert "({step}-G.ckpt) too" in refused(v1_files[1])


def test_networks_of_two_trainings(v1_files, tmp_path):
    _, other = v1_states(labels=3, mask=0)
    generator, _ = v1_states(labels=4)
    paths = [save(tmp_path / "a.npz", generator), save(tmp_path / "b.npz", other)]
    assert "with 4 labels" in refused(*paths)
    assert "of the same training run" in refused(*paths)


def test_two_families(v1_files, ema_file):
    text = refused(v1_files[0], ema_file)
    assert "the same model" in text and "stargan_v2" in text


def test_a_resnet(tmp_path):
    state = {
        "conv1.weight": np.zeros((64, 3, 7, 7), np.float32),
        "bn1.weight": np.zeros(64, np.float32),
        "fc.bias": np.zeros(1000, np.float32),
    }
    text = refused(save(tmp_path / "resnet.npz", state))
    assert "not a checkpoint of yunjey/stargan or clovaai/stargan-v2" in text
    assert "3 arrays, conv1.weight and 2 more" in text


def test_weights_that_are_not_finite(tmp_path):
    generator, _ = v1_states()
    generator["main.0.weight"][0, 0, 0, 0] = np.nan
    text = refused(save(tmp_path / "G.npz", generator))
    assert "with NaN or infinity in main.0.weight" in text


def test_changed_networks(tmp_path):
    states = v2_states()
    states["generator"]["attention.weight"] = np.zeros(1, np.float32)
    text = refused(save(tmp_path / "a.npz", flat(states)))
    assert "unknown weights attention.weight. Check" in text
    states = v2_states()
    for key in ("from_rgb.bias", "to_rgb.2.bias"):
        del states["generator"][key]
    text = refused(save(tmp_path / "a.npz", flat(states)))
    assert "missing weights from_rgb.bias and 1 more." in text


def test_incomplete_v2(tmp_path):
    states = v2_states()
    del states["style_encoder"]
    assert "without style_encoder" in refused(save(tmp_path / "a.npz", flat(states)))
    states = v2_states()
    del states["mapping_network"]["shared.0.weight"]
    text = refused(save(tmp_path / "a.npz", flat(states)))
    assert "without shared.0.weight" in text


def test_optimizers_alone(tmp_path):
    torch = pytest.importorskip("torch")
    optimizer = {"state": {}, "param_groups": []}
    torch.save({"generator": optimizer}, tmp_path / "000001_optims.ckpt")
    assert "with optimizers only" in refused(tmp_path / "000001_optims.ckpt")


def test_an_image_size_that_differs(ema_file):
    read([ema_file], image_size=64)
    with pytest.raises(InputError, match="of 64 px. Received: --image_size 128"):
        read([ema_file], image_size=128)
