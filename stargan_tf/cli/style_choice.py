"""From the flags of `stargan-tf translate` to the styles they stand for."""

from dataclasses import replace
from typing import TYPE_CHECKING

from absl import flags

from stargan_tf.data.info import composed
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.data.labels import LabelSpace
    from stargan_tf.steering.styles import StyleSource
    from stargan_tf.translation.pictures import Fitting

FEW, MANY = 2, 4  # random styles that make a strip, and that fill a grid or a film


def choose_styles(
    flag_values: flags.FlagValues,
    family: str,
    label_space: "LabelSpace",
    fitting: "Fitting",
) -> "StyleSource":
    """The styles; references and style files are read.

    Args:
        flag_values: checked by `style_flags.check_flags`.
        family: the model's family.
        label_space: the model's names.
        fitting: how pictures become what the model takes.

    Raises:
        InputError: unknown domain, unreadable reference or style file, too many or,
            for an interpolation, too few styles.
    """
    domains = label_space.datasets[0].domains
    domain = _domain(flag_values.to, label_space)
    source = _source(flag_values, family, domains, domain, fitting)
    moving = next((n for n in ("strip", "film") if flag_values[n].value), None)
    if moving and len(source.domains) < 2:
        raise InputError(
            f"--{moving} goes from style to style and needs two or more. Received: "
            "one. Repeat --reference, or raise --count."
        )
    return source


def _source(
    flag_values: flags.FlagValues,
    family: str,
    domains: tuple[str, ...],
    domain: str | None,
    fitting: "Fitting",
) -> "StyleSource":
    from stargan_tf.steering import (
        styles as random_styles,
    )
    from stargan_tf.steering import (
        styles as reference_styles,
    )
    from stargan_tf.steering import (
        styles as stored_styles,
    )

    if flag_values.reference:
        plain = replace(fitting, size="model")
        return reference_styles.read_references(
            flag_values.reference, plain, domains, domain
        )
    if flag_values.style:
        return stored_styles.read_stored(flag_values.style, family, domains, domain)
    chosen, first = domains if domain is None else (domain,), flag_values.seed or 0
    count = _count(flag_values, reference_styles.MAX_STYLES // len(chosen))
    flag = "--all" if flag_values.count is None else "--count"
    reference_styles.check_count(count * len(chosen), flag)
    truncation = 1.0 if flag_values.truncation is None else flag_values.truncation
    return random_styles.random_styles(chosen, range(first, first + count), truncation)


def _count(flag_values: flags.FlagValues, fitting: int) -> int:
    """Styles of each domain: by default no more than `fitting`, but one."""
    if flag_values.count is not None:
        return flag_values.count
    if flag_values.strip:
        return FEW
    many = flag_values.all or flag_values.grid or flag_values.film
    return max(1, min(MANY, fitting)) if many else 1


def _domain(text: str | None, label_space: "LabelSpace") -> str | None:
    if text is None:
        return None
    info, text = label_space.datasets[0], composed(text)
    if text not in info.domains and ("=" in text or "," in text):
        raise InputError(
            "A StarGAN v2 model translates to one domain: --to NAME, one of "
            f"{', '.join(info.domains)}. Received: --to {text}. (NAME=0 and "
            "NAME,NAME switch the attributes of StarGAN v1 models.)"
        )
    label_space.find(text)
    return text if text in info.domains else text.rpartition(".")[2]
