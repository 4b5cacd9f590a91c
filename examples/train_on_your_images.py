"""
Title: Train StarGAN on a folder of your own images
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/29
Description: Train a StarGAN on one folder of images per domain, and resume training.
Accelerator: GPU

## Introduction

To train on images of your own, put them into one folder per domain:

```
photos/black/…   photos/blond/…   photos/brown/…
```

JPEG, PNG, WebP, BMP, GIF, TIFF, and AVIF files of any size are read. This example draws
faces and writes such a folder itself, so that it runs anywhere. For images of your own,
set `PHOTOS` to your folder and skip the cell that draws the faces.

## Setup

TensorFlow uses a GPU if it finds one. In Colab, choose *Runtime > Change runtime type*
and a GPU first.
"""

from pathlib import Path

import stargan_tf  # isort: skip  (before TensorFlow: it turns on oneDNN)

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

FACES = 1000
STEPS = 1200
BATCH_SIZE = 8
FOLDER = Path("runs/train_on_your_images")
PHOTOS = FOLDER / "photos"

gpus = tf.config.list_physical_devices("GPU")
print("Training on", gpus[0].name if gpus else "the CPU")
keras.utils.set_random_seed(0)


def show(columns, file):
    """Saves {title: images} as a grid with a column for each title, and opens it."""
    rows = list(zip(*columns.values(), strict=True))
    return Image.open(stargan_tf.save_grid(rows, list(columns), FOLDER / file))


"""
## A folder of images

The cartoon faces have several labels. Here, only the hair color decides the folder. The
faces are young ones, because the hair of the old is gray.
"""

drawn = stargan_tf.load_dataset("toon_attributes", image_size=64)
colors = ("Black_Hair", "Blond_Hair", "Brown_Hair")
columns = [drawn.info.index(color) for color in colors]
young = np.flatnonzero(drawn.labels[:, drawn.info.index("Young")])
for number in young[:FACES]:
    color = colors[drawn.labels[number, columns].argmax()].removesuffix("_Hair")
    file = PHOTOS / color.lower() / f"{number:04d}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(drawn.load(number)).save(file)

"""
## Open the folder

The names of the folders become the domains. A tenth of the images, always the same
ones, is held out from training.

`stargan-tf doctor --dataset folder --data_dir photos/` looks at every image and reports
what could go wrong: broken files, duplicates, domains with few images.
"""

train, held_out = (
    stargan_tf.load_dataset("folder", split=split, image_size=64, data_dir=PHOTOS)
    for split in ("train", "held_out")
)
domains = train.info.domains
print(f"{len(train)} images to train on, {len(held_out)} held out: {domains}")
rows_of = {name: np.flatnonzero(train.labels[:, i]) for i, name in enumerate(domains)}
show({name: list(map(train.load, rows_of[name][:3])) for name in domains}, "train.png")

"""
## Train

The arguments make a small StarGAN that learns quickly. The generator draws an image and
a mask of where it replaces the input (`output`), its residual blocks see the labels
(`conditioning`), and skip connections carry fine detail (`skips` and `upsampling`). The
discriminator also judges how well an image fits its label (`projection`). Images are
translated with averaged weights (`ema_decay`). Without arguments, `StarGAN(train.info)`
and `compile()` give the model and the training of the paper, which takes 200,000 steps.

`training_batches` repeats forever and flips images at random. `SampleImages` translates
held-out images every few hundred steps, and `StopOnNaN` ends a training that diverges.
This cell trains half of the steps and saves the model.
"""

model = stargan_tf.StarGAN(
    train.info,
    base_filters=16,
    num_residual_blocks=3,
    discriminator_filters=24,
    discriminator_layers=5,
    output="blend",
    conditioning="blocks",
    upsampling="resize",
    skips=True,
    projection=True,
    ema_decay=0.998,
)
model.compile(learning_rate=6e-4, critic_steps=1, total_steps=STEPS)
callbacks = [
    stargan_tf.StopOnNaN(),
    stargan_tf.SampleImages(FOLDER / "samples", held_out, every=max(1, STEPS // 4)),
]
batches = stargan_tf.training_batches(train, batch_size=BATCH_SIZE)
model.fit(batches, steps_per_epoch=STEPS // 2, callbacks=callbacks)
model.save(FOLDER / "hair.keras")
Image.open(max((FOLDER / "samples").glob("*.png")))

"""
## Resume

The file contains the optimizers and the number of steps, so the training resumes where
it stopped, also in another session. With `start_step`, the batches are those that would
have come next.
"""

model = stargan_tf.load_model(FOLDER / "hair.keras")
step = int(model.step)
batches = stargan_tf.training_batches(train, batch_size=BATCH_SIZE, start_step=step)
model.fit(batches, steps_per_epoch=STEPS - step, callbacks=callbacks)
model.save(FOLDER / "hair.keras")

"""
## Translate and measure

After so few steps, new hair still has rims of the old color. For comparison, the
shipped model `toon_attributes` was trained for 9,500 steps at 128 px.

`evaluate` trains a separate classifier on the training images and applies it to
translations of held-out images. The error is the percentage of translations in which it
does not see the target.
"""

results = stargan_tf.evaluate(
    model,
    held_out,
    "classification",
    train=train,
    count=20,
    classifier="tiny",
    classifier_steps=STEPS // 2,
)
print(results)

rows = np.linspace(0, len(held_out) - 1, 6).astype(int)
images = np.stack([held_out.load(row) for row in rows])
show(
    {"input": images} | {to: model.translate(images, to) for to in domains}, "hair.png"
)

"""
## From the command line

A run has checkpoints, samples, and logs in one folder, and the same command resumes it:

```
stargan-tf train --preset photos_64 --dataset folder --data_dir photos --run runs/hair
stargan-tf translate --model runs/hair --to blond me.jpg --output blond.png
```

The preset `photos_64` is for a few thousand photographs and a small machine. A folder
of images and a table of attributes, such as CelebA's, is `--dataset attributes`.
"""
