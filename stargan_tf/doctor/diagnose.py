"""All checks, one after another."""

from stargan_tf.data.options import DatasetOptions
from stargan_tf.doctor import picture_checks, split_checks
from stargan_tf.doctor.opened import open_data
from stargan_tf.doctor.pictures import examine
from stargan_tf.doctor.report import Report


def diagnose(
    name: str,
    image_size: int,
    options: DatasetOptions,
    near_duplicates: bool = False,
) -> Report:
    """Checks a data set before it is trained on.

    Args:
        name: of the data set.
        image_size: side of the images in pixels.
        options: of the data set.
        near_duplicates: also look for images that are nearly equal.

    Returns:
        What was found.

    Raises:
        InputError: what is wrong with the call and not with the data.
    """
    opened = open_data(name, image_size, options)
    splits = opened.splits
    counts = split_checks.count_labels(splits) if splits else []
    found = split_checks.check_opening(opened)
    if opened.audit:
        found += split_checks.check_files(opened.audit)
    if splits:
        found += split_checks.check_counts(counts)
        found += split_checks.check_labels(splits)
        found += split_checks.check_evaluation(splits, counts)
    pictures = list(examine(opened))
    found += picture_checks.check_readable(opened, pictures)
    found += picture_checks.check_colors(pictures)
    found += picture_checks.check_sizes(opened, pictures)
    found += picture_checks.check_duplicates(opened, pictures)
    if near_duplicates:
        found += picture_checks.check_near_duplicates(pictures)
    return Report(opened, counts, found)
