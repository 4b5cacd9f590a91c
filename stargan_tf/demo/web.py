"""Writes and serves a page that runs an exported model in the browser.

This module does not need TensorFlow.
"""

import errno
import json
import os
import shutil
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import LabeledImages, choose_domains, subset
from stargan_tf.demo.litert_js import VERSION, runtime_folder
from stargan_tf.errors import InputError, shortened
from stargan_tf.exporting import DESCRIPTION, LITERT_FORMAT
from stargan_tf.files import (
    check_new,
    new_folder,
    read_json,
    sha256,
    temporary_folder,
)
from stargan_tf.translation.pictures import write_picture

HOW = "Create one: stargan-tf export --model runs/demo --format litert --output phone"
FACES = 8
FACE_SIZE = 256
DRAWN = ("toon_attributes", "toon_expressions", "toon_people")
LOOPBACK = "127.0.0.1"
# Seconds until an inactive connection of a browser is closed.
SECONDS = 30
# Browsers share memory between threads only in pages with these headers.
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
# Workers have no import map, so the runtime's only bare import is replaced by a path.
BARE, RELATIVE = '"@litertjs/wasm-utils"', '"../wasm-utils/index.js"'
NOTICE = (
    "// Changed by stargan_tf: the import of @litertjs/wasm-utils is a relative path.\n"
)
THIRD_PARTY = f"""\
The folder runtime/ contains LiteRT.js {VERSION}, copyright Google LLC, under the Apache
License 2.0, whose text is in LICENSE.txt: @litertjs/core and @litertjs/wasm-utils from
npm; source: https://github.com/google-ai-edge/LiteRT

Changed: in runtime/core/index.js the import of @litertjs/wasm-utils is a relative path.
The WebAssembly files are as published.

The rest of this page, including the sample faces, is part of stargan_tf, under the
Apache License 2.0. The terms of a model are those of its training data.
"""


