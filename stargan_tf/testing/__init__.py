"""For the tests of plugins: do a data set and a model family keep their promises?"""

from stargan_tf.testing.datasets import NotConforming, check_dataset
from stargan_tf.testing.models import check_model

__all__ = ["NotConforming", "check_dataset", "check_model"]
