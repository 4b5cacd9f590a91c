import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from stargan_tf import files
from stargan_tf.errors import InputError

PROCESS = Path(__file__).with_name("files_process.py")
LONG = "é" * 125 + "x.txt"  # 255 bytes, as many as a name may have


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def in_process(task, folder):
    """Runs a function of files_process.py; → what it printed."""
    environment = os.environ | {"PYTHONPATH": str(PROCESS.parents[1])}
    done = subprocess.run(
        [sys.executable, PROCESS, task, folder],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def old_folder(path):
    path.mkdir()
    (path / "a").write_text("old")
    return path


def refusing(monkeypatch, owner, name, path, code):
    """Lets a method of `Path` or a function of `os` fail on one path."""
    real = getattr(owner, name)

    def function(first, *rest, **options):
        if Path(first) == path:
            raise OSError(code, os.strerror(code), str(first))
        return real(first, *rest, **options)

    monkeypatch.setattr(owner, name, function)


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "new" / "folder" / "a.json"
    files.write_json(path, {"a": 1})
    files.write_json(path, {"a": 2})
    assert path.read_text() == '{\n  "a": 2\n}\n'
    assert names_in(path.parent) == ["a.json"]


def test_temporary_names_are_unique_and_keep_the_extension(tmp_path):
    path = tmp_path / "a.png"
    with files.new_file(path, "image") as one, files.new_file(path, "image") as two:
        assert one != two
        assert {one.suffix, two.suffix} == {".png"}
        assert one.parent == two.parent == tmp_path
        one.write_text("one")
        two.write_text("two")
    assert path.read_text() == "one"  # whose block ended last
    assert names_in(tmp_path) == ["a.png"]


@pytest.mark.parametrize("durable", [True, False])
def test_the_longest_names(tmp_path, durable):
    files.write_bytes(tmp_path / LONG, b"x", "file", durable)
    with files.new_folder(tmp_path / LONG[::-1], "folder") as folder:
        (folder / LONG).write_text("x")
    assert names_in(tmp_path) == sorted([LONG, LONG[::-1]])
    files.remove_folder(tmp_path / LONG[::-1])
    assert names_in(tmp_path) == [LONG]


def test_a_name_that_is_too_long_is_named(tmp_path):
    with pytest.raises(InputError, match=r"the file .*xyz: File name too long. Choose"):
        files.write_text(tmp_path / ("x" * 300 + "xyz"), "")
    assert names_in(tmp_path) == []


def test_a_failed_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with (
        pytest.raises(ZeroDivisionError),
        files.new_file(path, "file") as temporary,
    ):
        temporary.write_text("half")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    path = old_folder(tmp_path / "folder")
    with (
        pytest.raises(KeyboardInterrupt),
        files.new_folder(path, "folder") as folder,
    ):
        (folder / "a").write_text("half")
        raise KeyboardInterrupt
    assert (path / "a").read_text() == "old"
    assert names_in(tmp_path) == ["folder"]


def test_characters_that_utf8_lacks_are_escaped(tmp_path):
    files.write_text(tmp_path / "a", os.fsdecode(b"\xff.png") + " é")
    assert (tmp_path / "a").read_bytes() == "\\udcff.png é".encode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_device_is_written_to_and_stays(tmp_path):
    with pytest.raises(files.NotWritten, match="/dev/full: No space left on device"):
        files.write_text(Path("/dev/full"), "x", "report")
    files.write_text(Path("/dev/null"), "x", "report")
    assert Path("/dev/full").is_char_device()
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes with names")
def test_a_pipe_gets_the_content(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    files.write_text(pipe, "all of it")
    reader.join(10)
    assert got == ["all of it"]
    assert pipe.is_fifo()


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "real" / "a.json")
    files.write_text(tmp_path / "link.json", "1")
    files.write_text(tmp_path / "link.json", "2")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real" / "a.json").read_text() == "2"


@pytest.mark.parametrize("path", [".", "..", "folder"])
def test_a_folder_in_the_place_of_a_file(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(files.NotWritten, match="report .*: it is a folder"):
        files.write_text(Path(path), "x", "report")
    assert names_in(tmp_path) == ["folder"]


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(files.NotWritten, match="json: .*file is a file, not a folder"):
        files.write_text(tmp_path / "file" / "a.json", "x", "report")
    with pytest.raises(files.NotWritten, match="b: .*file is a file, not a folder"):
        files.new_folder(tmp_path / "file" / "b", "export").__enter__()


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.EROFS, "Read-only file system. Choose a folder with write permission."),
        (errno.EACCES, "Permission denied. Choose a folder with write permission."),
        (errno.ENOSPC, "No space left on device. Free some space, or choose"),
    ],
)
def test_what_cannot_be_written_is_named_with_the_reason(
    tmp_path, monkeypatch, code, advice
):
    path = tmp_path / "a" / "b"
    refusing(monkeypatch, Path, "mkdir", tmp_path / "a", code)
    with pytest.raises(files.NotWritten, match=f"the results {path}: {advice}"):
        files.write_text(path, "x", "results")
    assert names_in(tmp_path) == []


