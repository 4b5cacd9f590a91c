"""`stargan-tf train --init_from`, as a user starts it."""

import json
import shutil

NETWORKS = ("base_filters", "num_residual_blocks", "discriminator_filters")


def test_a_run_from_another_run(toy_run, tiny):
    first, second = toy_run("first"), toy_run("second")
    short = ["--steps=2", "--checkpoint_every=2", "--sample_every=100"]
    status, _, errors = first.finish(*tiny, *short)
    assert status == 0, errors

    # The networks' options need not be said again.
    flags = [f"--init_from={first.folder}", "--dataset=toy", "--attributes=Bright"]
    flags += [*short, "--batch_size=4", "--critic_steps=2"]
    status, output, errors = second.finish(*flags)
    assert status == 0, errors
    assert (
        f"Starting from {first.folder} (step 2). Starts fresh: the optimizers. Left "
        "out: Red.\n"
    ) in output
    configs = [
        json.loads((run.folder / "config.json").read_text()) for run in (first, second)
    ]
    for name in (*NETWORKS, "image_size", "discriminator_layers"):
        assert configs[0][name] == configs[1][name]

    status, _, errors = toy_run("third").finish(*flags, "--base_filters=8")
    assert status == 2
    assert "has base_filters=4; a run with --init_from keeps that" in errors
    assert errors.count("\n") == 1

    # It goes on without the model that it began with.
    shutil.rmtree(first.folder)
    status, output, errors = second.finish("--steps=3")
    assert status == 0, errors
    assert "Going on from step 2" in output


def test_an_imported_model_is_no_run(toy_run, tiny, tmp_path):
    folder = toy_run("imported").folder
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "import.json").write_text("{}")
    status, _, errors = toy_run("imported").finish(*tiny)
    assert status == 2
    assert f"pass --init_from {folder} and another --run folder." in errors
