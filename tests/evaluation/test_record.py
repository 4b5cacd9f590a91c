import json

import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import Measurement
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.results import (
    Results,
    TaskResult,
    read_record,
    results_record,
    write_record,
)

RESULTS = Results(
    [
        TaskResult(
            *("latent: cat → dog", "latent", "dog", "cat", 5, 10),
            [Measurement("fid", 1.5, {"real": 3}, "standard", note="Few.")],
        )
    ],
    [Measurement("classification_error_real", 0.1)],
)


def test_protocol_counts_seeds_and_context_are_written_and_read(tmp_path):
    record = results_record(RESULTS, EvaluationOptions(seed=7), versions={"keras": "3"})
    file = tmp_path / "new" / "results.json"
    write_record(record, file)
    read = read_record(file)
    assert read == json.loads(json.dumps(record))
    assert read["options"]["seed"] == 7 and read["options"]["outputs"] == 10
    assert read["means"]["latent_fid"]["value"] == 1.5
    assert read["tasks"][0]["source"] == "cat"
    (fid,) = read["tasks"][0]["measurements"]
    assert (fid["protocol"], fid["counts"]) == ("standard", {"real": 3})
    assert read["notes"] == ["Few."] and read["versions"] == {"keras": "3"}
    assert read["real_images"][0]["value"] == 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no results file"),
        ("[]", "no results file"),
        ('{"a": 1}', "no results file"),
        ('{"format": 9, "means": {}}', "format 9; this version reads 1"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_record(file)
