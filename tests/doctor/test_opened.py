from types import SimpleNamespace

import pytest
from absl import logging
from PIL import Image

from stargan_tf.data.options import DatasetOptions
from stargan_tf.doctor import opened as module
from stargan_tf.doctor.checks import check_opening
from stargan_tf.doctor.opened import open_data
from stargan_tf.doctor.pictures import examine
from stargan_tf.errors import InputError


@pytest.fixture
def plugin(monkeypatch, source):
    """Makes `load_dataset` what the test says, of a definition without an audit."""

    def use(load):
        definition = SimpleNamespace(audit=lambda options: None)
        data_sets = SimpleNamespace(load=lambda name: definition)
        monkeypatch.setattr(module, "DATASETS", data_sets)
        monkeypatch.setattr(module, "load_dataset", load)

    return use


def test_what_is_logged_becomes_a_note_once(plugin, source, caplog):
    def load(name, split, image_size, **options):
        logging.warning("The file %s is odd.", "x.png")
        return source([[1, 0], [0, 1]])

    plugin(load)
    opened = open_data("toy", 8, DatasetOptions())
    assert opened.notes == ("The file x.png is odd.",) and not caplog.records
    (note,) = check_opening(opened)
    assert note.level == "warning" and "x.png" in note.summary
    logging.warning("Loud again.")
    assert [record.getMessage() for record in caplog.records] == ["Loud again."]


def test_what_training_would_say_of_a_table_is_noted(tmp_path):
    for number in range(4):
        path = tmp_path / "faces" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    (tmp_path / "faces" / "a.heic").touch()
    rows = [f"img/{number}.png;{number % 2};\xe9" for number in range(5)]
    text = "\n".join(["file;Male;note", *rows])
    (tmp_path / "t.csv").write_bytes(text.encode("latin-1"))
    data = {"data_dir": str(tmp_path / "faces"), "labels": str(tmp_path / "t.csv")}
    opened = open_data("attributes", 8, DatasetOptions(**data, attributes=("Male",)))
    assert not opened.problems and len(opened.notes) == 2
    assert "is read as Latin-1" in opened.notes[0]
    assert "name the folder img" in opened.notes[1]
    assert opened.audit.rows_without_file == ("img/4.png",)
    assert [file.name for file in opened.audit.ignored] == ["a.heic"]


def test_one_split_at_fault_leaves_the_other(plugin, source, tmp_path):
    def load(name, split, image_size, **options):
        if split == "held_out":
            raise InputError("no image in this split")
        return source([[1, 0], [0, 1]])

    plugin(load)
    opened = open_data("toy", 8, DatasetOptions(data_dir=str(tmp_path)))
    assert list(opened.splits) == ["train"]
    assert opened.problems == ("no image in this split",)
    assert check_opening(opened)[0].level == "error"
    with pytest.raises(InputError, match="no image"):
        open_data("toy", 8, DatasetOptions())


def test_attributes_that_alone_fail_are_wrong_usage(plugin, source, tmp_path):
    def load(name, split, image_size, attributes, **options):
        if attributes:
            raise InputError("no domain 'z'")
        return source([[1, 0], [0, 1]])

    plugin(load)
    options = DatasetOptions(data_dir=str(tmp_path), attributes=("z",))
    with pytest.raises(InputError, match="no domain 'z'"):
        open_data("toy", 8, options)


def test_pictures_named_by_their_path_are_examined_as_files(
    plugin, source, write, root
):
    write("0.png", 50, size=(30, 20))
    images = source([[1, 0], [0, 1]])
    plugin(lambda *values, **options: images)
    opened = open_data("toy", 8, DatasetOptions(data_dir=str(root)))
    assert opened.file("0.png") == root / "0.png" and opened.file("1.png") is None
    sizes = [picture.size for picture in examine(opened)]
    assert sizes == [(30, 20), None] * 2


def test_what_one_hot_leaves_out_is_counted(plugin, source):
    images = source([[1, 0], [0, 1], [1, 1]], kind="binary")
    plugin(lambda *values, **options: images)
    opened = open_data("toy", 8, DatasetOptions(one_hot=True))
    assert opened.left_out == 2
    assert opened.info.label_type == "one_hot"
    (found,) = check_opening(opened)
    assert found.summary.startswith("2 images with no domain")


def test_an_archive_may_stand_in_a_folders_place(plugin, source, tmp_path):
    archive = tmp_path / "pictures.zip"
    archive.touch()
    plugin(lambda *values, **options: source([[1, 0], [0, 1]]))
    opened = open_data("toy", 8, DatasetOptions(data_dir=str(archive)))
    assert opened.file("0.png") is None
    assert [picture.problem for picture in examine(opened)] == [None] * 4
    with pytest.raises(InputError, match="does not exist"):
        open_data("toy", 8, DatasetOptions(data_dir=str(tmp_path / "other.zip")))
