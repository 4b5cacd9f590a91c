"""Time of the domain heads, compared with the official algorithm.

    python benchmarks/domain_heads.py
    python benchmarks/domain_heads.py --domains 2 10 100 1000 --batch_size 8

The official StarGAN v2 computes the heads of all domains for every image and selects
one. `DomainDense` gathers the heads of the batch's domains (`gathered`), or computes
all heads in a single product if there are few domains (`stacked`). The benchmark runs
all three with the paper's widths and the same weights, forward and backward to dense
gradients, for the heads of the mapping network (three hidden layers and the style), the
style encoder, and the discriminator. The table has milliseconds, with `*` next to the
algorithm that `DomainDense` selects, its speedup over the official algorithm, and its
time relative to the first number of domains. The algorithms run in turns, so that other
processes slow all of them.
"""

import argparse
import time
from collections.abc import Callable

import stargan_tf  # noqa: F401  Before TensorFlow: it turns on oneDNN.

WIDTH, STYLE = 512, 64
# Output widths of the layers of a head.
NETWORKS = {
    "mapping network": (WIDTH, WIDTH, WIDTH, STYLE),
    "style encoder": (STYLE,),
    "discriminator": (1,),
}


def main() -> None:
    arguments = parse()
    from stargan_tf.models.stargan_v2.layers import DOMAINS_PER_SAMPLE

    heads = f"{'gathered':>11}{'stacked':>11}{'official':>11}"
    print(f"{'':17}{'domains':>8}{heads}{'faster':>9}{'growth':>9}")
    for network, widths in NETWORKS.items():
        first = None
        for domains in arguments.domains:
            gathered, stacked, official = measure(widths, domains, arguments)
            stack = domains <= DOMAINS_PER_SAMPLE * arguments.batch_size
            ours = stacked if stack else gathered
            first = first or ours
            print(
                f"{network:17}{domains:8}{1e3 * gathered:10.2f}{'* '[stack]}"
                f"{1e3 * stacked:10.2f}{' *'[stack]}{1e3 * official:11.2f}"
                f"{official / ours:8.1f}x{ours / first:8.1f}x"
            )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--domains", type=int, nargs="*", default=(2, 10, 100))
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="per measurement")
    return parser.parse_args()


def measure(
    widths: tuple[int, ...], domains: int, arguments: argparse.Namespace
) -> list[float]:
    """Returns seconds of a forward and backward pass: gathered, stacked, official."""
    import tensorflow as tf

    heads = make_heads(widths, domains)
    x = tf.random.normal((arguments.batch_size, WIDTH))
    domain = tf.range(arguments.batch_size) % domains
    algorithms = (gathered, stacked, all_heads)
    calls = [slopes_of(algorithm, heads) for algorithm in algorithms]
    return best_times(calls, (x, domain), arguments.seconds)


def make_heads(widths: tuple[int, ...], domains: int) -> list:
    from stargan_tf.models.stargan_v2.layers import DomainDense

    heads, width = [], WIDTH
    for units in widths:
        head = DomainDense(units, domains)
        head.build([(None, width), (None,)])
        heads.append(head)
        width = units
    return heads


def gathered(head, x, domain):
    from stargan_tf.models.stargan_v2.layers import gathered_heads

    return gathered_heads(x, domain, head.kernel, head.bias)


def stacked(head, x, domain):
    from stargan_tf.models.stargan_v2.layers import stacked_heads

    return stacked_heads(x, domain, head.kernel, head.bias)


def all_heads(head, x, domain):
    """Computes all heads, like the official code, which does not copy x first."""
    import tensorflow as tf

    kernel, bias = head.kernel.value, head.bias.value
    x = x if len(x.shape) == 3 else tf.repeat(x[:, None], head.num_domains, axis=1)
    return tf.einsum("bdi,dio->bdo", x, kernel) + bias


def slopes_of(apply: Callable, heads: list) -> Callable:
    """Returns a compiled function from (x, domain) to the gradients of a loss."""
    import tensorflow as tf

    from stargan_tf.models.stargan_v2.memory import dense

    weights = [variable.value for head in heads for variable in head.weights]

    @tf.function
    def slopes(x, domain):
        with tf.GradientTape() as tape:
            for head in heads[:-1]:
                x = tf.nn.relu(apply(head, x, domain))
            x = apply(heads[-1], x, domain)
            if len(x.shape) == 3:
                x = tf.gather(x, domain, axis=1, batch_dims=1)
            loss = tf.reduce_mean(x**2)
        return list(map(dense, tape.gradient(loss, weights), weights))

    return slopes


def best_times(calls: list[Callable], inputs: tuple, seconds: float) -> list[float]:
    """Returns the shortest time of each call, as other processes only add time."""
    times = [float("inf")] * len(calls)
    for call in calls:
        call(*inputs)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call(*inputs)
            times[i] = min(times[i], time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
