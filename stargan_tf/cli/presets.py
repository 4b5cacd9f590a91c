"""`stargan-tf presets`: lists the named configurations."""

import json

from absl import flags

from stargan_tf.models.registry import installed_families, preset, presets

SUMMARY = "List the presets, or show what one sets."
USAGE = "stargan-tf presets [NAME …]"


def define_flags(flag_values: flags.FlagValues) -> None:
    """There are no flags.

    Args:
        flag_values: left as it is.
    """


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Prints names with descriptions; asked for by name, the values as JSON.

    Args:
        flag_values: none are used.
        positionals: names to show; without any, all are listed.
    """
    if positionals:
        for name in positionals:
            print(f"{name}: {preset(name).description}")
            print(json.dumps(preset(name).values, indent=2))
        return
    known_presets = presets(installed_families())
    width = max(map(len, known_presets)) + 2
    for name, known in known_presets.items():
        print(f"{name:<{width}}{known.description}")
    print("\n'stargan-tf presets NAME' shows what one sets.")
