"""Comparison of translated generated faces with their true translations.

    python benchmarks/toon_truth.py --model runs/demo

Generated faces can be rendered with any attribute, so the true translation of every
held-out face is known. The columns for each attribute are

- changed: fraction of faces whose attribute changes: over the pixels that the true
  translation changes, the output reduces the difference to it by at least a quarter;
- kept: fraction of faces whose other pixels are preserved: their mean difference from
  the input is below 4 % of the range;
- progress: mean reduction of the difference to the true translation, over the pixels
  that change, from 0 to 1;
- drift: mean difference over the pixels that should not change, in % of the range;
- PSNR: mean PSNR between output and true translation in dB, without the pixels of a new
  beard, whose type the input does not determine.
"""

import argparse

import numpy as np

from stargan_tf import load_dataset, load_model
from stargan_tf.steering.labels import all_targets
from stargan_tf.toon_faces.datasets import FIRST_PERSON, TOON_ATTRIBUTES, render
from stargan_tf.toon_faces.people import BEARDS

VISIBLE = 0.08  # minimum difference of a changed pixel, as a fraction of the range
MIN_PROGRESS, MAX_DRIFT = 0.25, 0.04


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    model = load_model(arguments.model, compile=False)
    titles = (
        f"{'changed':>8}{'kept':>7}{'both':>7}{'progress':>10}{'drift %':>9}{'PSNR':>7}"
    )
    print(f"{'':<12}{titles}")
    for domain, scores in measure(model, arguments.count).items():
        progress, drift, psnr = scores.T
        changed, kept = progress > MIN_PROGRESS, drift < MAX_DRIFT
        shares = [f"{100 * x.mean():.0f} %" for x in (changed, kept, changed & kept)]
        print(
            f"{domain:<12}{shares[0]:>8}{shares[1]:>7}{shares[2]:>7}"
            f"{progress.mean():>10.2f}{100 * drift.mean():>9.2f}{psnr.mean():>7.1f}"
        )


def measure(model, count: int) -> dict[str, np.ndarray]:
    """Returns {domain: (faces, 3)} with progress, drift, and PSNR of each face."""
    names = [info.name for info in model.label_space.datasets]
    name, size = TOON_ATTRIBUTES.name, model.label_space.image_size
    dataset, source = names.index(name), load_dataset(name, "held_out", size)
    images = np.stack([source.load(index) for index in range(count)])
    targets = all_targets(source.info, source.labels[:count])
    scores = {}
    for domain, labels in targets.items():
        outputs = model.translate(images, labels, dataset=dataset)
        scores[domain] = np.array(
            [
                score(
                    images[i], outputs[i], *truth(i, source.labels[i], labels[i], size)
                )
                for i in range(count)
                if (labels[i] != source.labels[i]).any()
            ]
        )
    return scores


def truth(index: int, source: np.ndarray, label: np.ndarray, size: int):
    """Returns the true translation and a mask of the pixels that the input determines.

    Args:
        index: index of the held-out face.
        source: labels of the face.
        label: target labels.
        size: side of the image in pixels.
    """
    number = FIRST_PERSON["held_out"] + index
    male = TOON_ATTRIBUTES.labels.names.index("Male")
    person, look = TOON_ATTRIBUTES.draw(TOON_ATTRIBUTES.seed, number, label)
    answer, known = render(person, look, size), np.ones((size, size), bool)
    if label[male] > source[male]:
        others = [render(person._replace(beard=it), look, size) for it in {*BEARDS}]
        known = (np.ptp(np.stack(others).astype(int), 0) == 0).all(-1)
    return answer, known


def score(image, output, answer, known) -> tuple[float, float, float]:
    image, output, answer = (
        x.astype(np.float32) / 255 for x in (image, output, answer)
    )
    change = np.abs(answer - image).max(-1) > VISIBLE
    before = np.abs(image - answer).mean(-1)[change].mean()
    after = np.abs(output - answer).mean(-1)[change].mean()
    drift = np.abs(output - image).mean(-1)[~change].mean()
    psnr = -10 * np.log10(np.square(output - answer)[known].mean() + 1e-10)
    return 1 - after / before, drift, psnr


if __name__ == "__main__":
    main()