def test_a_read_only_folder_takes_no_folder(tmp_path, monkeypatch):
    path, real = old_folder(tmp_path / "folder"), Path.mkdir

    def mkdir(folder, *arguments, **options):
        if folder.name.startswith(files.PREFIX):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
        return real(folder, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(files.NotWritten, match=f"export {path}: Read-only file system"):
        files.new_folder(path, "export").__enter__()
    assert (path / "a").read_text() == "old"


def test_a_file_within_a_new_folder_is_reported_under_the_final_name(tmp_path):
    path = tmp_path / "export"
    with (
        pytest.raises(files.NotWritten, match=f"^Cannot write the export {path}: File"),
        files.new_folder(path, "export") as folder,
    ):
        files.write_text(folder / ("x" * 300), "x")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("error", [FileNotFoundError, BrokenPipeError])
def test_errors_of_other_things_keep_their_name(tmp_path, error):
    given = error(errno.ENOENT, "No such file or directory", "/elsewhere/image.png")
    for writer in (files.new_file, files.new_folder):
        with pytest.raises(error) as caught, writer(tmp_path / "a", "image"):
            raise given
        assert caught.value is given
    assert names_in(tmp_path) == []


def test_the_reason_is_found_in_the_words_of_other_libraries(tmp_path):
    words = "{{function_node SaveV2}} /tmp/x/part-00000; No space left on device [Op:S]"
    for error in (OSError(words), RuntimeError(words)):
        found = files.NotWritten(tmp_path, "export", error)
        assert found.reason == "No space left on device" and found.concerns_disk
        assert str(found).endswith("device. Free some space, or choose another place.")
    long = OSError(errno.EFBIG, "write failed: time = 1\n, filename = 'x'", None)
    assert files.NotWritten(tmp_path, "model", long).reason == "File too large"
    found = files.NotWritten(tmp_path, "export", OSError("Anything else."))
    assert found.reason == "Anything else" and not found.concerns_disk


def test_nothing_is_replaced_where_that_is_not_wanted(tmp_path):
    path = tmp_path / "version"
    with (
        pytest.raises(files.NotWritten, match="it exists already and is not over"),
        files.new_folder(path, "export", replace=False) as folder,
    ):
        (folder / "a").write_text("new")
        old_folder(path)  # by another process, meanwhile
    assert (path / "a").read_text() == "old"
    assert names_in(tmp_path) == ["version"]


def test_an_old_folder_that_cannot_be_moved_away_stays(tmp_path, monkeypatch):
    path = old_folder(tmp_path / "folder")
    refusing(monkeypatch, os, "rename", path, errno.EBUSY)
    with (
        pytest.raises(files.NotWritten, match="busy"),
        files.new_folder(path, "folder") as folder,
    ):
        (folder / "a").write_text("new")
    assert (path / "a").read_text() == "old"
    assert names_in(tmp_path) == ["folder"]


def test_an_old_folder_that_cannot_be_put_back_is_not_deleted(tmp_path, monkeypatch):
    path, real = old_folder(tmp_path / "folder"), os.rename

    def rename(source, target):
        if Path(target) == path and not path.exists():
            raise OSError(errno.EIO, "Input/output error", str(source), None, str(path))
        return real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename)
        with (
            pytest.raises(files.NotWritten, match="Input/output error"),
            files.new_folder(path, "folder") as folder,
        ):
            (folder / "a").write_text("new")
        files.remove_leftovers(tmp_path)
        assert not path.exists()
    files.remove_leftovers(tmp_path)
    assert (path / "a").read_text() == "old"
    assert names_in(tmp_path) == ["folder"]


