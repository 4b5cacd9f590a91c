"""CelebA in the folders in which people have it."""

import random

import numpy as np
import pytest
from PIL import Image
from stargan_tf_celeba import CELEBA, CELEBA_PARTITION
from stargan_tf_celeba.attributes import ATTRIBUTES, PAPER
from stargan_tf_celeba.files import Files
from stargan_tf_celeba.splits import official_rows, partition_rows

from stargan_tf.plugin import DatasetOptions, InputError
from stargan_tf.testing import check_dataset

# No --data_dir means TensorFlow Datasets, which would download.
NO_DOWNLOAD = {"missing_folder": False}


def test_it_keeps_its_promises(original, kaggle):
    for folder in (original, kaggle):
        for name in ("celeba", "celeba_partition"):
            check_dataset(name, folder, **NO_DOWNLOAD)
    check_dataset(
        "celeba", original, attributes=("Smiling", "Blond_Hair"), **NO_DOWNLOAD
    )


def test_names_labels_and_groups(original, kaggle, rows):
    for folder in (original, kaggle):
        for images in opened(CELEBA, folder):
            assert images.info.domains == PAPER
            assert images.info.exclusive_groups == (PAPER[:3],)
            columns = [ATTRIBUTES.index(name) for name in PAPER]
            expected = [rows[name.rpartition("/")[2]][columns] for name in images.names]
            np.testing.assert_array_equal(images.labels, expected)


def test_the_crop_is_the_paper_s(original):
    images = opened(CELEBA, original)[0]
    path = original / "Img" / "img_align_celeba" / images.names[0]
    with Image.open(path) as picture:
        expected = picture.crop((0, 20, 178, 198)).resize((32, 32), Image.BILINEAR)
    np.testing.assert_array_equal(images.load(0), np.asarray(expected))


def test_the_official_rule_on_the_whole_file():
    """Line by line as StarGAN's loader does it, with Python's generator."""
    lines = list(range(202_599))
    random.seed(1234)
    random.shuffle(lines)
    tested = {line for index, line in enumerate(lines) if (index + 1) < 2000}
    assert official_rows(202_599, "held_out", 0.1) == tested and len(tested) == 1999
    assert official_rows(202_599, "train", 0.1) == set(lines) - tested
    assert len(official_rows(202_599, "train", 0.1)) == 200_600


@pytest.mark.parametrize("count", [30, 6000, 202_599])
def test_the_order_by_another_generator(count):
    """Python's shuffle, worked out from NumPy's Mersenne Twister."""
    order = shuffled(count)
    share = 1 / count
    assert official_rows(count, "held_out", share) == {order[0]}
    assert official_rows(count, "held_out", 4 * share) == set(order[:4])


def test_the_official_rule_on_a_short_file(original):
    held_out = opened(CELEBA, original)[1]
    expected = sorted(f"{row + 1:06d}.jpg" for row in shuffled(30)[:3])
    assert list(held_out.names) == expected


def test_a_part_of_the_faces_keeps_the_split_of_the_whole(original):
    whole = opened(CELEBA, original)
    pictures = original / "Img" / "img_align_celeba"
    for number in range(1, 15):
        (pictures / f"{number:06d}.jpg").unlink()
    for before, after in zip(whole, opened(CELEBA, original), strict=True):
        assert after.names == tuple(n for n in before.names if n >= "000015")


def test_the_own_partition(original, kaggle):
    for folder in (original, kaggle):
        train, held_out = opened(CELEBA_PARTITION, folder)
        assert [int(name[-10:-4]) for name in train.names] == list(range(1, 21))
        assert [int(name[-10:-4]) for name in held_out.names] == list(range(26, 31))


def test_a_missing_partition(original):
    (original / "Eval" / "list_eval_partition.txt").unlink()
    with pytest.raises(InputError, match=r"list_eval_partition.txt .*--dataset celeba"):
        opened(CELEBA_PARTITION, original)


def test_the_folder_of_the_faces_with_the_table_elsewhere(original, tmp_path):
    table = (original / "Anno" / "list_attr_celeba.txt").rename(tmp_path / "table.txt")
    with pytest.raises(InputError, match=r"none of list_attr_celeba.txt.*--labels"):
        opened(CELEBA, original)
    faces = original / "Img" / "img_align_celeba"
    assert len(opened(CELEBA, faces, labels=str(table))[0]) == 27


def test_the_folder_of_the_faces_beside_the_table(kaggle):
    assert len(opened(CELEBA, kaggle / "img_align_celeba")[0]) == 27


def test_an_unknown_attribute(original):
    with pytest.raises(InputError, match="no attribute 'Blonde_Hair'.*Blond_Hair"):
        opened(CELEBA, original, attributes=("Blonde_Hair",))


def test_the_doctor_s_list(original):
    (original / "Img" / "img_align_celeba" / "000030.jpg").unlink()
    (original / "Img" / "img_align_celeba" / "notes.txt").touch()
    audit = CELEBA.audit(DatasetOptions(data_dir=str(original)))
    assert len(audit.names) == 29 and audit.rows_without_file == ("000030.jpg",)
    assert [file.name for file in audit.ignored] == ["notes.txt"]


def opened(data, folder, **options):
    options = DatasetOptions(data_dir=str(folder), **options)
    return [data.load(split, 32, options) for split in ("train", "held_out")]


def shuffled(count):
    bits = np.random.RandomState([1234])._bit_generator
    order = list(range(count))
    for last in reversed(range(1, count)):
        width = (last + 1).bit_length()
        while (other := int(bits.random_raw()) >> (32 - width)) > last:
            pass
        order[last], order[other] = order[other], order[last]
    return order


def test_the_partition_has_every_row_in_any_encoding_and_separator(tmp_path):
    lines = [f"{n:06d}.jpg {n % 3}" for n in range(9)]
    for text in ("\n".join(lines), "\n".join(lines).replace(" ", "\t")):
        for encoding in ("utf-8-sig", "utf-16"):
            path = tmp_path / "list_eval_partition.txt"
            path.write_bytes(text.encode(encoding))
            files = Files(tmp_path, tmp_path / "list_attr_celeba.txt", path)
            found = partition_rows(files, "train")
            assert found == {"000000.jpg", "000003.jpg", "000006.jpg"}
