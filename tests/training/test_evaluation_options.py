import pytest

from stargan_tf.errors import InputError
from stargan_tf.training.config import resolve

RUN = {"dataset": "toon_attributes"}


def test_by_default_nothing_is_measured_in_training():
    config = resolve(RUN)
    assert config.evaluate_every == 0 and config.best_metric is None
    assert config.evaluation.metrics == ("classification", "unchanged")


def test_the_options_reach_the_evaluation():
    config = resolve(
        {
            **RUN,
            "evaluate_every": 100,
            "evaluate_metrics": "kid,lpips",
            "evaluate_count": 7,
            "seed": 3,
            "best_metric": "kid",
        }
    )
    options = config.evaluation
    assert (options.metrics, options.count, options.seed) == (("kid", "lpips"), 7, 3)
    assert resolve(config.to_dict()) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"evaluate_metrics": "fidd"}, "no metric 'fidd'. Did you mean fid"),
        ({"best_metric": "kid"}, "best_metric=kid needs evaluations"),
        (
            {"best_metric": "fid", "evaluate_every": 5},
            "a number of --evaluate_metrics classification,unchanged. Received: fid",
        ),
        ({"evaluate_classifier": "big", "evaluate_every": 5}, "tiny or small"),
        ({"evaluate_every": -1}, "evaluate_every must be a whole number, at least 0"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_training(values, message):
    with pytest.raises(InputError, match=message):
        resolve({**RUN, **values})
