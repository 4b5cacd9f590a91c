"""Does depth or the number of channels cost anything? Two trainings each.

    python benchmarks/measured.py depth       # 8 bits against 16, the same drawing
    python benchmarks/measured.py channels    # one of five channels is to change

`depth` trains on drawn scans as 8-bit images and as whole numbers from 0 to 800 with
their window, and compares translations with the true ones. `channels` draws scenes of
96 × 160 pixels and five channels of 16 bits, of which the domain changes the third.
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
    """One training from the command line."""
    command = [sys.executable, "-m", "stargan_tf.cli.main", "train", *PRESET]
    command += ["--run", str(run), "--pretraining_steps", str(pretraining)]
    command += ["--steps", str(pretraining + steps), "--log_every", "200", *flags]
    subprocess.run(command, check=True)


def depth(folder: Path, pretraining: int, steps: int) -> dict[str, float]:
    """PSNR to the healthy twins, in dB, of both trainings."""
    found, window = {}, ["--intensity", "window:0,800"]
    for name, flags in {"8 bits": [], "0 to 800": window}.items():
        run = folder / name.replace(" ", "_")
        train(run, pretraining, steps, "--dataset", "drawn_scans", *flags)
        results = stargan_tf.evaluate(run, metrics="unchanged", count=400)
        (healed,) = (task for task in results.tasks if task.target == "healthy")
        (value,) = (m.value for m in healed.measurements if m.name == "psnr_to_truth")
        found[name] = value
    found["difference"] = abs(found["8 bits"] - found["0 to 800"])
    return found


def scene(seed: int, changed: bool) -> np.ndarray:
    """Five channels of soft spots; in one domain the third has a grid besides."""
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
    """Mean change of each channel, in percent of the window."""
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
    drawn = model.translate(images, "after")
    change = 50 * np.abs(drawn - images).mean(axis=(0, 1, 2))
    wanted = [
        scene(2 * int(Path(source.names[row]).stem), True)[..., 2] for row in rows
    ]
    window = source.info.intensity
    truth = window.to_float(np.stack(wanted)[..., None])[..., 0]
    found = {f"channel {n + 1}": float(value) for n, value in enumerate(change)}
    for name, some in {"input": images, "translation": drawn}.items():
        error = np.mean((some[..., 2] - truth) ** 2)
        found[f"PSNR of channel 3, {name}"] = float(10 * np.log10(4 / error))
    return found


def main() -> None:
    """Trains, and prints the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["depth", "channels"])
    parser.add_argument("--pretraining", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=1000, help="of the generator")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = {"depth": depth, "channels": channels}[arguments.what]
        found = work(
            Path(folder, arguments.what), arguments.pretraining, arguments.steps
        )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
