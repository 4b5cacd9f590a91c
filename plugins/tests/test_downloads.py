"""What users give in place of a data set's files, and what is missing meanwhile."""

import sys
import zipfile

import pytest

from stargan_tf.data.registry import load_dataset
from stargan_tf.discovery import DATASETS
from stargan_tf.plugin import DatasetOptions, InputError

NAMES = ("afhq", "afhq_v2", "celeba", "celeba_hq", "celeba_partition", "ffhq", "rafd")
QUOTA = b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title>"


@pytest.mark.parametrize("name", NAMES)
def test_a_web_page_saved_as_the_download_is_named(name, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "list_attr_celeba.txt").write_text("1\nMale Black_Hair\n1.jpg 1 -1\n")
    (folder / "all.zip").write_bytes(QUOTA)
    for place in (folder, folder / "all.zip"):
        with pytest.raises(InputError, match=r"all.zip .*a web page: .*again") as error:
            load_dataset(
                *(name, "train", 8),
                data_dir=str(place),
                attributes=("Male",) if name.startswith("celeba") else (),
            )
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["celeba", "celeba_partition"])
def test_an_archive_where_a_folder_is_needed(name, tmp_path):
    (tmp_path / "list_attr_celeba.txt").write_text("1\nMale\n1.jpg 1\n")
    with zipfile.ZipFile(tmp_path / "img_align_celeba.zip", "w") as archive:
        archive.writestr("img_align_celeba/1.jpg", b"")
    for place in (tmp_path, tmp_path / "img_align_celeba.zip"):
        message = r"img_align_celeba.zip .*is an archive\. Unpack it"
        with pytest.raises(InputError, match=message):
            load_dataset(name, "train", 8, data_dir=str(place), attributes=("Male",))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("directly", [True, False])
def test_without_files_and_tensorflow_datasets_the_extra_is_named(
    name, directly, monkeypatch
):
    builders = [m for m in sys.modules if m.endswith(("_builder", ".plugin_tfds"))]
    packages = [m.rpartition(".")[0] for m in builders if m.startswith("stargan_tf_")]
    for module in [*builders, *packages]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'stargan_tf\[tfds\]'"):
        if directly:
            DATASETS.load(name).load("train", 8, DatasetOptions())
        else:
            load_dataset(name, "train", 8)
