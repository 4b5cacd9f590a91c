"""Tries an installed stargan_tf: translates with a shipped model, trains ten steps.

    python tests/smoke.py

It runs with the interpreter of the environment to be tried, outside of the checkout,
so that the installed package is used and not the source beside this file.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import version
from pathlib import Path

COMMAND = shutil.which("stargan-tf", path=sysconfig.get_path("scripts"))
SIZE = "--image_size=64"


def main():
    """Runs each command and checks what it wrote."""
    if COMMAND is None:
        sys.exit("stargan-tf is not installed in this environment.")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        assert stargan_tf("--version") == version("stargan_tf")
        print(stargan_tf("env"))
        faces = ("--dataset=toon_people", SIZE, "--count=2", "--output=faces")
        stargan_tf("datasets", "save", *faces)
        translate("toon_attributes", "Blond_Hair", "shipped")
        translate("toon_people", "child", "shipped_v2")
        for preset, target in (("demo", "Blond_Hair"), ("demo_v2", "child")):
            run = f"run_{preset}"
            short = (SIZE, "--batch_size=2", "--steps=10")
            stargan_tf("train", f"--preset={preset}", f"--run={run}", *short)
            translate(run, target, f"trained_{preset}")
        os.chdir(Path(folder).parent)  # Windows removes no folder that is in use.


def stargan_tf(*arguments):
    """Runs a command; → what it printed."""
    print("stargan-tf", *arguments, flush=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"STARGAN_TF_CACHE": "cache", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [COMMAND, *arguments],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
        check=True,
    )
    return done.stdout.strip()


def translate(model, target, output):
    """Translates the faces to one target; each gets a file."""
    stargan_tf(
        "translate", f"--model={model}", f"--to={target}", "faces", f"--output={output}"
    )
    assert len(list(Path(output).glob("*.png"))) == 2


if __name__ == "__main__":
    main()
