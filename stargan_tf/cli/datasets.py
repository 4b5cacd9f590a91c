"""`stargan-tf datasets`: lists the installed data sets, saves their pictures."""

from absl import flags

from stargan_tf.cli.data_flags import data_options, define_data_flags
from stargan_tf.data.options import HELD_OUT, TRAIN
from stargan_tf.data.registry import DESCRIPTIONS
from stargan_tf.discovery import DATASETS, Plugin
from stargan_tf.errors import InputError

SUMMARY = "List the installed data sets, describe one, or save its pictures."
USAGE = (
    "stargan-tf datasets [NAME …]            (with names: import them, say what they "
    "are)\n"
    "       stargan-tf datasets describe NAME [--data_dir DIR] [--output SHEET.png]\n"
    "       stargan-tf datasets --save NAME --output DIR"
)
DESCRIBE = "describe"


def define_flags(flag_values: flags.FlagValues) -> None:
    """Registers the flags of `stargan-tf datasets`.

    Args:
        flag_values: where to.
    """
    where = {"flag_values": flag_values, "module_name": "Pictures"}
    flags.DEFINE_string("save", None, "Data set to save pictures of.", **where)
    flags.DEFINE_string(
        "output",
        None,
        "Folder for the pictures; of 'describe' a picture file, the contact sheet.",
        **where,
    )
    flags.DEFINE_enum("split", HELD_OUT, [TRAIN, HELD_OUT], "Which pictures.", **where)
    flags.DEFINE_integer("count", 10, "How many pictures.", **where)
    define_data_flags(flag_values)


def run(flag_values: flags.FlagValues, positionals: list[str]) -> None:
    """Prints names from package metadata; asked for by name, descriptions too.

    Args:
        flag_values: as `define_flags` made them.
        positionals: names to say something of, or `describe` and one; without any,
            all are listed.

    Raises:
        InputError: an unknown name, or only one of --save and --output.
    """
    if positionals[:1] == [DESCRIBE] and not flag_values.save:
        from stargan_tf.cli.datasets_describe import describe

        describe(positionals[1:], flag_values)
    elif flag_values.save or flag_values.output:
        _save(flag_values)
    elif positionals:
        for name in positionals:
            print(f"{name}: {DATASETS.load(name).description}")
    else:
        _list()


def _list() -> None:
    plugins = DATASETS.installed()
    width = max(map(len, plugins), default=0) + 2
    for name, plugin in plugins.items():
        print(f"{name:<{width}}{_what(plugin)}")
    print("\n'stargan-tf datasets describe NAME' says more of one.")


def _what(plugin: Plugin) -> str:
    """What can be said without importing it; of a stranger's, its package's summary."""
    if plugin.ambiguous:
        return f"claimed by {' and '.join(plugin.packages)}: cannot be used"
    package = plugin.packages[0]
    about = plugin.summary
    if package.startswith("stargan_tf "):
        about = DESCRIPTIONS.get(plugin.name, about)
    return f"{about} ({package})" if about else package


def _save(flag_values: flags.FlagValues) -> None:
    # Here, not above: listing must not wait for Pillow.
    from stargan_tf.data.registry import load_dataset
    from stargan_tf.translation.pictures import save_pictures

    if not (flag_values.save and flag_values.output):
        raise InputError(
            "--save NAME and --output FOLDER go together. Received: "
            f"--save={flag_values.save}, --output={flag_values.output}"
        )
    source = load_dataset(
        flag_values.save,
        flag_values.split,
        flag_values.image_size,
        **data_options(flag_values),
    )
    files = save_pictures(source, flag_values.output, flag_values.count)
    print(f"{len(files)} pictures in {flag_values.output}")
