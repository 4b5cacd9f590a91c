"""Where translations go: a window, or a folder of pictures."""

from pathlib import Path
from typing import Protocol

from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.translation.picture_file import write_picture

SMALLEST_SIDE = 384


class Sink(Protocol):
    """Takes translations."""

    def take(self, name: Path, before: Image.Image, after: Image.Image) -> bool:
        """Takes one.

        Args:
            name: path below a folder.
            before: the picture.
            after: its translation.

        Returns:
            Whether more are wanted.
        """

    def close(self) -> None:
        """Ends it."""


class FolderSink:
    """Writes each translation as a PNG file.

    Args:
        folder: where to; it is made.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def take(self, name: Path, before: Image.Image, after: Image.Image) -> bool:
        """Writes one; see `Sink`.

        Args:
            name: path below the folder.
            before: not written.
            after: what is written.
        """
        write_picture(after, self._folder / name)
        return True

    def close(self) -> None:
        """There is nothing to end."""


class WindowSink:
    """Shows picture and translation side by side, until the window is closed.

    Tk is used, which comes with Python: the usual OpenCV has no windows.

    Raises:
        InputError: without a screen or without Tk.
    """

    def __init__(self) -> None:
        try:
            import tkinter

            from PIL import ImageTk

            self._window = tkinter.Tk()
        # TclError is no OSError, and has no name where tkinter is missing.
        except Exception as error:
            raise InputError(
                f"No window can be opened here ({error}). With --output DIR the "
                "translations are written as pictures."
            ) from error
        self._photo = ImageTk.PhotoImage
        self._label = tkinter.Label(self._window, borderwidth=0)
        self._label.pack()
        self._open = True
        self._window.protocol("WM_DELETE_WINDOW", self._closed)
        for key in ("<Escape>", "q"):
            self._window.bind(key, lambda _: self._closed())

    def take(self, name: Path, before: Image.Image, after: Image.Image) -> bool:
        """Shows one; see `Sink`.

        Args:
            name: the window's title.
            before: shown left.
            after: shown right.
        """
        self._shown = self._photo(_side_by_side(before, after), master=self._window)
        self._label.configure(image=self._shown)
        self._window.title(f"stargan-tf: {name}")
        self._window.update()
        return self._open

    def close(self) -> None:
        """Closes the window."""
        self._window.destroy()

    def _closed(self) -> None:
        self._open = False


def _side_by_side(before: Image.Image, after: Image.Image) -> Image.Image:
    side = max(SMALLEST_SIDE, after.width)
    both = Image.new("RGB", (2 * side, side))
    for column, image in enumerate((before, after)):
        resized = image.resize((side, side), Image.Resampling.BICUBIC)
        both.paste(resized, (column * side, 0))
    return both
