import errno
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from stargan_tf.data.attributes import audit_attributes
from stargan_tf.data.files import (
    AGAIN,
    DANGLING,
    EMPTY,
    HIDDEN,
    RING,
    RUBBISH,
    FileAudit,
    IgnoredFile,
    audit_folder,
    list_pictures,
    split_positions,
)
from stargan_tf.data.folder import FOLDER, OUTSIDE
from stargan_tf.data.options import DatasetOptions
from stargan_tf.discovery import DATASETS
from stargan_tf.errors import InputError

NAMES = [f"{number:06d}.jpg" for number in range(1000)]
RECORDED = [
    "000005.jpg",
    "000160.jpg",
    "000334.jpg",
    "000360.jpg",
    "000585.jpg",
    "000592.jpg",
    "000648.jpg",
    "000688.jpg",
    "000785.jpg",
    "000843.jpg",
    "000951.jpg",
]


def test_listing(tmp_path):
    for name in ("b.JPG", "a.jpeg", "sub/c.Png", "sub/deep/d.WEBP", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in (".hidden.jpg", ".folder/e.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "sub" / "ring").symlink_to(tmp_path)
    listing = list_pictures(tmp_path)
    assert listing.names == ("a.jpeg", "b.JPG", "sub/c.Png", "sub/deep/d.WEBP")
    assert "notes.txt" in [file.name for file in listing.ignored]


RUBBISH_NAMES = (
    *(
        "__MACOSX/._1.jpg",
        "Thumbs.db",
        "desktop.ini",
        "@eaDir/1.jpg",
        "lost+found/2.jpg",
    ),
    *("$RECYCLE.BIN/1.jpg", "System Volume Information/1.jpg", "#recycle/1.jpg"),
    *(".ipynb_checkpoints/1-checkpoint.jpg", ".DS_Store", "._1.jpg", "LOST.DIR/1.jpg"),
)


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_what_systems_and_archivers_leave_is_no_picture(tmp_path):
    fill(tmp_path, "1.jpg", "sub/2.jpg", *RUBBISH_NAMES)
    fill(tmp_path, *(f"sub/{name}" for name in RUBBISH_NAMES))
    listing = list_pictures(tmp_path)
    assert listing.names == ("1.jpg", "sub/2.jpg")
    assert {file.reason for file in listing.ignored} == {HIDDEN, RUBBISH}
    assert len(listing.ignored) == 2 * len(RUBBISH_NAMES)


def test_what_is_left_out_is_said_once_with_counts_and_reasons(tmp_path, warned):
    fill(tmp_path, "1.jpg", *(f"IMG_{n}.HEIC" for n in range(30)), "a.cr2", ".x")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "ring.jpg").symlink_to(tmp_path / "ring.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    assert list_pictures(tmp_path) == list_pictures(tmp_path)
    assert list_pictures(tmp_path).names == ("1.jpg",)
    (line,) = warned
    assert line.startswith(f"Left out of {tmp_path}: ")
    assert ".heic: not read as an image (30, such as IMG_0.HEIC)" in line
    reasons = {file.name: file.reason for file in list_pictures(tmp_path).ignored}
    assert reasons["pipe.jpg"] == "not a file but a pipe"
    assert reasons["zero.jpg"] == "not a file but a device"
    assert reasons["gone.jpg"] == DANGLING and reasons["ring.jpg"] == RING


def test_a_folder_that_cannot_be_read_is_said(tmp_path, warned, monkeypatch):
    fill(tmp_path, "1.jpg", "locked/2.jpg", "locked/3.jpg")
    scandir = os.scandir

    def refuse(place):  # As root one may read everything.
        if Path(place).name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list_pictures(tmp_path).names == ("1.jpg",)
    assert (
        "a folder that cannot be read (Permission denied) (1, such as locked/)"
        in (warned[0])
    )
    with pytest.raises(InputError, match="locked cannot be read: Permission denied"):
        list_pictures(tmp_path / "locked")


def test_the_same_folder_under_two_names_counts_once(tmp_path):
    fill(tmp_path, "real/1.jpg")
    (tmp_path / "zlink").symlink_to(tmp_path / "real")
    listing = list_pictures(tmp_path)
    assert listing.names == ("real/1.jpg",)
    assert [(f.name, f.reason) for f in listing.ignored] == [("zlink/", AGAIN)]


def test_the_division_does_not_depend_on_how_a_system_writes_a_name():
    names = [f"Zo\u00eb {number}.jpg" for number in range(60)]
    other = [unicodedata.normalize("NFD", name) for name in names]
    expected = split_positions(names, "held_out", 0.3)
    np.testing.assert_array_equal(split_positions(other, "held_out", 0.3), expected)


def test_listing_needs_a_folder(tmp_path):
    (tmp_path / "file").touch()
    for name in ("file", "missing"):
        with pytest.raises(InputError, match=f"--data_dir.*{name}"):
            list_pictures(tmp_path / name)


def test_split_is_a_division_of_the_asked_share():
    train = split_positions(NAMES, "train", 0.1)
    out = split_positions(NAMES, "held_out", 0.1)
    assert sorted([*train, *out]) == list(range(1000))
    assert 70 <= len(out) <= 130


def test_split_never_changes():
    out = split_positions(NAMES, "held_out", 0.01)
    assert [NAMES[position] for position in out] == RECORDED


def test_adding_images_moves_none():
    few = {NAMES[p] for p in split_positions(NAMES[:500], "held_out", 0.1)}
    all_of_them = {NAMES[p] for p in split_positions(NAMES, "held_out", 0.1)}
    assert few == {name for name in all_of_them if name < NAMES[500]}


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_each_group_is_in_both_parts(share):
    groups = np.arange(20) // 2
    for split in ("train", "held_out"):
        kept = split_positions(NAMES[:20], split, share, groups)
        assert set(groups[kept]) == set(groups)
    assert list(split_positions(NAMES[:1], "train", share)) == [0]


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_share_out_of_range(share):
    with pytest.raises(InputError, match="held_out must be"):
        split_positions(NAMES, "train", share)


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
        "cat/4.heic": ".heic: not read as an image",
        "dog/README": "no extension: not read as an image",
        "dog/notes.txt": ".txt: not read as an image",
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
    folder = DATASETS.load("folder")
    assert folder.audit(DatasetOptions(data_dir=str(tree))).root == tree
    assert DATASETS.load("toon_people").audit(DatasetOptions()) is None


def test_an_audit_needs_only_root_and_names():
    assert FileAudit(Path("x"), ("a.png",)).ignored == ()
