"""The doctor: checks a data set before training."""

from stargan_tf.data.options import DatasetOptions
from stargan_tf.doctor import checks
from stargan_tf.doctor.opened import open_data
from stargan_tf.doctor.pictures import examine
from stargan_tf.doctor.report import Report, count_labels


def diagnose(
    name: str,
    image_size: int,
    options: DatasetOptions,
    near_duplicates: bool = False,
) -> Report:
    """Checks a data set before training.

    Args:
        name: name of the data set.
        image_size: side of the images in pixels.
        options: options of the data set.
        near_duplicates: whether to look for nearly equal images.

    Returns:
        The report.
    """
    opened = open_data(name, image_size, options)
    splits = opened.splits
    counts = count_labels(splits) if splits else []
    found = checks.check_opening(opened)
    if opened.audit:
        found += checks.check_files(opened.audit)
    if splits:
        found += checks.check_counts(counts)
        found += checks.check_labels(splits)
        found += checks.check_evaluation(splits, counts)
    pictures = list(examine(opened))
    found += checks.check_readable(opened, pictures)
    found += checks.check_range(opened, pictures)
    found += checks.check_colors(pictures)
    found += checks.check_sizes(opened, pictures)
    found += checks.check_duplicates(opened, pictures)
    if near_duplicates:
        found += checks.check_near_duplicates(pictures)
    return Report(opened, counts, found)
