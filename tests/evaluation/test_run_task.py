from dataclasses import replace

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.evaluator import run_task
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.steering.tasks import label_tasks
from tests.evaluation.fakes import FACE_LABELS, FACES, faces, make_source


def black(subject):
    return label_tasks(subject, EvaluationOptions())[0]


def test_nan_is_told_before_it_looks_like_a_number():
    subject = faces()
    broken = np.full((2, 1, 16, 16, 3), np.nan, np.float32)
    task = replace(black(subject), translate=lambda places, images: broken)
    with pytest.raises(
        InputError, match="finite. Received: NaN or infinity at 'Black'"
    ):
        run_task(task, subject.held_out, [], 2, lambda count: None)


def test_unreadable_images_are_left_out_of_the_count():
    subject = faces(held_out=make_source(FACES, FACE_LABELS, unreadable={4}))
    seen = []
    result = run_task(black(subject), subject.held_out, [], 2, seen.append)
    assert result.sources == 2 and sum(seen) == 2
    nothing = make_source(FACES, FACE_LABELS, unreadable={2, 4, 5})
    with pytest.raises(InputError, match="None of the images of 'Black' can be read"):
        run_task(black(faces()), nothing, [], 2, seen.append)
