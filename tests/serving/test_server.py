"""Client and server over real sockets: answers, and every status of TF Serving."""

import threading

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
from stargan_tf.serving.batching_config import Batching
from stargan_tf.serving.client import Client
from stargan_tf.serving.retries import Retries
from stargan_tf.serving.server import Server, ServerOptions
from stargan_tf.serving.serving_error import ServingError

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
    response = stub.Predict(request(), timeout=20)
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


REFUSED = {
    "unknown model": (
        request(name="nope"),
        "NOT_FOUND",
        "Servable not found for request: Latest(nope)",
    ),
    "unknown version": (
        request(version=7),
        "NOT_FOUND",
        "Servable not found for request: Specific(toy, 7)",
    ),
    "unknown label": (
        request(label="canary"),
        "INVALID_ARGUMENT",
        "Unrecognized servable version label: canary",
    ),
    "no model": (
        request(name=""),
        "INVALID_ARGUMENT",
        "ModelSpec has no name specified.",
    ),
    "unknown signature": (
        request(signature="nope"),
        "FAILED_PRECONDITION",
        'Serving signature key "nope" not found.',
    ),
    "missing input": (
        request({"images": IMAGES}),
        "INVALID_ARGUMENT",
        "input size does not match signature: 1!=2 len({images}) != "
        "len({images,labels}). Sent extra: {}. Missing but required: {labels}.",
    ),
    "extra input": (
        request({**GOOD, "more": LABELS}),
        "INVALID_ARGUMENT",
        "input size does not match signature: 3!=2 len({images,labels,more}) != "
        "len({images,labels}). Sent extra: {more}. Missing but required: {}.",
    ),
    "misnamed input": (
        request({"image": IMAGES, "labels": LABELS}),
        "INVALID_ARGUMENT",
        "Signature input alias: images(feed name: serving_default_images:0) not found "
        "in request and no default value provided.",
    ),
    "wrong type": (
        request({"images": IMAGES, "labels": LABELS.astype(np.float64)}),
        "INVALID_ARGUMENT",
        "to be float but double is provided",
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
    "wrong width": (
        request({"images": IMAGES, "labels": LABELS[:, 0]}),
        "INVALID_ARGUMENT",
        "",
    ),
    "uneven batch": (
        request({"images": IMAGES, "labels": LABELS[:1]}),
        "INVALID_ARGUMENT",
        "Send as many rows in each.",
    ),
    "empty batch": (
        request({"images": IMAGES[:0], "labels": LABELS[:0]}),
        "INVALID_ARGUMENT",
        "The batch is empty.",
    ),
    "no picture": (
        request({"encoded": [b"no"], "names": [b""]}, signature="translate_encoded"),
        "INVALID_ARGUMENT",
        "Unknown image file format",
    ),
    "empty picture": (
        request({"encoded": [b""], "names": [b""]}, signature="translate_encoded"),
        "INVALID_ARGUMENT",
        "Input is empty.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_that_does_not_fit_has_the_status_of_tf_serving(stub, case):
    made, code, message = REFUSED[case]
    found = status_of(lambda: stub.Predict(made, timeout=20))
    assert found[0] == code
    assert message in found[1]
    assert len(found[1]) <= 1024 + len("...TRUNCATED")


def test_outputs_that_are_not_there_or_twice(stub):
    for names, message in (
        (["nope"], "output tensor alias not found in signature: nope"),
        (["images", "images"], "duplicate output tensor alias: images"),
    ):
        made = request()
        made.output_filter.extend(names)
        code, details = status_of(lambda made=made: stub.Predict(made, timeout=20))
        assert code == "INVALID_ARGUMENT"
        assert details.startswith(message)


def test_a_damaged_tensor(stub):
    made = request()
    made.inputs["images"].tensor_content = b"short"
    found = status_of(lambda: stub.Predict(made, timeout=20))
    assert found[0] == "INVALID_ARGUMENT"
    assert found[1].startswith("tensor parsing error: images")


def test_a_request_is_measured_before_its_tensors_are_built(stub):
    few, many = [-1, 4, 4, 3], [10**7, 4, 4, 3]
    small = {"int_val": [1]}
    for shape, values, message in (
        (few, small, "size of at least 0"),
        (many, small, "tensors of up to"),
        (many, {"tensor_content": b"1"}, "content of 480000000 bytes, not 1"),
        ([2, 5, 4, 3], small, "[2,5,4,3], expected [-1,4,4,3]"),
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


def test_batches_are_limited_before_they_are_built(toy_folder):
    options = ServerOptions(port=0, batching=Batching(max_rows=8, wait_seconds=0))
    server = Server(toy_folder, options)
    server.start()
    made = request({"names": [b""] * 9}, signature="describe")
    with grpc.insecure_channel(server.address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        code, details = status_of(lambda: stub.Predict(made, timeout=20))
        # No deadline: gRPC counts the seconds in 64 bits.
        assert stub.Predict(request()).model_spec.name == "toy"
    server.stop(0)
    assert code == "INVALID_ARGUMENT"
    assert "larger than maximum input batch size 8" in details


def test_requests_that_are_never_finished_end(toy_folder, monkeypatch):
    monkeypatch.setattr("stargan_tf.serving.server.CONNECTION_MS", 100)
    monkeypatch.setattr("stargan_tf.serving.server.LAST_REQUESTS_MS", 100)
    server = Server(toy_folder, ServerOptions(port=0, max_requests=1))
    server.start()
    never = threading.Event()
    with grpc.insecure_channel(server.address) as channel:
        path = "/tensorflow.serving.PredictionService/Predict"
        unfinished = channel.stream_unary(path)
        with pytest.raises(grpc.RpcError, match="max connection age"):
            unfinished(iter(never.wait, None), timeout=20)
        never.set()
    with grpc.insecure_channel(server.address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        stub.Predict(request(), timeout=20)
    server.stop(0)


def test_metadata_and_status_of_what_is_not_there(server, stub):
    made = get_model_metadata_pb2.GetModelMetadataRequest()
    made.model_spec.name = "toy"
    code, details = status_of(lambda: stub.GetModelMetadata(made, timeout=20))
    assert code == "INVALID_ARGUMENT"
    assert details.endswith("must specify at least one metadata_field")
    made.metadata_field.append("foo")
    found = status_of(lambda: stub.GetModelMetadata(made, timeout=20))
    assert found == ("INVALID_ARGUMENT", "Metadata field foo is not supported")
    asked = get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = "nope"
    with grpc.insecure_channel(server.address) as channel:
        status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus
        found = status_of(lambda: status(asked, timeout=20))
    assert found == ("NOT_FOUND", "Could not find any versions of model nope")


def test_classify_is_refused(stub):
    made = classification_pb2.ClassificationRequest()
    made.model_spec.name = "toy"
    found = status_of(lambda: stub.Classify(made, timeout=20))
    assert found == ("INVALID_ARGUMENT", "Expected one input Tensor.")


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


def test_a_message_that_is_too_large_for_the_server(client):
    many = 30_000  # of 48 bytes: more than the megabyte that this server takes
    inputs = {
        "images": np.zeros((many, 4, 4, 3), np.uint8),
        "labels": np.zeros((many, 2), np.float32),
    }
    with pytest.raises(ServingError) as caught:
        client.predict(inputs)
    assert caught.value.code == "RESOURCE_EXHAUSTED"


def test_an_answer_over_four_megabytes(toy_folder):
    server = Server(toy_folder, ServerOptions(port=0))
    server.start()
    many = 100_000
    images = np.zeros((many, 4, 4, 3), np.uint8)
    with Client(server.address, "toy") as client:
        found = client.predict({"images": images, "labels": np.ones((many, 2), "f")})
    server.stop(0)
    assert found["images"].shape == images.shape
    assert found["images"].min() == 1


def test_more_requests_at_once_than_are_allowed(toy_folder):
    server = Server(toy_folder, ServerOptions(port=0, max_requests=1))
    server.start()
    with grpc.insecure_channel(server.address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        made = request({"rounds": np.array([200], np.int32)}, signature="slow")
        running = [stub.Predict.future(made, timeout=60) for _ in range(6)]
        codes = {call.code().name for call in running}
    server.stop(0)
    assert codes == {"OK", "RESOURCE_EXHAUSTED"}


def test_a_server_that_is_not_there(server):
    unused = Server(server._folder, ServerOptions(port=0))
    address = unused.address
    unused.stop(0)
    with (
        Client(address, "toy", retries=Retries(seconds=0.3)) as client,
        pytest.raises(ServingError) as caught,
    ):
        client.status()
    assert caught.value.code == "UNAVAILABLE"
    assert address in str(caught.value)


def test_a_folder_or_port_that_cannot_be_served(server, tmp_path):
    with pytest.raises(InputError, match="There is no folder"):
        Server(tmp_path / "none")
    with pytest.raises(InputError, match="holds no version"):
        Server(tmp_path)
    with pytest.raises(InputError, match="Name the folder it lies in: .*toy"):
        Server(server._folder / "1")
    with pytest.raises(InputError, match="port is in use"):
        Server(server._folder, ServerOptions(port=server.port))
    (tmp_path / "1").mkdir()
    broken = Server(tmp_path, ServerOptions(port=0))
    with pytest.raises(InputError, match="cannot be loaded"):
        broken.start()
    broken.stop(0)
