"""What a server answers when it does not answer with a result."""

from typing import Any

from stargan_tf.errors import ExpectedError


class ServingError(ExpectedError):
    """A request that a server refused, or that did not reach it.

    Args:
        code: the status' name, such as `"NOT_FOUND"` or `"UNAVAILABLE"`.
        details: what the server says, in full.
        address: of the server.
    """

    def __init__(self, code: str, details: str, address: str):
        # After the first line come names of nodes in the graph.
        sentence = details.partition("\n")[0]
        super().__init__(f"{address} answers {code}: {sentence}")
        self.code, self.details, self.address = code, details, address


def as_serving_error(error: Any, address: str) -> ServingError:
    """A `grpc.RpcError` as a `ServingError`.

    Args:
        error: raised by a call.
        address: of the server.
    """
    return ServingError(error.code().name, error.details() or "", address)
