"""Why the small server does not answer a request: a status, as TF Serving gives it."""

import grpc

LONGEST = 1024  # TF Serving cuts messages there.
CUT = "...TRUNCATED"
CODES = {code.value[0]: code for code in grpc.StatusCode}


class Refusal(Exception):
    """A request that ends with a status.

    Args:
        code: the status' code.
        message: its message, of any length.
    """

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(message)
        self.code = code

    @property
    def message(self) -> str:
        """What is sent."""
        text = str(self)
        return text if len(text) <= LONGEST else text[:LONGEST] + CUT


def invalid(message: str) -> Refusal:
    """An INVALID_ARGUMENT.

    Args:
        message: what is wrong with the request.
    """
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, message)
