"""What a user says about a data set, and the two splits that each one has."""

from dataclasses import dataclass

from stargan_tf.data.fit import CROP, check_fit
from stargan_tf.errors import InputError
from stargan_tf.files import user_path

TRAIN = "train"
HELD_OUT = "held_out"
SPLITS = (TRAIN, HELD_OUT)


@dataclass(frozen=True)
class DatasetOptions:
    """What a user says about the data set; each definition takes what it needs.

    Args:
        data_dir: folder with the images, for data that is the user's own. `~` at its
            beginning is replaced by the home folder.
        labels: the attribute file, for `attributes`; `~` as in `data_dir`.
        attributes: choice of attributes, in order; empty means all.
        crop_size: side of the centred square to use, in original pixels, whatever
            `fit` says; None means what `fit` says.
        held_out: share of the images kept from training, in (0, 1).
        fit: how a picture becomes a square: `"crop"` takes the largest centred
            square, `"stretch"` the whole picture without keeping its aspect.
        one_hot: one domain per image, see `one_domain_each`; of a data set with
            binary attributes, some become domains.

    Raises:
        InputError: if `fit` is another word, `crop_size` is not positive, or a `~`
            has no meaning.
    """

    data_dir: str | None = None
    labels: str | None = None
    attributes: tuple[str, ...] = ()
    crop_size: int | None = None
    held_out: float = 0.1
    fit: str = CROP
    one_hot: bool = False

    def __post_init__(self) -> None:
        for name in ("data_dir", "labels"):
            path = getattr(self, name)
            if path is not None:
                object.__setattr__(self, name, str(user_path(path)))
        check_fit(self.fit)
        if self.crop_size is not None and self.crop_size < 1:
            raise InputError(
                f"crop_size must be positive. Received: crop_size={self.crop_size}"
            )


def check_split(split: str) -> None:
    """Raises InputError unless `split` is `"train"` or `"held_out"`."""
    if split not in SPLITS:
        raise InputError(
            f"split must be '{TRAIN}' or '{HELD_OUT}'. Received: split={split!r}"
        )
