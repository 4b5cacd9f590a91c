"""`stargan-tf train`, stopped by signals; `evaluate` and `compare`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from stargan_tf.callbacks import SampleImages
from stargan_tf.cli import train
from stargan_tf.cli.main import main
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.training import checkpoints
from stargan_tf.training import run as training_run
from stargan_tf.training.config import resolve

TINY = [
    *("--dataset=toon_expressions", "--image_size=32", "--base_filters=4"),
    *("--num_residual_blocks=1", "--discriminator_filters=4", "--batch_size=2"),
    *("--discriminator_layers=2", "--steps=4", "--held_out=0.1", "--critic_steps=1"),
    *("--checkpoint_every=4", "--sample_every=2", "--log_every=2"),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")  # draws only what it needs
    return tmp_path / "run"


def send(number):
    """A function of any arguments that sends this process a signal, once."""
    sent = []

    def function(*_):
        if not sent:
            sent.append(number)
            os.kill(os.getpid(), number)

    return function


def names(folder, *path):
    return sorted(p.name for p in folder.joinpath(*path).glob("*"))


def test_a_signal_leaves_a_checkpoint_of_the_step(folder, capsys, monkeypatch):
    ask, sample = send(signal.SIGTERM), SampleImages.work

    def draw(self, logs):
        ask()
        sample(self, logs)

    monkeypatch.setattr(SampleImages, "work", draw)
    assert main(["train", *TINY, f"--run={folder}"]) == 143
    output = capsys.readouterr()
    resume = f"stargan-tf train --run {folder}"
    expected = f"stargan-tf: interrupted. Step 2 is saved. To resume: {resume}\n"
    assert output.err == expected
    assert names(folder, "checkpoints") == ["step_00000002"]
    assert names(folder, "samples") == []

    assert main(["train", f"--run={folder}"]) == 0
    assert "Resuming from step 2" in capsys.readouterr().out
    assert names(folder, "checkpoints") == ["step_00000002", "step_00000004"]
    # Drawing the first was given up; it is made up for.
    assert names(folder, "samples") == ["step_00000002.png", "step_00000004.png"]
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 2, 4, 4]


def test_a_signal_before_the_first_step_leaves_step_0(
    folder, capsys, monkeypatch, heeded_signals
):
    ask, make = send(signal.SIGINT), training_run.make_strategy

    def make_strategy(kind):
        ask()
        return make(kind)

    monkeypatch.setattr(training_run, "make_strategy", make_strategy)
    assert main(["train", *TINY, f"--run={folder}"]) == 130
    assert "interrupted. Step 0 is saved." in capsys.readouterr().err
    assert names(folder, "checkpoints") == ["step_00000000"]
    assert json.loads((folder / "config.json").read_text())["steps"] == 4

    # Nothing was trained: other options may be chosen.
    monkeypatch.setattr(training_run, "make_strategy", make)
    assert main(["train", *TINY, "--seed=3", "--steps=1", f"--run={folder}"]) == 0
    assert names(folder, "checkpoints") == ["step_00000000", "step_00000001"]


# `stargan-tf evaluate` and `compare` with real models.

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "tests" / "training" / "toy_plugin"
SIDE = 64
TOY = DatasetInfo("toy", ("Red", "Bright"), "binary", SIDE)
MOODS = DatasetInfo("toy_moods", ("Red", "Bright"), "one_hot", SIDE)


def save(model, run, family, info):
    state = checkpoints.State(3, family, LabelSpace([info]).to_list(), [24], {})
    checkpoints.save(run / "checkpoints", model, state, keep=1)
    config = {"family": family, "dataset": "toy", "image_size": SIDE}
    (run / "config.json").write_text(json.dumps(resolve(config).to_dict()))
    return run


@pytest.fixture(scope="module")
def v1_run(tmp_path_factory):
    from stargan_tf.models.stargan.model import StarGAN

    tiny = {"base_filters": 2, "discriminator_filters": 2, "discriminator_layers": 2}
    model = StarGAN(TOY, num_residual_blocks=1, **tiny)
    model.compile()
    return save(model, tmp_path_factory.mktemp("v1"), "stargan", TOY)


@pytest.fixture(scope="module")
def v2_run(tmp_path_factory):
    from stargan_tf.models.stargan_v2.model import StarGANV2

    tiny = {"base_filters": 2, "max_filters": 4, "style_dim": 4, "latent_dim": 3}
    model = StarGANV2(MOODS, hidden_dim=5, **tiny)
    model.compile()
    return save(model, tmp_path_factory.mktemp("v2"), "stargan_v2", MOODS)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache folder with weights of LPIPS that nobody trained."""
    from stargan_tf.evaluation import weights
    from stargan_tf.evaluation.lpips import build_trunk

    network, rng, arrays = build_trunk("alex"), np.random.default_rng(0), {}
    widths = []
    for layer in network.layers:
        if layer.weights:
            kernel = rng.standard_normal(layer.kernel.shape, np.float32) * 0.05
            arrays[f"{layer.name}/kernel"] = kernel
            arrays[f"{layer.name}/bias"] = np.zeros(kernel.shape[-1], np.float32)
            widths.append(kernel.shape[-1])
    for number, width in enumerate(widths):
        arrays[f"head_{number}/kernel"] = np.full(width, 1 / width, np.float32)
    folder = tmp_path_factory.mktemp("cache")
    (folder / "weights").mkdir()
    file = folder / "weights" / f"lpips_alex-v{weights.VERSION}.npz"
    np.savez(file, **arrays)
    return folder


