"""What the domains' heads cost: ours, and as the official code computes them.

    python benchmarks/domain_heads.py
    python benchmarks/domain_heads.py --domains 2 10 100 1000 --batch_size 8

The official StarGAN v2 computes the heads of all domains for every image and picks
one. Ours (`DomainDense`) gathers the weights of the wanted head. Both run here with
the paper's widths, forward and backward, on the same weights: the heads of the mapping
network (three hidden layers and the style), of the style encoder and of the
discriminator. The columns are milliseconds, and how often ours fits into the other;
the last one is the growth of ours from the first number of domains.
"""

import argparse
import time
from collections.abc import Callable

WIDTH, STYLE = 512, 64
# Output widths of the heads' layers, one after another.
NETWORKS = {
    "mapping network": (WIDTH, WIDTH, WIDTH, STYLE),
    "style encoder": (STYLE,),
    "discriminator": (1,),
}


def main() -> None:
    arguments = parse()
    print(f"{'':17}{'domains':>8}{'ours':>9}{'all heads':>11}{'ratio':>8}{'growth':>9}")
    for network, widths in NETWORKS.items():
        first = None
        for domains in arguments.domains:
            ours, every = measure(widths, domains, arguments)
            first = first or ours
            print(
                f"{network:17}{domains:8}{1e3 * ours:9.2f}{1e3 * every:11.2f}"
                f"{every / ours:7.1f}x{ours / first:8.1f}x"
            )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--domains", type=int, nargs="*", default=(2, 10, 100))
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="per measurement")
    return parser.parse_args()


def measure(
    widths: tuple[int, ...], domains: int, arguments: argparse.Namespace
) -> tuple[float, float]:
    """Seconds of one forward and backward pass: ours, and all heads."""
    import tensorflow as tf

    heads = make_heads(widths, domains)
    x = tf.random.normal((arguments.batch_size, WIDTH))
    domain = tf.range(arguments.batch_size) % domains
    return tuple(
        median_time(slopes_of(apply, heads), (x, domain), arguments.seconds)
        for apply in (own_head, all_heads)
    )


def make_heads(widths: tuple[int, ...], domains: int) -> list:
    from stargan_tf.layers.domain_dense import DomainDense

    heads, width = [], WIDTH
    for units in widths:
        head = DomainDense(units, domains)
        head.build([(None, width), (None,)])
        heads.append(head)
        width = units
    return heads


def own_head(head, x, domain):
    return head([x, domain])


def all_heads(head, x, domain):
    """As the official code, but for the first layer's copies of x."""
    import tensorflow as tf

    kernel, bias = head.kernel.value, head.bias.value
    x = x if len(x.shape) == 3 else tf.repeat(x[:, None], head.num_domains, axis=1)
    return tf.einsum("bdi,dio->bdo", x, kernel) + bias


def slopes_of(apply: Callable, heads: list) -> Callable:
    """(x, domain) → the loss' gradients, compiled."""
    import tensorflow as tf

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
        return tape.gradient(loss, weights)

    return slopes


def median_time(call: Callable, inputs: tuple, seconds: float) -> float:
    """The median time of a call, after one that builds it."""
    call(*inputs)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        call(*inputs)
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


if __name__ == "__main__":
    main()
