import json

import pytest
from PIL import Image

from stargan_tf.demo.web import COUNT, write_sample_faces


@pytest.mark.parametrize(
    ("datasets", "domains"),
    [
        (["folder", "toon_attributes"], {"Black_Hair", "Blond_Hair", "Brown_Hair"}),
        (["folder"], {"woman", "man", "child"}),
    ],
)
def test_faces_show_different_things(tmp_path, datasets, domains):
    write_sample_faces(tmp_path / "faces", datasets)
    listing = json.loads((tmp_path / "faces/faces.json").read_text())
    assert len(listing) == COUNT
    assert domains <= {name for face in listing for name in face["domains"]}
    assert len(listing[0]["domains"]) == max(len(face["domains"]) for face in listing)
    for face in listing:
        with Image.open(tmp_path / "faces" / face["file"]) as picture:
            assert picture.size == (256, 256)
