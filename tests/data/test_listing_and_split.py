import numpy as np
import pytest

from stargan_tf.data.listing import list_pictures
from stargan_tf.data.split import split_positions
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
    assert listing.ignored == 1


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
