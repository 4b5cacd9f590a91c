"""The camera demo: pictures in, translations out, and how fast."""

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from PIL import Image

from stargan_tf.data.pictures import as_square
from stargan_tf.demo.camera.sinks import FolderSink, Sink, WindowSink
from stargan_tf.demo.camera.sources import Frame, open_source
from stargan_tf.demo.camera.target import Wish
from stargan_tf.demo.camera.translator import DeviceTranslator
from stargan_tf.demo.device_model import DeviceModel, read_device_model
from stargan_tf.errors import InputError

# Seconds between two lines about the speed.
INTERVAL = 2.0


def run_camera_demo(
    model: Path,
    source: str,
    wish: Wish,
    *,
    output: Path | None = None,
    count: int | None = None,
    threads: int | None = None,
) -> None:
    """Translates until the source ends, the window is closed, or Ctrl-C.

    Args:
        model: folder of an export in LiteRT's format.
        source: see `sources.open_source`.
        wish: what to translate to.
        output: folder for the translations; None opens a window.
        count: stop after so many pictures.
        threads: see `DeviceTranslator`.

    Raises:
        InputError: if what the user gave cannot be used.
        ImportError: without ai-edge-litert, or without OpenCV where it is needed.
    """
    _refuse_overwriting(source, output)
    opened = read_device_model(model)
    translator = DeviceTranslator(opened, wish, threads)
    frames = islice(open_source(source), count)
    with closing(FolderSink(output) if output else WindowSink()) as sink:
        translated, seconds = _translate(opened, translator, frames, sink)
    if translated:
        rate = translated / max(seconds, 1e-9)
        print(f"{translated} pictures, {rate:.1f} per second in the model.")
    if output:
        print(f"Wrote {output}")


def _refuse_overwriting(source: str, output: Path | None) -> None:
    if output is None:
        return
    if output.exists() and not output.is_dir():
        raise InputError(f"--output must be a folder. Received: {output}, a file")
    inside = Path(source)
    inside = inside if inside.is_dir() else inside.parent
    if output.exists() and output.resolve() == inside.resolve():
        raise InputError(
            f"--output {output} is where the pictures come from. Choose another "
            "folder; nothing is overwritten."
        )


def _translate(
    model: DeviceModel,
    translator: DeviceTranslator,
    frames: Iterator[Frame],
    sink: Sink,
) -> tuple[int, float]:
    """How many were translated, and the seconds that the model took."""
    count, seconds, told = 0, 0.0, time.perf_counter()
    for name, picture in frames:
        before = _squared(model, picture)
        since = time.perf_counter()
        after = Image.fromarray(translator(before))
        now = time.perf_counter()
        count, seconds = count + 1, seconds + now - since
        if not sink.take(name, Image.fromarray(before), after):
            break
        if now - told > INTERVAL:
            told = now
            print(f"{count} pictures, {count / seconds:.1f} per second", flush=True)
    return count, seconds


def _squared(model: DeviceModel, picture: Image.Image):
    """As in training, but never stretched: a webcam's picture is wide."""
    return as_square(picture, model.image_size, model.description["crop_size"])
