"""
Title: Translate faces with a trained StarGAN
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Change the hair color, sex, and age of faces with a model that comes with the package.
Accelerator: None

## Introduction

StarGAN translates an image to any of several domains with a single generator. The
generator takes an image and a vector of labels, and redraws the image so that it shows
these labels.

This example uses `toon_attributes`, a small StarGAN that is part of the package. It was
trained on drawn faces, so that you can try everything in a minute without downloading
a data set. It works on drawn faces only; the example
[train_on_your_images](https://github.com/stargan-tf/stargan_tf/blob/main/examples/train_on_your_images.ipynb)
trains a model on images of your own.

## Setup

Import `stargan_tf` before TensorFlow and Keras: it turns on TensorFlow's faster CPU
kernels. A GPU is used if TensorFlow finds one, but this example does not need it.
"""  # noqa: E501

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

`load_model` opens shipped models by their names, and also run folders, checkpoints,
`.keras` files, and addresses such as `hf://user/model`. The faces are from the held-out
split: the model has not seen these people.
"""

model = stargan_tf.load_model("toon_attributes")
print("Domains:", ", ".join(model.label_space.datasets[0].domains))

held_out = stargan_tf.load_dataset("toon_attributes", split="held_out", image_size=64)
images = np.stack([held_out.load(number) for number in range(FACES)])
print("Images:", images.shape, images.dtype)

"""
## One attribute at a time

A target is written in words. `Male` turns an attribute on, `-Male` turns it off, and
attributes that the target does not mention stay as they are. The three hair colors
exclude each other, so turning one on turns the others off.
"""

targets = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "-Male", "Young", "-Young"]
translations = {target: model.translate(images, target) for target in targets}
show({"input": images, **translations}, "attributes.png")

"""
## Several attributes, and strengths

Commas combine attributes. A number from 0 to 1 after a colon sets the strength: 0 is the
source, and 1 is the target.
"""

several = ["Blond_Hair,Young", "Black_Hair,-Young", "Brown_Hair,Male,-Young"]
show(
    {
        "input": images,
        **{target: model.translate(images, target) for target in several},
    },
    "several.png",
)

"""
The columns from left to right turn hair blond in four steps.
"""

steps = [f"Blond_Hair:{strength}" for strength in (0.25, 0.5, 0.75, 1.0)]
show(
    {"input": images, **{target: model.translate(images, target) for target in steps}},
    "strengths.png",
)

"""
## How the model knows what to keep

A target such as `Blond_Hair` says nothing about sex and age. The model reads them from
the image: the discriminator was trained to recognize the labels, too.
"""

probabilities = model.classify(images)
for row, labels in zip(probabilities, held_out.labels[:FACES], strict=True):
    seen = ", ".join(f"{value:.2f}" for value in row)
    print(f"seen: {seen}   true: {labels.astype(int).tolist()}")

"""
## Compare with the right answer

Every drawn face can be drawn again with other labels, so the right answer is known here.
For photographs nobody knows it. The peak signal-to-noise ratio (PSNR) compares the
translations with the right answers; higher is better.
"""

domains = held_out.info.domains
blond = held_out.labels[:FACES].copy()
blond[:, [domains.index(f"{color}_Hair") for color in ("Black", "Brown")]] = 0
blond[:, domains.index("Blond_Hair")] = 1
answers = [
    held_out.known.truth(name, label, 64)
    for name, label in zip(held_out.names[:FACES], blond, strict=True)
]
translated = translations["Blond_Hair"]
error = np.mean((translated / 255.0 - np.stack(answers) / 255.0) ** 2)
print(f"PSNR: {-10 * np.log10(error):.1f} dB")
show(
    {"input": images, "Blond_Hair": translated, "right answer": answers}, "answers.png"
)

"""
## From the command line

The same model translates image files, whole folders, and every attribute at once:

```
stargan-tf datasets save --dataset toon_attributes --count 4 --image_size 64 \\
    --output faces
stargan-tf translate --model toon_attributes --to Blond_Hair faces --output blond
stargan-tf translate --model toon_attributes --all faces --output grid.png
```
"""
