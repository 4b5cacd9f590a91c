"""
Title: Translate faces with a trained StarGAN
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Change the hair color, sex, and age of cartoon faces with a shipped model.
Accelerator: None

## Introduction

StarGAN translates an image to any of several domains with a single generator. The
generator takes an image and a vector of labels, and redraws the image so that it shows
these labels.

This example uses `toon_attributes`, a small StarGAN that comes with the package. It was
trained on cartoon faces and works on them only. The example `train_on_your_images`
trains a model on images of your own.

## Setup

Import `stargan_tf` before TensorFlow and Keras, so that it can turn on TensorFlow's
faster CPU kernels. A GPU is used if TensorFlow finds one, but this example does not
need it.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import stargan_tf

FACES = 6
FOLDER = Path("runs/translate_faces")


def show(columns, file):
    """Saves {title: images} as a grid with a column for each title, and opens it."""
    rows = list(zip(*columns.values(), strict=True))
    return Image.open(stargan_tf.save_grid(rows, list(columns), FOLDER / file))


"""
## Load the model and some faces

`load_model` opens shipped models by their names. It also opens run folders,
checkpoints, `.keras` files, and addresses such as `hf://user/model`. The faces are from
the held-out split: the model has not seen these people.
"""

model = stargan_tf.load_model("toon_attributes")
size = model.label_space.image_size  # 128
held_out = stargan_tf.load_dataset("toon_attributes", "held_out", image_size=size)
images = np.stack([held_out.load(number) for number in range(FACES)])
print("Domains:", ", ".join(model.label_space.datasets[0].domains))
print("Images:", images.shape, images.dtype)

"""
## One attribute at a time

A target is written in words. `Male` turns an attribute on, and `-Male` turns it off.
The three hair colors exclude each other, so turning one on turns the others off.
Attributes that the target does not mention stay as they are: the model's discriminator
reads them from the image.

The weak sides of this small model are visible, too. A beard that is removed leaves a
smear, and long hair is not always dyed to its ends.
"""

targets = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "-Male", "Young", "-Young"]
translations = {target: model.translate(images, target) for target in targets}
show({"input": images, **translations}, "attributes.png")

"""
## Several attributes, and strengths

Commas combine attributes. A number from 0 to 1 after a colon sets the strength: at 0
the label is that of the source, and at 1 that of the target.
"""

targets = ["Black_Hair,-Young", "Male,-Young"]
targets += [f"Blond_Hair:{strength}" for strength in (0.25, 0.5, 0.75, 1.0)]
show(
    {"input": images} | {target: model.translate(images, target) for target in targets},
    "strengths.png",
)

"""
## Compare with the right answer

Every cartoon face can be rendered again with other labels, so the right answer is known
here. For photographs, it is not. The peak signal-to-noise ratio (PSNR) compares
translations with right answers; higher is better.
"""

domains = held_out.info.domains
blond = held_out.labels[:FACES].copy()
blond[:, [domains.index("Black_Hair"), domains.index("Brown_Hair")]] = 0
blond[:, domains.index("Blond_Hair")] = 1
answers = [
    held_out.known.truth(name, label, size)
    for name, label in zip(held_out.names[:FACES], blond, strict=True)
]
translated = translations["Blond_Hair"]
error = np.mean((translated / 255 - np.stack(answers) / 255) ** 2)
print(f"PSNR: {-10 * np.log10(error):.1f} dB")
show(
    {"input": images, "Blond_Hair": translated, "right answer": answers}, "answers.png"
)

"""
## From the command line

The same model translates image files and whole folders:

```
stargan-tf datasets save --dataset toon_attributes --image_size 128 --output faces
stargan-tf translate --model toon_attributes --to Blond_Hair faces --output blond
stargan-tf translate --model toon_attributes --all faces --output grid.png
```
"""
