"""Keys and shapes of the official networks, from the architecture's rules alone.

Written apart from the tables under test: layer by layer as the papers' code has them.
"""

import itertools


def conv(key, before, after, size, bias=True):
    shapes = {f"{key}.weight": (after, before, size, size)}
    return shapes | ({f"{key}.bias": (after,)} if bias else {})


def dense(key, before, after):
    return {f"{key}.weight": (after, before), f"{key}.bias": (after,)}


def norm(key, channels):
    return {f"{key}.weight": (channels,), f"{key}.bias": (channels,)}


# --- StarGAN v1 -------------------------------------------------------------------


def generator_v1(label_width, filters=64, blocks=6):
    shapes = conv("main.0", 3 + label_width, filters, 7, bias=False)
    shapes |= norm("main.1", filters)
    layer = 3
    for _ in range(2):
        shapes |= conv(f"main.{layer}", filters, 2 * filters, 4, bias=False)
        filters *= 2
        shapes |= norm(f"main.{layer + 1}", filters)
        layer += 3
    for _ in range(blocks):
        for i in (0, 3):
            shapes |= conv(f"main.{layer}.main.{i}", filters, filters, 3, bias=False)
            shapes |= norm(f"main.{layer}.main.{i + 1}", filters)
        layer += 1
    for _ in range(2):
        # A transposed convolution has its input channels first.
        shapes[f"main.{layer}.weight"] = (filters, filters // 2, 4, 4)
        filters //= 2
        shapes |= norm(f"main.{layer + 1}", filters)
        layer += 3
    return shapes | conv(f"main.{layer}", filters, 3, 7, bias=False)


def discriminator_v1(image_size, labels, filters=64, layers=6):
    shapes, before = {}, 3
    for i in range(layers):
        shapes |= conv(f"main.{2 * i}", before, filters, 4)
        before, filters = filters, 2 * filters
    shapes |= conv("conv1", before, 1, 3, bias=False)
    side = image_size // 2**layers
    return shapes | conv("conv2", before, labels, side, bias=False)


# --- StarGAN v2 -------------------------------------------------------------------


def generator_v2(image_size=256, style=64, cap=512, high_pass=False):
    filters = 2**14 // image_size
    shapes = conv("from_rgb", 3, filters, 3)
    blocks = image_size.bit_length() - 1 - 4 + high_pass
    widths = [filters * 2**i for i in range(blocks + 1)]
    widths = [filters, *(min(width, cap) for width in widths[1:])]
    down = [*itertools.pairwise(widths), *[(widths[-1],) * 2] * 2]
    for i, (before, after) in enumerate(down):
        norms = norm(f"encode.{i}.norm1", before) | norm(f"encode.{i}.norm2", before)
        shapes |= block(f"encode.{i}", before, after, norms)
    for i, (after, before) in enumerate(reversed(down)):
        shapes |= conv(f"decode.{i}.conv1", before, after, 3)
        shapes |= conv(f"decode.{i}.conv2", after, after, 3)
        shapes |= dense(f"decode.{i}.norm1.fc", style, 2 * before)
        shapes |= dense(f"decode.{i}.norm2.fc", style, 2 * after)
        if before != after:
            shapes |= conv(f"decode.{i}.conv1x1", before, after, 1, bias=False)
    shapes |= norm("to_rgb.0", filters) | conv("to_rgb.2", filters, 3, 1)
    return shapes


def block(key, before, after, norms=None):
    shapes = conv(f"{key}.conv1", before, before, 3)
    shapes |= conv(f"{key}.conv2", before, after, 3) | (norms or {})
    if before != after:
        shapes |= conv(f"{key}.conv1x1", before, after, 1, bias=False)
    return shapes


def mapping_network_v2(domains, latent=16, style=64, hidden=512):
    shapes = dense("shared.0", latent, hidden)
    for i in (2, 4, 6):
        shapes |= dense(f"shared.{i}", hidden, hidden)
    for domain in range(domains):
        for i in (0, 2, 4):
            shapes |= dense(f"unshared.{domain}.{i}", hidden, hidden)
        shapes |= dense(f"unshared.{domain}.6", hidden, style)
    return shapes


def trunk(name, image_size, cap):
    before = 2**14 // image_size
    shapes = conv(f"{name}.0", 3, before, 3)
    blocks = image_size.bit_length() - 1 - 2
    for i in range(1, blocks + 1):
        after = min(2 * before, cap)
        shapes |= block(f"{name}.{i}", before, after)
        before = after
    return shapes | conv(f"{name}.{blocks + 2}", before, before, 4), before, blocks


def style_encoder_v2(domains, image_size=256, style=64, cap=512):
    shapes, width, _ = trunk("shared", image_size, cap)
    for domain in range(domains):
        shapes |= dense(f"unshared.{domain}", width, style)
    return shapes


def discriminator_v2(domains, image_size=256, cap=512):
    shapes, width, blocks = trunk("main", image_size, cap)
    return shapes | conv(f"main.{blocks + 4}", width, domains, 1)
