"""Which devices train a model: `tf.distribute` strategies by name."""

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


def make_strategy(kind: str) -> Strategy | None:
    """The strategy; must be called before TensorFlow computes anything.

    Returns:
        None for one device.
    """
    if kind == AUTO and num_workers() > 1:
        kind = MULTI_WORKER
    elif kind == AUTO:
        gpus = tf.config.list_logical_devices("GPU")
        kind = MIRRORED if len(gpus) > 1 else NONE
    if kind == NONE:
        return None
    if kind == MIRRORED:
        devices = tf.config.list_logical_devices
        # By default TensorFlow would take the first of several logical CPUs only.
        names = [device.name for device in devices("GPU") or devices("CPU")]
        return tf.distribute.MirroredStrategy(names)
    if not num_workers():
        raise InputError(
            f"--distribute multi_worker needs the machines in {CLUSTER_VARIABLE}, on "
            f"each with its own index, such as {_EXAMPLE}. Received none; for the "
            "GPUs of one machine use --distribute mirrored."
        )
    return tf.distribute.MultiWorkerMirroredStrategy()


def scope(strategy: Strategy | None) -> AbstractContextManager:
    """Where a model is made and compiled."""
    return strategy.scope() if strategy else nullcontext()


def is_chief(strategy: Strategy | None) -> bool:
    """Whether this process is the one that writes."""
    return strategy is None or strategy.extended.should_checkpoint


def has_workers(strategy: Strategy | None) -> bool:
    """Whether several processes train together."""
    kind = tf.distribute.MultiWorkerMirroredStrategy
    return isinstance(strategy, kind) and num_workers() > 1


def num_workers() -> int:
    """How many workers `TF_CONFIG` lists, the chief included; 0 without it."""
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
    """Refuses a global batch that the replicas cannot share equally."""
    replicas = strategy.num_replicas_in_sync if strategy else 1
    if batch_size % replicas:
        raise InputError(
            f"--batch_size is that of all {replicas} devices together and must be a "
            f"multiple of {replicas}. Received: {batch_size}"
        )
