"""Pictures whose number can be read off them, as for the other batches."""

from tests.data.conftest import numbered, one_hot  # noqa: F401
