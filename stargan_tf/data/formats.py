"""Measured images: the formats of scanners, microscopes, and satellites.

RGB images of 8 bits are read by `data.pictures`. Other values are read here without
loss: grayscale PNG of 8 and 16 bits, TIFF, NumPy files, NIfTI, and DICOM. A file is
written in the format, with the type, and with the metadata of its input.

A file may contain several images, its slices, as NIfTI volumes do. Values are in the
file's units, for DICOM and NIfTI after the rescaling that the file specifies.
"""

import contextlib
import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf import files
from stargan_tf.archives import check_array, open_arrays
from stargan_tf.data.files import MASK_MARK, extension
from stargan_tf.data.pictures import SIXTEEN_BIT, open_picture, reason_of
from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import shortened
from stargan_tf.limits import (
    MAX_RATIO,
    MAX_REASON,
    MAX_VALUES,
    SMALL_SCAN_BYTES,
    is_bomb,
)

TIFF = (".tif", ".tiff")
_LOGGERS = {"nibabel": "nibabel.global"}
_EIGHT = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB", "RGBA": "RGBA", "LA": "LA"}


@dataclass(frozen=True)
class Stored:
    """The content of one file.

    Args:
        values: (slices, height, width, channels) in the file's units.
        dtype: the type of the stored values.
        save: writes values like `values`, as floats or of `dtype`, to a path.
        slope: of the rescaling: units are slope · stored + intercept.
        intercept: see `slope`.
        ends: the lowest and the highest stored value; None: those of the type.
    """

    values: np.ndarray
    dtype: np.dtype
    save: Callable[[np.ndarray, Path], None] = field(repr=False)
    slope: float = 1.0
    intercept: float = 0.0
    ends: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.ends is None and self.dtype.kind in "iu":
            limits = np.iinfo(self.dtype)
            object.__setattr__(self, "ends", (int(limits.min), int(limits.max)))

    @property
    def limits(self) -> tuple[float, float] | None:
        """The full range in the file's units; None for floats."""
        if self.ends is None:
            return None
        both = [self.slope * end + self.intercept for end in self.ends]
        return min(both), max(both)


def check_finite(values: np.ndarray, gaps: np.ndarray | None, path: Path) -> None:
    """Raises `UnreadableImage` for infinite values, and for NaN that are not gaps.

    Args:
        values: of one file or image, in its units.
        gaps: which of them are pixels without data, see `Intensity.gaps`.
        path: of the file, for the message.
    """
    if values.dtype.kind != "f":
        return
    bad = ~np.isfinite(values)
    if gaps is not None:
        bad &= ~gaps
    if bad.any():
        raise UnreadableImage(
            f"{path}: {int(bad.sum()):,} of its values are infinite or NaN. Replace "
            "them by numbers, or pass --invalid_value if they mean missing data."
        )


def read_values(path: str | os.PathLike) -> Stored:
    """Reads a file without loss.

    Raises:
        UnreadableImage: if it is damaged, too large, or in an unsupported format.
        ImportError: if its format needs the extra `science`.
    """
    path = Path(path)
    read = _READERS.get(extension(path), _read_picture)
    try:
        # Opening a pipe, for example, would block.
        files.open_regular(path).close()
        return read(path)
    except (ImportError, UnreadableImage):
        raise
    # Decoders raise almost any exception for broken files.
    except Exception as error:
        reason = " ".join(reason_of(path, error).split()).rstrip(".")
        raise _unreadable(path, shortened(reason, MAX_REASON)) from error


def mask_beside(path: Path) -> Path | None:
    """The mask of pixels without data beside an image, `NAME.mask.png`, if any."""
    ending = extension(path)
    name = path.name[: -len(ending)] if ending else path.name
    endings = (".png", *_READERS)
    masks = (path.with_name(f"{name}{MASK_MARK}{end}") for end in endings)
    return next((mask for mask in masks if os.path.lexists(mask)), None)


