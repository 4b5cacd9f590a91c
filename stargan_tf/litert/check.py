"""A LiteRT file against the Keras networks it was made of."""

import tensorflow as tf
from tqdm import tqdm

from stargan_tf.export.agreement import Agreement, Comparison
from stargan_tf.export.disagreement import Disagreement
from stargan_tf.export.sample_images import SampleImages
from stargan_tf.litert.part import Endpoint, Part
from stargan_tf.litert.picture_type import as_floats, as_taken
from stargan_tf.litert.quantization import limit
from stargan_tf.litert.runtime import Runner


def measure(
    part: Part, content: bytes, input_type: str, pictures: SampleImages
) -> dict[str, Agreement]:
    """Runs a file and Keras on the same inputs.

    Args:
        part: what the file was made of.
        content: the file.
        input_type: its pictures' type, `"float32"` or `"uint8"`.
        pictures: held-out images.

    Returns:
        Signature → how they agree, pictures on the scale of [-1, 1].

    Raises:
        ImportError: without ai-edge-litert.
    """
    runner = Runner(content)
    return {
        endpoint.name: _compare(endpoint, runner, input_type, pictures)
        for endpoint in part.endpoints
    }


def _compare(
    endpoint: Endpoint, runner: Runner, input_type: str, pictures: SampleImages
) -> Agreement:
    comparison = Comparison(endpoint.span)
    reference = tf.function(endpoint.reference, autograph=False)
    rows = endpoint.samples(pictures)
    for inputs in tqdm(rows, f"checking {endpoint.name}", len(pictures.images)):
        given = as_taken(endpoint, inputs, input_type)
        received = as_floats(runner.run(endpoint.name, given))
        expected = as_taken(endpoint, reference(**inputs), input_type)
        for name, array in as_floats(expected).items():
            comparison.add(array, received[name])
    return comparison.result()


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
