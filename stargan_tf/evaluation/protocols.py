"""The ways to compute FID and KID, by name; numbers of two ways never mix."""

from dataclasses import dataclass

from stargan_tf.errors import InputError, near_names


@dataclass(frozen=True)
class FidProtocol:
    """One way from images to features.

    Args:
        name: what results are labelled with.
        weights: name of the Inception weights, see `weight_sources`.
        tensorflow_pools: whether the network pools as the TensorFlow original of
            2015 does: averages leave the padding out, and the last block takes
            maxima. Otherwise it is torchvision's graph.
        resize: `"bicubic"` once to 299 pixels in floating point (clean-fid), or
            `"bilinear_uint8"` to 299 pixels with rounding, as Pillow resizes photos.
        shift: subtracted from the grey levels 0…255, one number for each channel.
        scale: what they are divided by afterwards.
        description: one sentence for people.
    """

    name: str
    weights: str
    tensorflow_pools: bool
    resize: str
    shift: tuple[float, float, float]
    scale: tuple[float, float, float]
    description: str


STANDARD = FidProtocol(
    name="standard",
    weights="inception_2015",
    tensorflow_pools=True,
    resize="bicubic",
    shift=(128.0, 128.0, 128.0),
    scale=(128.0, 128.0, 128.0),
    description=(
        "Inception of 2015-12-05 as in TTUR, StyleGAN and clean-fid, with clean-fid's "
        "bicubic resize in floating point; equals clean-fid's mode 'clean'."
    ),
)

STARGAN_V2 = FidProtocol(
    name="stargan_v2",
    weights="inception_imagenet",
    tensorflow_pools=False,
    resize="bilinear_uint8",
    shift=(0.485 * 255, 0.456 * 255, 0.406 * 255),
    scale=(0.229 * 255, 0.224 * 255, 0.225 * 255),
    description=(
        "The official StarGAN v2 code's: torchvision's ImageNet Inception, Pillow's "
        "bilinear resize of 8-bit pixels, ImageNet mean and deviation. Real images "
        "are the target domain's training images; 10 translations of each source."
    ),
)

PROTOCOLS = {protocol.name: protocol for protocol in (STANDARD, STARGAN_V2)}


def fid_protocol(name: str) -> FidProtocol:
    """The protocol of that name.

    Args:
        name: `"standard"` or `"stargan_v2"`.

    Returns:
        The protocol.

    Raises:
        InputError: if there is none.
    """
    if name not in PROTOCOLS:
        raise InputError(
            f"There is no FID protocol '{name}'. {near_names(name, PROTOCOLS)}"
        )
    return PROTOCOLS[name]
