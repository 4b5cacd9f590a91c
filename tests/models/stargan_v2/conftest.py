"""Images whose number can be read off them, and a cache of each test's own."""

from tests.data.conftest import (  # noqa: F401
    cache_folder,
    numbered,
    one_hot,
    photograph,
    warned,
)
