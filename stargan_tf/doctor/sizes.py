"""Pictures with fewer pixels than the model takes."""

from stargan_tf.doctor.finding import OK, WARNING, Finding, plural
from stargan_tf.doctor.opened import Opened
from stargan_tf.doctor.picture import Picture


class Sizes:
    """Collects pictures whose shorter side is below `image_size`.

    Args:
        opened: the data set; a `crop_size` limits what is used of each picture.
    """

    def __init__(self, opened: Opened):
        self._wanted = opened.image_size
        self._crop = opened.options.crop_size
        self._names: list[str] = []
        self._smallest: int | None = None

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not; without a file its size is not known.
        """
        if picture.size is None:
            return
        side = min(*picture.size, self._crop or max(picture.size))
        self._smallest = min(side, self._smallest or side)
        if side < self._wanted:
            self._names.append(picture.name)

    def findings(self) -> list[Finding]:
        """How many would be enlarged; nothing for pictures without files."""
        if self._smallest is None:
            return []
        if not self._names:
            summary = (
                f"Every picture has at least {self._wanted} pixels a side; the "
                f"smallest has {self._smallest}."
            )
            return [Finding("tiny", OK, summary)]
        summary = (
            f"{plural(len(self._names), 'picture')} would be enlarged to "
            f"{self._wanted} x {self._wanted}; the smallest gives {self._smallest} "
            "pixels a side."
        )
        fix = (
            "Remove them, or train at a smaller --image_size (or take a larger "
            "--crop_size): the model learns the blur of enlarged pictures."
        )
        return [Finding("tiny", WARNING, summary, fix, self._names)]
