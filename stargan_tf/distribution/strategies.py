"""Strategies of `tf.distribute` by name."""

import os
from contextlib import AbstractContextManager, nullcontext

import tensorflow as tf

from stargan_tf.errors import InputError
from stargan_tf.files import parsed_json

AUTO, NONE, MIRRORED, MULTI_WORKER = "auto", "none", "mirrored", "multi_worker"
CLUSTER_VARIABLE = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)

Strategy = tf.distribute.Strategy


def make_strategy(name: str) -> Strategy | None:
    """Creates a strategy; must be called before TensorFlow computes anything.

    Args:
        name: `"auto"`, `"none"`, `"mirrored"`, or `"multi_worker"`.

    Returns:
        The strategy; None for a single device.
    """
    if name == AUTO and num_workers() > 1:
        name = MULTI_WORKER
    elif name == AUTO:
        gpus = tf.config.list_logical_devices("GPU")
        name = MIRRORED if len(gpus) > 1 else NONE
    if name == NONE:
        return None
    if name == MIRRORED:
        devices = tf.config.list_logical_devices
        # By default, TensorFlow uses only the first of several logical CPUs.
        names = [device.name for device in devices("GPU") or devices("CPU")]
        return tf.distribute.MirroredStrategy(names)
    if not num_workers():
        raise InputError(
            f"--distribute multi_worker needs {CLUSTER_VARIABLE} with all machines and "
            f"the index of this one, such as {_EXAMPLE}. Received: none. For the GPUs "
            "of one machine, use --distribute mirrored."
        )
    return tf.distribute.MultiWorkerMirroredStrategy()


def scope(strategy: Strategy | None) -> AbstractContextManager:
    """The scope in which a model must be created and compiled."""
    return strategy.scope() if strategy else nullcontext()


def is_chief(strategy: Strategy | None) -> bool:
    """Whether this process writes files."""
    return strategy is None or strategy.extended.should_checkpoint


def has_workers(strategy: Strategy | None) -> bool:
    """Whether several processes train together."""
    multi_worker = tf.distribute.MultiWorkerMirroredStrategy
    return isinstance(strategy, multi_worker) and num_workers() > 1


def num_workers() -> int:
    """The number of workers in `TF_CONFIG`, including the chief; 0 without it."""
    text = os.environ.get(CLUSTER_VARIABLE)
    if not text:
        return 0
    try:
        content = parsed_json(text)
        cluster, task = content["cluster"], content["task"]
        addresses = [*cluster.get("chief", []), *cluster.get("worker", [])]
        _ = cluster[task["type"]][int(task["index"])]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"{CLUSTER_VARIABLE} must be JSON such as {_EXAMPLE}. Received: {text}"
        ) from error
    return len(addresses)


def check_batch_size(strategy: Strategy | None, batch_size: int) -> None:
    """Raises `InputError` if the batch size is not a multiple of the replicas."""
    replicas = strategy.num_replicas_in_sync if strategy else 1
    if batch_size % replicas:
        raise InputError(
            f"--batch_size is the total for all {replicas} devices and must be a "
            f"multiple of {replicas}. Received: {batch_size}"
        )
