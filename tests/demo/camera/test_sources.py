import sys

import numpy as np
import pytest
from PIL import Image

from stargan_tf.demo.camera.sources import open_source
from stargan_tf.errors import InputError


def picture(path, value):
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (8, 6), (value, 0, 0)).save(path)


def test_a_folder_in_order(tmp_path):
    picture(tmp_path / "b.jpg", 9)
    picture(tmp_path / "a" / "c.png", 200)
    frames = list(open_source(str(tmp_path)))
    assert [str(frame.name) for frame in frames] == ["a/c.png", "b.png"]
    assert frames[0].picture.getpixel((0, 0)) == (200, 0, 0)


def test_one_picture(tmp_path):
    picture(tmp_path / "b.jpg", 9)
    assert len(list(open_source(str(tmp_path / "b.jpg")))) == 1


def test_a_film_in_its_colours(tmp_path):
    cv2 = pytest.importorskip("cv2", reason="needs opencv-python-headless")
    film = str(tmp_path / "film.avi")
    writer = cv2.VideoWriter(film, cv2.VideoWriter_fourcc(*"MJPG"), 5, (32, 16))
    for _ in range(3):
        writer.write(np.full((16, 32, 3), (10, 20, 220), np.uint8))  # Red, in BGR.
    writer.release()
    frames = list(open_source(film))
    assert [str(frame.name) for frame in frames][-1] == "frame_000002.png"
    assert len(frames) == 3 and frames[0].picture.size == (32, 16)
    red, _, blue = frames[0].picture.getpixel((5, 5))
    assert red > 180 and blue < 60


@pytest.mark.parametrize("source", ["webcam:99", "film.mp4"])
def test_what_opencv_cannot_read(tmp_path, source, capfd):
    pytest.importorskip("cv2", reason="needs opencv-python-headless")
    (tmp_path / "film.mp4").write_text("no film")
    text = source if "webcam" in source else str(tmp_path / source)
    with pytest.raises(InputError, match="OpenCV cannot read"):
        open_source(text)
    assert capfd.readouterr().err == ""


def test_without_opencv(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ImportError, match=r"stargan_tf\[camera\]"):
        open_source("webcam")


@pytest.mark.parametrize("source", ["webcam:x", "nowhere"])
def test_what_is_no_source(source):
    with pytest.raises(InputError, match="webcam:1|no source 'nowhere'"):
        open_source(source)
