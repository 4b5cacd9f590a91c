"""Files in, files out, with a model that needs no TensorFlow."""

import os
from pathlib import Path

import pytest

from stargan_tf.data.targets import parse_target
from stargan_tf.errors import InputError
from stargan_tf.steering.labels import ToEveryDomain, ToTarget
from stargan_tf.translation.grid import PAGE_PIXELS, rows_per_page
from stargan_tf.translation.pictures import (
    Fitting,
    InputPicture,
    PictureStream,
    find_inputs,
    in_batches,
)
from stargan_tf.translation.translate import (
    plan_outputs,
    plan_pages,
    to_files,
    to_grid,
)
from tests.translation.toy import pictures_of

# Where translated pictures go.


def pictures(*names):
    # Any file will do: only whether an output *is* an input depends on it.
    return [InputPicture(Path(__file__), Path(name)) for name in names]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def planned(out, *names):
    (paths,) = plan_outputs(pictures(*names), str(out))
    return [path.relative_to(out).as_posix() for path in paths]


def test_names_folders_and_extensions_are_kept(out):
    assert planned(out, "a.JPG", "sub/b.webp") == ["a.JPG", "sub/b.webp"]


def test_variants_of_a_compressed_volume_keep_its_extension(out):
    paths = plan_outputs(pictures("a.nii.gz"), str(out), ["x", "y"], measured=True)
    assert [path.name for (path,) in paths] == ["a_x.nii.gz", "a_y.nii.gz"]
    paths = plan_outputs(pictures("a.png"), str(out), ["AML/CML_seed0", "b"])
    assert paths[0] == [out / "a_AML_CML_seed0.png"]


def test_what_we_do_not_write_becomes_png(out):
    assert planned(out, "a.gif", "b.tiff", "c") == ["a.png", "b.png", "c.png"]
    assert planned(out, "a.gif", "a.png") == ["a.gif.png", "a.png"]


def test_one_picture_goes_to_a_file_or_a_folder(out):
    out.mkdir()
    one = pictures("a.png")
    assert plan_outputs(one, str(out / "b.jpg")) == [[out / "b.jpg"]]
    assert plan_outputs(one, str(out)) == [[out / "a.png"]]
    assert plan_outputs(one, f"{out}/b.png/") == [[out / "b.png" / "a.png"]]
    assert plan_outputs(one, str(out / "new")) == [[out / "new" / "a.png"]]


