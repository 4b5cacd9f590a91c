import os

import imageio.v2 as imageio
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image, ImageSequence

from stargan_tf.errors import InputError
from stargan_tf.steering.styles import random_styles
from stargan_tf.translation.interpolation import (
    frame_durations,
    interpolation_video,
    video_frames,
    write_video,
)

# Videos: what a player sees.


def frames(count, size=(36, 20)):
    ramp = np.linspace(0, 100, size[0])[None, :, None] * np.ones((size[1], 1, 3))
    for number in range(count):
        yield Image.fromarray(ramp.astype(np.uint8) + np.uint8(15 * number))


@pytest.mark.parametrize("extension", ["gif", "webp", "WEBP"])
def test_a_player_sees_every_frame_in_time_for_ever(tmp_path, extension):
    path = write_video(tmp_path / "new" / f"video.{extension}", frames(7), fps=30)
    with Image.open(path) as video:
        assert (video.n_frames, video.size, video.info["loop"]) == (7, (36, 20), 0)
        durations = []
        for shown, drawn in zip(ImageSequence.Iterator(video), frames(7), strict=True):
            pixels = np.asarray(shown.convert("RGB"), int)
            durations.append(shown.info["duration"])
            assert np.abs(pixels - np.asarray(drawn, int)).mean() < 4
    assert abs(sum(durations) - 7000 / 30) <= 5
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_video_of_one_frame_or_odd_sides(tmp_path):
    for extension in ("gif", "webp"):
        path = write_video(tmp_path / f"video.{extension}", frames(1, (7, 5)))
        with Image.open(path) as video:
            assert video.size == (7, 5)
            video.load()


@pytest.mark.parametrize("extension", ["gif", "webp"])
def test_a_video_that_breaks_off_leaves_nothing(tmp_path, extension):
    def broken():
        yield from frames(2)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_video(tmp_path / f"video.{extension}", broken())
    with pytest.raises(InputError, match="at least one frame"):
        write_video(tmp_path / f"video.{extension}", [])
    mixed = [*frames(1), *frames(1, (8, 8))]
    with pytest.raises(InputError, match="one size"):
        write_video(tmp_path / f"video.{extension}", mixed)
    assert not list(tmp_path.iterdir())


def test_what_is_no_video(tmp_path):
    with pytest.raises(InputError, match=r"\.gif, \.webp, \.mp4. Received: video.avi"):
        write_video(tmp_path / "video.avi", frames(1))
    with pytest.raises(InputError, match="must be from 1 to 50. Received: 60"):
        write_video(tmp_path / "video.gif", frames(1), fps=60)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Cannot write the video"):
        write_video(tmp_path / "file" / "video.gif", frames(1))


def test_mp4_without_ffmpeg_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "stargan_tf.translation.interpolation.find_spec", lambda name: None
    )
    with pytest.raises(ImportError, match=r"stargan_tf\[video\]"):
        write_video(tmp_path / "video.mp4", frames(1))


# imageio-ffmpeg leaves pipes of its first look at ffmpeg to the garbage collector.
leaves_pipes = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


@leaves_pipes
def test_mp4_takes_frames_one_at_a_time_and_keeps_all(tmp_path):
    path = write_video(tmp_path / "video.mp4", frames(9), fps=10)
    reader = imageio_ffmpeg.read_frames(str(path))
    meta = next(reader)
    assert (meta["size"], meta["fps"], len(list(reader))) == ((36, 20), 10, 9)


@leaves_pipes
@pytest.mark.parametrize("kept", [0, 0.5, 0.8])
def test_an_mp4_that_was_cut_short_is_not_kept(tmp_path, monkeypatch, kept):
    get_writer = imageio.get_writer

    class FullDisk:
        """What ffmpeg leaves behind, without a word, where the disk is full."""

        def __init__(self, path, *arguments, **options):
            self.path, self.writer = path, get_writer(path, *arguments, **options)
            self.append_data = self.writer.append_data

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.writer.close()
            os.truncate(self.path, int(kept * self.path.stat().st_size))

    monkeypatch.setattr(imageio, "get_writer", FullDisk)
    with pytest.raises(InputError, match="the video .*: ffmpeg did not write all"):
        write_video(tmp_path / "video.mp4", frames(2))
    assert list(tmp_path.iterdir()) == []


def test_durations_stay_true_to_the_rate():
    durations = frame_durations(300, fps=30, tick=10)
    assert sum(durations) == 10_000 and set(durations) == {30, 40}


def test_sources_stand_side_by_side_and_share_the_style(animals):
    images = np.zeros((3, 16, 16, 3), np.uint8)
    styles = np.array([[n, n, n] for n in range(5)], np.float32)
    drawn = list(video_frames(animals, images, styles, batch_size=6))
    assert animals.calls == [6, 6, 3]
    assert [frame.size for frame in drawn] == [(36, 36)] * 5
    for number, frame in enumerate(drawn):
        assert (np.asarray(frame) == 100 + 20 * number).all(-1).sum() == 3 * 256


def test_a_video_needs_a_source_and_not_too_many(animals):
    for count in (0, 17):
        images = np.zeros((count, 16, 16, 3), np.uint8)
        with pytest.raises(InputError, match=f"1 to 16 images.*Received: {count}"):
            next(video_frames(animals, images, np.zeros((2, 3))))


@pytest.mark.parametrize("as_float", [False, True])
def test_a_video_leads_through_the_styles_and_back(animals, tmp_path, as_float):
    images = np.full((16, 16, 3), 80, np.uint8)
    images = images / 127.5 - 1 if as_float else images
    path = tmp_path / "video.webp"
    seeds = (3, 5)
    given = interpolation_video(path, animals, images, "dog", seeds, frames=4, fps=10)
    assert given == path
    colours = []
    with Image.open(path) as video:
        assert (video.n_frames, video.size) == (4, (16, 16))
        for number in range(video.n_frames):
            video.seek(number)
            colours.append(np.asarray(video.convert("RGB"))[8, 8].astype(int))
    codes = random_styles(["dog"], seeds).codes(animals)
    still = animals.translate(np.zeros((2, 16, 16, 3), np.uint8), codes, batch_size=2)
    # There in two frames, and back by the same way.
    for frame, style in ((0, 0), (2, 1)):
        assert np.abs(colours[frame] - still[style][8, 8]).max() <= 6
    assert np.abs(colours[1] - colours[3]).max() <= 2


def test_one_style_is_no_way(animals, tmp_path):
    images = np.zeros((1, 16, 16, 3), np.uint8)
    with pytest.raises(InputError, match="two"):
        interpolation_video(tmp_path / "video.gif", animals, images, "dog", [3])
    assert not list(tmp_path.iterdir())
