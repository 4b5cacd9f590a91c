"""The plugin in the docstring of `stargan_tf.plugin` is one."""

import re
import subprocess
import sys
import textwrap

import numpy as np
from PIL import Image

from stargan_tf import plugin
from stargan_tf.testing import check_dataset


def test_the_whole_of_one_as_written(installed_package, tmp_path, monkeypatch):
    blocks = re.split(r"\n    # ([\w./]+)\n", plugin.__doc__)
    code = textwrap.dedent(blocks[blocks.index("my_flowers.py") + 1])
    assert len(code.strip().splitlines()) <= 40
    installed_package(
        "my-flowers", code, {"stargan_tf.datasets": {"flowers": "my_flowers:FLOWERS"}}
    )
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(30):
        noise = np.random.default_rng(number).integers(0, 256, (40, 48, 3), np.uint8)
        name = f"{number:04d}_{('rose', 'tulip')[number % 2]}.png"
        Image.fromarray(noise).save(pictures / name)
    check_dataset("flowers", data_dir=pictures)
    sys.modules.pop("my_flowers")


PROMISED = [
    name
    for names in re.findall(r"^\| (`.*?`) \|", plugin.__doc__, re.MULTILINE)
    for name in re.findall(r"`(\w+)`", names)
]


def test_every_name_it_promises_is_there():
    for name in PROMISED:
        assert getattr(plugin, name) is not None
    assert set(plugin._HOMES) <= set(PROMISED)


def test_it_starts_neither_tensorflow_nor_keras():
    code = (
        "import sys; from stargan_tf.plugin import ModelFamily, Steering; "
        "print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