@pytest.fixture
def evaluate(cache, installed_toy, monkeypatch, capsys):
    """(model folder, flags) → (exit status, output, errors), in this process."""
    monkeypatch.setenv("STARGAN_TF_CACHE", str(cache))
    monkeypatch.delenv("STARGAN_TF_WEIGHTS", raising=False)

    def run(model, *flags):
        capsys.readouterr()
        status = main(["evaluate", f"--model={model}", *map(str, flags)])
        return status, *capsys.readouterr()

    return run


def run(cache, *arguments):
    """Runs `stargan-tf evaluate` in a process, as a user without network does."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(PLUGIN)]),
        "STARGAN_TF_CACHE": str(cache),
        "CUDA_VISIBLE_DEVICES": "-1",
        # Nobody listens there.
        "https_proxy": "http://127.0.0.1:9",
    }
    environment.pop("STARGAN_TF_WEIGHTS", None)
    program = [sys.executable, "-m", "stargan_tf.cli.main", "evaluate"]
    return subprocess.run(
        [*program, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_labels_offline_by_default(v1_run, cache, tmp_path, evaluate, capsys):
    report = tmp_path / "report.html"
    flags = ("--classifier=tiny", "--classifier_steps=2", "--report", report)
    done = run(cache, "--model", v1_run, *flags)
    assert (done.returncode, done.stderr) == (0, "")
    results = json.loads((v1_run / "results.json").read_text("utf-8"))
    assert [task["name"] for task in results["tasks"]] == [
        *("Red", "Red=0", "Bright", "Bright=0", "own label")
    ]
    assert set(results["means"]) == {
        *("classification_error", "kept_label_error"),
        *("cycle_error", "same_domain_change"),
    }
    assert results["data"]["held_out"]["images"] == 4
    assert results["model"]["step"] == 3 and results["options"]["seed"] == 0
    assert {"stargan_tf", "keras", "tensorflow"} <= set(results["versions"])
    assert "error ↓" in done.stdout and "Bright=0" in done.stdout
    assert report.read_text("utf-8").count("data:image/png") >= 8
    assert not list((cache / "evaluations").glob("*"))

    flags = (*flags, f"--output={tmp_path}/again.json")
    status, _, errors = evaluate(v1_run, *flags)
    assert status == 2 and "report.html exists already" in errors
    assert evaluate(v1_run, *flags, "--overwrite")[0] == 0
    repeated = json.loads((tmp_path / "again.json").read_text("utf-8"))
    assert repeated["means"] == results["means"]

    plots = tmp_path / "plots.svg"
    files = map(str, (v1_run, tmp_path / "again.json"))
    capsys.readouterr()
    assert main(["compare", *files, f"--output={plots}"]) == 0
    output = capsys.readouterr()
    assert "again.json" in output.out and "cycle error ↓" in output.out
    assert "cannot be compared" not in output.out and output.err == ""
    assert plots.read_text("utf-8").startswith("<?xml")


def test_styles_by_latents_and_references(v2_run, evaluate, tmp_path):
    output = tmp_path / "new" / "results.json"
    flags = ("--metrics=lpips,unchanged", "--styles=3", "--count=2", "--seed=5")
    data = ("--dataset=toy_moods", "--output", output)
    status, _, errors = evaluate(v2_run, *flags, *data)
    assert (status, errors) == (0, "")
    results = json.loads(output.read_text("utf-8"))
    assert set(results["means"]) == {
        *("latent_lpips_diversity", "reference_lpips_diversity"),
        *("latent_cycle_error", "reference_cycle_error", "same_domain_change"),
    }
    diversity = results["means"]["latent_lpips_diversity"]
    assert diversity["counts"] == {"tasks": 2, "images": 4} and diversity["value"] > 0
    assert diversity["protocol"] == "lpips_alex_v0.1"
    assert not (v2_run / "results.json").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--metrics=fidd"], "There is no metric 'fidd'. Did you mean fid"),
        (["--metrics="], "at least one metric"),
        (["--protocol=tff"], "invalid choice: 'tff' (choose from"),
        (["--count=-1"], "count: must be a whole number, at least 0"),
        (["--dataset=toon_peoples"], "no data set 'toon_peoples'. Did you mean"),
        (["--dataset=toon_people"], "the model's domains, Red, Bright"),
        (["--image_size=32"], "The model takes images of 64 px"),
        (["--held_out=2"], "held_out must be a fraction"),
        (["--truth=nothing"], "truth must be MODULE:FUNCTION"),
        (["--output=."], "must be a file"),
        (["photo.png"], "flags only. Received: photo.png"),
        (["--model=nowhere"], "There is no model nowhere"),
    ],
)
def test_a_mistake_is_one_line(
    v1_run, capsys, monkeypatch, tmp_path, flags, message, installed_toy
):
    monkeypatch.chdir(tmp_path)
    status = main(["evaluate", f"--model={v1_run}", *flags])
    output = capsys.readouterr()
    assert (status, output.out) == (2, "")
    assert output.err.startswith("stargan-tf: ") and output.err.count("\n") == 1
    assert message in output.err


@pytest.fixture
def installed_toy(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(PLUGIN)
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))


def test_missing_weights_without_network_say_which_file_goes_where(v1_run, tmp_path):
    pytest.importorskip("torch")
    flags = ("--metrics=fid", "--output", tmp_path / "results.json")
    done = run(tmp_path, "--model", v1_run, *flags)
    file = "pt_inception-2015-12-05-6726825d.pth"
    assert done.returncode == 2 and done.stdout.startswith(
        "Downloading the weights for FID"
    )
    assert done.stdout.count("\n") == 1 and file in done.stdout
    assert done.stderr.startswith("stargan-tf: ") and done.stderr.count("\n") == 1
    for words in (file, f"{tmp_path / 'weights'}", "STARGAN_TF_WEIGHTS"):
        assert words in done.stderr


def test_an_interruption_says_how_to_go_on(
    v1_run, capsys, monkeypatch, installed_toy, tmp_path
):
    from stargan_tf.evaluation.job import EvaluationJob

    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(EvaluationJob, "run", interrupt)
    output = tmp_path / "results.json"
    assert main(["evaluate", f"--model={v1_run}", f"--output={output}"]) == 130
    assert "run the same command" in capsys.readouterr().err
    assert not output.exists()


def test_a_kept_task_is_that_of_this_model_these_data_options_and_functions(
    v1_run, installed_toy, tmp_path
):
    from stargan_tf.evaluation.job import DataChoice, plan_evaluation
    from stargan_tf.evaluation.options import EvaluationOptions

    def folder(functions=(), **options):
        options = EvaluationOptions(**options)
        others = (lambda size: DataChoice(), dict(functions), None, None)
        return plan_evaluation(v1_run, options, *others).finished.folder

    assert folder() == folder()
    assert len({folder(), folder(seed=1), folder(count=3)}) == 3
    code = tmp_path / "code.py"
    code.write_text("def masks(images): return images[..., 0] > 0")
    before = folder({"masks": f"{code}:masks"})
    code.write_text("def masks(images): return images[..., 1] > 0")
    assert folder({"masks": f"{code}:masks"}) != before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a"], "Pass at least two runs"),
        (["a", "b"], "The run folder or results file a does not exist"),
        (["a", "b", "--output=plots.txt"], "must end in one of .png, .svg, .pdf"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    capsys, monkeypatch, tmp_path, arguments, message
):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *arguments]) == 2
    output = capsys.readouterr()
    assert output.err.count("\n") == 1 and message in output.err


def test_plots_without_matplotlib_name_the_extra(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["compare", "a", "b", "--output=plots.png"]) == 2
    assert "pip install 'stargan_tf[eval]'" in capsys.readouterr().err


def test_results_of_a_shipped_model_go_to_the_current_folder(v1_run, monkeypatch):
    from stargan_tf import pretrained as shipped
    from stargan_tf.evaluation.job import DataChoice, plan_evaluation
    from stargan_tf.evaluation.options import EvaluationOptions

    def output(model, given=None):
        nothing = (lambda size: DataChoice(), {})
        options = EvaluationOptions()
        return plan_evaluation(Path(model), options, *nothing, given, None).output

    name = "toon_attributes"
    for model in (name, shipped.model_folder(name)):
        assert output(model) == Path("toon_attributes_results.json")
    assert output(name, "x.json") == Path("x.json")


class Job:
    """Stands for an evaluation that is done."""

    output, report = Path("results.json"), None

    def __init__(self, error=None):
        self.error, self.written = error, []

    def run(self):
        return "results"

    def write(self, results, seconds):
        if self.error:
            raise self.error
        self.written.append(results)


def test_results_are_kept_before_they_are_printed(monkeypatch):
    def unprintable(results):
        raise UnicodeEncodeError("ascii", "→", 0, 1, "ordinal not in range(128)")

    monkeypatch.setattr("stargan_tf.evaluation.results.results_table", unprintable)
    job = Job()
    with pytest.raises(UnicodeEncodeError):
        train._carry_out(job)
    assert job.written == ["results"]


def test_results_that_cannot_be_kept_are_printed(monkeypatch, capsys):
    monkeypatch.setattr("stargan_tf.evaluation.results.results_table", str.upper)
    with pytest.raises(InputError, match="full"):
        train._carry_out(Job(InputError("full")))
    assert capsys.readouterr().out == "RESULTS\n"


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        ([], 100),
        (["--metrics=lpips,unchanged"], 100),
        (["--metrics=classification,fid"], None),
        (["--metrics=kid", "--count=7"], 7),
        (["--count=0"], None),
    ],
)
def test_few_images_unless_distributions_are_compared(monkeypatch, flags, count):
    seen = []
    monkeypatch.setattr(train, "_carry_out", lambda job: None)
    monkeypatch.setattr(train, "start_tensorflow", lambda: None)
    job = SimpleNamespace(output=None, report=None)
    monkeypatch.setattr(
        "stargan_tf.evaluation.job.plan_evaluation",
        lambda model, options, *_, **__: seen.append(options) or job,
    )
    assert main(["evaluate", "--model=run", *flags]) == 0
    assert seen[0].count == count and seen[0].classifier == "tiny"
