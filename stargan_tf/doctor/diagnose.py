"""All checks, one after another."""

from stargan_tf.data.options import DatasetOptions
from stargan_tf.doctor.opened import Finding, Opened, check_opening, open_data
from stargan_tf.doctor.picture_checks import (
    Colours,
    Duplicates,
    NearDuplicates,
    PictureCheck,
    Readable,
    Sizes,
)
from stargan_tf.doctor.pictures import examine
from stargan_tf.doctor.report import Report
from stargan_tf.doctor.split_checks import (
    check_counts,
    check_evaluation,
    check_files,
    check_labels,
    count_labels,
)


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
        options: what the user said.
        near_duplicates: also look for pictures that are nearly equal.

    Returns:
        What was found.

    Raises:
        InputError: what is wrong with the call and not with the data.
    """
    opened = open_data(name, image_size, options)
    counts = count_labels(opened.splits) if opened.splits else []
    found = check_opening(opened)
    if opened.audit:
        found += check_files(opened.audit)
    if opened.splits:
        found += check_counts(counts)
        found += check_labels(opened.splits)
        found += check_evaluation(opened.splits, counts)
    found += _look(opened, near_duplicates)
    return Report(opened, counts, found)


def _look(opened: Opened, near_duplicates: bool) -> list[Finding]:
    checks: list[PictureCheck] = [
        Readable(opened),
        Colours(),
        Sizes(opened),
        Duplicates(opened),
    ]
    if near_duplicates:
        checks.append(NearDuplicates())
    for picture in examine(opened):
        for check in checks:
            check.see(picture)
    return [finding for check in checks for finding in check.findings()]