@pytest.mark.parametrize(
    ("names", "output", "message"),
    [
        (["a.png", "b.png"], "x.png", "must be a folder for 2 images"),
        (["a.png"], "x.tiff", "must end in one of"),
        (["a.png"], "x.gif", "must end in one of"),
        (["a.gif", "a.tif"], "new", "have the same output '.*a.png'"),
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


@pytest.mark.skipif(os.name == "nt", reason="Windows' folders have no such mode")
def test_a_folder_without_permission_is_refused(out, monkeypatch):
    out.mkdir(mode=0o500)
    if os.geteuid() == 0:  # Root may write anywhere.
        monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
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


SQUARE = 16 * 16


def stream_of(folder, fitting=None):
    return PictureStream(
        find_inputs([str(folder)]), fitting or Fitting(pictures_of(16))
    )


def to_blond(model):
    return ToTarget(model.label_space, parse_target("Blond_Hair", model.label_space))


def run(model, stream, output, batch_size=4):
    write = to_files(stream, str(output), batch_size, overwrite=True)
    return write(model, to_blond(model))


def test_every_picture_of_a_folder_is_translated(model, paint, tmp_path, pixels):
    for index in range(5):
        paint(f"in/{index % 2}/{index}.png", value=200 * (index % 2))
    stream = stream_of(tmp_path / "in")
    written = run(model, stream, tmp_path / "out")
    assert len(written) == 5 and stream.unreadable == 0
    assert pixels(tmp_path / "out" / "0" / "2.png")[0, 0].tolist() == [100, 101, 100]
    assert pixels(tmp_path / "out" / "1" / "3.png")[0, 0].tolist() == [100, 101, 101]


def test_the_rest_goes_on_after_an_unreadable_picture(model, paint, tmp_path, capsys):
    for name in ("a", "c"):
        paint(f"in/{name}.png")
    (tmp_path / "in" / "b.png").write_bytes(b"")
    (tmp_path / "in" / "d.jpg").write_bytes(b"\xff\xd8\xff junk")
    stream = stream_of(tmp_path / "in")
    written = run(model, stream, tmp_path / "out")
    assert [path.name for path in written] == ["a.png", "c.png"]
    assert stream.unreadable == 2
    assert "b.png: the file is empty" in stream.problem
    assert capsys.readouterr().err == ""  # One line in the end, by the command.


def test_batches_hold_neighbours_of_one_shape_within_bounds(model, paint, tmp_path):
    for index, width in enumerate([16, 16, 16, 32, 32, 16]):
        paint(f"in/{index}.png", size=(width, 16))
    run(
        model,
        stream_of(tmp_path / "in", Fitting(pictures_of(16), "keep")),
        tmp_path / "out",
    )
    assert [shape[0:3:2] for shape in model.batches] == [(3, 16), (2, 32), (1, 16)]
    model.batches.clear()
    run(model, stream_of(tmp_path / "in"), tmp_path / "out", batch_size=2)
    assert [shape[0] for shape in model.batches] == [2, 2, 2]
    model.batches.clear()
    run(model, stream_of(tmp_path / "in"), tmp_path / "out", batch_size=1)
    assert len(model.batches) == 6


def test_originals_kept_for_pasting_are_bounded(paint, tmp_path, monkeypatch):
    for index in range(4):
        paint(f"in/{index}.png", size=(100, 100))
    monkeypatch.setattr("stargan_tf.translation.pictures.HELD_PIXELS", 20_000)
    stream = stream_of(tmp_path / "in", Fitting(pictures_of(16), size="original"))
    assert [len(batch) for batch in in_batches(stream, 100 * SQUARE)] == [2, 2]


def test_a_grid_has_a_row_for_each_picture(model, paint, tmp_path, pixels):
    for index in range(12):
        paint(f"in/{index:02d}.png", value=50)
    stream = stream_of(tmp_path / "in")
    pages = plan_pages(stream.pictures, str(tmp_path / "out"))
    everything = ToEveryDomain(model.label_space)
    columns = len(everything.heading.titles)
    written = to_grid(stream, str(tmp_path / "out"), 5, columns)(model, everything)
    assert written == pages and len(pages) == 2
    for page, rows in zip(pages, (10, 2), strict=True):
        grid = pixels(page)
        assert (grid == 50).all(axis=-1).sum() == rows * 112 * 112
        assert (grid == [100, 101, 100]).all(axis=-1).sum() == rows * 112 * 112


def test_a_grid_s_pages_have_the_rows_that_were_planned(
    model, paint, tmp_path, pixels, monkeypatch
):
    monkeypatch.setattr("stargan_tf.translation.grid.ROWS_PER_PAGE", 2)
    for index in range(5):
        paint(f"in/{index}.png", value=50)
    stream = stream_of(tmp_path / "in")
    pages = plan_pages(stream.pictures, str(tmp_path / "out"), rows=2)
    everything = ToEveryDomain(model.label_space)
    columns = len(everything.heading.titles)
    write = to_grid(stream, str(tmp_path / "out"), 5, columns)
    assert write(model, everything) == pages
    inputs = [(pixels(page) == 50).all(axis=-1).sum() for page in pages]
    assert inputs == [rows * 112 * 112 for rows in (2, 2, 1)]


def test_a_disk_that_refuses_leaves_no_half_picture(
    model, paint, tmp_path, monkeypatch
):
    def full_disk(path, content):
        with path.open("wb") as file:
            file.write(content[:4])
        raise OSError(28, "No space left on device")

    paint("in/a.png")
    paint("in/b.png")
    monkeypatch.setattr(Path, "write_bytes", full_disk)
    stream = stream_of(tmp_path / "in")
    with pytest.raises(InputError, match="out/a.png: No space left on device"):
        run(model, stream, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert stream.unwritten == 0


def test_an_output_that_cannot_be_written_does_not_stop_the_others(
    model, paint, tmp_path, capsys
):
    longest = "x" * 251 + ".png"  # as many bytes as a name may have
    for name in ("a.png", "b.png", longest):
        paint(f"in/{name}")
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    stream = stream_of(tmp_path / "in")
    written = run(model, stream, tmp_path / "out")
    assert [path.name for path in written] == ["b.png", longest]
    assert stream.unwritten == 1
    error = capsys.readouterr().err
    assert "Cannot write the image" in error and "out/a.png: it is a folder" in error
    assert len(list((tmp_path / "out").iterdir())) == 3
