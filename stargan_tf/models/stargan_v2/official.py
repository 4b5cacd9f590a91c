"""Official checkpoints, clovaai/stargan-v2: `{step}_nets.ckpt`, `_nets_ema`, …."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.convert.files import nested
from stargan_tf.convert.mapping import (
    KERNEL,
    MATRIX,
    VERDICT_BIAS,
    VERDICT_KERNEL,
    Constant,
    Entry,
    NetworkState,
    OfficialCode,
    Published,
    Sizes,
    StateDict,
    Table,
    is_state_dict,
    without_prefix,
)
from stargan_tf.data.info import ONE_HOT
from stargan_tf.errors import InputError
from stargan_tf.models.stargan_v2 import (
    AVERAGED,
    BOTTLENECK_BLOCKS,
    halvings,
    widths,
)

LAST_SIZE = 4
HPF_KEY = "hpf.filter"


def generator(
    image_size: int, base_filters: int | None, max_filters: int, high_pass: float
) -> Table:
    """Returns the table of the generator's weights.

    With high-pass skips, the official decoder has unused 1 × 1 convolutions. They are
    in the table, because official checkpoints contain them.
    """
    downs = halvings(image_size, until=8 if high_pass else 16)
    filters = widths(image_size, base_filters, max_filters, downs)
    inside = [(filters[-1], filters[-1])] * BOTTLENECK_BLOCKS
    lines = [*_convolution("from_rgb", "from_rgb")]
    for i, pair in enumerate([*itertools.pairwise(filters), *inside]):
        inner = i - downs
        ours = f"down_{i + 1}" if inner < 0 else f"bottleneck_{inner + 1}"
        lines += _block(f"encode.{i}", ours, pair, _norm)
    for i, pair in enumerate([*inside, *itertools.pairwise(filters[::-1])]):
        inner = i - BOTTLENECK_BLOCKS
        ours = f"styled_{i + 1}" if inner < 0 else f"up_{inner + 1}"
        lines += _block(f"decode.{i}", ours, pair, _styled_norm, bool(high_pass))
    lines += [*_norm("to_rgb.0", "to_rgb_norm"), *_convolution("to_rgb.2", "to_rgb")]
    if high_pass:
        lines.append(Constant(HPF_KEY, high_pass_filter(high_pass)))
    return tuple(lines)


def mapping_network(num_domains: int) -> Table:
    """Returns the table of the mapping network's weights."""
    lines = []
    for i in range(4):
        lines += _dense(f"shared.{2 * i}", f"shared_{i + 1}")
    for head in range(num_domains):
        for i, ours in enumerate(("hidden_1", "hidden_2", "hidden_3", "style")):
            lines += _dense(f"unshared.{head}.{2 * i}", ours, head)
    return tuple(lines)


def style_encoder(
    image_size: int, base_filters: int | None, max_filters: int, num_domains: int
) -> Table:
    """Returns the table of the style encoder's weights."""
    lines = [*_trunk("shared", image_size, base_filters, max_filters)]
    for head in range(num_domains):
        lines += _dense(f"unshared.{head}", "style", head)
    return tuple(lines)


def discriminator(image_size: int, base_filters: int | None, max_filters: int) -> Table:
    """Returns the table of the discriminator's weights."""
    last = f"main.{halvings(image_size, LAST_SIZE) + 4}"
    return (
        *_trunk("main", image_size, base_filters, max_filters),
        Entry(f"{last}.weight", "verdict/kernel", VERDICT_KERNEL),
        Entry(f"{last}.bias", "verdict/bias", VERDICT_BIAS),
    )


def high_pass_filter(high_pass: float) -> np.ndarray:
    """The official buffer: eight times a pixel minus its neighbors, divided."""
    kernel = np.full((3, 3), -1.0, np.float32)
    kernel[1, 1] = 8.0
    return kernel / np.float32(high_pass)


def _trunk(
    prefix: str, image_size: int, base_filters: int | None, max_filters: int
) -> Iterator[Entry]:
    """Entries of the trunk, which the style encoder and the discriminator share."""
    blocks = halvings(image_size, LAST_SIZE)
    filters = widths(image_size, base_filters, max_filters, blocks)
    yield from _convolution(f"{prefix}.0", "trunk/from_rgb")
    for i, pair in enumerate(itertools.pairwise(filters), 1):
        yield from _block(f"{prefix}.{i}", f"trunk/down_{i}", pair)
    # Activations have an index too.
    yield from _convolution(f"{prefix}.{blocks + 2}", "trunk/last")


def _block(prefix, ours, channels, norm=None, unused_shortcut=False) -> Iterator[Entry]:
    for i in (1, 2):
        yield from _convolution(f"{prefix}.conv{i}", f"{ours}/conv_{i}")
    for i in (1, 2) if norm else ():
        yield from norm(f"{prefix}.norm{i}", f"{ours}/norm_{i}")
    before, after = channels
    if before != after:
        key, path = f"{prefix}.conv1x1.weight", f"{ours}/shortcut/kernel"
        yield Entry(key, path, KERNEL, optional=unused_shortcut)


def _convolution(key: str, path: str) -> Iterator[Entry]:
    yield Entry(f"{key}.weight", f"{path}/kernel", KERNEL)
    yield Entry(f"{key}.bias", f"{path}/bias")


def _dense(key: str, path: str, head: int | None = None) -> Iterator[Entry]:
    yield Entry(f"{key}.weight", f"{path}/kernel", MATRIX, head)
    yield Entry(f"{key}.bias", f"{path}/bias", head=head)


def _norm(key: str, path: str) -> Iterator[Entry]:
    yield Entry(f"{key}.weight", f"{path}/gamma")
    yield Entry(f"{key}.bias", f"{path}/beta")


