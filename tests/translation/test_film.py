"""Films: what a player sees, and that no frame is kept."""

import gc
import struct
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from stargan_tf.errors import InputError
from stargan_tf.translation.film import write_film
from stargan_tf.translation.film_frames import film_frames
from stargan_tf.translation.film_timing import frame_durations


def frames(count, size=(36, 20)):
    ramp = np.linspace(0, 200, size[0])[None, :, None] * np.ones((size[1], 1, 3))
    for number in range(count):
        yield Image.fromarray(ramp.astype(np.uint8) + np.uint8(number))


@pytest.mark.parametrize("extension", ["gif", "webp", "WEBP"])
def test_a_player_sees_every_frame_in_time_for_ever(tmp_path, extension):
    path = write_film(tmp_path / "new" / f"film.{extension}", frames(7), fps=30)
    with Image.open(path) as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (7, (36, 20), 0)
        durations = []
        for shown, drawn in zip(ImageSequence.Iterator(film), frames(7), strict=True):
            pixels = np.asarray(shown.convert("RGB"), int)
            durations.append(shown.info["duration"])
            assert np.abs(pixels - np.asarray(drawn, int)).mean() < 4
    assert abs(sum(durations) - 7000 / 30) <= 5
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("extension", ["gif", "webp"])
def test_frames_are_forgotten_once_they_are_written(tmp_path, extension):
    seen, most = [], 0

    def watched():
        nonlocal most
        for frame in frames(30):
            seen.append(weakref.ref(frame))
            gc.collect()
            most = max(most, sum(ref() is not None for ref in seen))
            yield frame

    write_film(tmp_path / f"film.{extension}", watched())
    assert most <= 3


def test_a_film_of_one_frame_or_odd_sides(tmp_path):
    for extension in ("gif", "webp"):
        path = write_film(tmp_path / f"film.{extension}", frames(1, (7, 5)))
        with Image.open(path) as film:
            assert film.size == (7, 5)
            film.load()


@pytest.mark.parametrize("extension", ["gif", "webp"])
def test_a_film_that_breaks_off_leaves_nothing(tmp_path, extension):
    def broken():
        yield from frames(2)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_film(tmp_path / f"film.{extension}", broken())
    with pytest.raises(InputError, match="at least one frame"):
        write_film(tmp_path / f"film.{extension}", [])
    mixed = [*frames(1), *frames(1, (8, 8))]
    with pytest.raises(InputError, match="one size"):
        write_film(tmp_path / f"film.{extension}", mixed)
    assert not list(tmp_path.iterdir())


def test_what_is_no_film(tmp_path):
    with pytest.raises(InputError, match=r"\.gif, \.webp, \.mp4. Received: film.avi"):
        write_film(tmp_path / "film.avi", frames(1))
    with pytest.raises(InputError, match="1 to 50 frames a second. Received: 60"):
        write_film(tmp_path / "film.gif", frames(1), fps=60)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Cannot write the video"):
        write_film(tmp_path / "file" / "film.gif", frames(1))


def test_mp4_without_ffmpeg_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("stargan_tf.translation.film.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"stargan_tf\[video\]"):
        write_film(tmp_path / "film.mp4", frames(1))


def test_mp4_pipes_frames_to_ffmpeg(tmp_path, monkeypatch):
    class Ffmpeg:
        @staticmethod
        def write_frames(path, size, **options):
            assert (size, options["fps"]) == ((36, 20), 10)
            with open(path, "wb") as file:
                file.write(box(b"ftyp", b"isom"))
                try:
                    while frame := (yield):
                        file.write(box(b"mdat", frame))
                finally:
                    file.write(box(b"moov", b"index"))

    monkeypatch.setattr("stargan_tf.translation.film.find_spec", lambda name: Ffmpeg)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", Ffmpeg)
    path = write_film(tmp_path / "film.mp4", frames(3), fps=10)
    assert path.stat().st_size == 3 * (8 + 36 * 20 * 3) + 12 + 13


def box(name, content):
    """What an MP4 is made of."""
    return struct.pack(">I4s", 8 + len(content), name) + content


WHOLE = box(b"ftyp", b"isom") + box(b"mdat", bytes(99)) + box(b"moov", b"index")
LARGE = struct.pack(">I4sQ", 1, b"mdat", 16 + 9) + bytes(9) + box(b"moov", b"")


@pytest.mark.parametrize(
    ("content", "is_whole"),
    [
        (WHOLE, True),
        (LARGE, True),
        (WHOLE[:-1], False),
        (WHOLE[:-13], False),  # without the index
        (WHOLE[:50], False),
        (WHOLE + b"\0", False),
        (b"", False),
    ],
)
def test_an_mp4_that_was_cut_short_is_not_kept(
    tmp_path, monkeypatch, content, is_whole
):
    class Ffmpeg:
        @staticmethod
        def write_frames(path, size, **options):
            try:
                while (yield):
                    pass
            finally:
                Path(path).write_bytes(content)

    monkeypatch.setattr("stargan_tf.translation.film.find_spec", lambda name: Ffmpeg)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", Ffmpeg)
    path = tmp_path / "film.mp4"
    if is_whole:
        assert write_film(path, frames(2)).read_bytes() == content
    else:
        with pytest.raises(InputError, match="the video .*: ffmpeg did not write all"):
            write_film(path, frames(2))
        assert list(tmp_path.iterdir()) == []


# imageio-ffmpeg leaves pipes of its first look at ffmpeg to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_mp4_with_ffmpeg(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = write_film(tmp_path / "film.mp4", frames(9), fps=10)
    reader = ffmpeg.read_frames(str(path))
    meta = next(reader)
    assert (meta["size"], meta["fps"], len(list(reader))) == ((36, 20), 10, 9)


def test_durations_stay_true_to_the_rate():
    ticks = frame_durations(30, 100)
    durations = [next(ticks) for _ in range(300)]
    assert sum(durations) == 1000 and set(durations) == {3, 4}


def test_sources_stand_side_by_side_and_share_the_style(animals):
    images = np.zeros((3, 16, 16, 3), np.uint8)
    styles = np.array([[n, n, n] for n in range(5)], np.float32)
    drawn = list(film_frames(animals, images, styles, batch_size=6))
    assert animals.calls == [6, 6, 3]
    assert [frame.size for frame in drawn] == [(36, 36)] * 5
    for number, frame in enumerate(drawn):
        assert (np.asarray(frame) == 100 + 20 * number).all(-1).sum() == 3 * 256


def test_a_film_needs_a_source_and_not_too_many(animals):
    for count in (0, 17):
        images = np.zeros((count, 16, 16, 3), np.uint8)
        with pytest.raises(InputError, match=f"1 to 16 pictures.*Received: {count}"):
            next(film_frames(animals, images, np.zeros((2, 3))))
