"""The requests that an export brings along, run before it is served."""

from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from stargan_tf.errors import InputError
from stargan_tf.serving.prediction import DEFAULT
from stargan_tf.serving.refusal import Refusal
from stargan_tf.serving.tensors import to_array

FILE = Path("assets.extra", "tf_serving_warmup_requests")


def warm_up(model: Any, folder: Path) -> int:
    """Runs a version's warm-up requests, if it has any.

    Args:
        model: a `LoadedModel`.
        folder: of the version.

    Returns:
        How many there were.

    Raises:
        InputError: if one fails: TF Serving does not serve such a version either.
    """
    if not (folder / FILE).exists():
        return 0
    count = 0
    try:
        for record in tf.data.TFRecordDataset(str(folder / FILE)):
            _replay(model, prediction_log_pb2.PredictionLog.FromString(record.numpy()))
            count += 1
    except (Refusal, tf.errors.OpError, KeyError, ValueError, DecodeError) as error:
        model.close()
        raise InputError(
            f"{folder}: warm-up request {count + 1} fails: {error}"
        ) from error
    return count


def _replay(model: Any, log: Any) -> None:
    request = log.predict_log.request
    name = request.model_spec.signature_name or DEFAULT
    inputs = {key: to_array(value) for key, value in request.inputs.items()}
    model.run(name, inputs)
