"""What every test needs, and what a run reports at its end."""

import gc
import os
import signal
from collections import Counter

import pytest

# Before TensorFlow, so that oneDNN is on as in a command.
from stargan_tf import interruption

# Files of a minute and more.
LONGEST = (
    "test_train_process",
    "test_docs_plugins",
    "test_workers",
    "test_examples",
    "test_replicas",
    "test_high_pass",
    "test_round_trip",
    "test_landmarks",
    "test_saved_model",
    "stargan_v2/test_model",
)


def pytest_collection_modifyitems(items):
    """The longest first: of two workers none has to wait for the other at the end."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))


def pytest_collection_finish():
    """Makes Python look for garbage rarely: otherwise, it takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """Collects garbage once for each file, and never looks at what is left again."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


def pytest_terminal_summary(terminalreporter):
    """Lists the reasons why tests were skipped, with the number of tests."""
    skipped = terminalreporter.getreports("skipped")
    reasons = Counter(report.longrepr[2] for report in skipped)
    if reasons:
        terminalreporter.section("skipped tests")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count:4}  {reason.removeprefix('Skipped: ')}")


def pytest_sessionfinish(session):
    """With `STARGAN_TF_REQUIRE_ALL=1`, a run that skips tests fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter and reporter.getreports("skipped")
    if skipped and os.environ.get("STARGAN_TF_REQUIRE_ALL") == "1":
        reporter.line(
            "\nSTARGAN_TF_REQUIRE_ALL=1: skipped tests fail the run.", red=True
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def no_log_level_of_an_earlier_test(monkeypatch):
    """Commands that run in this process set it; to others it is the user's wish."""
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)


@pytest.fixture
def heeded_signals():
    """Signals act as in a terminal, also in a shell's background job or under nohup."""
    before = {number: signal.getsignal(number) for number in interruption.SIGNALS}
    ignored = [n for n, handler in before.items() if handler is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def installed_package(tmp_path, monkeypatch):
    """Writes a package as pip would install it, and puts it on the path.

    (name, code of its module, {group: {entry: value}}) → the folder it lies in.
    """

    def install(name, code, entries, version="1.0", summary="", folder="packages"):
        place = tmp_path / folder
        info = place / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        fields = {"Metadata-Version": "2.1", "Name": name, "Version": version}
        fields |= {"Summary": summary} if summary else {}
        lines = "".join(f"{field}: {value}\n" for field, value in fields.items())
        (info / "METADATA").write_text(lines)
        text = ""
        for group, points in entries.items():
            text += f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items())
        (info / "entry_points.txt").write_text(text)
        (place / f"{name.replace('-', '_')}.py").write_text(code)
        monkeypatch.syspath_prepend(place)
        return place

    return install
