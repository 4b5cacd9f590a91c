"""
Title: Serve a StarGAN, and convert it for phones
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Export a model as a SavedModel and as a LiteRT file, and run both without stargan_tf.
Accelerator: None
Extras: litert

## Introduction

Exported models run without `stargan_tf`. A SavedModel is for TF Serving and for any
program that has TensorFlow. A LiteRT file is for phones, browsers, and small boards.

## Setup

The LiteRT file is run by `ai-edge-litert`, which the extra `stargan_tf[litert]` installs.
"""  # noqa: E501

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

import stargan_tf

FACES = 4
FOLDER = Path("runs/serve_and_convert")

model = stargan_tf.load_model("toon_attributes")
held_out = stargan_tf.load_dataset("toon_attributes", split="held_out", image_size=64)
images = np.stack([held_out.load(number) for number in range(FACES)])

"""
## Export a SavedModel

The folder is one version of the model: exported again, the next one is `2`. Before the
files appear, every signature is compared with Keras on random images.
"""

folder = model.export(FOLDER / "served/faces", format="saved_model")

"""
## Arrays in, arrays out

The signature `translate` takes uint8 images and a vector of labels.
`assets.extra/model.json` describes them.
"""

description = json.loads((folder / "assets.extra/model.json").read_text("utf-8"))
domains = description["domains"]
print("Labels:", domains)

served = tf.saved_model.load(folder)
labels = np.zeros((FACES, len(domains)), np.float32)
labels[:, [domains.index("Blond_Hair"), domains.index("Young")]] = 1
translate = served.signatures["translate"]
translated = translate(images=tf.constant(images), labels=tf.constant(labels))
blond = translated["images"].numpy()
print(blond.shape, blond.dtype)

"""
## Files in, files out

`translate_encoded` takes the bytes of image files and targets in words, and returns PNG
files. Decoding, cropping, and resizing are in the graph, so a client needs no image
library.
"""

file = BytesIO()
Image.fromarray(images[0]).resize((200, 160)).save(file, "JPEG", quality=95)
answer = served.signatures["translate_encoded"](
    encoded=tf.constant([file.getvalue()]), names=tf.constant(["Black_Hair,-Young"])
)
png = answer["encoded_bytes"].numpy()[0]
(FOLDER / "black.png").write_bytes(png)
Image.open(FOLDER / "black.png").resize((192, 192))

"""
## TF Serving

TF Serving runs the folder as it is. Port 8500 is gRPC, and 8501 is REST:

```
docker run -p 8500:8500 -p 8501:8501 \\
    -v "$PWD/runs/serve_and_convert/served/faces:/models/faces" \\
    -e MODEL_NAME=faces tensorflow/serving
```

```
curl -s localhost:8501/v1/models/faces:predict -d "{
  \\"signature_name\\": \\"translate_encoded\\",
  \\"inputs\\": {\\"encoded\\": [{\\"b64\\": \\"$(base64 -w0 me.jpg)\\"}],
             \\"names\\": [\\"Blond_Hair\\"]}}"
```

The client of the package speaks gRPC and needs neither TensorFlow nor Keras:

```python
from stargan_tf.serving import Client

with Client("localhost:8500", "faces") as client:
    (blond,) = client.translate(["me.jpg"], to="Blond_Hair")
```

Without Docker, `stargan-tf serve --model runs/serve_and_convert/served/faces` starts a
development server with the same protocol.

## Convert for phones

`quantize` is `"none"`, `"float16"`, `"dynamic"`, or `"int8"`. With `"dynamic"` weights
have 8 bits, and the file is about a quarter as large. A file that differs too much from
Keras is not written.
"""

model.export(FOLDER / "float32", format="litert", quantize="none")
model.export(FOLDER / "dynamic", format="litert", quantize="dynamic")
sizes = {
    kind: (FOLDER / kind / "generator.tflite").stat().st_size
    for kind in ("float32", "dynamic")
}
print({kind: f"{size / 2**20:.2f} MiB" for kind, size in sizes.items()})

"""
## Run the LiteRT file

Images are float32 in [-1, 1], one at a time. Kotlin, Swift, and JavaScript call the same
signature.
"""


def run(kind, images, labels):
    """Translates uint8 images with a LiteRT file."""
    path = FOLDER / kind / "generator.tflite"
    runner = Interpreter(str(path), num_threads=2).get_signature_runner("translate")
    outputs = [
        runner(images=image[None] / np.float32(127.5) - 1, labels=label[None])["images"]
        for image, label in zip(images, labels, strict=True)
    ]
    return np.uint8(np.round((np.concatenate(outputs) + 1) * 127.5))


lite = {kind: run(kind, images, labels) for kind in ("float32", "dynamic")}
for kind, outputs in lite.items():
    difference = np.abs(outputs.astype(int) - blond)
    print(f"{kind}: mean difference {difference.mean():.2f} gray levels of 255")
columns = {"input": images, "SavedModel": blond, **lite}
rows = list(zip(*columns.values(), strict=True))
Image.open(stargan_tf.save_grid(rows, list(columns), FOLDER / "compared.png"))

"""
## Where to go from here

- [Serving](https://github.com/stargan-tf/stargan_tf/blob/main/docs/serving.md):
  signatures, TF Serving, and the client.
- [On the device](https://github.com/stargan-tf/stargan_tf/blob/main/docs/on_device.md):
  quantization and all fields of `model.json`.
- [camera.py](https://github.com/stargan-tf/stargan_tf/blob/main/examples/camera.py):
  translates the images of a webcam with a LiteRT file.
"""
