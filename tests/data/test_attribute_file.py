from pathlib import Path

import numpy as np
import pytest

from stargan_tf.data.attribute_file import find_images, match_rows
from stargan_tf.errors import InputError

TREE = ("a/000001.jpg", "a/000002.jpg", "b/000001.jpg")


def found(names, rows, root="/data/faces"):
    return find_images(names, rows, Path(root))


@pytest.mark.parametrize(
    "before",
    ["", "./", "faces/", "../faces/", "/mnt/x/faces/", "D:\\data\\faces\\", "other/"],
)
@pytest.mark.parametrize("separator", ["/", "\\"])
def test_the_longest_common_end_decides(before, separator):
    rows = [before + name.replace("/", separator) for name in TREE]
    assert found(TREE, rows) == list(TREE)
    assert found(TREE[:2], rows) == [*TREE[:2], None]


def test_a_row_never_labels_a_file_of_another_folder():
    assert found(["a/1.jpg"], ["b/1.jpg"]) == [None]
    assert found(["a/1.jpg"], ["a/b/1.jpg"]) == [None]
    assert found(["x/a/1.jpg"], ["y/a/1.jpg", "a/1.jpg"]) == [None, "x/a/1.jpg"]
    assert found(["a/1.png"], ["b/1.jpg", "b/1"]) == [None, None]
    assert found(["a/0001.jpg"], ["b/1"]) == [None]
    # A picture beside the folders is of none of those that rows name.
    assert found(["1.jpg", "a/2.jpg"], ["b/1.jpg", "a/2.jpg"]) == [None, "a/2.jpg"]


def test_of_several_folders_the_one_that_is_there_counts():
    rows = ["n2/0001.jpg", "n3/0001.jpg", "n3/0002.jpg"]
    assert found(["0001.jpg", "0002.jpg"], rows, "/vgg/n2") == ["0001.jpg", None, None]
    assert found(["0001.jpg", "0002.jpg"], rows, "/vgg/n3") == [
        *(None, "0001.jpg", "0002.jpg")
    ]
    # Neither is called like the folder, and both claim the picture: no guess.
    assert found(["0001.jpg", "0002.jpg"], rows, "/vgg/n9") == [None, None, None]
    deep = ["n2/x/1.jpg", "n3/x/1.jpg"]
    assert found(["x/1.jpg"], deep, "/vgg/n3") == [None, "x/1.jpg"]


def test_a_folder_under_another_name_is_taken_and_said(warned):
    assert found(["1.jpg", "2.jpg"], ["img/1.jpg", "img/2.jpg"]) == ["1.jpg", "2.jpg"]
    assert len(warned) == 1
    assert "name the folder img, but the images are in faces." in warned[0]


@pytest.mark.parametrize(
    ("names", "rows", "expected"),
    [
        (["Zoe\u0308.jpg"], ["Zo\u00eb.jpg"], ["Zoe\u0308.jpg"]),
        (["Zo\u00eb/1.jpg"], ["Zoe\u0308/1.jpg"], ["Zo\u00eb/1.jpg"]),
        (["1.png", "my.photo.png"], ["1.jpg", "my.photo"], ["1.png", "my.photo.png"]),
        (["000001.jpg", "000012.jpg"], ["1", "12.0"], ["000001.jpg", "000012.jpg"]),
        (["a/01.jpg", "b/01.jpg"], ["a/1", "b/1.jpg"], ["a/01.jpg", "b/01.jpg"]),
        (["01.jpg", "001.jpg"], ["1"], [None]),
        (["1.jpg", "1.png"], ["1.jpg", "1"], ["1.jpg", None]),
        (["1.jpg"], ["1.jpg", "1.png"], ["1.jpg", None]),
        (["a/1.jpg", "b/1.jpg"], ["1.jpg"], [None]),
        (["1.jpg", "b/1.jpg"], ["1.jpg"], ["1.jpg"]),
        (["a.jpg"], ["", "/", ".."], [None, None, None]),
    ],
)
def test_names_that_are_written_otherwise(names, rows, expected):
    assert found(names, rows) == expected


def test_messages_name_the_rows():
    root = Path("/data/faces")
    with pytest.raises(InputError, match=r"lacks 1 of the 1 .* rows name b/1\.jpg\."):
        match_rows(["a/1.jpg"], ["b/1.jpg"], root, "t.csv")
    message = r"two rows for the image a/1\.jpg: 'a/1\.jpg' and 'faces/a/1\.jpg'"
    with pytest.raises(InputError, match=message):
        match_rows(["a/1.jpg"], ["a/1.jpg", "faces/a/1.jpg"], root, "t.csv")


def test_a_table_of_many_rows_with_equal_names_is_matched_fast():
    names = [f"{folder}/{n}.jpg" for folder in range(300) for n in range(100)]
    rows = [f"D:\\faces\\{name}" for name in reversed(names)]
    matched = match_rows(names, rows, Path("/data/faces"), "t.csv")
    np.testing.assert_array_equal(matched, np.arange(len(names))[::-1])
