"""What a client does by itself: deadlines, retries, headers, encryption."""

import shutil
import subprocess
import sys
from concurrent import futures

import grpc
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.serving import Client, ServingError
from stargan_tf.serving.wire import messages

ONCE = {"grpc.enable_retries": 0}
STATUS = "/tensorflow.serving.ModelService/GetModelStatus"


class Script:
    """A server that answers with one status after another, then with success."""

    def __init__(self, *codes):
        self.codes, self.calls, self.headers = list(codes), 0, {}

    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(
            self.answer,
            request_deserializer=messages.StatusRequest.FromString,
            response_serializer=messages.StatusResponse.SerializeToString,
        )

    def answer(self, request, context):
        self.calls += 1
        self.headers = dict(context.invocation_metadata())
        if self.codes:
            context.abort(self.codes.pop(0), "as the script says")
        response = messages.StatusResponse()
        response.model_version_status.add(version=3, state=30)
        return response


@pytest.fixture
def scripted():
    """scripted(*codes, credentials=None) → (address, script)."""
    running = []

    def start(*codes, credentials=None):
        script = Script(*codes)
        server = grpc.server(futures.ThreadPoolExecutor(2))
        running.append(server)
        server.add_generic_rpc_handlers([script])
        if credentials:
            port = server.add_secure_port("localhost:0", credentials)
        else:
            port = server.add_insecure_port("localhost:0")
        server.start()
        return f"localhost:{port}", script

    yield start
    for server in running:
        server.stop(0).wait()


def test_a_response_that_cannot_be_used_is_an_error_of_the_server(scripted):
    address, script = scripted()
    answer = messages.PredictResponse()
    answer.outputs["images"].dtype = 4  # uint8
    answer.outputs["images"].tensor_shape.dim.add(size=10**12)
    answer.outputs["images"].int_val.append(1)
    script.answer = lambda request, context: answer
    with Client(address, "faces") as client:
        for ask in (lambda: client.predict({"images": [1]}), client.describe):
            with pytest.raises(ServingError, match="response is invalid") as caught:
                ask()
            assert caught.value.code == "INTERNAL"
    assert not isinstance(caught.value, ValueError)


def test_only_unavailable_is_tried_again(scripted):
    """The waits are about one and two seconds."""
    gone = grpc.StatusCode.UNAVAILABLE
    address, script = scripted(gone, gone)
    with Client(address, "faces") as client:
        assert client.status() == {3: "AVAILABLE"}
    assert script.calls == 3
    for code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED):
        address, script = scripted(code)
        with (
            Client(address, "faces") as client,
            pytest.raises(ServingError, match="as the script says") as caught,
        ):
            client.status()
        assert (caught.value.code, script.calls) == (code.name, 1)


def test_headers_are_sent(scripted):
    address, script = scripted()
    with Client(address, "faces", metadata={"Authorization": "Bearer x"}) as client:
        client.status()
    assert script.headers["authorization"] == "Bearer x"


def test_tls(scripted, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    options = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    options += f" -addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}"
    command = ["openssl", "req", *options.split()]
    subprocess.run(command, check=True, capture_output=True)
    pair = (key.read_bytes(), certificate.read_bytes())
    address, _ = scripted(credentials=grpc.ssl_server_credentials([pair]))
    trusted = grpc.ssl_channel_credentials(certificate.read_bytes())
    with Client(address, "faces", credentials=trusted) as client:
        assert client.status() == {3: "AVAILABLE"}
    with (
        Client(
            address, "faces", credentials=grpc.ssl_channel_credentials(), options=ONCE
        ) as client,
        pytest.raises(ServingError, match="UNAVAILABLE"),
    ):
        client.status()


def test_an_address_is_a_host_and_a_port():
    for wrong in ("localhost", ":8500", "localhost:http"):
        with pytest.raises(InputError, match=r"HOST:PORT, such as localhost:8500"):
            Client(wrong, "faces")


class Recorder(Client):
    """A client of a model with styles that keeps what it would send."""

    def describe(self):
        return {"latent_dim": 3}

    def predict(self, inputs, signature="", outputs=(), timeout=None):
        self.sent = signature, inputs
        return {"encoded_bytes": []}


@pytest.fixture
def recorder():
    with Recorder("localhost:1", "animals") as client:
        yield client


def test_translations_by_style(recorder):
    pictures = [np.zeros((2, 2, 3), np.uint8)] * 2
    recorder.translate(pictures, "cat", seeds=5, truncation=0.5)
    name, inputs = recorder.sent
    assert name == "translate_latent_encoded"
    # As `model.translate(image, "cat", seed=5)` draws them.
    latents = np.random.default_rng(5).standard_normal(3).astype(np.float32)
    assert inputs["latents"].dtype == np.float32
    np.testing.assert_array_equal(inputs["latents"], [latents, latents])
    assert inputs["truncation"].tolist() == [0.5, 0.5]
    assert inputs["names"].tolist() == ["cat", "cat"]
    recorder.translate(pictures, "cat", references=pictures[:1])
    name, inputs = recorder.sent
    assert name == "translate_reference_encoded"
    assert inputs["references"][1] == inputs["encoded"][0]
    recorder.translate(pictures, ["cat", "dog"])
    assert recorder.sent[1]["names"].tolist() == ["cat", "dog"]


@pytest.mark.parametrize(
    ("pictures", "options", "message"),
    [
        ([], {}, "at least one image"),
        ([np.zeros((2, 2, 3))], {}, "float64"),
        (["a.png"], {}, "a.png cannot be read"),
        ([np.zeros((2, 2, 3), np.uint8)], {"seeds": [1, 2]}, "Received: 2 for 1"),
    ],
)
def test_translations_that_cannot_be_sent(recorder, pictures, options, message):
    with pytest.raises(InputError, match=message):
        recorder.translate(pictures, "cat", **options)


def test_tensorflow_is_not_imported():
    code = (
        "import sys\n"
        "from stargan_tf.serving import Client\n"
        "client = Client('localhost:1', 'faces', timeout=0.1)\n"
        "try:\n"
        "    client.predict({'images': [[1]]})\n"
        "except Exception as error:\n"
        "    assert error.code in ('UNAVAILABLE', 'DEADLINE_EXCEEDED'), error\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_images_other_than_rgb_are_sent_as_arrays():
    client = Client("localhost:1", "scans")
    info = DatasetInfo("scans", ("healthy", "ill"), "one_hot", (96, 160), (), 5)
    client._description = {"datasets": [info.to_dict()]}
    with pytest.raises(InputError, match="model of 96 x 160 px, channels: 5. .*--ser"):
        client.translate([np.zeros((96, 160, 5), np.uint8)], "healthy")
