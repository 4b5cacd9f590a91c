import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.pictures import read_picture, square_pixels
from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten
from stargan_tf.translation.pictures import (
    WRITABLE,
    Fitting,
    find_inputs,
    write_picture,
)
from tests.translation.toy import pictures_of

# Which pictures files and folders stand for.


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


def test_a_table_stands_for_its_images(paint, tmp_path):
    for name in ("photos/a.png", "photos/sub/b.png", "c.png"):
        paint(name)
    table = tmp_path / "photos/list.csv"
    table.write_text("patient,path,note\n7,sub/b.png,late\n8,a.png,\n9,../c.png,\n")
    found = find_inputs([str(table)])
    assert names(found) == ["sub/b.png", "a.png", "c.png"]
    assert [one.path.is_file() for one in found] == [True] * 3
    table.write_text("path\ngone.png\n")
    with pytest.raises(InputError, match=r"names gone.png, which is not a file in its"):
        find_inputs([str(table)])
    table.write_text("path\n")
    with pytest.raises(InputError, match="names no image"):
        find_inputs([str(table)])


def test_a_file_is_translated_once(paint, tmp_path):
    path = paint("one/x.png")
    assert names(find_inputs([str(path), str(path), str(path.parent)])) == ["x.png"]


def test_the_output_folder_is_not_an_input(paint, tmp_path):
    paint("photos/a.png")
    paint("photos/out/a.png")
    out = str(tmp_path / "photos" / "out")
    found = find_inputs([str(tmp_path / "photos")], out)
    assert names(found) == ["a.png"]


def test_bad_inputs_are_explained(tmp_path):
    with pytest.raises(InputError, match="No INPUT"):
        find_inputs([])
    with pytest.raises(InputError, match=r"There is no input '.*gone\.png'"):
        find_inputs([str(tmp_path / "gone.png")])
    with pytest.raises(InputError, match="contains no image"):
        find_inputs([str(tmp_path)])


# Pictures to what the generator takes, and back.


def gradient(path, width, height, exif=None):
    columns = np.linspace(0, 255, width)[None, :, None]
    pixels = np.broadcast_to(columns, (height, width, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path, **({"exif": exif} if exif else {}))
    return path


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(64, 64, (16, 16, 3)), (200, 50, (16, 16, 3)), (5, 3, (16, 16, 3))],
)
def test_crop_gives_the_model_its_square(tmp_path, width, height, shape):
    fitted = Fitting(pictures_of(16)).read(gradient(tmp_path / "a.png", width, height))[
        0
    ]
    assert fitted.image.shape == shape and fitted.image.dtype == np.uint8


@pytest.mark.parametrize("fit", ["crop", "stretch"])
@pytest.mark.parametrize("crop_size", [None, 30])
@pytest.mark.parametrize(("width", "height"), [(67, 64), (64, 65), (200, 51)])
def test_the_model_gets_what_training_saw(tmp_path, width, height, crop_size, fit):
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    fitted = Fitting(pictures_of(16), fit, crop_size=crop_size).read(
        tmp_path / "a.png"
    )[0]
    expected = square_pixels(tmp_path / "a.png", 16, crop_size, fit)
    assert np.array_equal(fitted.image, expected)


def test_crop_is_centred_and_as_large_as_asked_for(tmp_path):
    path = gradient(tmp_path / "a.png", 200, 100)
    assert Fitting(pictures_of(16)).read(path)[0].box == (50, 0, 150, 100)
    assert Fitting(pictures_of(16), crop_size=60).read(path)[0].box == (70, 20, 130, 80)
    assert Fitting(pictures_of(16), crop_size=999).read(path)[0].box == (
        50,
        0,
        150,
        100,
    )


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (100, 100, (16, 16)),
        (200, 100, (16, 32)),
        (90, 130, (24, 16)),
        (10, 8, (16, 20)),
    ],
)
def test_keep_shows_the_whole_picture(tmp_path, width, height, shape):
    path = gradient(tmp_path / "a.png", width, height)
    fitted = Fitting(pictures_of(16), fit="keep").read(path)[0]
    assert fitted.image.shape == (*shape, 3)
    assert fitted.box == (0, 0, width, height)


def test_keep_refuses_a_strip(tmp_path):
    path = gradient(tmp_path / "strip.png", 900, 100)
    with pytest.raises(UnreadableImage, match=r"strip.png.*900x100.*--fit crop"):
        Fitting(pictures_of(16), fit="keep").read(path)[0]
    assert Fitting(pictures_of(16)).read(path)[0].image.shape == (16, 16, 3)


def test_a_turned_photo_comes_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was held at the right: rotate by 270 degrees.
    path = gradient(tmp_path / "a.jpg", 64, 32, exif)
    fitted = Fitting(pictures_of(16), fit="keep", size="original").read(path)[0]
    assert fitted.image.shape == (32, 16, 3)
    assert fitted.original.size == (32, 64)


def test_model_size_is_the_output_itself(tmp_path):
    fitted = Fitting(pictures_of(16)).read(gradient(tmp_path / "a.png", 64, 32))[0]
    output = np.full((16, 16, 3), 7, np.uint8)
    assert np.array_equal(fitted.restore(output), output)


