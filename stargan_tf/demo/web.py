"""The web demo from the first check to the last request."""

import errno
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import as_file, files
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import LabelledImages
from stargan_tf.demo.device_model import DESCRIPTION, DeviceModel, read_device_model
from stargan_tf.demo.litert_js import PACKAGES, VERSION, runtime_folder
from stargan_tf.errors import InputError
from stargan_tf.files import check_new, new_folder, temporary_folder
from stargan_tf.translation.pictures import write_picture

# Drawn faces beside the page, so that there is something to translate at once.

COUNT = 8
SIZE = 256
DRAWN = ("toon_attributes", "toon_expressions", "toon_people")
DEFAULT = "toon_people"
LISTING = "faces.json"


def write_sample_faces(folder: Path, datasets: list[str]) -> None:
    """Draws held-out faces, and lists them with their domains in `faces.json`.

    Args:
        folder: where to; it is made.
        datasets: names of the model's data sets. Its own drawn set comes first, so that
            the page knows what the faces show.
    """
    folder.mkdir()
    name = next((name for name in datasets if name in DRAWN), DEFAULT)
    faces = load_dataset(name, split="held_out", image_size=SIZE)
    listing = []
    for number, index in enumerate(_varied(faces)):
        file = f"face_{number}.png"
        write_picture(Image.fromarray(faces.load(index)), folder / file)
        on = np.flatnonzero(faces.labels[index])
        entry = {"file": file, "title": f"Drawn face {number + 1}"}
        listing.append(entry | {"domains": [faces.info.domains[i] for i in on]})
    (folder / LISTING).write_text(json.dumps(listing, indent=1) + "\n")


def _varied(faces: LabelledImages) -> list[int]:
    """The first rows, but no label again while there are others.

    A face that shows many domains comes first: on it a change is seen best.
    """
    shown = np.asarray(faces.labels).sum(axis=1)
    return sorted(_by_novelty(faces)[:COUNT], key=lambda index: -shown[index])


def _by_novelty(faces: LabelledImages) -> list[int]:
    seen: dict[bytes, int] = {}

    def turns() -> Iterator[tuple[int, int]]:
        for index, label in enumerate(faces.labels):
            key = np.asarray(label).tobytes()
            seen[key] = seen.get(key, 0) + 1
            yield seen[key], index

    return [index for _, index in sorted(turns())]


# Serves a folder on this machine, with the headers that threads in browsers need.

LOOPBACK = "127.0.0.1"
# How long a browser may take for its next bytes before its connection is closed.
SECONDS = 30
# Browsers share memory between threads only in pages that are isolated so.
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class StaticHandler(SimpleHTTPRequestHandler):
    """Gives files, no listings; says nothing about each of them."""

    timeout = SECONDS

    # Windows' registry may say otherwise, and browsers insist on these.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".json": "application/json",
    }

    def send_head(self) -> BinaryIO | None:
        """Opens what is asked for; a name that no file can have is not found."""
        try:
            return super().send_head()
        except ValueError:  # A null byte, `%00`.
            self.send_error(HTTPStatus.NOT_FOUND)
            return None

    def end_headers(self) -> None:
        """Adds ours to each answer."""
        for name, value in ISOLATION.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: str) -> None:
        """There is nothing to see but the page.

        Args:
            path: a folder without an index.html.
        """
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        """Does nothing.

        Args:
            format: of what would be logged.
            *args: its parts.
        """


