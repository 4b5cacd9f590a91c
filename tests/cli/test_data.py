"""`stargan-tf datasets`, `doctor`, `cache`, and `env`, as a user runs them."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.data import cache
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages
from stargan_tf.data.store import open_images

# `stargan-tf datasets save`.


def test_it_saves_held_out_pictures(tmp_path, capsys):
    output = tmp_path / "faces"
    arguments = ["--dataset", "toon_attributes", "--count", "3", "--image_size", "32"]
    assert main(["datasets", "save", *arguments, "--output", str(output)]) == 0
    files = sorted(output.iterdir())
    assert [file.name for file in files] == [f"held_out_{i:06d}.png" for i in range(3)]
    with Image.open(files[0]) as picture:
        assert picture.size == (32, 32)
    assert "3 images" in capsys.readouterr().out
    again = ["datasets", "save", *arguments, "--output", str(output)]
    assert main(again) == 2
    error = f"{files[0]} exists already and 2 more. Choose another --output, or add"
    assert error in capsys.readouterr().err
    assert main([*again, "--overwrite"]) == 0
    data = ["--dataset", "folder", "--data_dir", str(tmp_path), "--overwrite"]
    assert main(["datasets", "save", *data, "--output", f"{tmp_path}/."]) == 2
    assert "--output must not be --data_dir" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["save", "--dataset", "toon_attributes"], "--output DIR is missing"),
        (["--output", "somewhere"], "An action is missing"),
        (["--dataset", "folder"], "An action is missing"),
        (["save", "--output", "x"], "takes one --dataset NAME. Received: none"),
        (["save", "--dataset", "toon", "--output", "x"], "no data set 'toon'"),
        (["save", "--dataset", "folder", "--output", "x", "--count=0"], "at least 1"),
    ],
)
def test_one_line_and_two_for_what_does_not_fit(arguments, message, tmp_path, capsys):
    arguments = [str(tmp_path / "x") if a == "x" else a for a in arguments]
    assert main(["datasets", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "x").exists()


# `stargan-tf datasets describe`.


def run(*arguments):
    command = [sys.executable, "-m", "stargan_tf.cli.main", "datasets", "describe"]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )


def test_a_drawn_set_is_described_and_drawn(tmp_path):
    output = tmp_path / "new" / "sheet.png"
    result = run("--dataset=toon_attributes", "--image_size", 32, "--output", output)
    assert result.returncode == 0, result.stderr
    lines = {line.strip().split("  ")[0]: line for line in result.stdout.splitlines()}
    assert "5, binary: Black_Hair, Blond_Hair" in lines["Labels"]
    assert "at most one of Black_Hair, Blond_Hair, Brown_Hair" in lines["Exclusive"]
    assert "4,400, used at 32 x 32" in lines["Images"]
    assert "stargan_tf" in lines["Package"] and "Apache-2.0" in lines["License"]
    assert lines["Male"].split()[1:] == ["1,976", "2,024", "201", "199"]
    with Image.open(output) as sheet:
        assert sheet.width > 9 * 112 and sheet.height > 5 * 112
    assert list(output.parent.iterdir()) == [output]


def test_without_files_it_says_how_to_obtain_them(tmp_path):
    result = run("--dataset=folder")
    assert result.returncode == 0 and "needs --data_dir" in result.stdout
    assert "How to obtain" in result.stdout and result.stderr == ""
    output = tmp_path / "sheet.png"
    result = run("--dataset=folder", "--output", output)
    assert result.returncode == 2 and "A contact sheet needs images" in result.stderr
    assert not output.exists()


def test_own_pictures(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(path)
    result = run("--dataset=folder", "--data_dir", tmp_path, "--image_size", 8)
    assert "2, one-hot: cat, dog" in result.stdout
    assert "typically 20 pixels on the shorter side" in result.stdout
    (tmp_path / "wild").mkdir()
    (tmp_path / "wild" / "5.heic").touch()
    result = run("--dataset=folder", "--data_dir", tmp_path)
    assert result.returncode == 0
    assert "The domain 'wild' has no image" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "takes one --dataset NAME. Received: none"),
        (["folder", "toon_people"], "takes one --dataset NAME. Received: folder toon"),
        (
            ["--dataset=folder", "toon"],
            "takes one --dataset NAME. Received: folder toon",
        ),
        (["nothing"], "There is no data set 'nothing'"),
        (["--dataset=folder", "--data_dir", "/nowhere"], "does not exist"),
        (["--dataset=toon_people", "--output", "sheet.txt"], "must end in"),
        (["--dataset=toon_people", "--attributes", "dog"], "no domain 'dog'"),
    ],
)
def test_wrong_usage_is_one_line_and_two(arguments, message, capsys):
    assert main(["datasets", "describe", *arguments]) == 2
    output = capsys.readouterr()
    assert message in output.err and output.err.count("\n") == 1
    assert output.out == ""


def write(path, seed, mode="RGB", size=16):
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (size, size, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path)


def doctor(*arguments, cwd=None):
    command = [sys.executable, "-m", "stargan_tf.cli.main", "doctor", *arguments]
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=cwd, timeout=120
    )


def findings(path):
    report = json.loads(path.read_text("utf-8"))
    return {finding["check"]: finding for finding in report["findings"]}


@pytest.fixture
def pets(tmp_path):
    """Two domains of 40 pictures and no fault."""
    for seed in range(40):
        write(tmp_path / "pets" / "cat" / f"{seed}.png", seed)
        write(tmp_path / "pets" / "dog" / f"{seed}.png", 100 + seed)
    return tmp_path / "pets"


def test_every_fault_of_a_folder(pets, tmp_path):
    write(pets / "cat" / "grey.png", 200, "L")
    write(pets / "cat" / "ink.jpg", 201, "CMYK")
    write(pets / "cat" / "small.png", 202, size=8)
    write(pets / "stray.png", 203)
    write(pets / "one" / "only.png", 204)
    write(pets / "cat" / "copy.bmp", 1)  # the pixels of cat/1.png
    write(pets / "dog" / "cat.png", 2)  # the file of cat/2.png
    for copy in range(30):  # Some of many copies are surely held out.
        write(pets / "dog" / f"copy{copy}.png", 100)
    (pets / "dog" / "broken.png").write_bytes(b"\x89PNG nonsense")
    (pets / "dog" / "empty.jpg").touch()
    (pets / "dog" / "notes.txt").write_text("cats are nicer")
    (pets / "dog" / "photo.heic").touch()
    (pets / "dog" / "void").mkdir()
    output = tmp_path / "new" / "report.json"
    result = doctor(
        *("folder", "--data_dir", pets, "--image_size", 16, "--output", output)
    )
    assert result.returncode == 1, result.stderr
    assert result.stderr == ""
    found = findings(output)
    assert set(found["unreadable"]["names"]) == {"dog/broken.png", "dog/empty.jpg"}
    assert found["grey"]["names"] == ["cat/grey.png"]
    assert found["cmyk"]["names"] == ["cat/ink.jpg"]
    assert found["tiny"]["names"] == ["cat/small.png"]
    assert found["single_picture"]["names"] == ["one"]
    assert found["few_pictures"]["names"] == ["cat", "dog"]
    assert "one" in found["held_out_per_label"]["names"]
    ignored = found["ignored_files"]
    assert ignored["count"] == 4
    assert {name.split()[0] for name in ignored["names"]} == {
        *("stray.png", "dog/notes.txt", "dog/photo.heic", "dog/void/"),
    }
    across = found["duplicates_across_splits"]
    assert across["level"] == "error" and across["count"] > 0
    pairs = {*across["names"], *found["duplicates"]["names"]}
    assert {frozenset(pair.split(" = ")) for pair in pairs} >= {
        frozenset(("cat/copy.bmp", "cat/1.png")),
        frozenset(("dog/cat.png", "cat/2.png")),
    }
    (wrong,) = found["contradicting_labels"]["names"]
    assert set(wrong.split(" = ")) == {"dog/cat.png", "cat/2.png"}
    assert "errors to fix" in result.stdout and "cat/grey.png" in result.stdout


def test_a_folder_without_errors(pets, tmp_path):
    report = tmp_path / "report.json"
    result = doctor(
        *("folder", "--data_dir", pets, "--image_size", 16, "--output", report),
        *("--held_out", "0.4", "--near_duplicates"),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "No errors, " in result.stdout
    content = json.loads(report.read_text())
    assert content["dataset"] == "folder" and content["info"]["domains"] == [
        *("cat", "dog"),
    ]
    assert sum(content["pictures"].values()) == 80
    counted = [(c["label"], c["train"] + c["held_out"]) for c in content["counts"]]
    assert counted == [("cat", 40), ("dog", 40)]
    assert content["options"]["held_out"] == 0.4
    assert content["levels"]["error"] == 0
    assert findings(report)["near_duplicates"]["level"] == "OK"


def test_a_domain_without_pictures_is_an_error_and_the_files_are_checked(pets):
    (pets / "wild").mkdir()
    (pets / "wild" / "0.heic").touch()
    (pets / "cat" / "0.png").write_bytes(b"")
    result = doctor("--dataset=folder", "--data_dir", pets, "--image_size", 16)
    assert result.returncode == 1
    assert "The domain 'wild' has no image" in result.stdout
    assert "1 image of 80 cannot be read" in result.stdout


@pytest.fixture
def faces(tmp_path):
    names = [f"{seed}.png" for seed in range(60)]
    for seed, name in enumerate(names):
        write(tmp_path / "faces" / name, seed)
    return tmp_path, names


def table(folder, rows):
    header = "file,Black_Hair,Blond_Hair,Male,Note"
    lines = [f"{name},{hair},{int(not hair)},{male},x" for name, hair, male in rows]
    (folder / "table.csv").write_text("\n".join([header, *lines]))
    return [
        *("attributes", "--data_dir", folder / "faces", "--image_size", "16"),
        *("--labels", folder / "table.csv"),
        *("--attributes", "Black_Hair,Blond_Hair,Male"),
    ]


def test_rows_files_and_exclusive_groups(faces, tmp_path):
    folder, names = faces
    rows = [(name, seed % 2, seed % 3 == 0) for seed, name in enumerate(names)]
    rows = [(name, hair, int(male)) for name, hair, male in rows]
    arguments = table(folder, [*rows, ("gone.png", 1, 1)])
    text = (folder / "table.csv").read_text()
    (folder / "table.csv").write_text(text.replace("\n5.png,1,0", "\n5.png,1,1"))
    result = doctor(*arguments, "--output", tmp_path / "report.json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    found = findings(tmp_path / "report.json")
    assert found["exclusive_groups"]["names"] == ["5.png"]
    assert found["rows_without_file"]["names"] == ["gone.png"]
    assert "without Male" in found["few_pictures"]["names"]


def test_pictures_without_a_row_and_with_two(faces, tmp_path):
    folder, names = faces
    rows = [(name, 1, 1) for name in [*names[:-1], names[0]]]
    result = doctor(*table(folder, rows), "--output", tmp_path / "report.json")
    assert result.returncode == 1
    found = findings(tmp_path / "report.json")
    assert found["files_without_row"]["names"] == ["59.png"]
    assert found["double_rows"]["names"] == ["0.png"]
    assert found["opens"]["level"] == "error"
    assert found["unreadable"]["level"] == "OK"


def test_a_label_that_all_pictures_have_and_a_wrong_value(faces, tmp_path):
    folder, names = faces
    arguments = table(folder, [(name, k % 2, 1) for k, name in enumerate(names)])
    result = doctor(*arguments, "--output", tmp_path / "report.json")
    assert result.returncode == 1
    assert findings(tmp_path / "report.json")["no_pictures"]["names"] == [
        "without Male",
    ]
    result = doctor(*table(folder, [(name, 2, 1) for name in names]))
    assert result.returncode == 1
    assert "must be 1 or -1" in " ".join(result.stdout.split())


def test_domains_of_attributes_say_what_they_leave_out(faces):
    folder, names = faces
    rows = [(name, k % 2, int(k < 30)) for k, name in enumerate(names)]
    result = doctor(*table(folder, rows), "--one_hot")
    # Each face has a hair colour, so that those who are male belong to two domains.
    assert "30 images with no domain, or with several, are left out" in result.stdout
    assert "No images of: Male." in result.stdout and result.returncode == 1
    assert result.stderr == ""


def test_drawn_faces_are_checked_as_they_are_drawn():
    result = doctor(
        "--dataset=toon_people", "--attributes", "child,man", "--image_size", 32
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "child" in result.stdout and "woman" not in result.stdout
    assert "No image is in both splits." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "arguments are required: --dataset"),
        (["folder", "more"], "takes fewer arguments. Received: more"),
        (["nothing"], "There is no data set 'nothing'"),
        (["folder"], "--data_dir"),
        (["--dataset=folder", "--data_dir", "nowhere"], "does not exist"),
        (
            ["--dataset=folder", "--data_dir", "pets", "--attributes", "cats"],
            "Did you mean cat",
        ),
        (
            ["--dataset=folder", "--data_dir", "pets", "--image_size", "7"],
            "multiple of 4",
        ),
        (
            ["--dataset=folder", "--data_dir", "pets", "--held_out", "2"],
            "between 0 and 1",
        ),
        (["--dataset=folder", "--data_dir", "pets", "--crop_size", "0"], "crop_size"),
        (
            ["--dataset=folder", "--data_dir", "pets", "--output", "pets"],
            "must be a file",
        ),
        (
            ["--dataset=folder", "--data_dir=pets", "--output=pets/cat/1.png"],
            "exists already",
        ),
        (["--dataset=attributes", "--data_dir", "pets"], "--labels"),
        (["--dataset=attributes", "--data_dir", "pets", "--labels", "x.csv"], "x.csv"),
    ],
)
def test_wrong_usage_is_one_line_and_two_test_doctor(
    arguments, message, pets, monkeypatch, capsys
):
    monkeypatch.chdir(pets.parent)
    assert main(["doctor", *arguments]) == 2
    output = capsys.readouterr()
    assert message in output.err and output.err.count("\n") == 1
    assert output.out == ""


def test_ctrl_c_leaves_nothing_and_keeps_the_old_report(pets, tmp_path, monkeypatch):
    from stargan_tf.doctor import pictures

    looked = []

    def interrupted(name, *place, **file):
        looked.append(name)
        if len(looked) > 20:
            raise KeyboardInterrupt
        return look_at(name, *place, **file)

    look_at = pictures.look_at
    monkeypatch.setattr(pictures, "look_at", interrupted)
    report = tmp_path / "report.json"
    report.write_text("old")
    before = set(tmp_path.iterdir())
    arguments = ["--data_dir", str(pets), "--image_size", "16", "--overwrite"]
    assert (
        main(["doctor", "--dataset=folder", *arguments, "--output", str(report)]) == 130
    )
    assert report.read_text() == "old" and set(tmp_path.iterdir()) == before
    assert len(looked) < 80


def test_the_doctor_needs_no_tensorflow(pets):
    code = (
        "import sys\n"
        "from stargan_tf.cli.main import main\n"
        f"main(['doctor', '--dataset=folder', '--data_dir', {str(pets)!r}])\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_report_is_kept_before_it_is_printed(pets, tmp_path, monkeypatch):
    def unprintable(report):
        raise BrokenPipeError

    monkeypatch.setattr("stargan_tf.doctor.report.report_text", unprintable)
    output = tmp_path / "report.json"
    flags = [f"--data_dir={pets}", "--image_size=16", f"--output={output}"]
    assert main(["doctor", "--dataset=folder", *flags])
    assert json.loads(output.read_text("utf-8"))["dataset"] == "folder"


def test_a_report_that_cannot_be_kept_is_printed(pets, monkeypatch, capsys):
    if not os.path.exists("/dev/full"):
        pytest.skip("Linux has it")
    flags = [f"--data_dir={pets}", "--image_size=16", "--output=/dev/full"]
    assert main(["doctor", "--dataset=folder", *flags]) == 2
    output = capsys.readouterr()
    assert "cat" in output.out
    assert "Cannot write the report /dev/full: No space left on device" in output.err
    assert "Report:" not in output.out


# `stargan-tf cache`.


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache with one thing of each kind, and with files of the user's own."""
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path))
    open_images(hair())
    for name in (
        "statistics/a.npz",
        "evaluations/b/c.npz",
        "classifiers/d.keras",
        "models/e.keras",
        "weights/lpips_alex-v1.npz",
        "served/1.0/toon/saved_model.pb",
        "official/afhq/f.ckpt",
        "official_sha256/afhq",
        "litertjs-2.5.3/a.js",
        "weights/alexnet.ckpt",
        "letter.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(2**20))
    return tmp_path


def hair():
    info = DatasetInfo("hair", ("dark", "light"), "one_hot", 8)
    labels, image = np.eye(2, dtype=np.float32), np.zeros((8, 8, 3), np.uint8)
    return LabeledImages(info, labels, ("0", "1"), lambda index: image, "hair")


def run_cache(capsys, *arguments):
    status = main(["cache", *arguments])
    output = capsys.readouterr()
    return status, output.out, output.err


def files(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_everything_is_listed(capsys, folder):
    status, output, _ = run_cache(capsys)
    assert status == 0
    assert "hair, 2 images of 8 px" in output
    assert [line.split()[0] for line in output.splitlines()[:-2]].count("images") == 1
    assert {line.split()[0] for line in output.splitlines()[:-2]} == set(cache.KINDS)
    assert f"9 entries, 8.0 MB, in {folder}" in output
    assert "Images are limited to 8,192.0 MB (STARGAN_TF_CACHE_LIMIT_MB)" in output


def test_some_kinds_are_listed_and_removed(capsys, folder):
    before = files(folder)
    _, output, _ = run_cache(capsys, "statistics", "classifiers")
    assert "2 entries, 2.0 MB" in output
    status, output, _ = run_cache(capsys, "statistics", "classifiers", "--clear")
    assert (status, output) == (0, "Removed 2 of 2 entries, 2.0 MB.\n")
    assert before - files(folder) == {"statistics/a.npz", "classifiers/d.keras"}


def test_all_is_removed_but_records_and_what_users_put_there(capsys, folder):
    assert run_cache(capsys, "--clear")[0] == 0
    left = {"weights/alexnet.ckpt", "letter.txt", "official_sha256/afhq"}
    assert files(folder) == left
    assert "0 entries, 0.0 MB" in run_cache(capsys)[1]


def test_images_in_use_stay(capsys, folder):
    store = open_images(hair())
    status, output, error = run_cache(capsys, "--clear")
    assert status == 2 and output.startswith("Removed 8 of 9 entries")
    assert error.count("\n") == 1 and "in use" in error and "images hair" in error
    assert store.path.exists()


def test_an_unknown_kind(capsys, folder):
    status, _, error = run_cache(capsys, "image")
    assert status == 2 and "KIND must be one of images, " in error


def test_no_cache_yet(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "none"))
    assert run_cache(capsys)[1].startswith("0 entries")
    assert run_cache(capsys, "--clear")[0] == 0


def test_env_prints_versions_and_devices_and_no_chatter():
    unset = ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")
    environment = {n: v for n, v in os.environ.items() if n not in unset}
    command = [sys.executable, "-m", "stargan_tf.cli.main", "env"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    facts = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert {"stargan_tf", "keras", "tensorflow", "python", "devices"} <= facts.keys()
    assert "CPU" in facts["devices"]
    assert facts["oneDNN"] == "on" or sys.platform == "darwin"
