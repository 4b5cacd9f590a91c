import os
import subprocess
import sys


def test_env_prints_versions_and_devices_and_no_chatter():
    environment = {n: v for n, v in os.environ.items() if n != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "stargan_tf.cli.main", "env"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    facts = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert {"stargan_tf", "keras", "tensorflow", "python", "devices"} <= facts.keys()
    assert "CPU" in facts["devices"]
