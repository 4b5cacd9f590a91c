from pathlib import Path

import pytest

from stargan_tf.data.attributes import audit_attributes
from stargan_tf.data.files import EMPTY, HIDDEN, FileAudit, IgnoredFile, audit_folder
from stargan_tf.data.folder import FOLDER, OUTSIDE
from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.registry import definition
from stargan_tf.errors import InputError


@pytest.fixture
def tree(tmp_path):
    for name in (
        *("cat/1.png", "cat/sub/2.JPG", "dog/3.webp"),
        *("stray.png", "cat/.hidden.png", ".git/config", "dog/notes.txt"),
        *("dog/README", "cat/4.heic"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    return tmp_path


def test_a_folder_says_what_it_passes_over_and_why(tree):
    audit = audit_folder(tree)
    assert audit.names == ("cat/1.png", "cat/sub/2.JPG", "dog/3.webp", "stray.png")
    assert {file.name: file.reason for file in audit.ignored} == {
        ".git/": HIDDEN,
        "cat/.hidden.png": HIDDEN,
        "cat/4.heic": ".heic: not read as a picture",
        "dog/README": "no extension: not read as a picture",
        "dog/notes.txt": ".txt: not read as a picture",
        "empty/deep/": EMPTY,
    }


def test_domains_leave_pictures_beside_their_folders_out(tree):
    audit = FOLDER.audit(DatasetOptions(data_dir=str(tree)))
    assert audit.names == ("cat/1.png", "cat/sub/2.JPG", "dog/3.webp")
    assert IgnoredFile("stray.png", OUTSIDE) in audit.ignored


def test_domains_that_were_not_chosen_are_not_looked_into(tree):
    audit = FOLDER.audit(DatasetOptions(data_dir=str(tree), attributes=("dog",)))
    assert audit.names == ("dog/3.webp",)
    seen = {file.name for file in audit.ignored}
    assert seen == {".git/", "dog/README", "dog/notes.txt", "stray.png"}


def test_rows_are_held_against_files(tree):
    labels = tree / "table.csv"
    rows = ["file,Big", "cat/1.png,1", "3.webp,0", "dog/3.webp,0", "gone.png,1"]
    labels.write_text("\n".join(rows))
    audit = audit_attributes(tree, labels)
    assert audit.rows_without_file == ("gone.png",)
    assert audit.files_without_row == ("cat/sub/2.JPG", "stray.png")
    assert audit.double_rows == ("dog/3.webp",)
    assert "table.csv" not in {file.name for file in audit.ignored}


def test_a_label_file_at_fault_is_left_to_loading(tree):
    (tree / "table.csv").write_text("file,Big\ncat/1.png,perhaps\n")
    audit = audit_attributes(tree, tree / "table.csv")
    assert audit.names and not audit.files_without_row


def test_columns_that_were_not_chosen_may_hold_anything(tree):
    (tree / "table.csv").write_text("file,Big,Note\ncat/1.png,1,hello\n")
    audit = audit_attributes(tree, tree / "table.csv", ["Big"])
    assert len(audit.files_without_row) == 3


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        audit_folder(tmp_path / "nothing")


def test_own_pictures_are_audited_and_drawn_ones_are_not(tree):
    folder = definition("folder")
    assert folder.audit(DatasetOptions(data_dir=str(tree))).root == tree
    assert definition("toon_people").audit(DatasetOptions()) is None


def test_an_audit_needs_only_root_and_names():
    assert FileAudit(Path("x"), ("a.png",)).ignored == ()
