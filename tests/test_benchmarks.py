"""The benchmarks' scripts start, and the harness measures; nothing here is timed."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
HEAVY = ("tensorflow", "keras", "torch", "jax")
# Prints the help, then the heavy modules that are imported.
HELP = """
import runpy, sys
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(sorted(set(sys.modules) & set({heavy})))
"""
CONTENDER = """
import sys
sys.path.insert(0, {folder!r})
from side_by_side import take_turns

def setup():
    def work():
        print("no message")
        return lambda: print("tidied up")
    return work, {{"name": {name!r}}}

take_turns("json", setup)
"""


@pytest.fixture
def harness(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return runpy.run_path(str(FOLDER / "side_by_side.py"))


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_a_script_answers_help_without_heavy_imports(script):
    code = f"import sys; sys.argv[:] = [{str(script)!r}, '--help']" + HELP
    command = [sys.executable, "-c", code.format(heavy=HEAVY)]
    environment = {"PYTHONPATH": f"{FOLDER}:{FOLDER.parent}"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    )
    *usage, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    # Modules without a command print nothing.
    assert not usage or usage[0].startswith("usage:")


def test_contenders_take_turns_and_fill_a_table(harness, capsys):
    commands = {
        name: ["-c", CONTENDER.format(folder=str(FOLDER), name=name)]
        for name in ("ours", "peer")
    }
    columns = {"more": {"ours": "yes"}}
    results = harness["compare"]("toy", commands, "peer", 3, columns=columns)
    for name, result in results.items():
        assert len(result.seconds) == 3 and min(result.seconds) > 0
        assert result.facts == {"name": name}
        assert result.peak >= result.imported > 0
    _, title, rule, ours, peer = capsys.readouterr().out.splitlines()
    assert title.startswith("| toy | seconds | times the peer's |")
    assert {line.count("|") for line in (title, rule, ours, peer)} == {7}
    assert ours.startswith("| ours |") and ours.endswith("| yes |")
    assert peer.split("|")[3].strip() == "1"


def test_a_dead_contender_ends_the_benchmark(harness, capfd):
    dies = ["-c", "import sys; sys.exit('out of luck')"]
    with pytest.raises(SystemExit, match="A contender ended"):
        harness["run"]({"ours": dies}, 1)
    assert "out of luck" in capfd.readouterr().err


def test_rates_are_compared_the_other_way_round(harness, capsys):
    result = harness["Result"]
    results = {
        "peer": result([2.0, 2.0], 10, 5, {}),
        "ours": result([1.0, 0.5], 10, 5, {}),
    }
    harness["print_table"]("toy", results, "peer", per=4, rate="images/s")
    ours = capsys.readouterr().out.splitlines()[-1]
    assert ours == "| ours | 6 (4-8) | 3 (2-4) | 10 | 5 |"
