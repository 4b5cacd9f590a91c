"""Whether the data set opens as training would open it."""

from stargan_tf.doctor.finding import ERROR, OK, WARNING, Finding, plural
from stargan_tf.doctor.opened import Opened


def check_opening(opened: Opened) -> list[Finding]:
    """Reports what kept a split from opening, and what was said meanwhile.

    Args:
        opened: the data set.
    """
    later = "Mend this, then run the doctor again: labels were not checked."
    later = "" if opened.splits else later
    found = [Finding("opens", ERROR, text, later) for text in opened.problems]
    found += [Finding("note", WARNING, text) for text in opened.notes]
    left_out = sum(opened.left_out.values())
    if left_out:
        found.append(
            Finding(
                "left_out",
                WARNING,
                f"{plural(left_out, 'picture')} of no single domain are left out.",
                "Choose attributes that exclude each other, or one, with --attributes.",
            )
        )
    count = sum(map(len, opened.splits.values()))
    summary = f"{plural(count, 'picture')} in {len(opened.splits)} splits."
    return found or [Finding("opens", OK, summary)]
