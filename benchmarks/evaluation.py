"""Images per second of FID and LPIPS, compared with pytorch-fid and lpips.

    pip install torch torchvision pytorch-fid lpips
    python benchmarks/evaluation.py
    python benchmarks/evaluation.py --image_size 256 --batch_size 32 --rounds 5

All run with the same weights, images, and number of threads in a single process, in
turns, so that other processes slow all of them. The numbers are medians of the rounds.
Outputs are compared before the measurement, with images of 299 pixels, because
pytorch-fid resizes images in its network (bilinear) and stargan_tf resizes them like
clean-fid (bicubic with antialiasing). LPIPS diversity is measured on 10 outputs of a
source image; with lpips, the 45 pairs are compared one by one, because it has no batch
function for them.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import numpy as np

import stargan_tf  # noqa: F401  Before TensorFlow: it turns on oneDNN.

OUTPUTS = 10


def main() -> None:
    arguments = parse()
    import tensorflow as tf
    import torch

    torch.set_grad_enabled(False)
    torch.set_num_threads(arguments.threads)
    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    print(f"{'':24}{'ours':>12}{'theirs':>12}{'ratio':>8}   images/s")
    for name, ours, theirs, images in contests(arguments):
        times = take_turns(ours, theirs, arguments.rounds)
        ratio = statistics.median(b / a for a, b in zip(*times, strict=True))
        our_rate, their_rate = (images / statistics.median(t) for t in times)
        print(f"{name:24}{our_rate:12.1f}{their_rate:12.1f}{ratio:7.2f}x")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image_size", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--networks", nargs="*", default=("fid", "alex", "vgg"))
    return parser.parse_args()


def contests(arguments: argparse.Namespace):
    """Yields (name, our function, their function, number of images per call)."""
    shape = (arguments.batch_size, arguments.image_size, arguments.image_size, 3)
    for name in arguments.networks:
        if name == "fid":
            yield from inception_contest(shape)
        else:
            yield from lpips_contests(name, shape)


def inception_contest(shape: tuple):
    from stargan_tf.evaluation.inception import FeatureExtractor

    ours, theirs = FeatureExtractor("standard"), torch_inception()
    large, images = noise(1, 299, 299, 3), noise(*shape)
    compare(ours(large), theirs(large, 128 / 255))
    yield "Inception", lambda: ours(images), lambda: theirs(images), len(images)


def lpips_contests(name: str, shape: tuple):
    from stargan_tf.evaluation.lpips import Lpips

    ours, theirs = Lpips(name), torch_lpips(name)
    pair, outputs = noise(2, *shape), noise(1, OUTPUTS, *shape[1:])
    compare(ours.distance(*pair), theirs(*pair))
    compare(ours.diversity(outputs), pairwise(theirs, outputs))
    yield (
        f"LPIPS {name}, pairs",
        lambda: ours.distance(*pair),
        lambda: theirs(*pair),
        2 * shape[0],
    )
    yield (
        f"LPIPS {name}, diversity",
        lambda: ours.diversity(outputs),
        lambda: pairwise(theirs, outputs),
        OUTPUTS,
    )


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def torch_inception() -> Callable:
    """Returns pytorch-fid's network with the weights of stargan_tf."""
    import pytorch_fid.inception
    import torch

    from stargan_tf.evaluation.weights import load_weights

    arrays, state = load_weights("inception_2015"), {}
    for layer in {name.rpartition("/")[0] for name in arrays}:
        kernel = arrays[f"{layer}/kernel"].transpose(3, 2, 0, 1)
        state[f"{layer}.conv.weight"] = torch.tensor(np.ascontiguousarray(kernel))
        # Our weights include the batch normalization, which here only adds the bias.
        bias = torch.tensor(arrays[f"{layer}/bias"])
        state[f"{layer}.bn.bias"] = bias
        state[f"{layer}.bn.weight"] = torch.ones_like(bias)
        state[f"{layer}.bn.running_mean"] = torch.zeros_like(bias)
        state[f"{layer}.bn.running_var"] = torch.full_like(bias, 1 - 1e-3)
        state[f"{layer}.bn.num_batches_tracked"] = torch.tensor(0)
    state["fc.weight"], state["fc.bias"] = torch.zeros(1008, 2048), torch.zeros(1008)
    pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: state
    network = pytorch_fid.inception.InceptionV3().eval()

    def run(images: np.ndarray, middle: float = 0.5) -> np.ndarray:
        # The TensorFlow original is centered at 128, pytorch-fid at 127.5.
        pixels = nchw(images) / 255
        if middle != 0.5:
            pixels = (pixels - middle) * (255 / 256) + 0.5
        return network(pixels)[0][:, :, 0, 0].numpy()

    return run


def torch_lpips(name: str) -> Callable:
    """Returns lpips with the trunk weights of stargan_tf and its own heads."""
    import lpips
    import torch

    from stargan_tf.evaluation.weights import load_weights

    arrays = load_weights(f"lpips_{name}")
    network = lpips.LPIPS(net=name, pnet_rand=True, verbose=False)
    layers = [x for x in network.net.modules() if isinstance(x, torch.nn.Conv2d)]
    for position, layer in enumerate(layers):
        kernel = arrays[f"conv_{position}/kernel"].transpose(3, 2, 0, 1)
        layer.weight.copy_(torch.tensor(np.ascontiguousarray(kernel)))
        layer.bias.copy_(torch.tensor(arrays[f"conv_{position}/bias"]))

    def run(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        pair = (nchw(images) / 127.5 - 1 for images in (first, second))
        return network(*pair).numpy().ravel()

    return run


def pairwise(distance: Callable, outputs: np.ndarray) -> np.ndarray:
    pairs = itertools.combinations(range(outputs.shape[1]), 2)
    each = [distance(outputs[:, i], outputs[:, j]) for i, j in pairs]
    return np.mean(each, axis=0)


def nchw(images: np.ndarray):
    """Converts images to a float tensor (n, channels, height, width)."""
    import torch

    return torch.tensor(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float()


def compare(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def take_turns(ours: Callable, theirs: Callable, rounds: int) -> tuple[list, list]:
    times = ([], [])
    for turn in range(rounds + 1):
        for call, taken in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            call()
            if turn:  # Skip the warm-up round.
                taken.append(time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
