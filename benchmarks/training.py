"""Time and peak memory of a training iteration, compared with PyTorch.

    python benchmarks/training.py --model v1                      # 128 px, batch 4
    python benchmarks/training.py --model v1 --batch_size 16
    python benchmarks/training.py --model v2 --rounds 3
    python benchmarks/training.py --model v2 --image_size 256
    python benchmarks/training.py --model v1 --only ours_float32 torch_float32
    python benchmarks/training.py --model v1 --avx2     # without AVX-512
    python benchmarks/training.py --model v1 --settings # allocators and threads

An iteration is the work of the official code per generator update: 5 critic updates and
1 generator update (v1), or the four updates and the EMA (v2). Our iteration is the
train function of `fit` with its defaults. PyTorch's networks are in `benchmarks/peer`,
written from the papers' tables. `side_by_side.py` describes the measurement, and
`floor.py` the lower bound. Requires the extra [convert] (PyTorch).
"""

import argparse
import os

from floor import floor_seconds
from side_by_side import compare, take_turns

NAMES = {
    "torch_float32": "float32",
    "torch_bfloat16": "bfloat16",
    "ours_float32": "float32",
    "ours_bfloat16": "mixed_bfloat16",
    "ours_float32_xla": "float32",
    "ours_without_onednn": "float32",
    "ours_tcmalloc": "float32",
    "ours_jemalloc": "float32",
    "ours_one_thread": "float32",
    "ours_one_operation": "float32",
}
PEER = "torch_float32"
# For oneDNN, PyTorch's kernels, and MKL.
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
AVX2_NAMES = ("torch_float32", "ours_without_onednn", "ours_float32")
# From the system packages libtcmalloc-minimal4 and libjemalloc2.
ENVIRONMENTS = {
    "ours_without_onednn": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "ours_tcmalloc": {"LD_PRELOAD": "libtcmalloc_minimal.so.4"},
    "ours_jemalloc": {"LD_PRELOAD": "libjemalloc.so.2"},
    "ours_one_thread": {"TF_NUM_INTRAOP_THREADS": "1"},
    "ours_one_operation": {"TF_NUM_INTEROP_THREADS": "1"},
}
SETTINGS = ("ours_float32", *list(ENVIRONMENTS)[1:])


def main() -> None:
    arguments = parse()
    if arguments.contender:
        framework = "torch" if arguments.contender.startswith("torch") else "tensorflow"
        setup = _SETUPS[framework, arguments.model]
        take_turns(framework, lambda: setup(arguments))
        return
    if arguments.avx2:
        os.environ.update(AVX2)
    options = [f"--{n}={getattr(arguments, n)}" for n in _OPTIONS]
    default = AVX2_NAMES if arguments.avx2 else list(NAMES)[:4]
    names = arguments.only or (SETTINGS if arguments.settings else default)
    commands = {name: [__file__, *options, "--contender", name] for name in names}
    title = (
        f"{arguments.model}, {arguments.image_size} px, batch {arguments.batch_size}"
    )
    title += ", AVX2" * arguments.avx2
    peer = SETTINGS[0] if arguments.settings else PEER
    compare(title, commands, peer, arguments.rounds, ENVIRONMENTS)
    floor = floor_seconds(arguments.model, arguments.image_size, arguments.batch_size)
    print(f"| {floor.title} | {floor.seconds:.3g} | | | |")


_OPTIONS = ("model", "image_size", "batch_size")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=("v1", "v2"), default="v1")
    parser.add_argument("--image_size", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=NAMES)
    parser.add_argument("--avx2", action="store_true", help="disable AVX-512")
    parser.add_argument(
        "--settings", action="store_true", help="compare allocators and threads"
    )
    parser.add_argument("--contender", choices=NAMES, help=argparse.SUPPRESS)
    return parser.parse_args()


def torch_v1(arguments):
    import torch
    from peer.stargan_v1 import Training

    size, batch = arguments.image_size, arguments.batch_size
    training = Training(size, autocast=_autocast(arguments))
    image = torch.rand(batch, 3, size, size) * 2 - 1
    label = torch.randint(0, 2, (batch, 5)).float()

    def iteration():
        for _ in range(5):
            target = label[torch.randperm(batch)]
            training.critic_step(image, label, target)
        training.generator_step(image, label, target)

    return iteration


def torch_v2(arguments):
    import torch
    from peer.stargan_v2 import Training

    size, batch = arguments.image_size, arguments.batch_size
    training = Training(size, autocast=_autocast(arguments))
    images = [torch.rand(batch, 3, size, size) * 2 - 1 for _ in range(3)]
    domain, target = (torch.arange(batch) + shift for shift in (0, 1))

    def iteration():
        latents = [torch.randn(batch, 16) for _ in range(2)]
        training.iteration(images[0], domain % 3, images[1:], target % 3, latents)

    return iteration


def _autocast(arguments):
    import torch

    return torch.bfloat16 if arguments.contender == "torch_bfloat16" else None


def ours(arguments, make, batch, steps):
    """Returns a function that runs the train function of `fit` `steps` times."""
    import itertools

    import keras
    import tensorflow as tf

    keras.config.set_dtype_policy(NAMES[arguments.contender])
    model = make()
    model.compile(jit_compile=arguments.contender.endswith("xla"))
    model.make_train_function()
    batches = itertools.repeat(tf.nest.map_structure(tf.constant, batch))

    def iteration():
        for _ in range(steps):
            results = model.train_function(batches)
        return {name: value.numpy() for name, value in results.items()}

    return iteration


def ours_v1(arguments):
    import numpy as np

    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.stargan.model import StarGAN

    size, batch = arguments.image_size, arguments.batch_size
    random = np.random.default_rng(0)
    image = random.uniform(-1, 1, (batch, size, size, 3)).astype("float32")
    label = random.integers(0, 2, (batch, 5)).astype("float32")
    info = DatasetInfo("faces", tuple("abcde"), "binary", size)
    return ours(arguments, lambda: StarGAN(info), (image, label), 5)


def ours_v2(arguments):
    import numpy as np

    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.stargan_v2.model import StarGANV2

    size, batch = arguments.image_size, arguments.batch_size
    random = np.random.default_rng(0)
    images = random.uniform(-1, 1, (3, batch, size, size, 3)).astype("float32")
    domain = np.arange(batch, dtype="int32")
    data = (images[0], domain % 3, images[1], images[2], (domain + 1) % 3)
    info = DatasetInfo("animals", tuple("abc"), "one_hot", size)
    return ours(arguments, lambda: StarGANV2(info), data, 1)


_SETUPS = {
    ("torch", "v1"): torch_v1,
    ("torch", "v2"): torch_v2,
    ("tensorflow", "v1"): ours_v1,
    ("tensorflow", "v2"): ours_v2,
}

if __name__ == "__main__":
    main()
