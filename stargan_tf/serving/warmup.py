"""Requests that TF Serving answers for itself before it says that it is ready.

Without them the first user waits while kernels are chosen and memory is taken.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from stargan_tf.serving.endpoint import Endpoint

FILE = "tf_serving_warmup_requests"


def write_warmup(path: Path, model: str, endpoints: list[Endpoint], names: list[str]):
    """One request for each signature, of one image.

    Args:
        path: the file to write, a TFRecord of `PredictionLog`.
        model: the model's name on the server.
        endpoints: its signatures.
        names: of its labels; the first one is asked for.
    """
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    with tf.io.TFRecordWriter(str(path)) as writer:
        for endpoint in endpoints:
            request = predict_pb2.PredictRequest()
            request.model_spec.name = model
            request.model_spec.signature_name = endpoint.name
            for spec in endpoint.inputs:
                example = tf.make_tensor_proto(_example(spec, names[0]))
                request.inputs[spec.name].CopyFrom(example)
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())


def _example(spec: tf.TensorSpec, name: str) -> np.ndarray:
    if spec.dtype == tf.string:
        content = name.encode() if spec.name == "names" else _png()
        return np.array([content], object)
    return np.zeros([side or 1 for side in spec.shape], spec.dtype.as_numpy_dtype)


def _png() -> bytes:
    return tf.io.encode_png(tf.zeros((8, 8, 3), tf.uint8)).numpy()
