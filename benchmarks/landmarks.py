"""Masks of face images by the landmark network, beside the same in plain PyTorch.

    python benchmarks/landmarks.py                    # 256 px, batch 1
    python benchmarks/landmarks.py --batch_size 8

Random weights: time does not depend on them. *ours* is what `translate` and training
call, `NetworkProvider(network)(images)`. The peer has the same layers and makes the
masks from the heat maps by the same steps. Needs the extra [convert].
"""

import argparse

import numpy as np
from side_by_side import print_table, run, take_turns

NAMES = {"torch": "torch", "ours": "tensorflow"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image_size", type=int, default=256)
    parser.add_argument("--batch_size", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--contender", choices=NAMES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    size, count = arguments.image_size, arguments.batch_size
    if arguments.contender:
        images = np.random.default_rng(0).uniform(-1, 1, (count, size, size, 3))
        prepare = globals()[arguments.contender]
        work = images.astype(np.float32)
        take_turns(NAMES[arguments.contender], lambda: prepare(work))
        return
    options = [f"--image_size={size}", f"--batch_size={count}"]
    commands = {name: [__file__, *options, "--contender", name] for name in NAMES}
    title = f"masks, {size} px, batch {count}: an image"
    print_table(title, run(commands, arguments.rounds), "torch", count)


def ours(images: np.ndarray):
    from stargan_tf.faces.network import LandmarkNetwork
    from stargan_tf.faces.providers import NetworkProvider

    masks = NetworkProvider(LandmarkNetwork(), "random")
    return lambda: np.asarray(masks(images))


def torch(images: np.ndarray):
    import torch
    from torch import nn
    from torch.nn import functional

    from stargan_tf.faces.masks import GRID, REGIONS, THRESHOLD

    def branch(channels, filters, size):
        return nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, filters, size, padding=size // 2, bias=False),
        )

    class Block(nn.Module):
        def __init__(self, channels, filters):
            super().__init__()
            half, quarter = filters // 2, filters // 4
            self.branches = nn.ModuleList(
                branch(*sizes, 3)
                for sizes in ((channels, half), (half, quarter), (quarter, quarter))
            )
            same = channels == filters
            self.shortcut = nn.Identity() if same else branch(channels, filters, 1)

        def forward(self, x):
            outputs = [x]
            for layer in self.branches:
                outputs.append(layer(outputs[-1]))
            return torch.cat(outputs[1:], 1) + self.shortcut(x)

    class Hourglass(nn.Module):
        def __init__(self, level):
            super().__init__()
            self.skip, self.down, self.up = (Block(256, 256) for _ in range(3))
            self.inner = Hourglass(level - 1) if level > 1 else Block(256, 256)

        def forward(self, x):
            y = self.up(self.inner(self.down(functional.avg_pool2d(x, 2))))
            return self.skip(x) + functional.interpolate(y, scale_factor=2)

    class WithCoordinates(nn.Conv2d):
        def forward(self, x):
            side = torch.linspace(-1, 1, x.shape[2])
            y, z = torch.meshgrid(side, side, indexing="ij")
            radius = torch.sqrt(y**2 + z**2)
            maps = torch.stack([z, y, radius]).expand(len(x), -1, -1, -1)
            return super().forward(torch.cat([x, maps], 1))

    network = nn.Sequential(
        WithCoordinates(6, 64, 7, stride=2, padding=3),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        Block(64, 128),
        nn.AvgPool2d(2),
        Block(128, 128),
        Block(128, 256),
        WithCoordinates(259, 256, 1),
        Hourglass(4),
        Block(256, 256),
        nn.Conv2d(256, 256, 1),
        nn.BatchNorm2d(256),
        nn.ReLU(),
        nn.Conv2d(256, 99, 1),
    ).eval()
    pictures = torch.tensor(images).permute(0, 3, 1, 2)

    @torch.inference_mode()
    def masks():
        x = functional.interpolate(pictures, (GRID, GRID), mode="bilinear")
        maps = network(x * 0.5 + 0.5)[:, :98]
        maps = functional.interpolate(
            maps, (GRID, GRID), mode="bilinear", align_corners=True
        )
        maps = torch.where(maps < THRESHOLD, 0.0, maps)
        least, most = maps.amin((2, 3), True), maps.amax((2, 3), True)
        maps = (maps - least) / (most - least + 1e-6)
        found = torch.zeros((2, len(maps), GRID, GRID))
        for region in REGIONS:
            spots = (maps[:, region.landmarks] ** region.power).sum(1)
            found[: 1 + region.is_fine] += torch.roll(spots, -region.up, dims=1)
        masks = functional.interpolate(found.clamp(0, 1), size, mode="bilinear")
        return masks.numpy()

    size = images.shape[1:3]
    return masks


if __name__ == "__main__":
    main()
