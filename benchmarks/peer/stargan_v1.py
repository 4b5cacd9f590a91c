"""StarGAN v1 in plain PyTorch: tables 4 and 5 of the paper, and an iteration."""

import torch
from torch import nn
from torch.nn import functional


class ResidualBlock(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.InstanceNorm2d(channels, affine=True),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.InstanceNorm2d(channels, affine=True),
        )

    def forward(self, x):
        return x + self.body(x)


class Generator(nn.Module):
    """Table 4: from image (n, 3, h, w) and label (n, labels) to image."""

    def __init__(self, labels: int = 5, filters: int = 64, blocks: int = 6):
        super().__init__()

        def normalized(convolution, channels):
            norm = nn.InstanceNorm2d(channels, affine=True)
            return [convolution, norm, nn.ReLU(inplace=True)]

        layers = normalized(
            nn.Conv2d(3 + labels, filters, 7, padding=3, bias=False), filters
        )
        width = filters
        for _ in range(2):
            down = nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False)
            layers += normalized(down, 2 * width)
            width *= 2
        layers += [ResidualBlock(width) for _ in range(blocks)]
        for _ in range(2):
            up = nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False)
            layers += normalized(up, width // 2)
            width //= 2
        layers += [nn.Conv2d(width, 3, 7, padding=3, bias=False), nn.Tanh()]
        self.body = nn.Sequential(*layers)

    def forward(self, image, label):
        planes = label[:, :, None, None].expand(-1, -1, *image.shape[2:])
        return self.body(torch.cat([image, planes], 1))


class Discriminator(nn.Module):
    """Table 5: from image (n, 3, size, size) to (patch logits, class logits)."""

    def __init__(self, size: int = 128, labels: int = 5, filters: int = 64, depth=6):
        super().__init__()
        layers, channels = [], 3
        for number in range(depth):
            width = filters * 2**number
            layers += [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.01)]
            channels = width
        self.body = nn.Sequential(*layers)
        self.patches = nn.Conv2d(channels, 1, 3, padding=1, bias=False)
        self.classes = nn.Conv2d(channels, labels, size // 2**depth, bias=False)

    def forward(self, image):
        x = self.body(image)
        return self.patches(x), self.classes(x).flatten(1)


class Training:
    """A training iteration with the same work as in the official code.

    A critic step generates images with a graph that is then discarded, and a generator
    step also computes gradients of the critic, which are discarded.

    Args:
        size: side of the images in pixels.
        labels: number of binary labels.
        device: PyTorch device.
        autocast: dtype of `torch.autocast`, or None for float32.
        networks: (generator, discriminator) to use instead of the paper's.
    """

    def __init__(self, size=128, labels=5, device="cpu", autocast=None, networks=None):
        self.device, self.autocast = device, autocast
        networks = networks or (Generator(labels), Discriminator(size, labels))
        self.generator, self.discriminator = (x.to(device) for x in networks)
        self.optimizers = [
            torch.optim.Adam(network.parameters(), 1e-4, (0.5, 0.999))
            for network in (self.generator, self.discriminator)
        ]

    def _mixed(self):
        enabled = self.autocast is not None
        return torch.autocast(self.device, self.autocast, enabled=enabled)

    def critic_step(self, image, label, target, alpha=None):
        """Updates the discriminator and returns the terms of its loss."""
        with self._mixed():
            fake = self.generator(image, target).detach()
            real_patches, classes = self.discriminator(image)
            fake_patches, _ = self.discriminator(fake)
            terms = [
                -real_patches.mean(),
                fake_patches.mean(),
                self._classification(classes, label),
            ]
        if alpha is None:
            alpha = torch.rand(len(image), 1, 1, 1, device=image.device)
        between = (alpha * image + (1 - alpha) * fake).requires_grad_()
        with self._mixed():
            patches, _ = self.discriminator(between)
        terms.append(_penalty(patches, between))
        self._step(1, sum(terms[:3]) + 10 * terms[3])
        return terms

    def generator_step(self, image, label, target):
        """Updates the generator and returns the terms of its loss."""
        with self._mixed():
            fake = self.generator(image, target)
            patches, classes = self.discriminator(fake)
            back = self.generator(fake, label)
            terms = [
                -patches.mean(),
                self._classification(classes, target),
                (image - back).abs().mean(),
            ]
        self._step(0, terms[0] + terms[1] + 10 * terms[2])
        return terms

    def _classification(self, logits, label):
        return entropy(logits, label)

    def _step(self, which, loss):
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        self.optimizers[which].step()


def full(x):
    """Converts to float32, except for float64."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def entropy(logits, label):
    """Computes the binary cross-entropy, a sum over labels and mean over the batch."""
    total = functional.binary_cross_entropy_with_logits(
        full(logits), label, reduction="sum"
    )
    return total / len(label)


def _penalty(patches, between):
    (slope,) = torch.autograd.grad(
        patches, between, torch.ones_like(patches), create_graph=True
    )
    norm = full(slope.flatten(1)).norm(dim=1)
    return ((norm - 1) ** 2).mean()
