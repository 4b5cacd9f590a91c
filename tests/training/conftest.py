"""A run of the command line on the toy data set, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Seconds that a process may take on a machine that is busy with other things.
PATIENCE = 900
PLUGIN = Path(__file__).parent / "toy_plugin"
TINY = [
    "--dataset=toy",
    "--image_size=16",
    "--base_filters=4",
    "--num_residual_blocks=1",
    "--discriminator_filters=4",
    "--discriminator_layers=2",
    "--batch_size=4",
    "--critic_steps=2",
    "--steps=60",
    "--checkpoint_every=20",
    "--log_every=5",
    "--sample_every=30",
    "--deterministic",
]
TINY_V2 = [
    "--family=stargan_v2",
    "--dataset=toy_moods",
    "--image_size=64",
    "--base_filters=2",
    "--max_filters=4",
    "--style_dim=4",
    "--latent_dim=3",
    "--hidden_dim=5",
    "--batch_size=2",
    "--steps=6",
    "--diversity_steps=5",
    "--checkpoint_every=2",
    "--log_every=1",
    "--sample_every=100",
    "--deterministic",
]


# What to run in place of `stargan-tf`, and variables that make it quick.
PREPARED = "tests.training.prepared_cli"
SMALL, EAGER = {"TEST_SMALL": "1"}, {"TEST_EAGER": "1"}


class ToyRun:
    """Starts `stargan-tf train` on one run folder.

    Args:
        folder: the run's.
        module: what to run in place of `stargan-tf`.
    """

    def __init__(self, folder, module="stargan_tf.cli.main"):
        self.folder = folder
        self.module = module
        self.processes = []

    def start(self, *flags, **variables):
        """The process, with its output in pipes."""
        command = [sys.executable, "-m", self.module, "train"]
        environment = {
            **os.environ,
            "PYTHONPATH": str(PLUGIN),
            "STARGAN_TF_CACHE": str(self.folder.with_name("cache")),
            **variables,
        }
        environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
        process = subprocess.Popen(
            [*command, *flags, f"--run={self.folder}"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def finish(self, *flags, **variables):
        """(exit status, stdout, stderr) of the whole run."""
        process = self.start(*flags, **variables)
        output, errors = process.communicate(timeout=PATIENCE)
        return process.returncode, output, errors

    def metrics(self):
        """The records of `metrics.jsonl`, without the speed."""
        lines = (self.folder / "metrics.jsonl").read_text().splitlines()
        records = [json.loads(line) for line in lines]
        for record in records:
            record.pop("images_per_second", None)
        return records

    def checkpoints(self):
        """Names of all that is in `checkpoints/`."""
        return sorted(path.name for path in (self.folder / "checkpoints").iterdir())


def check_same_metrics(received, expected):
    """Both runs logged the same, but for rounding."""
    for ours, theirs in zip(received.metrics(), expected.metrics(), strict=True):
        assert ours == pytest.approx(theirs, rel=0.01, abs=1e-3)


@pytest.fixture
def tiny():
    return TINY


@pytest.fixture
def toy_run(tmp_path):
    """Makes a `ToyRun` for a name; what it started does not outlive the test."""
    runs = []

    def make(name, *module):
        runs.append(ToyRun(tmp_path / name, *module))
        return runs[-1]

    yield make
    for process in [process for run in runs for process in run.processes]:
        process.kill()
        process.communicate()
