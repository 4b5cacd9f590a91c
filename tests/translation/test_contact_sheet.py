import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabelledImages, UnreadableImage
from stargan_tf.translation.contact_sheet import contact_sheet
from stargan_tf.translation.grid import MIN_CELL

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
        return LabelledImages(info, labels, names, load, "toy")

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
    assert loaded == [0, 2] and sheet.width < whole.width


def test_of_a_hundred_labels_some_are_shown_and_that_is_said():
    def sheet(domains):
        info = DatasetInfo("many", tuple(map(str, range(domains))), "one_hot", SIDE)
        labels = np.eye(domains, dtype=np.float32)
        names = tuple(map(str, range(domains)))
        picture = np.zeros((SIDE, SIDE, 3), np.uint8)
        split = LabelledImages(info, labels, names, lambda row: picture, "many")
        return contact_sheet({"train": split})

    all_of_them, some = sheet(40), sheet(100)
    band = some.height - all_of_them.height
    assert 0 < band < MIN_CELL  # The line that says so.
    assert (np.asarray(some)[:band] < 100).any()
