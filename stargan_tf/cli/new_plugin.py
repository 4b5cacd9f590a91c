"""`stargan-tf new-plugin`: writes a package with a data set of one's own."""

from absl import flags

from stargan_tf.errors import InputError

SUMMARY = "Write an installable package for a data set of your own."
USAGE = "stargan-tf new-plugin NAME [--output DIR]"


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the command's flags.

    Args:
        flag_values: where to.
    """
    text = "Folder to make; by default NAME, here."
    where = {"flag_values": flag_values, "module_name": "Package"}
    flags.DEFINE_string("output", None, text, **where)


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Writes the package and says what to do with it.

    Args:
        flag_values: the parsed flags.
        positionals: the data set's name.

    Raises:
        InputError: if the name or the folder cannot be used.
    """
    if len(positionals) != 1:
        received = " ".join(positionals) or "none"
        raise InputError(f"Give one name. Usage: {USAGE}. Received: {received}")
    from stargan_tf.new_plugin.write import write_plugin

    (name,) = positionals
    place = write_plugin(name, flag_values.output)
    print(
        f"{place} is a package with the data set '{name}'.\n"
        "What to do next:\n"
        f"  pip install -e '{place}[test]'\n"
        f"  pytest {place}\n"
        f"  stargan-tf doctor {name} --data_dir PICTURES\n"
        f"  stargan-tf train --dataset {name} --data_dir PICTURES --run runs/{name}\n"
        f"PICTURES has one sub-folder per domain; {place}/README.md says what to edit."
    )
