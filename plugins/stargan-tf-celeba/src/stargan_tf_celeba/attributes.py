"""The 40 attributes of CelebA, and those that the paper translates."""

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
# A face with two of them on keeps its label, as in the official code (1.4 % of all):
# exclusive means that a translation turns the others off when it turns one on.
HAIR_COLORS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")


def labels_of(wanted: tuple[str, ...]) -> Labels:
    """Labels of some attributes; hair colours among them exclude each other.

    Args:
        wanted: their names in order; none means those of the paper.

    Raises:
        InputError: if one is not an attribute of CelebA.
    """
    for name in wanted:
        if name not in ATTRIBUTES:
            raise InputError(
                f"CelebA has no attribute '{name}'. {near_names(name, ATTRIBUTES)}"
            )
    names = tuple(wanted) or PAPER
    hair = tuple(name for name in names if name in HAIR_COLORS)
    return binary(*names, exclusive=(hair,) if len(hair) > 1 else ())
