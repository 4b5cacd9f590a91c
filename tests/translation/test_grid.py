"""The grid: sizes, enlargement, whole files."""

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.translation.grid import (
    MANY_PIXELS,
    MIN_CELL,
    contact_sheet,
    draw_grid,
    reduced,
    save_grid,
    with_caption,
)


def picture(height=128, width=128, value=100):
    return np.full((height, width, 3), value, np.uint8)


def test_grid_has_white_paper_and_the_pictures():
    grid = np.asarray(draw_grid([[picture(value=7)] * 3] * 2, ["a", "b", "c"]))
    assert (grid == 7).all(axis=-1).sum() == 6 * 128 * 128
    assert (grid[0] == 255).all() and (grid[:, 0] == 255).all()
    assert (grid[-1] == 255).all() and (grid[:, -1] == 255).all()


def test_tiny_pictures_are_enlarged_by_an_integer():
    grid = np.asarray(draw_grid([[picture(32, 32, 7)]], ["a"]))
    side = 32 * -(-MIN_CELL // 32)
    assert (grid == 7).all(axis=-1).sum() == side * side


def test_titles_are_drawn_above_and_left():
    rows = [[picture(value=200)]]
    plain, titled = draw_grid(rows, [""]), draw_grid(rows, ["x"], ["a face"])
    assert titled.width > plain.width
    assert (np.asarray(titled)[:, :, 0] < 100).any()
    assert not (np.asarray(plain)[:, :, 0] < 100).any()


def test_long_titles_do_not_reach_into_their_neighbours():
    titles = ["A_Quite_Long_Attribute_Name"] * 2
    grid = np.asarray(draw_grid([[picture(), picture()]], titles))
    ink_columns = np.flatnonzero((grid[:20] < 200).any(axis=(0, 2)))
    assert np.diff(ink_columns).max() > 3 or len(ink_columns) < 262


def test_pictures_of_different_sizes_share_a_grid():
    grid = np.asarray(draw_grid([[picture(128, 64, 7), picture(64, 128, 9)]], "ab"))
    assert (grid == 7).all(axis=-1).sum() == (grid == 9).all(axis=-1).sum() == 128 * 64


def test_save_grid_leaves_only_the_grid(tmp_path):
    path = save_grid([[picture()]], ["a"], tmp_path / "samples" / "grid.png")
    assert [p.name for p in path.parent.iterdir()] == ["grid.png"]
    with Image.open(path) as grid:
        assert grid.mode == "RGB"


@pytest.mark.parametrize(
    ("rows", "titles", "row_titles"),
    [([], [], None), ([[]], [], None), ([[1]], ["a", "b"], None), ([[1]], ["a"], [])],
)
def test_a_grid_that_does_not_fit_is_explained(rows, titles, row_titles):
    with pytest.raises(InputError, match="Received"):
        draw_grid(rows, titles, row_titles)


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write the image"):
        save_grid([[picture()]], ["a"], tmp_path / "file" / "grid.png")
    with pytest.raises(InputError, match=r"must end in one of \.png"):
        save_grid([[picture()]], ["a"], tmp_path / "grid.tiff")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_picture_of_too_many_pixels_is_reduced_and_no_other():
    small, large = Image.new("RGB", (40, 30)), Image.new("RGB", (9000, 2000))
    assert reduced(small).size == (40, 30)
    assert reduced(large).size == (4500, 1000)
    assert MANY_PIXELS >= 4500 * 1000


def test_a_caption_stands_above_and_changes_nothing_below():
    plain = Image.new("RGB", (120, 50), (200, 0, 0))
    assert with_caption(plain, "") is plain
    titled = np.asarray(with_caption(plain, "9 of 100 domains"))
    assert (titled[-50:] == np.asarray(plain)).all()
    assert (titled[:-50] < 100).any()


SIDE = 112  # the smallest size that is not enlarged


@pytest.fixture
def source():
    """A split whose picture of row r is grey of the value r."""

    def build(labels, loaded, broken=()):
        labels = np.array(labels, np.float32)

        def load(row):
            if row in broken:
                raise UnreadableImage("broken")
            loaded.append(row)
            return np.full((SIDE, SIDE, 3), row, np.uint8)

        info = DatasetInfo("toy", ("left", "right"), "binary", SIDE)
        names = tuple(map(str, range(len(labels))))
        return LabeledImages(info, labels, names, load, "toy")

    return build


def test_a_row_for_each_label_and_pictures_from_all_over_the_split(source):
    train, held_out = [], []
    labels = [[1, 0]] * 60 + [[0, 1]] * 60
    few = [[1, 0], [0, 1], [0, 0]]
    splits = {"train": source(labels, train), "held_out": source(few, held_out)}
    sheet = contact_sheet(splits)
    assert train == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95, 105, 115]
    assert held_out == [0, 1]
    assert sheet.width > 7 * MIN_CELL and 2 * MIN_CELL < sheet.height < 3 * MIN_CELL
    values = set(np.asarray(sheet)[sheet.height // 2 - 20].ravel().tolist())
    assert {5, 15, 25, 35, 45, 55} <= values


def test_unreadable_pictures_and_missing_splits_leave_gaps(source):
    labels = [[1, 0]] * 3
    whole, loaded = contact_sheet({"train": source(labels, [])}), []
    sheet = contact_sheet({"train": source(labels, loaded, broken=[1])})
    assert loaded == [0, 2] and sheet.width == whole.width


def test_of_a_hundred_labels_some_are_shown_and_that_is_said():
    def sheet(domains):
        info = DatasetInfo("many", tuple(map(str, range(domains))), "one_hot", SIDE)
        labels = np.eye(domains, dtype=np.float32)
        names = tuple(map(str, range(domains)))
        picture = np.zeros((SIDE, SIDE, 3), np.uint8)
        split = LabeledImages(info, labels, names, lambda row: picture, "many")
        return contact_sheet({"train": split})

    all_of_them, some = sheet(40), sheet(100)
    band = some.height - all_of_them.height
    assert 0 < band < MIN_CELL  # The line that says so.
    assert (np.asarray(some)[:band] < 100).any()
