import signal
import subprocess
import sys
import urllib.request

import pytest

from stargan_tf.demo.web import run_web_demo
from stargan_tf.errors import InputError


def test_only_written(described, fake_runtime, tmp_path, capsys):
    output = tmp_path / "new" / "page"
    run_web_demo(described(), port=None, output=output, runtime=fake_runtime)
    assert (output / "index.html").is_file()
    assert f"Wrote {output}" in capsys.readouterr().out
    assert [path.name for path in output.parent.iterdir()] == ["page"]


def test_nothing_is_overwritten(described, fake_runtime, tmp_path):
    with pytest.raises(InputError, match="exists already"):
        run_web_demo(described(), port=None, output=tmp_path, runtime=fake_runtime)


def test_neither_served_nor_kept(described):
    with pytest.raises(InputError, match="--noserve needs --output"):
        run_web_demo(described(), port=None)


def test_what_cannot_be_written_is_told(described, fake_runtime, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write the page"):
        run_web_demo(
            described(), port=0, output=tmp_path / "file/page", runtime=fake_runtime
        )


@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    reason="a shell's background job ignores interrupts, and so do its children",
)
def test_the_command_serves_until_it_is_interrupted(described, fake_runtime):
    command = [sys.executable, "-m", "stargan_tf.cli.main", "demo", "web", "--port=0"]
    command += [f"--model={described()}", f"--runtime={fake_runtime}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as served:
        address = served.stdout.readline().split()[1]
        with urllib.request.urlopen(f"{address}model/model.json") as answer:
            assert answer.status == 200
        served.send_signal(signal.SIGINT)
        assert served.wait(timeout=60) == 0
        assert served.stderr.read() == ""
