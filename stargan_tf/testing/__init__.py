"""For the tests of plugins: `check_dataset` says whether a data set keeps its word."""

from stargan_tf.testing.conformance import NotConforming, check_dataset

__all__ = ["NotConforming", "check_dataset"]
