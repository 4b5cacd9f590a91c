"""Where `stargan-tf translate` has its model from: a folder, or a server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from stargan_tf.cli.absl_flags import define_trust
from stargan_tf.cli.command import start_tensorflow
from stargan_tf.data.options import Preparation
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family
from stargan_tf.steering import steering

if TYPE_CHECKING:
    from stargan_tf.training.checkpoints import State

Code = Mapping[str, str | None]
PATIENCE = 10.0  # seconds for a server that is just starting


@dataclass(frozen=True)
class Source:
    """A model that is known, and not opened yet.

    Args:
        state: what it is: its family and labels.
        open: functions for the model → the model.
    """

    state: "State"
    open: Callable[[Code], Any]


def define_flags(flag_values: flags.FlagValues) -> None:
    """Declares the flags that name the model.

    Args:
        flag_values: where to declare them.
    """
    model = {"flag_values": flag_values, "module_name": "Model"}
    flags.DEFINE_string(
        "model",
        None,
        "A run folder, or one checkpoint in it. With --server, the model's name there.",
        **model,
    )
    flags.DEFINE_string(
        "server",
        None,
        "HOST:PORT of TF Serving or 'stargan-tf serve', which computes. TensorFlow "
        "is not needed then.",
        **model,
    )
    define_trust(**model)
    flags.DEFINE_float(
        "timeout", 60.0, "With --server: seconds for a request.", 0.001, **model
    )


def find_source(flag_values: flags.FlagValues) -> Source:
    """Finds the model.

    Args:
        flag_values: the parsed flags, `--model` among them.

    Raises:
        InputError: if there is none, or the server refuses or is not there.
        ImportError: with `--server`, without the extra `serving`.
    """
    if flag_values.server:
        return _on_server(flag_values)
    if flag_values["timeout"].present:
        raise InputError("--timeout is for --server. Add it, or drop --timeout.")
    from stargan_tf.training.run_folder import find_checkpoint

    checkpoint, state = find_checkpoint(Path(flag_values.model))
    return Source(state, partial(_load, checkpoint, flag_values.trust_code))


def _load(checkpoint: Path, trust_code: bool, code: Code) -> Any:
    # What is wrong with the flags was said at once, not after seconds of imports.
    start_tensorflow()
    from stargan_tf.training.run_folder import load_model

    return load_model(checkpoint, trust_code=trust_code, **code)


def _on_server(flag_values: flags.FlagValues) -> Source:
    from stargan_tf.serving.dev_server import check_client

    check_client()
    from stargan_tf.serving import Client, Retries
    from stargan_tf.training.checkpoints import State

    client = Client(
        flag_values.server,
        flag_values.model,
        timeout=flag_values.timeout,
        retries=Retries(seconds=PATIENCE),
    )
    description = client.describe()
    state = State(
        step=description["step"],
        model=description["family"],
        datasets=description["datasets"],
        num_images=[],
        versions={},
        preparation=Preparation.of(description),
    )
    opened = steering(family(state.model).translated_by).remote_model
    return Source(state, partial(opened, client, description))
