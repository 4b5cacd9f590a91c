#!/usr/bin/env bash
# Takes a model from a Keras script to a server, and a run from the command line back to
# a Keras script. Each step is a separate process that sees only the files written by
# the step before it.
#
#   pip install "stargan_tf[serving]"
#   bash examples/round_trip.sh [FOLDER]
#
# STEPS is the length of both trainings. With STEPS=2 the script takes about a minute,
# but the translations are noise.
set -euo pipefail
STEPS=${STEPS:-200}
PORT=${PORT:-8500}
cd "${1:-.}"

echo "1. A Keras script trains a model and saves it."
python - "$STEPS" <<'PYTHON'
import sys

import stargan_tf

steps = int(sys.argv[1])
faces = stargan_tf.load_dataset("toon_attributes", image_size=64)
model = stargan_tf.StarGAN(
    faces.info, base_filters=8, discriminator_filters=8, discriminator_layers=5
)
model.compile(optimizer="adam", total_steps=2 * steps, critic_steps=1)
batches = stargan_tf.training_batches(faces, batch_size=4)
model.fit(batches, steps_per_epoch=steps, verbose=2)
model.save("faces.keras")
PYTHON

echo "2. Another process opens the file, evaluates the model, and exports it."
python - <<'PYTHON'
import stargan_tf

model = stargan_tf.load_model("faces.keras")
results = stargan_tf.evaluate(
    model,
    "toon_attributes",
    metrics="unchanged",
    count=4,
)
print({name: round(mean.value, 2) for name, mean in results.means.items()})
model.export("served/faces", format="saved_model")
PYTHON

echo "3. A server serves the export."
stargan-tf serve --model served/faces --port "$PORT" > server.log 2>&1 &
server=$!
trap 'kill $server 2> /dev/null || true' EXIT
until (exec 3<> "/dev/tcp/localhost/$PORT") 2> /dev/null; do
  kill -0 "$server" 2> /dev/null || { cat server.log >&2; exit 1; }
  sleep 1
done

echo "4. A client translates images on that server, without TensorFlow."
stargan-tf datasets save --dataset toon_attributes --count 2 --image_size 64 --output held_out
python - "$PORT" <<'PYTHON'
import sys
from pathlib import Path

from PIL import Image

from stargan_tf.serving import Client

client = Client(f"localhost:{sys.argv[1]}", "faces")
faces = sorted(map(str, Path("held_out").glob("*.png")))
for face, image in zip(faces, client.translate(faces, to="Blond_Hair,-Young")):
    Image.fromarray(image).save(Path(face).with_suffix(".blond.png"))
assert "tensorflow" not in sys.modules
PYTHON
kill $server

echo "5. The command line trains a run."
stargan-tf train --preset demo --steps "$STEPS" --batch_size 4 --base_filters 8 \
  --discriminator_filters 8 --lr_decay none --run runs/faces

echo "6. A Keras script resumes it."
python - "$STEPS" <<'PYTHON'
import sys

import stargan_tf

steps = int(sys.argv[1])
model = stargan_tf.StarGAN.from_preset("runs/faces")
assert int(model.step) == steps
faces = stargan_tf.load_dataset("toon_attributes", image_size=64)
batches = stargan_tf.training_batches(faces, batch_size=4, start_step=steps)
model.fit(batches, steps_per_epoch=steps, verbose=2)
assert int(model.step) == 2 * steps
model.save_to_preset("presets/faces")
PYTHON
stargan-tf translate --model presets/faces --to Male held_out/held_out_000000.png \
  --output male.png
