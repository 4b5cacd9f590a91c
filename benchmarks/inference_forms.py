"""The forms of a generator that `inference.py` compares. Not a command by itself."""

from pathlib import Path
from typing import Any

import numpy as np

DATASETS = {"v1": "toon_attributes", "v2": "toon_people"}
SIGNATURES = {"v1": "translate", "v2": "synthesize"}
CODES = {"v1": "labels", "v2": "styles"}
# v2's last layer is linear; as initialised it leaves [-1, 1] by far.
CALM = 0.25
COMPARED = 4


class Form:
    """A generator in one form.

    Args:
        draw: what is timed: (images, codes) → pictures.
    """

    def __init__(self, draw: Any):
        self.draw = draw

    def ready(self, images: np.ndarray, codes: np.ndarray) -> tuple:
        """A batch as the form takes it, float32 (n, size, size, 3) and (n, width)."""
        return images, codes

    def pictures(self, *batch: Any) -> np.ndarray:
        """What it draws, as float32 (n, size, size, 3)."""
        return np.asarray(self.draw(*batch), np.float32)


class TorchForm(Form):
    def __init__(self, draw: Any, layout: Any):
        super().__init__(draw)
        self._layout = layout

    def ready(self, images, codes):
        import torch

        images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
        return images.contiguous(memory_format=self._layout), torch.from_numpy(codes)

    def pictures(self, *batch):
        return self.draw(*batch).float().permute(0, 2, 3, 1).numpy()


class ServedForm(Form):
    """Takes and gives uint8 images."""

    def ready(self, images, codes):
        return np.rint((images + 1) * 127.5).astype(np.uint8), codes

    def pictures(self, *batch):
        return self.draw(*batch).astype(np.float32) / 127.5 - 1


def prepare(arguments: Any) -> None:
    """Writes inputs, weights, SavedModel and LiteRT files for the contenders."""
    import stargan_tf

    folder, name = arguments.folder, DATASETS[arguments.model]
    pictures = stargan_tf.load_dataset(name, "held_out", arguments.image_size)
    model = make(arguments, "float32")
    network = generator(arguments, model)
    arrays = {variable.path: variable.numpy() for variable in network.weights}
    np.savez(folder / "weights.npz", **arrays)
    count = max(COMPARED, arguments.batch_size)
    images = np.stack([pictures.load(i) for i in range(count)])
    codes = np.roll(pictures.labels[:count], 1, axis=0)
    if arguments.model == "v2":
        codes = np.random.default_rng(0).normal(size=(count, model.style_dim))
    images, codes = images.astype("float32") / 127.5 - 1, codes.astype("float32")
    np.savez(folder / "inputs.npz", images=images, codes=codes)
    export(arguments, model)


def make(arguments: Any, dtype: str) -> Any:
    """The paper's model, always with the same weights."""
    import keras

    import stargan_tf

    kinds = {"v1": stargan_tf.StarGAN, "v2": stargan_tf.StarGANV2}
    name, size = DATASETS[arguments.model], arguments.image_size
    info = stargan_tf.load_dataset(name, "held_out", size).info
    keras.utils.set_random_seed(0)
    model = kinds[arguments.model](info, dtype=dtype)
    network = generator(arguments, model)
    weights = arguments.folder / "weights.npz"
    if weights.exists():
        network.set_weights(list(np.load(weights).values()))
    elif arguments.model == "v2":
        kernel = network.get_layer("to_rgb").kernel
        kernel.assign(kernel * CALM)
    return model


def generator(arguments: Any, model: Any) -> Any:
    """The network that translates."""
    return model.generator if arguments.model == "v1" else model.generator_ema


def export(arguments: Any, model: Any) -> None:
    """As `stargan-tf export` does it, without the comparison with Keras."""
    from stargan_tf.exporting.litert import export_litert
    from stargan_tf.exporting.saved_model import export_saved_model
    from stargan_tf.training import checkpoints
    from stargan_tf.training.run_folder import versions

    family = {"v1": "stargan", "v2": "stargan_v2"}[arguments.model]
    datasets = model.label_space.to_list()
    state = checkpoints.State(0, family, datasets, [1], versions())
    path = arguments.folder / "run" / "checkpoints" / checkpoints.folder_name(0)
    checkpoints.write(path, model, state)
    served = arguments.folder / "served"
    export_saved_model(path, state, served, check=False)
    for mode in ("none", "dynamic"):
        output = arguments.folder / f"litert_{mode}"
        export_litert(path, state, output, quantize=mode, check=False)


def form(arguments: Any) -> Form:
    """The form that `arguments.contender` names."""
    kind, _, variant = arguments.contender.partition("_")
    makers = {
        "torch": torch_form,
        "keras": keras_form,
        "saved": saved_model_form,
        "litert": litert_form,
    }
    return makers[kind](arguments, variant)


def torch_form(arguments: Any, variant: str) -> Form:
    import torch
    from peer import stargan_v1, stargan_v2, weights

    if arguments.model == "v1":
        network, load = stargan_v1.Generator(), weights.load_v1
    else:
        network, load = stargan_v2.Generator(arguments.image_size), weights.load_v2
    load(network, dict(np.load(arguments.folder / "weights.npz")))
    last = variant == "channels_last"
    layout = torch.channels_last if last else torch.contiguous_format
    network.eval().to(memory_format=layout)

    def draw(images, codes):
        mixed = torch.autocast("cpu", torch.bfloat16, enabled=variant == "bfloat16")
        with torch.inference_mode(), mixed:
            return network(images, codes)

    return TorchForm(draw, layout)


def keras_form(arguments: Any, variant: str) -> Form:
    mixed = variant == "bfloat16"
    model = make(arguments, "mixed_bfloat16" if mixed else "float32")
    if variant in ("predict", "xla"):
        import keras

        keras.Model.compile(model, jit_compile=variant == "xla")
        return Form(lambda *batch: model.predict_on_batch(list(batch)))
    if arguments.model == "v1":
        return Form(model.translate)
    return Form(lambda images, codes: model.translate(images, styles=codes))


def saved_model_form(arguments: Any, variant: str) -> Form:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(arguments.folder / "served" / "1"))
    signature = loaded.signatures[SIGNATURES[arguments.model]]
    code = CODES[arguments.model]

    def draw(images, codes):
        inputs = {"images": tf.constant(images), code: tf.constant(codes)}
        return signature(**inputs)["images"].numpy()

    return ServedForm(draw)


def litert_form(arguments: Any, variant: str) -> Form:
    from stargan_tf.exporting.litert_file import Runner

    path = Path(arguments.folder, f"litert_{variant}", "generator.tflite")
    runner = Runner(path.read_bytes(), arguments.threads)
    signature, code = SIGNATURES[arguments.model], CODES[arguments.model]

    def draw(images, codes):
        drawn = [
            runner.run(signature, {"images": image[None], code: row[None]})["images"]
            for image, row in zip(images, codes, strict=True)
        ]
        return np.concatenate(drawn)

    return Form(draw)
