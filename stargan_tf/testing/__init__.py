"""Checks of the plugin contract, for the tests of data sets and model families."""

from stargan_tf.testing.datasets import NotConforming, check_dataset
from stargan_tf.testing.models import check_model

__all__ = ["NotConforming", "check_dataset", "check_model"]
