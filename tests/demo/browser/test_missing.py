"""What a browser or a server lacks is said in a sentence."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stargan_tf.demo.litert_js import kept_runtime
from stargan_tf.demo.web import write_site
from tests.demo.browser.canvas import distance, pixels
from tests.demo.browser.conftest import listing, settle


@pytest.fixture
def plain_host(v1, site, tmp_path):
    """The page on a host that sends no headers of ours."""
    write_site(tmp_path, v1, kept_runtime())

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = partial(Handler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_without_the_headers_one_thread_runs(opened, plain_host):
    page = opened(plain_host)
    assert page.inner_text("#runs-on") == "WebAssembly, 1 thread"
    page.click("summary")
    assert "Cross-Origin-Opener-Policy" in page.inner_text("#accelerator-note")


def test_webgpu_that_finds_nothing_is_greyed_out(opened):
    page = opened("v1")
    page.click("summary")
    assert page.get_by_label("GPU", exact=True).is_disabled()
    assert "WebGPU" in page.inner_text("#accelerator-note")
    page.get_by_label("CPU", exact=True).check(force=True)
    page.locator("#runs-on", has_text="1 thread").wait_for()
    settle(page)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("WebAssembly.validate = () => false", "WebAssembly without SIMD"),
        ("delete globalThis.WebAssembly", "has no WebAssembly"),
    ],
)
def test_without_webassembly(opened, script, sentence):
    page = opened("v1", script, wait=False)
    page.wait_for_selector("#notice:visible")
    assert sentence in page.inner_text("#notice")
    assert page.is_hidden("#loading")


def test_a_model_that_does_not_start_is_told(opened, site):
    page = opened("v1", wait=False)
    page.route("**/*.tflite", lambda route: route.fulfill(body=b"no model"))
    page.reload()
    page.locator("#notice", has_text="The model could not be started").wait_for()
    assert page.is_hidden("#loading")


def test_no_camera(opened):
    page = opened("v1")
    page.click("#camera")
    page.wait_for_selector("#notice:visible")
    assert "No camera was found" in page.inner_text("#notice")
    assert page.get_attribute("#camera", "aria-pressed") == "false"


def test_a_camera_that_cannot_play_is_off(opened, browser_with_camera):
    refuse = """
        window.streams = [];
        const devices = navigator.mediaDevices;
        const open = devices.getUserMedia.bind(devices);
        devices.getUserMedia = async (wanted) => {
          window.streams.push(await open(wanted));
          return window.streams[0];
        };
        HTMLMediaElement.prototype.play = () => Promise.reject(new Error("no power"));
    """
    page = opened("v1", refuse, chromium=browser_with_camera)
    page.click("#camera")
    page.locator("#notice", has_text="no power").wait_for()
    assert page.evaluate("window.streams.map((stream) => stream.active)") == [False]


def test_a_camera_is_translated_live_and_its_picture_kept(opened, browser_with_camera):
    page = opened("v1", chromium=browser_with_camera)
    face = pixels(page, "before")
    page.click("#camera")
    page.wait_for_selector("#camera[aria-pressed=true]")
    page.locator("#camera", has_text="Keep").wait_for()
    first = live(page, face)
    live(page, first)
    page.click("#camera")
    assert page.get_attribute("#camera", "aria-pressed") == "false"
    settle(page)
    kept = pixels(page, "before")
    page.wait_for_timeout(300)
    assert distance(pixels(page, "before"), kept) == 0


def test_the_domain_of_a_camera_image_is_not_known(opened, browser_with_camera):
    page = opened("one_hot", chromium=browser_with_camera)
    man = next(face for face in listing(page) if face["domains"] == ["man"])
    page.get_by_role("button", name=man["title"]).click()
    page.get_by_label("Woman").check(force=True)
    slider = page.get_by_role("slider", name="Strength of One of")
    slider.wait_for()
    page.click("#camera")
    slider.wait_for(state="hidden")


def live(page, before):
    """Waits for another picture."""
    while distance(now := pixels(page, "before"), before) == 0:
        page.wait_for_timeout(50)
    return now
