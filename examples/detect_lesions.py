"""
Title: Find lesions with labels of whole images
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Train a model that makes scans healthy, and see where it changes them.
Accelerator: GPU

## Introduction

To find lesions, a model usually learns from masks that somebody has drawn around them.
Here, a label for each whole image is enough: *healthy* or *ill*. A StarGAN learns to
make ill images healthy and to leave healthy ones as they are. Where it changes an image,
the image is ill. This is the use that Fixed-Point GAN (Siddiquee et al. 2019) was made
for.

The scans of this example are drawn: gray slices of imaginary patients, half of them with
one to three lesions. For each of them a mask and a healthy twin are known, so that the
result can be checked. They are used for nothing else.

**This is not a medical device.** It shows a method on drawn data.

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

PRETRAINING_STEPS = 5000
STEPS = 6000
COUNT = 100  # held-out images to measure with
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
print(f"{len(train)} scans to train on, {len(held_out)} held out: {train.info.domains}")

examples = {
    name: [train.load(row) for row in np.flatnonzero(train.labels[:, number])[:8:2]]
    for number, name in enumerate(train.info.domains)
}
show(examples, "scans.png")

"""
## The model

`from_preset` takes the architecture of the preset `detect`. The generator draws a change
that is added to the image, so that "no change" leaves the image exactly as it is.
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

"""
## Train

Lesions are small, so the classifier learns to see them first: until
`pretraining_steps`, the generator waits. `rectified=True` is the objective of
Fixed-Point GAN, which also translates each image to its own domain and penalizes every
change there.
"""

batches = stargan_tf.training_batches(train, batch_size=8)
model.fit(batches, steps_per_epoch=STEPS, callbacks=[stargan_tf.StopOnNaN()], verbose=2)

"""
## Detect

`detect` translates images to the healthy domain. `difference` is by how much each pixel
changed, as a share of the range, and `scores` has one number for each image.
"""

ill = np.flatnonzero(held_out.labels[:, 1])[:40:8]
healthy = np.flatnonzero(held_out.labels[:, 0])[:16:8]
rows = [*ill, *healthy]
images = np.stack([held_out.load(row) for row in rows])
found = stargan_tf.detect(model, images, healthy="healthy")
for row, score, parts in zip(rows, found.scores, found.candidates, strict=True):
    label = held_out.info.domains[held_out.labels[row].argmax()]
    print(
        f"{held_out.names[row]} ({label}): score {score:.2f}, {len(parts)} candidates"
    )

"""
Input, healed image, what changed (in red), and where the lesions are (in green).
"""


def painted(images, maps, channel):
    """Gray images with maps from 0 to 1 in one color."""
    color = np.eye(3)[channel] * 255
    share = maps[..., None]
    return np.uint8((1 - share) * images + share * color)


masks = np.stack([held_out.known.lesions(held_out.names[row], 64) > 0 for row in rows])
show(
    {
        "input": images,
        "healed": found.healed,
        "changed": painted(images, np.minimum(5 * found.difference, 1.0), 0),
        "lesions": painted(images, 0.5 * masks, 1),
    },
    "found.png",
)

"""
## Measure

The area under the ROC curve (AUC) is how often an ill image has a higher score than a
healthy one; 0.5 is chance. For pixels the known masks are compared with the maps.
"""

results = stargan_tf.evaluate(model, held_out, metrics="detection", count=COUNT)
print(results)
model.save(FOLDER / "detect.keras")

"""
## From the command line

`detect` writes a report, scores, candidates, healed images, and maps. The first command
trains for 10,500 steps:

```
stargan-tf train --preset detect --dataset folder --data_dir scans/ --run runs/detect
stargan-tf detect --model runs/detect --healthy healthy new_scans/ --output found/
```
"""
