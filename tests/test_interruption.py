import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import tensorflow as tf

from stargan_tf import interruption
from stargan_tf.cli import data as info
from stargan_tf.cli import main
from stargan_tf.training.callbacks import StopOnSignal, Stopped

PROCESS = """
import sys, time
from stargan_tf import interruption

with interruption.handled_signals():
    try:
        with interruption.postponed():
            print("ready", flush=True)
            {work}
            print("worked", flush=True)
    except KeyboardInterrupt:
        sys.exit(interruption.exit_status())
"""
# Python calls no handler meanwhile.
BUSY = "sum(range(2 * 10**7))"


def started(work, *before):
    command = [*before, sys.executable, "-c", PROCESS.format(work=work)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_second_signal_ends_at_once():
    with started("time.sleep(60)") as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30)[0] == ""
    assert process.returncode == 143


@pytest.mark.parametrize("work", ["time.sleep(1)", BUSY])
def test_the_echo_of_a_signal_is_no_second_one(work):
    """`timeout` signals the process, and then its group."""
    with started(work) as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30)[0] == "worked\n"
    assert process.returncode == 143


def test_a_signal_that_is_ignored_stays_ignored():
    with started("time.sleep(0.5)", "nohup") as process:
        process.send_signal(signal.SIGHUP)
        assert process.communicate(timeout=30)[0] == "worked\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)]
)
def test_any_command_ends_with_one_line(
    capsys, monkeypatch, heeded_signals, name, status
):
    number = getattr(signal, name)
    before = [signal.getsignal(n) for n in interruption.SIGNALS]
    cleared = []

    def run(args):
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            cleared.append(True)

    command = replace(info.SHOW_PRESETS, run=run)
    monkeypatch.setattr(info, "SHOW_PRESETS", command)
    assert main.main(["presets"]) == status
    assert cleared and capsys.readouterr().err == "stargan-tf: interrupted.\n"
    assert [signal.getsignal(n) for n in interruption.SIGNALS] == before


def test_postponed_work_is_done_and_optional_work_is_given_up():
    done = []

    def optional():
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("optional")

    with interruption.handled_signals():
        with pytest.raises(KeyboardInterrupt), interruption.postponed():
            interruption.abandoned_on_stop(optional)
            interruption.abandoned_on_stop(lambda: done.append("more"))
            done.append("needed")
        assert interruption.received() == signal.SIGTERM
    assert done == ["needed"]
    assert not interruption.received()


def test_without_handlers_an_interrupt_is_python_s_own():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), interruption.postponed():
        interruption.abandoned_on_stop(interrupt)


def test_a_worker_without_a_signal_ends_with_the_status_of_the_others():
    stop = StopOnSignal(None, agreed=lambda own: signal.SIGTERM)
    with interruption.handled_signals():
        with pytest.raises(Stopped):
            stop.stop_if_asked(SimpleNamespace(step=tf.constant(3)))
        assert interruption.received() == 0
        assert interruption.exit_status() == 143
    with interruption.handled_signals():
        assert interruption.exit_status() == 130
