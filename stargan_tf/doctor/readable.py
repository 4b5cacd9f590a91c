"""Pictures that cannot be decoded."""

from collections import Counter

from stargan_tf.doctor.finding import ERROR, OK, WARNING, Finding, plural
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.picture import Picture

# Training passes over an unreadable picture; above this share something went wrong
# with the copy or the download, and what is left may not be the data set.
BEARABLE = 0.01


class Readable:
    """Counts unreadable pictures, and the readable ones of each label.

    Args:
        opened: the data set.
    """

    def __init__(self, opened: Opened):
        self._opened = opened
        self._names: list[str] = []
        self._first_problem = ""
        self._seen = 0
        self._readable: Counter = Counter()

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not.
        """
        self._seen += 1
        if picture.problem is not None:
            self._names.append(picture.name)
            self._first_problem = self._first_problem or picture.problem
        elif picture.split:
            labels = self._opened.splits[picture.split].labels[picture.row]
            self._readable.update(
                (picture.split, int(on)) for on in labels.nonzero()[0]
            )

    def findings(self) -> list[Finding]:
        """How many are unreadable, and whether that leaves a label without any."""
        if not self._seen:
            return []
        if not self._names:
            summary = f"All {plural(self._seen, 'picture')} can be read."
            return [Finding("unreadable", OK, summary)]
        few = len(self._names) <= BEARABLE * self._seen
        summary = (
            f"{plural(len(self._names), 'picture')} of {self._seen:,} cannot be read. "
            f"{self._first_problem}"
        )
        fix = (
            "Copy or download them again, or delete them; training would put other "
            "pictures in their place."
        )
        level = WARNING if few else ERROR
        return [Finding("unreadable", level, summary, fix, self._names), *self._bare()]

    def _bare(self) -> list[Finding]:
        bare = [
            f"{domain} ({split})"
            for split, source in self._opened.splits.items()
            for column, domain in enumerate(source.info.domains)
            if source.labels[:, column].any() and not self._readable[split, column]
        ]
        summary = f"No picture can be read of: {', '.join(bare)}."
        fix = (
            "Replace these files: without them the label cannot be learned or measured."
        )
        return [Finding("nothing_readable", ERROR, summary, fix, bare)] if bare else []
