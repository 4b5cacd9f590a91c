"""A real Chromium before the page, as a person's would be."""

import shutil
import threading
from contextlib import ExitStack
from functools import cache

import pytest

from stargan_tf.demo.litert_js import is_runtime, kept_runtime
from stargan_tf.demo.web import static_server, write_site

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
# Generous: the other core may be busy, and nothing here is about speed.
PATIENCE = 60_000


@pytest.fixture(scope="session")
def site(request, tmp_path_factory):
    """Fixture of a model → address of the page with it, which is made only once."""
    if not is_runtime(kept_runtime()):
        pytest.skip("LiteRT.js is not in the cache: 'make test' fetches it from npm")
    with ExitStack() as stack:

        @cache
        def address(name):
            folder = tmp_path_factory.mktemp(name)
            write_site(folder, request.getfixturevalue(name), kept_runtime())
            return stack.enter_context(served(folder))

        yield address


class served:
    """A served folder; gives its address."""

    def __init__(self, folder):
        self.server = static_server(folder, 0)
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="session")
def playwright():
    """Drives the browser; no browser comes with it."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with api.sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright):
    """Chromium without a camera and without a graphics card."""
    launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def browser_with_camera(playwright):
    """Chromium with a camera that shows a test picture."""
    launched = playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*QUIET, *FAKE_CAMERA]
    )
    yield launched
    launched.close()


@pytest.fixture
def opened(browser, site):
    """(which, script to run first, browser, viewport) → the page, ready."""
    contexts = []

    def open_page(which, script=None, chromium=browser, wait=True, **kwargs):
        context = chromium.new_context(**kwargs)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        if script:
            page.add_init_script(script)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(which if ":" in which else site(which))
        if wait:
            settle(page)
        return page

    yield open_page
    faults = [fault for c in contexts for p in c.pages for fault in p.faults]
    for context in contexts:
        context.close()
    assert not faults


def listing(page):
    """The sample faces beside the page."""
    return page.evaluate("fetch('faces/faces.json').then((read) => read.json())")


def settle(page):
    """Waits until the translation is up to date."""
    page.wait_for_selector("#stage[aria-busy=false]")
