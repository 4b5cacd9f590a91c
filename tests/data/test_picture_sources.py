"""What a plugin's `load` is made of, through `stargan_tf.plugin`."""

import io

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.store import open_images
from stargan_tf.data.streams import streamed
from stargan_tf.plugin import (
    Dataset,
    DatasetOptions,
    InputError,
    UnreadableImage,
    binary,
    one_hot,
    picture_files,
    pictures,
)


class Plain(Dataset):
    """Only its labels matter here."""

    def load(self, split, image_size, options):
        raise NotImplementedError


def plain(labels=None, name="plain"):
    texts = dict(description="d", license="l", citation="c", obtain="Get plain.zip.")
    return Plain(api_version=1, name=name, labels=labels, **texts)


PETS = plain(one_hot("cat", "dog"))
LOOKS = plain(binary("Black", "Blond", "Male", exclusive=[("Black", "Blond")]))


def test_files_with_class_numbers(photograph, tmp_path):
    photograph("a.png"), photograph("sub/b.png", seed=1)
    images = picture_files(
        PETS, tmp_path, ["a.png", "sub/b.png"], [1, 0], 8, DatasetOptions()
    )
    assert images.info == one_hot("cat", "dog").info("plain", 8)
    np.testing.assert_array_equal(images.labels, [[0, 1], [1, 0]])
    with Image.open(tmp_path / "sub/b.png") as picture:  # 20 x 30: 5 rows go each side
        expected = picture.crop((0, 5, 20, 25)).resize((8, 8), Image.BILINEAR)
    np.testing.assert_array_equal(images.load(1), np.asarray(expected))


def test_the_user_chooses_labels(photograph, tmp_path):
    names = [photograph(f"{i}.png", seed=i).name for i in range(3)]
    chosen = DatasetOptions(attributes=("dog",))
    images = picture_files(PETS, tmp_path, names, [1, 0, 1], 8, chosen)
    assert images.names == ("0.png", "2.png") and images.info.domains == ("dog",)
    values = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0]], bool)
    chosen = DatasetOptions(attributes=("Male", "Black"))
    images = picture_files(LOOKS, tmp_path, names, values, 8, chosen)
    np.testing.assert_array_equal(images.labels, [[1, 1], [0, 0], [0, 0]])
    assert images.info.exclusive_groups == ()  # Blond is not there to exclude


def test_without_labels_one_domain_named_as_the_data_set(photograph, tmp_path):
    photograph("a.png")
    images = picture_files(plain(), tmp_path, ["a.png"], None, 8, DatasetOptions())
    assert images.info.domains == ("plain",) and images.labels.tolist() == [[1.0]]


def test_pictures_by_number_in_any_form(photograph):
    path = photograph("a.png")
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    forms = [path, path.read_bytes(), grey, grey[..., None], np.stack([grey] * 3, -1)]
    images = pictures(
        PETS, list("abcde"), [0] * 5, forms.__getitem__, "1", 8, DatasetOptions()
    )
    np.testing.assert_array_equal(images.load(0), images.load(1))
    for number in (2, 3, 4):
        np.testing.assert_array_equal(images.load(number)[..., 1], grey)


def test_what_is_no_picture():
    forms = [b"", b"text", np.zeros((4, 4)), np.zeros((2, 4, 4, 3), np.uint8)]
    images = pictures(
        PETS, list("abcd"), [0] * 4, forms.__getitem__, "1", 8, DatasetOptions()
    )
    with pytest.raises(UnreadableImage, match="image a: the file is empty"):
        images.load(0)
    with pytest.raises(UnreadableImage, match="image b: unknown image format"):
        images.load(1)
    for number in (2, 3):
        with pytest.raises(InputError, match=r"uint8 array \(h, w, 3\)"):
            images.load(number)


@pytest.mark.parametrize(
    "options",
    [
        {"intensity": "full"},
        {"invalid_value": "0"},
        {"plane": "x"},
        {"num_channels": 4},
    ],
)
def test_options_of_measured_images_are_refused(options, photograph, tmp_path):
    options, message = DatasetOptions(**options), f"not support {next(iter(options))}"
    with pytest.raises(InputError, match=message):
        pictures(PETS, ["a"], [0], lambda n: b"", "1", 8, options)
    with pytest.raises(InputError, match=message):
        streamed(PETS, lambda: [(b"", 0)], 1, "1", 8, options)
    if options.plane == "x":
        photograph("a.png")
        with pytest.raises(InputError, match="--plane x for .*a.png. Drop the flag"):
            picture_files(PETS, tmp_path, ["a.png"], [0], 8, options)


