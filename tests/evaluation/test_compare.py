import json

import pytest
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.evaluation.report import (
    comparison_table,
    differing_conditions,
    read_contenders,
    write_plot,
)


@pytest.fixture
def run(tmp_path):
    """run("a", losses, fid=…) writes a run folder."""

    def make(name, losses=(), seed=0, **means):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        if losses:
            lines = [json.dumps({"step": 10 * i, "g_loss": x}) for i, x in losses]
            (folder / "metrics.jsonl").write_text("\n".join([*lines, '{"step": 3']))
        if means:
            record = {
                "format": 1,
                "data": {"dataset": "pets"},
                "options": {"seed": seed, "batch_size": len(name)},
                "means": {key: {"value": value} for key, value in means.items()},
            }
            (folder / "results.json").write_text(json.dumps(record))
        return str(folder)

    return make


def test_numbers_side_by_side_with_the_best_marked(run):
    first = run("a", enumerate([3.0, 2.0]), fid=20.0, lpips_diversity=0.3)
    second = run("bb", enumerate([5.0]), fid=10.0, lpips_diversity=0.2, kid=0.1)
    lines = comparison_table(read_contenders([first, second])).splitlines()
    cells = {line.split("  ")[0]: line.split() for line in lines if line}
    assert cells["Evaluation"] == ["Evaluation", "a", "bb"]
    assert cells["FID ↓"] == ["FID", "↓", "20.00", "10.00*"]
    assert cells["LPIPS diversity ↑"] == ["LPIPS", "diversity", "↑", "0.300*", "0.200"]
    assert cells["KID ↓"] == ["KID", "↓", "–", "0.1000"]
    assert cells["g_loss"] == ["g_loss", "2", "5"]
    assert lines[-1] == "* best value of the row"


def test_a_number_that_is_nan_is_never_the_best(run):
    runs = (run("a", fid=float("nan")), run("b", fid=3.0), run("c", fid=4.0))
    table = comparison_table(read_contenders(runs))
    (cells,) = [line.split() for line in table.splitlines() if line.startswith("FID")]
    assert cells == ["FID", "↓", "nan", "3.00*", "4.00"]


def test_evaluations_under_other_conditions_are_told(run):
    pair = read_contenders([run("a", fid=1.0), run("bb", fid=2.0)])
    assert differing_conditions(pair) == []  # No number depends on the batch size.
    others = read_contenders([run("c", fid=1.0), run("d", seed=1, fid=2.0)])
    (note,) = differing_conditions(others)
    assert "differ in their options" in note and note in comparison_table(others)


def test_names_are_as_short_as_can_be(run, tmp_path):
    first, second = run("x/demo", fid=1.0), run("y/demo", fid=2.0)
    names = [one.name for one in read_contenders([first, second])]
    assert names == ["x/demo", "y/demo"]
    file = str(tmp_path / "x" / "demo" / "results.json")
    names = [one.name for one in read_contenders([file, second])]
    assert names == ["results.json", "demo"]


def test_what_cannot_be_compared(run, tmp_path):
    good = run("good", fid=1.0)
    empty = run("empty")
    for paths, message in (
        ([good], "Pass at least two runs"),
        ([], "Received: none"),
        ([good, good], "Pass each path only once"),
        ([good, empty], "neither metrics.jsonl nor results.json"),
        ([good, str(tmp_path / "gone")], "gone does not exist"),
    ):
        with pytest.raises(InputError, match=message):
            read_contenders(paths)


def test_curves_and_bars_are_drawn(run, tmp_path):
    contenders = read_contenders(
        [
            run("a", enumerate([3.0, 2.0, 1.0]), fid=20.0),
            run("bb", enumerate([5.0, 4.0]), fid=10.0, kid=1.0),
        ]
    )
    file = tmp_path / "plots.png"
    write_plot(contenders, file)
    with Image.open(file) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(10**6)}
    assert {(0, 107, 164), (255, 128, 14)} <= colours
    with pytest.raises(InputError, match="without common numbers"):
        write_plot(read_contenders([run("c", fid=1.0), run("d", kid=1.0)]), file)
