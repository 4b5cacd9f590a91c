"""Images per second on the page of `stargan-tf demo web`, in Chromium without a GPU.

    python benchmarks/browser.py saved_models/toon_attributes/litert phone/

Each folder is an output of `stargan-tf export --format litert`. The page translates the
images of Chromium's test camera. *shown* is the number of displayed translations per
second; *model* is the rate of the model alone, from the median time that the page
displays. Requires playwright, chromium, and LiteRT.js in the cache.
"""

import argparse
import shutil
import tempfile
import threading
import time
from pathlib import Path

from stargan_tf.demo.litert_js import runtime_folder
from stargan_tf.demo.web import read_device_model, static_server, write_site

CHROMIUM = ("chromium", "chromium-browser")
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
WARM_UP = 3.0
# Counts the displayed translations.
COUNT = """() => {
  window.shown = 0;
  const context = document.getElementById('after').getContext('2d');
  const draw = context.putImageData.bind(context);
  context.putImageData = (...image) => {
    window.shown += 1;
    draw(...image);
  };
}"""


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path, help="LiteRT folders")
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        parser.error("Chromium is not installed: sudo apt-get install chromium")
    print("| model | size | quantize | KiB | shown | model |")
    print("|---|---:|---|---:|---:|---:|")
    with sync_playwright() as started:
        options = {"args": ["--no-sandbox", "--disable-gpu", *CAMERA]}
        browser = started.chromium.launch(executable_path=path, **options)
        for folder in arguments.models:
            model = read_device_model(folder)
            shown, alone = measured(browser, model, arguments.seconds)
            size = model.files["generator"].stat().st_size / 1024
            about = model.description
            cells = (folder, about["image_size"], about["quantize"], f"{size:,.0f}")
            print(f"| {' | '.join(map(str, cells))} | {shown:.1f} | {alone} |")
        browser.close()


def measured(browser, model, seconds: float) -> tuple[float, str]:
    """Returns the displayed translations per second and the rate of the model."""
    with tempfile.TemporaryDirectory() as folder:
        write_site(Path(folder), model, runtime_folder())
        server = static_server(Path(folder), 0)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_selector("#stage[aria-busy=false]")
        page.click("#camera")
        page.wait_for_timeout(1000 * WARM_UP)
        page.evaluate(COUNT)
        start = time.perf_counter()
        page.wait_for_timeout(1000 * seconds)
        shown = page.evaluate("window.shown") / (time.perf_counter() - start)
        alone = page.inner_text("#rate").split()[0]
        page.close()
        server.shutdown()
        server.server_close()
    return shown, alone


if __name__ == "__main__":
    main()
