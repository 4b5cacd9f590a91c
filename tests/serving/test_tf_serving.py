"""Version folders and TF Serving's configuration files."""

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from stargan_tf.errors import InputError
from stargan_tf.serving.tf_serving import models_config, next_version, versions


def test_versions_count_up(tmp_path):
    assert next_version(tmp_path / "new") == tmp_path / "new/1"
    for name in ("1", "10", "litert", ".unfinished-11"):
        (tmp_path / name).mkdir()
    assert versions(tmp_path) == [1, 10]
    assert next_version(tmp_path) == tmp_path / "11"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="must be a folder"):
        next_version(tmp_path / "file")


def test_names_are_quoted_in_models_config():
    text = models_config('my "own" faces')
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse(text, config)
    (one,) = config.model_config_list.config
    assert one.base_path == '/models/my "own" faces'
