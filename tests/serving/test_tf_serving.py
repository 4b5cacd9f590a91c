"""Version folders."""

import pytest

from stargan_tf.errors import InputError
from stargan_tf.serving.tf_serving import next_version, versions


def test_versions_count_up(tmp_path):
    assert next_version(tmp_path / "new") == tmp_path / "new/1"
    for name in ("1", "10", "litert", ".unfinished-11"):
        (tmp_path / name).mkdir()
    assert versions(tmp_path) == [1, 10]
    assert next_version(tmp_path) == tmp_path / "11"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="must be a folder"):
        next_version(tmp_path / "file")
