import os

import numpy as np
import pytest

from stargan_tf.data.attribute_file import match_rows, read_attribute_file
from stargan_tf.data.registry import load_dataset
from stargan_tf.errors import InputError

CELEBA = """3
Male Black_Hair Blond_Hair Young
000001.jpg -1  1 -1  1
000002.jpg  1 -1  1  1
my photo.jpg  1  1  1 -1
"""
VALUES = [[0, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 0]]
NAMES = ("Male", "Black_Hair", "Blond_Hair", "Young")


@pytest.fixture
def labels(tmp_path):
    def write(text, name="labels.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


@pytest.fixture
def images(photograph, tmp_path):
    for seed, name in enumerate(("000001.jpg", "000002.jpg", "my photo.jpg")):
        photograph(f"images/{name}", seed=seed)
    return str(tmp_path / "images")


def as_csv(text, delimiter=","):
    _, names, *rows = text.splitlines()
    lines = [delimiter.join(["image_id", *names.split()])]
    return "\n".join(lines + [delimiter.join(row.rsplit(None, 4)) for row in rows])


@pytest.mark.parametrize(
    "text",
    [
        CELEBA,
        CELEBA.split("\n", 1)[1],
        CELEBA.replace("\n", "\r\n") + "\r\n",
        CELEBA.replace("Male", "image_id Male"),
        as_csv(CELEBA),
        "\ufeff" + as_csv(CELEBA),
        as_csv(CELEBA, ";"),
        as_csv(CELEBA, "\t"),
        as_csv(CELEBA).replace("-1", "0"),
        as_csv(CELEBA).replace("-1", "False").replace(",1", ",True"),
        as_csv(CELEBA).replace("-1", "0.0").replace(",1", ",1.0"),
        as_csv(CELEBA).replace("my photo.jpg", '"my photo.jpg"'),
    ],
)
def test_layouts(labels, text):
    table = read_attribute_file(labels(text))
    assert table.files == ("000001.jpg", "000002.jpg", "my photo.jpg")
    assert table.attributes == NAMES
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.values.dtype == np.float32


BARE = ("000001.jpg", "000002.jpg", "Zo\u00eb Stra\u00dfe.jpg")
STYLES = {
    "bare": "{}",
    "stem": "{}",
    "relative": "images/{}",
    "dotted": "./images/{}",
    "parent": "../images/{}",
    "absolute": "/mnt/data/set/images/{}",
    "windows": "D:\\data\\set\\images\\{}",
    "share": "\\\\server\\share\\images\\{}",
    "elsewhere": "/mnt/some where/else/{}",
}


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ", "count,", "unnamed\t"])
def test_separators_encodings_and_paths(tmp_path, encoding, separator, warned):
    named = [] if "unnamed" in separator else ["file"]
    for style, path in STYLES.items():
        if style == "stem" and not named:
            continue  # Nothing tells then that the first column is not `Male`.
        files = [path.format(name) for name in BARE]
        if style == "stem":
            files = [file.removesuffix(".jpg") for file in files]
        rows = [[*named, "Male", "Young"], [files[0], "1", "-1"]]
        rows += [[files[1], "-1", "1"], [files[2], "1", "1"]]
        lines = ["3"] * ("count" in separator) + [separator[-1].join(r) for r in rows]
        (tmp_path / "t.csv").write_bytes("\r\n".join(lines).encode(encoding))
        table = read_attribute_file(tmp_path / "t.csv")
        assert table.attributes == ("Male", "Young")
        np.testing.assert_array_equal(table.values, [[1, 0], [0, 1], [1, 1]])
        found = match_rows(BARE, table.files, tmp_path / "images", "t.csv")
        assert found.tolist() == [0, 1, 2], style
    said = [line for line in warned if "Latin-1" in line]
    assert len(said) == (encoding == "latin-1")


@pytest.mark.parametrize(
    "text",
    [
        ",image_id,Male\n0,1.jpg,1\n1,2.jpg,0",
        "Unnamed: 0,image_id,Male\n0,1.jpg,1\n1,2.jpg,0",
        ",Male\n1.jpg,1\n2.jpg,0",
        "file,Male,\n1.jpg,1,\n2.jpg,0,",
        "file,Male,,\n1.jpg,1\n2.jpg,0\n,,,",
        "file,Male\n1.jpg,1,\n2.jpg,0,",
        "Male,portrait\n1,1.jpg\n0,2.jpg",
        "sep=;\nfile;Male\n1.jpg;1\n2.jpg;0",
        "2,,\nfile,Male\n1.jpg,1\n2.jpg,0",
        "file,Male\r1.jpg,1\r2.jpg,0\r",
        '"Male"\n"1.jpg" 1\n"2.jpg" 0',
        "\n\n2\n\nMale\n1.jpg 1\n\n2.jpg 0\n\x1a",
    ],
)
def test_what_programs_write_around_the_columns(labels, text):
    table = read_attribute_file(labels(text))
    assert table.files == ("1.jpg", "2.jpg") and table.attributes == ("Male",)
    np.testing.assert_array_equal(table.values, [[1], [0]])


def test_quoted_cells_may_hold_lines_and_separators(labels):
    text = 'file,caption,Male\n1.jpg,"a, ""b""\nc",1\n"2,x.jpg",d,0\n3.jpg,e,2\n'
    with pytest.raises(InputError, match="line 5: the attribute 'Male'.*'2'"):
        read_attribute_file(labels(text), ("Male",))
    table = read_attribute_file(labels(text.replace("e,2", "e,0")), ("Male",))
    assert table.files == ("1.jpg", "2,x.jpg", "3.jpg")


def test_a_column_that_occurs_twice_is_named_if_it_is_used(labels):
    path = labels("file,Male,Hat,Male\n1.jpg,1,0,0")
    for wanted in ((), ("Hat", "Male")):
        with pytest.raises(InputError, match="has 2 columns named 'Male'"):
            read_attribute_file(path, wanted)
    assert read_attribute_file(path, ("Hat",)).attributes == ("Hat",)


def test_columns_are_compared_as_characters(labels):
    composed, apart = "Ma\u00eftresse", "Mai\u0308tresse"
    for name, other in ((composed, apart), (apart, composed)):
        table = read_attribute_file(labels(f"file,{name}\n1.jpg,1"), (other,))
        assert table.attributes == (composed,)
    with pytest.raises(InputError, match="2 columns named"):
        read_attribute_file(labels(f"file,{composed},{apart}\n1.jpg,1,1"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,a,Male\n1.jpg," + "x" * 200_000 + ",1", "line 2: not a table .*131072"),
        ('file,Male\n1.jpg,1\n"2.jpg,1\n' + "3.jpg,1\n" * 30_000, "line 3: not a tab"),
        ("x" * 200_000 + ",Male\n1.jpg,1", "line 1: not a table"),
        ("file," + "a," * 200_000 + "\n1.jpg,1", "has 200000 columns named 'a'"),
        ("a " * 200_000 + "\n1.jpg,1", "has 200000 columns named 'a'"),
        ("file Male\n" + "y" * 200_000 + " z", r"'Male' must be.* 'z'"),
        ("file Male\n1.jpg " + "y" * 200_000, r"Received: 'yyy.*200,000 in all"),
        ("1.jpg,1\n2.jpg,0", "the first line must name the columns"),
    ],
)
def test_huge_and_odd_tables_are_one_short_line_at_once(labels, text, message):
    with pytest.raises(InputError, match=message) as error:
        read_attribute_file(labels(text))
    assert len(str(error.value)) < 600


def test_a_label_file_must_be_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for name, what in (("pipe.csv", "a pipe"), (".", "a folder")):
        with pytest.raises(InputError, match=f"It is {what}, not a file"):
            read_attribute_file(tmp_path / name)


def test_choice_of_columns(labels):
    text = "caption,Smile,Filename,Hat\n a cat ,1,1.png,0\nb,0,2.png,1"
    table = read_attribute_file(labels(text), ("Hat", "Smile"))
    assert table.files == ("1.png", "2.png") and table.attributes == ("Hat", "Smile")
    np.testing.assert_array_equal(table.values, [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "contains no attributes"),
        ("3\n", "contains no attributes"),
        ("file,Smile", "contains no attributes"),
        ("file,Smile\na.png,2", "line 2: the attribute 'Smile'.*'2'"),
        ("file,Smile\na.png,", "line 2: the attribute 'Smile'.*''"),
        ("file,Smile\na.png,1\n\nb.png", "line 4: expected 2 columns.*Received: 1"),
        ("file,Smile\na.png,0\nb.png,-1", "mixes 0 and -1"),
    ],
)
def test_bad_files(labels, text, message):
    with pytest.raises(InputError, match=message):
        read_attribute_file(labels(text))


