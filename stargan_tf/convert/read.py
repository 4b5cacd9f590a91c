"""Checkpoint files and what the user says of them, without TensorFlow."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stargan_tf.convert import names
from stargan_tf.convert.checks import apply_given
from stargan_tf.convert.collect import OFFICIAL, collect
from stargan_tf.convert.found import Found
from stargan_tf.data.info import DatasetInfo


def read(
    paths: Sequence[str | Path],
    preset: str | None = None,
    domains: str | None = None,
    label_type: str | None = None,
    given: Mapping[str, Any] | None = None,
) -> tuple[Found, list[DatasetInfo]]:
    """Reads and checks checkpoint files; imports no TensorFlow.

    Args:
        paths: of one model: `{step}-G.ckpt` and `{step}-D.ckpt`, or any of
            `{step}_nets.ckpt`, `{step}_nets_ema.ckpt` and `{step}_optims.ckpt`.
        preset: whose label names to take: a key of `label_presets.PRESETS`.
        domains: the label names themselves, `A,B,…`; `A,B/C,D` for a joint model.
        label_type: of `domains`: `"binary"` or `"one_hot"`; by default what the
            family has.
        given: option name → value that the checkpoint must have.

    Returns:
        (the networks, the model's data sets).

    Raises:
        InputError: if files, names and options do not fit each other.
        ImportError: if a file's format needs a package that is not installed.
    """
    found = collect(paths)
    apply_given(found, given or {})
    label_type = label_type or OFFICIAL[found.family].LABEL_TYPE
    chosen = names.named(preset, domains, label_type)
    return found, names.dataset_infos(chosen, found.sizes, label_type)
