"""The command that trains a model for each pair of domains."""

from types import SimpleNamespace

import pytest
from stargan_tf_cyclegan import pairs
from stargan_tf_cyclegan.model import CycleGAN

from stargan_tf.plugin import DatasetInfo

DOMAINS = ("woman", "man", "child")
SIZES = {
    "base_filters": 2,
    "num_residual_blocks": 1,
    "discriminator_filters": 2,
    "discriminator_layers": 1,
    "pool_size": 0,
}


@pytest.fixture
def trainings(monkeypatch):
    """The command lines that were run; the third fails."""
    calls = []

    def run(command):
        calls.append(command[3:])
        return SimpleNamespace(returncode=130 if len(calls) == 3 else 0)

    monkeypatch.setattr(pairs.subprocess, "run", run)
    return calls


def test_it_trains_each_pair_and_stops_at_one_that_fails(trainings, capsys):
    words = ["--run", "all", "--domains", ",".join(DOMAINS), "--steps", "2"]
    assert pairs.main(words) == 130
    assert trainings == [
        [
            *("train", "--run", f"all/{one}-{other}", "--family", "cyclegan"),
            *("--steps", "2", "--attributes", f"{one},{other}"),
        ]
        for one, other in (("woman", "man"), ("woman", "child"), ("man", "child"))
    ]


@pytest.mark.parametrize("domains", ["man", "man,man", "man,,woman", ""])
def test_errors_are_one_line(domains, trainings, capsys):
    assert pairs.main(["--run", "all", "--domains", domains]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"Received: {domains}. " in line
    assert not trainings


def test_weights_beside_stargan(tmp_path):
    runs = []
    for one, other in (DOMAINS[:2], DOMAINS[1:], DOMAINS[::2]):
        info = DatasetInfo("people", (one, other), "one_hot", 32)
        runs.append(tmp_path / one / other)
        runs[-1].parent.mkdir(exist_ok=True)
        CycleGAN(info, **SIZES).save_to_preset(runs[-1])
    lines = pairs.costs(DOMAINS, runs).splitlines()
    table = {line[:12].strip(): line[12:].split() for line in lines[2:5]}
    # Generators: stem, two down, two residual, two up, to_rgb and its bias; all of
    # 2, 4 or 8 channels. Discriminators: three convolutions, two with a bias.
    generator = 49 * 6 + 9 * (8 + 32 + 64 + 64 + 32 + 8) + 49 * 6 + 3
    discriminator = 16 * (6 + 8 + 4) + 2 + 1
    one = [2 * generator, 2 * generator + 2 * discriminator]
    assert table["one pair"] == ["1", "2", *(f"{count:,}" for count in one)]
    assert table["all pairs"] == ["3", "6", *(f"{3 * count:,}" for count in one)]
    assert table["one StarGAN"][:2] == ["1", "1"]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Two steps teach nothing.
def test_a_pair_trains(tmp_path, capfd):
    run = tmp_path / "pairs"
    tiny = [word for name, value in SIZES.items() for word in (f"--{name}", str(value))]
    words = ["--run", str(run), "--domains", "woman,man", "--dataset", "toon_people"]
    words += ["--image_size", "32", "--steps", "2", "--checkpoint_every", "2", *tiny]
    assert pairs.main(words) == 0
    (checkpoint,) = (run / "woman-man" / "checkpoints").iterdir()
    assert checkpoint.name.endswith("2")
    assert "2 domains: woman, man" in capfd.readouterr().out
