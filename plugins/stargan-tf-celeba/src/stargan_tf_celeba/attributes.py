"""The 40 attributes of CelebA, and those of the StarGAN paper."""

from stargan_tf.plugin import InputError, Labels, binary, near_names

ATTRIBUTES = (
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young",
)
PAPER = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
# Exclusive: a translation that sets one of them to 1 sets the others to 0. The 1.4 % of
# faces with two of them keep their labels, as in the official code.
HAIR_COLORS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")


def labels_of(wanted: tuple[str, ...]) -> Labels:
    """Returns the labels of selected attributes, with exclusive hair colors.

    Args:
        wanted: names of attributes, in order; empty for those of the paper.

    Raises:
        InputError: if a name is not an attribute of CelebA.
    """
    for name in wanted:
        if name not in ATTRIBUTES:
            raise InputError(
                "Attributes must be attributes of CelebA. Received: no attribute "
                f"'{name}'. {near_names(name, ATTRIBUTES)}"
            )
    names = tuple(wanted) or PAPER
    hair = tuple(name for name in names if name in HAIR_COLORS)
    return binary(*names, exclusive=(hair,) if len(hair) > 1 else ())
