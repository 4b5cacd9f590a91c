"""
Title: Styles and interpolation with StarGAN v2
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Translate people to other domains in random styles and in the styles of other images.
Accelerator: None

## Introduction

StarGAN v2 draws a domain in many styles. A style code comes from one of two networks: the
mapping network makes it from random numbers, and the style encoder reads it from a
reference image. The generator then redraws the source in that style: the pose stays, and
hair, skin, and age follow the style.

This example uses `toon_people`, a small StarGAN v2 that is part of the package. It knows
drawn women, men, and children.

## Setup

A GPU is used if TensorFlow finds one, but this example does not need it.
"""  # noqa: E501

from pathlib import Path

import numpy as np
from PIL import Image

import stargan_tf

SOURCES = 4
REFERENCES = 6
FRAMES = 60
FOLDER = Path("runs/styles")


def saved(image, file):
    """Saves an image, and opens the file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    image.save(FOLDER / file)
    return Image.open(FOLDER / file)


"""
## Load the model and some people

The people are from the held-out split: the model has not seen them.
"""

model = stargan_tf.load_model("toon_people")
domains = model.info.domains
print(f"Domains: {domains}, styles of {model.style_dim} numbers")

people = stargan_tf.load_dataset("toon_people", split="held_out", image_size=64)
images = np.stack([people.load(number) for number in range(SOURCES + REFERENCES)])
shown = [domains[number] for number in people.labels[: len(images)].argmax(axis=1)]
sources, references = images[:SOURCES], images[SOURCES:]
reference_domains = shown[SOURCES:]

"""
## Random styles

Each seed is a style. The same seed gives the same style again, also in
`model.translate(sources, "child", seed=7)`.
"""

saved(stargan_tf.latent_grid(model, sources, seeds=range(3)), "latents.png")

"""
## Truncation

With a truncation below 1, styles are drawn toward the mean style of their domain, which
makes them safer and less diverse. At 0, all styles are the mean style.
"""

truncations = [0.0, 0.5, 1.0]
columns = [
    model.translate(sources, "woman", seed=7, truncation=value) for value in truncations
]
Image.open(
    stargan_tf.save_grid(
        list(zip(sources, *columns, strict=True)),
        ["input", *map(str, truncations)],
        FOLDER / "truncation.png",
    )
)

"""
## The styles of other people

References stand above their columns. Each source takes the style of the reference, in the
domain of the reference.
"""

grid = stargan_tf.reference_grid(model, sources, references, reference_domains)
saved(grid, "references.png")

"""
## Styles are numbers

`encode_style` returns the style codes of images, and `map_latents` those of random
numbers. Computed once, they can be saved and used again for any source.
"""

codes = model.encode_style(references, reference_domains)
file = stargan_tf.save_styles(FOLDER / "codes.npz", codes, reference_domains, model)
loaded = stargan_tf.load_styles(file, model)
first = model.translate(sources, styles=loaded.styles[:1])
print("Style codes:", codes.shape, "translations:", first.shape, first.dtype)

"""
## Interpolation

Between two random styles of a domain, each row passes smoothly from one style to the
next. Faces keep their pose and change everything else.
"""

strip = stargan_tf.interpolation_strip(model, sources, "child", seeds=(1, 2), steps=7)
saved(strip, "interpolation.png")

"""
The same as a video, through four styles and back to the first one. In a notebook it
plays in the output below.
"""

video = stargan_tf.interpolation_film(
    FOLDER / "interpolation.gif", model, sources, "woman", range(4), frames=FRAMES
)
print(f"{video}: {FRAMES} frames")

"""
Codes can also be mixed by hand: here one source goes from the style of one reference to
that of another.
"""

shares = np.linspace(0, 1, 7, dtype=np.float32)[:, None]
mixed = (1 - shares) * codes[0] + shares * codes[1]
row = model.translate(np.repeat(sources[:1], 7, axis=0), styles=mixed)
titles = ["reference", *(f"{share:.2f}" for share in shares[:, 0]), "reference"]
Image.open(
    stargan_tf.save_grid(
        [[references[0], *row, references[1]]], titles, FOLDER / "mixed.png"
    )
)

"""
## From the command line

```
stargan-tf translate --model toon_people --to child --seed 7 face.png --output out.png
stargan-tf translate --model toon_people --to woman --reference other.png face.png \\
    --output out.png
stargan-tf translate --model toon_people --to man --styles 4 --video face.png \\
    --output styles.gif
```

`stargan-tf train --preset demo_v2 --run runs/people` trains such a model, and
`--dataset folder --data_dir photos/` trains it on images of your own.
"""
