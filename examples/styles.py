"""
Title: Styles and interpolation with StarGAN v2
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Translate cartoon people in random styles and in the styles of others.
Accelerator: None

## Introduction

StarGAN v2 draws a domain in many styles. A style code comes from one of two networks:
the mapping network makes it from random numbers, and the style encoder reads it from a
reference image. The generator then redraws the source in that style. The pose stays,
and hair, skin, and age follow the style.

This example uses `toon_people`, a small StarGAN v2 that comes with the package. It
knows cartoon women, men, and children. The styles of references vary more than its
random styles, which differ in skin, but hardly in hair color.

## Setup

The people are from the held-out split: the model has not seen them. A GPU is used if
TensorFlow finds one, but this example does not need it.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import stargan_tf

SOURCES = 4
REFERENCES = 6
FRAMES = 60
FOLDER = Path("runs/styles")
FOLDER.mkdir(parents=True, exist_ok=True)

model = stargan_tf.load_model("toon_people")
domains = model.info.domains
print(f"Domains: {', '.join(domains)}. A style has {model.style_dim} numbers.")

people = stargan_tf.load_dataset("toon_people", split="held_out", image_size=128)
images = np.stack([people.load(number) for number in range(SOURCES + REFERENCES)])
labels = [domains[label.argmax()] for label in people.labels[: len(images)]]
sources, references = images[:SOURCES], images[SOURCES:]
reference_domains = labels[SOURCES:]

"""
## Random styles

Each seed stands for a style in each domain: the column "child, seed 1" shows
`model.translate(sources, "child", seed=1)`. With a `truncation` below 1, styles are
drawn toward the mean style of their domain, which makes them safer and less diverse.
"""

grid = stargan_tf.latent_grid(model, sources, seeds=range(3), truncation=0.8)
grid.save(FOLDER / "latents.png")
Image.open(FOLDER / "latents.png")

"""
## The styles of other people

The references stand above their columns. Each source takes the style of the reference
and is translated to its domain.
"""

grid = stargan_tf.reference_grid(model, sources, references, reference_domains)
grid.save(FOLDER / "references.png")
Image.open(FOLDER / "references.png")

"""
## Styles are numbers

`encode_style` returns the style codes of references, and `map_latents` those of random
numbers. Codes can be saved, loaded, and mixed: the first source passes from the style
of the first reference to that of the last one.
"""

codes = model.encode_style(references, reference_domains)
stargan_tf.save_styles(FOLDER / "codes.npz", codes, reference_domains, model)
codes = stargan_tf.load_styles(FOLDER / "codes.npz", model).styles

shares = np.linspace(0, 1, 7, dtype=np.float32)[:, None]
mixed = (1 - shares) * codes[0] + shares * codes[-1]
row = model.translate(np.repeat(sources[:1], 7, axis=0), styles=mixed)
titles = ["first", *(f"{share:.2f}" for share in shares[:, 0]), "last"]
row = [references[0], *row, references[-1]]
Image.open(stargan_tf.save_grid([row], titles, FOLDER / "mixed.png"))

"""
## Interpolation between random styles

Each row passes from one random style of a domain to another.
"""

strip = stargan_tf.interpolation_strip(model, sources, "child", seeds=(0, 5), steps=7)
strip.save(FOLDER / "interpolation.png")
Image.open(FOLDER / "interpolation.png")

"""
The same as a video, through four styles and back to the first one. Open the file in a
browser to play it.
"""

stargan_tf.interpolation_video(
    FOLDER / "interpolation.gif", model, sources, "woman", range(4), frames=FRAMES
)

"""
## From the command line

```
stargan-tf datasets save --dataset toon_people --count 5 --image_size 128 \\
    --output people
cd people
stargan-tf translate --model toon_people --to child --seed 7 held_out_000000.png \\
    --output child.png
stargan-tf translate --model toon_people --to woman --reference held_out_000004.png \\
    held_out_000000.png --output woman.png
stargan-tf translate --model toon_people --to man --styles 4 --video \\
    held_out_000000.png --output styles.gif
```

`stargan-tf train --preset demo_v2 --run runs/people` trains such a model. Add
`--dataset folder --data_dir photos/` to train it on images of your own.
"""
