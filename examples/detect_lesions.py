"""
Title: Find lesions with labels of whole images
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Train a model that makes scans healthy, and see where it changes them.
Accelerator: GPU

## Introduction

A model that finds lesions usually learns from masks that somebody has drawn around
them. Here, one label for each image is enough: *healthy* or *ill*. A StarGAN learns to
make ill images healthy and to leave healthy ones as they are. Where it changes an
image, the image is ill. Fixed-Point GAN (Siddiquee et al. 2019) introduced this use.

The scans are synthetic: gray slices of imaginary patients, half of them with one to
three lesions. The mask of the lesions is known for each of them, so the result can be
checked. Training does not use the masks. This is a demonstration of a method, not a
medical device.

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

PRETRAINING_STEPS = 9000
STEPS = 10_500
COUNT = 150  # held-out scans to measure with
FOLDER = Path("runs/detect_lesions")

gpus = tf.config.list_physical_devices("GPU")
print("Training on", gpus[0].name if gpus else "the CPU")
keras.utils.set_random_seed(0)


def show(columns, file):
    """Saves {title: images} as a grid with a column for each title, and opens it."""
    rows = list(zip(*columns.values(), strict=True))
    return Image.open(stargan_tf.save_grid(rows, list(columns), FOLDER / file))


"""
## The scans

No patient is in both splits.
"""

train = stargan_tf.load_dataset("drawn_scans", split="train", image_size=64)
held_out = stargan_tf.load_dataset("drawn_scans", split="held_out", image_size=64)
print(f"{len(train)} scans to train on, {len(held_out)} held out")
healthy, ill = (np.flatnonzero(held_out.labels[:, label]) for label in (0, 1))
show(
    {
        "healthy": [held_out.load(row) for row in healthy[:40:10]],
        "ill": [held_out.load(row) for row in ill[:40:10]],
    },
    "scans.png",
)

"""
## Train

`from_preset` takes the architecture of the preset `detect`, whose generator draws a
change that is added to the image. `rectified=True` is the objective of Fixed-Point GAN:
it also translates each image to its own domain and penalizes every change there.

Lesions are small, and a generator learns nothing from a classifier that does not see
them. So only the classifier is trained in the first `pretraining_steps`, which are
quick. All settings are those of the preset, which trains for about ten minutes on two
CPU cores with AVX-512.
"""

model = stargan_tf.StarGAN.from_preset(
    "detect", load_weights=False, datasets=train.info
)
model.compile(
    rectified=True,
    loss_weights={"identity": 0.1},
    augment=True,
    pretraining_steps=PRETRAINING_STEPS,
    total_steps=STEPS,
    critic_steps=1,
    learning_rate=6e-4,
)
model.fit(
    stargan_tf.training_batches(train, batch_size=8),
    steps_per_epoch=STEPS,
    callbacks=[stargan_tf.StopOnNaN()],
)
model.save(FOLDER / "detect.keras")

"""
## Detect

`detect` translates images to the healthy domain. `difference` is how much each pixel
has changed, as a share of the range of gray values. `scores` has the largest change in
each image, and `candidates` has the connected parts that changed.

The columns show the input, the healed image, the changes in red, and the true lesions
in green. The last two rows are healthy.
"""

rows = [*ill[:40:8], *healthy[:40:20]]
images = np.stack([held_out.load(row) for row in rows])
found = stargan_tf.detect(model, images, healthy="healthy")
for row, score, parts in zip(rows, found.scores, found.candidates, strict=True):
    print(f"{held_out.names[row]}: score {score:.2f}, candidates: {len(parts)}")


def painted(maps, color):
    """The images with maps from 0 to 1 in a color, uint8 (n, height, width, 3)."""
    maps = maps[..., None]
    return np.uint8(images * (1 - maps) + np.array(color) * maps)


lesions = np.stack([held_out.known.lesions(held_out.names[row], 64) for row in rows])
show(
    {
        "input": images,
        "healed": found.healed,
        "changed": painted(np.minimum(5 * found.difference, 1), (255, 0, 0)),
        "lesions": painted(0.5 * (lesions > 0), (0, 255, 0)),
    },
    "found.png",
)

"""
## Measure

The AUC, the area under the ROC curve, is how often an ill image has a higher score than
a healthy one; 0.5 is chance. The numbers of pixels compare the changes with the known
masks. Rings and strong blobs are found most often; many faint lesions are missed.
"""

print(stargan_tf.evaluate(model, held_out, "detection", count=COUNT))

"""
## From the command line

`detect` writes a report, scores, candidates, healed images, and maps:

```
stargan-tf train --preset detect --dataset folder --data_dir scans/ --run runs/detect
stargan-tf detect --model runs/detect --healthy healthy new_scans/ --output found/
```
"""
