"""StarGAN v2 in plain PyTorch: tables 5 to 7 of the paper, and its iteration."""

import copy
import itertools
import math

import torch
from torch import nn
from torch.nn import functional


def he(module: nn.Module) -> nn.Module:
    """The paper's initialisation of every convolution and dense layer."""
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


class UpBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, style: int, up: bool):
        super().__init__()
        self.norm_1, self.norm_2 = AdaIN(style, inputs), AdaIN(style, outputs)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.narrow = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.change, self.up = inputs != outputs, up

    def _doubled(self, x):
        return functional.interpolate(x, scale_factor=2) if self.up else x

    def forward(self, x, style):
        short = self._doubled(x)
        short = self.narrow(short) if self.change else short
        x = self._doubled(functional.leaky_relu(self.norm_1(x, style), 0.2))
        x = functional.leaky_relu(self.norm_2(self.first(x), style), 0.2)
        return (short + self.second(x)) / math.sqrt(2)


def widths(size: int, blocks: int) -> list[int]:
    first = 2**14 // size
    return [first, *(min(first * 2**number, 512) for number in range(1, blocks + 1))]


class Generator(nn.Module):
    """Table 5: image (n, 3, size, size) and style (n, style) → image."""

    def __init__(self, size: int, style: int = 64):
        super().__init__()
        wide = widths(size, int(math.log2(size)) - 4)
        self.from_rgb = nn.Conv2d(3, wide[0], 3, padding=1)
        pairs = list(itertools.pairwise(wide))
        down = [DownBlock(a, b, True, True) for a, b in pairs]
        middle = [DownBlock(wide[-1], wide[-1], True, False) for _ in range(2)]
        self.encode = nn.Sequential(*down, *middle)
        styled = [UpBlock(wide[-1], wide[-1], style, False) for _ in range(2)]
        up = [UpBlock(b, a, style, True) for a, b in reversed(pairs)]
        self.decode = nn.ModuleList([*styled, *up])
        self.to_rgb = nn.Sequential(
            nn.InstanceNorm2d(wide[0], affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(wide[0], 3, 1),
        )

    def forward(self, image, style):
        x = self.encode(self.from_rgb(image))
        for block in self.decode:
            x = block(x, style)
        return self.to_rgb(x)


class MappingNetwork(nn.Module):
    """Table 6: latent (n, 16), domain (n,) → style; all heads, then one is picked."""

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
    def __init__(self, size: int):
        super().__init__()
        wide = widths(size, int(math.log2(size)) - 2)
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
    """Table 7: image, domain (n,) → style (n, style)."""

    def __init__(self, size: int, domains: int, style: int = 64):
        super().__init__()
        self.trunk = Trunk(size)
        self.heads = nn.ModuleList(
            nn.Linear(self.trunk.width, style) for _ in range(domains)
        )

    def forward(self, image, domain):
        x = self.trunk(image)
        every = torch.stack([head(x) for head in self.heads], 1)
        return every[torch.arange(len(domain)), domain]


class Discriminator(nn.Module):
    """Table 7: image, domain (n,) → logits (n,)."""

    def __init__(self, size: int, domains: int):
        super().__init__()
        self.trunk = Trunk(size)
        self.heads = nn.Linear(self.trunk.width, domains)

    def forward(self, image, domain):
        return self.heads(self.trunk(image))[torch.arange(len(domain)), domain]


class Training:
    """The four updates and the averages, with the work that the released code does.

    That is: the second image's graph is built and dropped, and a generator's phase
    computes gradients of all networks, of which some are thrown away.

    Args:
        size: side of the images in pixels.
        domains: number of domains.
        device: where.
        autocast: a type for `torch.autocast`, or None for float32.
    """

    def __init__(self, size=128, domains=3, device="cpu", autocast=None):
        self.device, self.autocast = device, autocast
        self.networks = {
            "generator": Generator(size),
            "mapping": MappingNetwork(domains),
            "encoder": StyleEncoder(size, domains),
            "discriminator": Discriminator(size, domains),
        }
        for network in self.networks.values():
            he(network).to(device)
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
        """One batch: D and G with latents and with references, then the averages.

        Args:
            image: (n, 3, size, size).
            domain: of the images, (n,).
            references: two batches of images of the target domains.
            target: (n,).
            latents: two batches (n, 16).
        """
        for source in (latents, references):
            self._discriminate(image, domain, source, target)
        for source in (latents, references):
            self._generate(image, domain, source, target)
        self._average()

    def _mixed(self):
        enabled = self.autocast is not None
        return torch.autocast(self.device, self.autocast, enabled=enabled)

    def _style(self, source, target):
        network = "mapping" if source.dim() == 2 else "encoder"
        return self.networks[network](source, target)

    def _discriminate(self, image, domain, source, target):
        image = image.detach().requires_grad_()
        judge = self.networks["discriminator"]
        with self._mixed():
            real = judge(image, domain)
            with torch.no_grad():
                style = self._style(source[0], target)
                fake = self.networks["generator"](image, style)
            loss = _real(real) + _real(-judge(fake, target))
        (slope,) = torch.autograd.grad(real.sum(), image, create_graph=True)
        penalty = 0.5 * slope.float().pow(2).flatten(1).sum(1).mean()
        self._step(["discriminator"], loss + penalty)

    def _generate(self, image, domain, source, target):
        generator, encoder = self.networks["generator"], self.networks["encoder"]
        with self._mixed():
            style = self._style(source[0], target)
            fake = generator(image, style)
            loss = _real(self.networks["discriminator"](fake, target))
            loss = loss + (encoder(fake, target) - style).abs().mean()
            other = generator(image, self._style(source[1], target)).detach()
            loss = loss - (fake - other).abs().mean()
            back = generator(fake, encoder(image, domain))
            loss = loss + (back - image).abs().mean()
        latent = source[0].dim() == 2
        learners = ["generator", "mapping", "encoder"] if latent else ["generator"]
        self._step(learners, loss)

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
    """Binary cross-entropy with the target 1."""
    return functional.softplus(-logits.float()).mean()
