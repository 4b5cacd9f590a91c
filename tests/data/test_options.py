import pytest

from stargan_tf.data.options import Preparation, used_box
from stargan_tf.errors import InputError

WIDE, CELEBA = (200, 100), (178, 218)


@pytest.mark.parametrize(
    ("size", "fit", "crop_size", "box"),
    [
        (WIDE, "crop", None, (50, 0, 150, 100)),
        (WIDE, "stretch", None, (0, 0, 200, 100)),
        (WIDE, "crop", 60, (70, 20, 130, 80)),
        (WIDE, "stretch", 60, (70, 20, 130, 80)),
        (WIDE, "stretch", 999, (50, 0, 150, 100)),
        (CELEBA, "crop", 178, (0, 20, 178, 198)),  # as the official code of v1
    ],
)
def test_a_crop_size_is_stronger_than_the_fit(size, fit, crop_size, box):
    assert used_box(size, fit, crop_size) == box


def test_another_fit_is_refused():
    with pytest.raises(InputError, match="'crop', 'stretch'. Received: 'pad'"):
        Preparation("pad")
