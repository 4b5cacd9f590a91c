"""Time, memory, and precision of a translation, compared with PyTorch.

    python benchmarks/inference.py --model v1                     # 128 px, batch 1
    python benchmarks/inference.py --model v1 --batch_size 16
    python benchmarks/inference.py --model v2 --image_size 256
    python benchmarks/inference.py --model v1 --only torch_float32 litert_dynamic

The generator has the paper's size and initial weights. Its time does not depend on the
weights; its PSNR does. (v2 has no tanh, so the kernel of its last layer is scaled to
keep most pixels in [-1, 1].) All variants have the same weights and translate the same
generated faces with the same labels or styles. PSNR is relative to Keras in float32.

- keras_*: `model.translate(images, …)`, a compiled graph from and to NumPy arrays.
- keras_predict: `model.predict_on_batch`; keras_xla: the same with `jit_compile=True`.
- saved_model: the SavedModel of `stargan-tf export`, executed by TensorFlow.
- litert_*: LiteRT files of `stargan-tf export` with two threads. Their batch size is 1,
  so larger batches are translated image by image.
- torch_*: `inference_mode`, from and to tensors in PyTorch's layout.

PyTorch's networks are in `benchmarks/peer`. `side_by_side.py` describes the
measurement, and `floor.py` the lower bound. Requires the extras [convert], [litert],
and [serving].
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import inference_variants
import numpy as np
from floor import floor_of, generator_multiply_adds
from side_by_side import print_table, run, take_turns

NAMES = {
    "torch_float32": "torch",
    "torch_channels_last": "torch",
    "torch_bfloat16": "torch",
    "keras_float32": "tensorflow",
    "keras_predict": "tensorflow",
    "keras_xla": "tensorflow",
    "keras_bfloat16": "tensorflow",
    "saved_model": "tensorflow",
    "litert_none": "numpy",
    "litert_dynamic": "numpy",
}
PEER, EXACT, PREPARE = "torch_float32", "keras_float32", "prepare"
COMPARED = 4


def main() -> None:
    arguments = parse()
    if arguments.contender == PREPARE:
        inference_variants.prepare(arguments)
    elif arguments.contender:
        contend(arguments)
    else:
        measure(arguments)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=("v1", "v2"), default="v1")
    parser.add_argument("--image_size", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2, help="threads of LiteRT")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    return parser.parse_args()


def repeats(arguments: argparse.Namespace) -> int:
    """Returns the batches per round; a single image is too fast to measure."""
    return max(1, COMPARED // arguments.batch_size)


def measure(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        options = [f"--{n}={getattr(arguments, n)}" for n in _OPTIONS]
        command = [__file__, *options, f"--folder={folder}", "--contender"]
        subprocess.run([sys.executable, *command, PREPARE], check=True)
        commands = {name: [*command, name] for name in arguments.only}
        results = run(commands, arguments.rounds)
        precision = {name: psnr(Path(folder), name) for name in arguments.only}
    images = arguments.batch_size * repeats(arguments)
    title = (
        f"{arguments.model}, {arguments.image_size} px, batch {arguments.batch_size}: "
        "per image"
    )
    print_table(title, results, PEER, images, columns={"PSNR dB": precision})
    count = generator_multiply_adds(arguments.model, arguments.image_size)
    floor = floor_of(count)
    print(f"| {floor.title} | {floor.seconds:.3g} | | | | |")


_OPTIONS = ("model", "image_size", "batch_size", "threads")


def psnr(folder: Path, name: str) -> str:
    """Returns the PSNR of a variant relative to Keras in float32, in dB."""
    if name == EXACT or not (folder / f"{EXACT}.npy").exists():
        return ""
    exact, outputs = (np.load(folder / f"{n}.npy") for n in (EXACT, name))
    error = np.mean((exact.astype("float64") - outputs) ** 2)
    return f"{10 * np.log10(4 / error):.1f}" if error else "equal"


def contend(arguments: argparse.Namespace) -> None:
    name, size = arguments.contender, arguments.batch_size

    def setup():
        variant = inference_variants.make_variant(arguments)
        inputs = np.load(arguments.folder / "inputs.npz")
        images, codes = inputs["images"], inputs["codes"]
        starts = range(0, len(images), size)
        batches = [(images[i : i + size], codes[i : i + size]) for i in starts]
        ready = [variant.ready(*batch) for batch in batches]
        outputs = np.concatenate([variant.outputs(*batch) for batch in ready])
        np.save(arguments.folder / f"{name}.npy", outputs.clip(-1, 1))

        def work():
            for batch in ready[: repeats(arguments)]:
                variant.translate(*batch)

        return work

    take_turns(NAMES[name], setup)


if __name__ == "__main__":
    main()