def without_masked(stored: Stored, path: Path) -> Stored:
    """Sets values to NaN where the mask beside an image is not 0.

    Args:
        stored: the image.
        path: its file.

    Raises:
        UnreadableImage: if the mask cannot be read, or has another shape.
    """
    beside = mask_beside(path)
    if beside is None:
        return stored
    mask, values = read_values(beside).values, stored.values
    if mask.shape not in (values.shape, (*values.shape[:-1], 1)):
        expected, received = (
            " x ".join(map(str, s[:-1])) for s in (values.shape, mask.shape)
        )
        raise UnreadableImage(
            f"The mask {beside} must have the size of {path.name}, {expected} (slices, "
            "height, width), with one channel or the same number. Received: "
            f"{received}, {mask.shape[-1]} channels"
        )
    return replace(stored, values=np.where(mask != 0, np.nan, values))


def write_values(stored: Stored, values: np.ndarray, path: Path) -> Path:
    """Writes values like `stored.values` in the format of `stored`, atomically.

    Raises:
        NotWritten: if the file cannot be written.
    """
    if stored.slope != 1.0 or stored.intercept != 0.0:
        values = (values - stored.intercept) / stored.slope
    if stored.ends:
        values = np.rint(values) if values.dtype.kind == "f" else values
        values = np.clip(values, *stored.ends)
    try:
        with files.new_file(path, "image") as temporary:
            stored.save(values.astype(stored.dtype), Path(temporary))
    except (ValueError, TypeError) as error:
        raise files.NotWritten(path, "image", error) from error
    return path


def _unreadable(path: Path, reason: str) -> UnreadableImage:
    return UnreadableImage(f"Cannot read the image {path}: {reason}.")


def _science(package: str, name: str) -> Any:
    # They log what they repair in a file; unreadable files are reported by us.
    logging.getLogger(_LOGGERS.get(package, package)).setLevel(logging.CRITICAL)
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{name} files need {package}: pip install 'stargan_tf[science]'"
        ) from error


def _check_size(path: Path, shape: tuple[int, ...], dtype: Any) -> None:
    """Raises `UnreadableImage` for too many values, or too many for the file."""
    # With Python integers, which do not overflow.
    count = math.prod(map(int, shape))
    if min(map(int, shape), default=1) < 1 or count > MAX_VALUES:
        size = " x ".join(map(str, shape))
        raise _unreadable(
            path, f"its size is {size}; the limit is {MAX_VALUES:,} values"
        )
    num_bytes, packed = count * np.dtype(dtype).itemsize, path.stat().st_size
    if is_bomb(num_bytes, packed, SMALL_SCAN_BYTES):
        raise _unreadable(
            path,
            f"it unpacks to {num_bytes:,} bytes, over {MAX_RATIO} times the file size",
        )


def _as_slices(array: np.ndarray) -> np.ndarray:
    """(height, width[, channels]) as (1, height, width, channels)."""
    return array[np.newaxis, ..., np.newaxis] if array.ndim == 2 else array[np.newaxis]


# === PNG of 8 and 16 bits, and other 8-bit formats that Pillow reads ===


def _read_picture(path: Path) -> Stored:
    with open_picture(path) as image:
        if image.format == "PNG" and _depth_of_png(path) == (16, True):
            raise _unreadable(
                path,
                "its colors have 16 bits, of which 8 would be lost; convert it to TIFF",
            )
        mode = image.mode
        # Older versions of Pillow use mode "I" for a PNG of 16 bits.
        if mode in SIXTEEN_BIT and (mode != "I" or image.format == "PNG"):
            array = np.asarray(image).astype("<u2")
        elif mode in _EIGHT:
            array = np.asarray(image.convert(_EIGHT[mode]))
        else:
            raise _unreadable(path, f"its pixel mode {mode} is not supported")
        image_format = image.format
    gray = array.ndim == 2

    def save(values: np.ndarray, target: Path) -> None:
        from PIL import Image

        pixels = values[0, ..., 0] if gray else values[0]
        if image_format not in ("PNG", "BMP", "TIFF", "WEBP", "JPEG"):
            raise ValueError(f"{image_format} files cannot be written; use PNG or TIFF")
        options = {"quality": 95} if image_format in ("JPEG", "WEBP") else {}
        Image.fromarray(np.ascontiguousarray(pixels)).save(
            target, image_format, **options
        )

    return Stored(_as_slices(array), array.dtype.newbyteorder("="), save)


