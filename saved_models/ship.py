"""Creates a pretrained model in this folder from a training run.

    python saved_models/ship.py runs/demo toon_attributes

It keeps the parts of the newest checkpoint that translation needs: no optimizers,
weights rounded to 11 significant bits (the precision of float16) for compression, and
for StarGAN v2 the EMA networks in place of the trained ones. It also exports the
SavedModel and the LiteRT files. `tests/test_pretrained.py` tests the models.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.exporting.litert import export_litert
from stargan_tf.exporting.saved_model import export_saved_model
from stargan_tf.pretrained import LITERT
from stargan_tf.training import checkpoints
from stargan_tf.training.run_folder import find_checkpoint, load_model

HOME = Path(__file__).parent
AVERAGED = "_ema"
README = "README.md"


def rounded(weights):
    """Rounds a float32 array to the precision of float16, with the range of float32."""
    mantissa, exponent = np.frexp(weights)
    return np.ldexp(np.round(mantissa * 2**11) / 2**11, exponent).astype(weights.dtype)


def lighten(model):
    """Rounds all weights of a model; copies EMA networks to the trained networks."""
    averaged = {n.name.removesuffix(AVERAGED): n for n in model.layers}
    for network in model.layers:
        source = averaged.get(network.name, network)
        network.set_weights([rounded(weights) for weights in source.get_weights()])


class Compressed:
    """A model whose `save` compresses the file, unlike Keras."""

    def __init__(self, model):
        self.model = model

    def save(self, path):
        """Writes the compressed file of `keras.Model.save`."""
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / path.name
            self.model.save(plain)
            with (
                zipfile.ZipFile(plain) as source,
                zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z,
            ):
                for name in source.namelist():
                    z.writestr(name, source.read(name))


def ship(run, name, quantize):
    """Replaces `saved_models/NAME` except its README.

    Args:
        run: folder of the run.
        name: name of the model.
        quantize: quantization of the LiteRT files.
    """
    checkpoint, state = find_checkpoint(run)
    model = load_model(checkpoint, compile=False)
    lighten(model)
    folder = HOME / name
    readme = (folder / README).read_text() if (folder / README).exists() else ""
    checkpoints.write(folder, Compressed(model), state)
    export_saved_model(folder, state, folder)
    export_litert(folder, state, folder / LITERT, quantize=quantize)
    if readme:
        (folder / README).write_text(readme)


def main():
    """Parses the command line and creates the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--quantize", default="float16")
    arguments = parser.parse_args()
    try:
        ship(arguments.run, arguments.name, arguments.quantize)
    except InputError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
