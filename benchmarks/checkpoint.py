"""Time to save and load a training checkpoint, compared with PyTorch.

    python benchmarks/checkpoint.py
    python benchmarks/checkpoint.py --part load --folder /mnt/slow

The checkpoint is that of StarGAN v1 of the paper's size: the weights of both networks
and Adam's moments, 53 million weights and 640 MB.

- torch_*: `torch.save` to a new file; `torch.load(weights_only=True)` and
  `load_state_dict`. Only `_fsync` includes the time until the file is on the disk. The
  other variant flushes the file after the measurement, so that it does not slow the
  next one.
- ours_*: saving and loading in `stargan-tf train`: a folder with a hash, renamed after
  `fsync`; loading verifies the hash. *keras_load* uses `model.load_weights` instead.
- floor_*: the same number of bytes as a single array.

Files are read from the operating system's cache.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from side_by_side import compare, take_turns

OPERATIONS = {
    "save": {
        "torch_save_fsync": "torch",
        "torch_save": "torch",
        "ours_save": "tensorflow",
        "floor_write_fsync": "numpy",
    },
    "load": {
        "torch_load": "torch",
        "ours_load": "tensorflow",
        "keras_load": "tensorflow",
        "floor_read": "numpy",
    },
}
BYTES = 640 << 20
IMAGE_SIZE, LABELS = 128, 5


def main() -> None:
    arguments = parse()
    if arguments.contender:
        name = arguments.contender
        framework = next(o[name] for o in OPERATIONS.values() if name in o)
        folder = Path(arguments.folder)
        take_turns(framework, lambda: _SETUPS[name](folder))
        return
    for operation in arguments.part:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            command = [__file__, f"--folder={folder}", "--contender"]
            names = OPERATIONS[operation]
            chosen = [n for n in names if n in (arguments.only or names)]
            commands = {name: [*command, name] for name in chosen}
            title = f"v1 with Adam's moments, {operation}"
            compare(title, commands, next(iter(commands)), arguments.rounds)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--part", nargs="+", choices=OPERATIONS, default=list(OPERATIONS)
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", help="contenders to measure")
    parser.add_argument(
        "--folder", help="folder on the disk to measure; default: a temporary folder"
    )
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    return parser.parse_args()


def torch_training():
    """Returns PyTorch's networks and optimizers after an update, with moments."""
    import torch
    from peer.stargan_v1 import Training

    training = Training(IMAGE_SIZE, LABELS)
    for network in (training.generator, training.discriminator):
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
    for optimizer in training.optimizers:
        optimizer.step()
        optimizer.zero_grad()
    networks = {"G": training.generator, "D": training.discriminator}
    names = ("G_adam", "D_adam")
    return networks | dict(zip(names, training.optimizers, strict=True))


def torch_save(folder: Path, synced: bool = False):
    import torch

    objects = torch_training()
    path = folder / f"peer_{synced}.pt"

    def work():
        path.unlink(missing_ok=True)
        torch.save({name: x.state_dict() for name, x in objects.items()}, path)
        if not synced:
            return lambda: flush(path)
        flush(path)

    return work


def torch_load(folder: Path):
    import torch

    torch_save(folder)()
    objects = torch_training()

    def work():
        states = torch.load(folder / "peer_False.pt", weights_only=True)
        for name, x in objects.items():
            x.load_state_dict(states[name])

    return work


def our_model():
    from stargan_tf.data.info import DatasetInfo
    from stargan_tf.models.stargan.model import StarGAN

    info = DatasetInfo("faces", tuple("abcde")[:LABELS], "binary", IMAGE_SIZE)
    model = StarGAN(info)
    model.compile()
    return model


def our_save(folder: Path):
    from stargan_tf.training import checkpoints
    from stargan_tf.training.run_folder import versions

    model = our_model()
    datasets = model.label_space.to_list()
    state = checkpoints.State(1, "stargan", datasets, [1], versions())
    return lambda: checkpoints.save(folder / "ours", model, state, keep=1) and None


def our_load(folder: Path, load: Callable | None = None):
    from stargan_tf.training import checkpoints
    from stargan_tf.training.checkpoints import load_weights

    load = load or load_weights

    our_save(folder)()
    model = our_model()
    checkpoint = folder / "ours" / checkpoints.folder_name(1)

    def work():
        checkpoints.read_state(checkpoint)
        load(model, checkpoint / checkpoints.MODEL_FILE)

    return work


def keras_load(model, file: Path) -> None:
    model.load_weights(file)


def raw_write(folder: Path):
    import numpy as np

    values = np.ones(BYTES, np.uint8)
    path = folder / "raw"

    def work():
        path.unlink(missing_ok=True)
        path.write_bytes(values)
        flush(path)

    return work


def raw_read(folder: Path):
    import numpy as np

    values = np.ones(BYTES, np.uint8)
    path = folder / "raw_read"
    path.write_bytes(values)
    flush(path)

    def work():
        with path.open("rb") as file:
            file.readinto(values)

    return work


def flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


_SETUPS = {
    "torch_save": torch_save,
    "torch_save_fsync": lambda folder: torch_save(folder, synced=True),
    "torch_load": torch_load,
    "ours_save": our_save,
    "ours_load": our_load,
    "keras_load": lambda folder: our_load(
        folder / "keras", lambda model, file: model.load_weights(file)
    ),
    "floor_write_fsync": raw_write,
    "floor_read": raw_read,
}

if __name__ == "__main__":
    main()
