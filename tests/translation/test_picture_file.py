import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from stargan_tf.data.options import DatasetOptions
from stargan_tf.files import NotWritten
from stargan_tf.translation import picture_file
from stargan_tf.translation.picture_file import WRITABLE, write_picture

ROOT = Path(__file__).parents[2]
# As if the disk were full behind the first 2,000 bytes.
FULL_DISK = """
import resource, sys
import numpy as np
from PIL import Image
from stargan_tf.files import NotWritten
from stargan_tf.translation.picture_file import write_picture

noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for path in sys.argv[1:]:
    try:
        write_picture(Image.fromarray(noise), path)
    except NotWritten as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_a_file_that_was_cut_short_is_noticed_in_every_format(tmp_path):
    paths = [str(tmp_path / f"image{extension}") for extension in WRITABLE]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *paths],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"Cannot write the image {path}: File too large." for path in paths
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extension", [".jpg", ".webp"])
def test_an_image_too_large_for_its_format_is_one_clear_error(tmp_path, extension):
    with pytest.raises(NotWritten, match=f"the image .*a{extension}: "):
        write_picture(Image.new("RGB", (66_000, 1)), tmp_path / f"a{extension}")
    assert list(tmp_path.iterdir()) == []


def test_saved_images_of_one_name_do_not_replace_each_other(tmp_path):
    from stargan_tf.data.registry import load_dataset
    from stargan_tf.translation.pictures import save_pictures

    for number, name in enumerate(("a.jpg", "a.png", "b.jpg")):
        for domain in ("x", "y"):
            path = tmp_path / "data" / domain / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (16, 16), (80 * number, 0, 0)).save(path)
    options = {"data_dir": str(tmp_path / "data"), "held_out_fraction": 0.5}
    options = {k: v for k, v in options.items() if k in vars(DatasetOptions())}
    saved = []
    for split in ("train", "held_out"):
        source = load_dataset("folder", split, 16, **options)
        saved += save_pictures(source, tmp_path / split, 100)
    assert len(set(saved)) == len([path for path in saved if path.exists()]) == 6


def test_other_extensions_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must end in one of .*Received: a\.gif"):
        picture_file.check_extension(tmp_path / "a.gif")
