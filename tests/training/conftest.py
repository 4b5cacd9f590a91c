"""A run of the command line on the toy data set, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


class ToyRun:
    """Starts `stargan-tf train` on one run folder."""

    def __init__(self, folder):
        self.folder = folder

    def start(self, *flags, **variables):
        """The process, with its output in pipes."""
        command = [sys.executable, "-m", "stargan_tf.cli.main", "train"]
        environment = {
            **os.environ,
            "PYTHONPATH": str(PLUGIN),
            "STARGAN_TF_CACHE": str(self.folder.with_name("cache")),
            **variables,
        }
        environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
        return subprocess.Popen(
            [*command, *flags, f"--run={self.folder}"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, *flags, **variables):
        """(exit status, stdout, stderr) of the whole run."""
        process = self.start(*flags, **variables)
        output, errors = process.communicate(timeout=300)
        return process.returncode, output, errors

    def checkpoints(self):
        """Names of all that is in `checkpoints/`."""
        return sorted(path.name for path in (self.folder / "checkpoints").iterdir())


@pytest.fixture
def tiny():
    return TINY


@pytest.fixture
def toy_run(tmp_path):
    """Makes a `ToyRun` for a name."""
    return lambda name: ToyRun(tmp_path / name)
