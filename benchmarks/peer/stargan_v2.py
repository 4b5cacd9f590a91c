"""StarGAN v2 in plain PyTorch: tables 5 to 7 of the paper, and an iteration."""

import copy
import itertools
import math

import torch
from torch import nn
from torch.nn import functional

from .stargan_v1 import full


def he(module: nn.Module) -> nn.Module:
    """Initializes every convolution and dense layer as in the paper."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return module


class DownBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, norm: bool, down: bool):
        super().__init__()
        self.norms = nn.ModuleList(
            [nn.InstanceNorm2d(inputs, affine=True) for _ in range(2)] if norm else []
        )
        self.first = nn.Conv2d(inputs, inputs, 3, padding=1)
        self.second = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.narrow = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.change, self.down = inputs != outputs, down

    def _active(self, x, number):
        x = self.norms[number](x) if self.norms else x
        return functional.leaky_relu(x, 0.2)

    def _halved(self, x):
        return functional.avg_pool2d(x, 2) if self.down else x

    def forward(self, x):
        short = self._halved(self.narrow(x) if self.change else x)
        x = self._halved(self.first(self._active(x, 0)))
        return (short + self.second(self._active(x, 1))) / math.sqrt(2)


class AdaIN(nn.Module):
    def __init__(self, style: int, channels: int):
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.affine = nn.Linear(style, 2 * channels)

    def forward(self, x, style):
        gamma, beta = self.affine(style)[:, :, None, None].chunk(2, dim=1)
        return (1 + gamma) * self.norm(x) + beta


class HighPass(nn.Module):
    """High-pass filter: the edges of the source that the generator preserves."""

    def __init__(self, divisor: float):
        super().__init__()
        edges = torch.full((3, 3), -1.0)
        edges[1, 1] = 8.0
        self.register_buffer("edges", edges / divisor)

    def forward(self, x):
        channels = x.shape[1]
        kernel = self.edges.expand(channels, 1, 3, 3)
        return functional.conv2d(x, kernel, padding=1, groups=channels)


class UpBlock(nn.Module):
    def __init__(self, inputs, outputs, style, up: bool, residual: bool = True):
        super().__init__()
        self.residual = residual
        self.norm_1, self.norm_2 = AdaIN(style, inputs), AdaIN(style, outputs)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.narrow = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.change, self.up = inputs != outputs, up

    def _doubled(self, x):
        return functional.interpolate(x, scale_factor=2) if self.up else x

    def _shortcut(self, x):
        x = self._doubled(x)
        return self.narrow(x) if self.change else x

    def forward(self, x, style):
        short = self._shortcut(x) if self.residual else None
        x = self._doubled(functional.leaky_relu(self.norm_1(x, style), 0.2))
        x = functional.leaky_relu(self.norm_2(self.first(x), style), 0.2)
        x = self.second(x)
        return (short + x) / math.sqrt(2) if self.residual else x


def widths(size: int, blocks: int, most: int) -> list[int]:
    first = 2**14 // size
    return [first, *(min(first * 2**number, most) for number in range(1, blocks + 1))]


class Generator(nn.Module):
    """Table 5: from image (n, 3, size, size) and style (n, style) to image.

    `high_pass` adds the official code's changes for faces: one more block in encoder
    and decoder, no shortcuts in the decoder, and skip connections with masked edges at
    32, 64, and 128 pixels.
    """

    def __init__(self, size: int, style: int = 64, most: int = 512, high_pass=0.0):
        super().__init__()
        blocks = int(math.log2(size)) - (3 if high_pass else 4)
        wide = widths(size, blocks, most)
        residual = not high_pass
        self.from_rgb = nn.Conv2d(3, wide[0], 3, padding=1)
        pairs = list(itertools.pairwise(wide))
        down = [DownBlock(a, b, True, True) for a, b in pairs]
        middle = [DownBlock(wide[-1], wide[-1], True, False) for _ in range(2)]
        self.encode = nn.Sequential(*down, *middle)
        styled = [UpBlock(wide[-1], wide[-1], style, False, residual) for _ in range(2)]
        up = [UpBlock(b, a, style, True, residual) for a, b in reversed(pairs)]
        self.decode = nn.ModuleList([*styled, *up])
        self.to_rgb = nn.Sequential(
            nn.InstanceNorm2d(wide[0], affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(wide[0], 3, 1),
        )
        self.edges = HighPass(high_pass) if high_pass else None

    def forward(self, image, style, masks=None):
        x, kept = self.from_rgb(image), {}
        for block in self.encode:
            kept[x.shape[2]] = x
            x = block(x)
        for block in self.decode:
            x = block(x, style)
            if masks is not None and x.shape[2] in (32, 64, 128):
                x = x + self._edges(kept[x.shape[2]], masks)
        return self.to_rgb(x)

    def _edges(self, kept, masks):
        side = kept.shape[2]
        mask = masks[:, :1] if side == 32 else masks[:, 1:]
        mask = functional.interpolate(mask, size=side, mode="bilinear")
        return self.edges(mask * kept)


class MappingNetwork(nn.Module):
    """Table 6: from latent (n, 16) and domain (n,) to style; computes all heads."""

    def __init__(self, domains: int, latent: int = 16, style: int = 64):
        super().__init__()

        def dense(inputs):
            return [nn.Linear(inputs, 512), nn.ReLU()]

        shared = [*dense(latent), *dense(512), *dense(512), *dense(512)]
        self.shared = nn.Sequential(*shared)
        self.heads = nn.ModuleList(
            nn.Sequential(*dense(512), *dense(512), *dense(512), nn.Linear(512, style))
            for _ in range(domains)
        )

    def forward(self, latent, domain):
        x = self.shared(latent)
        every = torch.stack([head(x) for head in self.heads], 1)
        return every[torch.arange(len(domain)), domain]


class Trunk(nn.Module):
    def __init__(self, size: int, most: int):
        super().__init__()
        wide = widths(size, int(math.log2(size)) - 2, most)
        pairs = itertools.pairwise(wide)
        self.body = nn.Sequential(
            nn.Conv2d(3, wide[0], 3, padding=1),
            *(DownBlock(a, b, False, True) for a, b in pairs),
            nn.LeakyReLU(0.2),
            nn.Conv2d(wide[-1], wide[-1], 4),
            nn.LeakyReLU(0.2),
        )
        self.width = wide[-1]

    def forward(self, image):
        return self.body(image).flatten(1)


class StyleEncoder(nn.Module):
    """Table 7: from image and domain (n,) to style (n, style)."""

    def __init__(self, size: int, domains: int, style: int = 64, most: int = 512):
        super().__init__()
        self.trunk = Trunk(size, most)
        self.heads = nn.ModuleList(
            nn.Linear(self.trunk.width, style) for _ in range(domains)
        )

    def forward(self, image, domain):
        x = self.trunk(image)
        every = torch.stack([head(x) for head in self.heads], 1)
        return every[torch.arange(len(domain)), domain]


class Discriminator(nn.Module):
    """Table 7: from image and domain (n,) to logits (n,)."""

    def __init__(self, size: int, domains: int, most: int = 512):
        super().__init__()
        self.trunk = Trunk(size, most)
        self.heads = nn.Linear(self.trunk.width, domains)

    def forward(self, image, domain):
        return self.heads(self.trunk(image))[torch.arange(len(domain)), domain]


class Training:
    """A training iteration with the same work as in the official code.

    The second output is computed with a graph that is then discarded, and a generator
    phase computes gradients of all networks, some of which are discarded.

    Args:
        size: side of the images in pixels.
        domains: number of domains.
        device: PyTorch device.
        autocast: dtype of `torch.autocast`, or None for float32.
        networks: `generator`, `mapping`, `encoder`, and `discriminator` to use instead
            of the paper's.
        masks: masks of the high-pass skips for all batches, (n, 2, size, size).
    """

    def __init__(
        self,
        size=128,
        domains=3,
        device="cpu",
        autocast=None,
        networks=None,
        masks=None,
    ):
        self.device, self.autocast, self.masks = device, autocast, masks
        self.networks = networks or {
            "generator": he(Generator(size)),
            "mapping": he(MappingNetwork(domains)),
            "encoder": he(StyleEncoder(size, domains)),
            "discriminator": he(Discriminator(size, domains)),
        }
        for network in self.networks.values():
            network.to(device)
        self.averages = {
            name: copy.deepcopy(self.networks[name])
            for name in ("generator", "mapping", "encoder")
        }
        self.optimizers = {
            name: torch.optim.Adam(
                network.parameters(),
                1e-6 if name == "mapping" else 1e-4,
                (0.0, 0.99),
                weight_decay=1e-4,
            )
            for name, network in self.networks.items()
        }

    def iteration(self, image, domain, references, target, latents):
        """Trains on a batch with latents and with references, then updates the EMA.

        Args:
            image: (n, 3, size, size).
            domain: domains of the images, (n,).
            references: two batches of images of the target domains.
            target: target domains, (n,).
            latents: two batches (n, 16).
        """
        for source in (latents, references):
            self.discriminator_phase(image, domain, source, target)
        for source in (latents, references):
            self.generator_phase(image, domain, source, target)
        self._average()

    def _mixed(self):
        enabled = self.autocast is not None
        return torch.autocast(self.device, self.autocast, enabled=enabled)

    def _style(self, source, target):
        network = "mapping" if source.dim() == 2 else "encoder"
        return self.networks[network](source, target)

    def _draw(self, image, style):
        return self.networks["generator"](image, style, self.masks)

    def discriminator_phase(self, image, domain, source, target):
        """Updates the discriminator and returns the terms of its loss."""
        image = image.detach().requires_grad_()
        discriminator = self.networks["discriminator"]
        with self._mixed():
            real = discriminator(image, domain)
            with torch.no_grad():
                style = self._style(source[0], target)
                fake = self._draw(image, style)
            terms = [_real(real), _real(-discriminator(fake, target))]
        (slope,) = torch.autograd.grad(real.sum(), image, create_graph=True)
        terms.append(0.5 * full(slope).pow(2).flatten(1).sum(1).mean())
        self._step(["discriminator"], sum(terms))
        return terms

    def generator_phase(self, image, domain, source, target):
        """Updates the generator's networks and returns the terms of their loss."""
        encoder = self.networks["encoder"]
        with self._mixed():
            style = self._style(source[0], target)
            fake = self._draw(image, style)
            terms = [
                _real(self.networks["discriminator"](fake, target)),
                (encoder(fake, target) - style).abs().mean(),
            ]
            other = self._draw(image, self._style(source[1], target)).detach()
            terms.append((fake - other).abs().mean())
            back = self._draw(fake, encoder(image, domain))
            terms.append((back - image).abs().mean())
        latent = source[0].dim() == 2
        learners = ["generator", "mapping", "encoder"] if latent else ["generator"]
        adversarial, style, diversity, cycle = terms
        self._step(learners, adversarial + style - diversity + cycle)
        return terms

    def _step(self, learners, loss):
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        loss.backward()
        for name in learners:
            self.optimizers[name].step()

    def _average(self):
        with torch.no_grad():
            for name, average in self.averages.items():
                pairs = zip(
                    average.parameters(), self.networks[name].parameters(), strict=True
                )
                for mean, weight in pairs:
                    mean.lerp_(weight, 0.001)


def _real(logits):
    """Computes the binary cross-entropy with target 1."""
    return functional.softplus(-full(logits)).mean()
