"""Makes a model of this folder from a training run.

    python saved_models/ship.py runs/demo toon_attributes

Of the run's newest checkpoint it keeps what translation needs: no optimizers, weights
rounded to 11 significant bits (float16's precision) so that they compress, and for
StarGAN v2 the averaged networks in place of the trained ones. Then it exports the
SavedModel and the LiteRT files. `tests/test_pretrained.py` checks what is here.
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
    """To float16's precision, but with float32's range.

    Args:
        weights: float32 array.
    """
    mantissa, exponent = np.frexp(weights)
    return np.ldexp(np.round(mantissa * 2**11) / 2**11, exponent).astype(weights.dtype)


def lighten(model):
    """Rounds all weights; trained networks become their averages.

    Args:
        model: a loaded model.
    """
    averaged = {n.name.removesuffix(AVERAGED): n for n in model.layers}
    for network in model.layers:
        source = averaged.get(network.name, network)
        network.set_weights([rounded(weights) for weights in source.get_weights()])


class Compressed:
    """A model whose `save` compresses the file, as Keras does not.

    Args:
        model: a Keras model.
    """

    def __init__(self, model):
        self.model = model

    def save(self, path):
        """Writes what `keras.Model.save` writes, deflated.

        Args:
            path: a `.keras` file.
        """
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
    """Replaces `saved_models/NAME`, except its README.

    Args:
        run: the run's folder.
        name: of the model.
        quantize: of the LiteRT files.
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
    """The command line."""
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
