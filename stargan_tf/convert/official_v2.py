"""StarGAN v2's checkpoints: `{step}_nets.ckpt`, `_nets_ema.ckpt`, `_optims.ckpt`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stargan_tf.convert import table_v2
from stargan_tf.convert.found import Part, Sizes, State, is_state, without_prefix
from stargan_tf.convert.table import Table
from stargan_tf.data.info import ONE_HOT
from stargan_tf.errors import InputError

FAMILY = "stargan_v2"
LABEL_TYPE = ONE_HOT
DISCRIMINATOR = "discriminator"
AVERAGED = ("generator", "mapping_network", "style_encoder")
NETWORKS = (*AVERAGED, DISCRIMINATOR)
# The landmark network behind the official masks; it is not StarGAN's.
FAN = "fan"
MAX_FILTERS = 512
_EMA = "_ema"


def parts(path: Path, content: Mapping[str, Any]) -> list[tuple[str, Part]] | None:
    """The networks in a file by name, or None if it is none of this family's.

    Args:
        path: the file.
        content: what is in it.
    """
    known = content.keys() & set(NETWORKS)
    if not known or not all(is_state(content[name]) for name in known):
        return None
    # Only the file of the averages comes without a discriminator.
    suffix = "" if DISCRIMINATOR in content else _EMA
    return [
        (name + suffix, Part(path, name, without_prefix(content[name])))
        for name in NETWORKS
        if name in known
    ]


def moments(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The optimizers' state dicts in a file by network, or None.

    Args:
        content: what is in it.
    """
    found = {name: content[name] for name in NETWORKS if name in content}
    is_optimizer = (
        isinstance(value, Mapping) and {"state", "param_groups"} <= value.keys()
        for value in found.values()
    )
    return found if found and all(is_optimizer) else None


def sizes(parts: Mapping[str, Part]) -> Sizes:
    """What the shapes tell.

    Args:
        parts: by network, averaged ones with the suffix `_ema`.

    Raises:
        InputError: if a network is missing, or one belongs to another model.
    """
    suffix = _EMA if f"generator{_EMA}" in parts else ""
    missing = [name for name in AVERAGED if name + suffix not in parts]
    if missing:
        part = next(iter(parts.values()))
        raise InputError(f"{part.path} has no {missing[0]}: it is not whole.")
    g, f, e = (parts[name + suffix] for name in AVERAGED)
    try:
        return _sizes(g.state, f.state, e.state)
    except KeyError as error:
        raise InputError(
            f"{g.path} is not as the official code builds it: it lacks {error.args[0]}."
        ) from error


def _sizes(g: State, f: State, e: State) -> Sizes:
    blocks = _count(e, "shared.", ".conv1.weight")
    image_size = 2 ** (blocks + 2)
    base = e["shared.0.weight"].shape[0]
    widest = e[f"shared.{blocks + 2}.weight"].shape[0]
    capped = widest < base * 2**blocks
    hidden, latent = f["shared.0.weight"].shape
    options = {
        "style_dim": e["unshared.0.weight"].shape[0],
        "latent_dim": latent,
        "hidden_dim": hidden,
        "base_filters": base,
        "max_filters": widest if capped else max(widest, MAX_FILTERS),
        "high_pass": _high_pass(g, blocks),
    }
    silent = {"high_pass"} if options["high_pass"] and table_v2.HPF_KEY not in g else {}
    domains = _count(e, "unshared.", ".weight")
    return Sizes(image_size, options, domains, silent=set(silent))


def _high_pass(g: State, blocks: int) -> float:
    """The divisor; the filter that tells it is missing in files before 2021."""
    if table_v2.HPF_KEY in g:
        return round(float(8.0 / g[table_v2.HPF_KEY][1, 1]), 6)
    # A model with high-pass skips halves once more, to 8 × 8.
    return 1.0 if _count(g, "encode.", ".conv1.weight") > blocks else 0.0


def _count(state: State, start: str, end: str) -> int:
    return sum(key.startswith(start) and key.endswith(end) for key in state)


def tables(sizes: Sizes) -> dict[str, Table]:
    """The tables of all networks.

    Args:
        sizes: of the checkpoint.
    """
    names = ("base_filters", "max_filters")
    trunk = (sizes.image_size, *(sizes.options[name] for name in names))
    domains = sizes.label_width
    found = {
        "generator": table_v2.generator(*trunk, sizes.options["high_pass"]),
        "mapping_network": table_v2.mapping_network(domains),
        "style_encoder": table_v2.style_encoder(*trunk, domains),
        DISCRIMINATOR: table_v2.discriminator(*trunk),
    }
    return found | {name + _EMA: found[name] for name in AVERAGED}


def check_exportable(options: Mapping[str, Any]) -> None:
    """Raises InputError for models that the official code cannot build.

    Args:
        options: the model's constructor arguments.
    """
    if options.get("separable") or options.get("generator_filters"):
        raise InputError(
            "A model with separable convolutions or generator_filters is not in the "
            "official code. Only models without them are exported as torch files."
        )


def files(
    states: Mapping[str, State], moments: Mapping[str, Any], step: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The official files.

    Args:
        states: by network, averaged ones with the suffix `_ema`; also `fan`.
        moments: state dicts of the optimizers by network, if there are any.
        step: of the checkpoint.

    Yields:
        (name, content).
    """
    fan = {FAN: states[FAN]} if FAN in states else {}
    trained = {name: states[name] for name in NETWORKS}
    averaged = {name: states[name + _EMA] for name in AVERAGED}
    yield f"{step:06d}_nets.ckpt", trained | fan
    yield f"{step:06d}_nets_ema.ckpt", averaged | fan
    if moments:
        yield f"{step:06d}_optims.ckpt", dict(moments)