def _depth_of_png(path: Path) -> tuple[int, bool]:
    """Bits per channel, and whether there are several channels."""
    with files.open_regular(path) as file:
        head = file.read(26)
    return head[24], head[25] in (2, 4, 6)


# === TIFF ===


def _encoded(value: Any) -> Any:
    """Text as bytes, since tifffile takes text in ASCII only: "µm" is common."""
    return value.encode() if isinstance(value, str) else value


def _read_tiff(path: Path) -> Stored:
    tifffile = _science("tifffile", "TIFF")
    with tifffile.TiffFile(path) as tiff:
        series, page = tiff.series[0], tiff.pages[0]
        axes, shape = series.axes, series.shape
        _check_size(path, shape, series.dtype)
        kept = [n for n, side in zip(axes, shape, strict=True) if side > 1 or n in "YX"]
        # S are samples of a pixel, C channels; unnamed axes (Q, I) may be either.
        channels = [n for n in kept if n not in "YX"]
        if len(channels) > 1 or not {"Y", "X"} <= set(kept):
            raise _unreadable(
                path,
                f"its axes are {axes} of {shape}; expected a plane and at most one "
                "axis of channels",
            )
        array = series.asarray()
        if array.dtype.kind not in "iuf":
            raise _unreadable(path, f"its values are {array.dtype}")
        order = "".join(kept)
        how = {
            "photometric": page.photometric,
            "planarconfig": page.planarconfig if page.samplesperpixel > 1 else None,
            "compression": page.compression,
            "byteorder": tiff.byteorder,
            "description": _encoded(page.description) or None,
            "bigtiff": tiff.is_bigtiff,
            "extrasamples": page.extrasamples or None,
        }
        tags = page.tags
        if "XResolution" in tags and "YResolution" in tags:
            pairs = [tags[f"{axis}Resolution"].value for axis in "XY"]
            how["resolution"] = [tuple(pair) for pair in pairs]
            how["resolutionunit"] = tags.get("ResolutionUnit", None) and (
                tags["ResolutionUnit"].value
            )
        extra = [
            (tag.code, tag.dtype, tag.count, _encoded(tag.value), True)
            for tag in tags.values()
            # Tags of GeoTIFF, ImageJ, and instruments.
            if tag.code in (33550, 33922, 34264, 34735, 34736, 34737, 50838, 50839)
            or tag.code in (42113, 65000)
        ]
    target_order = "YX" + "".join(channels)
    pairs = zip(axes, shape, strict=True)
    squeezed = array.reshape([side for n, side in pairs if n in kept])
    moved = np.transpose(squeezed, [order.index(n) for n in target_order])

    def save(values: np.ndarray, target: Path) -> None:
        plain = values[0] if channels else values[0, ..., 0]
        back = np.transpose(plain, [target_order.index(n) for n in order])
        tifffile.imwrite(
            target,
            np.ascontiguousarray(back.reshape(shape)),
            metadata=None,
            software=False,
            extratags=extra,
            **{name: value for name, value in how.items() if value is not None},
        )

    return Stored(_as_slices(moved), array.dtype.newbyteorder("="), save)


# === NumPy ===


def _read_npy(path: Path) -> Stored:
    with files.open_regular(path) as file:
        check_array(file, path.stat().st_size, "it")
    array = np.load(path, mmap_mode="r", allow_pickle=False)

    def save(values: np.ndarray, target: Path) -> None:
        with target.open("wb") as file:
            np.save(file, values[0].reshape(array.shape).astype(array.dtype))

    return _stored_array(path, array, save)


