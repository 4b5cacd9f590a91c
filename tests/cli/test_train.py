"""`stargan-tf train`, stopped by signals."""

import json
import os
import signal

import pytest

from stargan_tf.callbacks import SampleImages
from stargan_tf.cli.main import main
from stargan_tf.training import run as training_run

TINY = [
    *("--dataset=toon_expressions", "--image_size=32", "--base_filters=4"),
    *("--num_residual_blocks=1", "--discriminator_filters=4", "--batch_size=2"),
    *("--discriminator_layers=2", "--steps=4", "--held_out=0.1", "--critic_steps=1"),
    *("--checkpoint_every=4", "--sample_every=2", "--log_every=2"),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")  # draws only what it needs
    return tmp_path / "run"


def send(number):
    """A function of any arguments that sends this process a signal, once."""
    sent = []

    def function(*_):
        if not sent:
            sent.append(number)
            os.kill(os.getpid(), number)

    return function


def names(folder, *path):
    return sorted(p.name for p in folder.joinpath(*path).glob("*"))


def test_a_signal_leaves_a_checkpoint_of_the_step(folder, capsys, monkeypatch):
    ask, sample = send(signal.SIGTERM), SampleImages.work

    def draw(self, logs):
        ask()
        sample(self, logs)

    monkeypatch.setattr(SampleImages, "work", draw)
    assert main(["train", *TINY, f"--run={folder}"]) == 143
    output = capsys.readouterr()
    resume = f"stargan-tf train --run {folder}"
    expected = f"stargan-tf: interrupted. Step 2 is saved. To resume: {resume}\n"
    assert output.err == expected
    assert names(folder, "checkpoints") == ["step_00000002"]
    assert names(folder, "samples") == []

    assert main(["train", f"--run={folder}"]) == 0
    assert "Going on from step 2" in capsys.readouterr().out
    assert names(folder, "checkpoints") == ["step_00000002", "step_00000004"]
    # Drawing the first was given up; it is made up for.
    assert names(folder, "samples") == ["step_00000002.png", "step_00000004.png"]
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 2, 4, 4]


def test_a_signal_before_the_first_step_leaves_step_0(folder, capsys, monkeypatch):
    ask, make = send(signal.SIGINT), training_run.make_strategy

    def make_strategy(kind):
        ask()
        return make(kind)

    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        pytest.skip("a shell's background job ignores interrupts")
    monkeypatch.setattr(training_run, "make_strategy", make_strategy)
    assert main(["train", *TINY, f"--run={folder}"]) == 130
    assert "interrupted. Step 0 is saved." in capsys.readouterr().err
    assert names(folder, "checkpoints") == ["step_00000000"]
    assert json.loads((folder / "config.json").read_text())["steps"] == 4

    # Nothing was trained: other options may be chosen.
    monkeypatch.setattr(training_run, "make_strategy", make)
    assert main(["train", *TINY, "--seed=3", "--steps=1", f"--run={folder}"]) == 0
    assert names(folder, "checkpoints") == ["step_00000000", "step_00000001"]
