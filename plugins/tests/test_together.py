"""Several data sets at once, by the commands that a user types."""

import json
import subprocess
import sys

import pytest

from stargan_tf.cli.main import main

ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
TINY = {
    "image_size": 16,
    "base_filters": 4,
    "num_residual_blocks": 1,
    "discriminator_filters": 4,
    "discriminator_layers": 2,
    "batch_size": 2,
    "steps": 4,
    "critic_steps": 1,
    "log_every": 2,
    "sample_every": 4,
    "checkpoint_every": 4,
}


@pytest.fixture
def celeba(tmp_path, write_pictures):
    names = [f"{number:06d}.jpg" for number in range(1, 21)]
    folder = write_pictures(tmp_path / "celeba" / "images", names, (178, 218)).parent
    lines = ["20", " ".join(ATTRIBUTES)]
    lines += [f"{name} {2 * (k % 2) - 1} -1 -1 1 -1" for k, name in enumerate(names)]
    (folder / "list_attr_celeba.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture
def rafd(tmp_path, write_pictures):
    names = [
        f"Rafd090_{person:02d}_Caucasian_male_{expression}_frontal.jpg"
        for person in (1, 2, 3)
        for expression in (
            *("angry", "contemptuous", "disgusted", "fearful"),
            *("happy", "neutral", "sad", "surprised"),
        )
    ]
    return write_pictures(tmp_path / "rafd", names, (68, 102))


# Four steps teach nothing.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_celeba_and_rafd_train_jointly(celeba, rafd, tmp_path, capsys):
    run = tmp_path / "run"
    options = [f"--{name}={value}" for name, value in TINY.items()]
    data = ["--dataset", "celeba,rafd", "--data_dir", f"{celeba},{rafd}"]
    status = main(["train", *data, "--run", str(run), *options])
    assert status == 0, capsys.readouterr().err
    config = json.loads((run / "config.json").read_text())
    assert config["dataset"] == ["celeba", "rafd"]
    lines = (run / "metrics.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["step"] == 4
    picture = next((rafd).iterdir())
    for target in ("Blond_Hair", "happy"):
        output = tmp_path / f"{target}.png"
        words = ["--to", target, str(picture), "--output", str(output)]
        assert main(["translate", "--model", str(run), *words]) == 0
        assert output.exists()


def test_all_are_listed_without_being_imported():
    code = (
        "import sys; from stargan_tf.cli.main import main; main(['datasets'])\n"
        "assert not [m for m in sys.modules if m.startswith('stargan_tf_')]\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    listed = [line.split()[0] for line in done.stdout.splitlines() if line]
    ours = {"afhq", "afhq_v2", "celeba", "celeba_hq", "celeba_partition", "ffhq"}
    ours |= {"rafd", "rafd_angle", "rafd_frontal", "rafd_gaze"}
    assert ours <= set(listed)
