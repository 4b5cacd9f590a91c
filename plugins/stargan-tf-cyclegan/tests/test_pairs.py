"""The command that trains a model for each pair of domains."""

import pytest
from stargan_tf_cyclegan import pairs

TINY = [
    *("--image_size", "32", "--base_filters", "2", "--num_residual_blocks", "1"),
    *("--discriminator_filters", "2", "--discriminator_layers", "1"),
    *("--batch_size", "1", "--steps", "2", "--checkpoint_every", "2"),
]


@pytest.fixture
def trainings(monkeypatch):
    """The commands that were called; the third fails."""
    calls = []

    def command(arguments):
        calls.append(arguments)
        return 130 if len(calls) == 3 else 0

    monkeypatch.setattr(pairs, "stargan_tf_command", command)
    return calls


def test_it_trains_each_pair_and_counts_weights(trainings, capsys):
    flags = ["--dataset", "toon_people", *TINY]
    assert pairs.main(["--run", "runs/all", *flags, "--attributes", "woman,man"]) == 0
    assert trainings == [
        [
            *("train", "--run", "runs/all/woman-man", "--family", "cyclegan"),
            *(*flags, "--attributes", "woman,man"),
        ]
    ]
    lines = capsys.readouterr().out.splitlines()[-4:-2]
    table = {line[:12].strip(): line[12:].split() for line in lines}
    # Generators: stem, two down, two residual, two up, to_rgb and its bias; all of
    # 2, 4 or 8 channels. Discriminators: three convolutions, two with a bias.
    generator = 49 * 6 + 9 * (8 + 32 + 64 + 64 + 32 + 8) + 49 * 6 + 3
    discriminator = 16 * (6 + 8 + 4) + 2 + 1
    weights = [2 * generator, 2 * generator + 2 * discriminator]
    counts = ["1", "2", *(f"{count:,}" for count in weights)]
    assert table == {"one pair": counts, "all pairs": counts}


def test_it_stops_at_a_training_that_fails(trainings):
    flags = ["--dataset", "toon_attributes", *TINY]
    assert pairs.main(["--run", "all", *flags]) == 130
    runs = [arguments[arguments.index("--run") + 1] for arguments in trainings]
    assert runs == [
        "all/Black_Hair-Blond_Hair",
        "all/Black_Hair-Brown_Hair",
        "all/Black_Hair-Male",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "toon_people", "--attributes", "man"], "two domains or more"),
        (["--dataset", "toon_peopel"], "Did you mean toon_people"),
    ],
)
def test_errors_are_one_line(arguments, message, trainings, capsys):
    assert pairs.main(["--run", "all", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not trainings


@pytest.mark.filterwarnings("ignore::UserWarning")  # Two steps teach nothing.
def test_a_pair_trains_and_resumes(tmp_path, capsys):
    run = tmp_path / "pairs"
    arguments = ["--run", str(run), "--dataset", "toon_people", *TINY]
    arguments += ["--attributes", "woman,man"]
    assert pairs.main(arguments) == 0
    (checkpoint,) = (run / "woman-man" / "checkpoints").iterdir()
    assert pairs.main(arguments) == 0
    assert [*(run / "woman-man" / "checkpoints").iterdir()] == [checkpoint]
    out, err = capsys.readouterr()
    assert "The run is finished" in out + err
