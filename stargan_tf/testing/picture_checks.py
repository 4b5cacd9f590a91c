"""Are the pictures pixels of the right kind, and the same each time?"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from stargan_tf.data.dataset_options import TRAIN
from stargan_tf.testing.subject import Subject


def check_pixels(subject: Subject) -> Iterator[str]:
    """uint8 RGB squares of the size that was asked for."""
    for split in subject.opened:
        for index in subject.some(split):
            problem = _not_a_picture(subject.picture(split, index), subject.image_size)
            if problem:
                name = subject.opened[split].names[index]
                yield f"{split}: load({index}), '{name}', must return {problem}"
                break


def check_determinism(subject: Subject) -> Iterator[str]:
    """load(i) gives the same whoever asks, how often, and whatever they did with it."""
    for split in subject.opened:
        chosen = subject.some(split, 4)
        first = [np.array(subject.picture(split, index)) for index in chosen]
        for index in chosen:
            _scribble(subject.picture(split, index))
        with ThreadPoolExecutor(4) as pool:
            again = list(pool.map(subject.opened[split].load, chosen))
        if not all(map(np.array_equal, first, again)):
            yield (
                f"{split}: load(i) must give the same picture each time, from many "
                "threads, and after a caller wrote into what it gave. Received: another"
            )


def check_they_differ(subject: Subject) -> Iterator[str]:
    """Not one picture for all numbers."""
    for split in subject.opened:
        chosen = subject.some(split)
        pictures = [np.asarray(subject.picture(split, index)) for index in chosen]
        if len(chosen) > 1 and all(np.array_equal(pictures[0], p) for p in pictures):
            yield f"{split}: load(i) must depend on i. Received: one picture for all"


def check_enlarged(subject: Subject) -> Iterator[str]:
    """Larger pictures, if there are any, have the size that was asked for."""
    subject.doing = "enlarging the training split"
    grown = subject.opened[TRAIN].enlarge()
    problem = _not_a_picture(grown.load(0), grown.info.image_size)
    if problem:
        yield f"enlarge().load(0) must return {problem}"


def _not_a_picture(pixels: Any, size: int) -> str:
    """What was expected and received; empty if all is well."""
    expected = f"a uint8 array {(size, size, 3)}. Received: "
    if not isinstance(pixels, np.ndarray):
        return expected + type(pixels).__name__
    if pixels.dtype != np.uint8 or pixels.shape != (size, size, 3):
        return f"{expected}{pixels.dtype} {pixels.shape}"
    return ""


def _scribble(pixels: Any) -> None:
    if isinstance(pixels, np.ndarray) and pixels.flags.writeable:
        pixels[...] = 0


PICTURE_CHECKS = (check_pixels, check_determinism, check_they_differ, check_enlarged)