def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    tmp_path, monkeypatch
):
    files.check_file(tmp_path / "new" / "deep" / "report.json")
    files.check_writable(tmp_path / LONG)
    assert names_in(tmp_path) == []
    with pytest.raises(InputError, match="must be a file"):
        files.check_file(tmp_path)
    (tmp_path / "file").touch()
    files.check_file(tmp_path / "file", overwrite=True)
    with pytest.raises(InputError, match="file exists already.*add --overwrite"):
        files.check_file(tmp_path / "file")
    with pytest.raises(InputError, match="file' is a file, not a folder"):
        files.check_file(tmp_path / "file" / "report.json")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match=r"no permission in .* another --output"):
        files.check_file(tmp_path / "report.json")


def test_checking_a_place_clears_what_was_abandoned_there(tmp_path):
    old, young = tmp_path / f"{files.PREFIX}old.png", tmp_path / f"{files.PREFIX}a.png"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    files.check_writable(tmp_path / "image.png")
    assert names_in(tmp_path) == [young.name]


def test_nothing_is_new_where_something_is(tmp_path):
    files.check_new(tmp_path / "new")
    (tmp_path / "link").symlink_to("nowhere")
    for path in (tmp_path, tmp_path / "link"):
        with pytest.raises(InputError, match="exists already"):
            files.check_new(path)


def test_only_a_folder_of_the_same_command_is_overwritten(tmp_path):
    folder, mark = tmp_path / "export", "model/*.json"
    files.check_new(folder, overwrite=True, mark=mark)
    (folder / "model").mkdir(parents=True)
    (tmp_path / "file").touch()
    for path in (folder, tmp_path / "file"):
        with pytest.raises(InputError, match=r"which has no model/\*.json"):
            files.check_new(path, overwrite=True, mark=mark)
    (folder / "model" / "a.json").touch()
    files.check_new(folder, overwrite=True, mark=mark)
    with pytest.raises(InputError, match="exists already"):
        files.check_new(folder, mark=mark)


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs a device")
def test_devices_are_no_files_to_lose():
    files.check_file(Path("/dev/null"))
    files.refuse_overwriting(Path("/dev/null"))


def test_a_line_is_added(tmp_path):
    for line in ("one", "zwei ä"):
        files.append_line(tmp_path / "log", line, "log")
    assert (tmp_path / "log").read_text(encoding="utf-8") == "one\nzwei ä\n"
    files.append_line(tmp_path / "new" / "log", "one", "log")
    assert (tmp_path / "new/log").exists()
    with pytest.raises(files.NotWritten, match="the log .*is a file, not a folder"):
        files.append_line(tmp_path / "log" / "no", "one", "log")


