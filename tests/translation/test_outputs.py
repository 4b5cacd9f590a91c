"""Where translated pictures go."""

import os
from pathlib import Path

import pytest

from stargan_tf.errors import InputError
from stargan_tf.translation.pictures import (
    PAGE_PIXELS,
    InputPicture,
    find_inputs,
    plan_outputs,
    plan_pages,
    rows_per_page,
)


def pictures(*names):
    # Any file will do: only whether an output *is* an input depends on it.
    return [InputPicture(Path(__file__), Path(name)) for name in names]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def planned(out, *names):
    paths = plan_outputs(pictures(*names), str(out))
    return [path.relative_to(out).as_posix() for path in paths]


def test_names_folders_and_extensions_are_kept(out):
    assert planned(out, "a.JPG", "sub/b.webp") == ["a.JPG", "sub/b.webp"]


def test_what_we_do_not_write_becomes_png(out):
    assert planned(out, "a.gif", "b.tiff", "c") == ["a.png", "b.png", "c.png"]
    assert planned(out, "a.gif", "a.png") == ["a.gif.png", "a.png"]


def test_one_picture_goes_to_a_file_or_a_folder(out):
    out.mkdir()
    one = pictures("a.png")
    assert plan_outputs(one, str(out / "b.jpg")) == [out / "b.jpg"]
    assert plan_outputs(one, str(out)) == [out / "a.png"]
    assert plan_outputs(one, f"{out}/b.png/") == [out / "b.png" / "a.png"]
    assert plan_outputs(one, str(out / "new")) == [out / "new" / "a.png"]


@pytest.mark.parametrize(
    ("names", "output", "message"),
    [
        (["a.png", "b.png"], "x.png", "must be a folder for 2 pictures"),
        (["a.png"], "x.tiff", "must end in one of"),
        (["a.png"], "x.gif", "must end in one of"),
        (["a.gif", "a.tif"], "new", "would both become 'a.png'"),
        (["a.png"], "file/below", "is a file, not a folder"),
        (["a.png"], "file/below.png", "is a file, not a folder"),
        (["a.png"], "file", "must end in one of"),
    ],
)
def test_what_cannot_be_written_is_refused(out, names, output, message):
    out.mkdir()
    (out / "file").write_text("")
    with pytest.raises(InputError, match=message):
        plan_outputs(pictures(*names), str(out / output))
    assert [path.name for path in out.iterdir()] == ["file"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write")
def test_a_folder_without_permission_is_refused(out):
    out.mkdir(mode=0o500)
    with pytest.raises(InputError, match="no permission"):
        plan_outputs(pictures("a.png"), str(out / "new"))


def test_inputs_are_never_overwritten(paint, tmp_path):
    path = paint("photos/a.png")
    alias = tmp_path / "alias"
    alias.symlink_to(path.parent)
    for output in (path, path.parent, alias, alias / "a.png"):
        with pytest.raises(InputError, match="never overwritten"):
            plan_outputs(find_inputs([str(path)]), str(output))
    with pytest.raises(InputError, match="never overwritten"):
        plan_pages(find_inputs([str(path)]), str(path))


@pytest.mark.parametrize("columns", [6, 41, 101, 201])
@pytest.mark.parametrize("side", [64, 128, 256, 512])
def test_pages_of_many_columns_have_fewer_rows(out, columns, side):
    rows = rows_per_page(columns, side)
    assert rows == 1 or rows * columns * max(side, 112) ** 2 <= PAGE_PIXELS
    assert rows == 10 or (columns, side) not in [(6, 64), (6, 256), (41, 128)]
    many = pictures(*(f"{i}.png" for i in range(21)))
    assert len(plan_pages(many, str(out), rows)) == -(-21 // rows)


def test_a_grid_has_pages(out):
    few, many = pictures("a.png"), pictures(*(f"{i}.png" for i in range(21)))
    assert plan_pages(few, str(out)) == [out / "grid.png"]
    assert plan_pages(few, str(out / "faces.png")) == [out / "faces.png"]
    names = [path.name for path in plan_pages(many, str(out / "faces.png"))]
    assert names == ["faces_001.png", "faces_002.png", "faces_003.png"]
