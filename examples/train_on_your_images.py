"""
Title: Train StarGAN on a folder of your own images
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Put images into one folder per domain, train a StarGAN on them, and resume the training.
Accelerator: GPU

## Introduction

To train on images of your own, put them into one folder per domain:

```
photos/black/…   photos/blond/…   photos/brown/…
```

JPEG, PNG, WebP, BMP, GIF, TIFF, and AVIF files are read, of any size. This example writes
such a folder itself, with drawn faces, so that it runs anywhere. Set `PHOTOS` to a folder
of yours and skip the cell that draws the faces; everything else stays the same.

## Setup

TensorFlow uses a GPU if it finds one. In Colab, choose *Runtime > Change runtime type*
and a GPU first. Without a GPU, the training below takes some minutes on two CPU cores.
"""  # noqa: E501

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

import stargan_tf

IMAGES = 1000  # drawn faces
IMAGE_SIZE = 64
BATCH_SIZE = 8
STEPS = 1200
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

The drawn faces carry several labels. Here, only the hair color decides the folder.
"""

colors = ("Black_Hair", "Blond_Hair", "Brown_Hair")
drawn = stargan_tf.load_dataset("toon_attributes", image_size=64, attributes=colors)
for number in range(IMAGES):
    color = colors[drawn.labels[number].argmax()].removesuffix("_Hair").lower()
    file = PHOTOS / color / f"{number:04d}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(drawn.load(number)).save(file)

"""
## Open the folder

The names of the folders become the domains. A tenth of the images, always the same ones,
is held out from training. `stargan-tf doctor --dataset folder --data_dir photos/` looks
at every image and reports what could go wrong: broken files, duplicates, domains with
few images.
"""

train = stargan_tf.load_dataset(
    "folder", split="train", image_size=IMAGE_SIZE, data_dir=PHOTOS
)
held_out = stargan_tf.load_dataset(
    "folder", split="held_out", image_size=IMAGE_SIZE, data_dir=PHOTOS
)
domains = train.info.domains
print(f"{len(train)} images to train on, {len(held_out)} held out: {domains}")

examples = {
    name: [train.load(row) for row in np.flatnonzero(train.labels[:, number])[:3]]
    for number, name in enumerate(domains)
}
show(examples, "domains.png")

"""
## The model

The arguments make a small StarGAN that learns quickly. `output="blend"` lets the
generator draw an image and a mask of where it replaces the input, and
`conditioning="blocks"` shows the labels to every residual block. Without arguments,
`StarGAN(train.info)` and `compile()` give the model and the training of the paper
(200,000 steps).
"""

model = stargan_tf.StarGAN(
    train.info,
    base_filters=16,
    num_residual_blocks=3,
    discriminator_filters=24,
    discriminator_layers=5,
    output="blend",
    conditioning="blocks",
)
model.compile(learning_rate=6e-4, critic_steps=1, total_steps=STEPS)

"""
## Train

`training_batches` repeats forever, with random horizontal flips. `SampleImages` draws
held-out images in every domain as the training proceeds, and `StopOnNaN` ends a training
that diverges. Half of the steps are trained here, and the model is saved.
"""

callbacks = [
    stargan_tf.StopOnNaN(),
    stargan_tf.SampleImages(FOLDER / "samples", held_out, every=max(1, STEPS // 4)),
]
batches = stargan_tf.training_batches(train, batch_size=BATCH_SIZE)
model.fit(batches, steps_per_epoch=STEPS // 2, callbacks=callbacks, verbose=2)
model.save(FOLDER / "hair.keras")

"""
## Resume

The file contains the optimizers and the number of steps, so that the training resumes
where it stopped, also in another session. `start_step` makes the batches continue as if
there had been no break.
"""

model = stargan_tf.load_model(FOLDER / "hair.keras")
steps = int(model.step)
batches = stargan_tf.training_batches(train, batch_size=BATCH_SIZE, start_step=steps)
model.fit(batches, steps_per_epoch=STEPS - steps, callbacks=callbacks, verbose=2)
model.save(FOLDER / "hair.keras")
Image.open(sorted((FOLDER / "samples").glob("*.png"))[-1])

"""
## Translate held-out images
"""

rows = np.linspace(0, len(held_out) - 1, 6).astype(int)
images = np.stack([held_out.load(row) for row in rows])
translations = {name: model.translate(images, name) for name in domains}
show({"input": images, **translations}, "translated.png")

"""
## Measure

`evaluate` trains a classifier of its own on the training images and asks it about the
translations. `classification_error` is the share of translations in which it sees another
domain than the target.
"""

results = stargan_tf.evaluate(
    model,
    held_out,
    metrics="classification",
    train=train,
    count=20,
    classifier="tiny",
)
print(results)

"""
## From the command line

A run on the command line has checkpoints, samples, and logs in one folder, and the same
command resumes it:

```
stargan-tf train --dataset folder --data_dir photos/ --image_size 64 --run runs/hair
stargan-tf translate --model runs/hair --to blond me.jpg --output blond.png
```

`--preset photos_64` suits a few thousand photographs and a small machine, and
`--dataset attributes` reads a folder and a table of attributes, such as CelebA's.
"""
