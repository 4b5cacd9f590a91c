"""The data sets of a run, through the folder data set."""

import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.training.config import resolve
from stargan_tf.training.run import open_data


@pytest.fixture
def domains(tmp_path):
    """Writes sub-folders with six pictures each; returns the folder."""

    def write(folder, *names):
        for name in names:
            place = tmp_path / folder / name
            place.mkdir(parents=True)
            for number in range(6):
                Image.new("RGB", (16, 16), (40 * number, 0, 0)).save(
                    place / f"{number}.png"
                )
        return str(tmp_path / folder)

    return write


def test_two_folders_are_two_data_sets(domains):
    pets, moods = (
        domains("pets", "cat", "dog"),
        domains("moods", "calm", "happy", "sad"),
    )
    config = resolve(
        {"dataset": "folder,folder", "data_dir": f"{pets},{moods}", "image_size": 16}
    )
    data = open_data(config)
    space = data.label_space
    assert [info.name for info in space.datasets] == ["folder", "folder_2"]
    assert space.width == 2 + 3 + 2 and space.find("folder_2.happy") == 1
    assert data.counts == [len(data.train[0]), len(data.train[1])]
    assert data.train[1].enlarge().info.name == "folder_2"
    assert data.held_out[1].info == data.train[1].info
    assert data.train[1].load(0).dtype == np.uint8


def test_one_domain_is_nothing_to_train_on(domains):
    config = resolve({"dataset": "folder", "data_dir": domains("pets", "cat")})
    with pytest.raises(InputError, match="'folder' has one domain only, cat: there is"):
        open_data(config)