def test_missing_column_file_and_encoding(labels, tmp_path):
    with pytest.raises(InputError, match="'Blonde_Hair'. Did you mean Blond_Hair"):
        read_attribute_file(labels(CELEBA), ("Blonde_Hair",))
    with pytest.raises(InputError, match="Cannot read the label file .*No such file"):
        read_attribute_file(tmp_path / "missing.csv")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="not a text file"):
        read_attribute_file(tmp_path / "binary")


def test_dataset(images, labels):
    options = {"data_dir": images, "labels": labels(CELEBA)}
    parts = [load_dataset("attributes", s, 8, **options) for s in ("train", "held_out")]
    info = parts[0].info
    assert info.domains == NAMES and info.label_type == "binary"
    assert info.exclusive_groups == (("Black_Hair", "Blond_Hair"),)
    rows = {n: list(v) for p in parts for n, v in zip(p.names, p.labels, strict=True)}
    expected = ("000001.jpg", "000002.jpg", "my photo.jpg")
    assert rows == dict(zip(expected, VALUES, strict=True))
    assert parts[0].load(0).shape == (8, 8, 3)


def test_hair_is_a_group_only_of_two(images, labels):
    part = load_dataset(
        "attributes",
        "train",
        8,
        data_dir=images,
        labels=labels(CELEBA),
        attributes=("Young", "Black_Hair"),
    )
    assert part.info.exclusive_groups == () and part.labels.shape[1] == 2


