import errno
import os
import shutil
import threading
import time

import numpy as np
import pytest

from stargan_tf import files
from stargan_tf.data import cache
from stargan_tf.data import store as stores
from stargan_tf.data.cache import cache_folder
from stargan_tf.data.sampling import reader, training_batches
from stargan_tf.data.store import CachedImages, DecodedImages, open_images
from stargan_tf.errors import InputError
from stargan_tf.files import PREFIX


def pixels(store):
    return np.fromfile(store.path, np.uint8).reshape(store.shape)


def test_first_use_decodes_once_and_later_uses_read(numbered, cache_folder):
    loads = []
    source = numbered("set", 5, loads=loads)
    store = open_images(source)
    assert isinstance(store, CachedImages) and sorted(loads) == list(range(5))
    again = open_images(source)
    assert sorted(loads) == list(range(5))
    for number in range(5):
        np.testing.assert_array_equal(pixels(again)[number], source.load(number))
    np.testing.assert_array_equal(again.labels, source.labels)
    assert [entry.name for entry in cache_folder.iterdir()] == [store.path.parent.name]


def test_key_follows_the_fingerprint(numbered, cache_folder):
    open_images(numbered("set", 5))
    open_images(numbered("other", 5))
    assert len(list(cache_folder.iterdir())) == 2


def test_leftovers_of_a_killed_process_are_ignored_then_removed(
    numbered, cache_folder, monkeypatch
):
    source = numbered("set", 5)
    entry = open_images(source).path.parent
    left = cache_folder / f"{PREFIX}killed"
    entry.rename(left)
    (left / "images.raw").write_bytes(b"half")
    store = open_images(source)
    np.testing.assert_array_equal(pixels(store)[3], source.load(3))
    assert left.exists()

    monkeypatch.setattr(files, "ABANDONED_AFTER_S", -1)
    (entry / "images.raw").unlink()
    open_images(source)
    assert not left.exists()


def test_a_damaged_entry_is_replaced(numbered):
    source = numbered("set", 5)
    path = open_images(source).path
    path.write_bytes(path.read_bytes()[:-1])
    store = open_images(source)
    np.testing.assert_array_equal(pixels(store)[4], source.load(4))


