"""A SavedModel with the habits of an export, made in a moment."""

import json
from pathlib import Path

import tensorflow as tf

SIZE = 4
DESCRIPTION = {"family": "stargan", "image_size": SIZE}
IMAGES = tf.TensorSpec([None, SIZE, SIZE, 3], tf.uint8, name="images")
LABELS = tf.TensorSpec([None, 2], tf.float32, name="labels")
NAMES = tf.TensorSpec([None], tf.string, name="names")
ENCODED = tf.TensorSpec([None], tf.string, name="encoded")
WORK = tf.TensorSpec([None], tf.int32, name="rounds")


class Toy(tf.Module):
    """Adds a label to images, and the number of the version."""

    def __init__(self, version):
        super().__init__()
        self.version = tf.Variable(version)

    @tf.function(input_signature=[IMAGES, LABELS], autograph=False)
    def translate(self, images, labels):
        images = tf.ensure_shape(images, IMAGES.shape)
        same = tf.debugging.assert_equal(
            tf.shape(images)[0], tf.shape(labels)[0], "Send as many rows in each."
        )
        some = tf.debugging.assert_positive(tf.shape(images)[0], "The batch is empty.")
        with tf.control_dependencies([same, some]):
            added = tf.cast(labels[:, :1, None, None], tf.uint8)
        version = tf.fill(tf.shape(labels)[:1], self.version)
        return {"images": images + added, "version": version}

    @tf.function(input_signature=[ENCODED, NAMES], autograph=False)
    def translate_encoded(self, encoded, names):
        def redraw(content):
            image = tf.io.decode_image(content, channels=3, expand_animations=False)
            return tf.io.encode_png(255 - image)

        files = tf.map_fn(redraw, encoded, fn_output_signature=tf.string)
        return {"encoded_bytes": files}

    @tf.function(input_signature=[NAMES], autograph=False)
    def describe(self, names):
        return {"description_bytes": tf.fill(tf.shape(names), json.dumps(DESCRIPTION))}

    @tf.function(input_signature=[WORK], autograph=False)
    def slow(self, rounds):
        """Some 10 ms of work a round."""

        def one(_, matrix):
            return _ + 1, tf.linalg.matmul(matrix, matrix) * 1e-3

        _, matrix = tf.while_loop(
            lambda i, _: i < tf.reduce_max(rounds), one, (0, tf.ones((300, 300)))
        )
        return {"done": tf.cast(rounds, tf.float32) + 0.0 * matrix[0, 0]}


def write_toy(folder: Path, version: int) -> None:
    """Writes `folder/version` aside and renames it, as an export does."""
    toy = Toy(version)
    signatures = {
        "serving_default": toy.translate,
        "translate_encoded": toy.translate_encoded,
        "describe": toy.describe,
        "slow": toy.slow,
    }
    aside = folder.parent / f"unfinished_{version}"
    tf.saved_model.save(toy, str(aside), signatures=signatures)
    folder.mkdir(exist_ok=True)
    aside.rename(folder / str(version))
