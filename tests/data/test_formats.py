"""What is read of a scan is written again: values, type, and metadata."""

import sys

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.formats import (
    check_finite,
    read_values,
    volume_shape,
    write_values,
)
from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import InputError
from tests.data.scans import (
    CODES,
    five_channels,
    write_dicom,
    write_nifti,
    write_tiff,
)


def again(path):
    """Reads a file, writes what was read as floats, and reads that."""
    stored = read_values(path)
    copy = path.with_name(f"copy_{path.name}")
    write_values(stored, stored.values.astype(np.float64), copy)
    back = read_values(copy)
    assert back.dtype == stored.dtype
    np.testing.assert_array_equal(back.values, stored.values)
    return stored, copy


def write_npy(path, array):
    np.save(path, array)
    return path


def write_npz(path, array):
    np.savez(path, scan=array)
    return path


def write_png(path, array):
    Image.fromarray(array).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.npy", write_npy),
        ("a.npz", write_npz),
        ("a.png", write_png),
        ("a.tif", write_tiff),
        ("a.nii", write_nifti),
        ("a.nii.gz", write_nifti),
        ("a.dcm", write_dicom),
    ],
)
def test_all_codes_come_back(tmp_path, name, write):
    stored, _ = again(write(tmp_path / name, CODES))
    assert sorted(stored.values.reshape(-1)) == list(range(65536))
    assert (stored.dtype, stored.limits) == (np.uint16, (0, 65535))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"imagej": True, "metadata": {"axes": "CYX"}},
        {"compression": "deflate"},
        {"byteorder": ">"},
        {"bigtiff": True},
    ],
)
def test_channels_of_a_tiff_keep_their_order(tmp_path, options):
    channels = five_channels()
    stored, copy = again(write_tiff(tmp_path / "a.tif", channels, **options))
    np.testing.assert_array_equal(stored.values[0], np.moveaxis(channels, 0, -1))

    import tifffile

    with tifffile.TiffFile(copy) as tiff, tifffile.TiffFile(tmp_path / "a.tif") as own:
        assert tiff.series[0].axes == own.series[0].axes
        assert tiff.series[0].shape == own.series[0].shape
        assert tiff.byteorder == own.byteorder
        assert tiff.pages[0].compression == own.pages[0].compression


def test_samples_of_a_tiff(tmp_path):
    pixels = np.moveaxis(five_channels(), 0, -1)
    path = write_tiff(tmp_path / "a.tif", pixels, planarconfig="contig")
    np.testing.assert_array_equal(again(path)[0].values[0], pixels)
    colors = write_tiff(tmp_path / "b.tif", pixels[..., :3], photometric="rgb")
    np.testing.assert_array_equal(again(colors)[0].values[0], pixels[..., :3])


def test_metadata_of_a_tiff(tmp_path):
    import tifffile

    metadata = {"axes": "CYX", "Channel": {"Name": list("abcde")}}
    metadata |= {"PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm"}
    options = {"metadata": metadata, "extratags": [(34737, 2, None, "Höhe".encode())]}
    path = write_tiff(tmp_path / "a.ome.tif", five_channels(), **options)
    _, copy = again(path)
    with tifffile.TiffFile(copy) as tiff, tifffile.TiffFile(path) as own:
        assert tiff.ome_metadata == own.ome_metadata and tiff.is_ome
        assert "µm" in tiff.ome_metadata and tiff.pages[0].tags[34737].value == "Höhe"
    path = write_tiff(tmp_path / "b.tif", CODES, resolution=(3, 4), description="mine")
    _, copy = again(path)
    with tifffile.TiffFile(copy) as tiff:
        assert tiff.pages[0].description == "mine"
        assert tiff.pages[0].tags["YResolution"].value == (4, 1)
    # Values that tifffile parses or cannot decode; they are not copied.
    tags = [(51123, 2, None, '{"a": 1}'), (315, 2, None, b"\x83\x8d\x81")]
    path = write_tiff(tmp_path / "c.tif", CODES, extratags=tags)
    np.testing.assert_array_equal(again(path)[0].values[0, ..., 0], CODES)


def test_floats_stay_floats(tmp_path):
    values = np.random.default_rng(0).normal(size=(8, 12)).astype(np.float32)
    for write, name in ((write_tiff, "a.tif"), (write_npy, "a.npy")):
        stored, _ = again(write(tmp_path / name, values))
        assert (stored.dtype, stored.limits) == (np.float32, None)


def test_slices_of_a_volume(tmp_path):
    import nibabel

    volume = np.arange(4 * 6 * 3, dtype=np.int16).reshape(4, 6, 3) - 30
    path = write_nifti(tmp_path / "a.nii.gz", volume)
    stored, copy = again(path)
    assert stored.values.shape == (3, 6, 4, 1) and volume_shape(path) == {
        "x": 4,
        "y": 6,
        "z": 3,
    }
    # x goes across, y down, and slices follow z.
    assert stored.values[2, 5, 1, 0] == volume[1, 5, 2]
    np.testing.assert_array_equal(
        nibabel.load(copy).affine, np.diag([1.0, 2.0, 3.0, 1.0])
    )


