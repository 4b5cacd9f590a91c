"""The data set under examination: both splits and its files, as far as they open."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from absl import logging as absl_logging

from stargan_tf.data.files import FileAudit, say_once
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import SPLITS, DatasetOptions
from stargan_tf.data.registry import definition, load_dataset
from stargan_tf.data.source import LabelledImages, one_domain_each
from stargan_tf.errors import InputError

# What a check found, and what to do about it.

OK, WARNING, ERROR = "OK", "warning", "error"
LEVELS = (OK, WARNING, ERROR)
LISTED = 1000  # names of a finding that the JSON report holds


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        check: the check's name, such as `"unreadable"`.
        level: `"OK"`, `"warning"` or `"error"`.
        summary: what was found, a sentence.
        fix: what the user can do; empty if all is well.
        names: the pictures (files, labels) it is about.
    """

    check: str
    level: str
    summary: str
    fix: str = ""
    names: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary, with at most 1,000 of the names."""
        return {
            "check": self.check,
            "level": self.level,
            "summary": self.summary,
            "fix": self.fix,
            "count": len(self.names),
            "names": list(self.names[:LISTED]),
        }


def plural(count: int, word: str) -> str:
    """`1 picture`, `1,200 pictures`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


# What a file audit tells better than the log.
OF_AUDIT = re.compile(r"Left out of |\d+ of \d+ rows of ")


@dataclass(frozen=True)
class Opened:
    """A data set as far as it could be opened.

    Args:
        name: of the data set.
        image_size: side of the images in pixels.
        options: what the user said.
        splits: split → its images, without those that could not be opened.
        audit: the files, if the definition lists them.
        problems: why a split could not be opened, one sentence each.
        notes: what was said while opening.
        left_out: split → images that belong to no single domain (`--one_hot`).
    """

    name: str
    image_size: int
    options: DatasetOptions
    splits: Mapping[str, LabelledImages]
    audit: FileAudit | None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def info(self) -> DatasetInfo | None:
        """What the labels mean; None if no split could be opened."""
        return next((source.info for source in self.splits.values()), None)

    def file(self, name: str) -> Path | None:
        """The file of a picture, listed by the definition or named by its path.

        Args:
            name: as in `LabelledImages.names`.

        Returns:
            Its path; None for pictures that are drawn or come out of an archive.
        """
        if self.audit is None and self.options.data_dir is None:
            return None
        root = self.audit.root if self.audit else Path(self.options.data_dir)
        path = root / name
        return path if path.is_file() else None


def open_data(name: str, image_size: int, options: DatasetOptions) -> Opened:
    """Opens all there is; data at fault is noted, not raised.

    Args:
        name: of the data set.
        image_size: side of the images in pixels.
        options: what the user said.

    Raises:
        InputError: what is wrong with the call and not with the data: an unknown
            data set or attribute, a folder that is not there.
    """
    # A folder, or an archive where the data set takes one.
    place = options.data_dir and Path(options.data_dir)
    if place and not place.exists():
        raise InputError(f"--data_dir {place} does not exist.")
    plain = replace(options, one_hot=False)
    with _notes() as notes:
        known = definition(name)
        audit = known.audit(options)
        splits, problems = _open_splits(name, image_size, plain)
    said = dict.fromkeys(note for note in notes if not (audit and OF_AUDIT.match(note)))
    opened = Opened(name, image_size, plain, splits, audit, problems, tuple(said))
    return _with_domains(opened, options) if options.one_hot else opened


def _open_splits(
    name: str, image_size: int, options: DatasetOptions
) -> tuple[dict[str, LabelledImages], tuple[str, ...]]:
    """Those that open, and why others do not."""
    splits: dict[str, LabelledImages] = {}
    problems: dict[str, None] = {}  # ordered, each one once
    for split in SPLITS:
        try:
            splits[split] = load_dataset(name, split, image_size, **vars(options))
        except (InputError, OSError) as error:
            if _is_usage(name, split, image_size, options):
                raise
            problems[str(error)] = None
    return splits, tuple(problems)


def _with_domains(opened: Opened, options: DatasetOptions) -> Opened:
    """Attributes made domains, as `one_hot` asks for."""
    splits: dict[str, LabelledImages] = {}
    problems = list(opened.problems)
    with _notes():
        for split, source in opened.splits.items():
            try:
                splits[split] = one_domain_each(source)
            except InputError as error:
                problems.append(str(error))
    left_out = {name: len(opened.splits[name]) - len(splits[name]) for name in splits}
    return replace(
        opened,
        options=options,
        splits=splits,
        problems=tuple(dict.fromkeys(problems)),
        left_out=left_out,
    )


def _is_usage(name: str, split: str, image_size: int, options: DatasetOptions) -> bool:
    """Whether the options, not the data, keep a split from opening."""
    if options.labels is not None and not Path(options.labels).is_file():
        return True
    if options.data_dir is None:
        return True
    if not options.attributes:
        return False
    try:
        every = replace(options, attributes=())
        load_dataset(name, split, image_size, **vars(every))
    except (InputError, OSError):
        return False
    return True


@contextmanager
def _notes() -> Iterator[list[str]]:
    """Collects what is logged instead of printing it."""
    messages: list[str] = []

    def collect(record: logging.LogRecord) -> bool:
        messages.append(record.getMessage())
        return False

    logger = absl_logging.get_absl_logger()
    logger.addFilter(collect)
    try:
        yield messages
    finally:
        logger.removeFilter(collect)
        say_once.cache_clear()  # None of it was said to the user.


# Whether the data set opens as training would open it.


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
