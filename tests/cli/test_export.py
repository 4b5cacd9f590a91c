"""`stargan-tf import` and `export`, as a user calls them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.convert.conftest import flat, v1_states, v2_states

ROOT = Path(__file__).parents[2]
LEGACY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9"


def run(command, *arguments, **variables):
    """Runs a command of `stargan-tf` in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CUDA_VISIBLE_DEVICES": "-1",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-m", "stargan_tf.cli.main", command, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def files(tmp_path):
    """Name → path of checkpoints, good and bad."""
    generator, discriminator = v1_states()
    poisoned = {**generator, "main.0.weight": generator["main.0.weight"] * np.nan}
    averages = {k: v for k, v in v2_states().items() if k != "discriminator"}
    contents = {
        "1000-G": generator,
        "1000-D": discriminator,
        "nan": poisoned,
        "000500_nets_ema": flat(averages),
        "resnet": {"conv1.weight": np.zeros((2, 3, 7, 7)), "fc.bias": np.zeros(5)},
    }
    paths = {name: tmp_path / "in" / f"{name}.npz" for name in contents}
    (tmp_path / "in").mkdir()
    for name, arrays in contents.items():
        np.savez(paths[name], **arrays)
    paths["cut"] = tmp_path / "in/cut.npz"
    paths["cut"].write_bytes(paths["1000-D"].read_bytes()[:300])
    paths["page"] = tmp_path / "in/page.ckpt"
    paths["page"].write_text("<html>")
    paths["torch"] = tmp_path / "in/torch.ckpt"
    paths["torch"].write_bytes(LEGACY_TORCH)
    return paths


def test_v1_is_imported_translates_and_goes_back(files, tmp_path):
    model, picture = tmp_path / "model", tmp_path / "face.png"
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(picture)
    both = (files["1000-G"], files["1000-D"])
    names = ("--preset", "celeba", "--image-size=16")
    status, output, errors = run("import", *both, *names, "--output", model)
    assert (status, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0] == (
        "A stargan model for 16 px of celeba (Black_Hair, Blond_Hair, Brown_Hair, "
        "Male, Young)."
    )
    assert lines[1] == "Not in the checkpoint: the optimizers."
    assert f"stargan-tf train --init_from {model} " in lines[-1]

    target = ("--to", "Male", picture, "--output", tmp_path / "out.png")
    status, _, errors = run("translate", "--model", model, *target)
    assert (status, errors) == (0, "")
    assert (tmp_path / "out.png").exists()

    pytest.importorskip("torch")
    official = tmp_path / "official"
    flags = ("--model", model, "--format", "torch", "--output", official)
    status, output, errors = run("export", *flags)
    assert (status, errors) == (0, "")
    assert output.splitlines() == [
        f"Wrote {official / name}" for name in ("1000-D.ckpt", "1000-G.ckpt")
    ]
    status, _, errors = run("export", *flags)
    assert status == 2
    assert "exists already. Choose another --output" in errors


@pytest.mark.parametrize(
    ("names", "flags", "message"),
    [
        ([], [], "arguments are required: CHECKPOINT"),
        (["cut"], [], "is damaged or cut short"),
        (["page"], [], "is no checkpoint: expected a torch file"),
        (["resnet"], [], "no checkpoint of yunjey/stargan or clovaai/stargan-v2"),
        (["nan"], [], "holds weights that are not finite, such as main.0.weight"),
        (["1000-G", "1000-G"], [], "both hold a generator"),
        (["1000-D"], [], "alone translates nothing"),
        (["1000-G", "000500_nets_ema"], [], "The files are of different models"),
        (["1000-G", "1000-D"], ["--domains=a,b"], "has 5 labels. Received 2 names"),
        (["1000-G", "1000-D"], ["--preset=afqh"], "Did you mean afhq"),
        (["000500_nets_ema"], ["--image_size=256"], "is for 64 px, --image_size says"),
        (["000500_nets_ema"], ["--image_size=big"], "must be a whole number"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    files, tmp_path, names, flags, message
):
    paths = [files[name] for name in names]
    status, output, errors = run("import", *paths, *flags, "--output", tmp_path / "out")
    assert (status, output) == (2, "")
    assert message in errors
    assert errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_output_that_exists_is_left_alone(files, tmp_path):
    pair = (files["1000-G"], files["1000-D"])
    status, _, errors = run("import", *pair, "--output", tmp_path / "in")
    assert status == 2
    assert "exists already" in errors and errors.count("\n") == 1
    assert files["page"].read_text() == "<html>"
    errors = run("import", *pair)[2]
    assert "the following arguments are required: --output" in errors


def test_a_missing_extra_is_named(files, tmp_path):
    """On a machine without PyTorch: a module of that name that cannot be imported."""
    (tmp_path / "without").mkdir()
    (tmp_path / "without/torch.py").write_text("raise ImportError('no torch')")
    path = os.pathsep.join([str(tmp_path / "without"), str(ROOT)])
    output = tmp_path / "out"
    status, _, errors = run(
        "import", files["torch"], "--output", output, PYTHONPATH=path
    )
    assert status == 2
    assert "pip install 'stargan_tf[convert]'" in errors and errors.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_checkpoint_does_not_run(tmp_path, is_zip):
    torch = pytest.importorskip("torch")

    class Code:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "proof"),)

    torch.save(
        {"main.0.weight": Code()},
        tmp_path / "evil.ckpt",
        _use_new_zipfile_serialization=is_zip,
    )
    output = tmp_path / "out"
    status, _, errors = run("import", tmp_path / "evil.ckpt", "--output", output)
    assert status == 2
    assert "is refused" in errors and errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["evil.ckpt"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--format=torch", "--output=out"], "arguments are required: --model"),
        (["--model=gone", "--output=out"], "arguments are required: --format"),
        (["--model=gone", "--format=torch", "--output=out"], "no model gone"),
        (
            ["--model=gone", "--format=touch", "--output=out"],
            "invalid choice: 'touch' (choose from",
        ),
        (["--model=gone", "--format=torch", "--output=out", "x"], "takes flags only"),
    ],
)
def test_bad_flags_of_export(flags, message):
    status, output, errors = run("export", *flags)
    assert (status, output) == (2, "")
    assert message in errors and errors.count("\n") == 1
