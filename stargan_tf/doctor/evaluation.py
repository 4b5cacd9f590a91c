"""Whether the held-out split is large enough to measure a model with."""

from collections.abc import Mapping

from stargan_tf.data.dataset_options import HELD_OUT
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.doctor.counts import LabelCount
from stargan_tf.doctor.finding import OK, WARNING, Finding

# The official evaluation of StarGAN v2 reads references in batches of 32 and drops what
# is left; with fewer it stops.
OFFICIAL_BATCH = 32
# FID fits a covariance of 2,048 features: with fewer pictures it is not of full rank
# and FID comes out too high (Bińkowski et al. 2018 for the bias).
FEATURES = 2048


def check_evaluation(
    splits: Mapping[str, LabelledImages], counts: list[LabelCount]
) -> list[Finding]:
    """Judges the held-out split.

    Args:
        splits: split → its images.
        counts: of every label value.

    Returns:
        A finding for the pictures of each label, and one for FID.
    """
    small = [c for c in counts if c.value and c.held_out < OFFICIAL_BATCH]
    total = len(splits[HELD_OUT]) if HELD_OUT in splits else 0
    return [_per_label(small), _for_fid(total)]


def _per_label(small: list[LabelCount]) -> Finding:
    check = "held_out_per_label"
    if not small:
        return Finding(
            check, OK, f"At least {OFFICIAL_BATCH} held-out pictures of each label."
        )
    listed = ", ".join(f"{c.name} ({c.held_out:,})" for c in small)
    return Finding(
        check,
        WARNING,
        f"Fewer than {OFFICIAL_BATCH} held-out pictures of: {listed}.",
        "Raise --held_out or add pictures: StarGAN v2's official evaluation needs "
        f"{OFFICIAL_BATCH} in each domain.",
        [c.name for c in small],
    )


def _for_fid(total: int) -> Finding:
    if total >= FEATURES:
        return Finding("held_out_for_fid", OK, f"{total:,} held-out pictures for FID.")
    return Finding(
        "held_out_for_fid",
        WARNING,
        f"{total:,} held-out pictures; FID is biased with fewer than {FEATURES:,}.",
        "Compare FIDs only at this number of pictures, not with published ones; or "
        "hold out more.",
    )
