import errno
import threading

import numpy as np
import pytest

from stargan_tf import files
from stargan_tf.data import cache_writer
from stargan_tf.data.cache import CachedImages, cache_folder, fits_in_cache
from stargan_tf.data.decoded_images import DecodedImages
from stargan_tf.data.image_store import open_images
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

    monkeypatch.setattr(cache_writer, "_write_images", full)
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
    warned.clear()
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
    assert fits_in_cache(source)
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0.0009")
    assert fits_in_cache(numbered("set", 4)) and not fits_in_cache(source)
    assert isinstance(open_images(source), DecodedImages)
    assert isinstance(open_images(source, "always"), CachedImages)
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "2 GB")
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
