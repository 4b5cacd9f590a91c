"""Small scans in every format, whose values are known."""

import numpy as np

CODES = np.arange(65536, dtype=np.uint16).reshape(256, 256)


def write_dicom(path, pixels, rescale=None, bits=16, colors="MONOCHROME2"):
    """A CT slice; `rescale` is (slope, intercept). Colors have their planes first."""
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset

    slice_ = Dataset()
    slice_.file_meta = FileMetaDataset()
    slice_.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    slice_.SOPClassUID = pydicom.uid.CTImageStorage
    slice_.file_meta.MediaStorageSOPClassUID = slice_.SOPClassUID
    slice_.SOPInstanceUID = pydicom.uid.generate_uid()
    slice_.file_meta.MediaStorageSOPInstanceUID = slice_.SOPInstanceUID
    slice_.SeriesInstanceUID = pydicom.uid.generate_uid()
    slice_.PatientID = "P1"
    slice_.PixelSpacing = [0.5, 0.5]
    slice_.Rows, slice_.Columns = pixels.shape[-2:]
    slice_.SamplesPerPixel = len(pixels) if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        slice_.PlanarConfiguration = 1
    slice_.PhotometricInterpretation = colors
    slice_.BitsAllocated = 8 * pixels.itemsize
    slice_.BitsStored = bits
    slice_.HighBit = bits - 1
    slice_.PixelRepresentation = int(pixels.dtype.kind == "i")
    if rescale:
        slice_.RescaleSlope, slice_.RescaleIntercept = rescale
    slice_.PixelData = pixels.tobytes()
    slice_.save_as(path, enforce_file_format=True)
    return path


def write_nifti(path, array, affine=None):
    """A NIfTI file of x, y, z."""
    import nibabel

    affine = np.diag([1.0, 2.0, 3.0, 1.0]) if affine is None else affine
    nibabel.save(nibabel.Nifti1Image(array, affine), path)
    return path


def write_tiff(path, array, **options):
    """A TIFF file; channels first unless `options` say otherwise."""
    import tifffile

    tifffile.imwrite(path, array, **{"photometric": "minisblack", **options})
    return path


def five_channels(seed=0, height=96, width=160, highest=65536):
    """uint16 (5, height, width)."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, highest, (5, height, width)).astype(np.uint16)