def run_web_demo(
    model: Path,
    *,
    port: int | None,
    output: Path | None = None,
    runtime: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Writes the page and serves it until it is interrupted.

    Args:
        model: a folder of LiteRT files.
        port: port on the loopback interface, 0 for any; None to only write `output`.
        output: folder for the page; None for a temporary one.
        runtime: folder of LiteRT.js; None for the cache.
        overwrite: whether to replace an existing `output`.
    """
    if output is not None:
        check_new(output, overwrite, f"model/{DESCRIPTION}")
    elif port is None:
        raise InputError("--noserve needs --output DIR, the folder for the page.")
    opened = read_device_model(model)
    with ExitStack() as stack:
        folder = output
        if folder is None:
            folder = stack.enter_context(temporary_folder()) / "web"
        # Bound before the work, so that a port in use is reported immediately.
        server = None
        if port is not None:
            server = stack.enter_context(static_server(folder, port))
        with new_folder(folder, "page", replace=overwrite) as unfinished:
            write_site(unfinished, opened, runtime_folder(runtime))
        if output is not None:
            print(f"Wrote {output}, which any static host can serve.")
        if server is None:
            return
        print(
            f"Open http://{LOOPBACK}:{server.server_port}/ (Ctrl-C to stop).",
            flush=True,
        )
        server.serve_forever()


@dataclass(frozen=True)
class DeviceModel:
    """A folder that `stargan-tf export --format litert` wrote.

    Args:
        folder: the folder.
        description: the content of `model.json`; docs/on_device.md lists the keys.
    """

    folder: Path
    description: dict[str, Any]

    @property
    def files(self) -> dict[str, Path]:
        """The LiteRT files by role: `generator`, and `style` for style models."""
        entries = self.description["files"].items()
        return {role: self.folder / entry["path"] for role, entry in entries}


def read_device_model(folder: Path) -> DeviceModel:
    """Reads and checks an export."""
    path = folder / DESCRIPTION
    if not path.is_file():
        raise InputError(
            f"--model must be a folder of LiteRT files with a {DESCRIPTION}. "
            f"Received: {folder}. {HOW}"
        )
    try:
        description = read_json(path)
        if description["format"] == LITERT_FORMAT:
            _check_types(description)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{path} does not describe LiteRT files. {HOW}") from error
    if description["format"] != LITERT_FORMAT:
        received = shortened(repr(description["format"]))
        raise InputError(
            f"{path} must describe a model in the format {LITERT_FORMAT}. Received: "
            f"{received}. Export the model again with this version of stargan_tf."
        )
    if description.get("high_pass"):
        raise InputError(
            "The demo cannot compute the masks that high-pass skips need. Received: "
            f"{folder}, a model with high-pass skips. Use one without them."
        )
    infos = description.get("datasets", [])
    is_measured = any(info.get("intensity") for info in infos)
    is_shown = description.get("num_channels", 3) in (1, 3) and not is_measured
    if not is_shown or not isinstance(description.get("image_size", 0), int):
        raise InputError(
            "The demo needs a model of square 8-bit images, gray or RGB. Received: "
            f"{folder}, a model of other images."
        )
    model = DeviceModel(folder, description)
    for role, file in model.files.items():
        if not file.is_file():
            raise InputError(f"{file}, which {DESCRIPTION} names, is missing. {HOW}")
        if sha256(file) != description["files"][role]["sha256"]:
            raise InputError(
                f"{file} is damaged: its SHA-256 differs from that in {DESCRIPTION}. "
                "Copy the folder again, or export the model again."
            )
    return model


def _check_types(description: dict[str, Any]) -> None:
    """Raises an exception unless all entries that the page reads are valid."""
    _ = description["files"]["generator"]
    for file in description["files"].values():
        name, digest = file["path"], file["sha256"]
        # Names without folders, so that no other files are copied into the page.
        if Path(name).name != name or len(name) > 255 or not isinstance(digest, str):
            raise ValueError(f"{name!r} is not a file name")
    for info in description.get("datasets", []):
        if not isinstance(info.get("name"), str):
            raise TypeError("a data set must have a name")


def write_site(folder: Path, model: DeviceModel, runtime: Path) -> None:
    """Writes a page that any static host can serve, without external resources."""
    with as_file(files("stargan_tf.demo") / "web") as page:
        shutil.copytree(page, folder, dirs_exist_ok=True)
    (folder / "model").mkdir()
    for path in (model.folder / DESCRIPTION, *model.files.values()):
        shutil.copyfile(path, folder / "model" / path.name)
    _copy_runtime(runtime, folder / "runtime")
    write_sample_faces(folder / "faces", model.description.get("datasets", []))
    (folder / "THIRD_PARTY.txt").write_text(THIRD_PARTY, encoding="utf-8")
    # Hosts such as Netlify and Cloudflare Pages read this file.
    lines = [f"  {name}: {value}\n" for name, value in ISOLATION.items()]
    (folder / "_headers").write_text("/*\n" + "".join(lines), encoding="utf-8")


def _copy_runtime(runtime: Path, folder: Path) -> None:
    (folder / "core").mkdir(parents=True)
    (folder / "wasm-utils").mkdir()
    code = (runtime / "core/dist/index.js").read_text(encoding="utf-8")
    code = NOTICE + code.replace(BARE, RELATIVE)
    (folder / "core/index.js").write_text(code, encoding="utf-8")
    utilities = runtime / "wasm-utils/dist/index.js"
    shutil.copyfile(utilities, folder / "wasm-utils/index.js")
    unused = shutil.ignore_patterns("*jspi*")
    shutil.copytree(runtime / "core/wasm", folder / "wasm", ignore=unused)


def write_sample_faces(folder: Path, datasets: list[dict[str, Any]]) -> None:
    """Writes cartoon faces, and lists them with their domains in `faces.json`.

    Args:
        folder: a new folder.
        datasets: the model's data sets, as in its description.
    """
    folder.mkdir()
    info = next((info for info in datasets if info["name"] in DRAWN), {})
    name = info.get("name", "toon_people")
    faces = load_dataset(name, split="held_out", image_size=FACE_SIZE)
    domains = info.get("domains", ())
    shown = [domain for domain in faces.info.domains if domain in domains]
    faces = choose_domains(faces, shown)
    # A single attribute has two domains, such as Male and Not_Male.
    if info.get("label_type") == ONE_HOT and len(shown) > 1:
        faces = subset(faces, np.flatnonzero(faces.labels.sum(axis=1) == 1))
    listing = []
    for number, index in enumerate(_varied(faces)):
        file = f"face_{number}.png"
        write_picture(Image.fromarray(faces.load(index)), folder / file)
        on = np.flatnonzero(faces.labels[index])
        entry = {"file": file, "title": f"Sample face {number + 1}"}
        listing.append(entry | {"domains": [faces.info.domains[i] for i in on]})
    (folder / "faces.json").write_text(json.dumps(listing, indent=1) + "\n")


def _varied(faces: LabeledImages) -> list[int]:
    """The first rows with different labels, as far as possible.

    Faces with many domains come first, since changes are most visible on them.
    """
    labels = np.asarray(faces.labels)
    seen: dict[bytes, int] = {}
    turns = []
    for index, label in enumerate(labels):
        key = label.tobytes()
        seen[key] = seen.get(key, 0) + 1
        turns.append((seen[key], index))
    chosen = [index for _, index in sorted(turns)[:FACES]]
    return sorted(chosen, key=lambda index: -labels[index].sum())


class _Handler(SimpleHTTPRequestHandler):
    """Serves files, without listings and without a log."""

    timeout = SECONDS

    # Browsers require these types; Windows' registry may have others.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".json": "application/json",
    }

    def send_head(self) -> BinaryIO | None:
        try:
            return super().send_head()
        except ValueError:  # A null byte, `%00`.
            self.send_error(HTTPStatus.NOT_FOUND)
            return None

    def end_headers(self) -> None:
        for name, value in ISOLATION.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: str) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    """Ignores browsers that close a connection during a transfer."""

    request_queue_size = 128  # The default of five delays requests by seconds.
    allow_reuse_address = os.name == "posix"  # On Windows, two servers share a port.

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def static_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server on the loopback interface, which other machines cannot reach."""
    handler = partial(_Handler, directory=str(folder))
    try:
        return _Server((LOOPBACK, port), handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            reason = "it is in use by another program"
        raise InputError(
            f"Port {port} is not available: {reason}. Choose another --port, or --port "
            "0 for any free port."
        ) from error
