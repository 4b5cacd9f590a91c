"""Numbered images, a cache for each test, and small models."""

import pytest

from stargan_tf.models import stargan_v2
from tests.data.conftest import (  # noqa: F401
    cache_folder,
    numbered,
    one_hot,
    photograph,
    warned,
)


@pytest.fixture(scope="module")
def small_images():
    """StarGAN v2 takes images of 32 pixels, with fewer layers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stargan_v2, "SMALLEST_IMAGE", 32)
        yield
