"""Client and development server over real sockets: answers, and every status."""

from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from stargan_tf.errors import InputError
from stargan_tf.serving import Client, ServingError
from stargan_tf.serving import dev_server as module
from stargan_tf.serving.dev_server import DevServer
from tests.serving.toy import write_toy

IMAGES = np.arange(96, dtype=np.uint8).reshape(2, 4, 4, 3)
LABELS = np.array([[1, 0], [2, 0]], np.float32)
GOOD = {"images": IMAGES, "labels": LABELS}


@pytest.fixture
def stub(server):
    with grpc.insecure_channel(server.address) as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request(inputs=GOOD, name="toy", signature="", version=None, label=None):
    made = predict_pb2.PredictRequest()
    made.model_spec.name, made.model_spec.signature_name = name, signature
    if version is not None:
        made.model_spec.version.value = version
    if label is not None:
        made.model_spec.version_label = label
    for key, value in inputs.items():
        made.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return made


def status_of(call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code().name, caught.value.details()


def test_a_client_gets_what_the_model_computes(client):
    found = client.predict(GOOD)
    np.testing.assert_array_equal(found["images"], IMAGES + LABELS[:, :1, None, None])
    assert found["version"].tolist() == [1, 1]
    assert list(client.predict(GOOD, outputs=["version"])) == ["version"]


def test_the_original_client_gets_it_too(stub):
    # Without a deadline: gRPC then counts the seconds left in 64 bits.
    response = stub.Predict(request())
    spec = response.model_spec
    assert (spec.name, spec.version.value) == ("toy", 1)
    assert spec.signature_name == "serving_default"
    found = tf.make_ndarray(response.outputs["images"])
    np.testing.assert_array_equal(found, IMAGES + LABELS[:, :1, None, None])


def test_a_client_learns_what_there_is(client):
    assert client.status() == {1: "AVAILABLE"}
    assert client.describe() == {"family": "stargan", "image_size": 4}
    signatures = client.signatures()
    assert signatures["serving_default"]["inputs"] == {
        "images": ("uint8", (-1, 4, 4, 3)),
        "labels": ("float32", (-1, 2)),
    }
    assert "__saved_model_init_op" not in signatures


def test_pictures_are_sent_as_files_and_as_arrays(client, tmp_path):
    drawn = np.full((5, 7, 3), 10, np.uint8)
    tf.io.write_file(str(tmp_path / "a.png"), tf.io.encode_png(drawn))
    for found in client.translate([tmp_path / "a.png", drawn], to="Any"):
        np.testing.assert_array_equal(found, 255 - drawn)
    with pytest.raises(InputError, match=r"b\.png cannot be read: No such file"):
        client.translate([tmp_path / "b.png"], to="Any")


ENCODED = {"encoded": [b"no"], "names": [b""]}
REFUSED = {
    "unknown model": (request(name="nope"), "NOT_FOUND", "nope, version 1"),
    "unknown version": (request(version=7), "NOT_FOUND", "toy, version 7"),
    "unknown label": (request(label="canary"), "INVALID_ARGUMENT", "label: canary"),
    "no model": (request(name=""), "INVALID_ARGUMENT", "has no name specified."),
    "unknown signature": (
        request(signature="nope"),
        "FAILED_PRECONDITION",
        'Serving signature key "nope" not found.',
    ),
    "missing input": (
        request({"images": IMAGES}),
        "INVALID_ARGUMENT",
        "has the inputs images, labels. Received: images",
    ),
    "extra input": (
        request({**GOOD, "more": LABELS}),
        "INVALID_ARGUMENT",
        "Received: images, labels, more",
    ),
    "wrong type": (
        request({"images": IMAGES, "labels": LABELS.astype(np.float64)}),
        "INVALID_ARGUMENT",
        "labels to be float32 but float64 is sent",
    ),
    "wrong size": (
        request({"images": np.zeros((2, 8, 8, 3), np.uint8), "labels": LABELS}),
        "INVALID_ARGUMENT",
        "[2,8,8,3]",
    ),
    "wrong rank": (
        request({"images": IMAGES[..., 0], "labels": LABELS}),
        "INVALID_ARGUMENT",
        "[2,4,4]",
    ),
    "uneven batch": (
        request({"images": IMAGES, "labels": LABELS[:1]}),
        "INVALID_ARGUMENT",
        "assertion failed: [Send as many rows in each.]",
    ),
    "empty batch": (
        request({"images": IMAGES[:0], "labels": LABELS[:0]}),
        "INVALID_ARGUMENT",
        "The batch is empty.",
    ),
    "no picture": (
        request(ENCODED, signature="translate_encoded"),
        "INVALID_ARGUMENT",
        "Unknown image file format",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_does_not_fit_has_the_status_of_tf_serving(stub, case):
    made, code, message = REFUSED[case]
    found = status_of(lambda: stub.Predict(made, timeout=20))
    assert found[0] == code
    assert message in found[1]
    assert len(found[1]) <= 1024


def test_a_client_is_told_the_reason_in_one_sentence(client):
    with pytest.raises(ServingError, match=r"INVALID_ARGUMENT: assertion failed: \[Se"):
        client.predict({"images": IMAGES, "labels": LABELS[:1]})


@pytest.mark.parametrize("names", [["nope"], ["images", "images"]])
def test_outputs_that_are_not_there_or_twice(stub, names):
    made = request()
    made.output_filter.extend(names)
    code, details = status_of(lambda: stub.Predict(made, timeout=20))
    assert code == "INVALID_ARGUMENT"
    assert "outputs of 'serving_default', each once: images, version" in details


def test_a_request_is_measured_before_its_tensors_are_built(stub):
    few, many = [-1, 4, 4, 3], [10**7, 4, 4, 3]
    small = {"int_val": [1]}
    for shape, values, message in (
        (few, small, "size of at least 0"),
        (many, small, "tensors of up to"),
        (many, {"tensor_content": b"1"}, "content of 480000000 bytes, not 1"),
        ([2, 4, 4, 3], {}, "needs 96 values, not 0"),
        ([2, 4, 4, 3], {"int_val": [1] * 97}, "needs 96 values, not 97"),
        ([2**40, 2**40, 2**40, 3], small, "tensors of up to"),
    ):
        made = request()
        tensor = TensorProto(dtype=tf.uint8.as_datatype_enum, **values)
        for size in shape:
            tensor.tensor_shape.dim.add(size=size)
        made.inputs["images"].CopyFrom(tensor)
        code, details = status_of(lambda made=made: stub.Predict(made, timeout=20))
        assert code == "INVALID_ARGUMENT"
        assert message in details


def test_metadata_and_status_of_what_is_not_there(server, stub):
    made = get_model_metadata_pb2.GetModelMetadataRequest()
    made.model_spec.name = "toy"
    for fields in ([], ["foo"]):
        made.metadata_field[:] = fields
        code, details = status_of(lambda: stub.GetModelMetadata(made, timeout=20))
        assert (code, "signature_def" in details) == ("INVALID_ARGUMENT", True)
    asked = get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = "nope"
    with grpc.insecure_channel(server.address) as channel:
        status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus
        assert status_of(lambda: status(asked, timeout=20))[0] == "NOT_FOUND"


def test_other_methods_are_not_there(stub):
    made = classification_pb2.ClassificationRequest()
    made.model_spec.name = "toy"
    assert status_of(lambda: stub.Classify(made, timeout=20))[0] == "UNIMPLEMENTED"


def test_health(server):
    with grpc.insecure_channel(server.address) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        for service in ("", "tensorflow.serving.PredictionService"):
            asked = health_pb2.HealthCheckRequest(service=service)
            answer = check(asked, timeout=20)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_deadline(client):
    with pytest.raises(ServingError) as caught:
        client.predict({"rounds": np.array([500], np.int32)}, "slow", timeout=0.05)
    assert caught.value.code == "DEADLINE_EXCEEDED"


def test_large_messages(toy_folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_REQUEST_BYTES", 6 << 20)
    running = DevServer(toy_folder, port=0)
    running.start()

    def predict(count):
        inputs = {
            "images": np.zeros((count, 4, 4, 3), np.uint8),
            "labels": np.ones((count, 2), np.float32),
        }
        with Client(running.address, "toy") as client:
            return client.predict(inputs)["images"]

    # Over gRPC's own limit of four megabytes, and over the server's.
    assert predict(100_000).min() == 1
    with pytest.raises(ServingError, match="RESOURCE_EXHAUSTED"):
        predict(200_000)
    running.stop(0)


def test_more_requests_at_once_than_are_allowed(toy_folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_REQUESTS", 1)
    running = DevServer(toy_folder, port=0)
    running.start()
    with grpc.insecure_channel(running.address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        made = request({"rounds": np.array([200], np.int32)}, signature="slow")
        calls = [stub.Predict.future(made, timeout=60) for _ in range(6)]
        codes = {call.code().name for call in calls}
    running.stop(0)
    assert codes == {"OK", "RESOURCE_EXHAUSTED"}


def test_a_server_that_is_not_there(toy_folder):
    unused = DevServer(toy_folder, port=0)
    unused.stop(0)
    with (
        Client(unused.address, "toy", options={"grpc.enable_retries": 0}) as client,
        pytest.raises(ServingError) as caught,
    ):
        client.status()
    assert caught.value.code == "UNAVAILABLE"
    assert unused.address in str(caught.value)


def test_a_folder_or_port_that_cannot_be_served(server, toy_folder, tmp_path):
    with pytest.raises(InputError, match="There is no folder"):
        DevServer(tmp_path / "none")
    with pytest.raises(InputError, match="has no version"):
        DevServer(tmp_path)
    with pytest.raises(InputError, match="a single version. Pass .*toy"):
        DevServer(toy_folder / "1")
    with pytest.raises(InputError, match="Cannot listen on"):
        DevServer(toy_folder, port=int(server.address.rpartition(":")[2]))
    (tmp_path / "1").mkdir()
    with pytest.raises(InputError, match="cannot be loaded"):
        DevServer(tmp_path, port=0)


def test_an_export_of_before_is_served(tmp_path):
    saved = Path(__file__).parents[1] / "saved"
    with np.load(saved / "expected.npz") as expected:
        images, labels = expected["stargan_images"], expected["stargan_labels"]
        translated = expected["stargan_translated"]
    running = DevServer(saved / "saved_model", port=0)
    running.start()
    with Client(running.address, "saved_model") as client:
        floats = images.astype(np.float32) / 127.5 - 1
        inputs = {"images": floats, "labels": labels}
        found = client.predict(inputs, "translate_float")["images"]
        assert client.describe()["family"] == "stargan"
    running.stop(0)
    np.testing.assert_allclose(found, translated, rtol=1e-4, atol=1e-5)


def test_the_newest_version_is_served(tmp_path):
    for version in (9, 10):
        write_toy(tmp_path / "toy", version)
    running = DevServer(tmp_path / "toy", port=0)
    running.start()
    with Client(running.address, "toy") as client:
        assert client.predict(GOOD)["version"].tolist() == [10, 10]
        assert client.status() == {10: "AVAILABLE"}
    running.stop(0)
