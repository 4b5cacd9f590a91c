"""Grey and CMYK pictures."""

from stargan_tf.doctor.finding import OK, WARNING, Finding, plural
from stargan_tf.doctor.picture import CMYK, GREY, Picture


class Colours:
    """Collects pictures without colour, and those with a printer's colours."""

    def __init__(self):
        self._names: dict[str, list[str]] = {GREY: [], CMYK: []}

    def see(self, picture: Picture) -> None:
        """Takes note of one picture.

        Args:
            picture: readable or not.
        """
        if picture.problem is None and picture.colour in self._names:
            self._names[picture.colour].append(picture.name)

    def findings(self) -> list[Finding]:
        """One finding for each kind."""
        grey, cmyk = self._names[GREY], self._names[CMYK]
        return [
            _finding(
                *("grey", grey, "without colour"),
                "Remove them if the others have colour: a model that sees both kinds "
                "of pictures in one domain draws both.",
            ),
            _finding(
                *("cmyk", cmyk, "in CMYK"),
                "Convert them to sRGB with an image editor: they are read without "
                "their colour profile and look duller or shriller than they are.",
            ),
        ]


def _finding(check: str, names: list[str], what: str, fix: str) -> Finding:
    if not names:
        return Finding(check, OK, f"No picture is {what}.")
    verb = "is" if len(names) == 1 else "are"
    return Finding(
        check, WARNING, f"{plural(len(names), 'picture')} {verb} {what}.", fix, names
    )