def test_names_are_found_in_subfolders_and_with_another_extension(
    photograph, labels, tmp_path
):
    photograph("images/deep/000001.png")
    photograph("images/deep/000002.jpg")
    photograph("images/my photo.png")
    options = {"data_dir": str(tmp_path / "images"), "labels": labels(CELEBA)}
    parts = [load_dataset("attributes", s, 8, **options) for s in ("train", "held_out")]
    assert {name for part in parts for name in part.names} == {
        "deep/000001.png",
        "deep/000002.jpg",
        "my photo.png",
    }


def test_images_without_a_row(images, labels, photograph):
    for number in range(4):
        photograph(f"images/new{number}.jpg")
    message = r"lacks 4 of the 7 images .*new0\.jpg, new1\.jpg, new2\.jpg, …"
    with pytest.raises(InputError, match=message):
        load_dataset("attributes", "train", 8, data_dir=images, labels=labels(CELEBA))


def test_rows_without_an_image_are_passed_over_with_a_warning(images, labels, warned):
    path = labels(CELEBA + "gone.jpg 1 1 1 1\n")
    load_dataset("attributes", "train", 8, data_dir=images, labels=path)
    assert len(warned) == 1 and warned[0].startswith("1 of 4 rows of ")
    assert warned[0].endswith("ignored: gone.jpg")


def test_other_bad_input(images, labels, tmp_path):
    path = labels(CELEBA)
    with pytest.raises(InputError, match="needs --data_dir .* and --labels"):
        load_dataset("attributes", "train", 8, data_dir=images)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="contains no image"):
        load_dataset(
            "attributes", "train", 8, data_dir=str(tmp_path / "none"), labels=path
        )
    twice = labels(CELEBA + "000001.jpg 1 1 1 1\n")
    with pytest.raises(InputError, match=r"two rows for the image 000001\.jpg"):
        load_dataset("attributes", "train", 8, data_dir=images, labels=twice)


TABLE = """path,domain,group,split
000001.jpg,cat,anna,train
000002.jpg,dog,anna,train
my photo.jpg,cat,ben,test
"""


def opened(images, labels, split="train", **options):
    options = {"data_dir": images, "labels": labels, **options}
    return load_dataset("attributes", split, 32, **options)


def test_a_table_of_domains_groups_and_splits(images, labels):
    table = labels(TABLE)
    train, held_out = (opened(images, table, split) for split in ("train", "held_out"))
    assert train.info.domains == ("cat", "dog") and train.info.label_type == "one_hot"
    assert train.names == ("000001.jpg", "000002.jpg")
    np.testing.assert_array_equal(train.labels, np.eye(2))
    assert held_out.names == ("my photo.jpg",)
    assert train.known.group("000002.jpg") == "anna"
    assert held_out.known.group("my photo.jpg") == "ben"


def test_one_domain_of_a_table(images, labels):
    cats = opened(images, labels(TABLE), attributes=("cat",))
    assert cats.names == ("000001.jpg",) and cats.labels.tolist() == [[1]]
    with pytest.raises(InputError, match=r"has no domain 'cow'. Known: cat, dog"):
        opened(images, labels(TABLE), attributes=("cow",))


def test_groups_never_cross_splits(photograph, tmp_path, labels):
    for number in range(24):
        photograph(f"images/{number:02d}.jpg", seed=number)
    rows = [f"{n:02d}.jpg,{n % 2},patient {n // 4}" for n in range(24)]
    table = labels("\n".join(["path,Ill,group", *rows]))
    root = str(tmp_path / "images")
    both = [opened(root, table, s, held_out=0.3) for s in ("train", "held_out")]
    assert both[0].info.domains == ("Ill",)
    patients = [{part.known.group(name) for name in part.names} for part in both]
    assert not patients[0] & patients[1] and all(patients)
    assert sum(len(part) for part in both) == 24


def test_images_without_a_group_are_groups(images, labels):
    table = TABLE.replace("anna", "").replace("ben", "")
    train, held_out = (opened(images, labels(table), s) for s in ("train", "held_out"))
    assert [train.known.group(name) for name in train.names] == list(train.names)
    assert len(held_out) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dog,anna,train", "dog,anna,test", "line 3: the group 'anna' is in both spl"),
        ("ben,test", "ben,dev", "line 4: the split must be one of train, .*: 'dev'"),
        ("my photo.jpg,cat", "my photo.jpg,", "line 4: the domain is missing"),
    ],
)
def test_tables_that_are_refused(images, labels, old, new, message):
    assert old in TABLE
    table = labels(TABLE.replace(old, new))
    with pytest.raises(InputError, match=message):
        opened(images, table)


def test_attributes_come_before_domains_if_they_are_named(images, labels):
    text = "path,domain,Male\n000001.jpg,cat,1\n000002.jpg,dog,0\nmy photo.jpg,cat,1\n"
    assert opened(images, labels(text)).info.domains == ("cat", "dog")
    named = opened(images, labels(text), attributes=("Male",), held_out=0.01)
    assert named.info.domains == ("Male",) and named.info.label_type == "binary"
