"""A LiteRT file against the Keras networks it was made of."""

import tensorflow as tf
from tqdm import tqdm

from stargan_tf.export.agreement import Agreement, Comparison
from stargan_tf.export.disagreement import Disagreement
from stargan_tf.export.sample_images import SampleImages
from stargan_tf.litert.limits import limit
from stargan_tf.litert.part import Arrays, Endpoint, Part
from stargan_tf.litert.picture_type import as_floats, as_taken
from stargan_tf.litert.runtime import Runner


class KerasOutputs:
    """What Keras gives for pictures, to compare files with.

    Args:
        part: what the files are made of.
        input_type: the files' type of pictures, `"float32"` or `"uint8"`.
        pictures: what is drawn.
    """

    def __init__(self, part: Part, input_type: str, pictures: SampleImages):
        self._spans = {endpoint.name: endpoint.span for endpoint in part.endpoints}
        self._rows = {
            endpoint.name: _rows(endpoint, input_type, pictures)
            for endpoint in part.endpoints
        }

    def compare(self, content: bytes) -> dict[str, Agreement]:
        """Runs a file on the same inputs.

        Args:
            content: the file.

        Returns:
            Signature → how they agree, pictures on the scale of [-1, 1].

        Raises:
            ImportError: without ai-edge-litert.
        """
        runner = Runner(content)
        return {name: self._compare(name, runner) for name in self._rows}

    def _compare(self, name: str, runner: Runner) -> Agreement:
        comparison = Comparison(self._spans[name])
        for inputs, expected in self._rows[name]:
            received = as_floats(runner.run(name, inputs))
            for output, array in expected.items():
                comparison.add(array, received[output])
        return comparison.result()


def _rows(
    endpoint: Endpoint, input_type: str, pictures: SampleImages
) -> list[tuple[Arrays, Arrays]]:
    """Pairs: the inputs as the file takes them, Keras' outputs as floats."""
    reference = tf.function(endpoint.reference, autograph=False)
    samples = endpoint.samples(pictures)
    rows = []
    for inputs in tqdm(samples, f"Keras: {endpoint.name}", len(pictures.images)):
        given = as_taken(endpoint, inputs, input_type)
        expected = as_taken(endpoint, reference(**inputs), input_type)
        rows.append((given, as_floats(expected)))
    return rows


def require(
    agreements: dict[str, Agreement], quantize: str, input_type: str, described: str
) -> None:
    """Raises Disagreement if a signature is too far from Keras.

    Args:
        agreements: signature → measured.
        quantize: how the file is quantized.
        input_type: its pictures' type.
        described: what it was measured on.
    """
    wanted = limit(quantize, input_type)
    for name, found in agreements.items():
        if not wanted.kept(found):
            raise Disagreement(
                f"'{name}' differs too much from Keras on {described}: {found}; "
                f"--quantize {quantize} needs {wanted}. Nothing was written. Choose "
                "another --quantize, or pass --nocheck to write it all the same."
            )