def _read_npz(path: Path) -> Stored:
    with open_arrays(path) as archive:
        if len(archive.files) != 1:
            raise _unreadable(
                path, f"it contains {len(archive.files)} arrays; expected one"
            )
        (name,) = archive.files
        array = archive[name]

    def save(values: np.ndarray, target: Path) -> None:
        with target.open("wb") as file:
            back = values[0].reshape(array.shape).astype(array.dtype)
            np.savez_compressed(file, **{name: back})

    return _stored_array(path, array, save)


def _stored_array(path: Path, array: np.ndarray, save: Callable) -> Stored:
    _check_size(path, array.shape, array.dtype)
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf":
        raise _unreadable(
            path,
            f"an array {array.shape} of {array.dtype}; expected numbers of (height, "
            "width) or (height, width, channels)",
        )
    values = _as_slices(np.array(array))
    if array.dtype == bool:
        return Stored(values.view(np.uint8), np.dtype(np.uint8), save, ends=(0, 1))
    return Stored(values, array.dtype.newbyteorder("="), save)


# === NIfTI ===


def _read_nifti(path: Path) -> Stored:
    nibabel = _science("nibabel", "NIfTI")
    image = nibabel.load(path)
    shape = image.shape
    _check_size(path, shape, image.get_data_dtype())
    if len([side for side in shape[3:] if side > 1]) or len(shape) < 2:
        raise _unreadable(
            path,
            f"its shape is {shape}; expected a volume of three dimensions with one "
            "channel. Split it, for example with fslsplit",
        )
    header, stored_type = image.header, image.get_data_dtype()
    if stored_type.kind not in "iuf":
        raise _unreadable(path, f"its values are {stored_type}")
    # The header loses them when it is read.
    slope, intercept = float(image.dataobj.slope), float(image.dataobj.inter)
    raw = np.asanyarray(image.dataobj.get_unscaled()).reshape((*shape[:2], -1))
    values = raw if (slope, intercept) == (1.0, 0.0) else raw * slope + intercept
    # Axes x, y, z: a slice along z is an image with y downward and x across.
    slices = np.transpose(values, (2, 1, 0))[..., np.newaxis]

    def save(values: np.ndarray, target: Path) -> None:
        back = np.transpose(values[..., 0], (2, 1, 0)).reshape(shape)
        new = type(image)(back, image.affine, header)
        # These are stored values, which nibabel would rescale otherwise.
        new.header.set_data_dtype(stored_type)
        new.header.set_slope_inter(1.0, 0.0)
        # The extension determines whether it is compressed.
        named = target.with_name(f"{target.name}{extension(path)}")
        nibabel.save(new, named)
        _set_slope(named, slope, intercept)
        os.replace(named, target)

    return Stored(slices, stored_type.newbyteorder("="), save, slope, intercept)


def _set_slope(path: Path, slope: float, intercept: float) -> None:
    """Writes the rescaling into a NIfTI header, since nibabel overwrites it."""
    import gzip

    opened = gzip.open if extension(path) == ".nii.gz" else open
    with opened(path, "rb") as file:
        content = bytearray(file.read())
    order = "<" if content[:4] in (b"\x5c\x01\x00\x00", b"\x1c\x02\x00\x00") else ">"
    two = int.from_bytes(content[:4], "little" if order == "<" else "big") == 540
    at, dtype = (176, "f8") if two else (112, "f4")
    numbers = np.array([slope, intercept], order + dtype).tobytes()
    content[at : at + len(numbers)] = numbers
    with opened(path, "wb") as file:
        file.write(bytes(content))


# === DICOM ===


