"""What a model of pictures takes."""

from stargan_tf.data.info import BINARY, DatasetInfo


def pictures_of(image_size):
    """The description of RGB pictures of a size."""
    return DatasetInfo("toy", ("a",), BINARY, image_size)
