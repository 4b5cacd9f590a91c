"""`stargan-tf demo camera`: a webcam, a film or a folder, without TensorFlow."""

from pathlib import Path

from absl import flags

from stargan_tf.errors import InputError

USAGE = (
    "stargan-tf demo camera [--model LITERT_DIR] --source webcam|FILE|FOLDER\n"
    "           --to NAME [--output DIR]"
)


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the demo's own flags.

    Args:
        flag_values: where to declare them.
    """
    camera = {"flag_values": flag_values, "module_name": "Demo camera"}
    texts = (
        (
            "source",
            "webcam",
            "webcam (webcam:1: the second), film, picture, folder.",
        ),
        ("to", None, "The domains that are on; of StarGAN v2 one domain."),
        ("reference", None, "StarGAN v2: a picture whose style to take."),
    )
    for name, default, text in texts:
        flags.DEFINE_string(name, default, text, **camera)
    numbers = (
        ("seed", 0, 0, "StarGAN v2: of a random style."),
        ("count", None, 1, "Stop after so many pictures."),
        ("threads", None, 1, "To compute with; by default the machine's, 4 at most."),
    )
    for name, default, lowest, text in numbers:
        flags.DEFINE_integer(name, default, text, lower_bound=lowest, **camera)


def run(flag_values: flags.FlagValues, model: Path) -> None:
    """Translates what the source shows.

    Args:
        flag_values: the parsed flags.
        model: folder of an export.

    Raises:
        InputError: if what the user gave cannot be used.
        ImportError: without ai-edge-litert, or without OpenCV where it is needed.
    """
    if not flag_values.to:
        raise InputError(f"--to is missing. Usage: {USAGE}")
    # Here, not above: NumPy and Pillow are slow to start.
    from stargan_tf.demo.camera.camera_demo import run_camera_demo
    from stargan_tf.demo.camera.target import Wish

    output, reference = flag_values.output, flag_values.reference
    wish = Wish(
        flag_values.to, flag_values.seed, Path(reference) if reference else None
    )
    run_camera_demo(
        model,
        flag_values.source,
        wish,
        output=Path(output) if output else None,
        count=flag_values.count,
        threads=flag_values.threads,
    )