def _read_dicom(path: Path) -> Stored:
    pydicom = _science("pydicom", "DICOM")
    dataset = pydicom.dcmread(path)
    if "PixelData" not in dataset:
        raise _unreadable(path, "it contains no pixels")
    if int(dataset.get("NumberOfFrames", 1) or 1) > 1:
        raise _unreadable(path, "it contains several frames; split it")
    samples, colors = int(dataset.SamplesPerPixel), dataset.PhotometricInterpretation
    if samples == 1 and colors != "MONOCHROME2":
        # Its high values are dark (MONOCHROME1), or indices of colors.
        raise _unreadable(path, f"its pixels are {colors}; convert it to MONOCHROME2")
    shape = (int(dataset.Rows), int(dataset.Columns), samples)
    _check_size(path, shape, f"u{int(dataset.BitsAllocated) // 8}")
    try:
        raw = dataset.pixel_array
    except RuntimeError as error:  # A compression whose decoder is not installed.
        raise _unreadable(
            path,
            f"{str(error).splitlines()[0].rstrip('.:')}. Install that decoder, or "
            "decompress the file with another program",
        ) from error
    slope = float(dataset.get("RescaleSlope", 1) or 1)
    intercept = float(dataset.get("RescaleIntercept", 0) or 0)
    values = raw if (slope, intercept) == (1.0, 0.0) else raw * slope + intercept
    bits, signed = int(dataset.BitsStored), int(dataset.PixelRepresentation)
    ends = (-(1 << (bits - 1)) if signed else 0, (1 << (bits - signed)) - 1)

    def save(values: np.ndarray, target: Path) -> None:
        pixels = values[0] if samples > 1 else values[0, ..., 0]
        new = pydicom.dcmread(path)
        new.decompress() if new.file_meta.TransferSyntaxUID.is_compressed else None
        new.PixelData = pixels.tobytes()
        if samples > 1:  # As pydicom decodes them.
            new.PhotometricInterpretation, new.PlanarConfiguration = "RGB", 0
        for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue"):
            if keyword in new:
                delattr(new, keyword)
        new.SOPInstanceUID = pydicom.uid.generate_uid(prefix=None)
        new.file_meta.MediaStorageSOPInstanceUID = new.SOPInstanceUID
        series = str(dataset.get("SeriesInstanceUID", ""))
        # The same for all images of a series, so that they stay together.
        new.SeriesInstanceUID = pydicom.uid.generate_uid(
            prefix=None, entropy_srcs=["stargan_tf", series]
        )
        image_type = list(dataset.get("ImageType", ["DERIVED", "SECONDARY"]))
        new.ImageType = ["DERIVED", *image_type[1:]]
        new.save_as(target, enforce_file_format=True)

    return Stored(_as_slices(values), raw.dtype, save, slope, intercept, ends)


_READERS: dict[str, Callable[[Path], Stored]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".nii": _read_nifti,
    ".nii.gz": _read_nifti,
    ".dcm": _read_dicom,
    **dict.fromkeys(TIFF, _read_tiff),
}


def volume_shape(path: str | os.PathLike) -> dict[str, int] | None:
    """The number of slices of a volume along each axis, from the file's header.

    Returns:
        {axis: number}; None for a file of a single image, or an unreadable one.
    """
    if extension(path) not in (".nii", ".nii.gz"):
        return None
    with contextlib.suppress(Exception):  # Reported when it is read.
        shape = _science("nibabel", "NIfTI").load(path).shape
        if len(shape) > 2 and shape[2] > 1:
            return dict(zip("xyz", map(int, shape), strict=False))
    return None


# Slices are along z, downward is y, and across is x.
_ORDERS = {"z": (0, 1, 2, 3), "y": (1, 0, 2, 3), "x": (2, 0, 1, 3)}


def slices(values: np.ndarray, plane: str) -> np.ndarray:
    """The slices of a volume (z, y, x, 1) along an axis: (n, height, width, 1).

    It is a view: what is written to it is in the volume.
    """
    return values.transpose(_ORDERS[plane])


def slice_name(plane: str, index: int) -> str:
    """The name of a slice: its index, preceded by the axis unless that is z."""
    return f"{'' if plane == 'z' else plane}{index:04d}"
