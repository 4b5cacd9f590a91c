"""`stargan-tf distill` from a model folder to a model folder."""

import json

import pytest

from stargan_tf.cli.main import main
from stargan_tf.training import checkpoints
from stargan_tf.training.run_folder import find_checkpoint, load_model


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    from stargan_tf.data.registry import load_dataset
    from stargan_tf.models.stargan.model import StarGAN

    info = load_dataset("toon_attributes", "train", 32).info
    model = StarGAN(info, base_filters=8, num_residual_blocks=1, discriminator_layers=2)
    folder = tmp_path_factory.mktemp("teacher") / "big"
    state = checkpoints.State(3, "stargan", [info.to_dict()], [9], {})
    checkpoints.save(folder / "checkpoints", model, state, keep=1)
    return folder


@pytest.fixture(autouse=True)
def draws_only_what_it_needs(monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")


def test_a_model_without_a_run_is_distilled_on_the_data_it_is_named_after(
    teacher, capsys
):
    flags = ["--model", str(teacher), "--steps", "2", "--batch_size", "2"]
    assert main(["distill", *flags]) == 0
    output = capsys.readouterr().out
    folder = teacher.with_name("big_mobile")
    assert f"stargan-tf evaluate --model {folder}" in output
    record = json.loads((folder / "distilled.json").read_text())
    assert record["multiply_adds"] * 10 <= record["teacher_multiply_adds"]
    assert find_checkpoint(folder)[1].data  # What it was taught on.
    student = load_model(folder)
    assert student.get_config()["separable"]
    assert int(student.step) == int(load_model(teacher).step)

    assert main(["distill", *flags]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "arguments are required: --model"),
        (["--model", "nowhere"], "no model nowhere"),
        (["--steps", "0"], "--steps: must be a whole number, at least 1"),
        (["--image_size", "64"], "takes images of 32 pixels"),
        (["--dataset", "toon_people"], "different domains"),
        (["left"], "takes flags only"),
    ],
)
def test_bad_input_is_one_line(teacher, tmp_path, capsys, flags, message):
    if flags and "--model" not in flags:
        flags = ["--model", str(teacher), "--output", str(tmp_path / "out"), *flags]
    assert main(["distill", *flags]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
