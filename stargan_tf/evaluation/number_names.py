"""How an evaluation's numbers are called and written, on screens and in reports."""

import math
from dataclasses import dataclass

from stargan_tf.evaluation.options import CLASSIFICATION, FID, KID, LPIPS, UNCHANGED

# Where more is better; of every other number less is.
HIGHER_IS_BETTER = (
    "psnr_to_truth",
    "ssim_to_truth",
    "lpips_diversity",
    "identity_similarity",
)


@dataclass(frozen=True)
class NumberName:
    """One number for people.

    Args:
        short: heading of a column.
        meaning: one line that explains it.
        form: format of the value; `%` for a share.
    """

    short: str
    meaning: str
    form: str


NUMBERS = {
    "classification_error": NumberName(
        "error", "translations in which a classifier does not see the target", "%"
    ),
    "kept_label_error": NumberName(
        "others wrong", "wrong answers at all labels but the target", "%"
    ),
    "fid": NumberName("FID", "distance of the features' distributions", ".2f"),
    "kid": NumberName("KID", "the features' distance, unbiased; for few images", ".4f"),
    "lpips_diversity": NumberName(
        "diversity", "LPIPS between the translations of one image", ".3f"
    ),
    "lpips_to_source": NumberName(
        "LPIPS moved", "LPIPS between image and translation", ".3f"
    ),
    "lpips_to_truth": NumberName(
        "LPIPS to truth", "LPIPS between translation and true picture", ".3f"
    ),
    "psnr_to_truth": NumberName(
        "PSNR", "translation against the true picture, in dB", ".1f"
    ),
    "ssim_to_truth": NumberName("SSIM", "translation against the true picture", ".3f"),
    "cycle_error": NumberName(
        "cycle", "grey levels lost on the way there and back", ".1f"
    ),
    "same_domain_change": NumberName(
        "same label", "grey levels changed though the label stays", ".1f"
    ),
    "background_change": NumberName(
        "background", "grey levels changed outside of the masks", ".1f"
    ),
    "identity_similarity": NumberName(
        "identity", "cosine between the embeddings before and after", ".3f"
    ),
}

# What each metric measures.
METRIC_NUMBERS = {
    FID: ("fid",),
    KID: ("kid",),
    LPIPS: ("lpips_diversity", "lpips_to_source", "lpips_to_truth"),
    CLASSIFICATION: ("classification_error", "kept_label_error"),
    UNCHANGED: (
        *("psnr_to_truth", "ssim_to_truth", "cycle_error", "same_domain_change"),
        *("background_change", "identity_similarity"),
    ),
}


def number_name(name: str) -> NumberName:
    """How a number is called; one with its guide is known by its ending.

    Args:
        name: such as `"fid"` or `"latent_fid"`.
    """
    known = next((key for key in NUMBERS if name.endswith(key)), None)
    if known is None:
        return NumberName(name, name, ".4g")
    guide = name.removesuffix(known).rstrip("_")
    found = NUMBERS[known]
    if not guide:
        return found
    return NumberName(f"{guide} {found.short}", found.meaning, found.form)


def is_known(name: str) -> bool:
    """Whether a number is one of an evaluation, so that it is known what is better.

    Args:
        name: with or without its guide.
    """
    return name.endswith(tuple(NUMBERS))


def written(name: str, value: float | None) -> str:
    """The value as people read it.

    Args:
        name: of the number.
        value: the value; None for none.
    """
    if value is None:
        return "–"
    form = number_name(name).form
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%" if form == "%" else f"{value:{form}}"


def direction(name: str) -> str:
    """Which way is better: an arrow up or down.

    Args:
        name: of the number.
    """
    return "↑" if name.endswith(HIGHER_IS_BETTER) else "↓"


def is_better(name: str, value: float, than: float) -> bool:
    """Whether one value of a number is better than another.

    NaN is worse than any value.

    Args:
        name: of the number, with or without its guide.
        value: the one.
        than: the other.
    """
    if math.isnan(value) or math.isnan(than):
        return not math.isnan(value)
    return value > than if name.endswith(HIGHER_IS_BETTER) else value < than