class StaticServer(ThreadingHTTPServer):
    """Says nothing about browsers that leave while a file is on its way."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Reports what is a defect.

        Args:
            request: the connection.
            client_address: the other end.
        """
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def static_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server on the loopback interface, which no other machine can reach.

    Args:
        folder: what it serves.
        port: where; 0 for any free one.

    Returns:
        The server, bound; `serve_forever()` starts it.

    Raises:
        InputError: if the port is taken or not allowed.
    """
    handler = partial(StaticHandler, directory=str(folder))
    try:
        return StaticServer((LOOPBACK, port), handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            reason = "another program uses it"
        raise InputError(
            f"Port {port} cannot be used: {reason}. Choose another --port, or --port 0 "
            "for a free one."
        ) from error


# Puts the web demo's static folder together: page, model, runtime, faces, licenses.

# A worker knows no import map, so the runtime's one bare import becomes a path.
BARE, RELATIVE = '"@litertjs/wasm-utils"', '"../wasm-utils/index.js"'
NOTICE = (
    "// Changed by stargan_tf: the import of @litertjs/wasm-utils is a relative path.\n"
)
THIRD_PARTY = f"""\
The folder runtime/ holds LiteRT.js {VERSION}, copyright Google LLC, under the Apache
License 2.0, whose text is in LICENSE.txt: {" and ".join(p.name for p in PACKAGES)} from
npm; source: https://github.com/google-ai-edge/LiteRT

Changed: in runtime/core/index.js the import of @litertjs/wasm-utils is a relative path.
The WebAssembly files are as published.

The rest of this page is stargan_tf, under the Apache License 2.0 as well. The drawn
faces are stargan_tf's own. The terms of a model are those of its training data.
"""


def write_site(folder: Path, model: DeviceModel, runtime: Path) -> None:
    """Writes a page that any static host can serve; it loads nothing from elsewhere.

    Args:
        folder: an empty folder.
        model: what the page runs.
        runtime: as `runtime_package.runtime_folder` returns it.
    """
    with as_file(files("stargan_tf.demo") / "web") as page:
        shutil.copytree(page, folder, dirs_exist_ok=True)
    _copy_model(model, folder / "model")
    _copy_runtime(runtime, folder / "runtime")
    names = [info["name"] for info in model.description.get("datasets", [])]
    write_sample_faces(folder / "faces", names)
    (folder / "THIRD_PARTY.txt").write_text(THIRD_PARTY, encoding="utf-8")
    # Hosts such as Netlify and Cloudflare Pages read this file.
    lines = [f"  {name}: {value}\n" for name, value in ISOLATION.items()]
    (folder / "_headers").write_text("/*\n" + "".join(lines), encoding="utf-8")


def _copy_model(model: DeviceModel, folder: Path) -> None:
    folder.mkdir()
    for path in (model.folder / DESCRIPTION, *model.files.values()):
        shutil.copyfile(path, folder / path.name)


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


def run_web_demo(
    model: Path,
    *,
    port: int | None,
    output: Path | None = None,
    runtime: Path | None = None,
) -> None:
    """Writes the page and serves it until it is interrupted.

    Args:
        model: folder of an export in LiteRT's format.
        port: on the loopback interface, 0 for any; None only writes `output`.
        output: folder to make and keep; by default a temporary one.
        runtime: see `runtime_package.runtime_folder`.

    Raises:
        InputError: if what the user gave cannot be used.
    """
    if output is not None:
        check_new(output)
    elif port is None:
        raise InputError("--noserve needs --output DIR: else nothing would remain.")
    opened = read_device_model(model)
    with ExitStack() as stack:
        folder = output
        if folder is None:
            folder = stack.enter_context(temporary_folder()) / "web"
        # Bound before the work: a taken port should be heard of at once.
        server = (
            stack.enter_context(static_server(folder, port))
            if port is not None
            else None
        )
        _write(folder, opened, runtime_folder(runtime))
        if output is not None:
            print(f"Wrote {output}: any static host can serve it.")
        if server is None:
            return
        print(
            f"Open http://{LOOPBACK}:{server.server_port}/ (Ctrl-C ends).", flush=True
        )
        server.serve_forever()


def _write(folder: Path, model: DeviceModel, runtime: Path) -> None:
    with new_folder(folder, "page", replace=False) as unfinished:
        write_site(unfinished, model, runtime)