def test_two_at_once_leave_one_whole_entry(numbered, cache_folder):
    source, stores = numbered("set", 40), []
    threads = [
        threading.Thread(target=lambda: stores.append(open_images(source)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) == 4 and len(list(cache_folder.iterdir())) == 1
    np.testing.assert_array_equal(pixels(stores[0])[39], source.load(39))


def test_a_failed_pass_leaves_nothing(numbered, cache_folder):
    source = numbered("set", 5)
    object.__setattr__(source, "load", lambda index: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        open_images(source)
    assert list(cache_folder.iterdir()) == []


def test_full_disk_falls_back_to_decoding(numbered, warned, monkeypatch, cache_folder):
    def full(source, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(stores, "_write_images", full)
    assert isinstance(open_images(numbered("set", 5)), DecodedImages)
    assert "No space left on device" in warned[0]
    assert list(cache_folder.iterdir()) == []


def test_unreadable_images_are_named_counted_and_left_out(numbered, warned):
    source = numbered("set", 9, broken=(1, 2, 5, 8))
    store = open_images(source)
    assert list(store.rows) == [0, 3, 4, 6, 7]
    np.testing.assert_array_equal(store.labels, source.labels[store.rows])
    summary = "4 of 9 images are unreadable and were skipped: 1.jpg, 2.jpg, 5.jpg, …"
    summary += ". Cannot read the image 1.jpg: broken."
    assert warned == [summary]
    open_images(source)
    assert warned == [summary]


@pytest.mark.parametrize("cache", ["auto", "never"])
def test_nothing_readable(numbered, warned, cache, cache_folder):
    with pytest.raises(InputError, match="None of the 3 images of 'set' can be read"):
        open_images(numbered("set", 3, broken=(0, 1, 2)), cache)
    assert not cache_folder.exists() or list(cache_folder.iterdir()) == []


def test_decoding_puts_the_next_readable_image_in_place(numbered, warned):
    source = numbered("set", 5, broken=(3, 4))
    store = DecodedImages(source)  # One line for both, not one for each.
    for _ in range(2):
        images, taken = store.get(np.array([2, 3, 4]))
        assert list(taken) == [2, 0, 0]
        np.testing.assert_array_equal(images[1], source.load(0))
    assert warned == [
        "Cannot read the image 3.jpg: broken. Skipped; 1 unreadable so far.",
    ]


def test_limit(numbered, monkeypatch):
    source = numbered("set", 5)
    assert isinstance(open_images(source), CachedImages)
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0.0009")
    assert isinstance(open_images(numbered("set", 4)), CachedImages)
    assert isinstance(open_images(source), DecodedImages)
    assert isinstance(open_images(source, "always"), CachedImages)
    for text in ("2 GB", "nan", "-1"):
        monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", text)
        with pytest.raises(InputError, match="STARGAN_TF_CACHE_LIMIT_MB must be"):
            open_images(source)
    with pytest.raises(InputError, match="cache must be"):
        open_images(source, "yes")


def test_cache_folder(monkeypatch):
    monkeypatch.delenv("STARGAN_TF_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder().as_posix() == "/xdg/stargan_tf"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder().as_posix() == "/home/me/.cache/stargan_tf"


DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "zeroed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "missing": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "other text": lambda path: path.write_text('{"a": [1]}'),
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe["),
    "nested": lambda path: path.write_text("[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["images.raw", "unreadable.json", "about.json"])
def test_a_damaged_file_is_mended_with_one_line(numbered, warned, name, damage):
    source = numbered("set", 5, broken=(1,))
    path = open_images(source).path.with_name(name)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    warned.clear()
    DAMAGES[damage](path)
    store = open_images(source)
    assert isinstance(store, CachedImages)
    if (name, damage) == ("about.json", "missing"):  # As earlier versions left it.
        assert not warned and list(store.rows) == [0, 2, 3, 4]
        return
    damaged = [line for line in warned if "damaged" in line]
    assert len(damaged) == 1 and "\n" not in damaged[0]
    after = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert after == before
    warned.clear()
    open_images(source)
    assert not warned  # The unreadable image was named once, above.


@pytest.mark.parametrize("text", ["[7]", "[true]", '["1"]', "[-1]", "[0.5]", "null"])
def test_positions_that_are_none_are_damage(numbered, warned, text):
    source = numbered("set", 5)
    entry = open_images(source).path.parent
    (entry / "unreadable.json").write_text(text)
    assert list(open_images(source).rows) == [0, 1, 2, 3, 4]
    assert len(warned) == 1 and (entry / "unreadable.json").read_text() == "[]"


def test_an_entry_that_is_a_file_or_a_broken_link_is_replaced(numbered, warned):
    source = numbered("set", 5)
    entry = open_images(source).path.parent
    files.remove_folder(entry)
    entry.write_text("no folder")
    assert isinstance(open_images(source), CachedImages)
    files.remove_folder(entry)
    entry.symlink_to("nowhere")
    assert isinstance(open_images(source), CachedImages)
    assert len(warned) == 2


def test_a_sample_of_a_large_file_is_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "BLOCK", 16)
    monkeypatch.setattr(cache, "BLOCKS", 4)
    path = tmp_path / "images.raw"
    path.write_bytes(bytes(range(1, 201)))
    before = cache.checksum(path)
    path.write_bytes(bytes(range(1, 101)) + bytes(100))  # half of it zeroed
    assert cache.checksum(path) != before
    path.write_bytes(bytes(range(1, 185)) + bytes(16))  # its end
    assert cache.checksum(path) != before


ENTRY_BYTES = 5 * 8 * 8 * 3


def limit_entries(monkeypatch, count):
    """Room for so many entries of five images, with what else is in their folders."""
    megabytes = count * (ENTRY_BYTES + 200) / 2**20
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", str(megabytes))


def test_the_longest_unused_entry_leaves(numbered, monkeypatch, warned):
    limit_entries(monkeypatch, 2)
    entries = {}
    for age, name in ((3, "b"), (2, "a")):
        entries[name] = open_images(numbered(name, 5)).path.parent
        os.utime(entries[name], (time.time() - age,) * 2)
    open_images(numbered("b", 5))  # Used again, so "a" is the oldest now.
    entries["c"] = open_images(numbered("c", 5)).path.parent
    assert {name for name, entry in entries.items() if entry.exists()} == {"b", "c"}
    assert not warned


def test_entries_in_use_stay(numbered, monkeypatch, warned):
    limit_entries(monkeypatch, 1)
    first = open_images(numbered("a", 5))
    second = open_images(numbered("b", 5))
    assert isinstance(second, DecodedImages) and first.path.exists()
    assert len(warned) == 1 and "running processes use" in warned[0]
    assert warned[0].endswith("Images are decoded each time instead.")
    # What must be kept is kept; the limit holds again once nothing is used.
    third = open_images(numbered("c", 5), "always")
    assert first.path.exists() and third.path.exists()
    del first, third
    last = open_images(numbered("b", 5))
    assert [one.path for one in cache.kept()] == [last.path.parent]


def test_an_entry_is_in_use_as_long_as_tensorflow_reads_it(numbered, monkeypatch):
    read = reader(open_images(numbered("a", 5)))
    (entry,) = cache.kept()
    assert not cache.remove(entry) and entry.path.exists()
    assert read(np.array([4]))[0].shape == (1, 8, 8, 3)
    del read
    assert cache.remove(entry) and not entry.path.exists()


def test_an_entry_removed_by_hand_can_still_be_read(numbered, cache_folder):
    source = numbered("a", 5)
    batches = iter(training_batches(source, 5, flip=False))
    first, _ = next(batches)
    shutil.rmtree(cache_folder)
    for _ in range(50):
        images, _ = next(batches)
    np.testing.assert_array_equal(np.sort(images, 0), np.sort(first, 0))


def refuse(monkeypatch, code):
    """The disk ends after some images, or takes nothing."""

    def write(source, entry):
        path = entry / "images.raw"
        path.write_bytes(b"some")
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(stores, "_write_images", write)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_cache_that_cannot_be_written_is_done_without(
    numbered, monkeypatch, warned, cache_folder, code
):
    refuse(monkeypatch, code)
    store = open_images(numbered("a", 5))
    assert isinstance(store, DecodedImages) and len(warned) == 1
    assert os.strerror(code) in warned[0] and "\n" not in warned[0]
    assert list(cache_folder.iterdir()) == []


def test_a_damaged_entry_that_cannot_be_removed_is_done_without(
    numbered, monkeypatch, warned
):
    source = numbered("a", 5)
    open_images(source).path.write_bytes(b"")

    def refused(path):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(files, "remove_folder", refused)
    assert isinstance(open_images(source), DecodedImages)
    assert "Read-only file system" in warned[-1] and len(warned) == 2


def test_no_space_is_noticed_before_the_work(numbered, monkeypatch, warned):
    monkeypatch.setattr(cache, "_free_bytes", lambda folder: ENTRY_BYTES - 1)
    loads = []
    store = open_images(numbered("a", 5, loads=loads))
    assert isinstance(store, DecodedImages) and len(loads) < 5
    assert "are free" in warned[0]


def test_no_home_folder(numbered, monkeypatch, warned):
    for name in ("STARGAN_TF_CACHE", "HOME"):
        monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # a user of a container
    assert isinstance(open_images(numbered("a", 5)), DecodedImages)
    assert len(warned) == 1 and "there is no home folder" in warned[0]
    with pytest.raises(InputError, match="Set STARGAN_TF_CACHE to a folder"):
        cache_folder()


def test_a_home_folder_of_nobody(numbered, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", "~nobody_x/a")
    with pytest.raises(InputError, match="there is no user nobody_x"):
        open_images(numbered("a", 5))
