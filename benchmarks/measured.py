"""Translation quality for 16-bit images and for several channels.

    python benchmarks/measured.py depth       # 8-bit and 16-bit data of the same scans
    python benchmarks/measured.py channels    # a domain changes one of five channels

`depth` trains on the synthetic scans as 8-bit images and as integers from 0 to 800 with
an intensity window, and compares translations with the true images. `channels` trains
on synthetic images of 96 × 160 pixels with five 16-bit channels, of which the domain
changes the third.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import stargan_tf

PRESET = ["--preset", "detect", "--augment"]


def train(run: Path, pretraining: int, steps: int, *flags: str) -> None:
    """Runs a training with the command-line program."""
    command = [sys.executable, "-m", "stargan_tf.cli.main", "train", *PRESET]
    command += ["--run", str(run), "--pretraining_steps", str(pretraining)]
    command += ["--steps", str(pretraining + steps), "--log_every", "200", *flags]
    subprocess.run(command, check=True)


def depth(folder: Path, pretraining: int, steps: int) -> dict[str, float]:
    """Returns the PSNR of healed images in dB for both trainings."""
    values, window = {}, ["--intensity", "window:0,800"]
    for name, flags in {"8 bits": [], "0 to 800": window}.items():
        run = folder / name.replace(" ", "_")
        train(run, pretraining, steps, "--dataset", "drawn_scans", *flags)
        results = stargan_tf.evaluate(run, metrics="unchanged", count=400)
        (healed,) = (task for task in results.tasks if task.target == "healthy")
        (value,) = (m.value for m in healed.measurements if m.name == "psnr_to_truth")
        values[name] = value
    values["difference"] = abs(values["8 bits"] - values["0 to 800"])
    return values


def scene(seed: int, changed: bool) -> np.ndarray:
    """Returns five channels of blurred spots; a change adds a grid to the third."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :160].astype(np.float64)
    image = np.zeros((96, 160, 5))
    for channel in range(5):
        for _ in range(12):
            place, radius = rng.uniform((0, 0), (96, 160)), rng.uniform(4, 14)
            distance = np.hypot(y - place[0], x - place[1])
            spot = rng.uniform(2000, 9000) * np.exp(-((distance / radius) ** 2))
            image[..., channel] += spot
    if changed:
        image[..., 2] *= 0.5 + 0.5 * ((x + y) % 16 < 8)
    noise = rng.normal(0, 100, image.shape)
    return np.clip(image + noise + 500, 0, 65535).astype(np.uint16)


def channels(folder: Path, pretraining: int, steps: int) -> dict[str, float]:
    """Returns the mean change of each channel in percent, and PSNR of channel 3."""
    for number, domain in enumerate(("before", "after")):
        (folder / domain).mkdir(parents=True)
        for seed in range(400):
            image = scene(2 * seed + number, changed=bool(number))
            np.save(folder / domain / f"{seed:03d}.npy", image)
    run = folder.with_name("five_channels")
    flags = ["--dataset", "folder", "--data_dir", str(folder), "--image_size", "96,160"]
    train(run, pretraining, steps, *flags, "--intensity", "window:0,16000")
    model = stargan_tf.load_model(run)
    source = stargan_tf.load_dataset(
        "folder",
        "held_out",
        (96, 160),
        data_dir=str(folder),
        intensity="window:0,16000",
    )
    rows = np.flatnonzero(source.labels[:, source.info.index("before")])
    images = np.stack([source.load(int(row)) for row in rows])
    outputs = model.translate(images, "after")
    change = 50 * np.abs(outputs - images).mean(axis=(0, 1, 2))
    true_channels = [
        scene(2 * int(Path(source.names[row]).stem), True)[..., 2] for row in rows
    ]
    window = source.info.intensity
    truth = window.to_float(np.stack(true_channels)[..., None])[..., 0]
    values = {f"channel {n + 1}": float(value) for n, value in enumerate(change)}
    for name, array in {"input": images, "translation": outputs}.items():
        error = np.mean((array[..., 2] - truth) ** 2)
        values[f"PSNR of channel 3, {name}"] = float(10 * np.log10(4 / error))
    return values


def main() -> None:
    """Trains and prints the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=["depth", "channels"])
    parser.add_argument("--pretraining", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=1000, help="generator steps")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = {"depth": depth, "channels": channels}[arguments.experiment]
        values = work(
            Path(folder, arguments.experiment), arguments.pretraining, arguments.steps
        )
    print(json.dumps(values, indent=1))


if __name__ == "__main__":
    main()
