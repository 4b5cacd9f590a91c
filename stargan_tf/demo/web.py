"""A page on which an exported model runs in the browser: written, and served.

Nothing here needs TensorFlow.
"""

import errno
import hashlib
import json
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

from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import LabeledImages
from stargan_tf.demo.litert_js import VERSION, runtime_folder
from stargan_tf.errors import InputError, shortened
from stargan_tf.files import check_new, new_folder, read_json, temporary_folder
from stargan_tf.translation.pictures import write_picture

DESCRIPTION = "model.json"
FORMAT = "stargan_tf.litert/1"
HOW = "Make one: stargan-tf export --model runs/demo --format litert --output phone/"
FACES = 8
FACE_SIZE = 256
DRAWN = ("toon_attributes", "toon_expressions", "toon_people")
LOOPBACK = "127.0.0.1"
# How long a browser may take for its next bytes before its connection is closed.
SECONDS = 30
# Browsers share memory between threads only in pages that are isolated so.
ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
# A worker knows no import map, so the runtime's one bare import becomes a path.
BARE, RELATIVE = '"@litertjs/wasm-utils"', '"../wasm-utils/index.js"'
NOTICE = (
    "// Changed by stargan_tf: the import of @litertjs/wasm-utils is a relative path.\n"
)
THIRD_PARTY = f"""\
The folder runtime/ holds LiteRT.js {VERSION}, copyright Google LLC, under the Apache
License 2.0, whose text is in LICENSE.txt: @litertjs/core and @litertjs/wasm-utils from
npm; source: https://github.com/google-ai-edge/LiteRT

Changed: in runtime/core/index.js the import of @litertjs/wasm-utils is a relative path.
The WebAssembly files are as published.

The rest of this page is stargan_tf, under the Apache License 2.0 as well. The drawn
faces are stargan_tf's own. The terms of a model are those of its training data.
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
        port: on the loopback interface, 0 for any; None only writes `output`.
    """
    if output is not None:
        check_new(output, overwrite, f"model/{DESCRIPTION}")
    elif port is None:
        raise InputError("--noserve needs --output DIR: else nothing would remain.")
    opened = read_device_model(model)
    with ExitStack() as stack:
        folder = output
        if folder is None:
            folder = stack.enter_context(temporary_folder()) / "web"
        # Bound before the work: a taken port should be heard of at once.
        server = None
        if port is not None:
            server = stack.enter_context(static_server(folder, port))
        with new_folder(folder, "page", replace=overwrite) as unfinished:
            write_site(unfinished, opened, runtime_folder(runtime))
        if output is not None:
            print(f"Wrote {output}: any static host can serve it.")
        if server is None:
            return
        print(
            f"Open http://{LOOPBACK}:{server.server_port}/ (Ctrl-C ends).", flush=True
        )
        server.serve_forever()


@dataclass(frozen=True)
class DeviceModel:
    """A folder that `stargan-tf export --format litert` wrote.

    Args:
        folder: where it lies.
        description: what its `model.json` says; docs/on_device.md lists the keys.
    """

    folder: Path
    description: dict[str, Any]

    @property
    def files(self) -> dict[str, Path]:
        """The LiteRT files by role: `generator`, and `style` where there are styles."""
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
        if description["format"] == FORMAT:
            _check_form(description)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{path} does not describe LiteRT files. {HOW}") from error
    if description["format"] != FORMAT:
        received = shortened(repr(description["format"]))
        raise InputError(
            f"{path} must describe a model in the format {FORMAT}. Received: "
            f"{received}. Export the model again with this version of stargan_tf."
        )
    if description.get("high_pass"):
        raise InputError(
            f"{folder} is a model with high-pass skips, which needs a mask of each "
            "face. The demos cannot make masks: use a model without these skips."
        )
    infos = description.get("datasets", [])
    is_measured = any(info.get("intensity") for info in infos)
    is_shown = description.get("num_channels", 3) in (1, 3) and not is_measured
    if not is_shown or not isinstance(description.get("image_size", 0), int):
        raise InputError(
            f"{folder} is a model of images that are no squares in gray or RGB of 8 "
            "bits. The page shows photographs and the camera: use a model of such."
        )
    model = DeviceModel(folder, description)
    for role, file in model.files.items():
        if not file.is_file():
            raise InputError(f"{file} is missing, which {DESCRIPTION} names. {HOW}")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest != description["files"][role]["sha256"]:
            raise InputError(
                f"{file} is not the file that {DESCRIPTION} describes: its SHA-256 "
                "differs. Copy the folder again, or export the model again."
            )
    return model


def _check_form(description: dict[str, Any]) -> None:
    """Raises unless everything that the page reads is there, in its type."""
    _ = description["files"]["generator"]
    for file in description["files"].values():
        name, digest = file["path"], file["sha256"]
        # A name alone, so that nothing from elsewhere is copied into the page.
        if Path(name).name != name or len(name) > 255 or not isinstance(digest, str):
            raise ValueError(f"{name!r} is no file's name")
    for info in description.get("datasets", []):
        if not isinstance(info.get("name"), str):
            raise TypeError("a data set has a name")


def write_site(folder: Path, model: DeviceModel, runtime: Path) -> None:
    """Writes a page that any static host can serve; it loads nothing from elsewhere."""
    with as_file(files("stargan_tf.demo") / "web") as page:
        shutil.copytree(page, folder, dirs_exist_ok=True)
    (folder / "model").mkdir()
    for path in (model.folder / DESCRIPTION, *model.files.values()):
        shutil.copyfile(path, folder / "model" / path.name)
    _copy_runtime(runtime, folder / "runtime")
    names = [info["name"] for info in model.description.get("datasets", [])]
    write_sample_faces(folder / "faces", names)
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


def write_sample_faces(folder: Path, datasets: list[str]) -> None:
    """Draws held-out faces, and lists them with their domains in `faces.json`."""
    folder.mkdir()
    name = next((name for name in datasets if name in DRAWN), "toon_people")
    faces = load_dataset(name, split="held_out", image_size=FACE_SIZE)
    listing = []
    for number, index in enumerate(_varied(faces)):
        file = f"face_{number}.png"
        write_picture(Image.fromarray(faces.load(index)), folder / file)
        on = np.flatnonzero(faces.labels[index])
        entry = {"file": file, "title": f"Drawn face {number + 1}"}
        listing.append(entry | {"domains": [faces.info.domains[i] for i in on]})
    (folder / "faces.json").write_text(json.dumps(listing, indent=1) + "\n")


def _varied(faces: LabeledImages) -> list[int]:
    """The first rows, but no label again while there are others.

    A face that shows many domains comes first: on it a change is seen best.
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
    """Gives files, no listings; says nothing about each of them."""

    timeout = SECONDS

    # Windows' registry may say otherwise, and browsers insist on these.
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
    """Says nothing about browsers that leave while a file is on its way."""

    request_queue_size = 128  # Five, by default, keep others waiting for seconds.

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def static_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server on the loopback interface, which no other machine can reach."""
    handler = partial(_Handler, directory=str(folder))
    try:
        return _Server((LOOPBACK, port), handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            reason = "another program uses it"
        raise InputError(
            f"Port {port} cannot be used: {reason}. Choose another --port, or --port 0 "
            "for a free one."
        ) from error