def test_removing(tmp_path, monkeypatch):
    path = old_folder(tmp_path / "folder")
    files.remove_folder(path)
    assert names_in(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        files.remove_folder(path)
    assert names_in(tmp_path) == []


def test_leftovers_of_running_processes_stay(tmp_path):
    workplace = tmp_path / f"{files.PREFIX}abc"
    (workplace / files.NEW / "target").mkdir(parents=True)
    (workplace / files.NEW / "target" / "growing").write_text("")
    (tmp_path / f"{files.PREFIX}def.png").write_text("")
    (tmp_path / ".other").write_text("")
    long_ago = time.time() - 2 * files.ABANDONED_AFTER_S
    for folder in (workplace / files.NEW / "target", workplace / files.NEW, workplace):
        os.utime(folder, (long_ago, long_ago))
    files.remove_leftovers(tmp_path, older_than_s=files.ABANDONED_AFTER_S)
    assert len(names_in(tmp_path)) == 3
    for file in (workplace / "new/target/growing", tmp_path / f"{files.PREFIX}def.png"):
        os.utime(file, (long_ago, long_ago))
    files.remove_leftovers(tmp_path, older_than_s=files.ABANDONED_AFTER_S)
    assert names_in(tmp_path) == [".other"]


def test_leftovers_that_cannot_be_removed_are_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / f"{files.PREFIX}one").write_text("")
    (tmp_path / f"{files.PREFIX}two").write_text("")
    refusing(monkeypatch, Path, "unlink", tmp_path / f"{files.PREFIX}one", errno.EACCES)
    files.remove_leftovers(tmp_path)
    files.remove_leftovers(tmp_path / "missing")
    assert names_in(tmp_path) == [f"{files.PREFIX}one"]


def test_folders_that_cannot_be_flushed_do_no_harm(tmp_path, monkeypatch):
    real = os.fsync

    def fsync(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    files.write_text(tmp_path / "a", "x")
    assert (tmp_path / "a").read_text() == "x"


def test_content_that_does_not_reach_the_disk_is_noticed(tmp_path, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(files.NotWritten, match="a: Input/output error"):
        files.write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
@pytest.mark.parametrize("task", ["kill_everywhere", "race", "full_disk"])
def test_in_processes(tmp_path, task):
    folder = tmp_path / "place"
    if task != "full_disk":
        folder.mkdir()
    said = in_process(task, folder)
    if task == "full_disk":
        assert said.splitlines() == [
            f"Cannot write the image {folder}/file: File too large.",
            f"Cannot write the export {folder}/folder: File too large.",
        ]


def test_home_folders_in_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert files.user_path("~") == tmp_path
    assert (
        files.user_path("~/a/b") == files.user_path(Path("~/a/b")) == tmp_path / "a/b"
    )
    assert files.user_path("a/~/b") == Path("a/~/b")
    with pytest.raises(InputError, match="there is no user nobody_x") as error:
        files.user_path("~nobody_x/a")
    assert "\n" not in str(error.value)
    # What word processors and editors call their copies is no user.
    (tmp_path / "~copy.jpg").touch()
    assert files.user_path("~copy.jpg") == Path("~copy.jpg")


def test_without_a_home_folder(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # raises KeyError
    assert files.user_path("a") == Path("a")
    with pytest.raises(InputError, match="HOME is not set. Pass the full path"):
        files.user_path("~/a")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        RuntimeError("write failed; No space left on device"),  # TensorFlow's
        FileNotFoundError(errno.ENOENT, "No usable temporary directory found in …"),
    ],
)
def test_no_place_for_temporary_files_is_one_sentence(tmp_path, monkeypatch, error):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    message = rf"Cannot write temporary files to {tmp_path}: .* Set TMPDIR to a folder"
    with pytest.raises(InputError, match=message), files.temporary_folder():
        raise error
    assert names_in(tmp_path) == []
    with pytest.raises(ZeroDivisionError), files.temporary_folder():
        raise ZeroDivisionError
    with files.temporary_folder() as folder:
        (folder / "a").write_text("a")
    assert names_in(tmp_path) == []


def test_a_folder_of_temporary_files_that_is_nowhere(monkeypatch):

    def nowhere(*arguments, **options):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.mkdtemp", nowhere)
    with pytest.raises(InputError, match="Set TMPDIR"), files.temporary_folder():
        pass


@pytest.mark.parametrize("content", [b"[" * 200_000, b"\xff", b"{", b""])
def test_whatever_is_wrong_with_json_is_a_value_error(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(ValueError):
        files.read_json(path)
