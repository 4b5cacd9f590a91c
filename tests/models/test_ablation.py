"""StarGAN v2's ablation, configurations A to F, as presets of the two families."""

import keras
import pytest

import stargan_tf
from stargan_tf.cli.main import main
from stargan_tf.models.registry import family, preset

SMALL = {
    "stargan": {
        "base_filters": 2,
        "num_residual_blocks": 1,
        "discriminator_filters": 2,
    },
    "stargan_v2": {"base_filters": 2, "max_filters": 4, "hidden_dim": 4},
}


@pytest.mark.parametrize(
    ("letter", "differs"),
    [
        ("b", {"multi_task"}),
        (
            "c",
            {
                *("multi_task", "adversarial", "conditioning", "critic_steps"),
                *("beta_1", "beta_2", "lr_decay"),
            },
        ),
        ("d", {"latent_injection", "diversity"}),
        ("e", {"diversity"}),
        ("f", set()),
    ],
)
def test_configurations_differ_from_their_family_in_what_is_said(letter, differs):
    values = dict(preset(f"ablation_{letter}").values)
    run = ("family", "image_size", "batch_size", "steps")
    options = family(values["family"]).options
    changed = {o.name for o in options if values.get(o.name, o.default) != o.default}
    assert changed == differs
    assert set(values) - set(run) == differs


def test_all_six_side_by_side(tmp_path, capsys):
    people = stargan_tf.load_dataset("toon_people", image_size=64)
    results = []
    for letter in "abcdef":
        keras.utils.set_random_seed(0)
        name = preset(f"ablation_{letter}").values["family"]
        model = (
            family(name)
            .model_class()
            .from_preset(
                f"ablation_{letter}",
                load_weights=False,
                datasets=people.info,
                **SMALL[name],
            )
        )
        folder, output = tmp_path / letter, tmp_path / f"{letter}.json"
        model.save_to_preset(folder)
        words = "evaluate --dataset toon_people --metrics unchanged --count 2 --quiet"
        words = [*words.split(), "--model", str(folder), "--output", str(output)]
        assert main(words) == 0
        results.append(str(output))
    capsys.readouterr()
    assert main(["compare", *results]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[-6:] == [f"{letter}.json" for letter in "abcdef"]
    assert any("same" in row for row in rows)
