"""Which pictures files and folders stand for."""

import pytest

from stargan_tf.errors import InputError
from stargan_tf.translation.pictures import find_inputs


def names(pictures):
    return [picture.name.as_posix() for picture in pictures]


def test_a_folder_is_searched_in_order_and_in_depth(paint, tmp_path):
    for name in ("b.png", "a.JPEG", "sub/c.webp", ".hidden.png", ".cache/d.png"):
        paint(f"photos/{name}")
    (tmp_path / "photos" / "notes.txt").write_text("not a picture")
    assert names(find_inputs([str(tmp_path / "photos")])) == [
        "a.JPEG",
        "b.png",
        "sub/c.webp",
    ]


def test_several_inputs_keep_their_folders_names(paint, tmp_path):
    single = paint("x.png")
    paint("one/x.png")
    paint("two/x.png")
    found = find_inputs([str(single), str(tmp_path / "one"), str(tmp_path / "two")])
    assert names(found) == ["x.png", "one/x.png", "two/x.png"]


def test_a_file_is_translated_once(paint, tmp_path):
    path = paint("one/x.png")
    assert names(find_inputs([str(path), str(path), str(path.parent)])) == ["x.png"]


def test_the_output_folder_is_not_an_input(paint, tmp_path):
    paint("photos/a.png")
    paint("photos/out/a.png")
    found = find_inputs([str(tmp_path / "photos")], exclude=tmp_path / "photos" / "out")
    assert names(found) == ["a.png"]


def test_bad_inputs_are_explained(tmp_path):
    with pytest.raises(InputError, match="No INPUT"):
        find_inputs([])
    with pytest.raises(InputError, match=r"There is no input '.*gone\.png'"):
        find_inputs([str(tmp_path / "gone.png")])
    with pytest.raises(InputError, match="holds no picture"):
        find_inputs([str(tmp_path)])