def test_a_stream_in_gray(cache_folder):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    gray, colors = (
        streamed(PETS, lambda: [(pixels, 0)], 1, "1", 8, DatasetOptions(num_channels=n))
        for n in (1, None)
    )
    expected = np.asarray(Image.fromarray(pixels).convert("L"))
    np.testing.assert_array_equal(gray.load(0)[..., 0], expected)
    assert gray.load(0).shape == gray.info.shape == (8, 8, 1)
    np.testing.assert_array_equal(colors.load(0), pixels)


def test_fingerprints_follow_version_size_and_crop():
    def key(version="1", size=8, **options):
        read = [np.zeros((8, 8), np.uint8)].__getitem__
        return pictures(
            PETS, ["a"], [0], read, version, size, DatasetOptions(**options)
        ).fingerprint

    keys = {key(), key("2"), key(size=12), key(crop_size=4), key(fit="stretch")}
    assert len(keys) == 5 and key() == key()


def test_larger_images_for_crops():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    large, small = pixels, pixels[:9]
    for picture, size in ((large, 16), (jpeg(large), 16), (small, 8)):
        read = [picture].__getitem__
        images = pictures(PETS, ["a"], [0], read, "1", 8, DatasetOptions())
        assert images.enlarge().load(0).shape == (size, size, 3)


@pytest.mark.parametrize(
    ("data", "values", "message"),
    [
        (PETS, None, "a label for each of its 2 images. Received: none"),
        (PETS, [0], "each of its 2 images. Received: 1 labels"),
        (PETS, [0, 2], "from 0 to 1, the positions of cat, dog"),
        (PETS, [0.5, 1], r"an array \(n, 2\)"),
        (LOOKS, [0, 1], r"an array \(n, 3\)"),
        (LOOKS, [[0, 1, 2], [0, 0, 0]], "must be 0 and 1. Received: values from 0.0"),
    ],
)
def test_labels_that_do_not_fit(data, values, message):
    with pytest.raises(InputError, match=message):
        pictures(data, ["a", "b"], values, lambda n: b"", "1", 8, DatasetOptions())


def test_a_missing_folder_is_answered_with_how_to_get_the_files():
    with pytest.raises(InputError, match="--dataset plain needs --data_dir.*plain.zip"):
        PETS.folder(DatasetOptions())


def jpeg(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def test_a_stream_is_read_once_and_kept(cache_folder):
    import tensorflow as tf

    from stargan_tf.plugin import tf_data_pictures

    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (20, 24, 3), np.uint8) for _ in range(5)]
    passes = []

    def generate():
        passes.append(1)
        yield from zip(map(jpeg, images), [0, 1, 1, 0, 1], strict=True)

    signature = (tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.int64))
    stream = tf.data.Dataset.from_generator(generate, output_signature=signature)
    with pytest.raises(InputError, match="Pass count="):
        tf_data_pictures(PETS, stream, "1", 8, DatasetOptions())

    def opened(count=5, **options):
        options = DatasetOptions(**options)
        return tf_data_pictures(PETS, stream, "1", 8, options, count)

    source = opened()
    assert opened().names == ("000000", "000001", "000002", "000003", "000004")
    assert len(passes) == 1
    np.testing.assert_array_equal(source.labels[:, 1], [0, 1, 1, 0, 1])
    expected = Image.fromarray(images[3]).crop((2, 0, 22, 20)).resize((8, 8), 2)
    np.testing.assert_array_equal(source.load(3), np.asarray(expected))
    assert len(opened(attributes=("dog",))) == 3
    assert source.enlarge().load(0).shape == (16, 16, 3) and len(passes) == 2
    # Training maps the very same file: nothing is stored twice.
    assert len(open_images(source)) == 5 and len(list(cache_folder.iterdir())) == 2
    with pytest.raises(InputError, match="must give 6 images. Received: 5"):
        opened(count=6)
    assert len(list(cache_folder.iterdir())) == 2


def test_a_stream_of_images_alone():
    import tensorflow as tf

    from stargan_tf.plugin import tf_data_pictures

    stream = tf.data.Dataset.from_tensor_slices(np.zeros((3, 8, 8, 3), np.uint8))
    source = tf_data_pictures(plain(), stream, "1", 8, DatasetOptions())
    assert len(source) == 3 and source.info.domains == ("plain",)
