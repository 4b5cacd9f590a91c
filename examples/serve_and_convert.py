"""
Title: Serve a StarGAN, and convert it for phones
Author: The stargan_tf authors
Date created: 2026/11/28
Last modified: 2026/11/28
Description: Export a model as a SavedModel and as LiteRT, and run both.
Accelerator: None
Extras: litert

## Introduction

Exported models run without `stargan_tf`. A SavedModel is for TF Serving and for any
program that has TensorFlow. A LiteRT file is for phones, browsers, and small boards.

## Setup

`pip install "stargan_tf[litert]"` also installs `ai-edge-litert`, which runs the LiteRT
file. The model is the one that comes with the package; a run folder, a `.keras` file,
or a model in memory is exported in the same way.
"""

import json
from io import BytesIO
from pathlib import Path

import stargan_tf  # isort: skip  (before TensorFlow: it turns on oneDNN)

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

FACES = 4
FOLDER = Path("runs/serve_and_convert")

model = stargan_tf.load_model("toon_attributes")
held_out = stargan_tf.load_dataset("toon_attributes", split="held_out", image_size=128)
images = np.stack([held_out.load(number) for number in range(FACES)])

"""
## A SavedModel: arrays in, arrays out

`export` returns the folder of a version, `1`; the next export makes `2`. Nothing is
written unless every signature agrees with Keras.

The signature `translate` takes uint8 images and a vector of labels, which
`assets.extra/model.json` describes. TensorFlow alone runs it.
"""

folder = model.export(FOLDER / "served/faces", format="saved_model")

description = json.loads((folder / "assets.extra/model.json").read_text("utf-8"))
domains = description["domains"]
labels = np.zeros((FACES, len(domains)), np.float32)
labels[:, [domains.index("Blond_Hair"), domains.index("Young")]] = 1

served = tf.saved_model.load(folder)
translate = served.signatures["translate"]
outputs = translate(images=tf.constant(images), labels=tf.constant(labels))
blond = outputs["images"].numpy()
print(domains, blond.shape, blond.dtype)

"""
## Files in, files out

`translate_encoded` takes the bytes of image files and targets in words, and returns PNG
files. Decoding, cropping, and resizing are a part of the graph, so a client needs no
image library.
"""

file = BytesIO()
Image.fromarray(images[0]).resize((200, 160)).save(file, "JPEG")
translate_encoded = served.signatures["translate_encoded"]
outputs = translate_encoded(
    encoded=tf.constant([file.getvalue()]), names=tf.constant(["Black_Hair,-Young"])
)
(FOLDER / "black.png").write_bytes(outputs["encoded_bytes"].numpy()[0])
Image.open(FOLDER / "black.png").resize((192, 192))

"""
## TF Serving

TF Serving runs the folder as it is. Port 8500 is gRPC, and port 8501 is REST:

```
docker run -p 8500:8500 -p 8501:8501 \\
    -v "$PWD/runs/serve_and_convert/served/faces:/models/faces" \\
    -e MODEL_NAME=faces tensorflow/serving
```

The client in the package speaks gRPC and needs neither TensorFlow nor Keras
(`pip install "stargan_tf[serving]"`):

```python
from stargan_tf.serving import Client

with Client("localhost:8500", "faces") as client:
    (blond,) = client.translate(["me.jpg"], to="Blond_Hair")  # uint8 (128, 128, 3)
```

Without Docker, `stargan-tf serve --model runs/serve_and_convert/served/faces` starts a
development server with the same protocol.

## LiteRT

With `quantize="dynamic"`, weights have 8 bits, and the file is less than a third as
large as with `quantize="none"`. The modes `"float16"` and `"int8"` are for GPUs and for
accelerators that need integers. A file that differs too much from Keras is not written.
"""

model.export(FOLDER / "phone", format="litert", quantize="dynamic")
path = FOLDER / "phone/generator.tflite"
print(f"{path}: {path.stat().st_size / 2**20:.2f} MiB")

"""
## Run the LiteRT file

Images are float32 in [-1, 1], one at a time. Kotlin, Swift, and JavaScript call the
same signature.
"""

runner = Interpreter(str(path), num_threads=2).get_signature_runner("translate")
outputs = [
    runner(images=image[None] / np.float32(127.5) - 1, labels=label[None])["images"]
    for image, label in zip(images, labels, strict=True)
]
lite = np.uint8(np.round((np.concatenate(outputs) + 1) * 127.5))
difference = np.abs(lite.astype(int) - blond).mean()
print(f"Mean difference from the SavedModel: {difference:.2f} gray levels of 255")

columns = {"input": images, "SavedModel": blond, "LiteRT": lite}
rows = list(zip(*columns.values(), strict=True))
Image.open(stargan_tf.save_grid(rows, list(columns), FOLDER / "compared.png"))

"""
## More

In the repository, `docs/serving.md` lists all signatures, `docs/on_device.md` describes
quantization and all fields of `model.json`, and `examples/camera.py` translates the
images of a webcam with a LiteRT file.
"""
