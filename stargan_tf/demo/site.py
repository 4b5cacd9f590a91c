"""Puts the web demo's static folder together: page, model, runtime, faces, licenses."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from stargan_tf.demo.device_model import DESCRIPTION, DeviceModel
from stargan_tf.demo.runtime_package import PACKAGES, VERSION
from stargan_tf.demo.sample_faces import write_sample_faces
from stargan_tf.demo.static_server import ISOLATION

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
