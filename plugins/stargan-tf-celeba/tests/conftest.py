import numpy as np
import pytest
from stargan_tf_celeba.attributes import ATTRIBUTES, HAIR_COLORS

COUNT = 30


@pytest.fixture
def rows():
    """File name → values of the 40 attributes; the hair has one colour at most."""
    random = np.random.default_rng(0)
    table = {}
    for number in range(1, COUNT + 1):
        values = random.integers(0, 2, len(ATTRIBUTES))
        hair = [ATTRIBUTES.index(name) for name in HAIR_COLORS]
        values[hair] = 0
        values[hair[number % 4]] = 1
        table[f"{number:06d}.jpg"] = values
    return table


@pytest.fixture
def original(tmp_path, write_pictures, rows):
    """The authors' folder: Anno, Eval, Img."""
    folder = tmp_path / "celeba"
    (folder / "Anno").mkdir(parents=True)
    (folder / "Eval").mkdir()
    lines = [str(COUNT), " ".join(ATTRIBUTES) + " "]
    for name, values in rows.items():
        lines.append(f"{name} " + " ".join(f"{2 * v - 1:2d}" for v in values))
    (folder / "Anno" / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    lines = [f"{name} {part(k)}\n" for k, name in enumerate(rows)]
    (folder / "Eval" / "list_eval_partition.txt").write_text("".join(lines))
    write_pictures(folder / "Img" / "img_align_celeba", rows, (178, 218))
    return folder


@pytest.fixture
def kaggle(tmp_path, write_pictures, rows):
    """Kaggle's folder: CSVs, and the faces in a folder in a folder."""
    folder = tmp_path / "archive"
    write_pictures(folder / "img_align_celeba" / "img_align_celeba", rows, (178, 218))
    lines = [",".join(("image_id", *ATTRIBUTES))]
    lines += [",".join((n, *map(str, 2 * v - 1))) for n, v in rows.items()]
    (folder / "list_attr_celeba.csv").write_text("\n".join(lines) + "\n")
    lines = ["image_id,partition", *(f"{n},{part(k)}" for k, n in enumerate(rows))]
    (folder / "list_eval_partition.csv").write_text("\n".join(lines) + "\n")
    return folder


def part(row):
    return 0 if row < 20 else 1 if row < 25 else 2
