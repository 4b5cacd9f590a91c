"""What a model family puts into its LiteRT files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.export.agreement import PIXEL_SPAN
from stargan_tf.export.sample_images import SampleImages

Arrays = dict[str, np.ndarray]
GENERATOR, STYLE = "generator", "style"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One signature of a file; the batch is 1, everything float32.

    Args:
        name: of the signature.
        function: tensors by input name → tensors by output name, in operations that
            LiteRT has built in.
        reference: the same from Keras' own networks, for the comparison.
        shapes: input name → shape with the batch.
        pictures: the inputs and outputs that are pictures in [-1, 1]; with uint8
            files these are uint8.
        samples: pictures of the data set → inputs by name, one after another.
        span: the range that the PSNR of its outputs refers to; None for their own.
    """

    name: str
    function: Callable[..., dict[str, Any]]
    reference: Callable[..., dict[str, Any]]
    shapes: Mapping[str, tuple[int, ...]]
    samples: Callable[[SampleImages], Iterator[Arrays]]
    pictures: tuple[str, ...] = ()
    span: float | None = PIXEL_SPAN


@dataclass(frozen=True)
class Part:
    """One file.

    Args:
        role: `"generator"` or `"style"`; the file's name without its extension.
        endpoints: its signatures.
        networks: the Keras layers whose weights they use.
    """

    role: str
    endpoints: tuple[Endpoint, ...]
    networks: tuple[Any, ...]

    def file_in(self, folder: Path) -> Path:
        """Where the file is in an export's folder."""
        return folder / f"{self.role}.tflite"


@dataclass(frozen=True)
class DeviceForm:
    """A model as LiteRT files.

    Args:
        parts: the files.
        details: what `model.json` says beyond what all families say.
    """

    parts: tuple[Part, ...]
    details: Mapping[str, Any] = field(default_factory=dict)
