"""The files of a folder of folders, one domain each."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stargan_tf.data.file_audit import OUTSIDE, FileAudit, IgnoredFile, audit_folder


def audit_domains(root: Path, wanted: Sequence[str] = ()) -> FileAudit:
    """Lists the domains' pictures and what is passed over.

    Args:
        root: the folder of the domains' folders.
        wanted: the chosen domains, whose folders alone are looked into; all if empty.

    Returns:
        The files; pictures beside the domains' folders count as ignored.
    """
    everything = audit_folder(root)
    names = [name for name in everything.names if "/" in name]
    outside = [IgnoredFile(n, OUTSIDE) for n in everything.names if "/" not in n]
    ignored = [f for f in everything.ignored if _inside(f.name, wanted)]
    return replace(
        everything,
        names=tuple(name for name in names if _inside(name, wanted)),
        ignored=(*outside, *ignored),
    )


def _inside(name: str, wanted: Sequence[str]) -> bool:
    """Whether a file lies in a chosen domain, or in none."""
    domain, separator, _ = name.partition("/")
    return not wanted or not separator or domain in wanted
