"""Two replicas compute what one does, the pool included."""

import subprocess
import sys
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).with_name("two_devices.py")


def test_two_devices_equal_one(tmp_path):
    file = tmp_path / "results.npz"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = np.load(file)
    assert found["two_counts"].tolist() == found["one_counts"].tolist() == [6, 3]
    for name in ("logs", "pool"):
        np.testing.assert_allclose(
            found[f"two_{name}"], found[f"one_{name}"], rtol=1e-3, atol=1e-4
        )
    assert np.ptp(found["one_pool"], axis=(1, 2, 3)).min() > 0
