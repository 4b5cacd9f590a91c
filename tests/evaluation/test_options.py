import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import EvaluationOptions, read_metrics


def test_metrics_are_read_once_each():
    assert read_metrics(" fid,lpips, fid,") == ("fid", "lpips")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"metrics": ("fidd",)}, "no metric 'fidd'. Did you mean fid"),
        ({"metrics": ()}, "at least one metric. Known: fid, kid"),
        ({"protocol": "stargan"}, "no FID protocol 'stargan'. Did you mean stargan_v2"),
        ({"classifier": "large"}, "no classifier of size 'large'"),
        ({"count": 0}, "count must be at least 1. Received: 0"),
        ({"outputs": -1}, "outputs must be at least 1"),
        ({"classifier_steps": 0}, "classifier_steps must be at least 1"),
        ({"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_what_cannot_be_measured_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        EvaluationOptions(**values)
