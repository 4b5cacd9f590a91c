"""The web demo from the first check to the last request."""

from contextlib import ExitStack
from pathlib import Path

from stargan_tf.demo.device_model import DeviceModel, read_device_model
from stargan_tf.demo.runtime_package import runtime_folder
from stargan_tf.demo.site import write_site
from stargan_tf.demo.static_server import LOOPBACK, static_server
from stargan_tf.errors import InputError
from stargan_tf.files import check_new, new_folder, temporary_folder


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
