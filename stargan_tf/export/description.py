"""What a description beside an export says about any model."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.training.checkpoints import State
from stargan_tf.training.held_out_images import column_titles
from stargan_tf.version import __version__

JOINT = "joint"


def described_model(state: State) -> dict[str, Any]:
    """Version, labels, and how images become squares; JSON-ready.

    Args:
        state: of the checkpoint, as `run_folder.find_checkpoint` gives it.
    """
    space = LabelSpace(state.datasets)
    return {
        "stargan_tf": __version__,
        "family": state.model,
        "step": state.step,
        "image_size": space.image_size,
        **asdict(state.preparation),
        **_labels(space),
        "datasets": space.to_list(),
    }


def _labels(space: LabelSpace) -> dict[str, Any]:
    names = column_titles(space)[1:]
    single = len(space.datasets) == 1
    groups = [
        [names[part][info.index(domain)] for domain in group]
        for info, part in zip(space.datasets, space.slices, strict=True)
        for group in _groups(info, single)
    ]
    return {
        "domains": names,
        "label_type": space.datasets[0].label_type if single else JOINT,
        "exclusive_groups": groups,
        "label_width": space.width,
    }


def _groups(info: DatasetInfo, single: bool) -> Sequence[Sequence[str]]:
    """In a joint label, the names of a one-hot part exclude each other."""
    one_hot = info.label_type == ONE_HOT and not single
    return [info.domains] if one_hot else info.exclusive_groups
