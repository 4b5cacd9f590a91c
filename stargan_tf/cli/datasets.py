"""`stargan-tf datasets`: lists the installed data sets."""

from absl import flags

from stargan_tf.data.registry import available, definition

SUMMARY = "List the installed data sets."
USAGE = "stargan-tf datasets [NAME …]     (with names: import and describe them)"


def define_flags(flag_values: flags.FlagValues) -> None:
    """There are no flags.

    Args:
        flag_values: left as it is.
    """


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Prints names from package metadata; asked for by name, descriptions too.

    Args:
        flag_values: none are used.
        positionals: names to describe; without any, all are listed.
    """
    if positionals:
        for name in positionals:
            print(f"{name}: {definition(name).description}")
        return
    points = available()
    width = max(map(len, points), default=0) + 2
    for name, point in sorted(points.items()):
        source = f"{point.dist.name} {point.dist.version}" if point.dist else ""
        print(f"{name:<{width}}{source}")
    print("\n'stargan-tf datasets NAME' describes one.")