def _styled_norm(key: str, path: str) -> Iterator[Entry]:
    yield from _dense(f"{key}.fc", f"{path}/affine")


DISCRIMINATOR = "discriminator"
NETWORKS = (*AVERAGED, DISCRIMINATOR)
# The landmark network of the official masks, which `convert.read` imports.
FAN = "fan"
OFFICIAL_MAX_FILTERS = 512
_EMA = "_ema"


def _find_networks(path: Path, content: Mapping[str, Any]) -> dict[str, NetworkState]:
    content = nested(content, (*NETWORKS, FAN))
    known = [name for name in NETWORKS if name in content]
    if not all(is_state_dict(content[name]) for name in known):
        return {}
    # Only the file of the EMA networks has no discriminator.
    suffix = "" if DISCRIMINATOR in content else _EMA
    return {
        name + suffix: NetworkState(path, name, without_prefix(content[name]))
        for name in known
    }


def _find_moments(content: Mapping[str, Any]) -> dict[str, Any]:
    moments = {name: content[name] for name in NETWORKS if name in content}
    are_optimizers = (
        isinstance(value, Mapping) and {"state", "param_groups"} <= value.keys()
        for value in moments.values()
    )
    return moments if all(are_optimizers) else {}


def _sizes(networks: Mapping[str, NetworkState]) -> Sizes:
    suffix = _EMA if f"generator{_EMA}" in networks else ""
    missing = [name for name in AVERAGED if name + suffix not in networks]
    if missing:
        state = next(iter(networks.values()))
        raise InputError(
            f"Expected a checkpoint with {', '.join(AVERAGED)}. Received: {state.path} "
            f"without {missing[0]}. Pass a complete checkpoint."
        )
    g, f, e = (networks[name + suffix] for name in AVERAGED)
    try:
        return _sizes_of(g.weights, f.weights, e.weights)
    except KeyError as error:
        raise InputError(
            "Expected networks of the official code, clovaai/stargan-v2. Received: "
            f"{g.path} without {error.args[0]}. Pass a checkpoint of that code."
        ) from error


def _sizes_of(g: StateDict, f: StateDict, e: StateDict) -> Sizes:
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
        "max_filters": widest if capped else max(widest, OFFICIAL_MAX_FILTERS),
        "high_pass": _high_pass(g, blocks),
    }
    return Sizes(image_size, options, _count(e, "unshared.", ".weight"))


def _high_pass(g: StateDict, blocks: int) -> float:
    """The divisor of the high-pass skips; files before 2021 lack its filter."""
    if HPF_KEY in g:
        return round(float(8.0 / g[HPF_KEY][1, 1]), 6)
    # A model with high-pass skips has one more downsampling block, to 8 × 8.
    return 1.0 if _count(g, "encode.", ".conv1.weight") > blocks else 0.0


def _count(state: StateDict, start: str, end: str) -> int:
    return sum(key.startswith(start) and key.endswith(end) for key in state)


def _tables(sizes: Sizes) -> dict[str, Table]:
    names = ("base_filters", "max_filters")
    trunk = (sizes.image_size, *(sizes.options[name] for name in names))
    domains = sizes.label_width
    tables = {
        "generator": generator(*trunk, sizes.options["high_pass"]),
        "mapping_network": mapping_network(domains),
        "style_encoder": style_encoder(*trunk, domains),
        DISCRIMINATOR: discriminator(*trunk),
    }
    return tables | {name + _EMA: tables[name] for name in AVERAGED}


def _files(
    states: Mapping[str, StateDict], moments: Mapping[str, Any], step: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    trained = {name: states[name] for name in NETWORKS}
    averaged = {name: states[name + _EMA] for name in AVERAGED}
    yield f"{step:06d}_nets.ckpt", trained
    yield f"{step:06d}_nets_ema.ckpt", averaged
    if moments:
        yield f"{step:06d}_optims.ckpt", dict(moments)


_REPOSITORY = "clovaai/stargan-v2"


def _published(name: str, title: str, path: str, preset: str | None) -> Published:
    return Published(
        name=name,
        title=title,
        url=f"https://www.dropbox.com/s/{path}?dl=1",
        page=f"https://github.com/{_REPOSITORY}",
        authors="Yunjey Choi et al., NAVER Corp.",
        license="CC BY-NC 4.0 (noncommercial use only)",
        terms="https://creativecommons.org/licenses/by-nc/4.0/",
        preset=preset,
    )


_NETWORKS_FILE = "100000_nets_ema.ckpt"
PUBLISHED = (
    _published(
        "celeba_hq",
        "StarGAN v2 trained on CelebA-HQ",
        f"96fmei6c93o8b8t/{_NETWORKS_FILE}",
        preset="celeba_hq",
    ),
    _published(
        "afhq",
        "StarGAN v2 trained on AFHQ",
        f"etwm810v25h42sn/{_NETWORKS_FILE}",
        preset="afhq",
    ),
    _published(
        "wing",
        "the network that finds face landmarks for StarGAN v2",
        "tjxpypwpt38926e/wing.ckpt",
        preset=None,
    ),
)

OFFICIAL = OfficialCode(
    repository=_REPOSITORY,
    file_names="one {step}_nets.ckpt and one {step}_nets_ema.ckpt",
    label_type=ONE_HOT,
    networks=NETWORKS,
    averaged=AVERAGED,
    find_networks=_find_networks,
    find_moments=_find_moments,
    sizes=_sizes,
    tables=_tables,
    architecture={
        "generator_filters": None,
        "upsampling": "nearest",
        "latent_injection": False,
    },
    files=_files,
    published=PUBLISHED,
)