def test_the_scale_of_a_nifti(tmp_path):
    import nibabel

    values = np.random.default_rng(0).normal(size=(10, 12, 3))
    image = nibabel.Nifti1Image(values, np.eye(4))
    image.header.set_data_dtype(np.int16)
    nibabel.save(image, tmp_path / "a.nii")
    stored, copy = again(tmp_path / "a.nii")
    assert stored.dtype == np.int16 and stored.slope < 0.001
    np.testing.assert_allclose(stored.values[0, ..., 0].T, values[..., 0], atol=1e-4)
    one, other = (nibabel.load(path).dataobj for path in (tmp_path / "a.nii", copy))
    assert (one.slope, one.inter) == (other.slope, other.inter)


def test_units_and_tags_of_a_dicom(tmp_path):
    import pydicom

    path = write_dicom(tmp_path / "a.dcm", CODES, rescale=(1, -1024))
    stored, copy = again(path)
    assert stored.values.min() == -1024 and stored.limits == (-1024, 64511)
    new, old = pydicom.dcmread(copy), pydicom.dcmread(path)
    assert (new.PatientID, new.PixelSpacing) == ("P1", [0.5, 0.5])
    assert new.SOPInstanceUID != old.SOPInstanceUID
    assert new.SeriesInstanceUID != old.SeriesInstanceUID
    assert new.ImageType[0] == "DERIVED"


def test_dicom_of_twelve_bits_holds_no_more(tmp_path):
    pixels = (CODES[:16, :256] % 4096).astype(np.uint16)
    stored = read_values(write_dicom(tmp_path / "a.dcm", pixels, bits=12))
    assert stored.limits == (0, 4095)
    write_values(stored, stored.values * 100.0, tmp_path / "b.dcm")
    assert read_values(tmp_path / "b.dcm").values.max() == 4095


@pytest.mark.parametrize("colors", ["RGB", "YBR_FULL"])
def test_colors_of_a_dicom(tmp_path, colors):
    planes = np.random.default_rng(0).integers(90, 160, (3, 8, 12)).astype(np.uint8)
    again(write_dicom(tmp_path / "a.dcm", planes, bits=8, colors=colors))


def test_a_dicom_whose_high_values_are_dark(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", CODES, colors="MONOCHROME1")
    with pytest.raises(UnreadableImage, match="MONOCHROME1; convert it to MONOCHROME2"):
        read_values(path)


def test_signed_dicom(tmp_path):
    pixels = (CODES[:16].astype(np.int32) - 2048).astype(np.int16)
    again(write_dicom(tmp_path / "a.dcm", pixels))


def test_what_is_drawn_is_rounded_and_clipped(tmp_path):
    stored = read_values(write_npy(tmp_path / "a.npy", np.zeros((1, 4), np.uint8)))
    drawn = np.array([-3.0, 0.4, 254.6, 999.0]).reshape(1, 1, 4, 1)
    write_values(stored, drawn, tmp_path / "b.npy")
    assert np.load(tmp_path / "b.npy").tolist() == [[0, 0, 255, 255]]


def test_values_that_are_not_finite(tmp_path):
    path = write_npy(tmp_path / "a.npy", np.array([[1.0, np.nan, np.inf]]))
    with pytest.raises(InputError, match=r"a\.npy: 2 of its values are infinite"):
        check_finite(read_values(path).values, None, path)
    values = read_values(path).values
    with pytest.raises(InputError, match=r"a\.npy: 1 of its values are infinite"):
        check_finite(values, np.isnan(values), path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tif", b"II*\0"),
        ("a.dcm", b"nothing"),
        ("a.nii", b"nothing"),
        ("a.npy", b"\x93NUMPY"),
        ("a.npz", b"PK"),
        ("a.png", b""),
    ],
)
def test_broken_files(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableImage, match=rf"Cannot read the image .*{name}: "):
        read_values(tmp_path / name)


def test_arrays_that_are_no_images(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 4, 5)))
    with pytest.raises(UnreadableImage, match=r"expected numbers of \(height, width\)"):
        read_values(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", np.array([{}], object))
    with pytest.raises(UnreadableImage, match="Python objects"):
        read_values(tmp_path / "b.npy")
    np.savez(tmp_path / "a.npz", a=CODES, b=CODES)
    with pytest.raises(UnreadableImage, match="it contains 2 arrays; expected one"):
        read_values(tmp_path / "a.npz")


def test_a_nifti_of_four_dimensions(tmp_path):
    write_nifti(tmp_path / "a.nii", np.zeros((4, 4, 2, 3), np.int16))
    with pytest.raises(
        UnreadableImage, match=r"shape is \(4, 4, 2, 3\); expected a volume"
    ):
        read_values(tmp_path / "a.nii")


def test_colors_of_sixteen_bits_are_not_cut_to_eight(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "a.png"), np.full((4, 4, 3), 1000, np.uint16))
    with pytest.raises(UnreadableImage, match="convert it to TIFF"):
        read_values(tmp_path / "a.png")


def test_the_extra_is_named(tmp_path, monkeypatch):
    path = write_tiff(tmp_path / "a.tif", CODES)
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(ImportError, match=r"pip install 'stargan_tf\[science\]'"):
        read_values(path)
