"""The doctor's report, and its form as JSON."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stargan_tf.doctor.counts import LabelCount
from stargan_tf.doctor.finding import ERROR, LEVELS, Finding
from stargan_tf.doctor.opened import Opened
from stargan_tf.files import write_text
from stargan_tf.version import __version__


@dataclass(frozen=True)
class Report:
    """Everything the doctor found.

    Args:
        opened: the data set.
        counts: pictures of each label value; empty if no split could be opened.
        findings: in the order of the checks.
    """

    opened: Opened
    counts: Sequence[LabelCount]
    findings: Sequence[Finding]

    @property
    def levels(self) -> Counter:
        """Level → number of findings."""
        return Counter(finding.level for finding in self.findings)

    @property
    def has_errors(self) -> bool:
        """Whether training should wait."""
        return bool(self.levels[ERROR])

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary."""
        opened = self.opened
        return {
            "dataset": opened.name,
            "stargan_tf": __version__,
            "image_size": opened.image_size,
            "options": asdict(opened.options),
            "info": opened.info and opened.info.to_dict(),
            "pictures": {split: len(s) for split, s in opened.splits.items()},
            "levels": {level: self.levels[level] for level in LEVELS},
            "counts": [count.to_dict() for count in self.counts],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def write_report(report: Report, path: str | os.PathLike) -> None:
    """Writes the JSON file, in full or not at all.

    Args:
        report: what to write.
        path: where to; missing folders are made.

    Raises:
        InputError: if it cannot be written.
    """
    text = json.dumps(report.to_dict(), indent=2, ensure_ascii=False)
    write_text(Path(path), text + "\n", "report")
