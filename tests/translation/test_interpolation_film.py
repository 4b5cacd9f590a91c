import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.steering.styles import random_styles
from stargan_tf.translation.interpolation import interpolation_film


@pytest.mark.parametrize("as_float", [False, True])
def test_a_film_leads_through_the_styles_and_back(animals, tmp_path, as_float):
    images = np.full((16, 16, 3), 80, np.uint8)
    images = images / 127.5 - 1 if as_float else images
    path = tmp_path / "film.webp"
    seeds = (3, 5)
    given = interpolation_film(path, animals, images, "dog", seeds, frames=4, fps=10)
    assert given == path
    colours = []
    with Image.open(path) as film:
        assert (film.n_frames, film.size) == (4, (16, 16))
        for number in range(film.n_frames):
            film.seek(number)
            colours.append(np.asarray(film.convert("RGB"))[8, 8].astype(int))
    codes = random_styles(["dog"], seeds).codes(animals)
    still = animals.translate(np.zeros((2, 16, 16, 3), np.uint8), codes, batch_size=2)
    # There in two frames, and back by the same way.
    for frame, style in ((0, 0), (2, 1)):
        assert np.abs(colours[frame] - still[style][8, 8]).max() <= 6
    assert np.abs(colours[1] - colours[3]).max() <= 2


def test_one_style_is_no_way(animals, tmp_path):
    images = np.zeros((1, 16, 16, 3), np.uint8)
    with pytest.raises(InputError, match="two"):
        interpolation_film(tmp_path / "film.gif", animals, images, "dog", [3])
    assert not list(tmp_path.iterdir())
