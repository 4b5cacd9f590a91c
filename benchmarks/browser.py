"""Pictures a second on the page of `stargan-tf demo web`, in Chromium without a GPU.

    python benchmarks/browser.py saved_models/toon_attributes/litert phone/

Each folder is what `stargan-tf export --format litert` writes. The page translates the
pictures of Chromium's test camera. *shown*: translations that appear in a second, with
all that the page does besides; *model*: what the model alone would allow, by the median
that the page displays. Needs playwright, chromium, and LiteRT.js in the cache.
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
# Counts the translations that are drawn.
COUNT = """() => {
  window.shown = 0;
  const context = document.getElementById('after').getContext('2d');
  const draw = context.putImageData.bind(context);
  context.putImageData = (...picture) => {
    window.shown += 1;
    draw(...picture);
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
        parser.error("there is no Chromium: sudo apt-get install chromium")
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
    """Translations shown a second, and the page's own number."""
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
