"""`celeb_a` of TensorFlow Datasets with its mock data: the real code, no network."""

import pytest
import tensorflow_datasets as tfds
from stargan_tf_celeba import CELEBA

from stargan_tf.plugin import DatasetOptions

COUNT = 5


@pytest.fixture
def celeb_a(tmp_path):
    """Metadata as of a prepared `celeb_a` of five faces a split, drawn by TFDS."""
    folder = tmp_path / "mock"
    builder = tfds.builder("celeb_a", data_dir=folder)
    builder.info.set_file_format("array_record", override=True)
    template = tfds.core.ShardedFileTemplate(
        dataset_name="celeb_a",
        data_dir=builder.data_path,
        filetype_suffix="array_record",
    )
    splits = [
        tfds.core.SplitInfo(
            name=name,
            shard_lengths=[COUNT],
            num_bytes=0,
            filename_template=template.replace(split=name),
        )
        for name in ("train", "validation", "test")
    ]
    builder.info.set_splits(tfds.core.SplitDict(splits))
    builder.data_path.mkdir(parents=True)
    builder.info.write_to_directory(builder.data_path)
    with tfds.testing.mock_data(num_examples=COUNT, data_dir=str(folder)):
        yield


def test_mock_data_through_the_real_code(celeb_a):
    train = CELEBA.load("train", 32, DatasetOptions())
    held_out = CELEBA.load("held_out", 32, DatasetOptions())
    assert len(train) == len(held_out) == COUNT
    assert train.names[0] == "train/000000" and held_out.names[0] == "test/000000"
    assert train.load(4).shape == (32, 32, 3)
    chosen = DatasetOptions(attributes=("Smiling", "Male"))
    both = CELEBA.load("train", 32, chosen)
    assert both.info.domains == ("Smiling", "Male")
    assert both.labels[:, 1].tolist() == train.labels[:, 3].tolist()
