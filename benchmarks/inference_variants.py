"""The variants of a generator that `inference.py` compares. Not a command."""

from pathlib import Path
from typing import Any

import numpy as np

DATASETS = {"v1": "toon_attributes", "v2": "toon_people"}
SIGNATURES = {"v1": "translate", "v2": "synthesize"}
CODES = {"v1": "labels", "v2": "styles"}
# Scales v2's last kernel: the layer is linear and its initial outputs exceed [-1, 1].
KERNEL_SCALE = 0.25
COMPARED = 4


class Variant:
    """A variant of a generator.

    Args:
        translate: function that is timed, from (images, codes) to images.
    """

    def __init__(self, translate: Any):
        self.translate = translate

    def ready(self, images: np.ndarray, codes: np.ndarray) -> tuple:
        """Converts a batch, float32 (n, size, size, 3) and (n, width), to inputs."""
        return images, codes

    def outputs(self, *batch: Any) -> np.ndarray:
        """Translates a batch and returns float32 images (n, size, size, 3)."""
        return np.asarray(self.translate(*batch), np.float32)


class TorchVariant(Variant):
    def __init__(self, translate: Any, layout: Any):
        super().__init__(translate)
        self._layout = layout

    def ready(self, images, codes):
        import torch

        images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
        return images.contiguous(memory_format=self._layout), torch.from_numpy(codes)

    def outputs(self, *batch):
        return self.translate(*batch).float().permute(0, 2, 3, 1).numpy()


class ServedVariant(Variant):
    """A variant with uint8 inputs and outputs."""

    def ready(self, images, codes):
        return np.rint((images + 1) * 127.5).astype(np.uint8), codes

    def outputs(self, *batch):
        return self.translate(*batch).astype(np.float32) / 127.5 - 1


def prepare(arguments: Any) -> None:
    """Writes inputs, weights, SavedModel, and LiteRT files for the contenders."""
    import stargan_tf

    folder, name = arguments.folder, DATASETS[arguments.model]
    source = stargan_tf.load_dataset(name, "held_out", arguments.image_size)
    model = make(arguments, "float32")
    network = generator(arguments, model)
    arrays = {variable.path: variable.numpy() for variable in network.weights}
    np.savez(folder / "weights.npz", **arrays)
    count = max(COMPARED, arguments.batch_size)
    images = np.stack([source.load(i) for i in range(count)])
    codes = np.roll(source.labels[:count], 1, axis=0)
    if arguments.model == "v2":
        codes = np.random.default_rng(0).normal(size=(count, model.style_dim))
    images, codes = images.astype("float32") / 127.5 - 1, codes.astype("float32")
    np.savez(folder / "inputs.npz", images=images, codes=codes)
    export(arguments, model)


def make(arguments: Any, dtype: str) -> Any:
    """Returns the paper's model, always with the same weights."""
    import keras

    import stargan_tf

    classes = {"v1": stargan_tf.StarGAN, "v2": stargan_tf.StarGANV2}
    name, size = DATASETS[arguments.model], arguments.image_size
    info = stargan_tf.load_dataset(name, "held_out", size).info
    keras.utils.set_random_seed(0)
    model = classes[arguments.model](info, dtype=dtype)
    network = generator(arguments, model)
    weights = arguments.folder / "weights.npz"
    if weights.exists():
        network.set_weights(list(np.load(weights).values()))
    elif arguments.model == "v2":
        kernel = network.get_layer("to_rgb").kernel
        kernel.assign(kernel * KERNEL_SCALE)
    return model


def generator(arguments: Any, model: Any) -> Any:
    """Returns the network that translates images."""
    return model.generator if arguments.model == "v1" else model.generator_ema


def export(arguments: Any, model: Any) -> None:
    """Exports a model like `stargan-tf export`, without the comparison with Keras."""
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


def make_variant(arguments: Any) -> Variant:
    """Returns the variant called `arguments.contender`."""
    framework, _, option = arguments.contender.partition("_")
    makers = {
        "torch": torch_variant,
        "keras": keras_variant,
        "saved": saved_model_variant,
        "litert": litert_variant,
    }
    return makers[framework](arguments, option)


def torch_variant(arguments: Any, option: str) -> Variant:
    import torch
    from peer import stargan_v1, stargan_v2, weights

    if arguments.model == "v1":
        network, load = stargan_v1.Generator(), weights.load_v1
    else:
        network, load = stargan_v2.Generator(arguments.image_size), weights.load_v2
    load(network, dict(np.load(arguments.folder / "weights.npz")))
    last = option == "channels_last"
    layout = torch.channels_last if last else torch.contiguous_format
    network.eval().to(memory_format=layout)

    def translate(images, codes):
        mixed = torch.autocast("cpu", torch.bfloat16, enabled=option == "bfloat16")
        with torch.inference_mode(), mixed:
            return network(images, codes)

    return TorchVariant(translate, layout)


def keras_variant(arguments: Any, option: str) -> Variant:
    mixed = option == "bfloat16"
    model = make(arguments, "mixed_bfloat16" if mixed else "float32")
    if option in ("predict", "xla"):
        import keras

        keras.Model.compile(model, jit_compile=option == "xla")
        return Variant(lambda *batch: model.predict_on_batch(list(batch)))
    if arguments.model == "v1":
        return Variant(model.translate)
    return Variant(lambda images, codes: model.translate(images, styles=codes))


def saved_model_variant(arguments: Any, option: str) -> Variant:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(arguments.folder / "served" / "1"))
    signature = loaded.signatures[SIGNATURES[arguments.model]]
    code = CODES[arguments.model]

    def translate(images, codes):
        inputs = {"images": tf.constant(images), code: tf.constant(codes)}
        return signature(**inputs)["images"].numpy()

    return ServedVariant(translate)


def litert_variant(arguments: Any, option: str) -> Variant:
    from stargan_tf.exporting.litert_file import Runner

    path = Path(arguments.folder, f"litert_{option}", "generator.tflite")
    runner = Runner(path.read_bytes(), arguments.threads)
    signature, code = SIGNATURES[arguments.model], CODES[arguments.model]

    def translate(images, codes):
        outputs = [
            runner.run(signature, {"images": image[None], code: row[None]})["images"]
            for image, row in zip(images, codes, strict=True)
        ]
        return np.concatenate(outputs)

    return Variant(translate)
