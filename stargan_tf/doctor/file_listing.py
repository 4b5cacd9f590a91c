"""Files that are passed over, and labels and files that do not match."""

from stargan_tf.data.file_audit import FileAudit
from stargan_tf.data.listing import EMPTY, HIDDEN, RUBBISH, counted
from stargan_tf.doctor.finding import ERROR, OK, WARNING, Finding, plural


def check_files(audit: FileAudit) -> list[Finding]:
    """Judges what the definition's file audit lists.

    Args:
        audit: the files.
    """
    return [_ignored(audit), *_mismatches(audit)]


def _ignored(audit: FileAudit) -> Finding:
    if not audit.ignored:
        return Finding("ignored_files", OK, "No file is passed over.")
    reasons = {file.reason for file in audit.ignored}
    if reasons <= {HIDDEN, RUBBISH}:
        what = "hidden file" if reasons == {HIDDEN} else "file of the system"
        what = plural(len(audit.ignored), what)
        return Finding("ignored_files", OK, f"Only {what} passed over.")
    names = [f"{file.name} ({file.reason})" for file in audit.ignored]
    entries = sum(file.reason != EMPTY for file in audit.ignored)
    start = f"{plural(entries, 'file')} passed over" if entries else "Empty folders"
    return Finding(
        "ignored_files",
        WARNING,
        f"{start}: {counted(audit.ignored)}.",
        "Convert pictures of other formats to JPEG or PNG and move them into a "
        "domain's folder; delete the rest, or leave it there.",
        names,
    )


def _mismatches(audit: FileAudit) -> list[Finding]:
    found = [
        _finding(
            *("files_without_row", ERROR, audit.files_without_row),
            "without a row in the label file",
            "Add their rows, or remove the pictures.",
        ),
        _finding(
            *("double_rows", ERROR, audit.double_rows),
            "with more than one row in the label file",
            "Remove all rows but one.",
        ),
        _finding(
            *("rows_without_file", WARNING, audit.rows_without_file),
            "named in the label file and not there",
            "Nothing, if this is meant to be a part of the data; else copy the files.",
        ),
    ]
    return [finding for finding in found if finding is not None]


def _finding(
    check: str, level: str, names: tuple[str, ...], what: str, fix: str
) -> Finding | None:
    if not names:
        return None
    return Finding(check, level, f"{plural(len(names), 'picture')} {what}.", fix, names)
