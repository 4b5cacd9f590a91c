"""How a person is drawn: everything that a label can change."""

from dataclasses import dataclass

from stargan_tf.errors import InputError, near_names
from stargan_tf.toon_faces.expression import EXPRESSIONS
from stargan_tf.toon_faces.palette import HAIR_COLOURS


@dataclass(frozen=True)
class Look:
    """The attributes of one picture.

    Args:
        hair_colour: `"Black_Hair"`, `"Blond_Hair"` or `"Brown_Hair"`.
        male: beard, thick brows and bare lips instead of lashes and lipstick.
        young: without wrinkles and grey temples.
        expression: one of `EXPRESSIONS`.
        child: bare lips without beard or lashes, thin brows, small shoulders.

    Raises:
        InputError: for an unknown hair colour or expression.
    """

    hair_colour: str = "Brown_Hair"
    male: bool = False
    young: bool = True
    expression: str = "neutral"
    child: bool = False

    def __post_init__(self) -> None:
        _check("hair_colour", self.hair_colour, HAIR_COLOURS)
        _check("expression", self.expression, EXPRESSIONS)

    @property
    def made_up(self) -> bool:
        """Whether lips are painted and lashes drawn."""
        return not (self.male or self.child)


def _check(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(
            f"Unknown {field}. Received: {field}={value!r}. {near_names(value, known)}"
        )
