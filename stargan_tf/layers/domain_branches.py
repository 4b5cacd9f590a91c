"""What StarGAN v2's style encoder and discriminator are: a trunk, a head per domain."""

import keras

from stargan_tf.layers.domain_dense import DomainDense
from stargan_tf.layers.image_trunk import ImageTrunk
from stargan_tf.precision import at_least_float32


def domain_branches(
    units, image_size, num_domains, base_filters, max_filters, dtype, name
):
    """A functional model's inputs and outputs: image and domain → the domain's head.

    Args:
        units: width of the heads.
        image_size: side of the square images in pixels; a power of two, 64…1024.
        num_domains: number of heads.
        base_filters: channels at full size; `None` for 2**14 / image_size.
        max_filters: cap of the channels below.
        dtype: the trunk's dtype policy; the heads are float32 at least.
        name: of the heads' layer.

    Returns:
        ([image (batch, image_size, image_size, 3), domain (batch,) int],
        outputs (batch, units)).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 7.
    """
    full = at_least_float32(dtype)
    image = keras.Input((image_size, image_size, 3), dtype=full, name="image")
    domain = keras.Input((), dtype="int32", name="domain")
    trunk = ImageTrunk(image_size, base_filters, max_filters, dtype=dtype, name="trunk")
    heads = DomainDense(units, num_domains, dtype=full, name=name)
    return [image, domain], heads([trunk(image), domain])
