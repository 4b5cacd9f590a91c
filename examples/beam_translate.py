"""Translates a folder of images with Apache Beam, on one or many machines.

    pip install apache-beam tensorflow
    python examples/beam_translate.py saved_models/toon_attributes/1 Blond_Hair \
        'faces/*.png' out/ [--runner=DataflowRunner …]

The model is an export of `stargan-tf export --format saved_model`. Each worker loads it
once and translates batches. A file that cannot be decoded stops the pipeline.
"""

import sys

import apache_beam as beam
from apache_beam.io import fileio
from apache_beam.io.filesystems import FileSystems
from apache_beam.ml.inference.base import KeyedModelHandler, ModelHandler, RunInference
from apache_beam.options.pipeline_options import PipelineOptions


class Translator(ModelHandler):
    """A StarGAN as a SavedModel: whole files in, PNG files out."""

    def __init__(self, export, target):
        super().__init__()
        self.export, self.target = export, target

    def load_model(self):
        """Runs once for each worker."""
        import tensorflow as tf

        return tf.saved_model.load(self.export)

    def run_inference(self, batch, model, inference_args=None):
        """Translates a batch of files."""
        import tensorflow as tf

        names = tf.constant([self.target] * len(batch))
        translate = model.signatures["translate_encoded"]
        outputs = translate(encoded=tf.constant(batch), names=names)
        return outputs["encoded_bytes"].numpy().tolist()

    def batch_elements_kwargs(self):
        """Returns the number of files that a batch may have."""
        return {"max_batch_size": 16}


def write(named, folder):
    """Writes one translation."""
    path, content = named
    name = path.strip("/").replace("://", "_").replace("/", "_")
    with FileSystems.create(FileSystems.join(folder, f"{name}.png")) as file:
        file.write(content)


def main(export, target, pattern, folder, *options):
    """Runs the pipeline."""
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        files = pipeline | fileio.MatchFiles(pattern) | fileio.ReadMatches()
        named = files | beam.Map(lambda file: (file.metadata.path, file.read()))
        handler = KeyedModelHandler(Translator(export, target))
        _ = named | RunInference(handler) | beam.Map(write, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
