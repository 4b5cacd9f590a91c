"""A builder of TensorFlow Datasets as a source, written by the test."""

import sys
import warnings

import numpy as np
import pytest

from stargan_tf.plugin import (
    Dataset,
    DatasetOptions,
    InputError,
    one_hot,
    tfds_builder,
    tfds_pictures,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import tensorflow_datasets as tfds


class ThreeCats(tfds.core.GeneratorBasedBuilder):
    """Pictures of one colour, with an id and a class."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(encoding_format="png"),
            "label": tfds.features.ClassLabel(names=["cat", "dog"]),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features)
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(3), "test": self._generate_examples(2)}

    def _generate_examples(self, count):
        for number in range(count):
            image = np.full((20, 24, 3), 50 * number, np.uint8)
            yield number, {"image": image, "label": number % 2}


class Pets(Dataset):
    def load(self, split, image_size, options):
        builder = ThreeCats(data_dir=options.data_dir)
        of_tfds = {"train": "train", "held_out": "test"}[split]
        return tfds_pictures(
            self, builder, of_tfds, lambda e: e["label"], image_size, options
        )


PETS = Pets(
    api_version=1,
    name="pets",
    description="d",
    license="l",
    citation="c",
    obtain="o",
    labels=one_hot("cat", "dog"),
)


def check(images, count):
    assert len(images) == count and images.info.domains == ("cat", "dog")
    shades = [int(images.load(i).max()) for i in range(count)]
    assert sorted(shades) == [50 * i for i in range(count)]
    np.testing.assert_array_equal(images.labels[:, 1], [s // 50 % 2 for s in shades])
    assert images.load(0).shape == (8, 8, 3)


def test_files_with_random_access(tmp_path, cache_folder):
    pytest.importorskip("array_record")
    options = DatasetOptions(data_dir=str(tmp_path / "tfds"))
    train, held_out = (PETS.load(split, 8, options) for split in ("train", "held_out"))
    check(train, 3), check(held_out, 2)
    assert train.fingerprint != held_out.fingerprint
    assert not cache_folder.exists()
    assert train.enlarge().load(1).shape == (16, 16, 3)


def test_files_without_it_are_kept_in_the_cache(tmp_path, cache_folder):
    options = DatasetOptions(data_dir=str(tmp_path / "tfds"))
    builder = ThreeCats(data_dir=options.data_dir)
    builder.download_and_prepare(file_format="tfrecord")
    check(PETS.load("train", 8, options), 3)
    assert len(list(cache_folder.iterdir())) == 1


def test_an_unknown_split(tmp_path):
    builder = ThreeCats(data_dir=tmp_path / "tfds")
    with pytest.raises(InputError, match="no split 'valid'"):
        tfds_pictures(PETS, builder, "valid", None, 8, DatasetOptions())


@pytest.mark.parametrize("error", [AssertionError, ConnectionError])
def test_files_that_cannot_be_got(error, tmp_path, monkeypatch):
    def refuse(builder, **options):
        raise error("Read the\n   instructions.")

    monkeypatch.setattr(ThreeCats, "download_and_prepare", refuse)
    with pytest.raises(InputError, match="Read the instructions. Or pass --data_dir"):
        PETS.load("train", 8, DatasetOptions(data_dir=str(tmp_path)))


def test_without_tensorflow_datasets(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'stargan_tf\[tfds\]'"):
        tfds_builder("celeb_a")
