import json

from stargan_tf.evaluation.measurement import Measurement


def test_the_dictionary_has_what_is_known_and_goes_into_json():
    full = Measurement("e", 0.5, {"answers": 4}, interval=(0.2, 0.8))
    assert json.loads(json.dumps(full.to_dict())) == {
        "name": "e",
        "value": 0.5,
        "counts": {"answers": 4},
        "interval": [0.2, 0.8],
    }
