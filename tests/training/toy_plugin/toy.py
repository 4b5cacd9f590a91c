"""A data set plugin for tests, and the accidents that a test can order by variables.

TOY_KILL_SAVE=N: `kill -9` while the checkpoint of step N is half-written.
TOY_FILE_LIMIT=N: no file can grow beyond N bytes, as on a full disk.
"""

import os
import resource
import signal

import numpy as np

from stargan_tf import files
from stargan_tf.plugin import (
    BINARY,
    ONE_HOT,
    Dataset,
    DatasetInfo,
    LabeledImages,
    Labels,
)

COUNTS = {"train": 24, "held_out": 4}


class Toy(Dataset):
    """Noise that is red or not, bright or not; or only one of the two."""

    def load(self, split, image_size, options):
        domains = options.attributes or ("Red", "Bright")
        kind = self.labels.kind
        info = DatasetInfo(self.name, domains, kind, image_size)
        numbers = np.arange(COUNTS[split])
        bright = numbers % 2 == 0 if kind == ONE_HOT else numbers // 2 % 2
        labels = np.stack([numbers % 2, bright], axis=1).astype(np.float32)

        def draw(index):
            random = np.random.default_rng([index, COUNTS[split]])
            image = random.integers(0, 60, (image_size, image_size, 3))
            image[..., 0] += 120 * int(labels[index, 0])
            return (image + 60 * int(labels[index, 1])).astype(np.uint8)

        return LabeledImages(
            info,
            labels[:, : len(domains)],
            tuple(f"{split}/{i}.png" for i in numbers),
            draw,
            f"{self.name} {split} {image_size}",
        )


def toy(name, kind):
    return Toy(
        api_version=1,
        name=name,
        description="Red and bright squares.",
        license="none",
        citation="none",
        obtain="Nothing to obtain.",
        labels=Labels(("Red", "Bright"), kind),
    )


TOY = toy("toy", BINARY)
TOY_MOODS = toy("toy_moods", ONE_HOT)


def _kill_during_save(step: str) -> None:
    flush = files.flush

    def flush_or_die(path):
        name = f"step_{int(step):08d}"
        if path.parent.name == name and path.parents[1].name == files.NEW:
            os.kill(os.getpid(), signal.SIGKILL)
        flush(path)

    files.flush = flush_or_die


if "TOY_KILL_SAVE" in os.environ:
    _kill_during_save(os.environ["TOY_KILL_SAVE"])
if "TOY_FILE_LIMIT" in os.environ:
    limit = int(os.environ["TOY_FILE_LIMIT"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
