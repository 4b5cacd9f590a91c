import numpy as np
import pytest

from stargan_tf.files import NotWritten
from stargan_tf.training import metric_log
from stargan_tf.training.metric_log import MetricLog, drop_lines_after


def test_lines_of_steps_to_be_repeated_are_dropped(tmp_path):
    file = tmp_path / "metrics.jsonl"
    for step in (5, 10, 15):
        MetricLog(file).write(step, {"loss": 0.5})
    with file.open("a") as opened:
        opened.write('{"step": 1')  # Cut short by a kill.
    drop_lines_after(file, 10)
    lines = file.read_text().splitlines()
    assert lines == ['{"step": 5, "loss": 0.5}', '{"step": 10, "loss": 0.5}']
    drop_lines_after(file, 0)
    assert file.read_text() == ""


def test_no_lines_yet(tmp_path):
    drop_lines_after(tmp_path / "metrics.jsonl", 0)
    assert not list(tmp_path.iterdir())


def test_without_tensorboard_its_extra_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(metric_log, "find_spec", lambda name: None)
    log = MetricLog(tmp_path / "metrics.jsonl", tmp_path / "tb")
    log.write(1, {"d_loss": 1.0})
    log.write_picture(1, "samples", np.zeros((4, 4, 3), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.jsonl"]
    assert "stargan_tf[tensorboard]" in capsys.readouterr().out


def test_a_full_disk_under_tensorboard_is_one_line(tmp_path):
    import tensorflow as tf

    log = MetricLog(tmp_path / "metrics.jsonl", tmp_path / "tb")

    class Full:
        def as_default(self):
            raise tf.errors.OutOfRangeError(None, None, "no space")

    log._writer = Full()
    with pytest.raises(NotWritten, match="the TensorBoard log .*: no space"):
        log.write(1, {"loss": 1.0})


def test_tensorboard_gets_scalars_and_pictures(tmp_path):
    log = MetricLog(tmp_path / "metrics.jsonl", tmp_path / "tb")
    log.write(1, {"d_loss": 1.0})
    log.write_picture(1, "samples", np.zeros((4, 4, 3), np.uint8))
    (file,) = (tmp_path / "tb").iterdir()
    content = file.read_bytes()
    assert b"d_loss" in content
    assert b"samples" in content


DAMAGED = [
    b'\xff\xfe{"step": 5}',  # not UTF-8
    b'{"step": "a", "loss": 1}',
    b'{"step": null}',
    b'{"step": 4.5}',
    b'{"loss": 1}',
    b'{"step": 5, "loss": "x"}',
    b"[1, 2]",
    b"7",
    b'{"step": 1{"step": 2, "loss": 0.5}',
    b"[" * 200_000,
]


def test_damaged_lines_are_removed_with_one_line(tmp_path, capsys):
    file = tmp_path / "metrics.jsonl"
    sound = b'{"step": 5, "loss": 0.5}'
    file.write_bytes(b"\n".join([*DAMAGED, sound, b'{"step": 6}', b""]))
    drop_lines_after(file, 5)
    assert file.read_bytes() == sound + b"\n"
    expected = f"{file}: {len(DAMAGED)} damaged lines were removed.\n"
    assert capsys.readouterr().out == expected
    drop_lines_after(file, 5)
    assert capsys.readouterr().out == ""
