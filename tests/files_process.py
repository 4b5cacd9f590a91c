"""Writes files and folders as processes that are killed, race, or meet a full disk.

Run by test_files.py; imports nothing but `stargan_tf.files`, so that it starts at once.
"""

import os
import resource
import sys
import traceback
from pathlib import Path

from stargan_tf import files


def kill_everywhere(place: Path) -> None:
    """Kills each kind of writer before its k-th operation on the disk, for every k.

    What is then there, after what the next start does, must be old or new and whole.
    """
    os.fsync = lambda descriptor: None  # Only a power failure needs it.
    for write in (replace_folder, replace_file, make_folder, remove):
        number = 0
        while _killed(write, place / f"{write.__name__}_{number}", number):
            number += 1
        # Fewer operations than this would mean that the hook does not see them.
        assert number > 4, (write, number)
        print(write.__name__, number)


def replace_folder(place: Path) -> None:
    """As `checkpoints/best` is replaced."""
    with files.new_folder(place / "target", "folder") as folder:
        _fill(folder, b"new")


def replace_file(place: Path) -> None:
    """As `config.json` is replaced."""
    files.write_bytes(place / "target" / "a", b"new", "file")
    files.write_bytes(place / "target" / "below" / "b", b"new", "file")


def make_folder(place: Path) -> None:
    """As a checkpoint is written beside older ones."""
    with files.new_folder(place / "other", "folder") as folder:
        _fill(folder, b"new")


def remove(place: Path) -> None:
    """As an old checkpoint is removed."""
    files.remove_folder(place / "target")


def _killed(write, place: Path, number: int) -> bool:
    place.mkdir()
    (place / "target").mkdir()
    _fill(place / "target", b"old")
    killed = _dies(lambda: write(place), number)
    # The start after it may be killed as well.
    _dies(lambda: _start_again(place), number % 12)
    _start_again(place)
    _check(write, place, killed)
    return killed


def _dies(action, number: int) -> bool:
    child = os.fork()
    if not child:
        _die_at(number)
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def _start_again(place: Path) -> None:
    for folder in (place, place / "target", place / "target" / "below"):
        files.remove_leftovers(folder)


def _die_at(number: int) -> None:
    left = number

    def count(event: str, _: object) -> None:
        nonlocal left
        if event == "open" or event.startswith(("os.", "shutil.")):
            left -= 1
            if left < 0:
                os._exit(9)

    sys.addaudithook(count)


def _check(write, place: Path, killed: bool) -> None:
    names = {path.name for path in place.rglob("*")}
    assert not [name for name in names if name.startswith(files.PREFIX)], names
    target, other = place / "target", place / "other"
    if write is replace_folder:
        assert _content(target) in ({b"old"}, {b"new"}), _content(target)
        assert killed or _content(target) == {b"new"}
    if write is replace_file:
        assert _content(target) <= {b"old", b"new"}
    if write is make_folder:
        assert _content(target) == {b"old"}
        assert not other.exists() or _content(other) == {b"new"}
        assert killed or other.exists()
    if write is remove:
        assert not target.exists() or _content(target) == {b"old"}
        assert killed or not target.exists()


def _fill(folder: Path, content: bytes) -> None:
    (folder / "a").write_bytes(content)
    (folder / "below").mkdir()
    (folder / "below" / "b").write_bytes(content)


def _content(folder: Path) -> set[bytes]:
    """The contents of its two files, which must both be there."""
    return {(folder / "a").read_bytes(), (folder / "below" / "b").read_bytes()}


def race(place: Path) -> None:
    """Six processes replace one file and one folder 20 times each."""
    os.fsync = lambda descriptor: None
    children = [_child(place, bytes([65 + number])) for number in range(6)]
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for path in (place / "file", place / "folder" / "a", place / "folder" / "below/b"):
        content = path.read_bytes()
        assert len(content) == 100_000 and len(set(content)) == 1, path
    assert len(_content(place / "folder")) == 1
    assert sorted(path.name for path in place.iterdir()) == ["file", "folder"]


def _child(place: Path, letter: bytes) -> int:
    child = os.fork()
    if not child:
        status = 1
        try:
            for _ in range(20):
                files.write_bytes(place / "file", letter * 100_000, "file")
                with files.new_folder(place / "folder", "folder") as folder:
                    _fill(folder, letter * 100_000)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def full_disk(place: Path) -> None:
    """A file may have 1,000 bytes, as if the disk were full behind them."""
    place.mkdir()
    (place / "file").write_bytes(b"old")
    (place / "folder").mkdir()
    (place / "folder" / "a").write_bytes(b"old")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    for write in (_large_file, _large_folder):
        try:
            write(place)
        except files.NotWritten as error:
            print(error)
        else:
            raise AssertionError(f"{write} did not notice")
    assert (place / "file").read_bytes() == b"old"
    assert (place / "folder" / "a").read_bytes() == b"old"
    assert sorted(path.name for path in place.iterdir()) == ["file", "folder"]


def _large_file(place: Path) -> None:
    files.write_bytes(place / "file", bytes(1001), "image")


def _large_folder(place: Path) -> None:
    with files.new_folder(place / "folder", "export") as folder:
        files.write_json(folder / "small.json", {})
        files.write_bytes(folder / "a", bytes(1001), "file")


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
