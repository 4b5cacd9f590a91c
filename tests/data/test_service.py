"""docs/scaling.md: batches made by a `tf.data` service."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import stargan_tf

PAGE = Path(__file__).parents[2] / "docs/scaling.md"


def test_the_scripts_of_the_page_give_the_same_batches(one_hot):
    section = PAGE.read_text("utf-8").split("## Batches by the `tf.data` service")[1]
    servers, script = re.findall(r"```python\n(.*?)```", section, re.S)[:2]
    names = {}
    # Ports of the system's choice.
    servers = servers.replace("service.DispatcherConfig(port=5000)", "")
    servers = servers.replace(', worker_address="HOST:5001", port=5001', "")
    before, worker = servers.split("worker = ")
    exec(before, names)
    address = names["dispatcher"].target.partition("://")[2]
    exec("worker = " + worker.replace("HOST:5000", address), names)

    def fit(batches, steps_per_epoch, shuffle):
        assert batches.cardinality() < 0 and not shuffle
        names["received"] = list(batches.take(6))

    images = one_hot("set", [0] * 5 + [1] * 3)
    names |= {"stargan_tf": stargan_tf, "images": images}
    names["model"] = SimpleNamespace(fit=fit)
    exec(script.replace("HOST:5000", address), names)
    expected = stargan_tf.reference_batches(images, batch_size=8)
    for one, other in zip(names["received"], expected, strict=False):
        for ours, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(ours, theirs)