def test_original_size_pastes_the_square_back(tmp_path):
    path = gradient(tmp_path / "a.png", 200, 100)
    fitted = Fitting(pictures_of(16), size="original").read(path)[0]
    result = np.asarray(fitted.restore(np.full((16, 16, 3), 7, np.uint8)))
    before = np.asarray(fitted.original)
    assert result.shape == (100, 200, 3)
    # Outside nothing changed, inside everything; above and below there is no seam to
    # hide, left and right the two fade into each other.
    assert np.array_equal(result[:, :50], before[:, :50])
    assert np.array_equal(result[:, 150:], before[:, 150:])
    assert (result[:, 60:140] == 7).all()
    fading = result[50, 140:150, 0].astype(int)
    assert (np.diff(fading) >= 0).all() and 150 < fading[-1] < 189


def test_original_size_of_a_whole_picture_has_no_soft_edge(tmp_path):
    path = gradient(tmp_path / "a.png", 50, 30)
    fitted = Fitting(pictures_of(16), fit="keep", size="original").read(path)[0]
    result = np.asarray(fitted.restore(np.full_like(fitted.image, 7)))
    assert result.shape == (30, 50, 3) and (result == 7).all()


def test_restoring_what_was_fitted_keeps_the_picture(tmp_path):
    path = gradient(tmp_path / "a.png", 100, 60)
    fitted = Fitting(pictures_of(60), size="original").read(path)[0]
    assert np.array_equal(fitted.restore(fitted.image), fitted.original)


def test_a_broken_file_is_unreadable(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    with pytest.raises(UnreadableImage, match=r"a\.png"):
        Fitting(pictures_of(16)).read(tmp_path / "a.png")[0]


ROOT = Path(__file__).parents[2]
# As if the disk were full behind the first 2,000 bytes.
FULL_DISK = """
import resource, sys
import numpy as np
from PIL import Image
from stargan_tf.files import NotWritten
from stargan_tf.translation.pictures import write_picture
from tests.translation.toy import pictures_of

noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for path in sys.argv[1:]:
    try:
        write_picture(Image.fromarray(noise), path)
    except NotWritten as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_a_file_that_was_cut_short_is_noticed_in_every_format(tmp_path):
    paths = [str(tmp_path / f"image{extension}") for extension in WRITABLE]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *paths],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"Cannot write the image {path}: File too large." for path in paths
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extension", [".jpg", ".webp"])
def test_an_image_too_large_for_its_format_is_one_clear_error(tmp_path, extension):
    with pytest.raises(NotWritten, match=f"the image .*a{extension}: "):
        write_picture(Image.new("RGB", (66_000, 1)), tmp_path / f"a{extension}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp"])
def test_colors_keep_their_profile(tmp_path, extension):
    image = Image.new("RGB", (8, 8))
    image.info["icc_profile"] = b"display"
    with Image.open(write_picture(image, tmp_path / f"a{extension}")) as again:
        assert again.info["icc_profile"] == b"display"
    gray = Image.new("L", (8, 8))
    gray.save(tmp_path / "gray.png", icc_profile=b"gray")
    assert "icc_profile" not in read_picture(tmp_path / "gray.png").info


def test_saved_images_of_one_name_do_not_replace_each_other(tmp_path):
    from stargan_tf.data.registry import load_dataset
    from stargan_tf.translation.pictures import save_pictures

    for number, name in enumerate(("a.jpg", "a.png", "b.jpg")):
        for domain in ("x", "y"):
            path = tmp_path / "data" / domain / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (16, 16), (80 * number, 0, 0)).save(path)
    options = {"data_dir": str(tmp_path / "data"), "held_out_fraction": 0.5}
    options = {k: v for k, v in options.items() if k in vars(DatasetOptions())}
    saved = []
    for split in ("train", "held_out"):
        source = load_dataset("folder", split, 16, **options)
        saved += save_pictures(source, tmp_path / split, 100)
    assert len(set(saved)) == len([path for path in saved if path.exists()]) == 6


def test_measured_images_are_saved_in_their_units(tmp_path):
    from stargan_tf.data.registry import load_dataset
    from stargan_tf.translation.pictures import save_pictures

    source = load_dataset("drawn_scans", "held_out", 32, intensity="window:0,800")
    saved = save_pictures(source, tmp_path, 2)
    assert [path.name for path in saved] == ["p10000_0.npy", "p10000_1.npy"]
    values = np.load(saved[0])
    assert values.dtype == np.float32 and values.shape == (32, 32, 1)
    np.testing.assert_allclose(values, np.rint(values), atol=1e-3)
    assert 100 < values.max() <= 800


def test_slices_of_a_volume_are_named_alike(tmp_path):
    from stargan_tf.data.registry import load_dataset
    from stargan_tf.translation.pictures import save_pictures
    from tests.data.scans import write_nifti

    for domain in "ab":
        (tmp_path / "scans" / domain).mkdir(parents=True)
        for name in ("1.nii.gz", "2.nii.gz"):
            volume = np.arange(3 * 16**2, dtype=np.int16).reshape(16, 16, 3)
            write_nifti(tmp_path / "scans" / domain / name, volume)
    data = {"data_dir": str(tmp_path / "scans"), "held_out": 0.5}
    source = load_dataset("folder", "train", 16, **data)
    saved = save_pictures(source, tmp_path / "out", 2)
    first = source.names[0].removesuffix("#0000")
    names = [f"{first}#0000.npy", f"{first}#0001.npy"]
    assert [path.relative_to(tmp_path / "out").as_posix() for path in saved] == names


def test_other_extensions_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"must end in one of .*Received: a\.gif"):
        write_picture(Image.new("RGB", (8, 8)), tmp_path / "a.gif")
