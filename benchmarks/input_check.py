"""Time of the check of the first batch of `fit`, compared with a training step.

    python benchmarks/input_check.py --model v1
    python benchmarks/input_check.py --model v2 --image_size 256 --batch_size 8

Reports the shortest of several measurements in turns.
"""

import argparse
import time

import stargan_tf  # Before TensorFlow: it turns on oneDNN.


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=("v1", "v2"), default="v1")
    parser.add_argument("--image_size", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    import numpy as np
    import tensorflow as tf

    from stargan_tf.models.inputs import with_checked_first

    size, count = arguments.image_size, arguments.batch_size
    image = np.random.default_rng(0).uniform(-1, 1, (count, size, size, 3))
    image, domain = image.astype("float32"), np.arange(count, dtype="int32") % 3
    if arguments.model == "v1":
        model = stargan_tf.StarGAN(num_domains=3, image_size=size)
        batch = (image, np.eye(3, dtype="float32")[domain])
    else:
        model = stargan_tf.StarGANV2(num_domains=3, image_size=size)
        batch = (image, domain, image, image, domain)
    model.compile()
    model.make_train_function()
    batches = iter(tf.data.Dataset.from_tensors(batch).repeat())
    checks, steps = [], []
    for _ in range(arguments.rounds + 1):  # The first round traces the graph.
        start = time.perf_counter()
        checked = with_checked_first(batches, model._check_batch, 1)
        next(checked)
        middle = time.perf_counter()
        model.train_function(batches)["loss"].numpy()
        checks.append(middle - start)
        steps.append(time.perf_counter() - middle)
    check, step = min(checks[1:]), min(steps[1:])
    print(
        f"{arguments.model}, {size} px, batch {count}: {1000 * check:.1f} ms once per "
        f"fit, {check / step:.2%} of a step of {1000 * step:.0f} ms"
    )


if __name__ == "__main__":
    main()
